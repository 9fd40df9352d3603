"""Many small files in one request: ``POST /remote.php/dav/bulk`` (apps/dav/lib/BulkUpload in the server's source).

The server checks each part's hash, makes no folder, sets no creation date and **overwrites** what bears the name. So
that create-only stays true, only names that a listing made just before says are absent are sent; the others go by PUT
with ``If-None-Match: *``. Between listing and request, a moment, another program could create such a name: its file
would be kept as a version of ours. What an answer does not speak of is looked for by hash before it goes by PUT. After
a lost reply nothing is sent again here: the caller looks (``find``) for each file, and the next call's listing shows
the names that are taken.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import requests

from connectors.nextcloud.dav import Dav, strong
from connectors.nextcloud.integrity import sha256_of
from connectors.nextcloud.upload import unix
from migrate.errors import Uncertain
from migrate.model import Item, NameRules, Stored

MAX_FILE = 1 << 20
MAX_FILES = 100
MAX_BYTES = 10 * 1000 * 1000

Part = tuple[str, str, Item]
"""href, path below the account's files, item."""


def batches(parts: Sequence[Part]) -> list[list[Part]]:
    """Requests of at most 100 files and 10 MB: the server holds each part in memory."""
    made: list[list[Part]] = []
    room = 0
    for part in parts:
        size = part[2].size
        if not made or len(made[-1]) == MAX_FILES or size > room:
            made.append([])
            room = MAX_BYTES
        made[-1].append(part)
        room -= size
    return made


def fits(name: str, item: Item, rules: NameRules) -> bool:
    """Whether bulk upload takes this file: small, of a name that the server takes and does not trim as a header line.

    A refused name ends the whole request with a 500 (measured on 32.0.1).
    """
    lower = name.lower()
    return (
        item.size < MAX_FILE
        and name == name.strip()
        and name.isprintable()
        and len(name.encode()) <= rules.max_bytes
        and not set(name) & set(rules.forbidden_characters)
        and lower not in {forbidden.lower() for forbidden in rules.forbidden_names}
        and not lower.endswith(tuple(ending.lower() for ending in rules.forbidden_extensions))
        and lower.partition(".")[0] not in {forbidden.lower() for forbidden in rules.forbidden_basenames}
    )


def send(dav: Dav, parts: Sequence[Part]) -> list[Stored | None]:
    """One answer per part, in order; None for a part that was refused or that the answer does not speak of.

    Raises Uncertain when no reply came, ConnectorError when nothing was taken.
    """
    boundary = f"transhume_{uuid.uuid4().hex}"
    body = b"".join(_part(boundary, path, item) for _, path, item in parts) + f"--{boundary}--\r\n".encode()
    headers = {"Content-Type": f"multipart/related; boundary={boundary}"}
    url = f"{dav.site.url}/remote.php/dav/bulk"
    with dav.site.bulk:
        response = dav.send("POST", url, headers=headers, data=body, allow={400, 500}, uncertain=True)
    said = _answers(response)
    return [_outcome(said.get(path), href, item) for href, path, item in parts]


def _part(boundary: str, path: str, item: Item) -> bytes:
    content = item.body if isinstance(item.body, bytes) else item.body.read_bytes()
    lines = [
        f"--{boundary}",
        f"Content-Length: {len(content)}",
        f"X-File-Path: {path}",
        f"X-File-MD5: {hashlib.md5(content, usedforsecurity=False).hexdigest()}",  # what every version checks
        f"OC-Checksum: {sha256_of(item)}",  # checked instead since Nextcloud 32
    ]
    if item.entry.modified:
        lines.append(f"X-OC-Mtime: {unix(item.entry.modified)}")
    return "\r\n".join([*lines, "", ""]).encode() + content + b"\r\n"


def _answers(response: requests.Response) -> Mapping[str, Any]:
    """The JSON of parts; a request that ended early lists those already written (400), or none of them (500)."""
    if response.status_code == 500:
        return {}
    try:
        said = response.json()
    except ValueError:
        said = None
    if isinstance(said, dict) or said == []:
        return said or {}
    raise Uncertain("the bulk upload's answer cannot be read: some files may be stored")


def _outcome(said: Any, href: str, item: Item) -> Stored | None:
    if not isinstance(said, dict) or said.get("error"):
        return None
    etag = strong(str(said.get("etag") or "")).strip('"')
    return Stored(href=href, etag=f'"{etag}"', digest=sha256_of(item))
