"""Address books of one account: found, listed and made (RFC 6352 §5.2, §6.3.1, §7.1.1)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping

from lxml import etree

from connectors.nextcloud.calendar_home import addresses, removed_if_empty, slug
from connectors.nextcloud.dav import Dav
from connectors.nextcloud.multistatus import CARDDAV, DAV, OWNCLOUD, XML, Row, serialised
from migrate.errors import LimitReached, Rejected, Scope, Throttled
from migrate.model import Collection

PRIMARY = "contacts"  # apps/dav/lib/CardDAV/CardDavBackend.php PERSONAL_ADDRESSBOOK_URI
GENERATED = ("z-server-generated--", "z-app-generated--")  # the accounts of the server, the recently contacted
BOOK = f"{CARDDAV}addressbook"
DESCRIPTION = f"{CARDDAV}addressbook-description"
LISTED = (f"{DAV}resourcetype", f"{DAV}displayname", f"{OWNCLOUD}owner-principal", DESCRIPTION)
LIMIT_ADVICE = (
    "the server allows 10 address books, and 10 new ones an hour, unless its administrator changed it "
    "(occ config:app:set dav maximumAdressbooks, rateLimitAddressBookCreation)"
)


class AddressHome:
    """The account's own address books."""

    def __init__(self, connection: Dav) -> None:
        self._dav = connection
        self._home = ""
        self._principal = ""

    def _discover(self) -> str:
        """The address book home, by current-user-principal and addressbook-home-set (RFC 5397, RFC 6352 §7.1.1)."""
        if not self._home:
            self._principal = self._link("", f"{DAV}current-user-principal")
            self._home = self._link(self._principal, f"{CARDDAV}addressbook-home-set")
        return self._home

    def _link(self, path: str, tag: str) -> str:
        for row in self._dav.propfind(path, (tag,), depth=0):
            href = row.found[tag].findtext(f"{DAV}href", "") if tag in row.found else ""
            if href.strip():
                return self._dav.path(href.strip())
        raise Rejected("no address books are offered")

    def collections(self) -> Iterator[Collection]:
        """The default book first. Not the server's own books, nor those that others share."""
        found = [_collection(row) for row in self._dav.propfind(self._discover(), LISTED, depth=1) if self._own(row)]
        yield from sorted(found, key=lambda collection: not collection.role)

    def _own(self, row: Row) -> bool:
        owner = row.text(f"{OWNCLOUD}owner-principal").strip("/")
        return (
            BOOK in row.types()
            and not row.path.rpartition("/")[2].startswith(GENERATED)
            and (not owner or owner.rpartition("/")[2] == self._principal.rpartition("/")[2])
        )

    def ensure(self, wanted: Collection) -> Collection:
        """By role, then by name among the account's own; else a new book. Raises LimitReached, Rejected."""
        name = " / ".join(wanted.path) or "Contacts"
        existing = list(self.collections())
        for book in existing:
            if wanted.role and book.role == wanted.role:
                return book
        for book in existing:
            if unicodedata.normalize("NFC", book.path[0]) == unicodedata.normalize("NFC", name):
                return book
        return self._make(wanted, name)

    def prune(self, collection: Collection) -> bool:
        """Remove a book without any card; the server keeps no bin of them."""
        if collection.href.rpartition("/")[2] == PRIMARY:
            return False
        return removed_if_empty(self._dav, collection.href)

    def _make(self, wanted: Collection, name: str) -> Collection:
        """The default book too: the server makes it at the account's first login on the web, not before."""
        address = PRIMARY if wanted.role == "primary" else slug(name, "contacts")
        body = mkcol(name, wanted.properties)
        for one in addresses(address):
            path = f"{self._discover()}/{one}"
            if self._try(path, body):
                return next(c for c in self.collections() if c.href == path)
        raise Rejected("every address for this address book is taken")

    def _try(self, path: str, body: bytes) -> bool:
        headers = {"Content-Type": XML}
        try:
            response = self._dav.send("MKCOL", self._dav.url(path), headers=headers, data=body, allow={403, 405})
        except Throttled as error:
            message = f"no more address books for now: {error.message}"
            raise LimitReached(message, advice=LIMIT_ADVICE, scope=Scope.COLLECTION) from None
        if response.status_code == 403:
            message = "the account may have no more address books (HTTP 403)"
            raise LimitReached(message, advice=LIMIT_ADVICE, scope=Scope.COLLECTION)
        return response.status_code < 300


def _collection(row: Row) -> Collection:
    name = row.path.rpartition("/")[2]
    description = row.text(DESCRIPTION)
    return Collection(
        href=row.path,
        path=(row.text(f"{DAV}displayname") or name,),
        role="primary" if name == PRIMARY else "",
        properties={"description": description} if description else {},
    )


def mkcol(name: str, properties: Mapping[str, str]) -> bytes:
    """Body of an extended MKCOL (RFC 5689 §3, RFC 6352 §6.3.1)."""
    root = etree.Element(f"{DAV}mkcol")
    prop = etree.SubElement(etree.SubElement(root, f"{DAV}set"), f"{DAV}prop")
    kinds = etree.SubElement(prop, f"{DAV}resourcetype")
    etree.SubElement(kinds, f"{DAV}collection")
    etree.SubElement(kinds, BOOK)
    etree.SubElement(prop, f"{DAV}displayname").text = name
    if description := properties.get("description"):
        etree.SubElement(prop, DESCRIPTION).text = description
    return serialised(root)
