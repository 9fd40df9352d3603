"""Where an account's calendars and address books lie, from the host's address alone.

current-user-principal (RFC 5397), calendar-home-set (RFC 4791 §6.2.1), addressbook-home-set (RFC 6352 §7.1.1), and
``/.well-known/`` where the address itself tells nothing (RFC 6764 §5).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.dav.http import APPLE, CALDAV, CARDDAV, DAV, Dav, Row
from migrate.errors import NotFound, Rejected, Scope
from migrate.model import Collection, Service

COMPONENTS = {Service.CALENDAR: "VEVENT", Service.TASKS: "VTODO"}
_PRINCIPAL = f"{DAV}current-user-principal"
_LISTED = (
    f"{DAV}resourcetype",
    f"{DAV}displayname",
    f"{DAV}owner",
    f"{CALDAV}supported-calendar-component-set",
    f"{CALDAV}calendar-description",
    f"{CALDAV}calendar-timezone",
    f"{APPLE}calendar-color",
    f"{CARDDAV}addressbook-description",
)


class Home:
    """The collections of one service of one account."""

    def __init__(self, dav: Dav, service: Service) -> None:
        self._dav, self._service = dav, service
        contacts = service is Service.CONTACTS
        self._kind = f"{CARDDAV}addressbook" if contacts else f"{CALDAV}calendar"
        self._set = f"{CARDDAV}addressbook-home-set" if contacts else f"{CALDAV}calendar-home-set"
        self._known = "/.well-known/carddav" if contacts else "/.well-known/caldav"

    def collections(self) -> list[Collection]:
        """The account's own, in the host's order; what others share is left to them. Raises ConnectorError."""
        principal, home = self._find()
        rows = self._dav.propfind(home, _LISTED, depth=1)
        return [_collection(row) for row in rows if self._own(row, principal)]

    def _find(self) -> tuple[str, str]:
        """Address of the principal and of the home."""
        for start in (self._dav.root, self._known, "/"):
            principal = self._ask(start, _PRINCIPAL)
            if principal and (home := self._ask(principal, self._set)):
                return principal, home
            if home := self._ask(start, self._set):
                return start, home
        raise Rejected(
            "the host names no home for this kind of data",
            advice="Give as url the address of its CalDAV or CardDAV service, as its help pages name it.",
            scope=Scope.ACCOUNT,
        )

    def _ask(self, url: str, tag: str) -> str:
        """The link in one property of a resource; ``""`` when the resource does not exist or does not tell."""
        try:
            return next((row.link(tag) for row in self._dav.propfind(url, (tag,), depth=0) if row.link(tag)), "")
        except (NotFound, Rejected) as error:
            if error.scope is Scope.ACCOUNT:
                raise
            return ""

    def _own(self, row: Row, principal: str) -> bool:
        owner = row.link(f"{DAV}owner")
        components = {one.get("name") for one in row.found.get(f"{CALDAV}supported-calendar-component-set", ())}
        wanted = COMPONENTS.get(self._service)
        return (
            self._kind in row.types()
            and (wanted is None or not components or wanted in components)
            and (not owner or _path(owner) == _path(principal))
        )


def _path(address: str) -> str:
    return re.sub(r"^https?://[^/]+", "", address).rstrip("/")


def _collection(row: Row) -> Collection:
    zone = re.search(r"^TZID:(.+?)\s*$", row.text(f"{CALDAV}calendar-timezone"), re.MULTILINE)
    properties = dict(_properties(row)) | ({"timezone": zone[1]} if zone else {})
    name = row.text(f"{DAV}displayname") or row.href.rstrip("/").rpartition("/")[2]
    return Collection(href=row.href, path=(name,), properties=properties)


def _properties(row: Row) -> Iterator[tuple[str, str]]:
    if color := row.text(f"{APPLE}calendar-color")[:7].lower():
        yield "color", color
    for tag in (f"{CALDAV}calendar-description", f"{CARDDAV}addressbook-description"):
        if text := row.text(tag):
            yield "description", text
