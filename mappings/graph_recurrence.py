"""Outlook's recurrence patterns to RRULE (RFC 5545 §3.3.10), over the same dates.

A pattern and its range: https://learn.microsoft.com/graph/api/resources/recurrencepattern and …/recurrencerange.
Exchange moves day 29, 30 or 31 to the last day of a shorter month, where iCalendar leaves the month out, and takes
the first of several weekdays, where ``BYDAY=1MO,1TU`` takes each.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import islice, takewhile
from typing import Any

from mappings import recurrence
from mappings.recurrence import Moment
from migrate.errors import MappingError

Json = Mapping[str, Any]
_DAYS = {
    "sunday": "SU",
    "monday": "MO",
    "tuesday": "TU",
    "wednesday": "WE",
    "thursday": "TH",
    "friday": "FR",
    "saturday": "SA",
}
_INDEX = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
_LEAP_YEAR, _FEBRUARY = 2024, 2
SHORTEST = 28
"""Days of the shortest month: a later day is not in every one."""
_MARGIN = timedelta(days=2)
_MOST = 40_000
"""Occurrences looked at to find cancelled ones: a century of days."""


def rule(pattern: Json, limits: Json, start: Moment) -> str:
    """The RRULE of a pattern and its range for a series that starts at ``start``, in the zone of the recurrence.

    Raises MappingError for a pattern that does not exist, KeyError or ValueError for one that is not documented.
    """
    kind = pattern["type"]
    if kind not in _PATTERNS:
        raise MappingError("This series has a pattern of an unknown kind.")
    interval = int(pattern.get("interval") or 1)
    parts = [*_PATTERNS[kind](pattern, start), *([f"INTERVAL={interval}"] if interval != 1 else [])]
    return recurrence.normalise_rule(";".join([*parts, *_end(limits, start)]), start)


def _daily(_: Json, __: Moment) -> Iterator[str]:
    yield "FREQ=DAILY"


def _weekly(pattern: Json, start: Moment) -> Iterator[str]:
    """The first day of the week decides which days fall together when weeks are left out; Sunday by default."""
    yield "FREQ=WEEKLY"
    yield f"BYDAY={_weekdays(pattern, start)}"
    yield f"WKST={_DAYS[pattern.get('firstDayOfWeek') or 'sunday']}"


def _absolute_monthly(pattern: Json, start: Moment) -> Iterator[str]:
    yield "FREQ=MONTHLY"
    yield from _day_or_last(int(pattern.get("dayOfMonth") or start.day))


def _day_or_last(day: int) -> Iterator[str]:
    """That day of the month, or its last one when it is shorter."""
    if day <= SHORTEST:
        yield f"BYMONTHDAY={day}"
    else:
        yield f"BYMONTHDAY={','.join(map(str, range(SHORTEST, day + 1)))}"
        yield "BYSETPOS=-1"


def _relative_monthly(pattern: Json, start: Moment) -> Iterator[str]:
    yield "FREQ=MONTHLY"
    yield from _nth(pattern, start)


def _nth(pattern: Json, start: Moment) -> Iterator[str]:
    """The first, second… or last day of the month that is one of the weekdays."""
    yield f"BYDAY={_weekdays(pattern, start)}"
    yield f"BYSETPOS={_INDEX[pattern.get('index') or 'first']}"


def _absolute_yearly(pattern: Json, start: Moment) -> Iterator[str]:
    month = _month(pattern, start)
    day = min(int(pattern.get("dayOfMonth") or start.day), monthrange(_LEAP_YEAR, month)[1])
    yield "FREQ=YEARLY"
    yield f"BYMONTH={month}"
    yield from _day_or_last(day) if month == _FEBRUARY else [f"BYMONTHDAY={day}"]


def _relative_yearly(pattern: Json, start: Moment) -> Iterator[str]:
    yield "FREQ=YEARLY"
    yield f"BYMONTH={_month(pattern, start)}"
    yield from _nth(pattern, start)


_PATTERNS = {
    "daily": _daily,
    "weekly": _weekly,
    "absoluteMonthly": _absolute_monthly,
    "relativeMonthly": _relative_monthly,
    "absoluteYearly": _absolute_yearly,
    "relativeYearly": _relative_yearly,
}


def _month(pattern: Json, start: Moment) -> int:
    return int(pattern.get("month") or start.month)


def _weekdays(pattern: Json, start: Moment) -> str:
    """Days asked for, in the order of the week; that of the start when none is."""
    wanted = set(pattern.get("daysOfWeek") or ())
    if not wanted <= set(_DAYS):
        raise MappingError("This series names a weekday that does not exist.")
    names = [code for day, code in _DAYS.items() if day in wanted]
    return ",".join(names or [tuple(_DAYS.values())[start.isoweekday() % 7]])


def _end(limits: Json, start: Moment) -> list[str]:
    """UNTIL is the start of that day's occurrence in the series' zone: at midnight UTC the last one would be lost."""
    kind = limits.get("type") or "noEnd"
    if kind == "numbered":
        return [f"COUNT={int(limits['numberOfOccurrences'])}"] if limits.get("numberOfOccurrences") else []
    if kind != "endDate":
        return []
    day = last_day(limits)
    if day is None:
        return []
    if not isinstance(start, datetime):
        return [f"UNTIL={day:%Y%m%d}"]
    until = datetime.combine(day, start.time(), start.tzinfo).astimezone(UTC)
    return [f"UNTIL={until:%Y%m%dT%H%M%SZ}"]


def last_day(limits: Json) -> date | None:
    """The range's end date; None where it holds the year 1, which stands for none."""
    day = date.fromisoformat(str(limits.get("endDate") or "0001-01-01")[:10])
    return day if day.year > 1 else None


def lacks_its_end(limits: Json) -> bool:
    """Whether the range should end, and does not say when."""
    kind = limits.get("type")
    return (kind == "numbered" and not limits.get("numberOfOccurrences")) or (
        kind == "endDate" and last_day(limits) is None
    )


def first(rule: str, start: Moment) -> Moment:
    """The first occurrence: Outlook's range may begin before it, while DTSTART is always one (RFC 5545 §3.8.5.3)."""
    found = next(recurrence.expand(rule, start), None)
    if found is None:
        raise MappingError("This series has no occurrence at all.")
    return found


def cancelled(days: Sequence[date], rule: str, start: Moment) -> tuple[frozenset[Moment], tuple[date, ...]]:
    """The occurrences on those days, and the days on which the series has none.

    A day is counted in the series' own zone. One that has no occurrence there is looked for in UTC.
    """
    if not days:
        return frozenset(), ()
    end = max(days) + _MARGIN
    near = islice(takewhile(lambda moment: _day(moment) <= end, recurrence.expand(rule, start)), _MOST)
    occurrences = list(near)
    local = {_day(moment): moment for moment in occurrences}
    utc = {moment.astimezone(UTC).date(): moment for moment in occurrences if isinstance(moment, datetime)}
    found = {day: local.get(day) or utc.get(day) for day in days}
    known = frozenset(moment for moment in found.values() if moment is not None)
    return known, tuple(sorted(day for day, moment in found.items() if moment is None))


def _day(moment: Moment) -> date:
    return moment.date() if isinstance(moment, datetime) else moment
