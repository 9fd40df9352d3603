"""Faults to order, for any stand-in: a WSGI middleware that spoils the requests its rules name.

Rules are tried in order and the first that fires decides. A rule names requests by method and path (and query
when it must), lets ``skip`` of them pass, then spoils ``times`` of them, each with ``probability``.
"""

from __future__ import annotations

import errno
import random
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, fields
from http import HTTPStatus
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from migrate.sandbox.clock import Clock

KINDS = ("status", "cut-before", "cut-during", "cut-after", "slow", "expire-cursors")
EXPIRE = "sandbox.expire_cursors"
"""Set in the environ by ``expire-cursors``: the application then treats every cursor it meets as too old."""

ErrorBody = Callable[[WSGIEnvironment, int, str], tuple[str, bytes]]
"""Given the request, a status and a reason word: the media type and body of an error as that server writes it."""


class ConnectionCut(ConnectionResetError):
    """The connection ends here. Servers close it without a word, as cheroot does for any reset connection."""

    def __init__(self) -> None:
        super().__init__(errno.ECONNRESET, "cut by order")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One fault. ``kind`` is one of :data:`KINDS`:

    ``status`` answers ``status`` without doing the work; ``cut-before`` closes the connection without doing it;
    ``cut-after`` does the work and loses the reply; ``cut-during`` sends half the body; ``slow`` waits ``seconds``
    of sandbox time first; ``expire-cursors`` makes page, sync and history cursors too old.
    """

    kind: str
    path: str = ""
    """A regular expression searched in the decoded path."""
    method: str = ""
    """One method, or several joined by ``|``; empty for any."""
    query: str = ""
    """A regular expression searched in the raw query string."""
    status: int = 503
    reason: str = ""
    """The provider's word for it (Google: ``rateLimitExceeded``)."""
    retry_after: float | None = None
    """Seconds for a Retry-After header; none is sent when None."""
    seconds: float = 1.0
    times: int | None = 1
    """How many requests to spoil; None for all."""
    skip: int = 0
    probability: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown kind of fault {self.kind!r}; one of {', '.join(KINDS)}")
        try:
            re.compile(self.path)
            re.compile(self.query)
        except re.error as error:
            raise ValueError(f"a fault's path and query are regular expressions: {error}") from error

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Rule:
        """A rule from its JSON form, same names. Raises ValueError when a name or a value is unknown."""
        unknown = set(value) - {field.name for field in fields(cls)}
        if unknown or "kind" not in value:
            raise ValueError(f"a fault has kind and takes no {', '.join(sorted(unknown)) or 'less'}")
        return cls(**value)

    def names(self, environ: WSGIEnvironment) -> bool:
        """Whether this rule speaks of that request."""
        return (
            (not self.method or environ["REQUEST_METHOD"] in self.method.split("|"))
            and re.search(self.path, environ.get("PATH_INFO", "")) is not None
            and re.search(self.query, environ.get("QUERY_STRING", "")) is not None
        )


@dataclass(slots=True)
class _Armed:
    """A rule with what it has seen so far."""

    rule: Rule
    seen: int = 0
    fired: int = 0
    random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.random = random.Random(self.rule.seed)

    def fires(self, environ: WSGIEnvironment) -> bool:
        rule = self.rule
        if (rule.times is not None and self.fired >= rule.times) or not rule.names(environ):
            return False
        self.seen += 1
        if self.seen <= rule.skip or self.random.random() >= rule.probability:
            return False
        self.fired += 1
        return True


def _plain(_environ: WSGIEnvironment, status: int, reason: str) -> tuple[str, bytes]:
    return "text/plain; charset=utf-8", f"{status} {reason or HTTPStatus(status).phrase}\n".encode()


class Faults:
    """The rules of one stand-in. ``wrap`` makes the middleware; rules may change while it serves."""

    def __init__(self, clock: Clock, error_body: ErrorBody = _plain) -> None:
        self._clock = clock
        self._error_body = error_body
        self._lock = threading.Lock()
        self._armed: list[_Armed] = []

    def set(self, rules: Iterable[Rule]) -> None:
        """Replace all rules; their counts start again."""
        armed = [_Armed(rule) for rule in rules]
        with self._lock:
            self._armed = armed

    def add(self, rule: Rule) -> None:
        """Append one rule."""
        with self._lock:
            self._armed.append(_Armed(rule))

    def clear(self) -> None:
        """Forget every rule."""
        self.set(())

    @property
    def fired(self) -> int:
        """How many requests the present rules have spoilt."""
        with self._lock:
            return sum(armed.fired for armed in self._armed)

    def wrap(self, app: WSGIApplication) -> WSGIApplication:
        """The application behind these faults."""

        def faulty(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            rule = self._first(environ)
            if rule is None:
                return app(environ, start_response)
            return self._spoil(rule, app, environ, start_response)

        return faulty

    def _first(self, environ: WSGIEnvironment) -> Rule | None:
        with self._lock:
            return next((armed.rule for armed in self._armed if armed.fires(environ)), None)

    def _spoil(
        self, rule: Rule, app: WSGIApplication, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        match rule.kind:
            case "status":
                return self._refuse(rule, environ, start_response)
            case "cut-before":
                raise ConnectionCut
            case "cut-after":
                _run(app, environ)
                raise ConnectionCut
            case "cut-during":
                return _half(app, environ, start_response)
            case "slow":
                self._clock.sleep(rule.seconds)
            case "expire-cursors":
                environ[EXPIRE] = True
        return app(environ, start_response)

    def _refuse(self, rule: Rule, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        media_type, body = self._error_body(environ, rule.status, rule.reason)
        headers = [("Content-Type", media_type), ("Content-Length", str(len(body)))]
        if rule.retry_after is not None:
            headers.append(("Retry-After", f"{rule.retry_after:g}"))
        _drain(environ)
        start_response(f"{rule.status} {_phrase(rule.status)}", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in {int(known) for known in HTTPStatus} else "Unknown"


def _drain(environ: WSGIEnvironment) -> None:
    """Read the request's body, so that the connection can carry another request."""
    remaining = int(environ.get("CONTENT_LENGTH") or 0)
    while remaining > 0:
        chunk = environ["wsgi.input"].read(min(remaining, 1 << 16))
        if not chunk:
            return
        remaining -= len(chunk)


def _close(body: Iterable[bytes]) -> None:
    close = getattr(body, "close", None)
    if close is not None:
        close()


def _run(app: WSGIApplication, environ: WSGIEnvironment) -> None:
    """Let the application do its work to the end, and throw its reply away."""

    def ignore(*_args: object) -> Callable[[bytes], object]:
        return lambda _data: None

    body = app(environ, ignore)
    try:
        for _ in body:
            pass
    finally:
        _close(body)


def _half(app: WSGIApplication, environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
    """The reply's headers and the first half of its body, then nothing."""
    body = app(environ, start_response)
    try:
        whole = b"".join(body)
    finally:
        _close(body)
    yield whole[: len(whole) // 2]
    raise ConnectionCut
