"""Requests inside a request: a batch sends each of its parts through the application it came to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from wsgiref.types import WSGIApplication, WSGIEnvironment

from migrate.sandbox.replies import Reply


def run(app: WSGIApplication, environ: WSGIEnvironment) -> Reply:
    """The application's answer to an environ made for it, read to the end."""
    seen: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], *_exc: Any) -> Callable[[bytes], object]:
        seen.append((status, headers))
        return lambda _data: None

    body = b"".join(_closing(app, environ, start_response))
    status, headers = seen[-1]
    named = dict(headers)
    others = tuple((name, value) for name, value in headers if name not in ("Content-Type", "Content-Length"))
    return Reply(int(status.split(" ", 1)[0]), body, named.get("Content-Type", ""), others)


def _closing(app: WSGIApplication, environ: WSGIEnvironment, start_response: Any) -> Iterator[bytes]:
    body = app(environ, start_response)
    try:
        yield from body
    finally:
        close = getattr(body, "close", None)
        if close is not None:
            close()
