"""Calendar objects of one account: a target that no attendee hears of, and a reader.

Every PUT and DELETE carries ``x-nc-scheduling: false`` and ``Schedule-Reply: F``: measured, the first alone lets a
DELETE send a mail, the second alone depends on an undocumented reading of it, and both leave the event unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from urllib.parse import urlsplit

from connectors.nextcloud.calendar_bin import make_room, uid_of
from connectors.nextcloud.calendar_home import CalendarHome, multiget
from connectors.nextcloud.dav import Dav, etag_of, strong
from connectors.nextcloud.failures import UidTooLong
from connectors.nextcloud.multistatus import CALDAV, DAV, XML, Row
from connectors.nextcloud.shares import CollectionShares
from migrate.errors import AlreadyExists, ConnectorError, NotFound, Rejected, Uncertain
from migrate.model import Capabilities, Collection, Entry, Grant, Item, NameRules, Stored

SILENT = {"x-nc-scheduling": "false", "Schedule-Reply": "F"}
MEDIA_TYPE = "text/calendar"
MAX_OBJECT = 10_485_760  # event_size_limit of the dav app, unless its administrator changed it
MAX_UID = 255  # oc_calendarobjects.uid; the server answers 500 to a longer one
MULTIGET = 100
CONNECTIONS = 2  # 500 events: 16 s over one connection, 14 s over four (measured)
LISTED = (f"{DAV}getetag", f"{DAV}getcontenttype", f"{DAV}getcontentlength", f"{DAV}resourcetype")
VOLATILE = ("DTSTAMP:", "LAST-MODIFIED:", "CREATED:", "PRODID:", "VERSION:")
CONTROL = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f]")
RULE_WITHOUT_FREQ = re.compile("RRULE:(?!.*FREQ=)")


class NextcloudCalendars:
    """A :class:`migrate.protocols.Target` of events, with ``get_many``. Hrefs are DAV paths, unquoted."""

    def __init__(self, dav: Dav) -> None:
        self._dav = dav
        self._home: CalendarHome = CalendarHome(dav)

    @property
    def capabilities(self) -> Capabilities:
        """The server announces none of these."""
        return Capabilities(
            accepts=frozenset({MEDIA_TYPE}),
            max_item_size=MAX_OBJECT,
            names=NameRules(max_bytes=250, forbidden_characters=""),
            max_connections=CONNECTIONS,
        )

    def collections(self) -> Iterator[Collection]:
        """The account's own calendars, the default one first."""
        return self._home.collections()

    def ensure(self, collection: Collection) -> Collection:
        """By role, then by name; else a new calendar. Raises LimitReached when the server makes no more for now."""
        return self._home.ensure(collection)

    def entries(self) -> Iterator[Entry]:
        """Every event: names and etags, no bodies."""
        for calendar in self.collections():
            for row in self._dav.propfind(calendar.href, LISTED, depth=1):
                if row.path != calendar.href and self.holds(row):
                    yield _entry(calendar.href, row)

    def holds(self, row: Row) -> bool:
        """Whether a calendar's member is of this service: not the tasks, which its media type tells."""
        return "component=vtodo" not in row.text(f"{DAV}getcontenttype").lower()

    def get(self, entry: Entry) -> Item:
        """The event as it is now."""
        response = self._dav.send("GET", self._dav.url(entry.href), headers={"Accept": MEDIA_TYPE})
        return _item(entry, etag_of(response.headers) or entry.etag, response.content)

    def get_many(self, entries: Sequence[Entry]) -> Iterator[tuple[Entry, Item | ConnectorError]]:
        """Each entry once, a hundred a request (RFC 4791 §7.9)."""
        for calendar, members in groupby(sorted(entries, key=lambda e: e.collection), key=lambda e: e.collection):
            listed = list(members)
            for start in range(0, len(listed), MULTIGET):
                yield from self._multiget(calendar, listed[start : start + MULTIGET])

    def _multiget(self, calendar: str, entries: list[Entry]) -> Iterator[tuple[Entry, Item | ConnectorError]]:
        body = multiget([urlsplit(self._dav.url(entry.href)).path for entry in entries])
        found = {
            row.path: row
            for row in self._dav.multistatus(
                "REPORT", self._dav.url(calendar), body, {"Content-Type": XML, "Depth": "1"}
            )
        }
        for entry in entries:
            row = found.get(entry.href)
            if row is None or row.status == 404 or f"{CALDAV}calendar-data" not in row.found:
                yield entry, NotFound("the event is gone")
            else:
                data = row.data(f"{CALDAV}calendar-data").encode()
                yield entry, _item(entry, strong(row.text(f"{DAV}getetag")), data)

    def mark(self, collection: Collection) -> str:
        """Nothing to remember: an event is found by its name."""
        return ""

    def find(self, collection: Collection, name: str, item: Item, mark: str) -> Iterator[Stored]:
        """The event of that name, when its content is the item's: see :func:`comparable`."""
        href = f"{collection.href}/{name}"
        try:
            response = self._dav.send("GET", self._dav.url(href), headers={"Accept": MEDIA_TYPE})
        except NotFound:
            return
        if comparable(response.content) == comparable(_bytes(item)):
            yield Stored(href=href, etag=etag_of(response.headers))

    def put(self, collection: Collection, name: str, item: Item, *, expects: str | None) -> Stored:
        """Store the event under that resource name, without a word to anyone."""
        href = f"{collection.href}/{name}"
        headers = {"Content-Type": "text/calendar; charset=utf-8"}
        headers |= {"If-Match": expects} if expects else {"If-None-Match": "*"}
        body = _bytes(item)
        if len(uid_of(body.decode(errors="replace"))) > MAX_UID:
            raise UidTooLong(f"its identifier has over {MAX_UID} characters, which the server cannot store")
        try:
            response = self._write("PUT", href, headers, body)
        except Rejected as error:
            raise _explained(error) from None
        except Uncertain:
            if expects or not make_room(self._dav, collection.href, body, SILENT):
                raise
            response = self._write("PUT", href, headers, body)
        return Stored(href=href, etag=etag_of(response) or self._etag(href))

    def _etag(self, href: str) -> str:
        """After a PUT whose answer has none: the server repaired the event (RFC 4791 §5.3.4)."""
        for row in self._dav.propfind(href, (f"{DAV}getetag",), depth=0):
            return strong(row.text(f"{DAV}getetag"))
        raise NotFound("the event is gone")

    def delete(self, entry: Entry, *, expects: str) -> None:
        """Remove the event when its etag is still ``expects``, without a cancellation to anyone."""
        self._write("DELETE", entry.href, {"If-Match": expects}, None)

    def _write(self, method: str, href: str, headers: dict[str, str], body: bytes | None) -> dict[str, str]:
        """The only place that changes an event. Returns the answer's headers."""
        response = self._dav.send(method, self._dav.url(href), headers=headers | SILENT, data=body, uncertain=True)
        return dict(response.headers)

    def grants(self, href: str) -> Iterator[Grant]:
        """Who else may use this collection."""
        return CollectionShares(self._dav).of(href)

    def grant(self, href: str, grant: Grant) -> None:
        """Share the collection; nobody is mailed. Raises Rejected."""
        CollectionShares(self._dav).make(href, grant)

    def revoke(self, href: str, grant: Grant) -> bool:
        """End it; nobody is mailed."""
        return CollectionShares(self._dav).end(href, grant)

    def prune(self, collection: Collection) -> bool:
        """Remove a calendar that holds nothing; the default one stays."""
        return self._home.prune(collection)

    def close(self) -> None:
        """Release the connection."""
        self._dav.close()


def comparable(body: bytes) -> set[str]:
    """Content lines unfolded (RFC 5545 §3.1), without what any writer may change and what Nextcloud repairs.

    A repair (seen on 32.0.1) drops control characters, a repeated property and a rule without FREQ, adds VERSION,
    reads what is not UTF-8 as Latin-1, and writes quotes and escapes its own way. So an event that it repaired is
    recognised after a crash.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = body.decode("latin-1")
    text = CONTROL.sub("", text.replace("\r\n", "\n"))
    lines = (line.rstrip() for line in text.replace("\n ", "").replace("\n\t", "").split("\n"))
    kept = (line for line in lines if line and not line.startswith(VOLATILE) and not RULE_WITHOUT_FREQ.match(line))
    return {line.replace('"', "").replace("\\,", ",").replace("\\;", ";").replace("\\N", "\\n") for line in kept}


def _bytes(item: Item) -> bytes:
    return item.body if isinstance(item.body, bytes) else item.body.read_bytes()


def _entry(calendar: str, row: Row) -> Entry:
    return Entry(
        href=row.path,
        collection=calendar,
        etag=strong(row.text(f"{DAV}getetag")),
        media_type=MEDIA_TYPE,
        size=row.number(f"{DAV}getcontentlength"),
    )


def _item(entry: Entry, etag: str, body: bytes) -> Item:
    """With CRLF at the end of each line (RFC 5545 §3.1), which a REPORT's XML does not carry."""
    lines = body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return Item(entry=replace(entry, etag=etag, size=len(lines)), body=lines, media_type=MEDIA_TYPE)


def _explained(error: Rejected) -> ConnectorError:
    """400 is a UID that the calendar already holds under another name (CalDavBackend.php createCalendarObject)."""
    if "HTTP 400" in error.message:
        return AlreadyExists("the calendar holds this event under another name")
    return error
