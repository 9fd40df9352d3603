"""Contents of files: from an address that lives for minutes, in pieces that can be asked for again, checked.

The address is a secret that opens the file to anyone: it is used at once, and neither kept, told nor logged.
https://learn.microsoft.com/graph/api/driveitem-get-content
"""

from __future__ import annotations

import base64
import hashlib
import io
import logging
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol
from urllib.parse import urlsplit

import requests

from connectors.microsoft.errors import from_response, network
from connectors.microsoft.http import FAILURES, PIECE, TIMEOUT, Api
from connectors.microsoft.quickxor import QuickXor
from connectors.microsoft.settings import is_loopback
from connectors.microsoft.spool import IN_MEMORY, spooled
from migrate.errors import AuthFailed, ConnectorError, NotFound, Rejected, Retriable, Throttled

# It writes every path that it asks for when messages for developers are on.
logging.getLogger("urllib3.connectionpool").setLevel(logging.CRITICAL)

TRIES = 2
"""Downloads of a file whose checksum is wrong, before it is given up."""


class Hash(Protocol):
    """What checks a stream."""

    def update(self, data: bytes, /) -> None:
        """Take more of it."""


@dataclass(slots=True)
class _Stream:
    """A download under way: what was received so far."""

    sink: BinaryIO
    hashes: Mapping[str, Any]
    received: int = 0

    def take(self, piece: bytes) -> None:
        self.sink.write(piece)
        self.received += len(piece)
        for one in self.hashes.values():
            one.update(piece)


class Download:
    """Fetches contents through one account's connection."""

    def __init__(self, api: Api, spool: Path) -> None:
        self._api, self._spool = api, spool
        self._session: requests.Session | None = None

    def content(self, path: str, size: int, hashes: Mapping[str, str], *, rewritten: bool) -> bytes | Path:
        """The bytes at ``…/content``, of that size and with those hashes.

        ``rewritten``: the listed ones may be of before SharePoint rewrote the file; then two downloads that agree are
        right. Raises Rejected when they are not, twice.
        """
        before: tuple[int, str] | None = None
        for _ in range(TRIES):
            body, length, found = self._whole(path, size)
            told = {name: value for name, value in hashes.items() if name in found}
            if length == size and all(_same(name, found[name], value) for name, value in told.items()):
                return body
            if rewritten and before == (length, found["sha256Hash"]):
                return body
            before = length, found["sha256Hash"]
            if isinstance(body, Path):
                body.unlink(missing_ok=True)
        raise Rejected("What Microsoft delivers does not have the size or the checksum that it tells.")

    def _whole(self, path: str, size: int) -> tuple[bytes | Path, int, Mapping[str, str]]:
        hashes = {"quickXorHash": QuickXor(), "sha256Hash": hashlib.sha256(), "sha1Hash": _sha1(), "crc32Hash": _Crc()}
        with self._sink(size) as (sink, file):
            stream = _Stream(sink, hashes)
            self._receive(path, stream)
            body: bytes | Path = sink.getvalue() if isinstance(sink, io.BytesIO) else file
        return body, stream.received, {name: _written(one) for name, one in hashes.items()}

    @contextmanager
    def _sink(self, size: int) -> Iterator[tuple[BinaryIO, Path]]:
        if size <= IN_MEMORY:
            yield io.BytesIO(), self._spool
        else:
            with spooled(self._spool) as (stream, file):
                yield stream, file

    def _receive(self, path: str, stream: _Stream) -> None:
        """All of it; after a cut or an address that ended, from where it was, at a new address."""
        failures = 0
        while True:
            before = stream.received
            try:
                self._go_on(self._address(path), stream)
                return
            except ConnectorError as error:
                failures = failures + 1 if stream.received == before else 1
                if failures > FAILURES or not isinstance(error, Retriable):
                    raise
                if isinstance(error, Throttled):
                    self._api.refused(error)

    def _address(self, path: str) -> str:
        try:
            address = self._api.redirect(path)
        except AuthFailed as error:  # what is known of the file could be read: the refusal is of its content
            raise Rejected(f"Microsoft does not hand out the content of this file. {error.message}") from error
        parts = urlsplit(address)
        if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
            raise Rejected("The file's address is not protected by TLS.")
        return address

    def _go_on(self, address: str, stream: _Stream) -> None:
        """One request, without a token: the address itself is the permission."""
        headers = {"Range": f"bytes={stream.received}-"} if stream.received else {}
        try:
            verify = self._api.settings.ca_file or True
            with self._plain().get(address, headers=headers, stream=True, timeout=TIMEOUT, verify=verify) as answer:
                if answer.status_code == 416 and stream.received:
                    return
                if answer.status_code not in {200, 206}:
                    raise _refused(answer)
                if stream.received and answer.status_code == 200:
                    raise Rejected("The host does not go on with a download where it was cut.")
                for piece in answer.iter_content(PIECE):
                    stream.take(piece)
        except requests.exceptions.RequestException as error:
            raise network(error) from None

    def _plain(self) -> requests.Session:
        if self._session is None:
            self._session = requests.Session()
        return self._session

    def close(self) -> None:
        """Release the connection. May be called twice."""
        if self._session is not None:
            self._session.close()
            self._session = None


def _refused(answer: requests.Response) -> ConnectorError:
    """An address that ended is asked for anew: it is no sign of a missing permission."""
    error = from_response(answer.status_code, answer.headers, answer.content)
    if isinstance(error, AuthFailed | NotFound) or answer.status_code == 410:
        return Retriable("The file's address has ended.")
    return error


def _sha1() -> Any:
    return hashlib.sha1(usedforsecurity=False)


class _Crc:
    """CRC-32 as Graph writes it: the four bytes, lowest first, in hexadecimal."""

    def __init__(self) -> None:
        self._value = 0

    def update(self, data: bytes) -> None:
        self._value = zlib.crc32(data, self._value)

    def hexdigest(self) -> str:
        return self._value.to_bytes(4, "little").hex()


def _written(one: Any) -> str:
    return one.base64() if isinstance(one, QuickXor) else str(one.hexdigest())


def _same(name: str, found: str, told: str) -> bool:
    if name == "quickXorHash":
        return base64.b64decode(found) == _decoded(told)
    if name == "crc32Hash":
        # Both orders of its bytes are met.
        return told.lower() in {found, bytes.fromhex(found)[::-1].hex()}
    return found == told.lower()


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text)
    except ValueError:
        return b""
