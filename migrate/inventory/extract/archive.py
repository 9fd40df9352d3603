"""Zip archives: members one by one, each counted, bounded, and read only as far as the limits allow."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator

from migrate.inventory.extract.limits import Budget, Refused
from migrate.inventory.extract.parts import Extracted, Part, Passage, Reason, Unread

CHUNK = 1 << 16
_CENTRAL = b"PK\x01\x02"


class Archive:
    """A zip in memory. Raises Refused for one with too many members, BadZipFile for what is none."""

    def __init__(self, data: bytes, budget: Budget) -> None:
        # Counted before the directory is parsed: a small file can announce millions of members.
        if data.count(_CENTRAL) > budget.limits.members:
            raise Refused(Reason.LIMIT_MEMBERS)
        self._zip = zipfile.ZipFile(io.BytesIO(data))
        self._budget = budget
        self.members = [info for info in self._zip.infolist() if not info.is_dir()]
        self.names = frozenset(info.filename for info in self.members)

    def chunks(self, name: str | zipfile.ZipInfo) -> Iterator[bytes]:
        """The bytes of a member. Raises Refused at a limit or for a password, BadZipFile when it is damaged."""
        info = name if isinstance(name, zipfile.ZipInfo) else self._zip.getinfo(name)
        if info.flag_bits & 0x1:
            raise Refused(Reason.ENCRYPTED)
        limits, done = self._budget.limits, 0
        try:
            with self._zip.open(info) as member:
                while chunk := member.read(CHUNK):
                    done += len(chunk)
                    self._budget.unpacked(len(chunk))
                    if done > limits.member_bytes:
                        raise Refused(Reason.LIMIT_BYTES)
                    if done > limits.ratio_grace and done > limits.ratio * max(info.compress_size, 1):
                        raise Refused(Reason.LIMIT_RATIO)
                    yield chunk
        except NotImplementedError:
            raise Refused(Reason.UNSUPPORTED) from None
        except (zlib.error, EOFError):
            raise Refused(Reason.BROKEN) from None

    def read(self, name: str | zipfile.ZipInfo) -> bytes:
        """A whole member."""
        return b"".join(self.chunks(name))


def read(archive: Archive, part: Part, budget: Budget) -> Iterator[Extracted]:
    """Every member as a part of its own, its name as text."""
    for number, info in enumerate(archive.members, 1):
        budget.member()
        where = part.inside(f"member[{number}]")
        yield Passage(where=f"{where}/name", text=info.filename)
        try:
            yield Part(data=archive.read(info), name=info.filename, where=where)
        except Refused as refusal:
            yield Unread(where=where, reason=refusal.reason, size=info.file_size)
            if refusal.reason is Reason.LIMIT_BYTES and budget.bytes > budget.limits.total_bytes:
                raise
        except zipfile.BadZipFile:
            yield Unread(where=where, reason=Reason.BROKEN, size=info.file_size)
