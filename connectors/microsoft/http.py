"""One account's connection to Graph for one service: paced, retried, and in our own errors.

Paths: ``mailFolders/inbox`` lies below the account, ``/sites/…`` below Graph's version, ``https://…`` is a link that
Graph itself gave. Ids in paths go through :func:`segment`.
"""

from __future__ import annotations

import base64
import binascii
import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import requests
from requests.utils import get_environ_proxies

from connectors.microsoft.auth import Credentials
from connectors.microsoft.errors import from_response, network, not_the_api, seconds
from connectors.microsoft.gate import PLACES, Gates
from connectors.microsoft.settings import OUTLOOK, Settings
from connectors.microsoft.spool import spooled
from migrate.errors import Rejected, Retriable, Scope, Throttled, Unreachable
from migrate.model import Service
from migrate.protocols import Context

T = TypeVar("T")
Json = Mapping[str, Any]
Params = Mapping[str, str | int]

VERSION = "v1.0"
BATCH = 20
"""Parts of a batch, at most. https://learn.microsoft.com/graph/json-batching"""
REFUSALS = 8
"""Times a throttled request is sent again before its error is reported."""
FAILURES = 5
"""Times a failed one is."""
TIMEOUT = (30, 120)
"""Seconds to connect, and without a byte."""
PIECE = 256 << 10
"""Bytes written to disk at once."""
LONGEST = 64.0
"""Seconds of the longest pause of our own choice."""
UNITS_MINUTE = 1_200
"""Resource units a minute of one application in SharePoint and OneDrive, up to 1,000 licences.

https://learn.microsoft.com/sharepoint/dev/general-development/how-to-avoid-getting-throttled-or-blocked-in-sharepoint-online
"""
_IMMUTABLE = 'IdType="ImmutableId"'
_HAVE_IMMUTABLE = frozenset({Service.MAIL, Service.CALENDAR, Service.CONTACTS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One request of a batch: GET only."""

    path: str
    params: Params = field(default_factory=dict)
    prefer: Sequence[str] = ()


class Api:
    """Graph for one service of one account, used by one thread. Makes no request before it is asked to."""

    def __init__(
        self,
        service: Service,
        account: str,
        settings: Settings,
        credentials: Credentials,
        context: Context,
        gates: Gates | None = None,
    ) -> None:
        self.service, self.account, self.settings = service, account, settings
        self._credentials, self._context = credentials, context
        self._session: requests.Session | None = None
        self._gate = (gates or Gates()).of(account) if service in OUTLOOK else None
        self.bucket = f"microsoft/outlook/{account.casefold()}" if service in OUTLOOK else "microsoft/files/application"
        self.date = ""
        """When Graph last answered, as it says (``Date``)."""
        self._declare_limits()

    def _declare_limits(self) -> None:
        """Ten minutes of a mailbox never see more than the quota: what may come at once is taken off the rate."""
        if self.service in OUTLOOK:
            requests, burst = float(self.settings.mailbox_requests), 2.0 * BATCH
            self._context.pace.limit(self.bucket, per_minute=(requests - burst) / 10, burst=burst)
        else:
            self._context.pace.limit(self.bucket, per_minute=UNITS_MINUTE * self.settings.quota_factor)

    @property
    def home(self) -> str:
        """The path below which the account's data lies."""
        mine = not self.settings.app_only and self.settings.signer(self.account) == self.account
        return "/me" if mine else f"/users/{segment(self.account)}"

    def url(self, path: str) -> str:
        """The address of a path. Raises Rejected for a link that leads away from Graph: no token is sent there."""
        root = f"{self.settings.graph_root}/{VERSION}"
        if path.startswith(("http://", "https://")):
            if not path.startswith(f"{root}/"):
                raise Rejected("Graph's answer leads to another host.", scope=Scope.ACCOUNT)
            return path
        return root + (path if path.startswith("/") else f"{self.home}/{path}")

    def get(self, path: str, params: Params | None = None, *, prefer: Sequence[str] = (), cost: float = 1.0) -> Json:
        """The JSON object at a path. Raises ConnectorError."""
        return _object(self.content(path, params, prefer=prefer, cost=cost))

    def content(
        self, path: str, params: Params | None = None, *, prefer: Sequence[str] = (), cost: float = 1.0
    ) -> bytes:
        """The bytes at a path (``…/$value``), whole in memory. Raises ConnectorError."""
        return self.attempt(lambda: self._get(path, params, prefer).content, cost)

    def redirect(self, path: str, *, cost: float = 1.0) -> str:
        """Where a path leads (302): the address of a file's content, a secret. Raises ConnectorError."""

        def once() -> str:
            answer = self.send("GET", self.url(path), headers={}, stream=True)
            with answer:
                self._heed(answer.headers)
                if answer.status_code in {302, 307, 308} and answer.headers.get("Location"):
                    return answer.headers["Location"]
                if answer.status_code >= 300:
                    raise from_response(answer.status_code, answer.headers, answer.content)
                raise not_the_api()

        return self.attempt(once, cost)

    def download(self, path: str, spool: Path, *, cost: float = 1.0) -> Path:
        """The bytes at a path, in a new file of the spool, all of them. Raises ConnectorError, LocalDiskFull."""

        def once() -> Path:
            with self._through(1), spooled(spool) as (stream, file):
                with self.send("GET", self.url(path), headers=self._headers(()), stream=True) as answer:
                    if answer.status_code >= 300:
                        raise from_response(answer.status_code, answer.headers, answer.content)
                    for piece in answer.iter_content(PIECE):
                        stream.write(piece)
                return file

        return self.attempt(once, cost)

    def pages(
        self, path: str, params: Params | None = None, *, prefer: Sequence[str] = (), cost: float = 1.0
    ) -> Iterator[Json]:
        """Every page of a listing, or the error that cut it short. The last may hold ``@odata.deltaLink``."""
        page = self.get(path, params, prefer=prefer, cost=cost)
        seen = ""
        while True:
            yield page
            link = page.get("@odata.nextLink")
            if not link:
                return
            if link == seen:
                raise Rejected("The listing does not end: the host gives the same page again.", scope=Scope.ACCOUNT)
            page, seen = self.get(str(link), prefer=prefer, cost=cost), str(link)

    def values(
        self, path: str, params: Params | None = None, *, prefer: Sequence[str] = (), cost: float = 1.0
    ) -> Iterator[Json]:
        """Every object of a listing."""
        for page in self.pages(path, params, prefer=prefer, cost=cost):
            values = page.get("value")
            if not isinstance(values, list):
                raise not_the_api()
            yield from values

    def send(
        self, method: str, url: str, *, headers: Mapping[str, str], params: Params | None = None, **options: Any
    ) -> requests.Response:
        """One authorised request, once; a refused token is renewed. The caller looks at the status."""
        answer = self._send(method, url, self._token(), headers, params, options)
        if answer.status_code == 401:
            answer.close()
            claims = claims_of(answer.headers.get("WWW-Authenticate", ""))
            token = self._credentials.token(self.account, claims=claims, renew=True)
            answer = self._send(method, url, token, headers, params, options)
        return answer

    def _token(self) -> str:
        return self._credentials.token(self.account)

    def _send(
        self,
        method: str,
        url: str,
        token: str,
        headers: Mapping[str, str],
        params: Params | None,
        options: Mapping[str, Any],
    ) -> requests.Response:
        return self.session.request(
            method,
            url,
            params=params,
            headers={**headers, "Authorization": f"Bearer {token}"},
            timeout=TIMEOUT,
            allow_redirects=False,
            **options,
        )

    @property
    def session(self) -> requests.Session:
        """The connection, whose TLS is verified. Carries no token of its own."""
        if self._session is None:
            self._session = requests.Session()
            self._session.verify = self.settings.ca_file or True
            # The environment is read once: the library would look for a proxy there, and in .netrc, at each request.
            self._session.trust_env, self._session.proxies = False, get_environ_proxies(self.settings.graph_root)
            self._session.headers["User-Agent"] = f"NONISV|transhume|{self._context.user_agent}"
        return self._session

    def _get(self, path: str, params: Params | None, prefer: Sequence[str]) -> requests.Response:
        with self._through(1):
            answer = self.send("GET", self.url(path), headers=self._headers(prefer), params=params)
        self._heed(answer.headers)
        if answer.status_code >= 300:
            raise from_response(answer.status_code, answer.headers, answer.content)
        return answer

    def _headers(self, prefer: Sequence[str]) -> dict[str, str]:
        words = [*([_IMMUTABLE] if self.service in _HAVE_IMMUTABLE else []), *prefer]
        return {"Prefer": ", ".join(words)} if words else {}

    def _through(self, places: int) -> AbstractContextManager[None]:
        return self._gate.through(places) if self._gate is not None else nullcontext()

    def _heed(self, headers: Mapping[str, str]) -> None:
        """SharePoint tells what is left of the minute when it is little: what comes next waits for the next one."""
        self.date = headers.get("Date", self.date)
        left, reset = seconds(headers.get("RateLimit-Remaining")), seconds(headers.get("RateLimit-Reset"))
        if left is not None and reset is not None and left < 1:
            self._context.pace.sleep(min(reset, LONGEST))

    def batch(self, parts: Mapping[str, Part], *, cost: float = 1.0) -> dict[str, Any]:
        """Up to twenty GETs at once: for each key a JSON value, bytes, or a ConnectorError. None is left out.

        A part that was throttled or failed is not asked for again here. ``cost`` is that of one part. Raises
        ConnectorError when the batch as a whole has no answer.
        """
        if len(parts) > BATCH:
            raise ValueError(f"a batch has {BATCH} parts at most")
        root = f"{self.settings.graph_root}/{VERSION}"
        body = {"requests": [self._part(key, part, root) for key, part in parts.items()]}
        answers = self.attempt(lambda: self._batch(body), cost * len(parts))
        missing = {key: Retriable("Graph left a part of a batch unanswered.") for key in parts}
        return {**missing, **{key: answer for key, answer in answers.items() if key in parts}}

    def _part(self, key: str, part: Part, root: str) -> Json:
        query = requests.Request("GET", self.url(part.path), params=dict(part.params)).prepare().url or ""
        headers = self._headers(part.prefer)
        return {
            "id": key,
            "method": "GET",
            "url": query.removeprefix(root),
            **({"headers": headers} if headers else {}),
        }

    def _batch(self, body: Json) -> dict[str, Any]:
        with self._through(PLACES):
            answer = self.send("POST", self.url("/$batch"), headers={}, json=body)
        if answer.status_code >= 300:
            raise from_response(answer.status_code, answer.headers, answer.content)
        responses = _object(answer.content).get("responses")
        if not isinstance(responses, list):
            raise not_the_api()
        return {str(one.get("id")): _answer(one) for one in responses}

    def attempt(self, once: Callable[[], T], cost: float) -> T:
        """Do it within the quota, again while that may help. Raises the last error."""
        refusals = failures = 0
        while True:
            self._context.pace.spend({self.bucket: cost})
            try:
                return _ours(once)
            except Throttled as error:
                refusals += 1
                if refusals > REFUSALS:
                    raise
                self.refused(error)
            except Retriable as error:
                failures += 1
                if failures > FAILURES or isinstance(error, Unreachable):
                    raise
                self._context.pace.sleep(error.retry_after or _backoff(failures))

    def renew(self) -> None:
        """Get a new token. Raises AuthFailed."""
        self._credentials.token(self.account, renew=True)

    def refused(self, error: Throttled) -> None:
        """Tell the pace of a refusal and wait as long as it says."""
        self._context.pace.sleep(self._context.pace.refused([self.bucket], retry_after=error.retry_after))

    def close(self) -> None:
        """Release the connection. May be called twice."""
        if self._session is not None:
            self._session.close()
            self._session = None


def segment(identifier: str) -> str:
    """An id or a name as one segment of a path; ids are case-sensitive and may hold ``/`` and ``+``."""
    return quote(identifier, safe="=-_!,@")


def claims_of(challenge: str) -> str | None:
    """The claims that a refusal asks for (``WWW-Authenticate: Bearer … claims="…"``), None when it names none.

    https://learn.microsoft.com/entra/identity-platform/claims-challenge
    """
    _, found, rest = challenge.partition('claims="')
    text = rest.partition('"')[0]
    if not found or not text:
        return None
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return text


def _object(content: bytes) -> Json:
    try:
        answer = json.loads(content)
    except ValueError:
        raise not_the_api() from None
    if not isinstance(answer, dict):
        raise not_the_api()
    return answer


def _answer(response: Json) -> Any:
    """One part of a batch: its JSON, its bytes, or its error."""
    status, headers, body = int(response.get("status", 0)), response.get("headers") or {}, response.get("body")
    if status >= 300 or status < 200:
        return from_response(status, headers, body if isinstance(body, Mapping) else b"")
    if not isinstance(body, str):
        return body
    try:
        return base64.b64decode(body.translate(_STANDARD) + "=" * (-len(body) % 4), validate=True)
    except binascii.Error:
        return Rejected("A part of a batch holds something else than what was asked for.")


_STANDARD = str.maketrans("-_", "+/")
"""Bodies that are no JSON come in base64, of either alphabet."""


def _ours(once: Callable[[], T]) -> T:
    """Run it; the library's exceptions end here."""
    try:
        return once()
    except requests.exceptions.RequestException as error:
        raise network(error) from None


def _backoff(failures: int) -> float:
    """Truncated exponential, with jitter so that lanes do not come back together."""
    return min(LONGEST, 2.0 ** (failures - 1)) * random.uniform(0.5, 1.5)  # noqa: S311
