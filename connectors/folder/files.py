"""Plain files and folders, their dates kept. A path below the folder is the name (href) of each."""

from __future__ import annotations

import mimetypes
import os
from collections.abc import Iterator

from connectors.folder.failures import translated
from connectors.folder.room import Path_, Room, moment_of, rows_of, skipped
from connectors.folder.tree import INCOMING
from migrate.errors import EtagMismatch
from migrate.model import Collection, Entry, Item, NameRules, Stored

ROOT = "."


class Files(Room):
    """Folders are the collections; an etag is date, size and inode, so that a listing reads no content."""

    names = NameRules(max_bytes=255, forbidden_characters="/", forbidden_names=frozenset({INCOMING}))

    def collections(self) -> Iterator[Collection]:
        """The root, then every folder, parents first. Raises ConnectorError."""
        with translated():
            if not self._present():
                yield _collection(())
                return
            for path in self._folders(()):
                yield _collection(path)

    def entries(self) -> Iterator[Entry]:
        """Every file; links and special files with the reason why they stay."""
        with translated():
            if not self._present():
                return
            for path in self._folders(()):
                yield from self._listed(path)

    def _folders(self, path: Path_) -> Iterator[Path_]:
        yield path
        for row, skip in rows_of(self._tree, self._base + path):
            if row.kind == "folder" and skip is None:
                yield from self._folders((*path, row.name))

    def _listed(self, path: Path_) -> Iterator[Entry]:
        for row, skip in rows_of(self._tree, self._base + path):
            if skip is not None:
                yield skipped(_href(path), _href((*path, row.name)), row, skip)
            elif row.kind == "file":
                status = self._tree.status(self._base + path, row.name)
                yield _entry(path, row.name, status)

    def get(self, entry: Entry) -> Item:
        """The file as it is now. Raises NotFound."""
        path, name = _split(entry.href)
        with translated():
            now = _entry(path, name, self._tree.status(self._base + path, name))
            return Item(entry=now, body=self._body(self._base + path, name), media_type=now.media_type)

    def ensure(self, collection: Collection) -> Collection:
        """Make the folder and those above it."""
        with translated():
            self._tree.make(self._base + collection.path)
        return _collection(collection.path)

    def mark(self, collection: Collection) -> str:
        """None is needed: a name tells whether the file is there."""
        return ""

    def find(self, collection: Collection, name: str, item: Item, mark: str) -> Iterator[Stored]:
        """The file of that name, if it holds the same bytes."""
        path = _path(collection.href)
        with translated():
            try:
                same = self._same(self._base + path, name, item)
            except FileNotFoundError:
                return
            if same:
                yield self._stored(path, name)

    def put(self, collection: Collection, name: str, item: Item, *, expects: str | None) -> Stored:
        """Store a file with its date. Raises AlreadyExists, EtagMismatch, QuotaExceeded, Rejected."""
        path = _path(collection.href)
        with translated():
            if expects is not None:
                self._expect(path, name, expects)
            self._publish(item, item.entry.modified, self._base + path, name, replace=expects is not None)
            return self._stored(path, name)

    def delete(self, entry: Entry, *, expects: str) -> None:
        """Remove a file that did not change."""
        path, name = _split(entry.href)
        with translated():
            self._expect(path, name, expects)
            self._tree.remove(self._base + path, name)

    def _expect(self, path: Path_, name: str, etag: str) -> None:
        if _etag(self._tree.status(self._base + path, name)) != etag:
            raise EtagMismatch("the file changed")

    def _stored(self, path: Path_, name: str) -> Stored:
        status = self._tree.status(self._base + path, name)
        return Stored(href=_href((*path, name)), etag=_etag(status))

    def _place(self, entry: Entry) -> tuple[Path_, str]:
        path, name = _split(entry.href)
        return self._base + path, name


def _entry(path: Path_, name: str, status: os.stat_result) -> Entry:
    return Entry(
        href=_href((*path, name)),
        collection=_href(path),
        etag=_etag(status),
        name=name,
        media_type=mimetypes.guess_type(name)[0] or "application/octet-stream",
        size=status.st_size,
        modified=moment_of(status),
    )


def _etag(status: os.stat_result) -> str:
    return f"{status.st_mtime_ns}-{status.st_size}-{status.st_ino}"


def _collection(path: Path_) -> Collection:
    return Collection(href=_href(path), path=path, parent=_href(path[:-1]) if path else "")


def _href(path: Path_) -> str:
    return "/".join(path) or ROOT


def _path(href: str) -> Path_:
    return () if href == ROOT else tuple(href.split("/"))


def _split(href: str) -> tuple[Path_, str]:
    *path, name = href.split("/")
    return tuple(path), name
