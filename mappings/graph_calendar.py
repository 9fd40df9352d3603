"""Outlook events and series, as Graph gives them, to iCalendar objects.

The body is JSON: ``{"calendar": {…}, "event": event, "exceptions": [event, …], "cancelled": ["OID.<id>.<date>", …]}``.

* ``calendar``: ``owner`` (address of the account), ``timeZone`` of the mailbox and ``territory`` (FR or BE), for zones
  that have no name; ``shared`` (``""``, ``read`` or ``write``: the most that others may do); ``categoryColors`` of the
  categories used (``preset0`` … ``preset24``).
* ``event``: a single event or a series master; null when only occurrences of a series are in the calendar.
* ``exceptions``: the master's ``exceptionOccurrences``; ``cancelled``: its ``cancelledOccurrences``, whose last
  ten characters are a date in the series' zone. Each event may hold its ``attachments`` with their ``contentBytes``.
* ``uid``, where there is one: what it is called instead of its ``iCalUId``, which another event of the calendar has.

The result is one calendar object resource (RFC 4791 §4.1): a VCALENDAR with the master and its overrides, each zone
defined, and the same bytes each time. https://learn.microsoft.com/graph/api/resources/event
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from mappings import graph_recurrence, recurrence, timezones, windows_zones
from mappings.contentlines import Line, component, text
from mappings.graph_event import Losses, alarms, people, properties, wants_organizer
from mappings.recurrence import Moment, Recurrence
from migrate.errors import MappingError
from migrate.model import Item, Loss, Mapped

MEDIA_TYPE = "application/vnd.microsoft.graph.series+json"
PRODID = "-//transhume//graph_calendar//EN"
_UTC = ZoneInfo("UTC")
_GLOBAL_ID = "040000008200E00074C5B7101A82E008"
"""How Outlook's own UIDs begin; an occurrence's holds its date in the four bytes after it (MS-OXOCAL §2.2.1.27)."""
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Series:
    """What shares one UID, and the zone that it recurs in."""

    calendar: Json
    master: Json | None
    overrides: tuple[Json, ...]
    cancelled: tuple[date, ...]
    uid: str = ""

    @property
    def living(self) -> tuple[Json, ...]:
        return ((self.master,) if self.master else ()) + self.overrides

    @property
    def recurs(self) -> bool:
        return bool(self.master and self.master.get("recurrence"))


@dataclass(frozen=True, slots=True)
class _Written:
    """A VEVENT's bytes and the zones its times name."""

    body: bytes
    zones: frozenset[str]


_Times = list[tuple[str, Moment] | Line]


def to_icalendar(item: Item) -> Mapped:
    """The item as ``text/calendar``, and what is lost. Raises MappingError when it cannot be translated."""
    try:
        series = _read(item.body if isinstance(item.body, bytes) else item.body.read_bytes())
        losses: Losses = []
        body = _calendar(series, losses)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise MappingError("This event's data is not as Microsoft Graph documents it.") from error
    mapped = Item(
        entry=item.entry,
        body=body,
        media_type="text/calendar",
        internal_date=item.internal_date,
        flags=item.flags,
    )
    return Mapped(item=mapped, losses=tuple(dict.fromkeys(losses)))


def _read(body: bytes) -> _Series:
    data = json.loads(body)
    event = data.get("event")
    exceptions = [*(data.get("exceptions") or ())]
    if event and event.get("type") == "exception" and event.get("originalStart"):
        event, exceptions = None, [event, *exceptions]
    return _Series(
        calendar=data.get("calendar") or {},
        master=event,
        overrides=tuple(sorted(exceptions, key=lambda one: (str(one["originalStart"]), str(one.get("id", ""))))),
        cancelled=tuple(date.fromisoformat(str(name)[-10:]) for name in data.get("cancelled") or ()),
        uid=str(data.get("uid") or ""),
    )


def _calendar(series: _Series, losses: Losses) -> bytes:
    if not series.living:
        raise MappingError("There is no event in this data.")
    events = list(_events(series, losses))
    zones = sorted({zone for event in events for zone in event.zones})
    head = [Line("VERSION", "2.0"), Line("PRODID", PRODID), Line("CALSCALE", "GREGORIAN")]
    return component("VCALENDAR", head, [*map(timezones.vtimezone, zones), *(event.body for event in events)])


def _events(series: _Series, losses: Losses) -> Iterator[_Written]:
    if series.uid:
        losses.append(
            Loss(field="uid", reason="Another event of the calendar has its UID: it is given one of its own.")
        )
    # Overrides that name different organizers are refused by sabre: one for all, or none.
    organizer = any(wants_organizer(event) for event in series.living)
    zone = _zone(series, series.living[0], losses)
    start: Moment | None = None
    if series.master:
        start, times = _master(series, series.master, zone, losses)
        yield _event(series, series.master, times, losses, organizer=organizer)
    else:
        losses.append(Loss(field="series", reason="Only single occurrences of this series were in the calendar."))
    for override in series.overrides:
        own = _zone(series, override, losses)
        identity = _original(override, series.master or override, zone, start)
        times = [*_span(series, override, own, losses), ("RECURRENCE-ID", identity)]
        yield _event(series, override, times, losses, organizer=organizer)


def _master(series: _Series, master: Json, zone: ZoneInfo, losses: Losses) -> tuple[Moment, _Times]:
    """Its start and its times. A series begins with its first occurrence, which may be later than it says."""
    span = _span(series, master, zone, losses)
    told = span[0][1]
    if not series.recurs:
        return told, [*span]
    pattern, limits = master["recurrence"]["pattern"], master["recurrence"]["range"]
    rule = graph_recurrence.rule(pattern, limits, told)
    start = graph_recurrence.first(rule, told)
    if graph_recurrence.lacks_its_end(limits):
        losses.append(Loss(field="recurrence", reason="The series should end, and does not say when: it goes on."))
    dropped, unknown = graph_recurrence.cancelled(series.cancelled, rule, start)
    if unknown:
        losses.append(Loss(field="cancelled", reason="A deleted occurrence lies on a day on which there is none."))
    moved = [_original(override, master, zone, start) for override in series.overrides]
    excluded = dropped - set(moved)
    if not recurrence.has_occurrence(Recurrence((rule,), (), excluded), start, moved):
        raise MappingError("Every occurrence of this series was deleted.")
    shifted: list[tuple[str, Moment]] = [(name, _shift(moment, told, start)) for name, moment in span]
    return start, [*shifted, Line("RRULE", rule), *(("EXDATE", moment) for moment in sorted(excluded))]


def _shift(moment: Moment, told: Moment, start: Moment) -> Moment:
    """A moment of the day that was told, on the day of the first occurrence."""
    if isinstance(start, datetime) and isinstance(told, datetime) and isinstance(moment, datetime):
        return moment + (start.replace(tzinfo=None) - told.replace(tzinfo=None))
    return moment + (_day(start) - _day(told))


def _day(moment: Moment) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _event(series: _Series, event: Json, times: _Times, losses: Losses, *, organizer: bool) -> _Written:
    lines = [line if isinstance(line, Line) else recurrence.write(*line) for line in times]
    body = component(
        "VEVENT",
        [
            Line("UID", text(_uid(series))),
            *lines,
            *properties(event, series.calendar, losses),
            *people(event, series.calendar, losses, organizer=organizer),
        ],
        alarms(event),
    )
    return _Written(body, frozenset(line.params["TZID"] for line in lines if "TZID" in line.params))


def _uid(series: _Series) -> str:
    """Unchanged, for it is the key invitations come back with; of occurrences alone, without the date of each."""
    if series.uid:
        return series.uid
    uid = next((str(event["iCalUId"]) for event in series.living if event.get("iCalUId")), "")
    if not uid:
        raise MappingError("This event has no UID.")
    dated = series.master is None and uid.upper().startswith(_GLOBAL_ID) and len(uid) > len(_GLOBAL_ID) + 8
    return f"{uid[:32]}00000000{uid[40:]}" if dated else uid


def _span(series: _Series, event: Json, zone: ZoneInfo, losses: Losses) -> list[tuple[str, Moment]]:
    """DTSTART and DTEND, the end exclusive on both sides. None for no duration (RFC 5545 §3.8.2.2)."""
    start = _moment(event["start"], event, zone)
    own = str(event.get("originalEndTimeZone") or "") if not event.get("recurrence") else ""
    end_zone = windows_zones.find(own, _territory(series)) or zone
    end = _moment(event["end"], event, end_zone) if event.get("end") else start
    if _instant(end) < _instant(start):
        losses.append(Loss(field="end", reason="The event ends before it starts: only its start is kept."))
    return [("DTSTART", start), *([("DTEND", end)] if _instant(end) > _instant(start) else [])]


def _instant(moment: Moment) -> datetime:
    if isinstance(moment, datetime):
        return moment.astimezone(UTC)
    return datetime(moment.year, moment.month, moment.day, tzinfo=UTC)


def _moment(value: Json, event: Json, zone: ZoneInfo) -> Moment:
    """A ``dateTimeTimeZone``: of an all-day event its date as it is, otherwise the moment in ``zone``."""
    moment = windows_zones.read(str(value["dateTime"]))
    if event.get("isAllDay"):
        return moment.date()
    if moment.tzinfo is None:
        told = windows_zones.find(str(value.get("timeZone") or ""))
        if told is None:
            raise MappingError("The time zone of this event's times is unknown.")
        moment = moment.replace(tzinfo=told)
    return moment.astimezone(zone)


def _original(override: Json, master: Json, zone: ZoneInfo, start: Moment | None) -> Moment:
    """RECURRENCE-ID, in the type and zone of the series' start. ``originalStart`` is in UTC."""
    moment = windows_zones.read(str(override["originalStart"]))
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    days = not isinstance(start, datetime) if start is not None else bool(master.get("isAllDay"))
    if days:
        return windows_zones.day_of(moment, zone) or moment.astimezone(zone).date()
    return moment.astimezone(zone)


def _zone(series: _Series, event: Json, losses: Losses) -> ZoneInfo:
    """The zone an event is written in: that of its recurrence, or of its start, or the mailbox's."""
    mailbox: Mapping[str, str] = series.calendar
    limits = (event.get("recurrence") or {}).get("range") or {}
    names = [name for name in (limits.get("recurrenceTimeZone"), event.get("originalStartTimeZone")) if name]
    known = (windows_zones.find(str(name), _territory(series)) for name in names)
    zone = next((found for found in known if found is not None), None)
    if zone is not None:
        return zone
    if any(windows_zones.is_custom(str(name)) for name in names) or not names:
        reason = "The time zone was made up by hand, and its rules are not told: the mailbox's own is used."
        losses.extend([Loss(field="timezone", reason=reason)] if names and not event.get("isAllDay") else [])
        return windows_zones.home(mailbox)
    if series.recurs and not event.get("isAllDay"):
        raise MappingError("This series' time zone is unknown, and its later occurrences with it.")
    if not event.get("isAllDay"):
        losses.append(Loss(field="timezone", reason="The time zone has an unknown name: the moment is kept."))
    return _UTC


def _territory(series: _Series) -> str:
    return str(series.calendar.get("territory") or "FR")
