"""What a stand-in was asked: a WSGI middleware that keeps one line a request, without content.

The application behind it may put ``sandbox.account``, ``sandbox.units`` and ``sandbox.operation`` in the environ
before it answers. Query values are never kept: they can carry a search or a title.
"""

from __future__ import annotations

import json
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from migrate.sandbox.clock import Clock

ACCOUNT = "sandbox.account"
UNITS = "sandbox.units"
OPERATION = "sandbox.operation"
READS = frozenset({"GET", "HEAD", "OPTIONS", "PROPFIND", "REPORT"})
KEPT = 200_000
"""Lines kept; the counters go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One request."""

    time: str
    """Sandbox time, RFC 3339."""
    method: str
    path: str
    query: tuple[str, ...]
    """Names of the query parameters, sorted, without values."""
    status: int
    """0 when the connection was cut before a reply."""
    account: str
    operation: str
    """The provider's name of the method (``gmail.users.messages.get``), where the application tells it."""
    units: float


def _path(environ: WSGIEnvironment) -> str:
    return str(environ.get("PATH_INFO", ""))


class RequestLog:
    """The requests one stand-in received, oldest first. Threads may share one."""

    def __init__(self, clock: Clock, path_of: Callable[[WSGIEnvironment], str] = _path) -> None:
        self._clock = clock
        self._path_of = path_of
        self._lock = threading.Lock()
        self._lines: deque[Line] = deque(maxlen=KEPT)
        self._by_method: Counter[str] = Counter()
        self._by_operation: Counter[str] = Counter()
        self._by_status: Counter[int] = Counter()

    @property
    def lines(self) -> list[Line]:
        """A copy of what is kept."""
        with self._lock:
            return list(self._lines)

    @property
    def by_method(self) -> Counter[str]:
        """How many requests by HTTP method."""
        with self._lock:
            return self._by_method.copy()

    @property
    def by_operation(self) -> Counter[str]:
        """How many requests by the provider's own method name."""
        with self._lock:
            return self._by_operation.copy()

    @property
    def by_status(self) -> Counter[int]:
        """How many requests by status, 0 for cut connections."""
        with self._lock:
            return self._by_status.copy()

    def writes(self) -> list[Line]:
        """Requests whose HTTP method may change something; the caller knows which POSTs only read."""
        return [line for line in self.lines if line.method not in READS]

    def clear(self) -> None:
        """Forget lines and counts."""
        with self._lock:
            self._lines.clear()
            for counter in (self._by_method, self._by_operation, self._by_status):
                counter.clear()

    def ndjson(self) -> Iterator[bytes]:
        """The lines as NDJSON."""
        for line in self.lines:
            yield json.dumps(asdict(line)).encode() + b"\n"

    def wrap(self, app: WSGIApplication) -> WSGIApplication:
        """The application with its requests logged."""

        def logged(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            told = False

            def started(status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Callable[[bytes], object]:
                nonlocal told
                if not told:
                    told = True
                    self._record(environ, int(status.split(" ", 1)[0]))
                return start_response(status, headers, *exc_info)

            try:
                return app(environ, started)
            except ConnectionResetError:
                self._record(environ, 0)
                raise

        return logged

    def _record(self, environ: WSGIEnvironment, status: int) -> None:
        names = {name for name, _ in parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)}
        line = Line(
            time=datetime.fromtimestamp(self._clock.now(), UTC).isoformat(timespec="milliseconds"),
            method=environ["REQUEST_METHOD"],
            path=self._path_of(environ),
            query=tuple(sorted(names)),
            status=status,
            account=environ.get(ACCOUNT, ""),
            operation=environ.get(OPERATION, ""),
            units=environ.get(UNITS, 0),
        )
        with self._lock:
            self._lines.append(line)
            self._by_method[line.method] += 1
            self._by_operation[line.operation] += 1
            self._by_status[status] += 1
