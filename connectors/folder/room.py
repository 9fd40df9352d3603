"""What the services of one account share: limits, bodies, and writing several items at once."""

from __future__ import annotations

import errno
import os
import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

from connectors.folder.failures import FULL, translated
from connectors.folder.tree import EPOCH, INCOMING, Row, Tree
from migrate.errors import ConnectorError, LocalDiskFull, NotFound, Scope
from migrate.model import Capabilities, Collection, Disposition, Entry, Item, NameRules, Skip, Stored

Path_ = tuple[str, ...]
IN_MEMORY = 1_000_000
"""Bytes; larger bodies are handed over as files in the spool."""
BATCH = 50

LINK = Skip(code="symbolic-link", reason="A symbolic link is not followed.", disposition=Disposition.EXCLUDED)
OTHER = Skip(code="special-file", reason="Neither a file nor a folder.")
UNDECODABLE = Skip(code="undecodable-name", reason="The name is not UTF-8; rename it to move it.")


class Room(ABC):
    """One service of one account's folder. ``base`` is where it lies below the account's folder."""

    accepts = "*/*"
    names = NameRules(max_bytes=255, forbidden_characters="/")

    def __init__(self, tree: Tree, base: Path_, spool: Path, *, create: bool) -> None:
        self._tree, self._base, self._spool, self._create = tree, base, spool, create
        self._swept: set[Path_] = set()
        self._unsettled: set[Path_] = set()

    @property
    def capabilities(self) -> Capabilities:
        """The room left is that of the whole disk."""
        with translated():
            free = self._tree.free_bytes()
        return Capabilities(accepts=frozenset({self.accepts}), names=self.names, free_bytes=free, batch=BATCH)

    def close(self) -> None:  # noqa: B027 -- nothing to override
        """Nothing is held open between calls."""

    @abstractmethod
    def put(self, collection: Collection, name: str, item: Item, *, expects: str | None) -> Stored:
        """Store one item."""

    @abstractmethod
    def _place(self, entry: Entry) -> tuple[Path_, str]:
        """The folder and the name of the file that holds an item. Raises NotFound."""

    def put_many(self, collection: Collection, items: Sequence[tuple[str, Item]]) -> Sequence[Stored | ConnectorError]:
        """Each file is made durable by itself, the names of a folder once for all."""
        answers: list[Stored | ConnectorError] = []
        with translated(), self._settled_later():
            for name, item in items:
                answers.append(self._answer(answers, collection, name, item))
        return answers

    def _answer(
        self, before: Sequence[Stored | ConnectorError], collection: Collection, name: str, item: Item
    ) -> Stored | ConnectorError:
        """What stops the account is not tried again for the items that follow."""
        last = before[-1] if before else None
        if isinstance(last, ConnectorError) and last.scope > Scope.ITEM:
            return last
        try:
            return self.put(collection, name, item, expects=None)
        except ConnectorError as error:
            return error

    def digest(self, entry: Entry) -> str:
        """``sha256:<hex>`` of the file as it lies there. Raises NotFound."""
        with translated():
            return self._tree.digest(*self._place(entry))

    def _present(self) -> bool:
        """Whether the service holds anything. Raises NotFound when the account has no folder and should."""
        if not self._tree.exists():
            if self._create:
                return False
            raise NotFound(
                "there is no folder for this account",
                advice="Correct the option path, or set create = true to have the folder made.",
                scope=Scope.ACCOUNT,
            )
        try:
            with self._tree.folder(self._base):
                return True
        except FileNotFoundError:
            return False

    def _publish(self, item: Item, moment: datetime | None, to: Path_, name: str, *, replace: bool = False) -> None:
        """Write the item and give it its place."""
        self._write(self._incoming(), item, moment, to, name, replace=replace)

    def _write(
        self, beside: Path_, item: Item, moment: datetime | None, to: Path_, name: str, *, replace: bool = False
    ) -> None:
        if beside not in self._swept:
            self._tree.sweep(beside)
            self._swept.add(beside)
        with self._tree.written(beside, item, moment) as written:
            self._tree.publish(beside, written, to, name, replace=replace)
        self._settle(to)

    def _incoming(self) -> Path_:
        if (INCOMING,) not in self._swept:
            self._tree.make((INCOMING,))
        return (INCOMING,)

    def _settle(self, path: Path_) -> None:
        if self._later:
            self._unsettled.add(path)
        else:
            self._tree.settle(path)

    _later = False

    def _settled_later(self) -> _Later:
        return _Later(self)

    def _body(self, path: Path_, name: str) -> bytes | Path:
        """The file's bytes, or a copy of it in the spool."""
        with self._tree.opened(path, name) as file, os.fdopen(os.dup(file), "rb") as stream:
            if os.fstat(file).st_size <= IN_MEMORY:
                return stream.read()
            copy = self._spool / f"folder-{uuid4().hex}"
            try:
                with copy.open("xb") as spooled:
                    shutil.copyfileobj(stream, spooled, 1 << 20)
            except OSError as error:
                copy.unlink(missing_ok=True)
                if error.errno in FULL or error.errno == errno.EFBIG:
                    raise LocalDiskFull("There is no room left for the spool.", advice="Free some space.") from error
                raise
            return copy

    def _same(self, path: Path_, name: str, item: Item) -> bool:
        """Whether a file holds this body."""
        with self._tree.opened(path, name) as file, os.fdopen(os.dup(file), "rb") as stream:
            if os.fstat(file).st_size != item.size:
                return False
            if isinstance(item.body, bytes):
                return stream.read() == item.body
            with item.body.open("rb") as body:
                return _equal_streams(stream, body)


class _Later:
    """Within it, names are made durable at the end, folder by folder."""

    def __init__(self, room: Room) -> None:
        self._room = room

    def __enter__(self) -> None:
        self._room._later = True

    def __exit__(self, *_: object) -> None:
        room = self._room
        room._later = False
        pending, room._unsettled = room._unsettled, set()
        for path in pending:
            room._tree.settle(path)


def _equal_streams(one, other) -> bool:  # type: ignore[no-untyped-def]
    while True:
        first, second = one.read(1 << 20), other.read(1 << 20)
        if first != second:
            return False
        if not first:
            return True


def moment_of(status: os.stat_result) -> datetime:
    """When a file was last changed, UTC."""
    return EPOCH + timedelta(microseconds=status.st_mtime_ns // 1000)


def skip_of(row: Row) -> Skip | None:
    """Why a name in a folder is no item."""
    if row.kind == "link":
        return LINK
    if row.kind == "other":
        return OTHER
    return None if decodable(row.name) else UNDECODABLE


def decodable(name: str) -> bool:
    """Whether a name is UTF-8."""
    return not any("\ud800" <= letter <= "\udfff" for letter in name)


def shown(name: str) -> str:
    """A name without what is not UTF-8."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def skipped(collection: str, href: str, row: Row, skip: Skip) -> Entry:
    """A row of the listing for what is left behind."""
    return Entry(href=shown(href), collection=collection, etag="", name=shown(row.name), skip=skip)


def rows_of(tree: Tree, path: Path_) -> Iterator[tuple[Row, Skip | None]]:
    """What lies in a folder, and why some of it is no item."""
    for row in tree.rows(path):
        yield row, skip_of(row)
