"""OneDrive and SharePoint libraries: listed by delta, keyed by id, downloaded and checked.

https://learn.microsoft.com/graph/api/resources/onedrive
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from connectors.microsoft import drives, versions
from connectors.microsoft.batches import each
from connectors.microsoft.download import Download
from connectors.microsoft.driveitem import (
    FIELDS,
    OFFICE,
    SHARING,
    VERSIONS,
    ending,
    entry_of,
    hashes_of,
    href,
    is_folder,
    split,
    versions_told,
)
from connectors.microsoft.drives import Tree
from connectors.microsoft.grants import grants_of
from connectors.microsoft.http import BATCH, UNITS_MINUTE, Api, Json, Part, segment
from connectors.microsoft.settings import Settings
from migrate.errors import AuthFailed, ConnectorError, CursorExpired, NotFound, Rejected
from migrate.model import Capabilities, Change, Collection, Entry, Grant, Item

PERMISSION_UNITS = 5


class FilesReader:
    """Implements ``protocols.Reader`` and ``SupportsChanges``."""

    def __init__(self, api: Api, settings: Settings, spool: Path) -> None:
        self._api, self._settings, self._spool = api, settings, spool
        # Of each file what Graph says of it, and its bytes.
        self.capabilities = Capabilities(items_per_minute=UNITS_MINUTE * settings.quota_factor / 2)
        self._download = Download(api, spool)
        self._trees: list[Tree] = []
        """The round that was read last, until ``entries`` has given it."""
        self._links: dict[str, str] | None = None
        self._unread: set[str] = set()
        """Items and folders that are shared, and of which Microsoft does not tell with whom."""

    def collections(self) -> Iterator[Collection]:
        """Folders, parents first, with who else may use them."""
        for tree in self._round():
            granted = self._grants(tree, (folder for folder in tree.folders.values() if "shared" in folder))
            top = (tree.drive.title,) if tree.drive.title else ()
            yield Collection(href=href(tree.drive.id, tree.root), path=top)
            for identifier, parent, names in tree.paths():
                yield Collection(
                    href=href(tree.drive.id, identifier),
                    path=(*top, *names),
                    parent=href(tree.drive.id, parent),
                    grants=granted.get(identifier, ()),
                )

    def entries(self) -> Iterator[Entry]:
        """Every file, and what is no file with its reason."""
        trees, self._trees = self._round(), []
        try:
            for tree in trees:
                for some in _chunks(tree.items()):
                    yield from self._some(tree, some)
        finally:
            for tree in trees:
                tree.close()

    def _round(self) -> list[Tree]:
        """The whole state of every drive, read once for ``cursor``, ``collections`` and ``entries`` together."""
        if not self._trees:
            trees: list[Tree] = []
            try:
                for drive in drives.drives(self._api):
                    trees.append(Tree.read(self._api, drive, self._spool))
            except BaseException:
                for tree in trees:
                    tree.close()
                raise
            self._trees = trees
        return self._trees

    def _some(self, tree: Tree, items: list[Json]) -> Iterator[Entry]:
        granted = self._grants(tree, (item for item in items if "shared" in item and "remoteItem" not in item))
        listed = [self._entry(tree, item, granted.get(str(item["id"]), ())) for item in items]
        yield from listed
        if self._settings.versions:
            yield from versions.entries(self._api, [entry for entry in listed if entry.skip is None])

    def _entry(self, tree: Tree, item: Json, grants: tuple[Grant, ...]) -> Entry:
        home = tree.home(item)
        entry = entry_of(item, tree.drive.id, href(tree.drive.id, home), grants)
        losses = [VERSIONS] if versions_told(item) and not self._settings.versions else []
        losses += [SHARING] if {str(item["id"]), home} & self._unread else []
        return entry if entry.skip is not None else replace(entry, losses=tuple(losses))

    def _grants(self, tree: Tree, shared: Iterator[Json]) -> Mapping[str, tuple[Grant, ...]]:
        """Only of what is shared: a permission costs five times a file."""
        drive = segment(tree.drive.id)
        path = f"/drives/{drive}/items/"
        parts = {str(one["id"]): Part(path=f"{path}{segment(str(one['id']))}/permissions") for one in shared}
        found: dict[str, tuple[Grant, ...]] = {}
        for identifier, answer in each(self._api, parts, cost=PERMISSION_UNITS):
            if isinstance(answer, AuthFailed):  # reading a site does not always mean reading who else may
                self._unread.add(identifier)
            elif not isinstance(answer, NotFound):
                found[identifier] = grants_of(self._permissions(answer), self._api.account)
        return found

    def _permissions(self, answer: Any) -> Iterator[Json]:
        if isinstance(answer, ConnectorError):
            raise answer
        yield from answer["value"]
        if answer.get("@odata.nextLink"):
            yield from self._api.values(str(answer["@odata.nextLink"]), cost=PERMISSION_UNITS)

    def get(self, entry: Entry) -> Item:
        """The file's content as it is now. Raises NotFound, Rejected, Retriable, LocalDiskFull."""
        if versions.is_version(entry.href):
            return versions.get(self._api, self._download, entry)
        drive, identifier = split(entry.href)
        path = f"/drives/{segment(drive)}/items/{segment(identifier)}"
        item = self._api.get(path, {"$select": FIELDS})
        current = entry_of(item, drive, entry.collection)
        if current.skip is not None or is_folder(item):
            raise Rejected(current.skip.reason if current.skip else "It is a folder now.")
        rewritten = ending(current.name) in OFFICE
        body = self._download.content(f"{path}/content", current.size or 0, hashes_of(item), rewritten=rewritten)
        return Item(entry=current, body=body, media_type=current.media_type)

    def cursor(self) -> str:
        """Where changes go on from. Without a round behind it, the whole state is read now, and kept on disk."""
        if self._links is None:
            self._links = {tree.drive.id: tree.link for tree in self._round()}
        links, self._links = self._links, None
        return drives.written(links)

    def changes(self, cursor: str) -> Iterator[Change]:
        """Files that came, changed, moved or went since. Raises CursorExpired."""
        links = drives.read(cursor)
        # The folders that things lie in are those that ``collections`` gave, or would give now.
        trees, self._trees = {tree.drive.id: tree for tree in self._round()}, []
        try:
            if links.keys() != trees.keys():
                raise CursorExpired("The account has other drives than before.")
            for drive, link in links.items():
                page: Json = {}
                for page in drives.delta(self._api, drive, link):
                    yield from (_change(trees[drive], item) for item in page["value"] if not _is_place(item))
                links[drive] = drives.ending(self._api, page)
            self._links = links
        finally:
            for tree in trees.values():
                tree.close()

    def close(self) -> None:
        """Release the connections and the disk."""
        for tree in self._trees:
            tree.close()
        self._trees = []
        self._download.close()
        self._api.close()


def _is_place(item: Json) -> bool:
    return is_folder(item) and "deleted" not in item


def _change(tree: Tree, item: Json) -> Change:
    drive = tree.drive.id
    entry = None if "deleted" in item else entry_of(item, drive, href(drive, tree.home(item)))
    return Change(href=href(drive, str(item["id"])), entry=entry)


def _chunks(items: Iterator[Json]) -> Iterator[list[Json]]:
    some: list[Json] = []
    for item in items:
        some.append(item)
        if len(some) == BATCH:
            yield some
            some = []
    if some:
        yield some
