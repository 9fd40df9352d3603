"""An event as Graph tells it, and the occurrences of a series."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from migrate.sandbox.graph import recurrence, zones
from migrate.sandbox.graph.call import Call
from migrate.sandbox.graph.state import change_key
from migrate.sandbox.tenant import Json, OutlookCalendar

_UNSET: Json = {
    "allowNewTimeProposals": True,
    "attendees": [],
    "body": {"contentType": "html", "content": ""},
    "bodyPreview": "",
    "categories": [],
    "createdDateTime": "2026-01-05T09:00:00Z",
    "hideAttendees": False,
    "importance": "normal",
    "isAllDay": False,
    "isCancelled": False,
    "isDraft": False,
    "isOnlineMeeting": False,
    "isOrganizer": True,
    "isReminderOn": False,
    "lastModifiedDateTime": "2026-01-05T09:00:00Z",
    "location": {"displayName": "", "locationType": "default", "uniqueIdType": "unknown", "address": {}},
    "locations": [],
    "onlineMeeting": None,
    "onlineMeetingProvider": "unknown",
    "onlineMeetingUrl": None,
    "originalEndTimeZone": "UTC",
    "originalStart": None,
    "originalStartTimeZone": "UTC",
    "recurrence": None,
    "reminderMinutesBeforeStart": 15,
    "responseRequested": True,
    "responseStatus": {"response": "organizer", "time": "0001-01-01T00:00:00Z"},
    "sensitivity": "normal",
    "seriesMasterId": None,
    "showAs": "busy",
    "subject": "",
    "transactionId": None,
    "webLink": "https://outlook.office365.example/owa/?itemid=x",
}
"""Properties of an event that nobody set."""


def shown(call: Call, calendar: OutlookCalendar, event: Json, kind: str = "") -> Json:
    """An event with every property of its kind."""
    state, within = call.account, str(calendar.resource["id"])
    known = {name: value for name, value in event.items() if name not in _SERIES}
    key = change_key(state.journal.last_of(event["id"]), event["id"])
    value = {
        **_UNSET,
        "organizer": {"emailAddress": calendar.resource.get("owner")},
        "originalStartTimeZone": event["start"]["timeZone"],
        "originalEndTimeZone": event["end"]["timeZone"],
        **known,
        "id": call.shown(event["id"], within),
        "changeKey": key,
        "@odata.etag": f'W/"{key}"',
        "type": kind or event.get("type") or ("seriesMaster" if event.get("recurrence") else "singleInstance"),
        "hasAttachments": bool(event.get("attachments")),
        "attachments": lambda: attachments(event),
        "calendar": lambda: calendar.resource,
    }
    value |= _times(call, event)
    value["body"] = _body(value["body"], call.prefer.get("outlook.body-content-type", ""))
    value["bodyPreview"] = _text(value["body"]["content"])[:255]
    if value["type"] == "seriesMaster":
        value |= _of_series(call, calendar, event, value["id"])
    return value


def attachments(event: Json) -> list[Json]:
    """Attachments with what Exchange adds."""
    return [
        {
            "lastModifiedDateTime": "2026-01-05T09:00:00Z",
            "isInline": False,
            "contentType": None,
            "size": len(item.get("contentBytes", "")) * 3 // 4,
            **item,
        }
        for item in event.get("attachments", ())
    ]


def _of_series(call: Call, calendar: OutlookCalendar, event: Json, shown_id: str) -> Json:
    """The two relations of a master: given only when selected, and expanded where they are a relation."""
    if "event}" not in call.operation.template:
        return {}
    found: Json = {}
    if "exceptionOccurrences" in call.query.select:
        exceptions = event.get("exceptionOccurrences", [])
        found["exceptionOccurrences"] = lambda: [exception(call, calendar, event, one) for one in exceptions]
    if "cancelledOccurrences" in call.query.select:
        days = event.get("cancelledOccurrences", [])
        found["cancelledOccurrences"] = [f"OID.{shown_id}.{day}" for day in days]
    return found


def exception(call: Call, calendar: OutlookCalendar, master: Json, event: Json) -> Json:
    """A changed occurrence: its own event, with a UID of its own."""
    inherited = {name: value for name, value in master.items() if name not in _OWN}
    value = shown(call, calendar, {**inherited, "iCalUId": f"{master['iCalUId']}.{event['id']}", **event}, "exception")
    return value | {"seriesMasterId": call.shown(master["id"], str(calendar.resource["id"])), "recurrence": None}


_SERIES = frozenset({"exceptionOccurrences", "cancelledOccurrences", "attachments"})
_OWN = _SERIES | {"id", "recurrence", "iCalUId"}


def instances(call: Call, calendar: OutlookCalendar, event: Json, start: datetime, end: datetime) -> list[Json]:
    """What of an event lies in a window, in full: itself, or its occurrences and exceptions."""
    if not event.get("recurrence"):
        return [shown(call, calendar, event)] if _overlaps(call, event, start, end) else []
    exceptions = event.get("exceptionOccurrences", [])
    kept = [exception(call, calendar, event, one) for one in exceptions if _overlaps(call, one, start, end, event)]
    return kept + [_occurrence(call, calendar, event, day) for day in _plain_days(call, event, start, end)]


def _plain_days(call: Call, event: Json, start: datetime, end: datetime) -> Iterator[date]:
    """Days of a series in a window, neither cancelled nor changed."""
    mailbox = _mailbox_zone(call)
    first = zones.read(event["start"], mailbox)
    length = zones.read(event["end"], mailbox) - first
    moved = {zones.utc(_moment(one["originalStart"])) for one in event.get("exceptionOccurrences", ())}
    gone = set(event.get("cancelledOccurrences", ()))
    for day in recurrence.dates(event["recurrence"], end.date() + timedelta(days=1)):
        begins = datetime.combine(day, first.time(), first.tzinfo)
        if begins < end and begins + length > start and day.isoformat() not in gone and zones.utc(begins) not in moved:
            yield day


def _occurrence(call: Call, calendar: OutlookCalendar, event: Json, day: date) -> Json:
    mailbox = _mailbox_zone(call)
    first = zones.read(event["start"], mailbox)
    begins = datetime.combine(day, first.time(), first.tzinfo)
    ends = begins + (zones.read(event["end"], mailbox) - first)
    inherited = {name: value for name, value in event.items() if name not in _OWN}
    own = {
        "id": f"{event['id']}.{day.isoformat()}",
        "iCalUId": f"{event['iCalUId']}.{day.isoformat()}",
        "start": zones.written(begins, event["start"]["timeZone"]) if not event.get("isAllDay") else _midnight(begins),
        "end": zones.written(ends, event["end"]["timeZone"]) if not event.get("isAllDay") else _midnight(ends),
        "originalStart": zones.utc(begins),
    }
    value = shown(call, calendar, {**inherited, **own}, "occurrence")
    return value | {"seriesMasterId": call.shown(event["id"], str(calendar.resource["id"]))}


def _midnight(moment: datetime) -> Json:
    return {"dateTime": moment.strftime("%Y-%m-%dT00:00:00.0000000"), "timeZone": "UTC"}


def _overlaps(call: Call, event: Json, start: datetime, end: datetime, master: Json | None = None) -> bool:
    whole = {**(master or {}), **event}
    mailbox = _mailbox_zone(call)
    return zones.read(whole["start"], mailbox) < end and zones.read(whole["end"], mailbox) > start


def _times(call: Call, event: Json) -> Json:
    """Start and end in the zone asked for, UTC by default. An all-day event is at midnight in any."""
    wanted = call.prefer.get("outlook.timezone", "UTC")
    zones.zone(wanted)
    if event.get("isAllDay"):
        return {name: {"dateTime": event[name]["dateTime"], "timeZone": wanted} for name in ("start", "end")}
    mailbox = _mailbox_zone(call)
    return {name: zones.written(zones.read(event[name], mailbox), wanted) for name in ("start", "end")}


def _mailbox_zone(call: Call) -> str:
    return str(call.account.account.settings.get("timeZone", "UTC"))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _body(body: Json, wanted: str) -> Json:
    if wanted == "text" and body["contentType"] == "html":
        return {"contentType": "text", "content": _text(body["content"])}
    return body


def _text(markup: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", markup)).strip()
