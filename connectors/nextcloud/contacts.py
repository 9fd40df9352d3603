"""Contacts of one account by CardDAV (RFC 6352): a target and a reader.

Every reading asks for vCard 4: unless asked, the server answers in version 3, which loses preferences, relations and
dates without a year, and a comparison would see the loss on both sides alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from urllib.parse import urlsplit

from lxml import etree

from connectors.nextcloud.address_home import AddressHome
from connectors.nextcloud.calendar_bin import uid_of
from connectors.nextcloud.dav import Dav, etag_of, strong
from connectors.nextcloud.failures import UidTooLong
from connectors.nextcloud.multistatus import CARDDAV, DAV, XML, Row, serialised
from connectors.nextcloud.shares import CollectionShares
from migrate.errors import AlreadyExists, ConnectorError, NotFound, Rejected
from migrate.model import Capabilities, Collection, Entry, Grant, Item, NameRules, Stored

MEDIA_TYPE = "text/vcard"
VERSION_4 = "text/vcard; version=4.0"
VERSION_3 = "text/vcard; version=3.0"
MAX_CARD = 5_242_880  # card_size_limit of the dav app, unless its administrator changed it
MULTIGET = 100
CONNECTIONS = 2
LISTED = (f"{DAV}getetag", f"{DAV}getcontentlength", f"{DAV}resourcetype")
MAX_UID = 255  # oc_cards.uid; the server answers 500 to a longer one
VOLATILE = ("REV:", "PRODID:")
ADDED = ("UID:", "FN:")
CONTROL = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f]")
IS_VERSION_3 = re.compile(rb"^VERSION:\s*3", re.MULTILINE | re.IGNORECASE)


class NextcloudContacts:
    """A :class:`migrate.protocols.Target` of contacts, with ``get_many``. Hrefs are DAV paths, unquoted."""

    def __init__(self, dav: Dav) -> None:
        self._dav = dav
        self._home = AddressHome(dav)

    @property
    def capabilities(self) -> Capabilities:
        """The server announces none of these."""
        return Capabilities(
            accepts=frozenset({MEDIA_TYPE}),
            max_item_size=MAX_CARD,
            names=NameRules(max_bytes=250, forbidden_characters=""),
            max_connections=CONNECTIONS,
        )

    def collections(self) -> Iterator[Collection]:
        """The account's own address books, the default one first."""
        return self._home.collections()

    def ensure(self, collection: Collection) -> Collection:
        """By role, then by name; else a new book. Raises LimitReached when the server makes no more for now."""
        return self._home.ensure(collection)

    def entries(self) -> Iterator[Entry]:
        """Every card: names and etags, no bodies."""
        for book in self.collections():
            for row in self._dav.propfind(book.href, LISTED, depth=1):
                if row.path != book.href:
                    yield _entry(book.href, row)

    def get(self, entry: Entry) -> Item:
        """The card as it is now."""
        response = self._dav.send("GET", self._dav.url(entry.href), headers={"Accept": VERSION_4})
        return _item(entry, etag_of(response.headers) or entry.etag, response.content)

    def get_many(self, entries: Sequence[Entry]) -> Iterator[tuple[Entry, Item | ConnectorError]]:
        """Each entry once, a hundred a request (RFC 6352 §8.7)."""
        for book, members in groupby(sorted(entries, key=lambda e: e.collection), key=lambda e: e.collection):
            listed = list(members)
            for start in range(0, len(listed), MULTIGET):
                yield from self._multiget(book, listed[start : start + MULTIGET])

    def _multiget(self, book: str, entries: list[Entry]) -> Iterator[tuple[Entry, Item | ConnectorError]]:
        body = multiget([urlsplit(self._dav.url(entry.href)).path for entry in entries])
        rows = self._dav.multistatus("REPORT", self._dav.url(book), body, {"Content-Type": XML, "Depth": "1"})
        found = {row.path: row for row in rows}
        for entry in entries:
            row = found.get(entry.href)
            if row is None or row.status == 404 or f"{CARDDAV}address-data" not in row.found:
                yield entry, NotFound("the contact is gone")
            else:
                data = row.data(f"{CARDDAV}address-data").encode()
                yield entry, _item(entry, strong(row.text(f"{DAV}getetag")), data)

    def mark(self, collection: Collection) -> str:
        """Nothing to remember: a card is found by its name."""
        return ""

    def find(self, collection: Collection, name: str, item: Item, mark: str) -> Iterator[Stored]:
        """The card of that name, when its content is the item's, asked for in the item's own version."""
        href, body = f"{collection.href}/{name}", _bytes(item)
        version = VERSION_3 if IS_VERSION_3.search(body) else VERSION_4
        try:
            response = self._dav.send("GET", self._dav.url(href), headers={"Accept": version})
        except NotFound:
            return
        if holds(response.content, body):
            yield Stored(href=href, etag=etag_of(response.headers))

    def put(self, collection: Collection, name: str, item: Item, *, expects: str | None) -> Stored:
        """Store the card under that resource name."""
        href = f"{collection.href}/{name}"
        headers = {"Content-Type": "text/vcard; charset=utf-8"}
        headers |= {"If-Match": expects} if expects else {"If-None-Match": "*"}
        body = _bytes(item)
        if len(uid_of(body.decode(errors="replace"))) > MAX_UID:
            raise UidTooLong(f"its identifier has over {MAX_UID} characters, which the server cannot store")
        try:
            response = self._dav.send("PUT", self._dav.url(href), headers=headers, data=body, uncertain=True)
        except Rejected as error:
            raise _explained(error) from None
        return Stored(href=href, etag=etag_of(response.headers) or self._etag(href))

    def _etag(self, href: str) -> str:
        """After a PUT whose answer has none: the server repaired the card (RFC 6352 §6.3.2.3)."""
        for row in self._dav.propfind(href, (f"{DAV}getetag",), depth=0):
            return strong(row.text(f"{DAV}getetag"))
        raise NotFound("the contact is gone")

    def delete(self, entry: Entry, *, expects: str) -> None:
        """Remove the card when its etag is still ``expects``. The server keeps no bin of contacts."""
        self._dav.send("DELETE", self._dav.url(entry.href), headers={"If-Match": expects}, uncertain=True)

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
        """Remove an address book that holds nothing; the default one stays."""
        return self._home.prune(collection)

    def close(self) -> None:
        """Release the connection."""
        self._dav.close()


def multiget(paths: list[str]) -> bytes:
    """Body of the addressbook-multiget REPORT (RFC 6352 §8.7), in version 4; ``paths`` as the server's own hrefs."""
    root = etree.Element(f"{CARDDAV}addressbook-multiget")
    prop = etree.SubElement(root, f"{DAV}prop")
    etree.SubElement(prop, f"{DAV}getetag")
    etree.SubElement(prop, f"{CARDDAV}address-data", {"content-type": MEDIA_TYPE, "version": "4.0"})
    for path in paths:
        etree.SubElement(root, f"{DAV}href").text = path
    return serialised(root)


def holds(stored: bytes, sent: bytes) -> bool:
    """Whether a stored card is the one sent, which the server may have given the UID or the FN that it lacked."""
    there, here = comparable(stored), comparable(sent)
    return here <= there and all(line.startswith(ADDED) for line in there - here)


def comparable(body: bytes) -> set[str]:
    """Content lines unfolded (RFC 6350 §3.2), without what any writer may change and what Nextcloud repairs.

    A repair (seen on 32.0.1) drops control characters, reads what is not UTF-8 as Latin-1, and writes quotes,
    escapes, ``VALUE=URI`` and the case of groups its own way. The normal form of cards is a mapping's work, which a
    connector does not see; this one need not know version 3 from version 4, for a card is asked for in its own.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = body.decode("latin-1")
    text = CONTROL.sub("", text.replace("\r\n", "\n")).replace("\n ", "").replace("\n\t", "")
    heads = (line.rstrip().partition(":") for line in text.split("\n") if line.strip())
    plain = (f"{head.upper().replace(';VALUE=URI', '')}{colon}{value}" for head, colon, value in heads)
    lines = (line.replace('"', "").replace("\\,", ",").replace("\\;", ";") for line in plain)
    return {line for line in lines if not line.startswith(VOLATILE)}


def _bytes(item: Item) -> bytes:
    return item.body if isinstance(item.body, bytes) else item.body.read_bytes()


def _entry(book: str, row: Row) -> Entry:
    return Entry(
        href=row.path,
        collection=book,
        etag=strong(row.text(f"{DAV}getetag")),
        media_type=MEDIA_TYPE,
        size=row.number(f"{DAV}getcontentlength"),
        size_exact=False,  # as stored: a card of version 3 is delivered in version 4
    )


def _item(entry: Entry, etag: str, body: bytes) -> Item:
    """With CRLF at the end of each line (RFC 6350 §3.2), which not every server's XML carries."""
    lines = body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return Item(entry=replace(entry, etag=etag, size=len(lines), size_exact=True), body=lines, media_type=MEDIA_TYPE)


def _explained(error: Rejected) -> ConnectorError:
    """400 is a UID that the book already holds under another name (CardDavBackend.php createCard)."""
    if "HTTP 400" in error.message:
        return AlreadyExists("the address book holds this contact under another name")
    return error
