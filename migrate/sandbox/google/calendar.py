"""Calendar v3, reads: the calendar list, calendars, colours, settings. Events: :mod:`.calendar_events`.

https://developers.google.com/workspace/calendar/api/v3/reference
"""

from __future__ import annotations

from migrate.sandbox.google.calendar_events import get_event, list_events
from migrate.sandbox.google.calendar_sync import changed_since, sync_token
from migrate.sandbox.google.call import Call, Handlers
from migrate.sandbox.google.discovery import Json
from migrate.sandbox.google.errors import GoogleError, bad_request, not_found
from migrate.sandbox.world import Calendar

_CALENDAR_FIELDS = ("id", "etag", "summary", "description", "location", "timeZone", "conferenceProperties", "dataOwner")
_ROLES = ("freeBusyReader", "reader", "writerWithoutPrivateAccess", "writer", "owner")
_SETTINGS = {
    "timezone": "Europe/Paris",
    "locale": "fr",
    "weekStart": "1",
    "format24HourTime": "true",
    "defaultEventLength": "60",
    "autoAddHangouts": "true",
}
# The palettes Google answers to everyone, background colours by id.
_CALENDAR_COLORS = (
    "#ac725e #d06b64 #f83a22 #fa573c #ff7537 #ffad46 #42d692 #16a765 #7bd148 #b3dc6c #fbe983 #fad165 "
    "#92e1c0 #9fe1e7 #9fc6e7 #4986e7 #9a9cff #b99aff #c2c2c2 #cabdbf #cca6ac #f691b2 #cd74e6 #a47ae2"
)
_EVENT_COLORS = "#a4bdfc #7ae7bf #dbadff #ff887c #fbd75b #ffb878 #46d6db #e1e1e1 #5484ed #51b749 #dc2127"
MAX_RESULTS = 250


def list_calendars(call: Call) -> Json:
    """calendarList.list: every calendar the person shows, hidden ones on demand."""
    if call["syncToken"] is not None and call["minAccessRole"] is not None:
        raise bad_request("Sync token cannot be used with minAccessRole.", location="minAccessRole")
    since = changed_since(call, ["calendarList"])
    shown = [calendar for calendar in call.state.account.calendars if _shown(call, calendar, since)]
    limit = min(call["maxResults"] or 100, MAX_RESULTS)
    part, token = call.page(shown, limit, lambda calendar: str(calendar.list_entry["id"]), [call["showHidden"], since])
    answer: Json = {
        "kind": "calendar#calendarList",
        "etag": f'"{call.state.journal.current}"',
        "items": [_entry(calendar) for calendar in part.items],
    }
    return answer | ({"nextPageToken": token} if token else {"nextSyncToken": sync_token(call, ["calendarList"])})


def get_list_entry(call: Call) -> Json:
    """calendarList.get."""
    return _entry(_found(call))


def get_calendar(call: Call) -> Json:
    """calendars.get: the calendar itself, without what this person chose to see of it."""
    entry = _found(call).list_entry
    return {"kind": "calendar#calendar"} | {name: entry[name] for name in _CALENDAR_FIELDS if name in entry}


def list_acl(call: Call) -> Json:
    """acl.list, for owners only."""
    calendar = _found(call)
    if call["syncToken"] is not None or call["showDeleted"]:
        raise bad_request("The stand-in serves neither syncToken nor showDeleted of rules.", location="syncToken")
    if calendar.list_entry.get("accessRole") != "owner":
        raise GoogleError(403, "requiredAccessLevel", "You need to have writer access to this calendar.")
    limit = min(call["maxResults"] or 100, MAX_RESULTS)
    part, token = call.page(calendar.acl, limit, lambda rule: str(rule["id"]), [calendar.list_entry["id"]])
    items = [{"kind": "calendar#aclRule", "etag": '"0"', **rule} for rule in part.items]
    answer: Json = {"kind": "calendar#acl", "etag": '"0"', "items": items}
    return answer | ({"nextPageToken": token} if token else {"nextSyncToken": sync_token(call, ["acl"])})


def get_colors(_call: Call) -> Json:
    """colors.get."""
    return {
        "kind": "calendar#colors",
        "updated": "2012-02-14T00:00:00.000Z",
        "calendar": _palette(_CALENDAR_COLORS),
        "event": _palette(_EVENT_COLORS),
    }


def list_settings(call: Call) -> Json:
    """settings.list."""
    if call["syncToken"] is not None or call["pageToken"] is not None:
        raise bad_request("The stand-in answers all settings at once.", location="syncToken")
    return {
        "kind": "calendar#settings",
        "etag": '"0"',
        "items": [_setting(name) for name in _SETTINGS],
        "nextSyncToken": sync_token(call, ["settings"]),
    }


def get_setting(call: Call) -> Json:
    """settings.get."""
    if call["setting"] not in _SETTINGS:
        raise not_found("Not Found")
    return _setting(call["setting"])


def _found(call: Call) -> Calendar:
    calendar = call.state.calendar(call["calendarId"])
    if calendar is None:
        raise not_found("Not Found")
    return calendar


def _entry(calendar: Calendar) -> Json:
    return {"kind": "calendar#calendarListEntry", **calendar.list_entry}


def _shown(call: Call, calendar: Calendar, since: int | None) -> bool:
    entry = calendar.list_entry
    if since is not None:
        return call.state.journal.last_of(entry["id"]) > since
    if entry.get("hidden") and not call["showHidden"]:
        return False
    least = call["minAccessRole"]
    return least is None or _ROLES.index(entry["accessRole"]) >= _ROLES.index(least)


def _palette(colors: str) -> Json:
    return {
        str(index): {"background": color, "foreground": "#1d1d1d"}
        for index, color in enumerate(colors.split(), start=1)
    }


def _setting(name: str) -> Json:
    return {"kind": "calendar#setting", "etag": '"0"', "id": name, "value": _SETTINGS[name]}


HANDLERS: Handlers = {
    "calendar.calendarList.list": list_calendars,
    "calendar.calendarList.get": get_list_entry,
    "calendar.calendars.get": get_calendar,
    "calendar.acl.list": list_acl,
    "calendar.colors.get": get_colors,
    "calendar.settings.list": list_settings,
    "calendar.settings.get": get_setting,
    "calendar.events.list": list_events,
    "calendar.events.get": get_event,
}
