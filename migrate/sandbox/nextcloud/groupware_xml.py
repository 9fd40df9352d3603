"""Radicale's multistatus documents, told as Nextcloud tells them: other principal and home addresses."""

from __future__ import annotations

from lxml import etree

from migrate.sandbox.nextcloud.wsgi import encode_path

DAV = "{DAV:}"
CALDAV = "{urn:ietf:params:xml:ns:caldav}"
CARDDAV = "{urn:ietf:params:xml:ns:carddav}"
SCHEDULING = {"inbox": "schedule-inbox", "outbox": "schedule-outbox"}
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True)


def bridge_propfind(document: bytes, user: str, home: str, *, members: bool) -> bytes:
    """Rewrite a PROPFIND answer. ``home``: the path of the home; ``members``: whether its members were asked for."""
    root = etree.fromstring(document, _PARSER)
    principal = f"/remote.php/dav/principals/users/{user}/"
    links = {
        DAV + "current-user-principal": principal,
        DAV + "owner": principal,
        DAV + "principal-URL": principal,
        DAV + "principal-collection-set": "/remote.php/dav/principals/",
        CALDAV + "calendar-home-set": f"/remote.php/dav/calendars/{user}/",
        CARDDAV + "addressbook-home-set": f"/remote.php/dav/addressbooks/users/{user}/",
    }
    for name, path in links.items():
        for href in root.iterfind(f".//{name}/{DAV}href"):
            href.text = encode_path(path)
    for marker in list(root.iterfind(f".//{DAV}resourcetype/{DAV}principal")):
        marker.getparent().remove(marker)
    first = root.find(f"{DAV}response")
    if first is not None and members and first.findtext(f"{DAV}href") == encode_path(home) and "/calendars/" in home:
        _add_scheduling(root, first, home)
    return _serialize(root)


def bridge_report(document: bytes) -> bytes:
    """Rewrite a REPORT answer: object data without carriage returns, and nothing about objects that are not there.

    sabre/dav takes CR out of ``calendar-data`` ("to not screw up the xml output"), and a multiget leaves unknown
    hrefs out where Radicale answers 404; a sync-collection tells of deletions that way in both.
    """
    document = document.replace(b"\r\n", b"\n")
    if b"<status>HTTP/1.1 404" not in document or b"sync-token>" in document:
        return document
    root = etree.fromstring(document, _PARSER)
    for response in root.findall(f"{DAV}response"):
        if (response.findtext(f"{DAV}status") or "").startswith("HTTP/1.1 404"):
            root.remove(response)
    return _serialize(root)


def _serialize(root: etree._Element) -> bytes:
    return bytes(etree.tostring(root, xml_declaration=True, encoding="utf-8"))


def _add_scheduling(root: etree._Element, first: etree._Element, home: str) -> None:
    """The scheduling collections and the trash bin, which every calendar home lists."""
    asked = list(first.iterfind(f"{DAV}propstat/{DAV}prop/*"))
    for name in ("inbox", "outbox", "trashbin"):
        response = etree.SubElement(root, DAV + "response")
        etree.SubElement(response, DAV + "href").text = encode_path(f"{home}{name}/")
        found, missing = _propstat(response, "200 OK"), _propstat(response, "404 Not Found")
        for prop in asked:
            if prop.tag == DAV + "resourcetype":
                _resource_type(etree.SubElement(found, prop.tag), name)
            else:
                etree.SubElement(missing, prop.tag)
        for prop in (found, missing):
            if not len(prop):
                response.remove(prop.getparent())


def _resource_type(element: etree._Element, name: str) -> None:
    etree.SubElement(element, DAV + "collection")
    if name in SCHEDULING:
        etree.SubElement(element, CALDAV + SCHEDULING[name])
    else:
        etree.SubElement(element, "{http://nextcloud.com/ns}trash-bin")


def _propstat(response: etree._Element, status: str) -> etree._Element:
    propstat = etree.SubElement(response, DAV + "propstat")
    prop = etree.SubElement(propstat, DAV + "prop")
    etree.SubElement(propstat, DAV + "status").text = f"HTTP/1.1 {status}"
    return prop
