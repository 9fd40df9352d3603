"""Folders and files of one account as rows: where they lie, how they are listed, how folders are made."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from connectors.nextcloud.dav import Dav, strong
from connectors.nextcloud.multistatus import DAV, NEXTCLOUD, Row
from connectors.nextcloud.ocs import user_id
from migrate.errors import AlreadyExists, NotFound, Retriable
from migrate.model import Collection, Entry

ROOT = "/"
FOLDER = f"{DAV}collection"
LISTED = (
    f"{DAV}resourcetype",
    f"{DAV}getetag",
    f"{DAV}getcontentlength",
    f"{DAV}getcontenttype",
    f"{DAV}getlastmodified",
    f"{NEXTCLOUD}creation_time",
)


def nfc(name: str) -> str:
    """The form in which the server keeps names (lib/private/Files/Filesystem.php normalizePath)."""
    return unicodedata.normalize("NFC", name)


class Tree:
    """The folder that migrated files are written below. Hrefs are paths from it: ``/``, ``/Bureau/été.txt``."""

    def __init__(self, dav: Dav) -> None:
        self._dav = dav
        self._home = ""
        self._made: set[str] = set()

    @property
    def home(self) -> str:
        """``files/<uid>``, below ``/remote.php/dav/``."""
        if not self._home:
            self._home = nfc(f"files/{user_id(self._dav)}")
        return self._home

    def path(self, href: str) -> str:
        """Below ``/remote.php/dav/``."""
        folder = "".join(f"/{part}" for part in self._dav.site.folder)
        return nfc(self.home + folder + href).rstrip("/")

    def _href(self, path: str) -> str:
        return path.removeprefix(self.path(ROOT)) or ROOT

    def row(self, href: str) -> Row:
        """One file or folder as it is now. Raises NotFound."""
        for row in self._dav.propfind(self.path(href), LISTED, depth=0):
            return row
        raise NotFound("it is not there")

    def members(self, folder: str) -> Iterator[tuple[str, Row]]:
        """What a folder holds, each with its href. Raises NotFound."""
        itself = self.path(folder)
        for row in self._dav.propfind(itself, LISTED, depth=1):
            if row.path != itself:
                yield self._href(row.path), row

    def walk(self) -> Iterator[tuple[str, str, Row]]:
        """(folder, href, row) of everything below the root, parents first; the root itself comes as its own row.

        Nothing is yielded when the root was never made. One folder at a time is in memory or a temporary file.
        """
        try:
            yield "", ROOT, self.row(ROOT)
        except NotFound:
            self.row_of_home()
            return
        waiting = [ROOT]
        while waiting:
            folder = waiting.pop()
            try:
                for href, row in self.members(folder):
                    yield folder, href, row
                    if FOLDER in row.types():
                        waiting.append(href)
            except NotFound:
                raise Retriable("a folder was removed while the account was listed") from None

    def row_of_home(self) -> Row:
        """The account's own root. Raises NotFound when the account has none: not an empty listing."""
        for row in self._dav.propfind(self.home, (f"{DAV}quota-available-bytes",), depth=0):
            return row
        raise NotFound("the account has no files")

    def free_bytes(self) -> int | None:
        """Space left; None when not computed, unknown or unlimited (-1, -2, -3)."""
        free = self.row_of_home().number(f"{DAV}quota-available-bytes")
        return free if free is not None and free >= 0 else None

    def make(self, names: Sequence[str]) -> str:
        """The href of a folder below the root, made with its parents where missing. Raises ConnectorError."""
        whole = [nfc(name) for name in (*self._dav.site.folder, *names)]
        for depth in range(1, len(whole) + 1):
            self._make_one(self.home + "/" + "/".join(whole[:depth]))
        return "".join(f"/{nfc(name)}" for name in names) or ROOT

    def _make_one(self, path: str) -> None:
        if path in self._made:
            return
        if self._dav.send("MKCOL", self._dav.url(path), allow={405}).status_code == 405:
            types = [row.types() for row in self._dav.propfind(path, (f"{DAV}resourcetype",), depth=0)]
            if not types or FOLDER not in types[0]:
                raise AlreadyExists("a file bears the folder's name")
        self._made.add(path)

    def forget(self) -> None:
        """Look again whether folders exist: one that was made here is gone."""
        self._made.clear()


def names(href: str) -> tuple[str, ...]:
    """Names from the root down."""
    return tuple(part for part in href.split("/") if part)


def child(folder: str, name: str) -> str:
    """The href of a name in a folder."""
    return f"{folder.rstrip('/')}/{nfc(name)}"


def collection_of(folder: str, href: str) -> Collection:
    """A folder as a collection."""
    return Collection(href=href, path=names(href), parent=folder)


def entry_of(folder: str, href: str, row: Row) -> Entry:
    """A file as a row of a listing."""
    created = row.number(f"{NEXTCLOUD}creation_time")
    return Entry(
        href=href,
        collection=folder,
        etag=strong(row.text(f"{DAV}getetag")),
        name=href.rpartition("/")[2],
        media_type=row.text(f"{DAV}getcontenttype").partition(";")[0].strip() or "application/octet-stream",
        size=row.number(f"{DAV}getcontentlength"),
        modified=row.modified(),
        created=datetime.fromtimestamp(created, UTC) if created and created > 0 else None,
    )
