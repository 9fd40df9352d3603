"""Events and series of a calendar as entries and bodies. Pure.

The body is JSON: ``{"calendar": {…}, "event": event, "exceptions": [event, …], "cancelled": ["OID.….2026-03-16", …]}``,
with a ``uid`` where the event's own is already another's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.microsoft.http import Json
from connectors.microsoft.mailbox import only, packed, uid
from connectors.microsoft.message import moment_of
from migrate.model import Disposition, Entry, Item, Skip

MEDIA_TYPE = "application/vnd.microsoft.graph.series+json"
SELECT = (
    "id,iCalUId,type,seriesMasterId,originalStart,changeKey,createdDateTime,lastModifiedDateTime,subject,body,start,end,"
    "originalStartTimeZone,originalEndTimeZone,isAllDay,isCancelled,isDraft,isOrganizer,importance,sensitivity,showAs,"
    "categories,isReminderOn,reminderMinutesBeforeStart,hasAttachments,location,locations,organizer,attendees,"
    "responseStatus,responseRequested,allowNewTimeProposals,hideAttendees,recurrence,isOnlineMeeting,onlineMeeting,"
    "onlineMeetingUrl"
)
"""What is read of an event: all of it, but for what only Outlook uses."""
RELATIONS = "exceptionOccurrences,cancelledOccurrences"
SERIES: Mapping[str, str] = {"$select": f"{SELECT},{RELATIONS}", "$expand": "exceptionOccurrences"}
"""Query of a master, whose occurrences are only told when asked for one by one.

https://learn.microsoft.com/graph/api/event-get
"""
ORPHANS = "occurrences/"
"""Begins the href of occurrences whose master is someone else's: the master's id follows."""
COPY = "copy/"
"""Begins the href of an event whose UID another one of the calendar has: its own id follows."""
_DRAFT = Skip(
    code="draft", reason="A meeting that was never sent: send it, or delete it.", disposition=Disposition.EXCLUDED
)


@dataclass(frozen=True, slots=True)
class Series:
    """A single event, a master with its exceptions, or exceptions without their master."""

    event: Json | None
    exceptions: tuple[Json, ...] = ()
    cancelled: tuple[str, ...] = ()
    copy: bool = False
    """Another event of the calendar has the same UID, which targets do not take twice."""

    @property
    def parts(self) -> tuple[Json, ...]:
        """Every event of it."""
        return ((self.event,) if self.event else ()) + self.exceptions

    @property
    def href(self) -> str:
        """The event's id; of orphans, their master's."""
        if self.event is None:
            return ORPHANS + str(self.exceptions[0]["seriesMasterId"])
        return (COPY if self.copy else "") + str(self.event["id"])


def is_master(event: Json) -> bool:
    """Whether its occurrences are to be asked for."""
    return bool(event.get("type") == "seriesMaster" or event.get("recurrence"))


def is_orphan(event: Json) -> bool:
    """Whether it is an occurrence, listed by itself."""
    return event.get("type") in {"exception", "occurrence"} and bool(event.get("seriesMasterId"))


def series_of(event: Json) -> Series:
    """A single event, or a master as :data:`SERIES` gives it."""
    exceptions = tuple(only(one, f"{SELECT},attachments") for one in event.get("exceptionOccurrences") or ())
    cancelled = tuple(str(name) for name in event.get("cancelledOccurrences") or ())
    return Series(
        only(event, f"{SELECT},attachments"), exceptions, tuple(sorted(cancelled, key=lambda name: name[-10:]))
    )


def entry_of(series: Series, calendar: str, head: Json, colors: Mapping[str, str]) -> Entry:
    """The entry with its body. Its etag is that of everything read: any change counts."""
    names = {str(name) for part in series.parts for name in part.get("categories") or ()}
    used = {name: colors[name] for name in sorted(names) if name in colors}
    body = packed(
        {
            "calendar": {**head, **({"categoryColors": used} if used else {})},
            "event": series.event,
            "exceptions": sorted(series.exceptions, key=lambda one: str(one["id"])),
            "cancelled": list(series.cancelled),
            **({"uid": _uid(series)} if series.copy else {}),
        }
    )
    return Entry(
        href=series.href,
        collection=calendar,
        etag=hashlib.sha256(body).hexdigest()[:32],
        uid=_uid(series),
        media_type=MEDIA_TYPE,
        size=len(body),
        modified=max(
            filter(None, (moment_of(part.get("lastModifiedDateTime")) for part in series.parts)), default=None
        ),
        created=min(filter(None, (moment_of(part.get("createdDateTime")) for part in series.parts)), default=None),
        skip=_skip(series.parts),
        inline=body,
    )


def item_of(entry: Entry, body: bytes) -> Item:
    """The item of an entry that was just read."""
    return Item(entry=entry, body=body, media_type=MEDIA_TYPE)


def _uid(series: Series) -> str:
    """The series' own; of orphans, a name that they share; of a copy, one made of its id."""
    if series.event is None:
        return series.href
    own = str(series.event.get("iCalUId") or series.href)
    return uid("event", str(series.event["id"])) if series.copy else own


def _skip(parts: Sequence[Mapping[str, Any]]) -> Skip | None:
    if all(part.get("isDraft") for part in parts):
        return _DRAFT
    return None
