"""Calendars, contacts, tasks and files from Takeout, in English and in French."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import icalendar
import pytest

from connectors.takeout import tasks
from mappings import takeout_tasks
from migrate.errors import MappingError
from migrate.model import Entry, Item, Service
from tests.connectors.takeout_kit import (
    ALICE,
    CONTACTS,
    Read,
    bodies,
    body_of,
    event,
    export,
    ics,
    part,
    read,
    write_zip,
)

__all__ = ["read"]


def fields(entry: Entry) -> set[str]:
    return {loss.field for loss in entry.losses}


# Calendars


def test_a_calendar_is_split_by_uid(tmp_path: Path, read: Read) -> None:
    override = event("a", "RECURRENCE-ID;TZID=Europe/Paris:20260112T100000\n")
    files = {
        f"Takeout/Agenda/{ALICE}.ics": ics(ALICE, event("a", "RRULE:FREQ=WEEKLY\n"), event("b"), override),
        "Takeout/Agenda/Bénévoles.ics": ics("Bénévoles 🌳", event("c")),
    }
    export(tmp_path, files)
    one = read(Service.CALENDAR)
    first, second = one.collections()
    assert (first.role, second.role, second.path) == ("primary", "", ("Bénévoles 🌳",))
    assert first.properties == {"timezone": "Europe/Paris"}
    entries = {entry.uid: entry for entry in one.entries()}
    assert sorted(entries) == ["a", "b", "c"]
    assert fields(entries["a"]) == {"calendar"}
    assert fields(entries["b"]) == set()
    parsed = icalendar.Calendar.from_ical(body_of(one.get(entries["a"])))
    assert [part.name for part in parsed.subcomponents] == ["VTIMEZONE", "VEVENT", "VEVENT"]
    assert "METHOD" not in parsed
    assert parsed.subcomponents[1]["SUMMARY"] == "Réunion"
    assert one.get(entries["c"]).entry.inline is None


def test_nothing_in_an_event_makes_the_target_write_to_someone(tmp_path: Path, read: Read) -> None:
    more = (
        "ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:b@example.org\n"
        "BEGIN:VALARM\nACTION:EMAIL\nTRIGGER:-PT10M\nEND:VALARM\nX-GOOGLE-CONFERENCE:https://meet.example.com/x\n"
    )
    export(tmp_path, {"Takeout/Calendar/x.ics": ics("x", event("a", more))})
    (entry,) = read(Service.CALENDAR).entries()
    assert b"RSVP=TRUE" not in (entry.inline or b"")
    assert b"ACTION:EMAIL" not in (entry.inline or b"")
    assert fields(entry) == {"calendar", "reminder", "conference"}


def test_a_later_export_changes_no_event_by_its_stamp(tmp_path: Path, read: Read) -> None:
    body = ics("x", event("a"), event("", "").replace("UID:\n", ""))
    export(tmp_path, {"Takeout/Calendar/x.ics": body})
    before = [(entry.href, entry.etag) for entry in read(Service.CALENDAR).entries()]
    export(tmp_path, {"Takeout/Calendar/x.ics": body.replace(b"DTSTAMP:2026", b"DTSTAMP:2027")})
    assert [(entry.href, entry.etag) for entry in read(Service.CALENDAR).entries()] == before
    export(tmp_path, {"Takeout/Calendar/x.ics": body.replace("Réunion".encode(), "Fête".encode())})
    assert [entry.etag for entry in read(Service.CALENDAR).entries()] != [etag for _, etag in before]


def test_a_cancelled_event_and_an_unknown_zone_are_told(tmp_path: Path, read: Read) -> None:
    odd = event("b").replace("Europe/Paris", "Nowhere/Land")
    alone = event("c", "RECURRENCE-ID;TZID=Europe/Paris:20260112T100000\n")
    export(tmp_path, {"Takeout/Calendar/x.ics": ics("x", event("a", "STATUS:CANCELLED\n"), odd, alone)})
    first, second, third = read(Service.CALENDAR).entries()
    assert first.skip is not None
    assert fields(second) == {"timezone"}
    assert fields(third) == {"series"}


# Contacts

CARDS = b"""BEGIN:VCARD
VERSION:3.0
FN:Nadia Benali
N:Benali;Nadia;;;
EMAIL;TYPE=INTERNET:nadia@example.org
PHOTO:https://lh3.example.com/x
CATEGORIES:myContacts
END:VCARD
BEGIN:VCARD
VERSION:3.0
FN:
N:;;;;
EMAIL;TYPE=INTERNET:sans.nom@example.org
END:VCARD
BEGIN:VCARD
VERSION:3.0
UID:kept
FN:Omar
END:VCARD
"""


@pytest.mark.parametrize("name", ["All Contacts", "Tous les contacts", "Kaikki yhteystiedot"])
def test_only_the_file_of_all_contacts_counts(tmp_path: Path, read: Read, name: str) -> None:
    label = CARDS[: CARDS.index(b"BEGIN", 5)]
    export(
        tmp_path,
        {f"Takeout/C/{name}/{name}.vcf": CARDS.replace(b"\n", b"\r\n"), "Takeout/C/Amis/Amis.vcf": label},
    )
    nadia, nameless, omar = read(Service.CONTACTS).entries()
    assert fields(nadia) == {"photo"}
    assert fields(nameless) == {"name"}
    assert b"\r\nFN:sans.nom@example.org\r\n" in (nameless.inline or b"")
    assert omar.uid == "kept"


def test_uids_are_the_same_in_a_later_export(tmp_path: Path, read: Read) -> None:
    twice = CARDS + CARDS[: CARDS.index(b"BEGIN", 5)]
    export(tmp_path, {CONTACTS: twice})
    before = [entry.href for entry in read(Service.CONTACTS).entries()]
    assert len(set(before)) == 4
    export(tmp_path, {CONTACTS: twice.replace(b"CATEGORIES:myContacts", b"NOTE:new")})
    assert [entry.href for entry in read(Service.CONTACTS).entries()] == before


# Tasks


def task(**more: Any) -> bytes:
    content = {"id": "T2", "parent": "T1", "title": "Acheter; du pain", "status": "needsAction", **more}
    lists = [{"kind": "tasks#tasks", "id": "L1", "title": "Mes tâches", "items": [content]}]
    return json.dumps({"kind": "tasks#taskLists", "items": lists}).encode()


def test_the_words_that_connector_and_mapping_share() -> None:
    assert takeout_tasks.MEDIA_TYPE == tasks.MEDIA_TYPE


def test_a_task_becomes_a_to_do(tmp_path: Path, read: Read) -> None:
    links = [{"link": "https://mail.example.com/1"}, {"link": "https://mail.example.com/2"}]
    body = task(
        due="2026-03-01T00:00:00.000Z",
        status="completed",
        completed="2026-02-28T10:00:00.000Z",
        updated="2026-02-28T10:00:01.000Z",
        notes="two\nlines",
        position="00000000000000000007",
        links=links,
    )
    export(tmp_path, {"Takeout/Tâches/Tâches.json": body, "Takeout/Keep/note.json": b"{}"})
    one = read(Service.TASKS)
    assert [c.path for c in one.collections()] == [("Mes tâches",)]
    (entry,) = one.entries()
    mapped = takeout_tasks.to_icalendar(one.get(entry))
    (todo,) = icalendar.Calendar.from_ical(body_of(mapped.item)).walk("VTODO")
    assert (todo["UID"], todo["SUMMARY"], todo["STATUS"]) == (entry.uid, "Acheter; du pain", "COMPLETED")
    assert todo.to_ical().count(b"DUE;VALUE=DATE:20260301") == 1
    assert todo["X-APPLE-SORT-ORDER"] == "7"
    assert todo["RELATED-TO"]
    assert todo["RELATED-TO"] != entry.uid
    assert {loss.field for loss in mapped.losses} == {"link"}


def test_a_task_that_is_none_is_an_error(tmp_path: Path) -> None:
    entry = Entry(href="x", collection="y", etag="z", media_type=takeout_tasks.MEDIA_TYPE)
    for body in (b"[]", b"{}", b'{"uid": "u", "task": {"due": "soon"}}', b"\xff"):
        with pytest.raises(MappingError):
            takeout_tasks.to_icalendar(Item(entry=entry, body=body, media_type=takeout_tasks.MEDIA_TYPE))


# Files


def test_the_tree_and_its_times(tmp_path: Path, read: Read) -> None:
    files = {"Takeout/Drive/Été/a.txt": b"a", "Takeout/Drive/Été/Sous/b.txt": b"b", "Takeout/Drive/c": b"c"}
    export(tmp_path, {"Takeout/archive_browser.html": b""}, files, {"Takeout/Drive/Été/a.txt": b"another"})
    one = read(Service.FILES)
    assert [c.path for c in one.collections()] == [(), ("Été",), ("Été", "Sous")]
    entries = list(one.entries())
    assert [entry.name for entry in entries] == ["a.txt", "b.txt", "c", "a.txt"]
    assert len({entry.href for entry in entries}) == 4
    assert {entry.modified for entry in entries} == {datetime(2025, 12, 24, 18, 30, 8, tzinfo=UTC)}
    assert fields(entries[0]) == {"shares", "modified"}
    assert bodies(one) == [b"a", b"b", b"c", b"another"]


def test_the_same_file_in_two_parts_is_one(tmp_path: Path, read: Read) -> None:
    export(tmp_path, {"Takeout/Drive/a": b"a"}, {"Takeout/Drive/a": b"a"})
    assert len(list(read(Service.FILES).entries())) == 1


def test_a_compressed_tar_tells_exact_times(tmp_path: Path, read: Read) -> None:
    export(tmp_path, {"Takeout/Drive/a": b"a"}, kind="tgz")
    (entry,) = read(Service.FILES).entries()
    assert entry.modified == datetime.fromtimestamp(1_766_601_008, UTC)
    assert fields(entry) == {"shares"}


def test_a_later_export_of_the_same_file_is_the_same_item(tmp_path: Path, read: Read) -> None:
    export(tmp_path, {"Takeout/Drive/a": b"a"}, kind="tgz")
    (before,) = read(Service.FILES).entries()
    part(tmp_path, 1, "tgz").unlink()
    write_zip(part(tmp_path, 1, stamp="20260601T000000Z"), {"Takeout/Drive/a": b"a"})
    (after,) = read(Service.FILES).entries()
    assert (before.href, before.etag) == (after.href, after.etag)


def test_files_written_without_the_flag_for_utf_8(tmp_path: Path, read: Read) -> None:
    export(tmp_path, {"Takeout/Drive/é.txt": b"e"})
    content = bytearray(part(tmp_path).read_bytes())
    for mark, at in ((b"PK\x01\x02", 9), (b"PK\x03\x04", 7)):
        place = content.index(mark) + at
        content[place] &= ~0x08
    part(tmp_path).write_bytes(content)
    (entry,) = read(Service.FILES).entries()
    assert entry.name == "é.txt"
