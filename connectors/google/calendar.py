"""Google Calendar: owned calendars, and events grouped by the UID they share.

https://developers.google.com/workspace/calendar/api/v3/reference/events/list
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from connectors.google.acl import grants_of
from connectors.google.cursor import digest, issue, read
from connectors.google.http import Api
from migrate.errors import ConnectorError, CursorExpired, NotFound, Retriable, Scope
from migrate.model import Capabilities, Change, Collection, Disposition, Entry, Grant, Item, Skip

MEDIA_TYPE = "application/vnd.google.calendar.series+json"
"""One JSON body per UID: ``{"calendar": {…}, "events": [calendar#event, …]}``."""
UNITS = 1
PAGE = 500
"""Events a page, of at most 2,500: a page is parsed at once, and requests are cheap."""
FEW = 3
"""Events worth a request each; more of one calendar are found by listing it."""

_CALENDAR_KEYS = ("summary", "description", "timeZone", "defaultReminders")
_BARE = "nextPageToken,nextSyncToken"
_MARKS = ("id", "status", "etag", "reminders", "originalStartTime")
Json = Mapping[str, Any]


class CalendarReader:
    """Implements ``protocols.Reader``, ``SupportsGetMany`` and ``SupportsChanges``."""

    capabilities = Capabilities()

    def __init__(self, api: Api, acls: Api | None = None) -> None:
        """``acls`` reads who else may use a calendar, which has a scope of its own; None when it is not asked for."""
        self._api, self._acls = api, acls
        self._known: dict[str, Json] = {}

    def collections(self) -> Iterator[Collection]:
        """Calendars the account owns; its others are counted by ``entries``."""
        owned, _ = self._calendars()
        for order, calendar in enumerate(owned):
            yield _collection(calendar, order, self._grants(calendar["id"]))

    def _grants(self, calendar: str) -> tuple[Grant, ...]:
        if self._acls is None:
            return ()
        acls = self._acls

        def page(token: str | None) -> Any:
            return acls.at("acl").list(calendarId=calendar, maxResults=250, pageToken=token)

        rules = [rule for answer in acls.pages(page, UNITS) for rule in answer.get("items", ())]
        return grants_of(rules, {calendar.casefold(), *self._own_addresses()})

    def _own_addresses(self) -> set[str]:
        primary = {str(calendar["id"]).casefold() for calendar in self._known.values() if calendar.get("primary")}
        return {self._api.account.casefold(), *primary}

    def _calendars(self) -> tuple[list[Json], list[Json]]:
        """Owned ones, the primary first, and those that belong to someone else or to nobody."""
        listed: list[Json] = []
        for page in self._api.pages(self._list_request, UNITS):
            listed.extend(page.get("items", ()))
        self._known = {calendar["id"]: calendar for calendar in listed}
        listed.sort(key=lambda calendar: not calendar.get("primary"))
        # Several people may have the role of an owner; the data belongs to one of them, who moves it.
        own = self._own_addresses()
        owned = [
            calendar
            for calendar in listed
            if calendar.get("accessRole") == "owner" and str(calendar.get("dataOwner") or "").casefold() in {"", *own}
        ]
        return owned, [calendar for calendar in listed if calendar not in owned]

    def _list_request(self, token: str | None) -> Any:
        return self._api.at("calendarList").list(maxResults=250, showHidden=True, pageToken=token)

    def entries(self) -> Iterator[Entry]:
        """One entry per UID of each owned calendar; one that is skipped per calendar of someone else's."""
        owned, foreign = self._calendars()
        for calendar in owned:
            for uid, events in self._groups(calendar):
                yield _entry(calendar, uid, events)
        for calendar in foreign if owned else ():
            yield _left_behind(calendar, owned[0])

    def _groups(self, calendar: Json) -> Iterator[tuple[str, list[Json]]]:
        """Events of a calendar by UID. Kept compressed while they are sorted out: a calendar may be long."""
        groups: dict[str, list[bytes]] = {}
        for event in self._events(calendar["id"]):
            # A cancelled occurrence tells its series' id, not its UID.
            key = event.get("recurringEventId") or event["id"]
            groups.setdefault(key, []).append(zlib.compress(json.dumps(event).encode(), 1))
        by_uid: dict[str, list[bytes]] = {}
        while groups:
            key, packed = groups.popitem()
            uid = next((event["iCalUID"] for event in _unpacked(packed) if event.get("iCalUID")), _made_uid(key))
            by_uid.setdefault(uid, []).extend(packed)
        for uid in sorted(by_uid):
            yield uid, _named(uid, _unpacked(by_uid.pop(uid)))

    def _events(self, calendar: str, **query: Any) -> Iterator[Json]:
        def page(token: str | None) -> Any:
            return self._api.at("events").list(
                calendarId=calendar,
                singleEvents=False,
                showDeleted=False,
                showHiddenInvitations=True,
                maxResults=PAGE,
                pageToken=token,
                **query,
            )

        for answer in self._api.pages(page, UNITS):
            yield from answer.get("items", ())

    def get(self, entry: Entry) -> Item:
        """The series or single event as it is now. Raises NotFound, ConnectorError."""
        calendar, wanted = self._calendar(entry.collection), _uid(entry)
        found = self._events(entry.collection, iCalUID=wanted)
        events = _named(wanted, (event for event in found if event.get("iCalUID") == wanted))
        if not events or any(event.get("recurrence") or event.get("recurringEventId") for event in events):
            # Cancelled occurrences carry no UID, and nor may an event, so a search by UID may miss them.
            events = next((found for uid, found in self._groups(calendar) if uid == wanted), [])
        return _item(entry, calendar, events)

    def get_many(self, entries: Sequence[Entry]) -> Iterator[tuple[Entry, Item | ConnectorError]]:
        """Each item or its own error, by one listing of each calendar where several are asked for."""
        by_calendar: dict[str, dict[str, Entry]] = {}
        for entry in entries:
            by_calendar.setdefault(entry.collection, {})[_uid(entry)] = entry
        for calendar, wanted in by_calendar.items():
            yield from self._one_by_one(wanted) if len(wanted) <= FEW else self._by_listing(calendar, wanted)

    def _one_by_one(self, wanted: Mapping[str, Entry]) -> Iterator[tuple[Entry, Item | ConnectorError]]:
        for entry in wanted.values():
            try:
                yield entry, self.get(entry)
            except ConnectorError as error:
                if error.scope > Scope.ITEM:
                    raise
                yield entry, error

    def _by_listing(
        self, identifier: str, wanted: Mapping[str, Entry]
    ) -> Iterator[tuple[Entry, Item | ConnectorError]]:
        calendar, left = self._calendar(identifier), dict(wanted)
        for uid, events in self._groups(calendar):
            if uid in left:
                entry = left.pop(uid)
                yield entry, _item(entry, calendar, events)
        for entry in left.values():
            yield entry, NotFound("The event is gone.")

    def _calendar(self, identifier: str) -> Json:
        if identifier not in self._known:
            self._calendars()
        if identifier not in self._known:
            raise NotFound("The calendar is gone.")
        return self._known[identifier]

    def cursor(self) -> str:
        """A sync token per owned calendar, for which Google wants the whole listing: one unit for 2,500 events."""
        owned, foreign = self._calendars()
        heads = {calendar["id"]: _head_digest(calendar) for calendar in owned}
        tokens = {calendar["id"]: self._token(calendar["id"]) for calendar in owned}
        return issue("calendar", tokens=tokens, heads=heads, foreign=digest(sorted(one["id"] for one in foreign)))

    def _token(self, calendar: str) -> str:
        token = ""
        for answer in self._api.pages(lambda page: self._sync_request(calendar, page, _BARE), UNITS):
            token = str(answer.get("nextSyncToken", ""))
        if not token:
            raise Retriable("Google gave no sync token.", scope=Scope.ACCOUNT)
        return token

    def _sync_request(self, calendar: str, page: str | None, fields: str | None, **query: Any) -> Any:
        return self._api.at("events").list(
            calendarId=calendar,
            singleEvents=False,
            showHiddenInvitations=True,
            maxResults=2500,
            pageToken=page,
            fields=fields,
            **query,
        )

    def changes(self, cursor: str) -> Iterator[Change]:
        """Each series or event of which anything changed, as a listing would give it; new calendars whole.

        Raises CursorExpired: a token is too old (410), a calendar is gone, or what all its events share changed.
        """
        parts = read("calendar", cursor)
        owned, foreign = self._calendars()
        heads = {calendar["id"]: _head_digest(calendar) for calendar in owned}
        same = all(heads.get(identifier) == head for identifier, head in parts["heads"].items())
        if not same or digest(sorted(one["id"] for one in foreign)) != parts["foreign"]:
            raise CursorExpired("The calendars themselves changed.")
        for calendar in owned:
            token = parts["tokens"].get(calendar["id"])
            yield from self._since(calendar, token) if token else self._whole(calendar)

    def _whole(self, calendar: Json) -> Iterator[Change]:
        for uid, events in self._groups(calendar):
            entry = _entry(calendar, uid, events)
            yield Change(href=entry.href, entry=entry)

    def _since(self, calendar: Json, token: str) -> Iterator[Change]:
        identifier = calendar["id"]
        pages = self._api.pages(lambda page: self._sync_request(identifier, page, None, syncToken=token), UNITS)
        touched = {self._uid_of(identifier, event) for answer in pages for event in answer.get("items", ())}
        for uid in sorted(touched):
            href = f"{identifier}/{uid}"
            try:
                found = self.get(Entry(href=href, collection=identifier, etag=""))
            except NotFound:
                yield Change(href=href, entry=None)
            else:
                body = found.body if isinstance(found.body, bytes) else None
                yield Change(href=href, entry=replace(found.entry, inline=body))

    def _uid_of(self, calendar: str, event: Json) -> str:
        """The UID of a changed event. A deleted one may tell no more than its id. Raises CursorExpired then."""
        for identifier in (event.get("recurringEventId"), event["id"]):
            if event.get("iCalUID"):
                return str(event["iCalUID"])
            if identifier:
                with suppress(NotFound):
                    get = self._api.at("events").get
                    event = self._api.call(partial(get, calendarId=calendar, eventId=identifier), UNITS)
        if event.get("iCalUID"):
            return str(event["iCalUID"])
        raise CursorExpired("Google does not tell which event was deleted.")

    def close(self) -> None:
        """Release the connections."""
        self._api.close()
        if self._acls is not None:
            self._acls.close()


def _head_digest(calendar: Json) -> str:
    """Of what every event of a calendar takes from it."""
    return digest({key: calendar.get(key) for key in (*_CALENDAR_KEYS, "id")})


def _unpacked(packed: Sequence[bytes]) -> Iterator[Json]:
    for event in packed:
        yield json.loads(zlib.decompress(event))


def _made_uid(identifier: str) -> str:
    """What Google itself makes of an event's id."""
    return f"{identifier}@google.com"


def _named(uid: str, events: Iterable[Json]) -> list[Json]:
    """Each event once, as it was told last: a listing that changes under way repeats some. Each knows its UID."""
    once = {str(event["id"]): event for event in events}
    return [event if event.get("status") == "cancelled" else {"iCalUID": uid, **event} for event in once.values()]


def _uid(entry: Entry) -> str:
    """The name alone tells: plans keep no more of an entry."""
    return entry.href.removeprefix(f"{entry.collection}/")


def _collection(calendar: Json, order: int, grants: tuple[Grant, ...]) -> Collection:
    properties = {
        "color": calendar.get("backgroundColor"),
        "timezone": calendar.get("timeZone"),
        "description": calendar.get("description"),
        "order": str(order),
        "hidden": "true" if calendar.get("hidden") else "",
    }
    return Collection(
        href=calendar["id"],
        path=(calendar.get("summaryOverride") or calendar.get("summary") or calendar["id"],),
        role="primary" if calendar.get("primary") else "",
        properties={name: value for name, value in properties.items() if value},
        grants=grants,
    )


def _entry(calendar: Json, uid: str, events: list[Json]) -> Entry:
    body = _body(calendar, events)
    return Entry(
        href=f"{calendar['id']}/{uid}",
        collection=calendar["id"],
        etag=_etag(calendar, events),
        uid=uid,
        media_type=MEDIA_TYPE,
        size=len(body),
        modified=max(_moments(events, "updated"), default=None),
        created=min(_moments(events, "created"), default=None),
        skip=_skip(events),
        inline=body,
    )


def _item(entry: Entry, calendar: Json, events: list[Json]) -> Item:
    if not events:
        raise NotFound("The event is gone.")
    current = _entry(calendar, _uid(entry), events)
    body = current.inline or b""
    return Item(entry=replace(current, inline=None), body=body, media_type=MEDIA_TYPE)


def _body(calendar: Json, events: list[Json]) -> bytes:
    head = {key: calendar[key] for key in _CALENDAR_KEYS if key in calendar}
    return json.dumps(
        {"calendar": head, "events": sorted(events, key=lambda event: str(event["id"]))},
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
    ).encode("utf-8", "surrogatepass")


def _etag(calendar: Json, events: list[Json]) -> str:
    """Changes with any event, and with reminders: changing those alone leaves an event's own etag as it was."""
    marks = [[event.get(key) for key in _MARKS] for event in sorted(events, key=lambda event: str(event["id"]))]
    text = json.dumps([marks, calendar.get("defaultReminders"), calendar.get("timeZone")], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _skip(events: list[Json]) -> Skip | None:
    if any(event.get("eventType") == "birthday" for event in events):
        return Skip(
            code="birthday",
            reason="The target makes birthdays from the address book.",
            disposition=Disposition.EXCLUDED,
        )
    if all(event.get("status") == "cancelled" for event in events):
        return Skip(code="cancelled", reason="Every part of it was cancelled.", disposition=Disposition.EXCLUDED)
    return None


def _left_behind(calendar: Json, home: Json) -> Entry:
    """A calendar that is not the account's, counted once, in the first of its own."""
    return Entry(
        href=f"calendar:{calendar['id']}",
        collection=home["id"],
        etag="",
        skip=Skip(
            code="calendar-of-another",
            reason="A calendar of someone else's, or a public one: it moves with its owner, or is subscribed to again.",
            disposition=Disposition.EXCLUDED,
        ),
    )


def _moments(events: Sequence[Json], key: str) -> list[datetime]:
    return [moment for event in events if (moment := _moment(event.get(key))) is not None]


def _moment(value: str | None) -> datetime | None:
    """An RFC 3339 moment; None for one no calendar has: imported events were "created" in the year 0."""
    try:
        found = datetime.fromisoformat(value) if value else None
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found is not None and found.tzinfo is None else found
