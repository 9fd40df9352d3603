"""The numbered parts of a Takeout archive, zip or tgz, written one file after the other and never held in memory."""

from __future__ import annotations

import gzip
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Self

COPY = 1 << 20
"""Bytes copied at once."""


class Parts:
    """Writes files into ``takeout-<stamp>-001.<kind>``, ``-002``… each of about ``part_bytes`` before compression."""

    def __init__(self, directory: Path, stamp: datetime, kind: str, part_bytes: int) -> None:
        if kind not in _WRITERS:
            raise ValueError("an archive is zip or tgz")
        self.paths: list[Path] = []
        self._directory, self._stamp, self._kind, self._limit = directory, stamp, kind, part_bytes
        self._writer: _Zip | _Tgz | None = None
        self._used = 0

    @property
    def number(self) -> int:
        """The part that is open, from 1."""
        return len(self.paths)

    def room(self, size: int, pending: int = 0) -> bool:
        """Whether that many bytes more fit in the open part, after ``pending`` ones. An empty part takes anything."""
        used = self._used + pending
        return used == 0 or used + size <= self._limit

    def turn(self) -> None:
        """Close the part and begin the next."""
        self._close()
        path = self._directory / f"takeout-{self._stamp:%Y%m%dT%H%M%SZ}-{self.number + 1:03d}.{self._kind}"
        self.paths.append(path)
        self._writer, self._used = _WRITERS[self._kind](path), 0

    def add(self, name: str, body: bytes, modified: datetime) -> None:
        """One small file, in the next part when this one is full."""
        if not self.room(len(body)):
            self.turn()
        self.stream(name, (body,), modified)

    def stream(self, name: str, chunks: Iterable[bytes], modified: datetime) -> None:
        """One file in the open part, its bytes taken as they come."""
        if self._writer is None:
            raise RuntimeError("no part is open")
        self._used += self._writer.write(name, chunks, modified.astimezone(UTC))

    def _close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def __enter__(self) -> Self:
        self.turn()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()


class _Zip:
    """Dates are MS-DOS's: even seconds, no zone (UTC here), none before 1980."""

    def __init__(self, path: Path) -> None:
        self._file = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1)

    def write(self, name: str, chunks: Iterable[bytes], modified: datetime) -> int:
        moment = max(modified, datetime(1980, 1, 1, tzinfo=UTC))
        info = zipfile.ZipInfo(name, moment.timetuple()[:6])
        info.compress_type, info.create_system, info.external_attr = zipfile.ZIP_DEFLATED, 3, 0o100644 << 16
        with self._file.open(info, "w", force_zip64=True) as member:
            return sum(member.write(chunk) for chunk in chunks)

    def close(self) -> None:
        self._file.close()


class _Tgz:
    """A tar header tells the size before the bytes, so each file is first written beside the archive."""

    def __init__(self, path: Path) -> None:
        self._raw = path.open("wb")
        self._gzip = gzip.GzipFile("", "wb", compresslevel=1, fileobj=self._raw, mtime=0)
        self._tar = tarfile.open(fileobj=self._gzip, mode="w|", format=tarfile.PAX_FORMAT, bufsize=COPY)  # noqa: SIM115
        self._beside = path.parent

    def write(self, name: str, chunks: Iterable[bytes], modified: datetime) -> int:
        with tempfile.TemporaryFile(dir=self._beside) as spool:
            size = _fill(spool, chunks)
            info = tarfile.TarInfo(name)
            info.size, info.mtime, info.mode = size, int(modified.timestamp()), 0o644
            self._tar.addfile(info, spool)
        return size

    def close(self) -> None:
        self._tar.close()
        self._gzip.close()
        self._raw.close()


def _fill(spool: IO[bytes], chunks: Iterable[bytes]) -> int:
    size = sum(spool.write(chunk) for chunk in chunks)
    spool.seek(0)
    return size


_WRITERS: dict[str, type[_Zip] | type[_Tgz]] = {"zip": _Zip, "tgz": _Tgz}
