"""One account's connection to one Google API: paced, retried, and in our own errors."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar
from urllib.parse import urlsplit

import google_auth_httplib2
import httplib2
from googleapiclient.discovery import build
from googleapiclient.errors import BatchError, HttpError
from googleapiclient.http import BatchHttpRequest, HttpRequest

from connectors.google.auth import Credentials, is_google
from connectors.google.endpoints import MAIL, Endpoint
from connectors.google.errors import NETWORK_ERRORS, from_response, not_the_api, translate
from connectors.google.settings import Settings
from migrate.errors import AuthFailed, ConnectorError, Rejected, Retriable, Scope, Throttled, Unreachable
from migrate.protocols import Context

T = TypeVar("T")

REFUSALS = 8
"""Times a throttled request is sent again before its error is reported."""
FAILURES = 5
"""Times a failed one is."""
TIMEOUT = 120
"""Seconds without a byte."""
LONGEST = 64.0
"""Seconds of the longest pause of our own choice."""


class Api:
    """An API of one account, used by one thread. Makes no request before it is asked to."""

    def __init__(
        self, endpoint: Endpoint, account: str, settings: Settings, credentials: Credentials, context: Context
    ) -> None:
        self.endpoint, self.account, self.settings = endpoint, account, settings
        self._credentials, self._context = credentials, context
        self._http: Any = None
        self.buckets = (f"google/{endpoint.name}/user/{account}", f"google/{endpoint.name}/project")
        self._declare_limits()

    def _declare_limits(self) -> None:
        """A minute of Google's never sees more than the quota: what may come at once is taken off the rate."""
        quota = self.settings.quota_of(self.endpoint)
        burst = max(quota.user / 60, 1.0)
        if self.endpoint is MAIL:
            burst = float(self.settings.message_batch * self.settings.message_cost)
        pace = self._context.pace
        pace.limit(self.buckets[0], per_minute=max(quota.user - burst, quota.user / 2), burst=burst)
        pace.limit(self.buckets[1], per_minute=quota.project)

    @property
    def http(self) -> Any:
        """The authorised connection. Raises AuthFailed, ConfigError."""
        if self._http is None:
            http = httplib2.Http(timeout=TIMEOUT, ca_certs=self.settings.ca_file or None)
            credentials = self._credentials.of(self.account, self.endpoint.scope)
            self._http = google_auth_httplib2.AuthorizedHttp(credentials, http=http)
        return self._http

    def at(self, *names: str) -> Any:
        """A resource of the API (``users``, ``messages``), whose methods make requests to ``call``."""
        endpoint = self.endpoint
        with _BUILDING:
            return _resource(endpoint.name, endpoint.version, self.settings.root_of(endpoint) + endpoint.path, names)

    def _own(self, request: HttpRequest) -> HttpRequest:
        """The request, to be sent over this connection and under our name."""
        # Credentials stay out of the library's sight: it would refresh them over a connection of its own.
        request.http = _Sender(self.http.request)
        request.headers["user-agent"] = f"{self._context.user_agent} (gzip)"
        return request

    def call(self, make: Callable[[], HttpRequest], units: float) -> dict[str, Any]:
        """The answer to a request, made anew for each try. Raises ConnectorError."""

        def once() -> dict[str, Any]:
            answer = self._own(make()).execute()
            if not isinstance(answer, dict):
                raise not_the_api()
            return answer

        return self.attempt(once, units)

    def pages(self, make: Callable[[str | None], HttpRequest], units: float) -> Iterator[dict[str, Any]]:
        """Every page of a listing, or the error that cut it short."""
        token: str | None = None
        while True:
            page = self.call(lambda token=token: make(token), units)  # type: ignore[misc]
            yield page
            before, token = token, page.get("nextPageToken")
            if not token:
                return
            if token == before:
                raise Rejected("The listing does not end: the host ignores page tokens.", scope=Scope.ACCOUNT)

    def fetch(self, url: str, units: float, headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
        """Status and body of a GET; the token goes to Google or to the configured root only."""
        if not (is_google(url) or self._is_own(url)):
            raise Rejected("Google named a download address that is not its own.")
        sent = {"user-agent": self._context.user_agent, **(headers or {})}

        def once() -> tuple[int, bytes]:
            response, content = self.http.request(url, headers=dict(sent))
            if response.status >= 300:
                raise from_response(response.status, response, content)
            return int(response.status), bytes(content)

        return self.attempt(once, units)

    def _is_own(self, url: str) -> bool:
        own, other = urlsplit(self.settings.root_of(self.endpoint)), urlsplit(url)
        return (own.scheme, own.netloc) == (other.scheme, other.netloc)

    def batch(self, requests: Mapping[str, HttpRequest], units: float) -> dict[str, dict[str, Any] | ConnectorError]:
        """One try of several requests at once: an answer or an error for each one that was answered at all."""
        answers = self.attempt(lambda: self._batch(requests), units)
        if any(isinstance(answer, AuthFailed) for answer in answers.values()):
            # The token was withdrawn or ended on the way: the parts carry it, and only a new one tells.
            self._renew()
            answers = self.attempt(lambda: self._batch(requests), units)
        return answers

    def _batch(self, requests: Mapping[str, HttpRequest]) -> dict[str, dict[str, Any] | ConnectorError]:
        answers: dict[str, dict[str, Any] | ConnectorError] = {}

        def note(key: str, answer: dict[str, Any], error: HttpError | None) -> None:
            answers[key] = translate(error) if error is not None else answer

        if not self.http.credentials.valid:
            self._renew()
        parts = BatchHttpRequest(callback=note, batch_uri=f"{self.settings.root_of(self.endpoint)}/batch")
        for key, request in requests.items():
            self.http.credentials.apply(self._own(request).headers)
            parts.add(request, request_id=key)
        try:
            parts.execute()
        except BatchError as error:
            raise Rejected("The host does not answer batches.") from error
        except KeyError as error:
            raise Retriable("Google left parts of a batch unanswered.") from error
        return answers

    def _renew(self) -> None:
        self.http.credentials.refresh(google_auth_httplib2.Request(self.http.http))

    def attempt(self, once: Callable[[], T], units: float) -> T:
        """Do it within the quota, again while that may help. Raises the last error."""
        refusals = failures = 0
        while True:
            self._context.pace.spend(dict.fromkeys(self.buckets, units))
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

    def refused(self, error: Throttled) -> None:
        """Tell the pace of a refusal and wait as long as it says."""
        self._context.pace.sleep(self._context.pace.refused(self.buckets[:1], retry_after=error.retry_after))

    def close(self) -> None:
        """Release the connection. May be called twice."""
        if self._http is not None:
            self._http.close()
            self._http = None


@dataclass(frozen=True, slots=True)
class _Sender:
    """A connection whose credentials the library does not see: it would refresh them over one of its own."""

    request: Callable[..., Any]


_BUILDING = threading.Lock()


@cache
def _resource(name: str, version: str, root: str, path: tuple[str, ...]) -> Any:
    """Resources hold no connection and no account; the library takes 60 ms to make one, so that all lanes share it.

    Built from the discovery document inside the client library: no request is made.
    """
    if path:
        return getattr(_resource(name, version, root, path[:-1]), path[-1])()
    options = {"api_endpoint": root}
    nowhere = _Sender(_not_here)
    return build(name, version, http=nowhere, static_discovery=True, cache_discovery=False, client_options=options)


def _not_here(*_: Any, **__: Any) -> Any:
    raise RuntimeError("a request is sent over an account's own connection")


def _ours(once: Callable[[], T]) -> T:
    """Run it; the libraries' exceptions end here."""
    try:
        return once()
    except HttpError as error:
        raise translate(error) from None
    except NETWORK_ERRORS as error:
        raise translate(error) from error
    except ValueError as error:
        raise not_the_api() from error


def _backoff(failures: int) -> float:
    """Truncated exponential, with jitter so that lanes do not come back together."""
    return min(LONGEST, 2.0 ** (failures - 1)) * random.uniform(0.5, 1.5)  # noqa: S311
