"""The index of an account's mail: one pass over its mailboxes, kept beside them, looked up without being loaded.

``rows.jsonl`` holds a line per message in the order of the archive; ``keys`` sorts their hrefs, each with the place
of its line; ``head.json`` says which language the labels are in and comes last: without it, there is no index.
A message's href is the digest of its own bytes, which a later archive of the account holds unchanged; exact copies
that are several messages at Google are told apart by their order there.
"""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from connectors.takeout.archive import Contents
from connectors.takeout.labels import language_of, split_labels
from connectors.takeout.mbox import Restored, Start, split
from connectors.takeout.members import STORED, Member
from connectors.takeout.parts import ArchiveError
from migrate.errors import LocalDiskFull, Rejected

KEY, PLACE = 24, 8
"""Bytes of a href in the sorted file, and of the place that follows it."""
RESERVE = 1 << 30
"""Bytes of disk left free when mailboxes are copied."""


@dataclass(frozen=True, slots=True)
class Row:
    """One message: where it lies and what is known of it."""

    href: str
    member: int
    """Index of its mailbox file."""
    offset: int
    length: int
    """Of what lies in the mailbox file."""
    size: int
    digest: str
    received: datetime | None
    labels: Sequence[str]


class MailIndex:
    """Made once, then read. One a reader."""

    def __init__(self, contents: Contents, mailboxes: Sequence[Sequence[Member]]) -> None:
        self._contents = contents
        self.files = [member for files in mailboxes for member in files]
        self._home = contents.archive.state / "mail"
        self._rows: BinaryIO | None = None
        self._copies: dict[int, BinaryIO] = {}
        self.language = ""

    def open(self) -> None:
        """Make the index when there is none yet. Raises ArchiveError, LocalDiskFull."""
        if self._rows is not None:
            return
        head = self._home / "head.json"
        if not head.exists():
            self._make()
        self.language = json.loads(head.read_text())["language"]
        self._rows = (self._home / "rows.jsonl").open("rb")

    def __iter__(self) -> Iterator[Row]:
        with (self._home / "rows.jsonl").open("rb") as stream:
            for line in stream:
                yield _row(line)

    def find(self, href: str) -> Row | None:
        """The row of that href, by halving."""
        try:
            wanted = bytes.fromhex(href)
        except ValueError:
            return None
        with (self._home / "keys").open("rb") as keys:
            low, high = 0, (self._home / "keys").stat().st_size // (KEY + PLACE)
            while low < high:
                middle = (low + high) // 2
                keys.seek(middle * (KEY + PLACE))
                found, place = keys.read(KEY), keys.read(PLACE)
                if found == wanted:
                    return self._row_at(int.from_bytes(place))
                low, high = (middle + 1, high) if found < wanted else (low, middle)
        return None

    def _row_at(self, place: int) -> Row:
        assert self._rows is not None
        self._rows.seek(place)
        return _row(self._rows.readline())

    def pieces(self, row: Row) -> Iterator[bytes]:
        """The message's bytes as they lie in its mailbox file: from the copy, or from the archive."""
        copy = self._home / f"{row.member}.mbox"
        if not copy.exists():
            return self._contents.pieces(self.files[row.member], row.offset, row.length)
        if row.member not in self._copies:
            self._copies[row.member] = copy.open("rb")
        return _read(self._copies[row.member], row.offset, row.length)

    def _make(self) -> None:
        shutil.rmtree(self._home, ignore_errors=True)
        self._home.mkdir(mode=0o700, parents=True)
        maker = _Maker(self._home, self._contents)
        try:
            for number, member in enumerate(self.files):
                maker.add(number, member)
            maker.finish()
        except Rejected as error:
            raise ArchiveError(error.message) from error
        except OSError as error:
            shutil.rmtree(self._home, ignore_errors=True)
            if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
                raise ArchiveError(f"The export cannot be read ({error.strerror or 'unknown cause'}).") from error
            raise LocalDiskFull("There is no room left for the spool.", advice="Free some space, run again.") from error
        finally:
            maker.close()

    def close(self) -> None:
        """Close the files."""
        if self._rows is not None:
            self._rows.close()
            self._rows = None
        while self._copies:
            self._copies.popitem()[1].close()


def _row(line: bytes) -> Row:
    href, member, offset, length, size, digest, received, labels = json.loads(line)
    moment = datetime.fromisoformat(received) if received else None
    return Row(href, member, offset, length, size, digest, moment, labels)


def _read(stream: BinaryIO, offset: int, length: int) -> Iterator[bytes]:
    while length > 0:
        stream.seek(offset)
        piece = stream.read(min(length, 1 << 20))
        if not piece:
            raise ArchiveError(
                "A copy of a mailbox in the spool was altered.", advice="Remove the folder spool/takeout."
            )
        yield piece
        offset, length = offset + len(piece), length - len(piece)


class _Maker:
    """Writes the three files, one message at a time."""

    def __init__(self, home: Path, contents: Contents) -> None:
        self._home, self._contents = home, contents
        self._rows = (home / "rows.jsonl").open("wb")
        self._keys: list[bytes] = []
        self._seen: dict[bytes, bytes] = {}
        """Message numbers by content; for the few contents of which there are several, all of them."""
        self._counts: Counter[str] = Counter()

    def add(self, number: int, member: Member) -> None:
        """Every message of a mailbox file."""
        now: _Message | None = None
        try:
            for event in split(self._copied(number, member)):
                if isinstance(event, Start):
                    self._keep(number, now)
                    now = _Message(event)
                elif now is not None:
                    now.feed(event)
        except ValueError as error:
            raise ArchiveError("A mailbox file of the export does not begin with a message.") from error
        self._keep(number, now)

    def _copied(self, number: int, member: Member) -> Iterator[bytes]:
        """The mailbox file's bytes, written to the spool as they pass when they cannot be sought in the archive."""
        room = shutil.disk_usage(self._home).free - RESERVE
        if member.method == STORED or member.size > room:
            yield from self._contents.whole(member)
            return
        fresh = self._home / f"{number}.new"
        with fresh.open("wb") as stream:
            for piece in self._contents.whole(member):
                stream.write(piece)
                yield piece
        fresh.replace(self._home / f"{number}.mbox")

    def _keep(self, number: int, message: _Message | None) -> None:
        if message is None:
            return
        message.end()
        content = message.digest.digest()
        nth = self._nth(content, message.start.number or f"{number} {message.start.offset}")
        if nth is None:
            return
        name = content if nth == 1 else hashlib.sha256(content + nth.to_bytes(4)).digest()
        labels = split_labels(message.restored.labels)
        self._counts.update(labels)
        self._keys.append(name[:KEY] + self._rows.tell().to_bytes(PLACE))
        received = message.start.received.isoformat() if message.start.received else None
        row: list[Any] = [name[:KEY].hex(), number, message.start.offset, message.length, message.size]
        self._rows.write(json.dumps([*row, message.digest.hexdigest(), received, labels]).encode() + b"\n")

    def _nth(self, content: bytes, identity: str) -> int | None:
        """Which copy of its content it is; None when the same message was met before, under another label."""
        mark = hashlib.sha256(identity.encode()).digest()[:12]
        known = self._seen.get(content[:16], b"")
        marks = [known[at : at + 12] for at in range(0, len(known), 12)]
        if mark in marks:
            return None
        self._seen[content[:16]] = known + mark
        return len(marks) + 1

    def finish(self) -> None:
        """The sorted hrefs, then the head."""
        self._rows.close()
        with (self._home / "keys").open("wb") as stream:
            stream.writelines(sorted(self._keys))
        fresh = self._home / "head.new"
        fresh.write_text(json.dumps({"language": language_of(self._counts), "messages": len(self._keys)}))
        fresh.replace(self._home / "head.json")

    def close(self) -> None:
        """Whether finished or not."""
        self._rows.close()


class _Message:
    """A message on its way through: its digest and its sizes, never its bytes."""

    def __init__(self, start: Start) -> None:
        self.start = start
        self.restored = Restored()
        self.digest = hashlib.sha256()
        self.length = self.size = 0

    def feed(self, piece: bytes) -> None:
        self.length += len(piece)
        self._take(self.restored.feed(piece))

    def end(self) -> None:
        self._take(self.restored.end())

    def _take(self, given: bytes) -> None:
        self.size += len(given)
        self.digest.update(given)
