"""The dates that a recurrence pattern means, from the pattern's own definition and from nothing else.

https://learn.microsoft.com/en-us/graph/api/resources/recurrencepattern · a day of the month that a month lacks is its
last day: https://learn.microsoft.com/en-us/exchange/client-developer/web-service-reference/dayofmonth
"""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from itertools import count, takewhile

from migrate.sandbox.tenant import Json

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
INDEXES = ("first", "second", "third", "fourth", "last")
_END = date(9999, 1, 1)


def dates(recurrence: Json, until: date) -> list[date]:
    """Occurrence dates of a ``patternedRecurrence`` up to ``until``, in order, cancelled ones included."""
    pattern, range_ = recurrence["pattern"], recurrence["range"]
    start = date.fromisoformat(range_["startDate"])
    last = date.fromisoformat(range_["endDate"]) if range_["type"] == "endDate" else _END
    found: list[date] = []
    for day in takewhile(lambda day: day <= min(last, until), _endless(pattern, start)):
        if day < start:
            continue
        found.append(day)
        if range_["type"] == "numbered" and len(found) == range_["numberOfOccurrences"]:
            break
    return found


def _endless(pattern: Json, start: date) -> Iterator[date]:
    interval = pattern["interval"]
    match pattern["type"]:
        case "daily":
            return (start + timedelta(days=number * interval) for number in count())
        case "weekly":
            return _weekly(pattern, start, interval)
        case "absoluteMonthly":
            return _monthly(start, interval, lambda year, month: _clamped(year, month, pattern["dayOfMonth"]))
        case "relativeMonthly":
            return _monthly(start, interval, lambda year, month: _nth(pattern, year, month))
        case "absoluteYearly":
            wanted = pattern["month"]
            return _yearly(start, interval, lambda year: _clamped(year, wanted, pattern["dayOfMonth"]))
        case "relativeYearly":
            return _yearly(start, interval, lambda year: _nth(pattern, year, pattern["month"]))
    raise ValueError(f"no pattern {pattern['type']}")


def _weekly(pattern: Json, start: date, interval: int) -> Iterator[date]:
    """Weeks count from the one the start lies in; where weeks begin matters as soon as some are skipped."""
    first = DAYS.index(pattern.get("firstDayOfWeek") or "sunday")
    week = start - timedelta(days=(start.weekday() - first) % 7)
    offsets = sorted((DAYS.index(day) - first) % 7 for day in pattern["daysOfWeek"])
    return (week + timedelta(days=7 * interval * number + offset) for number in count() for offset in offsets)


def _monthly(start: date, interval: int, day: Callable[[int, int], date]) -> Iterator[date]:
    months = start.year * 12 + start.month - 1
    return (day(*_month(months + number * interval)) for number in count())


def _yearly(start: date, interval: int, day: Callable[[int], date]) -> Iterator[date]:
    return (day(start.year + number * interval) for number in count())


def _month(months: int) -> tuple[int, int]:
    return months // 12, months % 12 + 1


def _clamped(year: int, month: int, day: int) -> date:
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))


def _nth(pattern: Json, year: int, month: int) -> date:
    """The first, second… or last among the month's days that fall on one of the days named."""
    wanted: Sequence[str] = pattern["daysOfWeek"]
    length = calendar.monthrange(year, month)[1]
    matching = [day for day in range(1, length + 1) if DAYS[date(year, month, day).weekday()] in wanted]
    index = INDEXES.index(pattern.get("index") or "first")
    return date(year, month, matching[-1] if index == 4 else matching[index])
