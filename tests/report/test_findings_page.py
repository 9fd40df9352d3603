"""A comparison as a page: every kind of finding, in both languages, for every reader."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from migrate.model import FindingKind, Service
from migrate.pages import write_findings_pages
from migrate.report.findings_page import MOST
from migrate.summaries import VerifySummary
from tests.browser import chromium, look

DETAILS = {
    FindingKind.DIFFERS: ("source-changed", "flags", "content", "date"),
    FindingKind.MISSING: ("not-moved-yet", "gone-from-target"),
    FindingKind.DOUBLE: ("",),
    FindingKind.UNREADABLE: ("Unreachable",),
}


def comparison(folder: Path, many: int = 0) -> VerifySummary:
    """A comparison that found everything there is to find."""
    path = folder / "verify-20261130T120000000000Z.jsonl"
    lanes = {f"google/{who}@x.example/{one}": Counter[FindingKind]() for who in ("ana", "zoé") for one in Service}
    rows = []
    for number, key in enumerate(sorted(lanes)):
        lanes[key][FindingKind.MATCH] += 1000
        lanes[key][FindingKind.EDITED] += 2
        account, service = key.split("/")[1:]
        for kind, details in DETAILS.items():
            for detail in (*details, *["content"] * many):
                lanes[key][kind] += 1
                row = {"kind": kind, "account": account, "service": service, "item": f"{number:016x}"}
                rows.append({"type": "finding", **row, "detail": detail, "count": 1})
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    counts = sum(lanes.values(), Counter[FindingKind]())
    return VerifySummary(level="hash", checked=counts.total(), counts=counts, path=path, lanes=lanes)


@pytest.mark.server
def test_the_page_is_for_every_reader(tmp_path: Path) -> None:
    with chromium() as browser:
        for path in write_findings_pages(tmp_path, comparison(tmp_path)):
            seen = look(browser, path, tmp_path / "shots")
            assert (seen.violations, seen.requests, seen.overflow) == ([], [], False)
            assert seen.lang == path.name.split(".")[-2]


def test_each_difference_is_told_by_its_id_and_in_words(tmp_path: Path) -> None:
    french, english = (path.read_text("utf-8") for path in write_findings_pages(tmp_path, comparison(tmp_path)))
    for number in range(2 * len(Service)):
        assert f"{number:016x}" in french
    assert "changé à la source depuis" in french
    assert "changed at the source since" in english
    assert "80 differences" in english
    assert "zoé@x.example" in english


def test_of_very_many_the_page_names_the_first_and_the_file(tmp_path: Path) -> None:
    _, english = (path.read_text("utf-8") for path in write_findings_pages(tmp_path, comparison(tmp_path, many=50)))
    more = 2 * len(Service) * (8 + 4 * 50) - MOST
    assert f"{more:,} further findings are in the file verify-20261130T120000000000Z.jsonl." in english


def test_no_difference_is_said(tmp_path: Path) -> None:
    path = tmp_path / "verify-1.jsonl"
    path.write_text("", encoding="utf-8")
    counts = {FindingKind.MATCH: 12, FindingKind.NOT_MOVED: 3}
    summary = VerifySummary(level="hash", checked=15, counts=counts, path=path, lanes={"s/a@x.example/mail": counts})
    french, english = (one.read_text("utf-8") for one in write_findings_pages(tmp_path, summary))
    assert "Aucune différence." in french
    assert "12 items are equal on both sides." in english
