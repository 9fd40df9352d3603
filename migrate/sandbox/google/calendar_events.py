"""Calendar v3 events: lists, increments and single events.

https://developers.google.com/workspace/calendar/api/v3/reference/events/list
"""

from __future__ import annotations

from migrate.sandbox.google.calendar_sync import changed_since, sync_token
from migrate.sandbox.google.call import Call
from migrate.sandbox.google.discovery import Json
from migrate.sandbox.google.errors import GoogleError, bad_request, not_found
from migrate.sandbox.world import Calendar

MAX_RESULTS = 2500
_NOT_WITH_SYNC_TOKEN = (
    "iCalUID",
    "orderBy",
    "privateExtendedProperty",
    "q",
    "sharedExtendedProperty",
    "timeMin",
    "timeMax",
    "updatedMin",
)
_NOT_SERVED = (
    "orderBy",
    "privateExtendedProperty",
    "q",
    "sharedExtendedProperty",
    "timeMin",
    "timeMax",
    "timeZone",
    "updatedMin",
)
_LIST_FIELDS = ("summary", "description", "timeZone", "accessRole", "defaultReminders")


def list_events(call: Call) -> Json:
    """events.list with series unexpanded, whole or since a sync token."""
    calendar = _calendar(call)
    _refuse_combinations(call)
    collection = ["events", calendar.list_entry["id"]]
    since = changed_since(call, collection)
    query = (calendar.list_entry["id"], since, call["showDeleted"], call["iCalUID"], *sorted(call["eventTypes"] or ()))
    # A change while pages are read must come with the next sync token: the first page's number travels along.
    number, listing = _start(call)
    found = call.state.listing("events", query, lambda: _select(call, calendar, since))
    limit = min(call["maxResults"], MAX_RESULTS)
    part, token = listing.page(found, limit, lambda event: str(event["id"]), [*query, number])
    answer = _head(call, calendar)
    answer["items"] = [_shown(event, call["maxAttendees"]) for event in part.items]
    if token:
        return answer | {"nextPageToken": f"{number}.{token}"}
    return answer | {"nextSyncToken": sync_token(call, collection, number)}


def get_event(call: Call) -> Json:
    """events.get. A deleted event is still told, as cancelled."""
    if call["timeZone"] is not None:
        raise _unserved("timeZone")
    event = next((event for event in _calendar(call).events if event["id"] == call["eventId"]), None)
    if event is None:
        raise not_found("Not Found")
    return _shown(event, call["maxAttendees"])


def _calendar(call: Call) -> Calendar:
    calendar = call.state.calendar(call["calendarId"])
    if calendar is None:
        raise not_found("Not Found")
    return calendar


def _unserved(name: str) -> GoogleError:
    return bad_request(f"The stand-in does not serve {name}.", location=name)


def _refuse_combinations(call: Call) -> None:
    """What Google refuses together, then what the stand-in does not do at all."""
    if call["syncToken"] is not None:
        for name in _NOT_WITH_SYNC_TOKEN:
            if call[name] is not None:
                raise bad_request(f"Sync token cannot be used with {name}.", location=name, reason="badRequest")
        if call["showDeleted"] is False:
            raise bad_request("Sync token cannot be used with showDeleted=false.", location="showDeleted")
    if call["orderBy"] == "startTime" and not call["singleEvents"]:
        raise bad_request("The requested ordering is not available for the particular query.", location="orderBy")
    if call["singleEvents"]:
        raise _unserved("singleEvents=true")
    for name in _NOT_SERVED:
        if call[name] is not None:
            raise _unserved(name)


def _start(call: Call) -> tuple[int, Call]:
    """The change number of the listing's first page, and the call with its bare page token."""
    token = call["pageToken"]
    if token is None:
        return call.state.journal.current, call
    head, _, tail = token.partition(".")
    if not head.isdigit():
        raise bad_request("Invalid page token value.", location="pageToken", reason="invalid")
    return int(head), call.replaced(pageToken=tail)


def _select(call: Call, calendar: Calendar, since: int | None) -> list[Json]:
    events = calendar.events
    if since is not None:
        changed = {
            change.id
            for change in call.state.journal.since(since)
            if change.kind == "event" and change.within == calendar.list_entry["id"]
        }
        events = [event for event in events if event["id"] in changed]
    live = {event["id"] for event in calendar.events if event.get("status") != "cancelled"}
    deleted = call["showDeleted"] or since is not None
    types = set(call["eventTypes"] or ())
    return [
        event
        for event in events
        if (deleted or _visible(event, live))
        and call["iCalUID"] in (None, event.get("iCalUID"))
        and (not types or event.get("eventType", "default") in types)
    ]


def _visible(event: Json, live: set[str]) -> bool:
    """Cancelled exceptions of a live series are listed even without showDeleted: they are its missing dates."""
    return event.get("status") != "cancelled" or event.get("recurringEventId") in live


def _head(call: Call, calendar: Calendar) -> Json:
    head: Json = {"kind": "calendar#events", "etag": f'"{call.state.journal.current}"'}
    head |= {name: calendar.list_entry[name] for name in _LIST_FIELDS if name in calendar.list_entry}
    return {"defaultReminders": []} | head


def _shown(event: Json, max_attendees: int | None) -> Json:
    shown = {"kind": "calendar#event", **event}
    attendees = event.get("attendees", [])
    if max_attendees is not None and len(attendees) > max_attendees:
        kept = [attendee for attendee in attendees if attendee.get("self")]
        shown |= {"attendees": kept or attendees[:1], "attendeesOmitted": True}
    return shown
