"""Outlook calendars: groups, calendars, who may read them, events and their occurrences.

https://learn.microsoft.com/en-us/graph/api/resources/calendar
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from migrate.sandbox.graph import access, series
from migrate.sandbox.graph.call import LISTING, ONE, Call, Delta, Listing, Operation, words
from migrate.sandbox.graph.errors import GraphError, bad_request, item_not_found
from migrate.sandbox.graph.state import AccountState, change_key, changes, default_id
from migrate.sandbox.tenant import Json, OutlookCalendar

WINDOW = words("startDateTime endDateTime")
LONGEST = timedelta(days=1825)


def list_groups(call: Call) -> Listing:
    """GET …/calendarGroups."""
    return Listing(
        items=call.account.account.calendar_groups,
        key=lambda group: str(group["id"]),
        show=lambda group: {"changeKey": change_key(0, group["id"]), **group},
    )


def list_of_group(call: Call) -> Listing:
    """GET …/calendarGroups/{id}/calendars."""
    account = call.account.account
    if call["group"] not in {group["id"] for group in account.calendar_groups}:
        raise item_not_found()
    default = account.calendar_groups[0]["id"]
    return _calendars(call, [one for one in account.calendars if (one.group or default) == call["group"]])


def list_calendars(call: Call) -> Listing:
    """GET …/calendars: those of every group."""
    return _calendars(call, call.account.account.calendars)


def get_calendar(call: Call) -> Json:
    """GET …/calendars/{id} and …/calendar."""
    return show_calendar(call, calendar(call))


def list_permissions(call: Call) -> Listing:
    """GET …/calendarPermissions: for the owner only."""
    found = calendar(call)
    if not _own(call.account, found):
        raise GraphError(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
    return Listing(items=found.permissions, key=lambda one: str(one["id"]), show=dict)


def list_events(call: Call) -> Listing:
    """GET …/events: singles and masters, without occurrences."""
    found = calendar(call)
    return Listing(
        items=found.events, key=lambda event: str(event["id"]), show=lambda event: series.shown(call, found, event)
    )


def get_event(call: Call) -> Json:
    """GET …/events/{id}: a single, a master, or an exception."""
    found, event, master = _event(call)
    if master is not None:
        return series.exception(call, found, master, event)
    return series.shown(call, found, event)


def list_instances(call: Call) -> Listing:
    """GET …/events/{id}/instances in a window."""
    found, event, _ = _event(call)
    start, end = _window(call)
    rows = series.instances(call, found, event, start, end)
    return _in_order(rows)


def view(call: Call) -> Listing:
    """GET …/calendarView: everything that happens in a window, series taken apart."""
    found = calendar(call)
    start, end = _window(call)
    return _in_order([row for event in found.events for row in series.instances(call, found, event, start, end)])


def view_delta(call: Call) -> Delta:
    """GET …/calendarView/delta: a window that stays, masters in full, occurrences as stubs."""
    found, state = calendar(call), call.account
    start, end = _window(call)

    def rows(event: Json) -> list[Json]:
        inside = series.instances(call, found, event, start, end)
        if not event.get("recurrence") or not inside:
            return inside
        return [series.shown(call, found, event), *map(_stub, inside)]

    def since(number: int) -> list[tuple[str, Any]] | None:
        known = {event["id"]: event for event in found.events}
        changed = changes(state.journal, number, "event", str(found.resource["id"]), known.get)
        if changed is None:
            return None
        shown: list[tuple[str, Any]] = []
        for name, event in changed:
            now = rows(event) if event else []
            shown += [(str(row["id"]), row) for row in now] or [(name, None)]
        return shown

    return Delta(
        items=[row for event in found.events for row in rows(event)],
        key=lambda row: str(row["id"]),
        show=lambda row: row,
        current=state.journal.current,
        since=since,
        removed=lambda name: {
            "id": call.shown(name, str(found.resource["id"])),
            "@removed": {"reason": "deleted"},
        },
    )


def list_attachments(call: Call) -> Listing:
    """GET …/events/{id}/attachments."""
    _, event, _ = _event(call)
    return Listing(items=series.attachments(event), key=lambda item: str(item["id"]), show=dict)


def get_attachment(call: Call) -> Json:
    """GET …/events/{id}/attachments/{id}."""
    _, event, _ = _event(call)
    found = next((item for item in series.attachments(event) if item["id"] == call["attachment"]), None)
    if found is None:
        raise item_not_found()
    return found


def calendar(call: Call) -> OutlookCalendar:
    """The calendar of the path; the default one where it names none. Raises GraphError 404."""
    calendars = call.account.account.calendars
    wanted = call.parameters.get("calendar")
    found = [one for one in calendars if wanted is None or one.resource["id"] == wanted]
    if not found:
        raise item_not_found()
    return found[0]


def show_calendar(call: Call, found: OutlookCalendar) -> Json:
    """A calendar with what Exchange adds."""
    own = _own(call.account, found)
    return {
        "changeKey": change_key(0, str(found.resource["id"])),
        "color": "auto",
        "hexColor": "",
        "canEdit": own,
        "canShare": own,
        "canViewPrivateItems": own,
        "isDefaultCalendar": found is call.account.account.calendars[0],
        "isRemovable": found is not call.account.account.calendars[0],
        "isTallyingResponses": own,
        "allowedOnlineMeetingProviders": ["teamsForBusiness"],
        "defaultOnlineMeetingProvider": "teamsForBusiness",
        **found.resource,
        "calendarPermissions": lambda: found.permissions if own else [],
    }


def _calendars(call: Call, calendars: list[OutlookCalendar]) -> Listing:
    return Listing(items=calendars, key=lambda one: str(one.resource["id"]), show=lambda one: show_calendar(call, one))


def _own(state: AccountState, found: OutlookCalendar) -> bool:
    owner = found.resource.get("owner") or {}
    return str(owner.get("address", state.account.address)).lower() in (state.account.address, _mail(state))


def _mail(state: AccountState) -> str:
    return str(state.account.user.get("mail") or "").lower()


def _event(call: Call) -> tuple[OutlookCalendar, Json, Json | None]:
    """The event of the path, where it lies, and its master if it is an exception.

    Without a calendar in the path, those of other people are not searched. Raises GraphError 404.
    """
    calendars = call.account.account.calendars
    if "calendar" in call.parameters:
        calendars = [calendar(call)]
    else:
        calendars = [one for one in calendars if _own(call.account, one)]
    for found in calendars:
        within = str(found.resource["id"])
        for event in found.events:
            if call["event"] in (event["id"], default_id(event["id"], within)):
                return found, event, None
            for one in event.get("exceptionOccurrences", ()):
                if call["event"] in (one["id"], default_id(one["id"], within)):
                    return found, one, event
    raise item_not_found()


def _window(call: Call) -> tuple[datetime, datetime]:
    text = call.query.text
    if not text.keys() >= WINDOW:
        raise bad_request("This request requires a time window specified by the query string parameters "
                          "StartDateTime and EndDateTime.", "ErrorInvalidParameter")  # fmt: skip
    try:
        start, end = (_moment(text[name]) for name in ("startDateTime", "endDateTime"))
    except ValueError as error:
        raise bad_request("The time window is not two moments.", "ErrorInvalidParameter") from error
    if not timedelta() < end - start <= LONGEST:
        raise bad_request("The requested date range is not valid.", "ErrorCalendarViewRangeTooBig")
    return start, end


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text.replace("Z", "+00:00").replace(" ", "+"))
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _in_order(rows: list[Json]) -> Listing:
    rows.sort(key=lambda row: str(row["start"]["dateTime"]))
    return Listing(items=rows, key=lambda row: str(row["id"]), show=lambda row: row)


def _stub(row: Json) -> Json:
    if row["type"] == "exception":
        return row
    names = ("id", "@odata.etag", "type", "seriesMasterId", "start", "end")
    return {name: row[name] for name in names}


_USER = "users/{user}"
_EVENT = frozenset({"attachments", "singleValueExtendedProperties", "extensions", "calendar"})
_SERIES = _EVENT | {"exceptionOccurrences"}


def _operation(
    template: str, kind: str, run: Callable[[Call], Any], options: frozenset[str], expands: frozenset[str] = frozenset()
) -> Operation:
    return Operation(
        template=f"{_USER}/{template}", kind=kind, run=run, access=access.CALENDAR, options=options, expands=expands,
        unfiltered=words("body bodyPreview attendees organizer locations recurrence"),
    )  # fmt: skip


def _of(prefix: str) -> tuple[Operation, ...]:
    """The operations below one calendar."""
    return (
        _operation(f"{prefix}/events", "event", list_events, LISTING, _EVENT),
        _operation(f"{prefix}/events/{{event}}", "event", get_event, ONE, _SERIES),
        _operation(f"{prefix}/events/{{event}}/instances", "event", list_instances, LISTING | WINDOW, _EVENT),
        _operation(f"{prefix}/events/{{event}}/attachments", "attachment", list_attachments, LISTING),
        _operation(f"{prefix}/events/{{event}}/attachments/{{attachment}}", "attachment", get_attachment, ONE),
        _operation(f"{prefix}/calendarView", "event", view, LISTING | WINDOW, _EVENT),
        _operation(f"{prefix}/calendarPermissions", "calendarPermission", list_permissions, LISTING),
    )


_ROUND = words("$skiptoken $deltatoken") | WINDOW
OPERATIONS = (
    _operation("calendarGroups", "calendarGroup", list_groups, LISTING),
    _operation("calendarGroups/{group}/calendars", "calendar", list_of_group, LISTING),
    _operation("calendars", "calendar", list_calendars, LISTING),
    _operation("calendars/{calendar}", "calendar", get_calendar, ONE),
    _operation("calendar", "calendar", get_calendar, ONE),
    *_of("calendars/{calendar}"),
    *_of("calendar"),
    _operation("events", "event", list_events, LISTING, _EVENT),
    _operation("events/{event}", "event", get_event, ONE, _SERIES),
    _operation("events/{event}/instances", "event", list_instances, LISTING | WINDOW, _EVENT),
    _operation("events/{event}/attachments", "attachment", list_attachments, LISTING),
    _operation("events/{event}/attachments/{attachment}", "attachment", get_attachment, ONE),
    _operation("calendarView", "event", view, LISTING | WINDOW, _EVENT),
    _operation("calendarView/delta", "event", view_delta, _ROUND),
    _operation("calendar/calendarView/delta", "event", view_delta, _ROUND),
)
