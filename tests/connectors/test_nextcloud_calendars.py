"""Events onto Nextcloud: nobody hears of it, and what the server repairs, refuses or limits is told."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.nextcloud.calendar_home import mkcalendar, slug
from connectors.nextcloud.calendars import MULTIGET, NextcloudCalendars, comparable
from connectors.nextcloud.failures import InvalidRule, NoInstance, TooManyInstances, UidTooLong
from connectors.samples import body_of, event
from migrate.errors import AlreadyExists, LimitReached, Rejected, Scope, Uncertain
from migrate.model import Collection, Item
from migrate.protocols import SupportsGetMany, Target
from migrate.sandbox.faults import Rule
from tests.connectors.nextcloud_kit import Place, either, item, standin

GUESTS = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//essai//FR\r\nBEGIN:VEVENT\r\nUID:assemblee@tilleuls.example\r\n"
    "DTSTAMP:20260105T080000Z\r\nDTSTART:20351105T180000Z\r\nDTEND:20351105T190000Z\r\nRRULE:FREQ=WEEKLY\r\n"
    "SUMMARY:Assemblée\r\nORGANIZER:mailto:{organizer}\r\nATTENDEE;PARTSTAT=ACCEPTED:mailto:{organizer}\r\n"
    "ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:{guest}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


@pytest.fixture(params=["standin", "real"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    with either(request.param, tmp_path / "server") as found:
        yield found


@pytest.fixture
def target(place: Place, tmp_path: Path) -> Iterator[NextcloudCalendars]:
    with place.calendars(tmp_path) as found:
        yield found


def ics(body: bytes) -> Item:
    return item(body, media_type="text/calendar")


def test_it_is_a_target_with_its_abilities(target: NextcloudCalendars) -> None:
    assert isinstance(target, Target)
    assert isinstance(target, SupportsGetMany)
    assert target.capabilities.accepts == {"text/calendar"}


@pytest.mark.parametrize("others", [False, True], ids=["organizer", "attendee"])
def test_nobody_hears_of_it(place: Place, target: NextcloudCalendars, *, others: bool) -> None:
    own, other = ("alice@tilleuls.example" if place.standin is None else "alice@example.org"), "dehors@example.com"
    body = GUESTS.format(organizer=other if others else own, guest=own if others else other).encode()
    before = place.mails()
    calendar = target.ensure(Collection(href="", path=("Réunions",)))
    first = target.put(calendar, "a.ics", ics(body), expects=None)
    edited = body.replace("Assemblée".encode(), b"Bureau").replace(b"T180000Z", b"T170000Z")
    target.put(calendar, "a.ics", ics(edited), expects=first.etag)
    (entry,) = [e for e in target.entries() if e.collection == calendar.href]
    assert comparable(body_of(target.get(entry))) == comparable(edited), "the attendees are still there"
    target.delete(entry, expects=entry.etag)
    if place.standin is None:
        time.sleep(0.5)
    assert place.mails() == before


def test_every_write_is_silent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with standin(tmp_path / "server") as place, place.calendars(tmp_path) as target:
        calendar = target.ensure(Collection(href="", path=("Réunions",)))
        sent: list[tuple[str, str | None, str | None]] = []
        request = target._dav.session.request

        def record(method: str, *args: object, **kwargs: dict[str, str]) -> object:
            headers = kwargs["headers"]
            sent.append((method, headers.get("x-nc-scheduling"), headers.get("Schedule-Reply")))
            return request(method, *args, **kwargs)  # type: ignore[arg-type]

        monkeypatch.setattr(target._dav.session, "request", record)
        stored = target.put(calendar, "a.ics", ics(event(1, "x")), expects=None)
        again = target.put(calendar, "a.ics", ics(event(1, "y")), expects=stored.etag)
        (entry,) = [e for e in target.entries() if e.collection == calendar.href]
        target.delete(entry, expects=again.etag)
        writes = [line for line in sent if line[0] in {"PUT", "DELETE"}]
        assert writes == [("PUT", "false", "F"), ("PUT", "false", "F"), ("DELETE", "false", "F")]


def test_the_default_calendar_goes_by_role(target: NextcloudCalendars) -> None:
    primary = target.ensure(Collection(href="", path=("alice@tilleuls.example",), role="primary"))
    assert primary.href.endswith("/personal")
    assert target.ensure(Collection(href="", path=("Autre nom",), role="primary")).href == primary.href
    assert next(target.collections()).role == "primary"


def test_a_new_calendar_keeps_its_colour_and_zone(target: NextcloudCalendars) -> None:
    properties = {"color": "#9fe1e7", "timezone": "Europe/Brussels", "description": "Les réunions"}
    made = target.ensure(Collection(href="", path=("Comité & fêtes",), properties=properties))
    assert made.path == ("Comité & fêtes",)
    assert made.properties == properties
    assert target.ensure(Collection(href="", path=("Comité & fêtes",))).href == made.href


def test_more_events_than_one_multiget(target: NextcloudCalendars, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MULTIGET == 100
    monkeypatch.setattr("connectors.nextcloud.calendars.MULTIGET", 3)
    calendar = target.ensure(Collection(href="", path=("Série",)))
    for n in range(7):
        target.put(calendar, f"{n}.ics", ics(event(n, "x")), expects=None)
    entries = [e for e in target.entries() if e.collection == calendar.href]
    got = {entry.href: answer for entry, answer in target.get_many(entries)}
    assert len(got) == 7
    bodies = {body_of(answer) for answer in got.values() if isinstance(answer, Item)}
    assert bodies == {event(n, "x") for n in range(7)}


def test_an_event_the_server_repairs_still_has_an_etag(target: NextcloudCalendars) -> None:
    calendar = target.ensure(Collection(href="", path=("Réparé",)))
    broken = event(1, "x").replace(b"DTSTAMP:20260105T080000Z\r\n", b"")
    stored = target.put(calendar, "a.ics", ics(broken), expects=None)
    (entry,) = [e for e in target.entries() if e.collection == calendar.href]
    assert stored.etag == entry.etag != ""


def test_what_the_server_refuses(target: NextcloudCalendars) -> None:
    calendar = target.ensure(Collection(href="", path=("Refus",)))
    with pytest.raises(Rejected) as caught:
        target.put(calendar, "a.ics", ics(b"no calendar at all"), expects=None)
    assert "UnsupportedMediaType" in caught.value.message


def test_a_refusal_for_good_has_a_name_and_is_not_uncertain(target: NextcloudCalendars) -> None:
    # One calendar for all: the server makes few an hour.
    calendar = target.ensure(Collection(href="", path=("Séries",)))
    refused = {
        once("RRULE:FREQ=HOURLY;COUNT=3500"): TooManyInstances,
        once("RRULE:FREQ=SOMETIMES"): InvalidRule,
        once("RRULE:FREQ=DAILY;COUNT=1", "EXDATE:20260105T180000Z"): NoInstance,
        once("X-A:1").replace(b"UID:", b"UID:" + b"u" * 250): UidTooLong,
    }
    for body, kind in refused.items():
        with pytest.raises(kind):
            target.put(calendar, "a.ics", ics(body), expects=None)
    target.put(calendar, "a.ics", ics(once("RRULE:FREQ=HOURLY;COUNT=3499")), expects=None)


def test_an_event_that_the_server_repairs_is_recognised(target: NextcloudCalendars) -> None:
    calendar = target.ensure(Collection(href="", path=("Réparations",)))
    no_stamp = once('ATTENDEE;CN="B B":mailto:b@example.org').replace(b"DTSTAMP:20260105T080000Z\r\n", b"")
    repaired = (
        once("LOCATION:a\x01b"),
        once("RRULE:COUNT=3"),
        once("LOCATION:x; y", "LOCATION:x; y"),
        once("X-A:1").replace(b"VERSION:2.0\r\n", b""),
        once("LOCATION:Été").decode().encode("latin-1"),
        no_stamp,
    )
    for n, body in enumerate(repaired):
        own = ics(body.replace(b"UID:", b"UID:%d-" % n))
        stored = target.put(calendar, f"{n}.ics", own, expects=None)
        assert [s.href for s in target.find(calendar, f"{n}.ics", own, "")] == [stored.href], n
        assert not list(target.find(calendar, f"{n}.ics", ics(once("LOCATION:other")), ""))


def once(*lines: str) -> bytes:
    """An event with these lines and no rule of its own."""
    text = event(1, "x").decode().replace("RRULE:FREQ=WEEKLY;COUNT=5", "\r\n".join(lines))
    return text.encode()


def test_one_uid_under_two_names(target: NextcloudCalendars) -> None:
    calendar = target.ensure(Collection(href="", path=("Double",)))
    target.put(calendar, "a.ics", ics(event(1, "x")), expects=None)
    with pytest.raises(AlreadyExists):
        target.put(calendar, "b.ics", ics(event(1, "x")), expects=None)


def test_a_lost_answer_is_uncertain_and_then_found(tmp_path: Path) -> None:
    with standin(tmp_path / "server") as place, place.calendars(tmp_path) as target:
        assert place.standin is not None
        calendar = target.ensure(Collection(href="", path=("Réunions",)))
        place.standin.faults.add(Rule(kind="cut-after", method="PUT"))
        with pytest.raises(Uncertain):
            target.put(calendar, "a.ics", ics(event(1, "x")), expects=None)
        assert len(list(target.find(calendar, "a.ics", ics(event(1, "x")), ""))) == 1
        assert not list(target.find(calendar, "a.ics", ics(event(1, "y")), ""))


def test_the_limit_of_new_calendars(tmp_path: Path) -> None:
    with standin(tmp_path / "server") as place, place.calendars(tmp_path) as target:
        assert place.standin is not None
        place.standin.faults.add(Rule(kind="status", method="MKCALENDAR", status=429))
        with pytest.raises(LimitReached, match="no more calendars") as caught:
            target.ensure(Collection(href="", path=("Un de plus",)))
        assert caught.value.scope is Scope.COLLECTION


def test_addresses_of_calendars_differ() -> None:
    assert slug("Comité & fêtes").startswith("comite-fetes-")
    assert slug("会議") != slug("会议")
    assert slug("会議").startswith("calendar-")


def test_an_unknown_zone_is_left_out() -> None:
    assert b"calendar-timezone" not in mkcalendar("x", {"timezone": "Mars/Olympus"})
    assert b"Europe/Paris" in mkcalendar("x", {"timezone": "Europe/Paris"})


def test_folding_and_stamps_do_not_count() -> None:
    long = event(1, "À bientôt. " * 20)
    folded = long.replace(b"SUMMARY:R", b"SUMMARY:\r\n R").replace(b"DTSTAMP:2026", b"DTSTAMP:2027")
    assert comparable(long) == comparable(folded)
    assert comparable(long) != comparable(long.replace(b"SUMMARY:R", b"SUMMARY:r"))
