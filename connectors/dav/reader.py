"""One service of one account: listed by etags, fetched by multiget."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from urllib.parse import unquote

from lxml import etree

from connectors.dav.home import COMPONENTS, Home
from connectors.dav.http import CALDAV, CARDDAV, DAV, Dav, Row
from migrate.errors import ConnectorError, NotFound, Rejected, Scope
from migrate.model import Capabilities, Collection, Entry, Item, Service

CALENDAR, VCARD = "text/calendar", "text/vcard"
MULTIGET = 100
"""Items asked for at once."""


class DavReader:
    """Implements ``protocols.Reader`` and ``SupportsGetMany``. Used by one thread at a time."""

    capabilities = Capabilities()

    def __init__(self, dav: Dav, service: Service) -> None:
        self._dav, self._service = dav, service
        self._home = Home(dav, service)
        contacts = service is Service.CONTACTS
        self._namespace = CARDDAV if contacts else CALDAV
        self._data = f"{CARDDAV}address-data" if contacts else f"{CALDAV}calendar-data"
        self._multiget = f"{CARDDAV}addressbook-multiget" if contacts else f"{CALDAV}calendar-multiget"
        self._media_type = VCARD if contacts else CALENDAR

    def collections(self) -> Iterator[Collection]:
        """The account's own calendars, task lists or address books. Raises ConnectorError."""
        yield from self._home.collections()

    def entries(self) -> Iterator[Entry]:
        """Every item of the service once: a calendar may hold events and tasks side by side."""
        for collection in self._home.collections():
            for row in self._listed(collection):
                etag = row.text(f"{DAV}getetag")
                if row.status >= 400 or not etag or _same(row.href, collection.href):
                    continue
                yield Entry(href=row.href, collection=collection.href, etag=etag, media_type=self._media_type)

    def _listed(self, collection: Collection) -> Iterator[Row]:
        if self._service is Service.CONTACTS:
            return self._dav.propfind(collection.href, (f"{DAV}getetag",), depth=1)
        query = etree.Element(f"{CALDAV}calendar-query")
        etree.SubElement(etree.SubElement(query, f"{DAV}prop"), f"{DAV}getetag")
        whole = etree.SubElement(etree.SubElement(query, f"{CALDAV}filter"), f"{CALDAV}comp-filter", name="VCALENDAR")
        etree.SubElement(whole, f"{CALDAV}comp-filter", name=COMPONENTS[self._service])
        return self._dav.ask("REPORT", collection.href, query, depth=1)

    def get(self, entry: Entry) -> Item:
        """The item as it is now. Raises NotFound when it is gone."""
        ((_, answer),) = self.get_many([entry])
        if isinstance(answer, ConnectorError):
            raise answer
        return answer

    def get_many(self, entries: Sequence[Entry]) -> Iterator[tuple[Entry, Item | ConnectorError]]:
        """Each entry with its item or its own error, a hundred for one request."""
        for collection, group in groupby(entries, key=lambda entry: entry.collection):
            together = list(group)
            for start in range(0, len(together), MULTIGET):
                yield from self._together(collection, together[start : start + MULTIGET])

    def _together(self, collection: str, entries: Sequence[Entry]) -> Iterator[tuple[Entry, Item | ConnectorError]]:
        query = etree.Element(self._multiget)
        prop = etree.SubElement(query, f"{DAV}prop")
        etree.SubElement(prop, f"{DAV}getetag")
        etree.SubElement(prop, self._data)
        for entry in entries:
            etree.SubElement(query, f"{DAV}href").text = entry.href
        try:
            found = {
                unquote(row.href): self._answer(row) for row in self._dav.ask("REPORT", collection, query, depth=0)
            }
        except NotFound as error:
            found = {unquote(entry.href): error for entry in entries}
        for entry in entries:
            answer = found.get(unquote(entry.href)) or NotFound("the item is gone")
            yield entry, answer if isinstance(answer, ConnectorError) else self._item(entry, *answer)

    def _answer(self, row: Row) -> tuple[str, str] | ConnectorError:
        """Etag and text of one item."""
        if row.status in {404, 410} or (row.status == 200 and self._data not in row.found):
            return NotFound("the item is gone")
        if row.status >= 400:
            return Rejected(f"the host refused one item (HTTP {row.status})", scope=Scope.ITEM)
        return row.text(f"{DAV}getetag"), row.found[self._data].text or ""

    def _item(self, entry: Entry, etag: str, text: str) -> Item:
        # XML carries no CR: the line ends of RFC 5545 §3.1 and RFC 6350 §3.2 are put back.
        body = text.replace("\r\n", "\n").replace("\n", "\r\n").encode()
        now = replace(entry, etag=etag or entry.etag, size=len(body), size_exact=True)
        return Item(entry=now, body=body, media_type=self._media_type)

    def close(self) -> None:
        """Release the connection."""
        self._dav.close()


def _same(one: str, other: str) -> bool:
    return unquote(one).rstrip("/") == unquote(other).rstrip("/")
