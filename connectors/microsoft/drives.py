"""The drives of an account, and the state of each by rounds of delta, which alone is promised to be complete.

https://learn.microsoft.com/graph/api/driveitem-delta
"""

from __future__ import annotations

import json
import tempfile
import zlib
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from connectors.microsoft.driveitem import FIELDS, is_folder, name_of, parent_of
from connectors.microsoft.errors import not_the_api
from connectors.microsoft.http import VERSION, Api, Json, segment
from connectors.microsoft.site import is_site, parse, site_of
from migrate.errors import CursorExpired, NotFound, Rejected

PAGE = 500
_PREFER = ("hierarchicalsharing",)
"""The facet ``shared`` only where sharing begins, not on all that lies below."""
LIST_UNITS, DELTA_UNITS = 2, 1
"""Resource units of a first page, and of one with a token."""


@dataclass(frozen=True, slots=True)
class Drive:
    """One drive: a person's, or a library."""

    id: str
    title: str
    """A library's name where it is one of several, else empty."""
    business: bool


def drives(api: Api) -> list[Drive]:
    """A person's own drive, none when there is none; or the libraries of a site. Raises NotFound, ConfigError."""
    if is_site(api.account):
        return list(_libraries(api))
    try:
        drive = api.get("drive", {"$select": "id,driveType"})
    except NotFound:  # never opened, or no licence for it
        return []
    return [Drive(str(drive["id"]), "", drive.get("driveType") != "personal")]


def _libraries(api: Api) -> Iterator[Drive]:
    wanted = parse(api.account).library
    site = segment(str(site_of(api)["id"]))
    found = list(api.values(f"/sites/{site}/drives", {"$select": "id,name,driveType"}, cost=LIST_UNITS))
    chosen = [one for one in found if not wanted or str(one.get("name")).casefold() == wanted.casefold()]
    if wanted and not chosen:
        raise NotFound("The site has no library of that name.", advice="Names are those shown in SharePoint.")
    for one in chosen:
        yield Drive(str(one["id"]), "" if wanted else str(one.get("name") or "_"), True)


def delta(api: Api, drive: str, link: str | None) -> Iterator[Json]:
    """Pages of a round: of everything, or since ``link``, which an earlier round's ``ending`` gave."""
    if link is not None:
        yield from api.pages(link, prefer=_PREFER, cost=DELTA_UNITS)
        return
    path = f"/drives/{segment(drive)}/root/delta"
    yield from api.pages(path, {"$select": FIELDS, "$top": PAGE}, prefer=_PREFER, cost=LIST_UNITS)


def ending(api: Api, page: Json) -> str:
    """Where the next round begins, as a path: the last page tells. Holds ids, no name."""
    link = str(page.get("@odata.deltaLink") or "")
    root = f"{api.settings.graph_root}/{VERSION}"
    if not link.startswith(f"{root}/drives/"):
        raise Rejected("Graph's round of changes has no end.")
    return link.removeprefix(root)


def written(links: dict[str, str]) -> str:
    """The links of each drive as a cursor."""
    return json.dumps(links, sort_keys=True)


def read(cursor: str) -> dict[str, str]:
    """A cursor's links. Raises CursorExpired for one that is not ours."""
    try:
        links = json.loads(cursor)
    except ValueError:
        links = None
    if not isinstance(links, dict) or not all(str(link).startswith("/drives/") for link in links.values()):
        raise CursorExpired("The cursor is not of this kind of account.")
    return {str(drive): str(link) for drive, link in links.items()}


@dataclass(slots=True)
class Tree:
    """A drive as a round told it: folders in memory, all else on disk, the last word of each id counting."""

    drive: Drive
    root: str = ""
    folders: dict[str, Json] = field(default_factory=dict)
    """By id, the root left out."""
    link: str = ""
    _file: BinaryIO | None = None
    _where: dict[str, int] = field(default_factory=dict)

    @classmethod
    def read(cls, api: Api, drive: Drive, spool: Path) -> Tree:
        """Everything in the drive. Raises ConnectorError: it is whole or it is not given."""
        tree = cls(drive, _file=tempfile.TemporaryFile(dir=spool, prefix="microsoft-"))  # noqa: SIM115
        try:
            page: Json = {}
            for page in delta(api, drive.id, None):
                values = page.get("value")
                if not isinstance(values, list):
                    raise not_the_api()
                for item in values:
                    tree._take(item)
            tree.link = ending(api, page)
            if not tree.root:
                raise not_the_api()
        except BaseException:
            tree.close()
            raise
        return tree

    def _take(self, item: Json) -> None:
        identifier = str(item["id"])
        self.folders.pop(identifier, None)
        self._where.pop(identifier, None)
        if "root" in item:
            self.root = identifier
        elif "deleted" in item:
            return
        elif is_folder(item):
            self.folders[identifier] = {
                key: item[key] for key in ("id", "name", "parentReference", "shared") if key in item
            }
        else:
            assert self._file is not None
            data = zlib.compress(json.dumps(item).encode(), 1)
            self._where[identifier] = self._file.tell()
            self._file.write(len(data).to_bytes(4, "big") + data)

    def items(self) -> Iterator[Json]:
        """All but folders, in the order of the round."""
        assert self._file is not None
        for place in array("Q", self._where.values()):
            self._file.seek(place)
            length = int.from_bytes(self._file.read(4), "big")
            yield json.loads(zlib.decompress(self._file.read(length)))

    def home(self, item: Json) -> str:
        """The listed folder it is shown in: its own, or the root where its own is a package or unknown."""
        parent = parent_of(item)
        return parent if parent in self.folders else self.root

    def paths(self) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        """Folders below the root, parents first: id, parent's id, names."""
        children: dict[str, list[str]] = {}
        for identifier, folder in sorted(self.folders.items()):
            children.setdefault(self.home(folder), []).append(identifier)
        waiting: list[tuple[str, tuple[str, ...]]] = [(self.root, ())]
        while waiting:
            parent, above = waiting.pop()
            for identifier in children.get(parent, ()):
                names = (*above, name_of(self.folders[identifier]))
                yield identifier, parent, names
                waiting.append((identifier, names))

    def close(self) -> None:
        """Release the disk."""
        if self._file is not None:
            self._file.close()
            self._file = None
