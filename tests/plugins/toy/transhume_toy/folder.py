"""Reading and writing one account's folder."""

from __future__ import annotations

import errno
import filecmp
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from migrate.errors import AlreadyExists, EtagMismatch, NotFound, QuotaExceeded, Rejected
from migrate.model import Capabilities, Collection, Entry, Item, NameRules, Stored

INCOMING = ".incoming"  # what is being written lies here, and is never listed


class FolderReader:
    """Files are the items, subfolders the collections; a path below the root is the name (href) of each."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def capabilities(self) -> Capabilities:
        rules = NameRules(max_bytes=250, forbidden_characters="/", forbidden_names=frozenset({INCOMING}))
        return Capabilities(accepts=frozenset({"*/*"}), names=rules)

    def collections(self) -> Iterator[Collection]:
        for folder, _ in self._walk():
            path = folder.relative_to(self.root)
            yield Collection(href=str(path), path=path.parts)

    def entries(self) -> Iterator[Entry]:
        for folder, files in self._walk():
            for name in files:
                yield self._entry(folder / name)

    def get(self, entry: Entry) -> Item:
        path = self.root / entry.href
        with translated():
            now = self._entry(path)
            return Item(entry=now, body=path.read_bytes(), media_type=now.media_type)

    def close(self) -> None:
        """Nothing is held open."""

    def _walk(self) -> Iterator[tuple[Path, list[str]]]:
        def fail(error: OSError) -> None:
            raise error  # a folder that cannot be listed is an error, never an empty folder

        with translated():
            for folder, folders, files in os.walk(self.root, onerror=fail):
                folders[:] = sorted(name for name in folders if name != INCOMING)
                yield Path(folder), sorted(files)

    def _entry(self, path: Path) -> Entry:
        stat = path.stat()
        return Entry(
            href=str(path.relative_to(self.root)),
            collection=str(path.parent.relative_to(self.root)),
            etag=f"{stat.st_ino}-{stat.st_ctime_ns}-{stat.st_size}",
            name=path.name,
            media_type="text/plain" if path.suffix == ".txt" else "application/octet-stream",
            size=stat.st_size,
            modified=datetime.fromtimestamp(stat.st_mtime, UTC),
        )


class FolderTarget(FolderReader):
    """The same folder, to be written to."""

    def ensure(self, collection: Collection) -> Collection:
        path = Path(*collection.path)
        with translated():
            (self.root / path).mkdir(parents=True, exist_ok=True)
        return Collection(href=str(path), path=path.parts)

    def mark(self, collection: Collection) -> str:
        return ""  # a file's name says whether it is there

    def find(self, collection: Collection, name: str, item: Item, mark: str) -> Iterator[Stored]:
        path = self.root / collection.href / name
        with translated(), self._incoming(item) as given:
            if path.is_file() and filecmp.cmp(path, given, shallow=False):
                yield self._stored(path)

    def put(self, collection: Collection, name: str, item: Item, *, expects: str | None) -> Stored:
        path = self.root / collection.href / name
        with translated(), self._incoming(item) as given:
            if expects is None:
                os.link(given, path)  # fails where the name is taken, and never shows half a file
            else:
                self._expect(path, expects)
                given.replace(path)
        return self._stored(path)

    def delete(self, entry: Entry, *, expects: str) -> None:
        path = self.root / entry.href
        with translated():
            self._expect(path, expects)
            path.unlink()

    def _expect(self, path: Path, etag: str) -> None:
        if self._entry(path).etag != etag:
            raise EtagMismatch("the file changed")

    def _stored(self, path: Path) -> Stored:
        entry = self._entry(path)
        return Stored(href=entry.href, etag=entry.etag)

    @contextmanager
    def _incoming(self, item: Item) -> Iterator[Path]:
        """The item as a file of its own, whole and dated, gone afterwards."""
        folder = self.root / INCOMING
        folder.mkdir(exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
            path = Path(file.name)
            file.write(item.body if isinstance(item.body, bytes) else item.body.read_bytes())
        try:
            if item.entry.modified is not None:
                os.utime(path, (item.entry.modified.timestamp(),) * 2)
            yield path
        finally:
            path.unlink(missing_ok=True)


@contextmanager
def translated() -> Iterator[None]:
    """The system's errors become transhume's; messages hold no file name."""
    try:
        yield
    except FileNotFoundError as error:
        raise NotFound("the file or folder is gone") from error
    except FileExistsError as error:
        raise AlreadyExists("the name is taken") from error
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise QuotaExceeded("no space left for this account") from error
        raise Rejected(f"the file system refuses ({os.strerror(error.errno or 0)})") from error
