"""``show`` and ``verify``: for programs by a schema, for people as pages, and the name behind an id."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from migrate.model import Service
from tests.cli.calls import Call
from tests.engine.twins import Twins, message


@pytest.fixture
def schema(call: Call) -> Draft202012Validator:
    told = json.loads(call("show", "--schema").raw)
    Draft202012Validator.check_schema(told)
    return Draft202012Validator(told)


def test_every_line_of_show_is_as_the_schema_says(call: Call, twins: Twins, schema: Draft202012Validator) -> None:
    here = ("-C", twins.directory)
    call(*here, "plan")
    call(*here, "apply")
    twins.add(Service.MAIL, ("Archive",), "", message(20))
    with twins.target.space("ana", Service.FILES) as space:
        (href,) = space.items
    twins.target.remove("ana", Service.FILES, href)
    for path in (("Docs",), ("docs",)):
        twins.add(Service.FILES, path, "same", b"1")
    call(*here, "plan")
    shown = call(*here, "show", "--html", "--json")
    assert {row["type"] for row in shown.programs} == {"version", "lane", "plan", "file", "exit"}
    for row in shown.programs:
        schema.validate(row)
    lanes = shown.of("lane")
    assert any(lane["reasons"] for lane in lanes)
    assert any(lane["estimate"] for lane in lanes)


def test_the_schema_refuses_what_it_does_not_know(call: Call, twins: Twins, schema: Draft202012Validator) -> None:
    call("-C", twins.directory, "plan")
    lane = call("-C", twins.directory, "show", "--json").of("lane")[0]
    assert schema.is_valid(lane)
    for wrong in (
        {"type": "lanes"},
        {key: value for key, value in lane.items() if key != "sums_check"},
        lane | {"planned": -1},
        lane | {"service": "chat"},
        lane | {"estimate": {"low": 1}},
    ):
        assert not schema.is_valid(wrong)


def test_the_estimate_is_a_range_and_names_its_limit_then_what_was_measured(call: Call, twins: Twins) -> None:
    here = ("-C", twins.directory)
    first = call(*here, "plan", "--json")
    told = first.of("plan")[0]["estimate"]
    assert 0 < told["low"] < told["high"]
    assert "not measured yet" in told["limit"]
    assert f"the limit is: {told['limit']}" in first.people
    call(*here, "apply")
    twins.add(Service.MAIL, ("Archive",), "", message(20))
    assert "measured so far" in call(*here, "plan", "--json").of("plan")[0]["estimate"]["limit"]
    call(*here, "apply")
    assert call(*here, "plan", "--json").of("plan")[0]["estimate"] is None


def test_an_id_of_a_finding_leads_to_its_name(call: Call, twins: Twins, schema: Draft202012Validator) -> None:
    here = ("-C", twins.directory)
    call(*here, "plan")
    call(*here, "apply")
    with twins.target.space("ana", Service.FILES) as space:
        (href,) = space.items
    twins.target.remove("ana", Service.FILES, href)
    verified = call(*here, "verify", "--html", "--json")
    assert verified.code == 8
    rows = Path(verified.of("verify")[0]["path"]).read_text("utf-8").splitlines()
    (finding,) = (row for row in map(json.loads, rows) if row["type"] == "finding")
    for page in verified.of("file"):
        text = Path(page["path"]).read_text("utf-8")
        assert finding["item"] in text
        assert "notes.txt" not in text
    found = call(*here, "show", "--item", finding["item"], "--json")
    (item,) = found.of("item")
    assert (item["lane"], item["name"]) == ("src/ana/files", "notes.txt")
    schema.validate(item)
    unknown = call(*here, "show", "--item", "0123456789abcdef")
    assert unknown.code == 2
    assert "No plan of this project knows the item" in unknown.people


def test_the_pages_are_private_and_in_both_languages(call: Call, twins: Twins) -> None:
    here = ("-C", twins.directory)
    plan = call(*here, "plan", "--json").of("plan")[0]["plan"]
    pages = [Path(row["path"]) for row in call(*here, "show", "--html", "--json").of("file")]
    assert [page.name for page in pages] == [f"plan-{plan}.fr.html", f"plan-{plan}.en.html"]
    french, english = (page.read_text("utf-8") for page in pages)
    assert "Le compte est juste." in french
    assert "7 found = 7 planned + 0 present" in english
    assert "not measured yet" in english
    assert "pas encore mesurée" in french
    assert all(stat.S_IMODE(page.stat().st_mode) == 0o600 for page in pages)
    assert "notes.txt" not in french + english
