"""Each pattern of Outlook's, proved by expansion: the RRULE gives the dates that the pattern's own definition gives.

The walker below knows nothing of iCalendar: it asks of each day whether the pattern holds on it, in Exchange's words
(https://learn.microsoft.com/graph/outlook-schedule-recurring-events; a day that a month lacks is its last).
"""

from __future__ import annotations

import json
from calendar import monthrange
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings import graph_calendar, graph_recurrence
from migrate.errors import MappingError
from migrate.model import Entry, Item, Mapped

Json = dict[str, Any]
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
INDEX = ("first", "second", "third", "fourth", "last")
ZONES = {
    "Europe/Paris": "Romance Standard Time",
    "Pacific/Kiritimati": "Line Islands Standard Time",
    "America/Los_Angeles": "Pacific Standard Time",
    "Asia/Kolkata": "India Standard Time",
}
START = date(2024, 1, 31)
LAST = date(2034, 1, 31)


def holds(pattern: Json, day: date, start: date) -> bool:
    """Whether a pattern that begins on ``start`` holds on a day."""
    kind, interval = pattern["type"], pattern["interval"]
    months = (day.year - start.year) * 12 + day.month - start.month
    if kind == "daily":
        return (day - start).days % interval == 0
    if kind == "weekly":
        weeks = (week(day, pattern["firstDayOfWeek"]) - week(start, pattern["firstDayOfWeek"])).days // 7
        return weeks % interval == 0 and DAYS[day.weekday()] in pattern["daysOfWeek"]
    if kind == "absoluteMonthly":
        return months % interval == 0 and day.day == clamped(pattern["dayOfMonth"], day)
    if kind == "relativeMonthly":
        return months % interval == 0 and day == chosen(pattern, day)
    if (day.year - start.year) % interval or day.month != pattern["month"]:
        return False
    return day.day == clamped(pattern["dayOfMonth"], day) if kind == "absoluteYearly" else day == chosen(pattern, day)


def week(day: date, first: str) -> date:
    return day - timedelta(days=(day.weekday() - DAYS.index(first)) % 7)


def clamped(number: int, day: date) -> int:
    return min(number, monthrange(day.year, day.month)[1])


def chosen(pattern: Json, day: date) -> date | None:
    month = [date(day.year, day.month, n) for n in range(1, monthrange(day.year, day.month)[1] + 1)]
    matching = [one for one in month if DAYS[one.weekday()] in pattern["daysOfWeek"]]
    place = INDEX.index(pattern["index"])
    return matching[-1 if place == 4 else place] if place == 4 or place < len(matching) else None


def walk(pattern: Json, limits: Mapping[str, Any], start: date, last: date = LAST) -> Iterator[date]:
    """Days of a series, in order."""
    end = min(last, date.fromisoformat(limits["endDate"])) if limits["type"] == "endDate" else last
    days = (start + timedelta(days=n) for n in range((end - start).days + 1))
    found = (day for day in days if holds(pattern, day, start))
    return islice(found, limits["numberOfOccurrences"] if limits["type"] == "numbered" else None)


def pattern(kind: str, **fields: Any) -> Json:
    """With Graph's words for what a pattern does not use."""
    unset = {"interval": 1, "month": 0, "dayOfMonth": 0, "daysOfWeek": [], "firstDayOfWeek": "sunday", "index": "first"}
    return {"type": kind, **unset, **fields}


def limits(kind: str = "noEnd", *, zone: str = "", **fields: Any) -> Json:
    unset = {"endDate": "0001-01-01", "numberOfOccurrences": 0, "startDate": START.isoformat()}
    return {"type": kind, **unset, "recurrenceTimeZone": zone, **fields}


def convert(
    pattern: Json, limits: Json, start: date, zone: str, hour: time = time(9, 30), cancelled: tuple[date, ...] = ()
) -> Mapped:
    """A series of an hour, as Graph tells it: in UTC, with the Windows name of its zone."""
    begin = datetime.combine(start, hour, ZoneInfo(zone)).astimezone(UTC)
    event = {
        "id": "AAMk=",
        "iCalUId": "serie@tilleuls.example",
        "type": "seriesMaster",
        "subject": "Permanence",
        "originalStartTimeZone": ZONES[zone],
        "originalEndTimeZone": ZONES[zone],
        "start": {"dateTime": f"{begin:%Y-%m-%dT%H:%M:%S}.0000000", "timeZone": "UTC"},
        "end": {"dateTime": f"{begin + timedelta(hours=1):%Y-%m-%dT%H:%M:%S}.0000000", "timeZone": "UTC"},
        "recurrence": {"pattern": pattern, "range": limits},
    }
    body = {"calendar": {}, "event": event, "exceptions": [], "cancelled": [f"OID.AAMk=.{day}" for day in cancelled]}
    entry = Entry(href="h", collection="c", etag="e")
    return graph_calendar.to_icalendar(Item(entry=entry, body=json.dumps(body).encode(), media_type="x/y"))


def occurrences(mapped: Mapped, last: date = LAST) -> list[datetime]:
    """By an expander that is not ours."""
    assert isinstance(mapped.item.body, bytes)
    calendar = icalendar.Calendar.from_ical(mapped.item.body)
    events = recurring_ical_events.of(calendar).between(START - timedelta(days=2), last + timedelta(days=2))
    return sorted(event["DTSTART"].dt for event in events)


WEEKDAYS = list(DAYS[:5])
PATTERNS = {
    "daily": pattern("daily"),
    "every 17 days": pattern("daily", interval=17),
    "weekly": pattern("weekly", daysOfWeek=["wednesday"]),
    "weekly, several": pattern("weekly", daysOfWeek=["monday", "thursday", "sunday"], firstDayOfWeek="monday"),
    "2 weeks from Sunday": pattern("weekly", interval=2, daysOfWeek=["sunday", "tuesday"]),
    "2 weeks from Monday": pattern("weekly", interval=2, daysOfWeek=["sunday", "tuesday"], firstDayOfWeek="monday"),
    "3 weeks from Saturday": pattern(
        "weekly", interval=3, daysOfWeek=["friday", "saturday"], firstDayOfWeek="saturday"
    ),
    "day 15": pattern("absoluteMonthly", dayOfMonth=15),
    "day 28": pattern("absoluteMonthly", dayOfMonth=28),
    "day 29": pattern("absoluteMonthly", dayOfMonth=29),
    "day 30": pattern("absoluteMonthly", dayOfMonth=30),
    "day 31": pattern("absoluteMonthly", dayOfMonth=31),
    "day 31, 3 months": pattern("absoluteMonthly", dayOfMonth=31, interval=3),
    "first weekday": pattern("relativeMonthly", daysOfWeek=WEEKDAYS),
    "last weekday": pattern("relativeMonthly", daysOfWeek=WEEKDAYS, index="last"),
    "second weekend day": pattern("relativeMonthly", daysOfWeek=["saturday", "sunday"], index="second", interval=2),
    "last day": pattern("relativeMonthly", daysOfWeek=list(DAYS), index="last"),
    "fourth Thursday": pattern("relativeMonthly", daysOfWeek=["thursday"], index="fourth"),
    "yearly": pattern("absoluteYearly", month=7, dayOfMonth=14),
    "29 February": pattern("absoluteYearly", month=2, dayOfMonth=29),
    "30 February": pattern("absoluteYearly", month=2, dayOfMonth=30),
    "31 April": pattern("absoluteYearly", month=4, dayOfMonth=31),
    "31 December": pattern("absoluteYearly", month=12, dayOfMonth=31, interval=2),
    "last Sunday of March": pattern("relativeYearly", month=3, daysOfWeek=["sunday"], index="last"),
    "first weekday of May": pattern("relativeYearly", month=5, daysOfWeek=WEEKDAYS, index="first"),
}


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("name", PATTERNS)
def test_ten_years_of_a_pattern(name: str, zone: str) -> None:
    """At half past two in the night, which the clock leaves out or repeats where it is changed."""
    days = list(walk(PATTERNS[name], limits(), START))
    found = occurrences(convert(PATTERNS[name], limits(), START, zone, time(2, 30)))
    assert [moment.date() for moment in found if moment.date() <= LAST] == days
    assert {moment.strftime("%H:%M %Z").partition(" ")[0] for moment in found} == {"02:30"}


@pytest.mark.parametrize("hour", [time(0, 0), time(0, 30), time(12, 0), time(23, 45)])
@pytest.mark.parametrize("zone", ZONES)
def test_the_last_day_is_one_of_the_series_wherever_it_is(zone: str, hour: time) -> None:
    for last in (date(2024, 3, 10), date(2024, 3, 31), date(2024, 10, 27), date(2024, 11, 3)):
        ends = limits("endDate", endDate=last.isoformat(), zone=ZONES[zone])
        found = occurrences(convert(pattern("daily"), ends, START, zone, hour))
        assert [moment.date() for moment in found] == list(walk(pattern("daily"), ends, START))
        assert found[-1].date() == last


@pytest.mark.parametrize("hour", [time(0, 30), time(23, 45)])
@pytest.mark.parametrize("zone", ZONES)
def test_a_cancelled_day_is_that_of_its_own_zone(zone: str, hour: time) -> None:
    ends = limits("numbered", numberOfOccurrences=90)
    gone = (date(2024, 2, 29), date(2024, 3, 10), date(2024, 3, 31))
    mapped = convert(pattern("daily"), ends, START, zone, hour, gone)
    days = [day for day in walk(pattern("daily"), ends, START) if day not in gone]
    assert [moment.date() for moment in occurrences(mapped)] == days
    assert mapped.losses == ()


def test_a_cancelled_day_told_in_utc_is_found() -> None:
    ends = limits("numbered", numberOfOccurrences=20)
    weekly = pattern("weekly", daysOfWeek=["wednesday"])
    mapped = convert(weekly, ends, START, "Pacific/Kiritimati", cancelled=(date(2024, 2, 6),))
    assert date(2024, 2, 7) not in {moment.date() for moment in occurrences(mapped)}
    assert mapped.losses == ()


def test_every_occurrence_cancelled_is_an_error() -> None:
    ends = limits("numbered", numberOfOccurrences=3)
    days = tuple(START + timedelta(days=n) for n in range(3))
    with pytest.raises(MappingError):
        convert(pattern("daily"), ends, START, "Europe/Paris", cancelled=days)


def test_the_first_occurrence_may_be_later_than_the_start() -> None:
    ends = limits("numbered", numberOfOccurrences=4)
    fridays = pattern("weekly", daysOfWeek=["friday"], interval=2)
    for zone in ZONES:
        found = occurrences(convert(fridays, ends, START, zone))
        assert [moment.date() for moment in found] == list(walk(fridays, ends, START))


@pytest.mark.parametrize(
    "bad",
    [
        pattern("hebdomadaire"),
        pattern("weekly", daysOfWeek=["lundi"]),
        pattern("daily", interval=-1),
        pattern("absoluteYearly", month=13, dayOfMonth=1),
        pattern("relativeMonthly", daysOfWeek=["monday"], index="fifth"),
    ],
)
def test_a_pattern_that_does_not_exist_is_an_error(bad: Json) -> None:
    with pytest.raises(MappingError):
        convert(bad, limits(), START, "Europe/Paris")


days_of_week = st.lists(st.sampled_from(DAYS), min_size=1, unique=True)
any_pattern = st.one_of(
    st.builds(pattern, st.just("daily"), interval=st.integers(1, 99)),
    st.builds(
        pattern,
        st.just("weekly"),
        interval=st.integers(1, 9),
        daysOfWeek=days_of_week,
        firstDayOfWeek=st.sampled_from(DAYS),
    ),
    st.builds(pattern, st.just("absoluteMonthly"), interval=st.integers(1, 13), dayOfMonth=st.integers(1, 31)),
    st.builds(
        pattern,
        st.just("relativeMonthly"),
        interval=st.integers(1, 13),
        daysOfWeek=days_of_week,
        index=st.sampled_from(INDEX),
    ),
    st.builds(
        pattern,
        st.just("absoluteYearly"),
        interval=st.integers(1, 3),
        month=st.integers(1, 12),
        dayOfMonth=st.integers(1, 31),
    ),
    st.builds(
        pattern,
        st.just("relativeYearly"),
        interval=st.integers(1, 3),
        month=st.integers(1, 12),
        daysOfWeek=days_of_week,
        index=st.sampled_from(INDEX),
    ),
)
any_limits = st.one_of(
    st.just(limits()),
    st.builds(lambda n: limits("numbered", numberOfOccurrences=n), st.integers(1, 60)),
    st.builds(lambda n: limits("endDate", endDate=(START + timedelta(days=n)).isoformat()), st.integers(1500, 3600)),
)


@settings(max_examples=150, deadline=None)
@given(any_pattern, any_limits, st.integers(0, 400), st.sampled_from(sorted(ZONES)), st.integers(0, 1439))
def test_any_pattern_gives_its_own_days(pattern: Json, limits: Json, later: int, zone: str, minute: int) -> None:
    """By dateutil, from the rule as it is written, over ten years of local time."""
    start = START + timedelta(days=later)
    days = list(walk(pattern, limits, start))
    begin = datetime.combine(start, time(minute // 60, minute % 60), ZoneInfo(zone))
    rule = graph_recurrence.rule(pattern, limits, begin)
    first = graph_recurrence.first(rule, begin)
    assert isinstance(first, datetime)
    fields = dict(part.split("=") for part in rule.split(";"))
    if "UNTIL" in fields:
        until = datetime.strptime(fields["UNTIL"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
        fields["UNTIL"] = f"{until:%Y%m%dT%H%M%S}"
    written = ";".join(f"{name}={value}" for name, value in fields.items())
    begin, end = (datetime.combine(day, time.max) for day in (date.min, LAST))
    found = rrulestr(written, dtstart=first.replace(tzinfo=None)).between(begin, end, inc=True)
    assert [moment.date() for moment in found] == days


@given(st.integers(1, 27), st.sampled_from(sorted(ZONES)))
def test_days_of_an_all_day_series_are_never_converted(number: int, zone: str) -> None:
    monthly = pattern("absoluteMonthly", dayOfMonth=number)
    ends = limits("endDate", endDate="2025-12-31", zone=ZONES[zone])
    rule = graph_recurrence.rule(monthly, ends, date(2024, 1, number))
    assert rule == f"FREQ=MONTHLY;BYMONTHDAY={number};UNTIL=20251231"
