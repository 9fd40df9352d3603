"""A file onto the server: in one PUT, or in chunks (developer manual, "Chunked file upload", version 2)."""

from __future__ import annotations

import uuid
from datetime import datetime

import requests

from connectors.nextcloud.dav import Dav, strong
from connectors.nextcloud.integrity import Slice, ask
from connectors.nextcloud.multistatus import DAV
from migrate.errors import AlreadyExists, ConnectorError, EtagMismatch, NotFound, Uncertain
from migrate.model import Item

CHUNK = 50 * 1024 * 1024
MAX_CHUNKS = 10_000
GETETAG = f"{DAV}getetag"
FIRST_SECOND = (
    86_401  # at or below 86,400 Nextcloud refuses the date once the file is in its place (MtimeSanitizer.php)
)
SECONDS_PER_BYTE = 1 / 5_000_000  # putting the chunks together, on a slow server


def unix(moment: datetime) -> str:
    """Whole seconds, never so early that the server refuses them."""
    return str(max(FIRST_SECOND, int(moment.timestamp())))


def dates(item: Item) -> dict[str, str]:
    """Headers that keep a file's dates."""
    headers = {}
    if item.entry.modified:
        headers["X-OC-MTime"] = unix(item.entry.modified)
    if item.entry.created:
        headers["X-OC-CTime"] = unix(item.entry.created)
    return headers


def put_whole(dav: Dav, path: str, item: Item, *, expects: str | None) -> requests.Response:
    """One PUT, with a Content-Length always: servers store nothing of some chunked bodies. Raises ConnectorError."""
    headers = dates(item) | ask(item.size) | ({"If-Match": expects} if expects else {"If-None-Match": "*"})
    if isinstance(item.body, bytes):
        return dav.send("PUT", dav.url(path), headers=headers, data=item.body, uncertain=True)
    size = item.size
    if size == 0:
        return dav.send("PUT", dav.url(path), headers=headers, data=b"", uncertain=True)
    with item.body.open("rb") as stream:
        return dav.send("PUT", dav.url(path), headers=headers, data=Slice(stream, 0, size), uncertain=True)


def chunk_size(size: int, limit: int) -> int:
    """Bytes of each chunk but the last: within the server's limit, at most 10,000 chunks."""
    return min(limit, max(CHUNK, -(-size // MAX_CHUNKS)))


def put_chunked(dav: Dav, path: str, item: Item, *, expects: str | None, limit: int) -> requests.Response:
    """Chunks into an upload folder, then MOVE of ``.file`` into place. Raises ConnectorError.

    What stands at the destination is looked at first, so that no chunk is sent for nothing; the MOVE asks again.
    The folder is removed when a chunk fails; after a MOVE without an answer it is left: the server may still be at
    work in it, and removes it within a day.
    """
    _look(dav, path, expects)
    folder = f"uploads/{path.split('/')[1]}/transhume-{uuid.uuid4().hex}"
    aim = {"Destination": dav.url(path), "OC-Total-Length": str(item.size)}
    dav.send("MKCOL", dav.url(folder), headers=aim)
    try:
        _send_chunks(dav, folder, item, aim, chunk_size(item.size, limit))
        return _assemble(dav, folder, item, aim, expects)
    except Uncertain:
        raise
    except ConnectorError:
        _abandon(dav, folder)
        raise


def _look(dav: Dav, path: str, expects: str | None) -> None:
    """Whether the destination is as the caller expects. Raises AlreadyExists, EtagMismatch."""
    try:
        etag = next((strong(row.text(GETETAG)) for row in dav.propfind(path, (GETETAG,), depth=0)), "")
    except NotFound:
        etag = ""
    if expects and etag != expects:
        raise EtagMismatch("it changed since it was listed")
    if etag and not expects:
        raise AlreadyExists("something is already stored under that name")


def _send_chunks(dav: Dav, folder: str, item: Item, aim: dict[str, str], step: int) -> None:
    """Chunks 00001 and up. OC-Total-Length lets the server refuse for want of space at the first one."""
    size = item.size
    if isinstance(item.body, bytes):
        for number, start in enumerate(range(0, size, step), 1):
            dav.send("PUT", dav.url(f"{folder}/{number:05}"), headers=aim, data=item.body[start : start + step])
        return
    with item.body.open("rb") as stream:
        for number, start in enumerate(range(0, size, step), 1):
            piece = Slice(stream, start, min(step, size - start))
            dav.send("PUT", dav.url(f"{folder}/{number:05}"), headers=aim, data=piece)


def _assemble(dav: Dav, folder: str, item: Item, aim: dict[str, str], expects: str | None) -> requests.Response:
    headers = aim | dates(item) | ask(item.size)
    if expects:
        headers["If"] = f"<{aim['Destination']}> ([{expects}])"  # RFC 4918 §10.4.4, tagged list
    else:
        headers["Overwrite"] = "F"
    patience = dav.site.timeout + item.size * SECONDS_PER_BYTE
    return dav.send("MOVE", dav.url(f"{folder}/.file"), headers=headers, uncertain=True, timeout=patience)


def _abandon(dav: Dav, folder: str) -> None:
    """Best effort: the server removes abandoned uploads itself after a day."""
    try:
        dav.send("DELETE", dav.url(folder), allow={404})
    except ConnectorError:
        return
