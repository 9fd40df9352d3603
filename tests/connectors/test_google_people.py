"""Google contacts and tasks on the stand-in: the readers' suite, what moves, what is counted, what changed since."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import vobject  # type: ignore[import-untyped]
from icalendar import Calendar

from connectors.contract import ReaderContract
from mappings.google_people import to_vcard
from mappings.takeout_tasks import to_icalendar
from migrate.errors import CursorExpired
from migrate.model import Entry, Item, Service
from migrate.protocols import Reader, SupportsChanges, SupportsGetMany
from migrate.sandbox.association import association
from migrate.sandbox.google import GoogleStandIn
from tests.connectors.google_kit import connect

WORLD = "small"
ADDRESS = "odile.marchetti@tilleuls.example"


@pytest.fixture
def google() -> Iterator[GoogleStandIn]:
    with GoogleStandIn(association(WORLD)) as stand_in:
        yield stand_in
        assert stand_in.defects == []


@pytest.fixture
def readers(google: GoogleStandIn, tmp_path: Path) -> Iterator[Any]:
    made: list[Reader] = []

    def make(service: Service, **settings: Any) -> Reader:
        made.append(connect(google, tmp_path, **settings).reader(ADDRESS, service))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture(params=[Service.CONTACTS, Service.TASKS])
def reader(request: pytest.FixtureRequest, readers: Any) -> Reader:
    one: Reader = readers(request.param)
    return one


class TestReader(ReaderContract):
    """The suite of every reader."""

    def vanished(self, reader: Reader) -> Entry | None:
        first = next(entry for entry in reader.entries() if entry.skip is None)
        return Entry(href=first.href + "0", collection=first.collection, etag="x", media_type=first.media_type)


def cards(reader: Reader) -> dict[str, Any]:
    """Every contact as another library reads its card, by full name."""
    assert isinstance(reader, SupportsGetMany)
    entries = [entry for entry in reader.entries() if entry.skip is None]
    found = {}
    for _, item in reader.get_many(entries):
        assert isinstance(item, Item)
        body = to_vcard(item).item.body
        assert isinstance(body, bytes)
        card = vobject.readOne(body.decode())
        found[card.fn.value] = card
    return found


def test_contacts_keep_their_fields_groups_and_photo(readers: Any) -> None:
    found = cards(readers(Service.CONTACTS))
    assert len(found) == 8
    zoe = found["Dr Zoé de l'Étang-Noir"]
    assert (zoe.n.value.given, zoe.n.value.family, zoe.n.value.prefix) == ("Zoé", "de l'Étang-Noir", "Dr")
    assert [tel.value for tel in zoe.tel_list] == ["+33 1 99 00 12 34", "+33 6 39 98 00 00"]
    assert set(zoe.categories.value) >= {"Bénévoles", "Partenaires, élus"}
    assert zoe.bday.value == "--0229"
    assert zoe.photo.value.startswith("data:image/png;base64")
    assert zoe.note.value == "Première ligne\nseconde ligne"
    assert found["Imprimerie Dubois"].org_list[0].value == ["Imprimerie Dubois", "Devis"]
    assert "accueil@mairie.example" in found


def test_collected_addresses_stay_and_are_counted_unless_asked_for(readers: Any) -> None:
    left = [entry for entry in readers(Service.CONTACTS).entries() if entry.skip]
    assert [entry.skip.code for entry in left if entry.skip] == ["other-contact"]
    asked = readers(Service.CONTACTS, other_contacts="move")
    assert len(list(asked.collections())) == 2
    assert [entry for entry in asked.entries() if entry.skip] == []


def test_tasks_keep_their_subtasks_and_what_was_finished_or_hidden(readers: Any) -> None:
    one = readers(Service.TASKS)
    assert [collection.path for collection in one.collections()] == [("Mes tâches",), ("Courses / goûter",)]
    todos = {}
    for entry in one.entries():
        body = to_icalendar(one.get(entry)).item.body
        assert isinstance(body, bytes)
        (todo,) = Calendar.from_ical(body).walk("VTODO")
        todos[str(todo["SUMMARY"])] = todo
    assert set(todos) == {
        "Préparer le budget ; version 2", "Demander trois devis", "Rendre les clés", "Convoquer l'assemblée",
        "Jus de pomme",
    }  # fmt: skip
    assert str(todos["Demander trois devis"]["RELATED-TO"]) == str(todos["Préparer le budget ; version 2"]["UID"])
    assert str(todos["Rendre les clés"]["STATUS"]) == "COMPLETED"
    assert todos["Préparer le budget ; version 2"]["DUE"].dt.isoformat() == "2026-04-01"


def test_what_changed_since_is_told_and_no_more(google: GoogleStandIn, readers: Any) -> None:
    one = readers(Service.CONTACTS)
    assert isinstance(one, SupportsChanges)
    cursor = one.cursor()
    before = [entry for entry in one.entries() if entry.skip is None]
    assert list(one.changes(cursor)) == []
    account = google.world.google[ADDRESS]
    person = next(p for p in account.contacts if p["resourceName"] == before[0].href)
    google.edit.put_contact(ADDRESS, person | {"nicknames": [{"value": "Nouveau"}]})
    google.edit.remove_contact(ADDRESS, before[1].href)
    changes = {change.href: change.entry for change in one.changes(cursor)}
    assert changes[before[1].href] is None
    changed = changes[before[0].href]
    assert changed is not None
    assert changed.etag != before[0].etag
    assert len(changes) == 2


def test_a_cursor_of_another_kind_is_expired(readers: Any) -> None:
    for service in (Service.CONTACTS, Service.TASKS):
        one = readers(service)
        with pytest.raises(CursorExpired):
            list(one.changes("not a cursor"))


def test_task_changes_are_told(google: GoogleStandIn, readers: Any) -> None:
    one = readers(Service.TASKS)
    entries = list(one.entries())
    cursor = one.cursor()
    body = json.loads(entries[0].inline or b"{}")
    google.edit.put_task(ADDRESS, entries[0].collection, body["task"] | {"title": "Autre titre"})
    changes = {change.href: change.entry for change in one.changes(cursor)}
    changed = changes[entries[0].href]
    assert changed is not None
    assert changed.etag != entries[0].etag
