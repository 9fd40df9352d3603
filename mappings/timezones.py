"""Time zones: IANA names to zones, and zones to VTIMEZONE components (RFC 5545 §3.6.5).

A zone that cannot be named is an error for whoever needs it, never silently UTC: servers resolve an unknown
TZID to their own default. Each component is made once and kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import groupby
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mappings.contentlines import Line, component

FIRST_YEAR, LAST_YEAR = 1970, 2037
_UTC_NAMES = frozenset({"UTC", "ETC/UTC", "Z", "GMT", "ETC/GMT", "ZULU", "ETC/ZULU", "UCT", "ETC/UCT"})
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@cache
def find(name: str) -> ZoneInfo | None:
    """The zone of an IANA name; None when there is none."""
    try:
        return ZoneInfo("UTC") if is_utc(name) else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def is_utc(name: str) -> bool:
    """Whether a zone's name is one of UTC's, whose times are written with ``Z``."""
    return name.upper() in _UTC_NAMES


@dataclass(frozen=True, slots=True)
class _Onset:
    """The moment a zone's offset changes, in local time before the change, as VTIMEZONE counts."""

    local: datetime
    before: timedelta
    after: timedelta
    name: str
    daylight: bool

    @property
    def kind(self) -> tuple[bool, str, timedelta, timedelta]:
        return self.daylight, self.name, self.before, self.after

    @property
    def rule(self) -> str:
        """The yearly rule this onset follows, were it to repeat: ``BYMONTH=3;BYDAY=-1SU``."""
        last = (self.local + timedelta(days=7)).month != self.local.month
        nth = -1 if last else (self.local.day - 1) // 7 + 1
        return f"BYMONTH={self.local.month};BYDAY={nth}{_WEEKDAYS[self.local.weekday()]}"


@cache
def vtimezone(name: str) -> bytes:
    """The VTIMEZONE of an IANA zone: history since 1970 as dates, the rule in force as a yearly rule.

    Raises KeyError for an unknown name.
    """
    zone = find(name)
    if zone is None:
        raise KeyError(name)
    onsets = list(_onsets(zone))
    children = [_initial(zone)]
    for _, group in groupby(sorted(onsets, key=lambda onset: (onset.kind, onset.local)), key=lambda onset: onset.kind):
        children.extend(_observances(list(group)))
    return component("VTIMEZONE", [Line("TZID", name)], children)


def _onsets(zone: ZoneInfo) -> Iterator[_Onset]:
    moment = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
    end = datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC)
    step = timedelta(days=7)
    while moment < end:
        if _signature(moment, zone) != _signature(moment + step, zone):
            yield _onset(_bisect(moment, moment + step, zone), zone)
        moment += step


def _signature(moment: datetime, zone: ZoneInfo) -> tuple[timedelta | None, str | None]:
    local = moment.astimezone(zone)
    return local.utcoffset(), local.tzname()


def _bisect(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """The first second of the new offset; offsets change on whole seconds."""
    old = _signature(low, zone)
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
        low, high = (middle, high) if _signature(middle, zone) == old else (low, middle)
    return high


def _onset(moment: datetime, zone: ZoneInfo) -> _Onset:
    before, after = (moment - timedelta(seconds=1)).astimezone(zone), moment.astimezone(zone)
    offset = before.utcoffset() or timedelta()
    return _Onset(
        local=moment.replace(tzinfo=None) + offset,
        before=offset,
        after=after.utcoffset() or timedelta(),
        name=after.tzname() or "",
        daylight=bool(after.dst()),
    )


def _initial(zone: ZoneInfo) -> bytes:
    """What held at the start of 1970, so that every later moment has an observance."""
    first = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC).astimezone(zone)
    offset = first.utcoffset() or timedelta()
    onset = _Onset(datetime(FIRST_YEAR, 1, 1), offset, offset, first.tzname() or "", bool(first.dst()))  # noqa: DTZ001
    return _observance(onset, [])


def _observances(onsets: list[_Onset]) -> Iterator[bytes]:
    """Dates for the past, then a rule for the years whose last run of onsets follows one up to the horizon."""
    tail = _tail(onsets)
    past = onsets[: len(onsets) - len(tail)]
    if past:
        dates = ",".join(f"{onset.local:%Y%m%dT%H%M%S}" for onset in past[1:])
        yield _observance(past[0], [Line("RDATE", dates)] if dates else [])
    if tail:
        yield _observance(tail[0], [Line("RRULE", f"FREQ=YEARLY;{tail[0].rule}")])


def _tail(onsets: list[_Onset]) -> list[_Onset]:
    """The last onsets, one a year up to the horizon, that follow one rule; [] when the zone has none in force."""
    tail: list[_Onset] = []
    for onset in reversed(onsets):
        expected = tail[0].local.year - 1 if tail else LAST_YEAR
        same = not tail or (onset.rule == tail[0].rule and onset.local.time() == tail[0].local.time())
        if onset.local.year != expected or not same:
            break
        tail.insert(0, onset)
    return tail if len(tail) > 4 else []


def _observance(onset: _Onset, recurrence: list[Line]) -> bytes:
    lines = [
        Line("DTSTART", f"{onset.local:%Y%m%dT%H%M%S}"),
        Line("TZOFFSETFROM", _offset(onset.before)),
        Line("TZOFFSETTO", _offset(onset.after)),
        *([Line("TZNAME", onset.name)] if onset.name else []),
        *recurrence,
    ]
    return component("DAYLIGHT" if onset.daylight else "STANDARD", lines)


def _offset(offset: timedelta) -> str:
    """``+0100``; seconds only when there are some (RFC 5545 §3.3.14)."""
    seconds = int(offset.total_seconds())
    sign, seconds = ("-", -seconds) if seconds < 0 else ("+", seconds)
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    return f"{sign}{hours:02d}{minutes:02d}" + (f"{rest:02d}" if rest else "")
