"""Calendars of one account: found, listed and made. python-caldav does the discovery and MKCALENDAR, over our session.

Its own session is not used: passwords, certificates, quotas and errors have one place, :mod:`.dav`.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from caldav import DAVClient
from caldav.elements import cdav, dav, ical
from caldav.lib.error import DAVError
from caldav.response import DAVResponse
from icalendar import Calendar as Ical
from icalendar import Timezone

from connectors.nextcloud.dav import Dav
from connectors.nextcloud.multistatus import APPLE, CALDAV, DAV, OWNCLOUD, XML, Row, serialised
from migrate.errors import LimitReached, NotFound, Rejected, Scope, Throttled
from migrate.model import Collection

PRIMARY = "personal"  # apps/dav/lib/CalDAV/CalDavBackend.php PERSONAL_CALENDAR_URI
GENERATED = ("contact_birthdays", "app-generated--")  # kept by the server itself
CALENDAR = f"{CALDAV}calendar"
LISTED = (
    f"{DAV}resourcetype",
    f"{DAV}displayname",
    f"{OWNCLOUD}owner-principal",
    f"{CALDAV}supported-calendar-component-set",
    f"{CALDAV}calendar-description",
    f"{CALDAV}calendar-timezone",
    f"{APPLE}calendar-color",
)
MOST_ADVICE = "an account may have 30 calendars unless its administrator changed maximumCalendarsSubscriptions"
LIMIT_ADVICE = "the server allows few new calendars an hour (10 unless its administrator changed it): run again later"


class _Borrowed(DAVClient):  # type: ignore[misc,valid-type]  # caldav.DAVClient is made at run time
    """A caldav client that sends through our connection."""

    def __init__(self, connection: Dav) -> None:
        super().__init__(url=connection.url(""), enable_rfc6764=False)
        self.session.close()
        self._connection = connection

    def request(
        self, url: str, method: str = "GET", body: Any = "", headers: Mapping[str, str] | None = None, *_: Any
    ) -> DAVResponse:
        data = body.encode() if isinstance(body, str) else body
        merged = {"Content-Type": XML} | dict(headers or {})
        return DAVResponse(self._connection.send(method, str(url), headers=merged, data=data), self)


class CalendarHome:
    """The account's own calendars that hold events."""

    component = "VEVENT"

    def __init__(self, connection: Dav) -> None:
        self._dav = connection
        self._client: _Borrowed | None = None
        self._home = ""
        self._principal = ""

    def _caldav(self) -> _Borrowed:
        if self._client is None:
            self._client = _Borrowed(self._dav)
        return self._client

    def _discover(self) -> str:
        """The calendar home, by current-user-principal and calendar-home-set (RFC 5397, RFC 4791 §6.2.1)."""
        if not self._home:
            try:
                principal = self._caldav().principal()
                self._home = self._dav.path(str(principal.calendar_home_set.url))
            except DAVError as error:
                raise Rejected(f"no calendars are offered ({type(error).__name__})") from None
            self._principal = self._dav.path(str(principal.url))
        return self._home

    def collections(self) -> Iterator[Collection]:
        """The default calendar first. Not the birthdays, subscriptions, task lists, nor calendars others share."""
        yield from sorted(map(self._collection, self.rows()), key=lambda collection: not collection.role)

    def rows(self) -> Iterator[Row]:
        """The account's own calendars that take this kind of component, as the server lists them."""
        return (row for row in self._dav.propfind(self._discover(), LISTED, depth=1) if self._own(row))

    def candidates(self) -> Iterator[Collection]:
        """What :meth:`ensure` looks for an existing calendar in."""
        return self.collections()

    def _own(self, row: Row) -> bool:
        name = row.path.rpartition("/")[2]
        owner = row.text(f"{OWNCLOUD}owner-principal").strip("/")
        components = {c.get("name") for c in row.found.get(f"{CALDAV}supported-calendar-component-set", ())}
        return (
            CALENDAR in row.types()
            and not name.startswith(GENERATED)
            and (not components or self.component in components)
            and (not owner or owner.rpartition("/")[2] == self._principal.rpartition("/")[2])
        )

    def _collection(self, row: Row) -> Collection:
        name = row.path.rpartition("/")[2]
        properties = {
            "color": row.text(f"{APPLE}calendar-color")[:7].lower(),
            "description": row.text(f"{CALDAV}calendar-description"),
            "timezone": _zone_name(row.data(f"{CALDAV}calendar-timezone")),
        }
        return Collection(
            href=row.path,
            path=(row.text(f"{DAV}displayname") or name,),
            role="primary" if name == PRIMARY else "",
            properties={key: value for key, value in properties.items() if value},
        )

    def ensure(self, wanted: Collection) -> Collection:
        """By role, then by name among the account's own; else a new calendar. Raises LimitReached, Rejected."""
        name = " / ".join(wanted.path) or "Personal"
        existing = list(self.candidates())
        for calendar in existing:
            if wanted.role and calendar.role == wanted.role:
                return calendar
        for calendar in existing:
            if _same(calendar.path[0], name) and wanted.role != "primary":
                return calendar
        return self._make(wanted, name)

    def _make(self, wanted: Collection, name: str) -> Collection:
        address = PRIMARY if wanted.role == "primary" else slug(name)
        body = mkcalendar(name, wanted.properties, self.component)
        for one in addresses(address):
            path = f"{self._discover()}/{one}"
            if self._try(path, body):
                return next(c for c in self.candidates() if c.href == path)
        raise Rejected("every address for this calendar is taken", advice="empty the calendar app's bin")

    def prune(self, collection: Collection) -> bool:
        """Remove a calendar without any object, of whatever kind; into the account's bin, as the server does."""
        if collection.href.rpartition("/")[2] == PRIMARY:
            return False
        return removed_if_empty(self._dav, collection.href)

    def _try(self, path: str, body: bytes) -> bool:
        try:
            response = self._dav.send(
                "MKCALENDAR", self._dav.url(path), headers={"Content-Type": XML}, data=body, allow={403, 405}
            )
        except Throttled as error:
            message = f"no more calendars for now: {error.message}"
            raise LimitReached(message, advice=LIMIT_ADVICE, scope=Scope.COLLECTION) from None
        if response.status_code == 403:
            message = "the account may have no more calendars (HTTP 403)"
            raise LimitReached(message, advice=MOST_ADVICE, scope=Scope.COLLECTION)
        return response.status_code < 300


def removed_if_empty(connection: Dav, path: str) -> bool:
    """Remove a collection that has no member; False when it has one. Harmless twice."""
    try:
        if any(row.path != path for row in connection.propfind(path, (f"{DAV}getetag",), depth=1)):
            return False
    except NotFound:
        return True
    connection.send("DELETE", connection.url(path), headers={"Depth": "infinity"}, allow={404}, uncertain=True)
    return True


def addresses(name: str) -> Iterator[str]:
    """Addresses to try for a new collection: a calendar in the bin keeps its own for 30 days."""
    yield name
    yield from (f"{name}-{number}" for number in range(2, 100))


def mkcalendar(name: str, properties: Mapping[str, str], component: str = "VEVENT") -> bytes:
    """Body of MKCALENDAR (RFC 4791 §5.3.1): a calendar of one kind, with its name, colour and time zone."""
    prop = dav.Prop() + dav.DisplayName(name) + (cdav.SupportedCalendarComponentSet() + cdav.Comp(component))
    if color := properties.get("color"):
        prop += ical.CalendarColor(color)
    if description := properties.get("description"):
        prop += cdav.CalendarDescription(description)
    if zone := _zone(properties.get("timezone", "")):
        prop += cdav.CalendarTimeZone(zone)
    return serialised((cdav.Mkcalendar() + (dav.Set() + prop)).xmlelement())


def multiget(paths: list[str]) -> bytes:
    """Body of the calendar-multiget REPORT (RFC 4791 §7.9); ``paths`` as the server's own hrefs."""
    wanted = dav.Prop() + dav.GetEtag() + cdav.CalendarData()
    return serialised((cdav.CalendarMultiGet() + wanted + [dav.Href(value=path) for path in paths]).xmlelement())


def slug(name: str, fallback: str = "calendar") -> str:
    """An address for a collection of that name: readable, and different for different names."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40]
    return f"{words or fallback}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _same(one: str, other: str) -> bool:
    return unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", other)


def _zone(name: str) -> str:
    """A VTIMEZONE of that IANA name within its VCALENDAR, ``""`` when it is unknown."""
    if not name:
        return ""
    calendar = Ical({"VERSION": "2.0", "PRODID": "-//transhume//EN"})
    try:
        calendar.add_component(Timezone.from_tzid(name))
    except (ValueError, KeyError, OSError):
        return ""
    return str(calendar.to_ical().decode())


def _zone_name(text: str) -> str:
    found = re.search(r"^TZID:(.+?)\s*$", text, re.MULTILINE)
    return found[1] if found else ""
