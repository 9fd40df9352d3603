"""Outlook calendars and contacts, and To Do, on the stand-in: what is listed, what is fetched, how faults are taken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import icalendar
import pytest
import recurring_ical_events

from connectors.contract import ReaderContract
from connectors.microsoft import calendar
from mappings import graph_calendar, graph_contact, graph_todo, vcard
from migrate.errors import CursorExpired, NotFound, Retriable
from migrate.model import Entry, Grant, GrantKind, GrantRole, Item, Service
from migrate.protocols import Reader, SupportsChanges, SupportsGetMany
from migrate.sandbox.faults import Rule
from migrate.sandbox.graph import GraphStandIn
from migrate.sandbox.tenant import ContactFolder, OutlookCalendar
from tests.connectors.microsoft_kit import MakeReader, Patience, body_of, by_href, connect, graph, make
from tests.sandbox.graph_items import event
from tests.sandbox.graph_world import ANNE, BRUNO

__all__ = ["graph", "make"]

PIM = [Service.CALENDAR, Service.CONTACTS, Service.TASKS]


class TestCalendar(ReaderContract):
    @pytest.fixture
    def reader(self, make: MakeReader) -> Reader:
        return make(Service.CALENDAR)

    def vanished(self, reader: Reader) -> Entry:
        return Entry(href="gone", collection="cal1", etag="e", media_type=graph_calendar.MEDIA_TYPE)


class TestContacts(ReaderContract):
    @pytest.fixture
    def reader(self, make: MakeReader) -> Reader:
        return make(Service.CONTACTS)

    def vanished(self, reader: Reader) -> Entry:
        return Entry(href="gone", collection="contacts", etag="e", media_type=graph_contact.MEDIA_TYPE)


class TestTasks(ReaderContract):
    @pytest.fixture
    def reader(self, make: MakeReader) -> Reader:
        return make(Service.TASKS)

    def vanished(self, reader: Reader) -> Entry:
        return Entry(href="list1/tasks/gone", collection="list1", etag="e", media_type=graph_todo.MEDIA_TYPE)


def get_all(reader: Reader, entries: list[Entry]) -> dict[str, Any]:
    assert isinstance(reader, SupportsGetMany)
    return {entry.href: outcome for entry, outcome in reader.get_many(entries)}


def text_of(entry: Entry) -> str:
    """What the mapping makes of a listed event or task, unfolded."""
    assert entry.inline is not None
    mapping = graph_todo if entry.media_type == graph_todo.MEDIA_TYPE else graph_calendar
    body = mapping.to_icalendar(Item(entry=entry, body=entry.inline, media_type=entry.media_type)).item.body
    assert isinstance(body, bytes)
    return body.decode().replace("\r\n ", "")


def account(graph: GraphStandIn, address: str = ANNE) -> Any:
    return graph.tenant.accounts[address]


# Calendars


def test_own_calendars_with_their_grants_and_the_others_counted_once(make: MakeReader) -> None:
    reader = make(Service.CALENDAR)
    (own,) = reader.collections()
    assert (own.href, own.path, own.role) == ("cal1", ("Calendrier",), "primary")
    assert own.grants == (Grant(kind=GrantKind.USER, role=GrantRole.READ, principal=BRUNO),)
    skipped = {entry.href: entry.skip.code for entry in reader.entries() if entry.skip}
    assert skipped == {"calendar:cal2": "calendar-of-another"}


def test_groups_colours_and_roles(graph: GraphStandIn, make: MakeReader) -> None:
    own = {"name": "Anne", "address": ANNE}
    roles = ["freeBusyRead", "limitedRead", "write", "delegateWithPrivateEventAccess", "none"]
    permissions: list[dict[str, Any]] = [
        {"id": f"p{n}", "role": role, "emailAddress": {"name": role, "address": f"{role}@tilleuls.example"}}
        for n, role in enumerate(roles)
    ]
    everyone = {"emailAddress": {"name": "My Organization"}, "isInsideOrganization": True}
    permissions.append({"id": "p9", "role": "read", **everyone})
    account(graph).calendars += [
        OutlookCalendar(resource={"id": "c3", "name": "Fêtes", "owner": own, "color": "lightRed"}, group="g2"),
        OutlookCalendar(
            resource={"id": "c4", "name": "Fêtes", "owner": own, "hexColor": "#123456"}, permissions=permissions
        ),
        OutlookCalendar(resource={"id": "c5", "name": "Jours", "owner": own, "canEdit": False, "canShare": False}),
    ]
    found = {collection.href: collection for collection in make(Service.CALENDAR).collections()}
    assert [found[name].path for name in ("c3", "c4")] == [("Autres calendriers – Fêtes",), ("Fêtes",)]
    assert [found[name].properties for name in ("c3", "c4")] == [{"color": "#ff8080"}, {"color": "#123456"}]
    assert "c5" not in found
    assert [(grant.kind, grant.role.value, grant.principal) for grant in found["c4"].grants] == [
        (GrantKind.USER, "freebusy", "freeBusyRead@tilleuls.example"),
        (GrantKind.USER, "freebusy", "limitedRead@tilleuls.example"),
        (GrantKind.USER, "write", "write@tilleuls.example"),
        (GrantKind.USER, "write", "delegateWithPrivateEventAccess@tilleuls.example"),
        (GrantKind.DOMAIN, "read", "tilleuls.onmicrosoft.example"),
    ]
    codes = {entry.skip.code for entry in make(Service.CALENDAR).entries() if entry.skip}
    assert codes == {"calendar-of-another", "calendar-read-only"}


def test_a_series_keeps_what_was_moved_and_what_was_deleted(make: MakeReader) -> None:
    entries = by_href(make(Service.CALENDAR).entries())
    assert len(entries) == 15 + 1
    series = icalendar.Calendar.from_ical(text_of(entries["weekly"]))
    found = recurring_ical_events.of(series).between((2026, 1, 1), (2027, 1, 1))
    days = sorted((f"{one['DTSTART'].dt:%m-%d %H:%M}", str(one["SUMMARY"])) for one in found)
    plain = "Réunion"
    assert days == [
        ("03-02 10:00", plain),
        ("03-10 14:00", "Réunion déplacée"),
        ("03-23 10:00", plain),
        ("03-30 10:00", plain),
    ]
    assert "DTSTART;VALUE=DATE:20260305" in text_of(entries["day"])
    assert "FILENAME=ordre du jour.txt" in text_of(entries["single"])


def test_what_is_listed_is_what_is_fetched(make: MakeReader) -> None:
    reader = make(Service.CALENDAR)
    entries = [entry for entry in reader.entries() if entry.skip is None]
    answers = get_all(make(Service.CALENDAR), entries)
    assert [answers[entry.href].entry.etag for entry in entries] == [entry.etag for entry in entries]
    assert [answers[entry.href].body for entry in entries] == [entry.inline for entry in entries]


def test_a_deleted_occurrence_and_a_new_share_change_the_etag(graph: GraphStandIn, make: MakeReader) -> None:
    before = by_href(make(Service.CALENDAR).entries())
    (weekly,) = [one for one in account(graph).calendars[0].events if one["id"] == "weekly"]
    weekly["cancelledOccurrences"].append("2026-03-23")
    after = by_href(make(Service.CALENDAR).entries())
    assert {href for href in before if before[href].etag != after[href].etag} == {"weekly"}
    account(graph).calendars[0].permissions.clear()
    last = by_href(make(Service.CALENDAR).entries())
    assert all(last[href].etag != after[href].etag for href in last if last[href].skip is None)


def test_drafts_are_left_and_occurrences_without_a_master_are_kept_together(
    graph: GraphStandIn, make: MakeReader
) -> None:
    anne = account(graph).calendars[0]
    orphan = {"type": "exception", "seriesMasterId": "elsewhere"}
    anne.events += [
        event("draft", "2026-05-01T09:00", "2026-05-01T10:00", isDraft=True),
        event("o1", "2026-05-04T09:00", "2026-05-04T10:00", originalStart="2026-05-04T07:00:00Z", **orphan),
        event("o2", "2026-05-11T09:00", "2026-05-11T10:00", originalStart="2026-05-11T07:00:00Z", **orphan),
    ]
    for one, day in zip(anne.events[-2:], ("07EA0504", "07EA050B"), strict=True):
        one["iCalUId"] = f"040000008200E00074C5B7101A82E008{day}00000000AAAA"
    reader = make(Service.CALENDAR)
    entries = by_href(reader.entries())
    assert entries["draft"].skip
    text = text_of(entries["occurrences/elsewhere"])
    assert text.count("RECURRENCE-ID;TZID=Europe/Paris:2026") == 2
    assert len({line for line in text.splitlines() if line.startswith("UID:")}) == 1
    answers = get_all(reader, [entries["occurrences/elsewhere"]])
    assert answers["occurrences/elsewhere"].body == entries["occurrences/elsewhere"].inline


def test_a_mailbox_whose_settings_may_not_be_read(graph: GraphStandIn, make: MakeReader) -> None:
    graph.identity.roles -= {"MailboxSettings.Read"}
    entries = by_href(make(Service.CALENDAR, territory="BE").entries())
    assert "DTSTART;TZID=Europe/Brussels:20260302T100000" in text_of(entries["weekly"])
    assert json.loads(entries["weekly"].inline or b"")["calendar"].get("timeZone") is None


def test_two_events_of_one_uid_get_two(graph: GraphStandIn, make: MakeReader) -> None:
    events = account(graph).calendars[0].events
    events.insert(0, {**events[4], "id": "zzz", "subject": "Copie"})
    reader = make(Service.CALENDAR)
    entries = by_href(reader.entries())
    assert entries[events[5]["id"]].uid != entries["copy/zzz"].uid
    assert "SUMMARY:Copie" in text_of(entries["copy/zzz"])
    assert f"UID:{entries['copy/zzz'].uid}" in text_of(entries["copy/zzz"])
    (item,) = get_all(reader, [entries["copy/zzz"]]).values()
    assert (item.entry.etag, item.body) == (entries["copy/zzz"].etag, entries["copy/zzz"].inline)


def test_an_event_that_slips_between_two_pages_is_listed(
    graph: GraphStandIn, make: MakeReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Someone deletes an event of the first page: those of the next page move up by one."""
    monkeypatch.setattr(calendar, "PAGE", 5)
    reader = make(Service.CALENDAR)
    listing = reader.entries()
    first = next(listing)
    graph.edit.remove_event(ANNE, "cal1", "day")
    hrefs = {entry.href for entry in (first, *listing) if entry.skip is None}
    assert {event["id"] for event in account(graph).calendars[0].events} <= hrefs


def test_category_colours(graph: GraphStandIn, make: MakeReader) -> None:
    account(graph).categories.append({"id": "k", "displayName": "Rouge", "color": "preset0"})
    account(graph).calendars[0].events[0]["categories"] = ["Rouge"]
    assert "COLOR:red" in text_of(by_href(make(Service.CALENDAR).entries())["weekly"])


# Contacts


def test_address_books_the_default_first(graph: GraphStandIn, make: MakeReader) -> None:
    below = {"id": "cf3", "displayName": "Mairies", "parentFolderId": "cf2"}
    account(graph).contact_folders.append(ContactFolder(resource=below))
    found = [(book.href, book.path, book.role) for book in make(Service.CONTACTS).collections()]
    assert found == [
        ("contacts", ("Contacts",), "primary"),
        ("cf2", ("Partenaires",), ""),
        ("cf3", ("Partenaires – Mairies",), ""),
    ]


def test_contacts_come_with_their_photos(make: MakeReader) -> None:
    reader = make(Service.CONTACTS)
    entries = list(reader.entries())
    assert len(entries) == 13
    cards = {}
    for href, item in get_all(reader, entries).items():
        body = graph_contact.to_vcard(item).item.body
        assert isinstance(body, bytes)
        cards[href] = {line.name: line.value for line in vcard.parse(body)}
    assert cards["c0"]["PHOTO"] == "data:image/png;base64,iVBORw=="
    assert not any("PHOTO" in card for href, card in cards.items() if href != "c0")
    assert len({card["UID"] for card in cards.values()}) == 13
    assert cards["c99"]["FN"] == "Mairie"


def test_changes_of_contacts(graph: GraphStandIn, make: MakeReader) -> None:
    reader = make(Service.CONTACTS)
    assert isinstance(reader, SupportsChanges)
    cursor = reader.cursor()
    assert "contact 1" not in cursor.lower()
    listed = by_href(reader.entries())
    graph.edit.put_contact(ANNE, "contacts", {"id": "c1", "displayName": "Contact renommé"})
    graph.edit.put_contact(ANNE, "cf2", {"id": "c100", "displayName": "Nouveau"})
    graph.edit.remove_contact(ANNE, "contacts", "c2")
    changes = {change.href: change.entry for change in reader.changes(cursor)}
    assert changes["c2"] is None
    assert sorted(href for href, entry in changes.items() if entry) == ["c1", "c100"]
    whole = by_href(make(Service.CONTACTS).entries())
    assert {href: entry for href, entry in changes.items() if entry} == {href: whole[href] for href in ("c1", "c100")}
    assert listed["c1"].etag != whole["c1"].etag
    assert list(reader.changes(reader.cursor())) == []


# Tasks


def test_lists_tasks_and_steps(make: MakeReader) -> None:
    reader = make(Service.TASKS)
    (collection,) = reader.collections()
    assert (collection.href, collection.path) == ("list1", ("Tâches",))
    entries = by_href(reader.entries())
    assert {entry.skip.code for entry in entries.values() if entry.skip} == {"flagged-mail"}
    assert len(entries) == 22 + 2 + 1
    task = text_of(entries["list1/tasks/t0"])
    assert "DUE;VALUE=DATE:20260310" in task
    assert "URL:https://example.org/" in task
    step = text_of(entries["list1/tasks/t0/checklistItems/k1"])
    uid = next(line for line in task.splitlines() if line.startswith("UID:")).removeprefix("UID:")
    assert f"RELATED-TO;RELTYPE=PARENT:{uid}" in step
    assert "STATUS:COMPLETED" in step


def test_changes_of_tasks_and_of_their_steps(graph: GraphStandIn, make: MakeReader) -> None:
    reader = make(Service.TASKS)
    assert isinstance(reader, SupportsChanges)
    cursor = reader.cursor()
    (first,) = [task for task in account(graph).task_lists[0].tasks if task["id"] == "t0"]
    graph.edit.put_task(ANNE, "list1", {**first, "title": "Autre", "checklistItems": first["checklistItems"][:1]})
    graph.edit.remove_task(ANNE, "list1", "t3")
    graph.edit.put_task(ANNE, "list1", {"id": "t90", "title": "Nouvelle"})
    changes = {change.href: change.entry for change in reader.changes(cursor)}
    whole = by_href(make(Service.TASKS).entries())
    kept = ("list1/tasks/t0", "list1/tasks/t0/checklistItems/k1", "list1/tasks/t90")
    assert {href: entry for href, entry in changes.items() if entry} == {href: whole[href] for href in kept}
    assert {href for href, entry in changes.items() if entry is None} == {
        "list1/tasks/t0/checklistItems/k2",
        "list1/tasks/t3",
    }
    again = reader.cursor()
    graph.edit.remove_task(ANNE, "list1", "t0")
    gone = {change.href for change in reader.changes(again) if change.entry is None}
    assert gone == {"list1/tasks/t0", "list1/tasks/t0/checklistItems/k1"}


def test_files_of_a_task(graph: GraphStandIn, make: MakeReader) -> None:
    attachment = {
        "@odata.type": "#microsoft.graph.taskFileAttachment",
        "id": "a",
        "name": "liste.txt",
        "contentType": "text/plain",
        "size": 5,
        "contentBytes": "bGlzdGU=",
    }
    account(graph).task_lists[0].tasks[5]["attachments"] = [attachment]
    entry = by_href(make(Service.TASKS).entries())["list1/tasks/t5"]
    assert "FILENAME=liste.txt:bGlzdGU=" in text_of(entry)


# Faults


@pytest.mark.parametrize("service", PIM)
@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 429, "retry_after": 2},
        {"kind": "status", "status": 503},
        {"kind": "cut-before"},
        {"kind": "cut-during"},
        {"kind": "cut-after"},
    ],
    ids=lambda fault: f"{fault['kind']}-{fault.get('status', '')}",
)
def test_nothing_is_lost_to_faults(
    graph: GraphStandIn, make: MakeReader, service: Service, fault: dict[str, Any]
) -> None:
    whole = [(entry.href, entry.etag) for entry in make(service).entries()]
    graph.faults.set([Rule(path="/users/", skip=1, times=4, probability=0.6, **fault)])
    reader = make(service)
    entries = list(reader.entries())
    assert [(entry.href, entry.etag) for entry in entries] == whole
    graph.faults.set([Rule(path="/users/", times=4, probability=0.6, **fault)])
    answers = get_all(reader, [entry for entry in entries if entry.skip is None])
    assert {href: item.entry.etag for href, item in answers.items()} == {
        entry.href: entry.etag for entry in entries if entry.skip is None
    }
    assert graph.faults.fired > 0


@pytest.mark.parametrize("service", PIM)
@pytest.mark.parametrize("page", [1, 2])
def test_a_listing_that_breaks_is_an_error(graph: GraphStandIn, make: MakeReader, service: Service, page: int) -> None:
    path = {
        Service.CALENDAR: "/events",
        Service.CONTACTS: "/contacts/delta",
        Service.TASKS: "/tasks",
    }[service]
    graph.faults.set([Rule(kind="status", path=path, status=503, skip=page - 1, times=None)])
    with pytest.raises(Retriable):
        list(make(service).entries())


@pytest.mark.parametrize("service", [Service.CONTACTS, Service.TASKS])
def test_a_cursor_that_expired(graph: GraphStandIn, make: MakeReader, service: Service) -> None:
    reader = make(service)
    assert isinstance(reader, SupportsChanges)
    cursor = reader.cursor()
    graph.faults.set([Rule(kind="status", path="/delta", status=410, times=None)])
    with pytest.raises(CursorExpired):
        list(reader.changes(cursor))
    graph.faults.set([])
    for other in ("", "[]", '{"tokens": 1}'):
        with pytest.raises(CursorExpired):
            list(reader.changes(other))


@pytest.mark.parametrize("service", PIM)
def test_one_that_is_gone_is_its_own_error_among_many(make: MakeReader, service: Service) -> None:
    reader = make(service)
    entries = [entry for entry in reader.entries() if entry.skip is None]
    href = {Service.TASKS: "list1/tasks/gone"}.get(service, "gone")
    gone = Entry(href=href, collection=entries[0].collection, etag="")
    answers = get_all(reader, [*entries[:3], gone, *entries[3:]])
    assert isinstance(answers.pop(href), NotFound)
    assert all(isinstance(item, Item) for item in answers.values())
    assert len(answers) == len(entries)


@pytest.mark.parametrize("service", PIM)
def test_few_requests_and_never_more_than_four_at_once(graph: GraphStandIn, tmp_path: Path, service: Service) -> None:
    pace = Patience()
    reader = connect(graph, tmp_path, pace=pace).reader(ANNE, service)
    entries = [entry for entry in reader.entries() if entry.skip is None]
    before = len([line for line in graph.log.lines if line.status == 200])
    items = get_all(reader, entries)
    reader.close()
    assert all(body_of(item) for item in items.values())
    assert before <= 40
    assert pace.pauses == []
