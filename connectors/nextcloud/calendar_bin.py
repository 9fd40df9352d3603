"""Nextcloud's bin of events, where it stands in the way of a new one.

An event deleted from a calendar stays in the bin for 30 days and still holds its UID there: creating it again is
answered with 500 (measured on 32.0.1; CalDavBackend.php createCalendarObject means to remove the deleted twin first).
"""

from __future__ import annotations

import re

from connectors.nextcloud.dav import Dav
from connectors.nextcloud.multistatus import CALDAV, XML
from migrate.errors import ConnectorError

BIN_CALENDAR = "{http://nextcloud.com/ns}calendar-uri"
QUERY = (
    b'<c:calendar-query xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:d="DAV:" xmlns:n="http://nextcloud.com/ns">'
    b"<d:prop><n:calendar-uri/><c:calendar-data/></d:prop>"
    b'<c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT"/></c:comp-filter></c:filter>'
    b"</c:calendar-query>"
)
"""The bin answers with tasks as well: it looks at no filter (seen on 32.0.1)."""
UID = re.compile(r"^UID(?:;[^:]*)?:(.+?)\s*$", re.MULTILINE)


def uid_of(text: str) -> str:
    """The first UID of an iCalendar text, unfolded."""
    found = UID.search(text.replace("\r\n", "\n").replace("\n ", "").replace("\n\t", ""))
    return found[1] if found else ""


def twins(dav: Dav, calendar: str, uid: str) -> list[str]:
    """Paths in the bin of events or tasks of that UID, deleted from that calendar. Raises ConnectorError."""
    home, _, uri = calendar.rpartition("/")
    url = dav.url(f"{home}/trashbin/objects")
    rows = dav.multistatus("REPORT", url, QUERY, {"Content-Type": XML, "Depth": "1"})
    return [
        row.path for row in rows if row.text(BIN_CALENDAR) == uri and uid_of(row.data(f"{CALDAV}calendar-data")) == uid
    ]


def make_room(dav: Dav, calendar: str, body: bytes, headers: dict[str, str]) -> bool:
    """Remove from the bin what holds the UID of a new event. True when there was such a twin."""
    uid = uid_of(body.decode(errors="surrogateescape"))
    try:
        found = twins(dav, calendar, uid) if uid else []
        for path in found:
            dav.send("DELETE", dav.url(path), headers=headers, allow={404})
    except ConnectorError:
        return False  # no bin, or none that can be read: the first answer stands
    return bool(found)
