"""``POST /remote.php/dav/bulk``: many small files in one multipart/related request.

After ``apps/dav/lib/BulkUpload/{BulkUploadPlugin,MultipartRequestParser}.php``: each part carries Content-Length,
X-File-Path and a hash that *is* verified; a part whose folder is missing is told as an error inside a 200; a part
that cannot be parsed or whose hash is wrong ends the request with 400 and what was written so far.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any, Protocol

from migrate.sandbox.nextcloud.dav_errors import DavError
from migrate.sandbox.nextcloud.files import Place, sanitize_time
from migrate.sandbox.nextcloud.home_provider import HomeProvider
from migrate.sandbox.nextcloud.names import refusal, split_path
from migrate.sandbox.nextcloud.spool import Spool
from migrate.sandbox.nextcloud.wsgi import Reply, Request, text_reply

Part = tuple[dict[str, str], bytes]


class _Stream(Protocol):
    def read(self, size: int) -> bytes: ...

    def readline(self) -> bytes: ...


def bulk_upload(request: Request, home: HomeProvider, spool: Spool) -> Reply:
    """Store the parts of a request."""
    boundary = _boundary(request.header("Content-Type"))
    written: dict[str, Any] = {}
    if (request.length or 0) < len(boundary) + 4:
        raise DavError(500, "Unknown error while seeking content", exception="Sabre\\DAV\\Exception")
    stream = _Body(request)
    try:
        for headers, content in _parts(stream, boundary):
            written[headers["x-file-path"]] = _store(headers, content, home, spool)
        status = 200
    except ValueError:
        status = 400
    stream.drain()
    body = json.dumps(written, separators=(",", ":")).replace("/", "\\/") if written else "[]"
    return text_reply(status, body, "text/html; charset=UTF-8")


class _Body:
    """The request's body as a stream that never reads past Content-Length."""

    def __init__(self, request: Request) -> None:
        self._blocks = request.blocks()
        self._held = b""

    def read(self, size: int) -> bytes:
        """Up to ``size`` bytes, fewer at the end."""
        while len(self._held) < size and (block := next(self._blocks, b"")):
            self._held += block
        taken, self._held = self._held[:size], self._held[size:]
        return taken

    def readline(self) -> bytes:
        """Up to and with the next line feed."""
        while b"\n" not in self._held and (block := next(self._blocks, b"")):
            self._held += block
        line, feed, rest = self._held.partition(b"\n")
        self._held = rest
        return line + feed

    def drain(self) -> None:
        """Read what is left, so that the connection can be used again."""
        self._held = b""
        for _ in self._blocks:
            pass


def _boundary(content_type: str) -> bytes:
    media_type, _, parameter = content_type.partition(";")
    key, _, value = parameter.partition("=")
    if not parameter or not value:
        raise DavError(400, "Error while parsing boundary in Content-Type header.")
    if media_type.strip() != "multipart/related":
        raise DavError(400, "Content-Type must be multipart/related")
    if key.strip() != "boundary":
        raise DavError(400, "Boundary is invalid")
    return b"--" + value.split(";")[0].strip().strip('"').encode()


def _parts(stream: _Stream, boundary: bytes) -> Iterator[Part]:
    while (line := stream.readline()) != boundary + b"--\r\n":
        if line != boundary + b"\r\n":
            raise ValueError("Boundary not found where it should be.")
        headers = _headers(stream)
        length = int(headers["content-length"])
        content = stream.read(length)
        if len(content) != length:
            raise ValueError("Unexpected EOF while reading stream.")
        _verify(headers, content)
        stream.read(2)
        yield headers, content


def _headers(stream: _Stream) -> dict[str, str]:
    headers: dict[str, str] = {}
    while (line := stream.readline()) != b"\r\n":
        name, colon, value = line.decode().partition(":")
        if not colon:
            raise ValueError("An error occurred while reading headers of a part")
        headers[name.strip().lower()] = value.strip()
    if "content-length" not in headers:
        raise ValueError("The Content-Length header must not be null.")
    if "x-file-md5" not in headers and "oc-checksum" not in headers:
        raise ValueError("The hash headers must not be null.")
    return headers


def _verify(headers: dict[str, str], content: bytes) -> None:
    algorithm, _, expected = headers.get("oc-checksum", f"md5:{headers.get('x-file-md5', '')}").partition(":")
    if hashlib.new(algorithm.lower(), content, usedforsecurity=False).hexdigest() != expected:
        raise ValueError(f"Computed {algorithm} hash is incorrect.")


def _is_folder(place: Place) -> bool:
    node = place.node
    return node is not None and node.folder


def _store(headers: dict[str, str], content: bytes, home: HomeProvider, spool: Spool) -> dict[str, Any]:
    try:
        place = Place(home, split_path(headers["x-file-path"]), "")
        mtime = headers.get("x-file-mtime", headers.get("x-oc-mtime", ""))
        seconds = sanitize_time(mtime) if mtime else home.now()
        parent = home.tree.find(place.parts[:-1])
        if place.parts and (place.parts[-1].endswith(".part") or _is_folder(place)):
            raise DavError(500, "Call to a member function getETag() on null", exception="Error")
        if not place.parts or parent is None or not parent.folder or refusal(place.parts[-1]):
            return {"error": True, "message": "Could not create path"}
        if 0 <= home.free < len(content):
            return {"error": True, "message": "Not enough free space"}
    except DavError as error:
        if error.exception == "Error":
            raise  # a PHP Error is no Exception: the whole request ends
        return {"error": True, "message": error.message}
    node, _ = home.tree.store(parent, place.parts[-1], spool.receive([content]).path, home.now())
    home.tree.set_mtime(node, seconds)
    return {"error": False, "etag": node.etag, "fileid": node.dav_id, "permissions": node.permissions}
