"""Recurrence: rules and dates brought to the type and zone of the series' start (RFC 5545 §3.3.10, §3.8.5).

Providers write UNTIL as a date where the start is a date-time, and dates of exceptions in another zone than the
start; servers then show one occurrence too many or too few, or refuse the series.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from itertools import islice
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from mappings import timezones
from mappings.contentlines import Line, parse
from migrate.errors import MappingError

Moment = date | datetime
"""A date (all day) or an aware date-time, in the zone it is to be written in."""

HORIZON = 4000
"""Occurrences looked at when an exclusion rule has no end; more than servers expand."""
CYCLE = 400
"""Years after which the Gregorian calendar repeats itself, weekdays included."""
_PARTS = re.compile("FREQ|UNTIL|COUNT|INTERVAL|WKST|BYSETPOS|BY(SECOND|MINUTE|HOUR|DAY|MONTHDAY|YEARDAY|WEEKNO|MONTH)")


@dataclass(frozen=True, slots=True)
class Recurrence:
    """What makes a series: its rules, and dates added and taken away, all of its start's type."""

    rules: tuple[str, ...] = ()
    added: tuple[Moment, ...] = ()
    excluded: frozenset[Moment] = field(default_factory=frozenset)
    expanded_exrule: bool = False
    """An EXRULE was replaced by the dates it stands for."""


def read(lines: Sequence[str], start: Moment) -> Recurrence:
    """The ``recurrence`` lines of an event, normalised to ``start``. Raises MappingError."""
    try:
        parsed = [parse(line) for line in lines if line.strip()]
        return Recurrence(
            rules=tuple(normalise_rule(line.value, start) for line in parsed if line.name == "RRULE"),
            added=tuple(sorted(_dates(parsed, "RDATE", start))),
            excluded=frozenset([*_dates(parsed, "EXDATE", start), *_exrules(parsed, start)]),
            expanded_exrule=any(line.name == "EXRULE" for line in parsed),
        )
    except (ValueError, OverflowError, KeyError, IndexError) as error:
        raise MappingError("The recurrence of this event cannot be read.") from error


def normalise_rule(rule: str, start: Moment) -> str:
    """The rule in upper case with UNTIL of ``start``'s type: a DATE, or a UTC date-time. Raises ValueError."""
    parts = [part.split("=", 1) for part in rule.strip().strip(";").upper().split(";")]
    names = [part[0] for part in parts]
    if "FREQ" not in names or len(set(names)) < len(names) or not all(map(_PARTS.fullmatch, names)):
        raise ValueError("a rule without FREQ, or with a part that no server knows")
    fields = {name: until(value, start) if name == "UNTIL" else value.strip() for name, value in parts}
    if int(fields.get("INTERVAL", 1)) < 1:
        raise ValueError("an interval that leads nowhere")
    if not _ever(fields, start):
        raise ValueError("a rule that never holds, for which servers search for long")
    if "COUNT" in fields and "UNTIL" in fields:
        # Only one of the two is legal; whichever ends the series first is kept.
        fields["COUNT"] = str(max(1, sum(1 for _ in islice(expand(_written(fields), start), HORIZON))))
        del fields["UNTIL"]
    next(expand(_written(fields), start), None)  # What cannot be expanded here is not sent to a server either.
    return _written(fields)


def _written(fields: Mapping[str, str]) -> str:
    return ";".join(f"{name}={value}" for name, value in fields.items())


def until(value: str, start: Moment) -> str:
    """UNTIL in the form the start asks for. A date ends with that day in the start's zone."""
    bound = _read_value(value, "", start)
    if not isinstance(start, datetime):
        return f"{bound.year:04}{bound:%m%d}"
    if not isinstance(bound, datetime):
        bound = datetime.combine(bound, time(23, 59, 59), start.tzinfo)
    bound = bound.astimezone(UTC)
    return f"{bound.year:04}{bound:%m%dT%H%M%SZ}"


def align(moment: Moment, start: Moment) -> Moment:
    """An occurrence in the type and zone of its series' start."""
    if not isinstance(start, datetime):
        return moment.date() if isinstance(moment, datetime) else moment
    if isinstance(moment, datetime):
        return moment.astimezone(start.tzinfo)
    return datetime.combine(moment, start.time(), start.tzinfo)


def write(name: str, moment: Moment) -> Line:
    """A date or date-time property: ``VALUE=DATE``, UTC, or local time with TZID."""
    if not isinstance(moment, datetime):
        return Line(name, f"{moment.year:04}{moment:%m%d}", {"VALUE": "DATE"})
    zone = zone_name(moment)
    if zone is None:
        moment = moment.astimezone(UTC)
        return Line(name, f"{moment.year:04}{moment:%m%dT%H%M%SZ}")
    return Line(name, f"{moment.year:04}{moment:%m%dT%H%M%S}", {"TZID": zone})


def zone_name(moment: Moment) -> str | None:
    """The TZID a moment is written with; None for dates and UTC.

    The second pass of a repeated hour has no local form: iCalendar reads such a time as the first pass.
    """
    if not isinstance(moment, datetime) or not isinstance(moment.tzinfo, ZoneInfo):
        return None
    second_pass = moment.fold and moment.utcoffset() != moment.replace(fold=0).utcoffset()
    return None if second_pass or timezones.is_utc(moment.tzinfo.key) else moment.tzinfo.key


def has_occurrence(recurrence: Recurrence, start: Moment, overridden: Iterable[Moment] = ()) -> bool:
    """Whether anything is left of a series once its exclusions are taken away; servers refuse one that is empty."""
    if set(overridden) or any(moment not in recurrence.excluded for moment in (start, *recurrence.added)):
        return True
    return any(
        occurrence not in recurrence.excluded
        for rule in recurrence.rules
        for occurrence in islice(expand(rule, start), HORIZON)
    )


def expand(rule: str, start: Moment) -> Iterator[Moment]:
    """Occurrences of one normalised rule, in order. All-day series are counted in dates, others in local time."""
    naive = start.replace(tzinfo=None) if isinstance(start, datetime) else datetime.combine(start, time())
    fields = dict(part.split("=", 1) for part in rule.split(";"))
    most = int(fields.pop("COUNT")) if "COUNT" in fields else None
    if "UNTIL" in fields:
        fields["UNTIL"] = _local_until(fields["UNTIL"], start)
    for occurrence in islice(rrulestr(_written(fields), dtstart=naive), most):
        yield occurrence.replace(tzinfo=start.tzinfo) if isinstance(start, datetime) else occurrence.date()


def _ever(fields: Mapping[str, str], start: Moment) -> bool:
    """Whether the rule ever holds. Asked at the calendar's far end: the library searches until the year 9999."""
    last = 10_000 - CYCLE // 4
    naive = datetime(start.year + (last - start.year) // CYCLE * CYCLE, start.month, start.day)  # noqa: DTZ001
    endless = {name: value for name, value in fields.items() if name not in {"COUNT", "UNTIL"}}
    return next(iter(rrulestr(_written(endless), dtstart=naive)), None) is not None


def _local_until(value: str, start: Moment) -> str:
    """A normalised UNTIL as local time of the start."""
    if not isinstance(start, datetime):
        return value
    bound = datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).astimezone(start.tzinfo)
    return f"{bound.year:04}{bound:%m%dT%H%M%S}"


def _dates(lines: Iterable[Line], name: str, start: Moment) -> Iterator[Moment]:
    for line in lines:
        if line.name == name:
            for value in line.value.split(","):
                begin = value.partition("/")[0]
                yield align(_read_value(begin, line.params.get("TZID", ""), start), start)


def _exrules(lines: Iterable[Line], start: Moment) -> Iterator[Moment]:
    """Dates an EXRULE stands for: RFC 5545 dropped the property and servers ignore it."""
    for line in lines:
        if line.name == "EXRULE":
            yield from islice(expand(normalise_rule(line.value, start), start), HORIZON)


def _read_value(value: str, tzid: str, start: Moment) -> Moment:
    """A DATE or DATE-TIME value; a time without zone is the start's own."""
    value = value.strip().upper()
    if len(value) == 8:
        return datetime.strptime(value, "%Y%m%d").date()  # noqa: DTZ007
    local = datetime.strptime(value.removesuffix("Z"), "%Y%m%dT%H%M%S")  # noqa: DTZ007
    if value.endswith("Z"):
        return local.replace(tzinfo=UTC)
    zone = timezones.find(tzid) if tzid else None
    own = start.tzinfo if isinstance(start, datetime) else UTC
    return local.replace(tzinfo=zone or own)
