"""The few WSGI helpers that the stand-in's own answers need (PEP 3333)."""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import chain
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from migrate.sandbox.nextcloud.dav_errors import DavError, error_document

BLOCK = 1 << 16
XML = "application/xml; charset=utf-8"
HTML = "text/html; charset=UTF-8"
_ESCAPE = re.compile("%[0-9A-F]{2}")


@dataclass(slots=True)
class Reply:
    """An answer before it is sent."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: Iterable[bytes] = ()

    def header(self, name: str) -> str:
        """The value of a header, empty when absent."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), "")

    def drop(self, *names: str) -> None:
        """Remove headers by name."""
        unwanted = {name.lower() for name in names}
        self.headers = [(key, value) for key, value in self.headers if key.lower() not in unwanted]

    def discard_body(self) -> None:
        """Close a delegated body that will not be sent."""
        close = getattr(self.body, "close", None)
        if close:
            close()
        self.body = ()

    def read(self) -> bytes:
        """The whole body, then closed. For small documents only."""
        content = b"".join(self.body)
        self.discard_body()
        return content


class Request:
    """What handlers ask of an environ."""

    def __init__(self, environ: WSGIEnvironment) -> None:
        self.environ = environ
        self.method: str = environ["REQUEST_METHOD"]
        self.path = decode_path(environ.get("PATH_INFO", ""))
        self.user = ""

    def header(self, name: str) -> str:
        """A request header, empty when absent."""
        key = name.upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = "HTTP_" + key
        value: str = self.environ.get(key, "")
        return value

    @property
    def length(self) -> int | None:
        """Content-Length, None when the client sent none."""
        value = self.header("Content-Length")
        return int(value) if value.isdigit() else None

    @property
    def chunked(self) -> bool:
        """Whether the body came with Transfer-Encoding: chunked."""
        return "chunked" in self.header("Transfer-Encoding").lower()

    @property
    def query(self) -> dict[str, str]:
        """Query parameters, the last of each name."""
        return dict(parse_qsl(self.environ.get("QUERY_STRING", ""), keep_blank_values=True))

    @property
    def remote(self) -> str:
        """The client's address."""
        return str(self.environ.get("REMOTE_ADDR", ""))

    def blocks(self) -> Iterator[bytes]:
        """The body, block by block, up to Content-Length."""
        stream, left = self.environ["wsgi.input"], self.length
        while left is None or left > 0:
            if left is None and not self.chunked:
                return
            block = stream.read(BLOCK if left is None else min(BLOCK, left))
            if not block:
                return
            if left is not None:
                left -= len(block)
            yield block

    def body(self) -> bytes:
        """The whole body. For documents, not for files."""
        return b"".join(self.blocks())

    def credentials(self) -> tuple[str, str] | None:
        """User and password of Basic authentication (RFC 7617), None when absent or malformed."""
        scheme, _, token = self.header("Authorization").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            user, _, password = base64.b64decode(token).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return user, password

    def destination(self) -> str:
        """The decoded path of the Destination header (RFC 4918 §10.3)."""
        value = self.header("Destination")
        if not value:
            raise DavError(400, "The destination header was not supplied")
        return unquote(urlsplit(value).path)


Handler = Callable[[Request], Reply]


def decode_path(raw: str) -> str:
    """PATH_INFO as text, in NFC as Nextcloud stores every path; what is not UTF-8 is read as Latin-1, as sabre does."""
    try:
        text = raw.encode("latin-1").decode()
    except UnicodeError:
        text = raw
    return unicodedata.normalize("NFC", text)


def encode_path(path: str) -> str:
    """A path for an href, escaped as sabre/http ``encodePath`` does."""
    return _ESCAPE.sub(lambda match: match[0].lower(), quote(path, safe="/()@:"))


def text_reply(status: int, body: bytes | str, media_type: str, *headers: tuple[str, str]) -> Reply:
    """An answer with a small body."""
    content = body.encode() if isinstance(body, str) else body
    return Reply(status, [("Content-Type", media_type), ("Content-Length", str(len(content))), *headers], [content])


def empty_reply(status: int, *headers: tuple[str, str]) -> Reply:
    """An answer without a body."""
    return Reply(status, [("Content-Type", HTML), ("Content-Length", "0"), *headers])


def error_reply(error: DavError) -> Reply:
    """An error as sabre/dav writes it."""
    return text_reply(error.status, error_document(error), XML, *error.headers)


class _Chained:
    """A delegated body whose first block was taken already; closing it closes the original."""

    def __init__(self, first: bytes, rest: Iterator[bytes], close: Callable[[], None] | None) -> None:
        self._blocks = chain((first,), rest)
        self._close = close

    def __iter__(self) -> Iterator[bytes]:
        return self._blocks

    def close(self) -> None:
        if self._close:
            self._close()


def delegate(app: WSGIApplication, environ: WSGIEnvironment) -> Reply:
    """Call another WSGI application and keep its answer. Headers are complete, the body is still to be read."""
    captured: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], *_exc_info: Any) -> Callable[[bytes], object]:
        captured[:] = [(status, list(headers))]
        return lambda _data: None

    answer = app(environ, start_response)
    blocks = iter(answer)
    first = next(blocks, b"")  # a generator application calls start_response only when its first block is asked for
    status, headers = captured[0]
    return Reply(int(status.split(" ", 1)[0]), headers, _Chained(first, blocks, getattr(answer, "close", None)))


def respond(reply: Reply, start_response: StartResponse) -> Iterable[bytes]:
    """Send an answer."""
    try:
        phrase = HTTPStatus(reply.status).phrase
    except ValueError:
        phrase = "Unknown"
    start_response(f"{reply.status} {phrase}", reply.headers)
    return reply.body
