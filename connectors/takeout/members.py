"""What lies in the parts: one index of all of them, and what is refused before anything is read.

Nothing is ever written under a name found in an archive: names only become names on the target.
"""

from __future__ import annotations

import gzip
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO

from connectors.takeout.parts import ArchiveError, Part

STORED, DEFLATED, TARRED = 0, 8, -1
"""How a member's bytes lie in its part (APPNOTE.TXT §4.4.5); TARRED: in the clear within a compressed tar."""
RATIO, FREE = 200, 1 << 30
"""A member that unpacks to over 200 times its size is taken for a bomb, from 1 GB on."""
LARGEST = 1 << 40
"""Bytes of one member: more than any file that Google stores."""
ENCRYPTED, UTF8 = 0x1, 0x800
"""Bits of a zip member's flags (APPNOTE.TXT §4.4.4)."""
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an export."""

    path: tuple[str, ...]
    """Names from the root of the archive (``Takeout``) down."""
    part: int
    """Index of the part it lies in."""
    offset: int
    """Of the zip's local header, or of the content in the unpacked tar."""
    method: int
    packed: int
    size: int
    crc: int
    modified: datetime | None
    exact: bool
    """Whether ``modified`` names its zone and second; a zip's own field does neither."""


def index_part(number: int, part: Part) -> Iterator[Member]:
    """Every file of a part. Raises ArchiveError: cut, encrypted, not a file, a path that leaves the archive, a bomb."""
    try:
        yield from _zip(number, part) if part.zipped else _tar(number, part)
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, struct.error) as error:
        raise ArchiveError(f"Part {part.label} of the export is cut or damaged.") from error
    except (NotImplementedError, UnicodeError, ValueError) as error:
        raise ArchiveError(f"Part {part.label} of the export is not as Google makes them.") from error
    except OSError as error:
        raise ArchiveError(
            f"Part {part.label} of the export cannot be read ({error.strerror or 'damaged'})."
        ) from error


def _zip(number: int, part: Part) -> Iterator[Member]:
    with zipfile.ZipFile(part.path) as archive:
        for info in archive.infolist():
            path = _path(_name(info), part)
            if info.is_dir():
                continue
            _check_zip(info, part)
            modified, exact = _zip_time(info)
            yield Member(
                path, number, info.header_offset, info.compress_type, info.compress_size, info.file_size, info.CRC,
                modified, exact,
            )  # fmt: skip


def _name(info: zipfile.ZipInfo) -> str:
    """The member's name: UTF-8 even where the flag that says so was forgotten."""
    if info.flag_bits & UTF8:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.filename


def _check_zip(info: zipfile.ZipInfo, part: Part) -> None:
    if info.flag_bits & ENCRYPTED:
        raise ArchiveError(f"Part {part.label} of the export is encrypted, which Google's are not.")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in {0, stat.S_IFREG}:
        raise _not_a_file(part)
    if info.compress_type not in {STORED, DEFLATED}:
        raise ArchiveError(f"Part {part.label} of the export is compressed in a way that Google does not use.")
    _check_size(info.file_size, info.compress_size, part)


def _check_size(size: int, packed: int, part: Part) -> None:
    if size > LARGEST or (size > FREE and size > RATIO * packed):
        raise ArchiveError(f"Part {part.label} of the export unpacks to far more than it can hold: it is a trap.")


def _not_a_file(part: Part) -> ArchiveError:
    return ArchiveError(f"Part {part.label} of the export holds a link or a device, which Google's do not.")


def _path(name: str, part: Part) -> tuple[str, ...]:
    """The names of a path. Raises ArchiveError when it would leave the archive."""
    names = tuple(name.rstrip("/").split("/"))
    outside = name.startswith("/") or "\\" in name or "\0" in name or (len(names[0]) == 2 and names[0][1] == ":")
    if outside or any(segment in {"", ".", ".."} for segment in names):
        raise ArchiveError(f"Part {part.label} of the export holds a path that leads out of it: it is a trap.")
    return names


def _zip_time(info: zipfile.ZipInfo) -> tuple[datetime | None, bool]:
    """The time of a zip member, and whether it is exact.

    The extended field (0x5455) holds UTC seconds. The field that every member has counts two seconds and names no
    zone (APPNOTE.TXT §4.4.6): it is read as UTC, so that it says the same on every machine.
    """
    extra = info.extra
    while len(extra) >= 4:
        kind, length = struct.unpack("<HH", extra[:4])
        if kind == 0x5455 and length >= 5 and extra[4] & 1:
            return datetime.fromtimestamp(struct.unpack("<i", extra[5:9])[0], UTC), True
        extra = extra[4 + length :]
    if info.date_time <= (1980, 1, 1, 0, 0, 0):
        return None, False
    try:
        return datetime(*info.date_time, tzinfo=UTC), False
    except ValueError:
        return None, False


def _tar(number: int, part: Part) -> Iterator[Member]:
    packed = part.path.stat().st_size
    with gzip.open(part.path) as stream, tarfile.open(fileobj=stream, mode="r|") as archive:
        for info in archive:
            path = _path(info.name, part)
            if info.isdir():
                continue
            if not info.isfile():
                raise _not_a_file(part)
            _check_size(info.offset_data + info.size, packed, part)
            content = archive.extractfile(info)
            crc = _crc(content, info.size) if content else 0
            modified = datetime.fromtimestamp(int(info.mtime), UTC) if info.mtime > 0 else None
            yield Member(path, number, info.offset_data, TARRED, 0, info.size, crc, modified, True)
        # To the very end, where the checksum of the whole is.
        while stream.read(_BLOCK):
            pass


def _crc(content: IO[bytes], size: int) -> int:
    crc, left = 0, size
    while left > 0:
        block = content.read(min(_BLOCK, left))
        if not block:
            raise EOFError
        crc, left = zlib.crc32(block, crc), left - len(block)
    return crc
