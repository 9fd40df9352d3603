"""Golden pairs: Graph's JSON beside the expected iCalendar or vCard, and the losses.

``TRANSHUME_REGENERATE=1 pytest tests/mappings/test_graph_cases.py`` writes the expected files anew; read the
difference before keeping it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import icalendar
import pytest
import vobject

from mappings import graph_calendar, graph_contact, graph_todo, vcard
from mappings.canonical import digest
from migrate.errors import MappingError
from migrate.model import Entry, Item, Mapped

CASES = Path(__file__).parent / "cases"
FOLDERS: dict[str, tuple[str, Callable[[Item], Mapped]]] = {
    "graph_calendar": (".ics", graph_calendar.to_icalendar),
    "graph_contact": (".vcf", graph_contact.to_vcard),
    "graph_todo": (".ics", graph_todo.to_icalendar),
}
ALL = [(folder, path.stem) for folder in FOLDERS for path in sorted((CASES / folder).glob("*.json"))]
OBJECTS = [case for case in ALL if FOLDERS[case[0]][0] == ".ics"]
CARDS = [case for case in ALL if FOLDERS[case[0]][0] == ".vcf"]
REGENERATE = bool(os.environ.get("TRANSHUME_REGENERATE"))


def convert(folder: str, body: bytes) -> Mapped:
    return FOLDERS[folder][1](Item(entry=Entry(href="h", collection="c", etag="e"), body=body, media_type="x/y"))


def expected(folder: str, name: str) -> Path:
    return CASES / folder / f"{name}{FOLDERS[folder][0]}"


@pytest.mark.parametrize(("folder", "name"), ALL)
def test_golden_pair(folder: str, name: str) -> None:
    mapped = convert(folder, (CASES / folder / f"{name}.json").read_bytes())
    losses = "".join(f"{loss.field}: {loss.reason}\n" for loss in mapped.losses)
    assert isinstance(mapped.item.body, bytes)
    if REGENERATE:
        expected(folder, name).write_bytes(mapped.item.body)
        (CASES / folder / f"{name}.losses").write_text(losses, encoding="utf-8")
    assert mapped.item.media_type == ("text/vcard" if folder == "graph_contact" else "text/calendar")
    assert mapped.item.body == expected(folder, name).read_bytes()
    assert losses == (CASES / folder / f"{name}.losses").read_text(encoding="utf-8")


@pytest.mark.parametrize(("folder", "name"), ALL)
def test_lines_are_folded_at_75_octets(folder: str, name: str) -> None:
    body = expected(folder, name).read_bytes()
    assert body.count(b"\n") == body.count(b"\r\n")
    assert all(len(line) <= 75 for line in body.split(b"\r\n"))
    body.decode("utf-8")


@pytest.mark.parametrize(("folder", "name"), OBJECTS)
def test_other_programs_read_and_rewrite_the_same_object(folder: str, name: str) -> None:
    body = expected(folder, name).read_bytes()
    calendar = icalendar.Calendar.from_ical(body)
    components = calendar.walk("VEVENT") + calendar.walk("VTODO")
    assert len({str(part["UID"]) for part in components}) == 1
    assert not any(part.errors for part in components)
    assert digest("text/calendar", calendar.to_ical()) == digest("text/calendar", body)
    rewritten = vobject.readOne(body.decode()).serialize().encode()
    assert digest("text/calendar", rewritten) == digest("text/calendar", body)


@pytest.mark.parametrize(("folder", "name"), CARDS)
def test_other_programs_read_the_same_card(folder: str, name: str) -> None:
    body = expected(folder, name).read_bytes()
    read = vobject.readOne(body.decode())
    assert [read.fn.value] == [
        line.value.replace("\\,", ",").replace("\\;", ";") for line in vcard.parse(body) if line.name == "FN"
    ]


@pytest.mark.parametrize(("folder", "name"), OBJECTS)
def test_nothing_that_makes_a_server_write_to_people(folder: str, name: str) -> None:
    body = expected(folder, name).read_bytes().replace(b"\r\n ", b"")
    for forbidden in (b"RSVP=TRUE", b"SCHEDULE-AGENT", b"ACTION:EMAIL", b"METHOD:", b"CLASS:DEFAULT"):
        assert forbidden not in body


@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.parametrize("body", [b"{}", b"[]", b"not json", b'{"event": null}', b'{"uid": "u", "task": []}', b"\xff"])
def test_what_is_not_graphs_is_an_error_of_its_own(folder: str, body: bytes) -> None:
    with pytest.raises(MappingError):
        convert(folder, body)
