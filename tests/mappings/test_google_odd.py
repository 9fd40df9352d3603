"""Events that are legal and odd: each becomes an object that other programs read, or one MappingError."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.google_calendar import MEDIA_TYPE, to_icalendar
from migrate.errors import MappingError
from migrate.model import Entry, Item, Mapped


def convert(*events: dict[str, Any], zone: str = "Europe/Paris") -> Mapped:
    body = json.dumps({"calendar": {"timeZone": zone}, "events": events}).encode()
    return to_icalendar(Item(entry=Entry(href="h", collection="c", etag="e"), body=body, media_type=MEDIA_TYPE))


def timed(day: str, hour: str = "10:00:00") -> dict[str, str]:
    local = datetime.fromisoformat(f"{day}T{hour}").replace(tzinfo=ZoneInfo("Europe/Paris"))
    return {"dateTime": local.isoformat(), "timeZone": "Europe/Paris"}


def event(**fields: Any) -> dict[str, Any]:
    whole = {
        "id": "x",
        "iCalUID": "x@example.org",
        "start": timed("2026-03-02"),
        "end": timed("2026-03-02", "11:00:00"),
    }
    return {**whole, **fields}


def calendar_of(mapped: Mapped) -> Any:
    assert isinstance(mapped.item.body, bytes)
    return icalendar.Calendar.from_ical(mapped.item.body)


def occurrences(*events: dict[str, Any]) -> int:
    return len(recurring_ical_events.of(calendar_of(convert(*events))).between("20260101T000000Z", "20270101T000000Z"))


@pytest.mark.parametrize(
    "fields",
    [
        {"description": "<br><![foo bar"},
        {"description": "<p><![ x ]>hello</p><!DOCTYPE a [ <!b"},
        {"description": "<b>é</b>😀\u2028<br>" * 700},
        {"summary": "a\x00b\x0bc\x85d\u2028e\uffff\ud800"},
        {"created": "0000-12-29T00:00:00.000Z"},
        {"source": {"url": "http://x\nBEGIN:VEVENT"}, "attendees": [{"email": "a@b\r\nX-A:1"}]},
        {"attachments": [{"fileUrl": f"http://x/{n}\nX:1", "title": 'a"\nb'} for n in range(7)]},
        {"reminders": {"overrides": [{"method": "popup", "minutes": -5}]}},
        {"reminders": {"useDefault": True}, "colorId": "99", "organizer": {}},
        {"attendees": [{"email": f"u{n}@example.org"} for n in range(1000)]},
        {"start": {"dateTime": "2026-03-02T10:00:00-07:00"}, "end": {"dateTime": "2026-03-02T11:00:00-07:00"}},
        {"endTimeUnspecified": True},
    ],
)
def test_odd_fields_still_make_one_event(fields: dict[str, Any]) -> None:
    assert occurrences(event(**fields)) == 1
    assert len(calendar_of(convert(event(**fields))).walk("VEVENT")) == 1


def test_a_year_before_1000_has_four_digits() -> None:
    mapped = convert(event(start={"date": "0900-01-01"}, end={"date": "0900-01-02"}))
    assert calendar_of(mapped).walk("VEVENT")[0]["DTSTART"].dt.year == 900


def test_an_end_before_the_start_is_a_loss() -> None:
    assert [loss.field for loss in convert(event(end=timed("2026-03-01"))).losses] == ["end"]


@pytest.mark.parametrize(
    ("lines", "count"),
    [
        (["RRULE:FREQ=DAILY;COUNT=6;UNTIL=20260304T235959Z"], 3),
        (["RRULE:FREQ=DAILY;COUNT=2;UNTIL=20260304T235959Z"], 2),
        (["RRULE:FREQ=DAILY;UNTIL=20260305"], 4),
        (["RRULE:FREQ=DAILY;COUNT=6", "EXDATE;TZID=America/New_York:20260303T040000,20260304T040000"], 4),
        (["RDATE;TZID=Europe/Paris:20260310T100000,20260311T100000"], 3),
    ],
)
def test_recurrences(lines: list[str], count: int) -> None:
    mapped = convert(event(recurrence=lines))
    assert occurrences(event(recurrence=lines)) == count
    rules = [vevent["RRULE"] for vevent in calendar_of(mapped).walk("VEVENT") if "RRULE" in vevent]
    assert all(not {"COUNT", "UNTIL"} <= set(rule) for rule in rules)


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;INTERVAL=0;BYDAY=TU",
        "FREQ=YEARLY;BYEASTER=0",
        "FREQ=DAILY;FREQ=WEEKLY",
        "INTERVAL=2",
    ],
)
def test_rules_that_no_server_can_expand(rule: str) -> None:
    with pytest.raises(MappingError):
        convert(event(recurrence=[f"RRULE:{rule}"]))


TEXT = st.text(max_size=40) | st.sampled_from(["<br><![", "<p>&#xD800;", "\r\n ", '"^', "\ud800", "\\n"])
ZONES = st.sampled_from(["Europe/Paris", "Asia/Calcutta", "Etc/Foo", "UTC", "", "Europe", "../x", "America/Sao_Paulo"])
MOMENTS = st.datetimes(timezones=st.timezones() | st.none()).map(datetime.isoformat)
TIMES = st.one_of(
    st.fixed_dictionaries({"date": st.dates().map(str)}),
    st.fixed_dictionaries({"dateTime": MOMENTS}, optional={"timeZone": ZONES}),
)
RULES = st.sampled_from(
    [
        "RRULE:FREQ=WEEKLY;BYDAY=MO,WE;COUNT=5",
        "RRULE:FREQ=MONTHLY;BYDAY=-1FR;UNTIL=20261231",
        "RRULE:FREQ=YEARLY;UNTIL=20301231T235959Z;COUNT=3",
        "EXDATE;VALUE=DATE:20260302,20260303",
        "EXDATE;TZID=Etc/Foo:20260302T100000",
        "RDATE;VALUE=DATE:20260401",
        "RDATE:20260401T100000Z",
        "EXRULE:FREQ=DAILY;COUNT=2",
        "X",
    ]
)
PEOPLE = st.fixed_dictionaries(
    {}, optional={"email": TEXT, "displayName": TEXT, "comment": TEXT, "self": st.booleans()}
)
OPTIONAL = {
    "summary": TEXT,
    "description": TEXT,
    "location": TEXT,
    "created": MOMENTS | st.just("0000-12-29T00:00:00.000Z"),
    "updated": MOMENTS,
    "status": st.sampled_from(["confirmed", "tentative", "cancelled"]),
    "end": TIMES,
    "endTimeUnspecified": st.booleans(),
    "recurrence": st.lists(RULES, max_size=3),
    "recurringEventId": st.just("x"),
    "originalStartTime": TIMES,
    "attendees": st.lists(PEOPLE, max_size=3),
    "organizer": PEOPLE,
    "source": st.fixed_dictionaries({"url": TEXT}),
    "attachments": st.lists(st.fixed_dictionaries({"fileUrl": TEXT, "title": TEXT}), max_size=2),
    "reminders": st.fixed_dictionaries({"useDefault": st.booleans()}),
    "sequence": st.integers(0, 9),
    "iCalUID": TEXT,
}
EVENTS = st.fixed_dictionaries({"id": st.text(max_size=3), "start": TIMES}, optional=OPTIONAL)


@settings(max_examples=300, deadline=None)
@given(st.lists(EVENTS, min_size=1, max_size=3), ZONES)
def test_any_event_becomes_an_object_or_a_mapping_error(events: list[dict[str, Any]], zone: str) -> None:
    try:
        mapped = convert(*events, zone=zone)
    except MappingError:
        return
    again = convert(*reversed(events), zone=zone)
    assert len({event["id"] for event in events}) < len(events) or again.item.body == mapped.item.body
    living = [event for event in events if event.get("status") != "cancelled"]
    vevents = calendar_of(mapped).walk("VEVENT")
    assert len(vevents) == len(living)
    assert all(vevent["DTSTART"].dt and vevent["UID"] for vevent in vevents)
