"""The Google connector on the stand-in: what it lists, what it fetches, how it takes refusals."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.contract import ReaderContract
from connectors.google.calendar import MEDIA_TYPE as SERIES
from connectors.google.people import MEDIA_TYPE as PERSON
from connectors.google.tasks import MEDIA_TYPE as TASK
from mappings import google_calendar, google_people, takeout_tasks
from migrate.errors import (
    NotFound,
    Retriable,
    Throttled,
)
from migrate.model import Entry, Item, Service
from migrate.protocols import Reader
from migrate.sandbox.faults import Rule
from migrate.sandbox.google import GoogleStandIn
from tests.connectors.google_fixtures import MakeReader, google, google_key, make
from tests.connectors.google_kit import (
    AMINA,
    LABELS,
    Patience,
    body_of,
    by_href,
    connect,
    message,
    raw,
)

__all__ = ["google", "google_key", "make"]


class Contract(ReaderContract):
    service = Service.MAIL

    @pytest.fixture
    def reader(self, make: MakeReader) -> Reader:
        return make(self.service)


class TestMail(Contract):
    service = Service.MAIL

    def vanished(self, reader: Reader) -> Entry:
        return Entry(href="ffffffffffffffff", collection="mailbox", etag="e", media_type="message/rfc822")


class TestCalendar(Contract):
    service = Service.CALENDAR

    def vanished(self, reader: Reader) -> Entry:
        return Entry(href=f"{AMINA}/none@google.com", collection=AMINA, etag="e", media_type=SERIES)


class TestFiles(Contract):
    service = Service.FILES

    def vanished(self, reader: Reader) -> Entry:
        return Entry(href="none", collection="root1", etag="e")


class TestContacts(Contract):
    service = Service.CONTACTS

    def vanished(self, reader: Reader) -> Entry:
        return Entry(href="people/c404", collection="contacts", etag="e")


class TestTasks(Contract):
    service = Service.TASKS

    def vanished(self, reader: Reader) -> Entry:
        return Entry(href="list1/none", collection="list1", etag="e")


def test_the_words_that_connector_and_mapping_share() -> None:
    assert google_calendar.MEDIA_TYPE == SERIES
    assert google_people.MEDIA_TYPE == PERSON
    assert takeout_tasks.MEDIA_TYPE == TASK


# Mail


def test_labels_and_flags_of_every_message(make: MakeReader) -> None:
    entries = list(make(Service.MAIL).entries())
    assert len(entries) == len(LABELS)
    seen = {entry.href[-1]: (entry.labels, sorted(entry.flags)) for entry in entries}
    assert seen == {
        "0": (("\\Inbox",), []),
        "1": (("Projets/2026", "\\Inbox", "\\Starred"), ["\\Flagged", "\\Seen"]),
        "2": (("\\Sent",), ["\\Seen"]),
        "3": ((), ["\\Seen"]),
        "4": (("\\Spam",), []),
        "5": (("Projets/2026", "\\Trash"), ["\\Seen"]),
        "6": (("\\Drafts",), ["\\Draft", "\\Seen"]),
        "7": (("\\Chat",), ["\\Seen"]),
        "8": (("\\Category/Promotions", "\\Important", "\\Inbox"), ["\\Seen"]),
    }


def test_the_listing_asks_for_no_message(make: MakeReader, google: GoogleStandIn) -> None:
    list(make(Service.MAIL).entries())
    operations = [line.operation for line in google.log.lines]
    assert "gmail.users.messages.get" not in operations
    assert operations.count("gmail.users.messages.list") <= 25


def test_the_raw_bytes_and_the_date(make: MakeReader) -> None:
    reader = make(Service.MAIL)
    entry = by_href(reader.entries())[message(1, ()).id]
    item = reader.get(entry)
    assert body_of(item) == raw(1)
    assert item.internal_date == datetime.fromtimestamp((1_700_000_000_123 - 86_400_000) / 1000, UTC)
    assert item.flags == entry.flags
    assert item.entry.size == len(raw(1))
    assert item.entry.size_exact


def test_sizes_are_reckoned_from_a_few_searches(google: GoogleStandIn, make: MakeReader) -> None:
    google.edit.add_message(AMINA, message(100, ("INBOX",), size=2 << 20))
    entries = by_href(make(Service.MAIL).entries())
    assert entries[message(100, ()).id].size == 3 << 20
    assert entries[message(0, ()).id].size == 12 << 10
    assert not any(entry.size_exact for entry in entries.values())


def test_a_large_message_lies_in_the_spool(google: GoogleStandIn, make: MakeReader, tmp_path: Path) -> None:
    google.edit.add_message(AMINA, message(100, ("INBOX",), size=2 << 20))
    item = make(Service.MAIL).get(Entry(href=message(100, ()).id, collection="mailbox", etag=""))
    assert isinstance(item.body, Path)
    assert item.body.parent == tmp_path
    assert body_of(item) == raw(100, 2 << 20)


def test_a_label_changed_since_the_listing_changes_the_etag(google: GoogleStandIn, make: MakeReader) -> None:
    reader = make(Service.MAIL)
    entry = next(iter(reader.entries()))
    google.edit.add_label(AMINA, {"id": "Label_2", "name": "Nouveau", "type": "user"})
    google.edit.relabel(AMINA, entry.href, add=["Label_2"])
    item = reader.get(entry)
    assert item.entry.etag != entry.etag
    assert "Nouveau" in item.entry.labels
    assert by_href(make(Service.MAIL).entries())[entry.href].etag == item.entry.etag


@pytest.mark.parametrize("fault", [{"status": 429}, {"status": 403, "reason": "rateLimitExceeded"}, {"status": 503}])
def test_parts_refused_within_a_batch_are_asked_for_again(
    google: GoogleStandIn, make: MakeReader, fault: dict[str, Any]
) -> None:
    reader = make(Service.MAIL)
    entries = list(reader.entries())
    google.faults.set([Rule(kind="status", path="/messages/[0-9a-f]{16}$", times=12, probability=0.5, **fault)])
    answers = list(reader.get_many(entries))  # type: ignore[attr-defined]
    assert sorted(entry.href for entry, _ in answers) == sorted(entry.href for entry in entries)
    assert all(isinstance(item, Item) for _, item in answers)
    assert google.faults.fired > 3


def test_a_host_without_a_batch_address_is_asked_one_by_one(google: GoogleStandIn, make: MakeReader) -> None:
    reader = make(Service.MAIL)
    entries = list(reader.entries())
    google.faults.set([Rule(kind="status", path="/batch", status=404, times=None)])
    answers = list(reader.get_many(entries))  # type: ignore[attr-defined]
    assert sorted(entry.href for entry, _ in answers) == sorted(entry.href for entry in entries)
    assert all(isinstance(item, Item) for _, item in answers)
    assert google.faults.fired == 1


def test_a_refusal_of_one_part_is_that_messages_own(google: GoogleStandIn, make: MakeReader) -> None:
    reader = make(Service.MAIL)
    entries = list(reader.entries())
    google.edit.remove_message(AMINA, entries[3].href)
    answers = {entry.href: item for entry, item in reader.get_many(entries)}  # type: ignore[attr-defined]
    assert isinstance(answers.pop(entries[3].href), NotFound)
    assert all(isinstance(item, Item) for item in answers.values())


def test_a_part_refused_for_ever_ends_with_its_error(google: GoogleStandIn, make: MakeReader) -> None:
    reader = make(Service.MAIL)
    entries = list(reader.entries())[:3]
    google.faults.set([Rule(kind="status", path=entries[0].href, status=429, times=None)])
    answers = {entry.href: item for entry, item in reader.get_many(entries)}  # type: ignore[attr-defined]
    assert isinstance(answers[entries[0].href], Throttled)
    assert isinstance(answers[entries[1].href], Item)


def test_a_listing_that_breaks_is_an_error(google: GoogleStandIn, make: MakeReader) -> None:
    google.faults.set([Rule(kind="status", path="/messages$", status=503, skip=4, times=None)])
    with pytest.raises(Retriable):
        list(make(Service.MAIL).entries())


@pytest.mark.parametrize("kind", ["cut-before", "cut-during", "cut-after"])
@pytest.mark.parametrize("service", [Service.MAIL, Service.CALENDAR, Service.FILES])
def test_cut_connections_are_tried_again(google: GoogleStandIn, make: MakeReader, kind: str, service: Service) -> None:
    whole = [(entry.href, entry.etag) for entry in make(service).entries()]
    google.faults.set([Rule(kind=kind, method="GET", skip=1, times=2)])
    assert [(entry.href, entry.etag) for entry in make(service).entries()] == whole
    assert google.faults.fired > 0


def test_retry_after_is_obeyed(google: GoogleStandIn, tmp_path: Path) -> None:
    pace = Patience()
    google.faults.set([Rule(kind="status", path="/labels", status=429, retry_after=17)])
    reader = connect(google, tmp_path, pace=pace).reader(AMINA, Service.MAIL)
    assert len(list(reader.entries())) == len(LABELS)
    assert 17 in pace.pauses
    reader.close()


# Calendar


def test_owned_calendars_the_primary_first(make: MakeReader) -> None:
    first, second = make(Service.CALENDAR).collections()
    assert (first.href, first.role, first.path) == (AMINA, "primary", ("Amina",))
    assert first.properties == {"color": "#9fe1e7", "timezone": "Europe/Paris", "order": "0"}
    assert (second.href, second.role) == ("c1@group.calendar.google.com", "")


def test_series_are_one_entry_and_what_stays_is_counted(make: MakeReader) -> None:
    entries = list(make(Service.CALENDAR).entries())
    skipped = {entry.skip.code for entry in entries if entry.skip}
    assert skipped == {"birthday", "calendar-of-another"}
    weekly = next(entry for entry in entries if entry.uid == "weekly/x@google.com")
    assert weekly.inline is not None
    assert weekly.inline.count(b'"kind":"calendar#event"') == 3
    assert [entry.uid for entry in entries].count("single/x@google.com") == 2


def test_what_is_listed_translates(make: MakeReader) -> None:
    for entry in make(Service.CALENDAR).entries():
        if entry.skip is None:
            assert entry.inline is not None
            item = Item(entry=entry, body=entry.inline, media_type=entry.media_type)
            mapped = google_calendar.to_icalendar(item)
            assert mapped.item.media_type == "text/calendar"


@pytest.mark.parametrize("count", [2, 20])
def test_many_events_for_few_requests(google: GoogleStandIn, make: MakeReader, count: int) -> None:
    reader = make(Service.CALENDAR)
    entries = [entry for entry in reader.entries() if entry.skip is None][:count]
    before = len(google.log.lines)
    answers = {entry.href: item for entry, item in reader.get_many(entries)}  # type: ignore[attr-defined]
    assert all(answers[entry.href].entry.etag == entry.etag for entry in entries)
    assert len(google.log.lines) - before <= 4


def test_a_cancelled_occurrence_changes_the_etag(google: GoogleStandIn, make: MakeReader) -> None:
    reader = make(Service.CALENDAR)
    weekly = next(entry for entry in reader.entries() if entry.uid == "weekly/x@google.com")
    gone = {"id": "weekly_9", "status": "cancelled", "recurringEventId": "weekly"}
    gone["originalStartTime"] = {"dateTime": "2026-03-23T10:00:00+01:00"}  # type: ignore[assignment]
    google.edit.put_event(AMINA, AMINA, gone)
    assert reader.get(weekly).entry.etag != weekly.etag
    assert b"weekly_9" in body_of(reader.get(weekly))
