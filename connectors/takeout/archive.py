"""One account's export: its parts, the index of what lies in them, and the folder for what is worked out once."""

from __future__ import annotations

import hashlib
import json
import shutil
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from connectors.takeout.inflate import GZIP, PIECE, RAW, Inflater
from connectors.takeout.members import STORED, TARRED, Member, index_part
from connectors.takeout.parts import ArchiveError, Part
from migrate.errors import NotFound, Rejected

VERSION = "1"
"""Of the files in the state folder; another version is worked out again."""
STREAMS = 4
"""Deflated members kept at hand with their restart points."""
TEXT_LIMIT = 512 << 20
"""Bytes of a calendar, address book or task list, at most: they are read whole."""
_LOCAL = 30
"""Bytes of a zip's local header before its name (APPNOTE.TXT §4.3.7)."""


@dataclass(frozen=True, slots=True)
class Archive:
    """The export of one account, indexed. Shared by the readers of all its services."""

    account: str
    parts: Sequence[Part]
    members: Sequence[Member]
    state: Path
    """A folder of this export's own below the spool; all in it can be made again."""

    @property
    def bytes(self) -> int:
        """Of all parts."""
        return sum(part.path.stat().st_size for part in self.parts)


def open_archive(account: str, parts: Sequence[Part], spool: Path) -> Archive:
    """Index the parts, or read the index made before. Raises ArchiveError."""
    state = _state(account, parts, spool)
    members = [member for number, part in enumerate(parts) for member in _indexed(number, part, state)]
    if not members:
        raise ArchiveError("The export is empty.")
    return Archive(account, parts, members, state)


def _state(account: str, parts: Sequence[Part], spool: Path) -> Path:
    """The folder of this very export; those of the account's earlier ones are removed."""
    home = spool / "takeout" / hashlib.sha256(account.encode()).hexdigest()[:16]
    marks = [VERSION, *(f"{p.path.name} {p.path.stat().st_size} {p.path.stat().st_mtime_ns}" for p in parts)]
    state = home / hashlib.sha256("\n".join(marks).encode()).hexdigest()[:16]
    for other in home.iterdir() if home.is_dir() else ():
        if other != state:
            shutil.rmtree(other, ignore_errors=True)
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    return state


def _indexed(number: int, part: Part, state: Path) -> Iterator[Member]:
    """A zip tells what it holds at its end; a compressed tar must be read whole, which is done once."""
    if part.zipped:
        yield from index_part(number, part)
        return
    kept = state / f"part-{number}.jsonl"
    if not kept.exists():
        fresh = kept.with_suffix(".new")
        with fresh.open("w", encoding="utf-8") as stream:
            stream.writelines(json.dumps(_row(member)) + "\n" for member in index_part(number, part))
        fresh.replace(kept)
    with kept.open(encoding="utf-8") as stream:
        yield from (_member(number, json.loads(line)) for line in stream)


def _row(member: Member) -> list[object]:
    modified = int(member.modified.timestamp()) if member.modified else None
    return [member.path, member.offset, member.size, member.crc, modified]


def _member(number: int, row: list[Any]) -> Member:
    path, offset, size, crc, modified = row
    moment = datetime.fromtimestamp(modified, UTC) if modified else None
    return Member(tuple(path), number, offset, TARRED, 0, size, crc, moment, True)


class Contents:
    """Reads what the members hold. One a reader, used by one thread."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self._files: dict[int, BinaryIO] = {}
        self._streams: dict[tuple[int, int], Inflater] = {}

    def whole(self, member: Member) -> Iterator[bytes]:
        """All its bytes in order. Raises Rejected at the end when they do not have the checksum the archive tells."""
        crc = 0
        for piece in self.pieces(member, 0, member.size):
            crc = zlib.crc32(piece, crc)
            yield piece
        if crc != member.crc:
            label = self.archive.parts[member.part].label
            raise Rejected(f"What part {label} of the export holds of it does not have its checksum.")

    def text(self, member: Member) -> bytes:
        """All its bytes at once. Raises ArchiveError when they are damaged or too many."""
        if member.size > TEXT_LIMIT:
            raise ArchiveError("A calendar, an address book or a task list of the export is larger than 512 MB.")
        try:
            return b"".join(self.whole(member))
        except Rejected as error:
            raise ArchiveError(error.message) from error

    def pieces(self, member: Member, offset: int, size: int) -> Iterator[bytes]:
        """Some of its bytes. Raises ArchiveError, NotFound when the part is gone."""
        size = min(size, member.size - offset)
        if size <= 0:
            return
        if member.method == STORED:
            yield from self._stored(member, self._data(member) + offset, size)
        else:
            base = member.offset if member.method == TARRED else 0
            yield from self._inflater(member).pieces(base + offset, size)

    def _stored(self, member: Member, start: int, size: int) -> Iterator[bytes]:
        file = self._file(member.part)
        while size > 0:
            file.seek(start)
            piece = file.read(min(PIECE, size))
            if not piece:
                raise self._damaged(member)
            yield piece
            start, size = start + len(piece), size - len(piece)

    def _inflater(self, member: Member) -> Inflater:
        key = (member.part, 0 if member.method == TARRED else member.offset + 1)
        found = self._streams.pop(key, None)
        if found is None:
            start, wbits = (0, GZIP) if member.method == TARRED else (self._data(member), RAW)
            label = self.archive.parts[member.part].label
            found = Inflater(self._file(member.part), start, wbits, label)
        self._streams[key] = found
        if len(self._streams) > STREAMS:
            del self._streams[next(iter(self._streams))]
        return found

    def _data(self, member: Member) -> int:
        """Where a zip member's data begins: after its local header, which has lengths of its own."""
        file = self._file(member.part)
        file.seek(member.offset)
        header = file.read(_LOCAL)
        if len(header) < _LOCAL or not header.startswith(b"PK\x03\x04"):
            raise self._damaged(member)
        name, extra = (int.from_bytes(header[at : at + 2], "little") for at in (26, 28))
        return member.offset + _LOCAL + name + extra

    def _file(self, part: int) -> BinaryIO:
        if part not in self._files:
            try:
                self._files[part] = self.archive.parts[part].path.open("rb")
            except OSError as error:
                raise NotFound(f"Part {self.archive.parts[part].label} of the export is gone.") from error
        return self._files[part]

    def _damaged(self, member: Member) -> ArchiveError:
        return ArchiveError(f"Part {self.archive.parts[member.part].label} of the export is cut or damaged.")

    def close(self) -> None:
        """Close the parts."""
        self._streams.clear()
        while self._files:
            self._files.popitem()[1].close()
