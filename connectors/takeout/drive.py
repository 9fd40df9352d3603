"""Drive of a Takeout archive: the tree of the account's own files, as it lies below ``Takeout/Drive``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from connectors.takeout.archive import Contents
from connectors.takeout.layout import drive
from connectors.takeout.members import Member
from connectors.takeout.spool import keep
from migrate.errors import NotFound
from migrate.model import Capabilities, Collection, Entry, Item, Loss

ROOT = "drive:"
_SHARES = Loss(field="shares", reason="An archive does not tell whether a file was shared, nor with whom.")
_TIME = Loss(field="modified", reason="A zip tells times without zone and to two seconds: they are read as UTC.")
_NO_TIME = Loss(field="modified", reason="The archive does not tell when the file was changed.")


class DriveReader:
    """Implements ``protocols.Reader``."""

    capabilities = Capabilities()

    def __init__(self, contents: Contents, spool: Path) -> None:
        self._contents, self._spool = contents, spool
        self._files: dict[str, Member] = {}
        for member in drive(contents.archive.members):
            self._add(member)

    def _add(self, member: Member) -> None:
        """A path that occurs again with the same content is the same file; with another, another file."""
        href, nth = ROOT + "/".join(member.path[2:]), 1
        key = href
        while key in self._files and not _same(self._files[key], member):
            nth += 1
            key = f"{href}//{nth}"
        self._files.setdefault(key, member)

    def collections(self) -> Iterator[Collection]:
        """My Drive and its folders, parents first. Nothing when Drive was not exported."""
        if not self._files:
            return
        folders = {m.path[2:depth] for m in self._files.values() for depth in range(2, len(m.path))}
        for path in sorted(folders, key=lambda path: (len(path), path)):
            yield Collection(href=_folder(path), path=path, parent=_folder(path[:-1]) if path else "")

    def entries(self) -> Iterator[Entry]:
        """Every file."""
        for href, member in self._files.items():
            yield _entry(href, member)

    def get(self, entry: Entry) -> Item:
        """The file's content. Raises NotFound, Rejected when its checksum is wrong, ArchiveError, LocalDiskFull."""
        member = self._files.get(entry.href)
        if member is None:
            raise NotFound("The archive does not hold this file.")
        current = _entry(entry.href, member)
        body = keep(self._spool, self._contents.whole(member), member.size)
        return Item(entry=current, body=body, media_type=current.media_type)

    def close(self) -> None:
        """Close the archive."""
        self._contents.close()


def _same(one: Member, other: Member) -> bool:
    return (one.size, one.crc) == (other.size, other.crc)


def _folder(path: tuple[str, ...]) -> str:
    return ROOT + "".join(f"{name}/" for name in path)


def _entry(href: str, member: Member) -> Entry:
    """The etag is of the content alone: when a later export was made changes no file."""
    losses = [_SHARES]
    if member.modified is None:
        losses.append(_NO_TIME)
    elif not member.exact:
        losses.append(_TIME)
    return Entry(
        href=href,
        collection=_folder(member.path[2:-1]),
        etag=f"{member.size}-{member.crc:08x}",
        name=member.path[-1],
        size=member.size,
        modified=member.modified,
        losses=tuple(losses),
    )
