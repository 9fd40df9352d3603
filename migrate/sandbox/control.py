"""The sandbox's own door on a stand-in, ``/_sandbox/``: order faults, hurry the clock, read the log.

``PUT faults`` (a JSON list of rules, see :class:`~migrate.sandbox.faults.Rule`), ``POST clock``
(``{"speed": 60}`` or ``{"advance": 3600}``), ``GET log`` (NDJSON), ``DELETE log``, ``GET defects`` (JSON), and
what the stand-in adds (Nextcloud: ``GET outbox``).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from migrate.sandbox.clock import Clock
from migrate.sandbox.faults import Faults, Rule
from migrate.sandbox.requestlog import RequestLog

PREFIX = "/_sandbox/"


class Control:
    """Answers below ``/_sandbox/`` and passes everything else on. Not logged, never faulted."""

    def __init__(
        self,
        *,
        log: RequestLog,
        faults: Faults,
        clock: Clock,
        defects: Sequence[str] = (),
        views: Mapping[str, Callable[[], Any]] | None = None,
    ) -> None:
        """``views`` are answered as JSON to ``GET <name>``."""
        self._log = log
        self._faults = faults
        self._clock = clock
        self._defects = defects
        self._verbs: dict[tuple[str, str], Callable[[Any], Iterable[bytes]]] = {
            ("PUT", "faults"): self._set_faults,
            ("POST", "clock"): self._set_clock,
            ("GET", "log"): lambda _: self._log.ndjson(),
            ("DELETE", "log"): lambda _: self._clear_log(),
            ("GET", "defects"): lambda _: [json.dumps(list(self._defects)).encode()],
        }
        for name, view in (views or {}).items():
            self._verbs["GET", name] = lambda _, view=view: [json.dumps(view()).encode()]  # type: ignore[misc]

    def wrap(self, app: WSGIApplication) -> WSGIApplication:
        """The application with the sandbox's door beside it."""

        def controlled(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            path = environ.get("PATH_INFO", "")
            if not path.startswith(PREFIX):
                return app(environ, start_response)
            return self._answer(environ, path.removeprefix(PREFIX), start_response)

        return controlled

    def _answer(self, environ: WSGIEnvironment, name: str, start_response: StartResponse) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        verb = self._verbs.get((environ["REQUEST_METHOD"], name))
        if verb is None:
            return _reply(start_response, "404 Not Found", b"no such control\n")
        try:
            content = b"".join(verb(json.loads(body) if body else None))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            return _reply(start_response, "400 Bad Request", f"{error}\n".encode())
        return _reply(start_response, "200 OK", content)

    def _set_faults(self, rules: Any) -> Iterable[bytes]:
        self._faults.set([Rule.from_json(rule) for rule in rules or []])
        return []

    def _set_clock(self, order: Any) -> Iterable[bytes]:
        if "advance" in order:
            self._clock.advance(float(order["advance"]))
        if "speed" in order:
            self._clock.speed = float(order["speed"])
        return [json.dumps({"speed": self._clock.speed, "now": self._clock.now()}).encode()]

    def _clear_log(self) -> Iterable[bytes]:
        self._log.clear()
        return []


def _reply(start_response: StartResponse, status: str, body: bytes) -> Iterable[bytes]:
    start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
