"""Contents of Drive files: in pieces that can be asked for again, checked, and exports of any size."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from connectors.google.http import Api
from connectors.google.spool import IN_MEMORY, keep, spooled
from migrate.errors import Rejected

PIECE = 8 << 20
"""Bytes asked for at once (RFC 9110 §14.2): after a cut, only the piece is asked for again."""
CONTENT_UNITS = 200
"""Of a download or an export; the price list does not say less."""
GET_UNITS = 5
TRIES = 2
"""Downloads of a file whose checksum is wrong, before it is given up."""


class Download:
    """Fetches contents through one account's connection."""

    def __init__(self, api: Api, spool: Path) -> None:
        self._api, self._spool = api, spool

    def content(self, identifier: str, size: int, md5: str) -> bytes | Path:
        """A file's bytes, whose MD5 is Drive's. Raises Rejected when they are not, twice."""
        for _ in range(TRIES):
            digest = hashlib.md5(usedforsecurity=False)
            body = self._whole(identifier, size, digest)
            if not md5 or digest.hexdigest() == md5:
                return body
            if isinstance(body, Path):
                body.unlink(missing_ok=True)
        raise Rejected("What Drive delivers does not have the checksum that Drive tells.")

    def _whole(self, identifier: str, size: int, digest: hashlib._Hash) -> bytes | Path:
        pieces = self._pieces(identifier, size)
        if size <= IN_MEMORY:
            body = b"".join(pieces)
            digest.update(body)
            return keep(self._spool, body)
        with spooled(self._spool) as (stream, path):
            for piece in pieces:
                digest.update(piece)
                stream.write(piece)
        return path

    def _pieces(self, identifier: str, size: int) -> Iterator[bytes]:
        """The content in order. A server that ignores ranges sends everything at once."""
        url = self._media(identifier)
        if size <= PIECE:
            yield self._api.fetch(url, CONTENT_UNITS)[1]
            return
        for start in range(0, size, PIECE):
            end = min(start + PIECE, size) - 1
            status, piece = self._api.fetch(url, CONTENT_UNITS, {"range": f"bytes={start}-{end}"})
            yield piece
            if status != 206:
                return

    def _media(self, identifier: str) -> str:
        return str(self._api.at("files").get_media(fileId=identifier).uri)

    def export(self, identifier: str, media_type: str) -> bytes | Path:
        """A native document in that form: by export, above its limit of 10 MB by its export link."""
        request = self._api.at("files").export_media(fileId=identifier, mimeType=media_type)
        try:
            return keep(self._spool, self._api.fetch(str(request.uri), CONTENT_UNITS)[1])
        except Rejected as error:
            if "exportSizeLimitExceeded" not in error.message:
                raise
        return keep(self._spool, self._by_link(identifier, media_type))

    def _by_link(self, identifier: str, media_type: str) -> bytes:
        """Raises Rejected when there is no link of that form, or a page comes instead of the document."""
        make = self._api.at("files").get
        file = self._api.call(lambda: make(fileId=identifier, fields="exportLinks"), GET_UNITS)
        link = (file.get("exportLinks") or {}).get(media_type)
        if not link:
            raise Rejected("This document is too large to be exported, and has no export link.")
        body = self._api.fetch(link, CONTENT_UNITS)[1]
        if body.lstrip()[:15].lower().startswith((b"<!doctype html", b"<html")):
            raise Rejected("Google sent a page instead of the exported document.")
        return body
