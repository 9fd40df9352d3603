"""Golden pairs: a provider's JSON beside the expected iCalendar and losses.

``TRANSHUME_REGENERATE=1 pytest tests/mappings/test_google_calendar.py`` writes the expected files anew; read the
difference before keeping it.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events
import vobject
from dateutil.rrule import rrulestr
from hypothesis import given
from hypothesis import strategies as st

from mappings.canonical import digest
from mappings.google_calendar import MEDIA_TYPE, to_icalendar
from migrate.errors import MappingError
from migrate.model import Entry, Item, Mapped

CASES = Path(__file__).parent / "cases"
NAMES = sorted(path.stem for path in CASES.glob("*.json"))
REGENERATE = bool(os.environ.get("TRANSHUME_REGENERATE"))
PARIS = ZoneInfo("Europe/Paris")


def convert(data: dict[str, object] | bytes) -> Mapped:
    body = data if isinstance(data, bytes) else json.dumps(data).encode()
    return to_icalendar(Item(entry=Entry(href="h", collection="c", etag="e"), body=body, media_type=MEDIA_TYPE))


def body_of(data: dict[str, object] | bytes) -> bytes:
    body = convert(data).item.body
    assert isinstance(body, bytes)
    return body


def timed(day: str, hour: str = "10:00:00", zone: str = "Europe/Paris") -> dict[str, str]:
    local = datetime.fromisoformat(f"{day}T{hour}").replace(tzinfo=ZoneInfo(zone))
    return {"dateTime": local.isoformat(), "timeZone": zone}


def series(*events: dict[str, object], zone: str = "Europe/Paris") -> dict[str, object]:
    return {"calendar": {"timeZone": zone, "defaultReminders": []}, "events": list(events)}


def master(rule: str, *, day: str = "2024-01-01", zone: str = "Europe/Paris") -> dict[str, object]:
    return {
        "id": "m",
        "iCalUID": "m@google.com",
        "updated": "2024-01-01T00:00:00Z",
        "start": timed(day, zone=zone),
        "end": timed(day, "11:00:00", zone=zone),
        "recurrence": [rule],
    }


@pytest.mark.parametrize("name", NAMES)
def test_golden_pair(name: str) -> None:
    mapped = convert((CASES / f"{name}.json").read_bytes())
    losses = "".join(f"{loss.field}: {loss.reason}\n" for loss in mapped.losses)
    assert isinstance(mapped.item.body, bytes)
    if REGENERATE:
        (CASES / f"{name}.ics").write_bytes(mapped.item.body)
        (CASES / f"{name}.losses").write_text(losses, encoding="utf-8")
    assert mapped.item.media_type == "text/calendar"
    assert mapped.item.body == (CASES / f"{name}.ics").read_bytes()
    assert losses == (CASES / f"{name}.losses").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_other_programs_read_and_rewrite_the_same_object(name: str) -> None:
    body = (CASES / f"{name}.ics").read_bytes()
    assert body.count(b"\n") == body.count(b"\r\n")
    assert all(len(line) <= 75 for line in body.split(b"\r\n"))
    calendar = icalendar.Calendar.from_ical(body)
    assert len({str(event["UID"]) for event in calendar.walk("VEVENT")}) == 1
    assert digest("text/calendar", calendar.to_ical()) == digest("text/calendar", body)
    rewritten = vobject.readOne(body.decode()).serialize().encode()
    assert digest("text/calendar", rewritten) == digest("text/calendar", body)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_that_makes_a_server_write_to_people(name: str) -> None:
    body = (CASES / f"{name}.ics").read_bytes().replace(b"\r\n ", b"")
    for forbidden in (b"RSVP=TRUE", b"SCHEDULE-AGENT", b"ACTION:EMAIL", b"METHOD:", b"CLASS:DEFAULT"):
        assert forbidden not in body


def test_the_order_of_events_changes_nothing() -> None:
    data = json.loads((CASES / "weekly_moved_and_cancelled.json").read_bytes())
    turned = {**data, "events": data["events"][::-1]}
    assert body_of(data) == body_of(turned)


RULES = [
    "RRULE:FREQ=WEEKLY;BYDAY=MO,WE",
    "RRULE:FREQ=MONTHLY;BYDAY=2TU",
    "RRULE:FREQ=MONTHLY;BYMONTHDAY=-1",
    "RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1",
    "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
    "RRULE:FREQ=DAILY;INTERVAL=3;UNTIL=20270315",
    "RRULE:FREQ=WEEKLY;UNTIL=20280131T225959Z;WKST=SU;BYDAY=SU,SA;INTERVAL=2",
]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("zone", ["Europe/Paris", "America/New_York", "Asia/Kolkata"])
def test_ten_years_of_a_series_are_the_same(rule: str, zone: str) -> None:
    calendar = icalendar.Calendar.from_ical(body_of(series(master(rule, zone=zone), zone=zone)))
    events = recurring_ical_events.of(calendar).between((2024, 1, 1), (2034, 1, 1))
    seen = sorted(event["DTSTART"].dt for event in events)
    assert seen == expected(rule, zone)
    assert all(moment.tzinfo is not None and moment.hour == 10 for moment in seen)


def expected(rule: str, zone: str) -> list[datetime]:
    """By dateutil, from the source's own words: local time kept over the years, a day's UNTIL taken to its end."""
    if "UNTIL=20270315" in rule:
        rule = rule.replace("20270315", "20270315T235959")
    if "UNTIL=20280131T225959Z" in rule:
        local = datetime(2028, 1, 31, 22, 59, 59, tzinfo=UTC).astimezone(ZoneInfo(zone))
        rule = rule.replace("20280131T225959Z", f"{local:%Y%m%dT%H%M%S}")
    start, last = datetime.fromisoformat("2024-01-01T10:00:00"), datetime.fromisoformat("2033-12-31T23:00:00")
    found = rrulestr(rule.removeprefix("RRULE:"), dtstart=start).between(start, last, inc=True)
    # DTSTART counts as an occurrence even where the rule would not make it one (RFC 5545 §3.8.5.3).
    return [moment.replace(tzinfo=ZoneInfo(zone)) for moment in sorted({start, *found})]


def test_moved_and_cancelled_occurrences_over_the_year() -> None:
    body = (CASES / "weekly_moved_and_cancelled.ics").read_bytes()
    events = recurring_ical_events.of(icalendar.Calendar.from_ical(body)).between((2025, 9, 1), (2026, 9, 1))
    seen = {event["DTSTART"].dt for event in events}
    first = datetime.fromisoformat("2025-09-01T18:30:00")
    weekly = {(first + timedelta(weeks=n)).replace(tzinfo=PARIS) for n in range(44)}
    gone = {datetime(2025, 12, 22, 18, 30, tzinfo=PARIS), datetime(2025, 11, 10, 18, 30, tzinfo=PARIS)}
    assert seen == weekly - gone | {datetime(2025, 11, 12, 19, 0, tzinfo=PARIS)}


def test_all_day_series_without_its_cancelled_days() -> None:
    body = (CASES / "all_day_exceptions.ics").read_bytes()
    events = recurring_ical_events.of(icalendar.Calendar.from_ical(body)).between((2025, 10, 1), (2025, 11, 30))
    assert sorted(event["DTSTART"].dt.day for event in events) == [20, 21, 23, 24, 26, 26, 27, 28, 29]


@pytest.mark.parametrize(
    "data",
    [
        b"{}",
        b"[]",
        b"not json",
        json.dumps(series()).encode(),
        json.dumps(series({"id": "x", "start": {"date": "2026-01-01"}})).encode(),
        json.dumps(series(master("RRULE:FREQ=NEVER"))).encode(),
        json.dumps(series(master("RRULE:COUNT=3"))).encode(),
        json.dumps(series(master("nonsense"))).encode(),
        json.dumps(series(master("RRULE:FREQ=DAILY"), master("RRULE:FREQ=DAILY"))).encode(),
    ],
)
def test_what_cannot_be_translated_is_an_error_of_its_own(data: bytes) -> None:
    with pytest.raises(MappingError):
        convert(data)


def test_an_unknown_zone_is_an_error_for_a_series_and_never_utc() -> None:
    event = master("RRULE:FREQ=WEEKLY")
    odd = {"dateTime": "2024-01-01T10:00:00+05:00", "timeZone": "tzone://Nowhere"}
    with pytest.raises(MappingError):
        convert(series({**event, "start": odd, "end": odd}))


def test_an_unknown_zone_that_agrees_with_the_calendar_takes_its_name() -> None:
    event = master("RRULE:FREQ=WEEKLY")
    odd = {"dateTime": "2024-01-01T10:00:00+01:00", "timeZone": "tzone://Nowhere"}
    mapped = convert(series({**event, "start": odd, "end": odd}))
    assert b"DTSTART;TZID=Europe/Paris:20240101T100000" in bytes(mapped.item.body)  # type: ignore[arg-type]
    assert [loss.field for loss in mapped.losses] == ["timezone"]


def test_a_series_with_every_occurrence_deleted_is_an_error() -> None:
    gone = [
        {"id": f"m_{n}", "status": "cancelled", "recurringEventId": "m", "originalStartTime": timed(f"2024-01-0{n}")}
        for n in (1, 2, 3)
    ]
    with pytest.raises(MappingError):
        convert(series(master("RRULE:FREQ=DAILY;COUNT=3"), *gone))
    assert body_of(series(master("RRULE:FREQ=DAILY;COUNT=4"), *gone)).count(b"EXDATE") == 3


@given(st.text(), st.text(), st.text())
def test_any_text_survives(summary: str, location: str, description: str) -> None:
    event = {**master("RRULE:FREQ=DAILY;COUNT=2"), "summary": summary, "location": location, "description": description}
    body = body_of(series(event))
    assert all(len(line) <= 75 for line in body.split(b"\r\n"))
    body.decode("utf-8")
    read = icalendar.Calendar.from_ical(body).walk("VEVENT")[0]
    assert str(read.get("SUMMARY", "")) == printable(summary)


def printable(value: str) -> str:
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(char for char in text if char in "\n\t" or (ord(char) >= 32 and ord(char) != 127))
