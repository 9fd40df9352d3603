"""How many instances a series has, and when it ends: enough for the server's limits, not a calendar library."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil.rrule import rrulestr

from migrate.sandbox.nextcloud.contentlines import Component, Line

MOST_STARTS = 5000
HORIZON = datetime(2038, 1, 1)  # noqa: DTZ001  # wall-clock on purpose


def moment(line: Line | None) -> datetime | None:
    """The wall-clock time of a date or date-time line, naive; None when it cannot be read."""
    if line is None:
        return None
    return _wall(line.value.split(",")[0])


def instant(line: Line | None) -> datetime | None:
    """The same in UTC, by its TZID or Z; floating times count as UTC, as on the original."""
    wall = moment(line)
    if line is None or wall is None:
        return None
    try:
        zone = ZoneInfo(line.params["TZID"]) if "TZID" in line.params else UTC
    except (ZoneInfoNotFoundError, ValueError):
        zone = UTC
    return wall.replace(tzinfo=zone).astimezone(UTC)


def count_instances(items: list[Component], ceiling: int) -> int | None:
    """Instances of a series before 2038, at most ``ceiling``; None when it is endless or cannot be told.

    Nextcloud walks a finite series up to ``CalDavBackend::MAX_DATE``, 2038-01-01, and no further.
    """
    master = next((item for item in items if item.first("RECURRENCE-ID") is None), None)
    if master is None:
        return len(items)
    rule, start = master.value("RRULE"), moment(master.first("DTSTART"))
    if start is None:
        return None
    if not rule:
        return max(1, len(items))
    if "UNTIL=" not in rule.upper() and "COUNT=" not in rule.upper():
        return None
    excluded = {_wall(value) for line in master.all("EXDATE") for value in line.value.split(",")}
    moved = {moment(item.first("RECURRENCE-ID")) for item in items} - {None}
    try:
        series = takewhile(lambda time: time < HORIZON, rrulestr(_naive(rule), dtstart=start))
        times = list(islice(series, ceiling + len(excluded)))
    except ValueError:
        return None
    if start not in times:
        times.append(start)  # sabre yields DTSTART even where the rule does not, or UNTIL lies before it
    return min(ceiling, sum(1 for time in times if time not in excluded or time in moved))


def last_end(items: list[Component]) -> datetime | None:
    """When the last occurrence ends, UTC; None when it never does or cannot be told."""
    ends = []
    for item in items:
        start = instant(item.first("DTSTART"))
        if start is None:
            return None
        end = instant(item.first("DTEND")) or start + timedelta(days=1)
        rule = item.value("RRULE")
        if rule:
            last = _last_start(rule, item)
            if last is None:
                return None
            end += last
        ends.append(end)
    return max(ends, default=None)


def _last_start(rule: str, item: Component) -> timedelta | None:
    """From the first start to the last one."""
    start = moment(item.first("DTSTART"))
    if start is None or ("UNTIL=" not in rule.upper() and "COUNT=" not in rule.upper()):
        return None
    try:
        starts = deque(islice(rrulestr(_naive(rule), dtstart=start), MOST_STARTS), maxlen=1)
    except ValueError:
        return None
    return starts[0] - start if starts else timedelta(0)


def _naive(rule: str) -> str:
    """The rule with its UNTIL as wall-clock time: dateutil refuses to mix aware and naive."""
    until = _part(rule, "UNTIL")
    return rule.replace(until, until.rstrip("Zz")) if until else rule


def _part(rule: str, name: str) -> str:
    parts = dict(part.partition("=")[::2] for part in rule.split(";"))
    return next((value for key, value in parts.items() if key.upper() == name), "")


def _wall(value: str) -> datetime | None:
    text = value.strip().rstrip("Zz")
    for pattern in ("%Y%m%dT%H%M%S", "%Y%m%d"):
        try:
            return datetime.strptime(text, pattern)  # noqa: DTZ007  # wall-clock on purpose
        except ValueError:
            continue
    return None
