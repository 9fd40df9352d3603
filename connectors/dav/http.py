"""One account's connection: PROPFIND and REPORT, their answers as rows, trouble as our errors. Nothing is written.

WebDAV (RFC 4918), CalDAV (RFC 4791), CardDAV (RFC 6352). No message holds a name or a title.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from lxml import etree
from requests.auth import HTTPBasicAuth

from connectors.dav.settings import Settings
from migrate.errors import (
    AuthFailed,
    ConnectorError,
    NotFound,
    Rejected,
    Retriable,
    Scope,
    Throttled,
    Unreachable,
)
from migrate.protocols import Context

DAV, CALDAV, CARDDAV = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}", "{urn:ietf:params:xml:ns:carddav}"
APPLE = "{http://apple.com/ns/ical/}"
HOPS = 5
_PER_MINUTE = 6000.0


@dataclass(frozen=True, slots=True)
class Row:
    """One response of a multistatus: a resource and the properties found."""

    href: str
    """As the host wrote it, its path alone."""
    status: int
    found: Mapping[str, Any]

    def text(self, tag: str) -> str:
        """A property's text, ``""`` when it is missing or empty."""
        element = self.found.get(tag)
        return (element.text or "").strip() if element is not None else ""

    def link(self, tag: str) -> str:
        """The href within a property."""
        element = self.found.get(tag)
        return (element.findtext(f"{DAV}href") or "").strip() if element is not None else ""

    def types(self) -> set[str]:
        """Tags within ``resourcetype``."""
        return {child.tag for child in self.found.get(f"{DAV}resourcetype", ())}


class Dav:
    """Requests of one account. Used by one thread at a time."""

    def __init__(self, settings: Settings, account: str, context: Context, refused: dict[str, AuthFailed]) -> None:
        self._settings, self._account, self._context = settings, account, context
        self._refused = refused
        """Accounts whose password the host refused: it is not tried a second time."""
        self._session: requests.Session | None = None
        self._bucket = f"dav/{urlsplit(settings.url).netloc}"

    @property
    def root(self) -> str:
        """The configured address."""
        return self._settings.url

    def propfind(self, url: str, tags: Sequence[str], *, depth: int) -> Iterator[Row]:
        """Properties of a resource, or of it and its members."""
        root = etree.Element(f"{DAV}propfind")
        prop = etree.SubElement(root, f"{DAV}prop")
        for tag in tags:
            etree.SubElement(prop, tag)
        return self.ask("PROPFIND", url, root, depth=depth)

    def ask(self, method: str, url: str, body: Any, *, depth: int) -> Iterator[Row]:
        """Rows of a 207 answer, received whole before the first one. Raises ConnectorError."""
        data = etree.tostring(body, xml_declaration=True, encoding="utf-8")
        headers = {"Depth": str(depth), "Content-Type": "application/xml; charset=utf-8"}
        response = self._send(method, urljoin(self.root, url), data, headers)
        if response.status_code != 207:
            raise Rejected(f"the host answered {method} with HTTP {response.status_code}", scope=Scope.COLLECTION)
        return _rows(response.content)

    def _send(self, method: str, url: str, data: bytes, headers: Mapping[str, str]) -> requests.Response:
        for _ in range(HOPS):
            response = self._once(method, url, data, headers)
            if response.status_code not in {301, 302, 303, 307, 308}:
                return response
            there = urljoin(url, response.headers.get("Location", ""))
            if urlsplit(there)[:2] != urlsplit(url)[:2]:
                # The password is for this host alone.
                raise Rejected(
                    "the host sends elsewhere, to another address",
                    advice=f'Write url = "{"://".join(urlsplit(there)[:2])}" if you trust it.',
                    scope=Scope.ACCOUNT,
                )
            url = there
        raise Rejected("the host redirects in circles", scope=Scope.ACCOUNT)

    def _once(self, method: str, url: str, data: bytes, headers: Mapping[str, str]) -> requests.Response:
        session = self._open()
        self._context.pace.spend({self._bucket: 1})
        try:
            response = session.request(
                method, url, data=data, headers=dict(headers), allow_redirects=False, timeout=self._settings.timeout,
                verify=self._settings.ca_file or True,
            )  # fmt: skip
        except requests.exceptions.SSLError as error:
            advice = "Check the host's certificate; for a private authority set ca_file."
            raise Unreachable("no trusted TLS connection to the host", advice=advice) from error
        except requests.exceptions.ConnectTimeout as error:
            raise Unreachable("the host does not answer", advice="Check url, and the network.") from error
        except requests.exceptions.ConnectionError as error:
            if "NewConnectionError" in repr(error) or "NameResolutionError" in repr(error):
                raise Unreachable("no host answers there", advice="Check url, and the network.") from error
            raise Retriable("the connection broke") from error
        except requests.RequestException as error:
            raise Retriable("the host's answer was cut or came too late") from error
        if response.status_code >= 400:
            raise self._failure(response)
        return response

    def _open(self) -> requests.Session:
        if self._account in self._refused:
            raise self._refused[self._account]
        if self._session is None:
            self._context.pace.limit(self._bucket, per_minute=_PER_MINUTE)
            session = requests.Session()
            session.trust_env = False  # no password from .netrc
            session.headers.update({"User-Agent": self._context.user_agent})
            session.auth = self._login()
            self._session = session
        return self._session

    def _login(self) -> HTTPBasicAuth:
        """In UTF-8 (RFC 7617 §2.1): the library would send latin-1."""
        name = self._settings.user.replace("{account}", self._account)
        return HTTPBasicAuth(name.encode(), self._settings.password.reveal(self._account).encode())

    def _failure(self, response: requests.Response) -> ConnectorError:
        status = response.status_code
        said = f"HTTP {status}"
        if status == 401:
            advice = "Check the account's name and its password; it was tried once and is not tried again."
            error = AuthFailed(f"the host refused the login ({said})", advice=advice)
            self._refused[self._account] = error
            return error
        if status in {404, 410}:
            return NotFound(f"it is not there ({said})")
        if status in {429, 503}:
            after = response.headers.get("Retry-After", "")
            pause = float(after) if after.isdigit() else None
            self._context.pace.refused([self._bucket], retry_after=pause)
            return Throttled(f"the host asks to wait ({said})", retry_after=pause)
        if status >= 500:
            return Retriable(f"the host failed ({said})")
        return Rejected(f"the host refused the request ({said})", scope=Scope.COLLECTION)

    def close(self) -> None:
        """Close the connection; twice is as good as once."""
        if self._session is not None:
            self._session.close()


def _rows(content: bytes) -> Iterator[Row]:
    """Each response of a multistatus, one at a time. Raises Retriable for XML that is cut."""
    options: dict[str, Any] = {"resolve_entities": False, "no_network": True, "huge_tree": True}
    try:
        for _, element in etree.iterparse(io.BytesIO(content), tag=f"{DAV}response", **options):
            found = {
                prop.tag: prop
                for propstat in element.iterfind(f"{DAV}propstat")
                if _code(propstat) == 200
                for prop in propstat.iterfind(f"{DAV}prop/*")
            }
            href = (element.findtext(f"{DAV}href") or "").strip()
            yield Row(urlsplit(href).path, _code(element), found)
            element.clear()
    except etree.XMLSyntaxError as error:
        raise Retriable("the host's listing is cut or not XML: it counts for nothing") from error


def _code(element: Any) -> int:
    words = (element.findtext(f"{DAV}status") or "").split()
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else 200
