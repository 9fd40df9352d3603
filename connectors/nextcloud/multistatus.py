"""XML of WebDAV (RFC 4918 §13, §14): bodies of PROPFIND, and the rows of a 207 answer one at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import IO, Any

from lxml import etree

from migrate.errors import Retriable

DAV = "{DAV:}"
CALDAV = "{urn:ietf:params:xml:ns:caldav}"
CARDDAV = "{urn:ietf:params:xml:ns:carddav}"
APPLE = "{http://apple.com/ns/ical/}"
OWNCLOUD = "{http://owncloud.org/ns}"
NEXTCLOUD = "{http://nextcloud.org/ns}"
XML = "application/xml; charset=utf-8"
Element = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One response of a multistatus: a resource and the properties found (propstat 200)."""

    path: str
    """Unquoted, below ``/remote.php/dav/``, without a final slash."""
    status: int
    """Of the resource as a whole; 200 unless the answer says otherwise."""
    found: Mapping[str, Element]

    def text(self, tag: str) -> str:
        """A property's text, ``""`` when it is missing or empty."""
        element = self.found.get(tag)
        return (element.text or "").strip() if element is not None else ""

    def data(self, tag: str) -> str:
        """A property's text, byte for byte."""
        element = self.found.get(tag)
        return (element.text or "") if element is not None else ""

    def number(self, tag: str) -> int | None:
        """A property that is a whole number, else None."""
        text = self.text(tag)
        return int(text) if text.lstrip("-").isdigit() else None

    def types(self) -> set[str]:
        """Tags within ``resourcetype``."""
        return {child.tag for child in self.found.get(f"{DAV}resourcetype", ())}

    def modified(self) -> datetime | None:
        """``getlastmodified``: aware, UTC."""
        text = self.text(f"{DAV}getlastmodified")
        try:
            return parsedate_to_datetime(text).astimezone(UTC) if text else None
        except ValueError:
            return None


def propfind_body(tags: Collection[str]) -> bytes:
    """A PROPFIND that asks for these properties, each ``{namespace}name``."""
    root = etree.Element(f"{DAV}propfind")
    prop = etree.SubElement(root, f"{DAV}prop")
    for tag in tags:
        etree.SubElement(prop, tag)
    return serialised(root)


def serialised(root: Element) -> bytes:
    """An XML document as bytes."""
    body: bytes = etree.tostring(root, xml_declaration=True, encoding="utf-8")
    return body


def rows(stream: IO[bytes]) -> Iterator[tuple[str, Row]]:
    """Each response's href, as sent, with its row; memory does not grow. Raises Retriable for XML that is cut."""
    try:
        for _, element in etree.iterparse(
            stream, tag=f"{DAV}response", resolve_entities=False, no_network=True, huge_tree=True
        ):
            yield element.findtext(f"{DAV}href", "").strip(), _row(element)
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
    except etree.XMLSyntaxError:
        raise Retriable("the server's listing is cut or not XML: it counts for nothing") from None


def _row(element: Element) -> Row:
    found: dict[str, Element] = {}
    for propstat in element.iterfind(f"{DAV}propstat"):
        if _code(propstat) == 200:
            found.update((prop.tag, prop) for prop in propstat.iterfind(f"{DAV}prop/*"))
    return Row(path="", status=_code(element), found=found)


def _code(element: Element) -> int:
    words = element.findtext(f"{DAV}status", "").split()
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else 200
