"""The only door to the disk: paths are walked name by name from the account's folder, and no link is followed.

Folders are made with mode 0700 and files with 0600. A file is written whole under a name of its own, made durable,
and only then given its place (link, which fails where the name is taken), so that a crash leaves nothing half-written.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import shutil
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from migrate.errors import NotFound, Rejected
from migrate.model import Item

INCOMING = ".transhume-incoming"
"""What is being written lies here; never listed."""
STALE = 36 * 3600
"""Seconds after which an unfinished file is nobody's (the rule of Maildir's ``tmp``)."""
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS})
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Row:
    """One name in a folder."""

    name: str
    kind: str
    """``file``, ``folder``, ``link`` or ``other``."""


def segment(name: str) -> str:
    """The name, if it is one step down and nothing else. Raises Rejected."""
    if name in {"", ".", ".."} or "/" in name or "\0" in name:
        raise Rejected("this is not the name of a file or folder")
    return name


class Tree:
    """The folder of one account."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def exists(self) -> bool:
        """Whether the account has a folder."""
        return self.root.is_dir()

    @contextmanager
    def folder(self, path: Sequence[str]) -> Iterator[int]:
        """A descriptor of the folder. Raises OSError; links below the root are refused."""
        current = os.open(self.root, _FOLDER)
        try:
            for name in path:
                below = os.open(segment(name), _FOLDER | os.O_NOFOLLOW, dir_fd=current)
                os.close(current)
                current = below
            yield current
        finally:
            os.close(current)

    def make(self, path: Sequence[str]) -> None:
        """Make the folder and those above it, where they are missing."""
        for folder in (*reversed(self.root.parents), self.root):
            if not folder.is_dir():
                folder.mkdir(mode=0o700, exist_ok=True)
        for depth, name in enumerate(path):
            with self.folder(path[:depth]) as above, suppress(FileExistsError):
                os.mkdir(segment(name), 0o700, dir_fd=above)
                os.fsync(above)

    def rows(self, path: Sequence[str]) -> list[Row]:
        """What lies in a folder, sorted by name; what transhume is writing left out."""
        with self.folder(path) as folder, os.scandir(folder) as found:
            return sorted((_row(one) for one in found if one.name != INCOMING), key=lambda row: row.name)

    def status(self, path: Sequence[str], name: str) -> os.stat_result:
        """Of a file itself, not of what a link leads to."""
        with self.folder(path) as folder:
            return os.stat(segment(name), dir_fd=folder, follow_symlinks=False)

    @contextmanager
    def opened(self, path: Sequence[str], name: str) -> Iterator[int]:
        """A descriptor of a regular file, to be read. Raises NotFound when it is something else."""
        with self.folder(path) as folder:
            file = os.open(segment(name), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
        try:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise NotFound("this is no longer a file")
            yield file
        finally:
            os.close(file)

    def read(self, path: Sequence[str], name: str) -> bytes:
        """The bytes of a small file."""
        with self.opened(path, name) as file, os.fdopen(os.dup(file), "rb") as stream:
            return stream.read()

    def digest(self, path: Sequence[str], name: str) -> str:
        """``sha256:<hex>`` of a file, read in pieces."""
        with self.opened(path, name) as file, os.fdopen(os.dup(file), "rb") as stream:
            return f"sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()}"

    @contextmanager
    def written(self, path: Sequence[str], item: Item, moment: datetime | None) -> Iterator[str]:
        """The item whole and durable in the folder ``path``, under a name that is gone afterwards."""
        name = f"{time.time_ns()}.{os.getpid()}.{secrets.token_hex(8)}"
        with self.folder(path) as folder:
            try:
                self._write(folder, name, item, moment)
                yield name
            finally:
                with suppress(FileNotFoundError):
                    os.unlink(name, dir_fd=folder)

    def _write(self, folder: int, name: str, item: Item, moment: datetime | None) -> None:
        file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=folder)
        with os.fdopen(file, "wb") as stream:
            if isinstance(item.body, bytes):
                stream.write(item.body)
            else:
                with item.body.open("rb") as body:
                    shutil.copyfileobj(body, stream, 1 << 20)
            stream.flush()
            if moment is not None:
                nanoseconds = nanoseconds_of(moment)
                os.utime(file, ns=(nanoseconds, nanoseconds))
            os.fsync(file)

    def publish(self, source: Sequence[str], name: str, to: Sequence[str], new: str, *, replace: bool = False) -> None:
        """Give a written file its place. Raises FileExistsError unless it may replace what is there."""
        with self.folder(source) as here, self.folder(to) as there:
            if replace:
                os.replace(name, segment(new), src_dir_fd=here, dst_dir_fd=there)
                return
            try:
                os.link(name, segment(new), src_dir_fd=here, dst_dir_fd=there, follow_symlinks=False)
            except OSError as error:
                if error.errno not in _NO_LINKS:
                    raise
                _rename_to_free(name, new, here, there)

    def append(self, path: Sequence[str], name: str, line: bytes) -> None:
        """Add to the end of a small file, durably."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        with self.folder(path) as folder, os.fdopen(os.open(name, flags, 0o600, dir_fd=folder), "ab") as stream:
            stream.write(line)
            stream.flush()
            os.fsync(stream.fileno())

    def settle(self, path: Sequence[str]) -> None:
        """Make the names of a folder durable."""
        with self.folder(path) as folder:
            os.fsync(folder)

    def remove(self, path: Sequence[str], name: str) -> None:
        """Remove a file."""
        with self.folder(path) as folder:
            os.unlink(segment(name), dir_fd=folder)
            os.fsync(folder)

    def sweep(self, path: Sequence[str]) -> None:
        """Remove what a crash left unfinished in a folder of unfinished files."""
        for row in self.rows(path):
            # Another service of the account may finish its own file meanwhile.
            with suppress(FileNotFoundError):
                if row.kind == "file" and time.time() - self.status(path, row.name).st_ctime > STALE:
                    self.remove(path, row.name)

    def free_bytes(self) -> int | None:
        """Room on the disk that holds the folder, or will."""
        there = next((path for path in (self.root, *self.root.parents) if path.exists()), None)
        if there is None:
            return None
        disk = os.statvfs(there)
        return disk.f_bavail * disk.f_frsize


def nanoseconds_of(moment: datetime) -> int:
    """Since the epoch, exact (a float of seconds is not)."""
    passed = moment - EPOCH
    return ((passed.days * 86400 + passed.seconds) * 1_000_000 + passed.microseconds) * 1000


def _rename_to_free(name: str, new: str, here: int, there: int) -> None:
    """For disks without hard links (exFAT): the project's lock keeps other writers away."""
    try:
        os.stat(new, dir_fd=there, follow_symlinks=False)
    except FileNotFoundError:
        os.rename(name, new, src_dir_fd=here, dst_dir_fd=there)
        return
    raise FileExistsError(errno.EEXIST, "taken")


def _row(found: os.DirEntry[str]) -> Row:
    if found.is_symlink():
        return Row(found.name, "link")
    if found.is_dir(follow_symlinks=False):
        return Row(found.name, "folder")
    return Row(found.name, "file" if found.is_file(follow_symlinks=False) else "other")
