"""A plain HTTP client for the tests of the Nextcloud stand-in."""

from __future__ import annotations

import hashlib
from typing import Any, Self
from xml.etree import ElementTree as ET

import requests

from migrate.sandbox.nextcloud import NextcloudStandIn

USERS = {"anne": "anne-app-password", "bruno": "bruno-app-password"}
FUTURE = "20300105T100000Z"


class Client:
    """Requests as one account; paths are relative to the server."""

    def __init__(self, server: NextcloudStandIn, user: str = "anne", password: str | None = None) -> None:
        self.server = server
        self.session = requests.Session()
        self.session.auth = (user, USERS[user] if password is None else password)
        self.files = f"/remote.php/dav/files/{user}"
        self.uploads = f"/remote.php/dav/uploads/{user}"
        self.calendars = f"/remote.php/dav/calendars/{user}"
        self.books = f"/remote.php/dav/addressbooks/users/{user}"

    def __call__(self, method: str, path: str, data: Any = None, **headers: str) -> requests.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if "Destination" in named:
            named["Destination"] = self.server.url + named["Destination"]
        return self.session.request(method, self.server.url + path, data=data, headers=named, allow_redirects=False)

    def properties(self, path: str, *names: str) -> dict[str, str]:
        """The 200 properties of one resource, by Clark name; complex values as XML."""
        asked = ET.Element("{DAV:}propfind")
        prop = ET.SubElement(asked, "{DAV:}prop")
        for name in names:
            ET.SubElement(prop, name)
        reply = self("PROPFIND", path, ET.tostring(asked), Depth="0")
        assert reply.status_code == 207, reply.text
        found = {}
        for propstat in ET.fromstring(reply.content).iter("{DAV:}propstat"):
            if "200" in (propstat.findtext("{DAV:}status") or ""):
                for element in propstat.find("{DAV:}prop") or ():
                    found[element.tag] = "".join(element.itertext())
        return found

    def hrefs(self, path: str, depth: str = "1") -> list[str]:
        """Every href of a PROPFIND."""
        reply = self("PROPFIND", path, Depth=depth)
        assert reply.status_code == 207, reply.text
        return [element.text or "" for element in ET.fromstring(reply.content).iterfind("{DAV:}response/{DAV:}href")]

    def set(self, path: str, name: str, value: str) -> int:
        """PROPPATCH of one property: its own status."""
        update = ET.Element("{DAV:}propertyupdate")
        ET.SubElement(ET.SubElement(ET.SubElement(update, "{DAV:}set"), "{DAV:}prop"), name).text = value
        reply = self("PROPPATCH", path, ET.tostring(update))
        status = ET.fromstring(reply.content).findtext(".//{DAV:}status") or ""
        return int(status.split()[1])

    def close(self) -> None:
        self.session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()


def event(uid: str, *lines: str, start: str = FUTURE, kind: str = "VEVENT", head: str = "VERSION:2.0") -> bytes:
    """A calendar object."""
    text = ["BEGIN:VCALENDAR", head, "PRODID:-//test//EN", f"BEGIN:{kind}", f"UID:{uid}", "DTSTAMP:20260101T000000Z"]
    text += [f"DTSTART:{start}", "SUMMARY:Réunion", *lines, f"END:{kind}", "END:VCALENDAR", ""]
    return "\r\n".join(text).encode()


def card(uid: str, *lines: str, version: str = "3.0") -> bytes:
    """A vCard."""
    return "\r\n".join(["BEGIN:VCARD", f"VERSION:{version}", f"UID:{uid}", *lines, "END:VCARD", ""]).encode()


def bulk(*parts: tuple[str, bytes, str]) -> bytes:
    """A multipart/related body with the boundary ``b``: path, content, MD5 (empty: the right one)."""
    body = b""
    for path, content, md5 in parts:
        digest = md5 or hashlib.md5(content).hexdigest()
        head = f"--b\r\nX-File-Path: {path}\r\nX-OC-Mtime: 1700000000\r\nX-File-MD5: {digest}\r\n"
        body += head.encode() + f"Content-Length: {len(content)}\r\n\r\n".encode() + content + b"\r\n"
    return body + b"--b--\r\n"
