"""One account's connection: webdavclient3 owns the settings and the session, this module owns webdavclient3.

Its verbs open a connection a call, add HEAD requests, hide Retry-After and print paths, so that the data path uses
its ``requests`` session directly: kept alive, no request that was not asked for, every answer looked at. Only this
module imports ``webdav3``.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator, Mapping
from tempfile import SpooledTemporaryFile
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth
from requests.utils import get_environ_proxies
from webdav3.client import Client
from webdav3.urn import Urn

from connectors.nextcloud.failures import broken, failure
from connectors.nextcloud.multistatus import XML, Row, propfind_body, rows
from connectors.nextcloud.site import REQUESTS_PER_MINUTE, Site
from migrate.errors import AuthFailed, Rejected, Throttled

BLOCK = 1 << 16
IN_MEMORY = 1 << 20


class Dav:
    """Requests of one account. Used by one thread at a time."""

    def __init__(self, site: Site, account: str) -> None:
        self.site = site
        self.account = account
        self._session: requests.Session | None = None
        self._prefix = unquote(urlsplit(site.url).path) + "/remote.php/dav/"

    @property
    def session(self) -> requests.Session:
        """Opened on first use, when the password is read. Raises ConfigError, AuthFailed."""
        if self._session is None:
            self._session = self._open()
        return self._session

    def _password(self) -> str:
        return self.site.password.reveal(self.account)

    def _open(self) -> requests.Session:
        password = self._password()
        client = Client(
            {
                "webdav_hostname": self.site.url,
                "webdav_login": self.account,
                "webdav_password": password,
                "webdav_timeout": self.site.timeout,
                "webdav_disable_check": True,
            }
        )
        if not client.valid() or not self.account:
            raise AuthFailed("the account's name is empty")
        session: requests.Session = client.session
        # UTF-8 (RFC 7617 §2.1): requests would send latin-1. Without a password, nothing, not even what .netrc holds.
        session.auth = HTTPBasicAuth(self.account.encode(), password.encode()) if password else _nobody
        session.verify = self.site.ca_file or True
        # The environment is read once: the library would look for a proxy there, and in .netrc, at each request.
        session.trust_env, session.proxies = False, get_environ_proxies(self.site.url)
        session.headers.update({"User-Agent": self.site.user_agent, "Accept-Encoding": "identity"})
        for scheme in ("http://", "https://"):
            session.mount(scheme, HTTPAdapter(pool_connections=1, pool_maxsize=2, max_retries=0))
        self.site.pace.limit(self.site.bucket, per_minute=REQUESTS_PER_MINUTE)
        return session

    def url(self, path: str) -> str:
        """The address of a path below ``/remote.php/dav/``, given unquoted. Raises Rejected for ``.`` and its like."""
        if any(part and not part.strip(".") for part in path.split("/")):
            raise Rejected("a name made only of dots cannot be addressed")  # Urn would drop it: another place
        return f"{self.site.url}/remote.php/dav{Urn(path).quote()}"

    def path(self, href: str) -> str:
        """The unquoted path below ``/remote.php/dav/`` of an href or an address, without a final slash."""
        whole = unquote(urlsplit(href).path)
        return unicodedata.normalize("NFC", whole.removeprefix(self._prefix).rstrip("/"))

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        data: Any = None,
        allow: Collection[int] = (),
        uncertain: bool = False,
        stream: bool = False,
        timeout: float | None = None,
    ) -> requests.Response:
        """One request and its answer. ``allow``: statuses from 300 up that are an answer, not an error.

        ``uncertain``: a write that must not be repeated blindly when its answer is lost. Raises ConnectorError.
        """
        session = self.session
        self.site.pace.spend({self.site.bucket: 1})
        try:
            response = session.request(
                method,
                url,
                headers=dict(headers or {}),
                data=data,
                allow_redirects=False,
                stream=stream,
                timeout=(min(self.site.timeout, 15.0), timeout or self.site.timeout),
            )
            if response.status_code < 300 or response.status_code in allow:
                return response
            error = failure(response, uncertain=uncertain)
        except requests.RequestException as lost:
            raise broken(lost, uncertain=uncertain) from None
        if isinstance(error, Throttled):
            self.site.pace.refused([self.site.bucket], retry_after=error.retry_after)
        raise error

    def propfind(self, path: str, tags: Collection[str], *, depth: int) -> Iterator[Row]:
        """Properties of a resource (depth 0) or of it and its members (depth 1), streamed. Raises ConnectorError.

        The answer is received whole before the first row, in memory or a temporary file, so that a slow reader
        holds no connection. A listing that was cut raises.
        """
        headers = {"Depth": str(depth), "Content-Type": XML}
        yield from self.multistatus("PROPFIND", self.url(path), propfind_body(tags), headers)

    def multistatus(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Iterator[Row]:
        """Rows of a 207 answer (RFC 4918 §13)."""
        with SpooledTemporaryFile(max_size=IN_MEMORY) as kept:
            with self.send(method, url, headers=headers, data=body, stream=True) as response:
                try:
                    for block in response.iter_content(BLOCK):
                        kept.write(block)
                except requests.RequestException as lost:
                    raise broken(lost, uncertain=False) from None
            kept.seek(0)
            for href, row in rows(kept):
                yield Row(path=self.path(href), status=row.status, found=row.found)

    def close(self) -> None:
        """Close the connection; twice is as good as once."""
        if self._session is not None:
            self._session.close()


def _nobody(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def etag_of(headers: Mapping[str, str]) -> str:
    """The strong etag of an answer, ``""`` when it gives none; a compressing proxy weakens it (RFC 9110 §8.8.3)."""
    return strong(headers.get("OC-ETag") or headers.get("ETag") or "")


def strong(etag: str) -> str:
    """An etag without the marks that web servers add when they compress."""
    return etag.strip().removeprefix("W/").replace('-gzip"', '"')
