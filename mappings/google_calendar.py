"""Google Calendar series to iCalendar objects.

The body is JSON: ``{"calendar": {...}, "events": [...]}`` with every event resource that shares one iCalUID, the
calendar's ``timeZone`` and ``defaultReminders`` beside them. The result is one calendar object resource
(RFC 4791 §4.1): a VCALENDAR with the master and its overrides, each zone defined, and the same bytes each time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from mappings import recurrence, timezones
from mappings.contentlines import Line, component, text
from mappings.google_event import Event, Losses, alarms, people, properties, wants_organizer
from mappings.recurrence import Moment, Recurrence
from migrate.errors import MappingError
from migrate.model import Item, Loss, Mapped

MEDIA_TYPE = "application/vnd.google.calendar.series+json"
PRODID = "-//transhume//google_calendar//EN"


@dataclass(frozen=True, slots=True)
class _Series:
    """The events of one UID, apart, and what they share."""

    calendar: Event
    master: Event | None
    overrides: tuple[Event, ...]
    cancelled: tuple[Event, ...]

    @property
    def living(self) -> tuple[Event, ...]:
        return ((self.master,) if self.master else ()) + self.overrides


def to_icalendar(item: Item) -> Mapped:
    """The item as ``text/calendar``, and what is lost. Raises MappingError when it cannot be translated."""
    try:
        series = _read(item.body if isinstance(item.body, bytes) else item.body.read_bytes())
        losses: Losses = []
        body = _calendar(series, losses)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise MappingError("This event's data is not as the calendar service documents it.") from error
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
    events: list[Event] = sorted(data["events"], key=lambda event: str(event.get("id", "")))
    exceptions = [event for event in events if _is_exception(event)]
    masters = [event for event in events if not _is_exception(event) and event.get("status") != "cancelled"]
    if len(masters) > 1:
        raise MappingError("Two different events share one UID.")
    return _Series(
        calendar=data.get("calendar") or {},
        master=masters[0] if masters else None,
        overrides=tuple(event for event in exceptions if event.get("status") != "cancelled"),
        cancelled=tuple(event for event in exceptions if event.get("status") == "cancelled"),
    )


def _is_exception(event: Event) -> bool:
    return bool(event.get("recurringEventId") or event.get("originalStartTime"))


def _calendar(series: _Series, losses: Losses) -> bytes:
    if not series.living:
        raise MappingError("Every part of this event was cancelled.")
    events = list(_events(series, losses))
    zones = sorted({zone for event in events for zone in event.zones})
    head = [Line("VERSION", "2.0"), Line("PRODID", PRODID), Line("CALSCALE", "GREGORIAN")]
    return component("VCALENDAR", head, [*map(timezones.vtimezone, zones), *(event.body for event in events)])


@dataclass(frozen=True, slots=True)
class _Written:
    """A VEVENT's bytes and the zones its times name."""

    body: bytes
    zones: frozenset[str]


def _events(series: _Series, losses: Losses) -> Iterator[_Written]:
    master = series.master
    start = _moment(master["start"], series, losses) if master else None
    # Overrides that name different organizers are refused by sabre: one for all, or none.
    organizer = any(wants_organizer(event) for event in series.living)
    if master and start is not None:
        times = _master_times(series, master, start, losses)
        yield _event(series, master, start, times, losses, organizer=organizer)
    else:
        losses.append(Loss(field="series", reason="Only single occurrences of this series were in the calendar."))
    for override in sorted(series.overrides, key=lambda event: json.dumps(event["originalStartTime"], sort_keys=True)):
        own = _moment(override["start"], series, losses)
        original = _moment(override["originalStartTime"], series, losses)
        identity = recurrence.align(original, start) if start is not None else original
        yield _event(series, override, own, [("RECURRENCE-ID", identity)], losses, organizer=organizer)


_Times = list[tuple[str, Moment] | Line]


def _master_times(series: _Series, master: Event, start: Moment, losses: Losses) -> _Times:
    if not master.get("recurrence"):
        return []
    found = recurrence.read(master["recurrence"], start)
    dropped = {recurrence.align(_moment(e["originalStartTime"], series, losses), start) for e in series.cancelled}
    whole = Recurrence(found.rules, found.added, found.excluded | dropped)
    moved = [recurrence.align(_moment(e["originalStartTime"], series, losses), start) for e in series.overrides]
    if not recurrence.has_occurrence(whole, start, moved):
        raise MappingError("Every occurrence of this series was deleted.")
    if found.expanded_exrule:
        losses.append(Loss(field="exrule", reason="The exclusion rule becomes the list of its dates."))
    return [
        *(Line("RRULE", rule) for rule in whole.rules),
        *(("RDATE", moment) for moment in whole.added),
        *(("EXDATE", moment) for moment in sorted(whole.excluded)),
    ]


def _event(series: _Series, event: Event, start: Moment, times: _Times, losses: Losses, *, organizer: bool) -> _Written:
    moments: _Times = [("DTSTART", start), *_end(series, event, start, losses), *times]
    lines = [line if isinstance(line, Line) else recurrence.write(*line) for line in moments]
    defaults = list(series.calendar.get("defaultReminders") or [])
    body = component(
        "VEVENT",
        [
            Line("UID", text(_uid(series))),
            *lines,
            *properties(event, losses),
            *people(event, losses, organizer=organizer),
        ],
        alarms(event, defaults, losses),
    )
    return _Written(body, frozenset(line.params["TZID"] for line in lines if "TZID" in line.params))


def _uid(series: _Series) -> str:
    """Unchanged, for it is the key invitations come back with."""
    uid = next((event["iCalUID"] for event in series.living if event.get("iCalUID")), "")
    if not uid:
        raise MappingError("This event has no UID.")
    return str(uid)


def _end(series: _Series, event: Event, start: Moment, losses: Losses) -> _Times:
    """DTEND, exclusive on both sides. None for an open end or no duration: DTEND must be later (RFC 5545 §3.8.2.2)."""
    if event.get("endTimeUnspecified") or not event.get("end"):
        return []
    end = _moment(event["end"], series, losses)
    if isinstance(end, datetime) != isinstance(start, datetime):
        raise MappingError("This event starts as a day and ends as a time.")
    if _instant(end) < _instant(start):
        losses.append(Loss(field="end", reason="The event ends before it starts: only its start is kept."))
    return [("DTEND", end)] if _instant(end) > _instant(start) else []


def _instant(moment: Moment) -> datetime:
    if isinstance(moment, datetime):
        return moment.astimezone(UTC)
    return datetime(moment.year, moment.month, moment.day, tzinfo=UTC)


def _moment(value: dict[str, Any], series: _Series, losses: Losses) -> Moment:
    """A start, an end or an original start: a date as it is, a date-time in its own zone or the calendar's."""
    if value.get("date"):
        return date.fromisoformat(value["date"])
    moment = datetime.fromisoformat(value["dateTime"])
    name = value.get("timeZone") or series.calendar.get("timeZone") or ""
    zone = timezones.find(name)
    if zone is not None:
        return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)
    return _without_zone(moment, series, losses)


def _without_zone(moment: datetime, series: _Series, losses: Losses) -> Moment:
    """A zone nobody knows: the calendar's when it agrees, UTC for a single event, an error for a series."""
    own = timezones.find(series.calendar.get("timeZone") or "")
    if moment.tzinfo is None:
        raise MappingError("This event's time zone is unknown.")
    local = moment.astimezone(own) if own else moment
    recurs = bool(series.master and series.master.get("recurrence"))
    agrees = own is not None and local.utcoffset() == moment.utcoffset()
    if recurs and not agrees:
        raise MappingError("This series' time zone is unknown, and its later occurrences with it.")
    losses.append(Loss(field="timezone", reason="The time zone has an unknown name: the moment is kept."))
    return local if agrees else moment.astimezone(UTC)
