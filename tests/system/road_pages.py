"""The migration's pages after a whole road: everything is in them, in both languages, for every reader.

Collected by ``test_road.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from migrate.config import load_project
from migrate.report.words_sentences import french
from migrate.sandbox.association import association
from migrate.survey import survey
from tests.browser import chromium, look
from tests.system.field import Field


@pytest.fixture(scope="module")  # one at a time in a process
def browser() -> Iterator[Browser]:
    with chromium() as one:
        yield one


@pytest.mark.server
def test_the_plan_as_a_page_is_for_every_reader(road: Field, planned: Any, browser: Browser, tmp_path: Path) -> None:
    first = min(path for path in (road.directory / "plans").glob("*.jsonl") if ".names." not in path.name)
    done = road.run("show", first.stem, "--html")
    assert done.returncode == 0, done.stderr
    written = sorted((road.directory / "reports").glob("plan-*.html"))
    assert [path.name.split(".")[-2] for path in written] == ["en", "fr"]
    for path in written:
        seen = look(browser, path, tmp_path / "shots")
        assert (seen.violations, seen.requests, seen.overflow) == ([], [], False)
        assert seen.lang == path.name.split(".")[-2]
    told = re.search(r"^To move: (\d+) items", planned.stderr, re.M)
    assert told
    assert f"The plan is ready: {told[1]} items." in written[0].read_text("utf-8")
    assert "Durée estimée" in written[1].read_text("utf-8")


@pytest.fixture(scope="session")
def written(road: Field, verified: Any) -> list[Path]:
    """Every page of the final report."""
    assert verified.returncode == 0
    done = road.run("report", "migration", "--people")
    assert done.returncode == 0, done.stderr
    reports = road.directory / "reports"
    return sorted([*reports.glob("migration.*.html"), *reports.glob("people/*.html")])


@pytest.mark.server
def test_the_final_report_is_whole_and_for_every_reader(
    road: Field, written: list[Path], browser: Browser, tmp_path: Path
) -> None:
    facts = survey(load_project(road.directory))
    assert facts.final
    assert len(written) == 2 + 2 * len(facts.people)
    assert all(path.stat().st_mode & 0o077 == 0 for path in written)
    for path in written[:4]:
        seen = look(browser, path, tmp_path / "shots")
        assert seen.violations == []
        assert seen.requests == []
        assert not seen.overflow
        assert seen.lang == path.name.split(".")[-2]
    stored = sum(lane.stored for lane in facts.lanes)
    assert f"{stored} items in all" in (road.directory / "reports" / "migration.en.html").read_text("utf-8")


def test_every_sentence_of_the_french_page_is_french(road: Field, written: list[Path]) -> None:
    facts = survey(load_project(road.directory))
    reasons = {text for lane in facts.lanes for text in lane.plan.texts.values()}
    losses = {reason for lane in facts.lanes for _, reason in lane.losses}
    assert reasons
    assert losses
    assert {text for text in reasons | losses if french(text) == text} == set()


def test_a_persons_page_names_nobody_else(road: Field, written: list[Path]) -> None:
    world = association("small")
    addresses = {person.source_account for person in (*world.people, *world.colleagues)}
    for path in (road.directory / "reports" / "people").glob("*.html"):
        text = path.read_text("utf-8")
        assert len([address for address in addresses if address in text]) == 1


def test_no_subject_and_no_title_is_in_a_page(road: Field, written: list[Path]) -> None:
    titles = {
        str(node.resource["name"])
        for account in association("small").google.values()
        for node in account.files
        if len(str(node.resource["name"])) > 6
    }
    assert titles
    for path in (road.directory / "reports").rglob("*.html"):
        text = path.read_text("utf-8")
        assert not [title for title in titles if title in text]
