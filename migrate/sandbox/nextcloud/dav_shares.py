"""Shares of calendars and address books by DAV: ``POST`` of an ``oc:share``, read back in ``oc:invite``.

After apps/dav/lib/DAV/Sharing/Plugin.php and Backend.php: a principal that does not exist is passed over without a
word, sharing with oneself too; nobody is mailed.
"""

from __future__ import annotations

import threading
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from defusedxml.ElementTree import ParseError, fromstring

from migrate.sandbox.nextcloud.dav_errors import DavError

INVITE = "{http://owncloud.org/ns}invite"
_OC, _D = "{http://owncloud.org/ns}", "{DAV:}"
_USERS = "principals/users/"


class DavShares:
    """Who else may use each collection. Kept while the server runs."""

    def __init__(self, users: frozenset[str]) -> None:
        self._users = users
        self._granted: dict[tuple[str, ...], dict[str, bool]] = {}
        self._lock = threading.Lock()

    def change(self, collection: tuple[str, ...], body: bytes) -> None:
        """Carry out an ``oc:share``. Raises DavError 400 for a body that is none, 415 for another document."""
        try:
            root = fromstring(body)
        except ParseError as error:
            raise DavError(400, "The XML body is invalid") from error
        if root.tag != f"{_OC}share":
            raise DavError(415, "This type of document is not understood")
        with self._lock:
            granted = self._granted.setdefault(collection, {})
            for one in root.iterfind(f"{_OC}set"):
                if user := self._user(one, collection[0]):
                    granted[user] = one.find(f"{_OC}read-write") is not None
            for one in root.iterfind(f"{_OC}remove"):
                granted.pop(self._user(one, collection[0]), None)

    def _user(self, wish: Element, owner: str) -> str:
        name = (wish.findtext(f"{_D}href") or "").removeprefix("principal:").strip("/")
        user = name.removeprefix(_USERS)
        return user if name.startswith(_USERS) and user in self._users and user != owner else ""

    def invite(self, collection: tuple[str, ...]) -> str:
        """The inner XML of ``oc:invite``."""
        with self._lock:
            granted = dict(self._granted.get(collection, {}))
        return "".join(
            f"<oc:user><d:href>principal:{_USERS}{escape(user)}</d:href><oc:common-name>{escape(user)}"
            "</oc:common-name><oc:invite-accepted/><oc:access>"
            f"{'<oc:read-write/>' if writes else '<oc:read/>'}</oc:access></oc:user>"
            for user, writes in sorted(granted.items())
        )

    def forget(self, collection: tuple[str, ...]) -> None:
        """The collection was removed."""
        with self._lock:
            self._granted.pop(collection, None)
