"""Principals and what leads to them (RFC 5397, RFC 4791 §6.2, RFC 6352 §7.1, RFC 6638 §2)."""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax.saxutils import escape

from migrate.sandbox.nextcloud.dav_errors import DavError
from migrate.sandbox.nextcloud.multistatus import Found, asked_properties, href, multistatus
from migrate.sandbox.nextcloud.names import split_path
from migrate.sandbox.nextcloud.wsgi import Reply, Request

ROOT = "/remote.php/dav/"
DAV = "{DAV:}"
CALDAV = "{urn:ietf:params:xml:ns:caldav}"
CARDDAV = "{urn:ietf:params:xml:ns:carddav}"
PRINCIPALS = ("users", "groups", "calendar-resources", "calendar-rooms")


class DiscoveryHandler:
    """Answers PROPFIND on the DAV root and on principals."""

    def __init__(self, addresses: Mapping[str, str]) -> None:
        self._addresses = addresses

    def __call__(self, request: Request) -> Reply:
        """Answer."""
        if request.method != "PROPFIND":
            raise DavError(405, f"{request.method} is not allowed here")
        asked = asked_properties(request.body())
        parts = split_path(request.path.removeprefix("/remote.php/dav"))
        match parts:
            case () | ("principals",) | ("principals", "users"):
                path = ROOT + "".join(f"{part}/" for part in parts)
                return multistatus([Found(path, self._shared(request.user, "<d:collection/>"))], asked)
            case ("principals", "users", user) if user in self._addresses:
                return multistatus(
                    [Found(f"{ROOT}principals/users/{user}/", self._principal(request.user, user))], asked
                )
        raise DavError(404, f"Principal with name {parts[-1]} not found")

    def _shared(self, user: str, resource_type: str) -> dict[str, str]:
        return {
            DAV + "resourcetype": resource_type,
            DAV + "current-user-principal": href(f"{ROOT}principals/users/{user}/"),
            DAV + "principal-collection-set": "".join(href(f"{ROOT}principals/{kind}/") for kind in PRINCIPALS),
        }

    def _principal(self, current: str, user: str) -> dict[str, str]:
        mail = self._addresses[user]
        home = f"{ROOT}calendars/{user}/"
        own = f"{ROOT}principals/users/{user}/"
        return self._shared(current, "<d:collection/><d:principal/>") | {
            DAV + "displayname": escape(user),
            DAV + "principal-URL": href(own),
            CALDAV + "calendar-home-set": href(home),
            CALDAV + "schedule-inbox-URL": href(f"{home}inbox/"),
            CALDAV + "schedule-outbox-URL": href(f"{home}outbox/"),
            CALDAV + "schedule-default-calendar-URL": href(f"{home}personal/"),
            CALDAV + "calendar-user-type": "INDIVIDUAL",
            CALDAV + "calendar-user-address-set": f"<d:href>mailto:{escape(mail)}</d:href>{href(own)}",
            CARDDAV + "addressbook-home-set": href(f"{ROOT}addressbooks/users/{user}/"),
            "{http://sabredav.org/ns}email-address": escape(mail),
        }
