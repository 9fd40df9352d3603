"""Earlier versions of files, on demand: each beside its file, dated in its name.

https://learn.microsoft.com/graph/api/driveitem-list-versions
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

from connectors.microsoft.batches import each
from connectors.microsoft.download import Download
from connectors.microsoft.driveitem import split
from connectors.microsoft.http import Api, Json, Part, segment
from connectors.microsoft.message import moment_of
from migrate.errors import ConnectorError, NotFound
from migrate.model import Entry, Item

_MARK = "/versions/"
LIST_UNITS = 2


def is_version(name: str) -> bool:
    """Whether an href is an earlier version's."""
    return _MARK in name


def entries(api: Api, files: Sequence[Entry]) -> Iterator[Entry]:
    """The earlier versions of some files; the current one, which comes first, is the file itself."""
    by_href = {file.href: file for file in files}
    parts = {name: Part(path=f"{_path(name)}/versions") for name in by_href}
    for name, answer in each(api, parts, cost=LIST_UNITS):
        if isinstance(answer, ConnectorError):
            raise answer
        yield from (_entry(by_href[name], version) for version in _earlier(api, answer))


def _earlier(api: Api, answer: Json) -> list[Json]:
    found = list(answer["value"])
    if answer.get("@odata.nextLink"):
        found += api.values(str(answer["@odata.nextLink"]), cost=LIST_UNITS)
    return found[1:]


def _entry(file: Entry, version: Json) -> Entry:
    identifier, size = str(version["id"]), version.get("size")
    modified = moment_of(version.get("lastModifiedDateTime"))
    date = f"{modified:%Y-%m-%d %H.%M.%S}" if modified else identifier
    stem, dot, extension = file.name.rpartition(".")
    name = f"{stem} ({date}){dot}{extension}" if stem else f"{file.name} ({date})"
    return replace(
        file,
        href=f"{file.href}{_MARK}{identifier}",
        etag=hashlib.sha256(f"{file.href}\0{identifier}\0{size}\0{date}".encode()).hexdigest()[:32],
        name=name,
        size=None if size is None else int(size),
        modified=modified,
        created=None,
        digest="",
        grants=(),
        losses=(),
    )


def get(api: Api, download: Download, entry: Entry) -> Item:
    """A version's content, which never changes. Raises NotFound."""
    name, _, identifier = entry.href.partition(_MARK)
    path = f"{_path(name)}/versions"
    listed = _earlier(api, api.get(path, cost=LIST_UNITS))
    version = next((one for one in listed if str(one["id"]) == identifier), None)
    if version is None:
        raise NotFound("That version of the file is gone.")
    size = int(version.get("size") or 0)
    body = download.content(f"{path}/{segment(identifier)}/content", size, {}, rewritten=not entry.size_exact)
    return Item(entry=entry, body=body, media_type=entry.media_type)


def _path(name: str) -> str:
    drive, identifier = split(name)
    return f"/drives/{segment(drive)}/items/{segment(identifier)}"
