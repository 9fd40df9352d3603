"""Proof of what the server holds: hashes that it computed itself.

``OC-Checksum`` on a PUT is stored unchecked, so that reading it back proves nothing. ``X-Hash: sha256`` makes the
server answer with the hash of what it received; ``X-Recalculate-Hash`` makes it read the stored file again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import IO, BinaryIO

from connectors.nextcloud.dav import Dav
from migrate.errors import Rejected
from migrate.model import Item

ASK_BELOW = 8 * 1024 * 1024
"""Bytes from which the stored file is hashed by a request of its own: while it receives, the server hashes at 130 MB/s,
afterwards at 220 (measured on 32.0.1)."""


def ask(size: int) -> dict[str, str]:
    """The header by which the server tells the hash of what it receives, where that is the cheaper way."""
    return {"X-Hash": "sha256"} if size < ASK_BELOW else {}


def sha256_of(item: Item) -> str:
    """``sha256:<hex>`` of an item's body."""
    if isinstance(item.body, bytes):
        return "sha256:" + hashlib.sha256(item.body).hexdigest()
    with item.body.open("rb") as stream:
        return "sha256:" + hashlib.file_digest(stream, "sha256").hexdigest()


def received(headers: Mapping[str, str]) -> str:
    """``sha256:<hex>`` of what the server received, ``""`` when it did not say."""
    value = headers.get("X-Hash-SHA256", "").strip().lower()
    return f"sha256:{value}" if value else ""


def recalculated(dav: Dav, path: str) -> str:
    """``sha256:<hex>`` of the stored file, read again by the server; ``""`` when it cannot. Raises NotFound."""
    try:
        response = dav.send("PATCH", dav.url(path), headers={"X-Recalculate-Hash": "sha256"}, allow={405, 501})
    except Rejected:
        return ""
    algorithm, _, value = response.headers.get("OC-Checksum", "").partition(":")
    return f"sha256:{value.lower()}" if response.status_code < 300 and algorithm.upper() == "SHA256" else ""


class Slice:
    """Some bytes of an open file as a request body of known length: never sent chunked."""

    def __init__(self, stream: IO[bytes] | BinaryIO, start: int, length: int) -> None:
        self._stream = stream
        self._left = self._length = length
        stream.seek(start)

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Slice:
        return self

    def __next__(self) -> bytes:
        block = self.read(1 << 16)
        if not block:
            raise StopIteration
        return block

    def read(self, size: int = -1) -> bytes:
        """The next bytes, at most ``size``."""
        block = self._stream.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(block)
        return block
