"""The inventory's document says what the code does: settings, reasons, alerts, and its examples work."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from migrate.inventory.extract import Limits, Reason
from migrate.inventory.register import TEMPLATE, Activity, Controller, Host, Scope, read_register
from migrate.report.words import ALL
from tests.docs.test_documents import first_cells, section, text


@pytest.mark.parametrize(
    ("heading", "model"),
    [("controller", Controller), ("inventory", Scope), ("host", Host), ("activity.ID", Activity)],
)
def test_settings_of_the_register_are_documented(heading: str, model: type[Activity]) -> None:
    assert first_cells(section(text("inventory.md"), f"### `[{heading}]`")) == list(model.model_fields)


def test_reasons_are_documented_and_worded() -> None:
    documented = first_cells(section(text("inventory.md"), "## What is read"))
    assert documented[-len(Reason) :] == [one.value for one in sorted(Reason, key=lambda r: documented.index(r.value))]
    assert {f"reason-{one.value}" for one in Reason} <= ALL.keys()


def test_alerts_are_documented_and_worded() -> None:
    cells = "`, `".join(first_cells(section(text("inventory.md"), "## Alerts")))
    assert {f"alert-{code}" for code in re.split(r"`, `", cells)} == {key for key in ALL if key.startswith("alert-")}


def test_limits_are_those_of_the_code() -> None:
    document, limits = text("inventory.md"), Limits()
    for words in (
        f"over {limits.item_bytes >> 20} MiB",
        f"over {limits.total_bytes >> 20} MiB unpacked, or {limits.member_bytes >> 20} MiB",
        f"more than {limits.ratio}-fold",
        f"over {limits.members:,} parts",
        f"over {limits.depth} levels",
        f"over {limits.cpu_seconds} s of processor time, or {limits.wall_seconds:.0f} s",
        f"over {limits.memory >> 30} GiB",
    ):
        assert words in document


def test_the_template_is_a_register(tmp_path: Path) -> None:
    path = tmp_path / "register.toml"
    path.write_text(TEMPLATE, encoding="utf-8")
    assert "beneficiaries" in read_register(path).activities
