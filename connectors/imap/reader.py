"""The reading half: folders, listings by window, bodies byte for byte. Only EXAMINE and BODY.PEEK are sent."""

from __future__ import annotations

import errno
import hashlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from imapclient.response_parser import parse_fetch_response

from connectors.imap.folders import Folders, collection
from connectors.imap.limits import probe
from connectors.imap.names import folder_href, folder_of, message_href, message_of
from connectors.imap.session import Selected, Session
from migrate.errors import ConnectorError, LocalDiskFull, NotFound, Scope
from migrate.model import Capabilities, Collection, Entry, Item

MEDIA_TYPE = "message/rfc822"
WINDOW = 1000
"""Messages asked for at once in a listing."""
_WIDEST = 32 * WINDOW
"""UIDs covered by one request when few of them are taken."""
SPOOL_ABOVE = 1024 * 1024
"""Bytes above which a body goes to a file, fetched in pieces of that size."""
FETCH_BYTES = 4 * 1024 * 1024
"""Bytes asked for at once by ``get_many``."""

_DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

Row = dict[bytes, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message lies."""

    wire: str
    uidvalidity: int
    uid: int


def etag_of(uidvalidity: int, flags: frozenset[str]) -> str:
    """Changes when a flag does: bytes of a message never change under a UID (RFC 9051 §2.3.1.1)."""
    words = sorted(flag.lower() for flag in flags if flag.lower() != "\\recent")
    return hashlib.sha256(f"{uidvalidity} {' '.join(words)}".encode()).hexdigest()[:20]


class ImapReader:
    """Reads the mail of one account. Used by one thread at a time."""

    _may_select = False
    _listed = "UID FLAGS INTERNALDATE RFC822.SIZE"
    """What FETCH is asked for in a listing, and beside each body."""

    def __init__(self, session: Session, spool: Path) -> None:
        self._session = session
        self._spool = spool
        self._folders = Folders(session)
        self._capabilities: Capabilities | None = None

    @property
    def capabilities(self) -> Capabilities:
        """Probed on first use. Raises ConnectorError."""
        if self._capabilities is None:
            self._capabilities = probe(self._session, select=self._may_select)
        return self._capabilities

    def collections(self) -> Iterator[Collection]:
        """Every folder that can hold messages. Raises ConnectorError."""
        for folder in self._folders.all(fresh=True):
            if folder.selectable:
                yield collection(folder)

    def entries(self) -> Iterator[Entry]:
        """Every message of every folder. Memory does not grow with the mailbox. Raises ConnectorError."""
        for found in self.collections():
            yield from self._entries_of(found)

    def _entries_of(self, found: Collection) -> Iterator[Entry]:
        wire = folder_of(found.href)
        opened = self._session.reopen(wire)
        for rows in self._rows(opened, 1, f"({self._listed})"):
            for row in rows:
                yield self._entry(Place(wire, opened.uidvalidity, row[b"UID"]), row)

    def _entry(self, place: Place, row: Row) -> Entry:
        """The row of a listing as an entry."""
        flags = flags_of(row)
        return Entry(
            href=message_href(place.wire, place.uidvalidity, place.uid),
            collection=folder_href(place.wire),
            etag=etag_of(place.uidvalidity, flags),
            media_type=MEDIA_TYPE,
            size=row[b"RFC822.SIZE"],
            created=utc(row.get(b"INTERNALDATE")),
            flags=flags,
        )

    def _place(self, entry: Entry) -> Place:
        """Where an entry's message lies. Raises NotFound."""
        return Place(*message_of(entry.href))

    def _rows(self, opened: Selected, start: int, items: str) -> Iterator[list[Row]]:
        """Rows of a folder from UID ``start`` on, by windows that widen where UIDs are sparse."""
        width = WINDOW
        while opened.exists and start < opened.uidnext:
            end = min(start + width, opened.uidnext) - 1
            self._expect(opened)
            rows = self._fetch(f"{start}:{end}", items)
            yield [row for row in rows if start <= row[b"UID"] <= end]
            width = min(width * 2, _WIDEST) if len(rows) * 4 < WINDOW else max(WINDOW, width // 2)
            start = end + 1

    def _expect(self, opened: Selected) -> None:
        """Open the folder again if another one was opened between two windows."""
        if self._session.open(opened.wire).uidvalidity != opened.uidvalidity:
            raise NotFound("the folder was rebuilt during its listing (UIDVALIDITY)", scope=Scope.COLLECTION)

    def _fetch(self, uids: str, items: str) -> list[Row]:
        """One UID FETCH. Rows that lack a UID are unasked news of other sessions."""
        with self._session.talking("FETCH") as client:
            status, lines = client._imap.uid("FETCH", uids, items)
            client._checkok("fetch", status, lines)
            parsed = parse_fetch_response(lines, normalise_times=False, uid_is_key=False)
        wanted = b"FLAGS" if "FLAGS" in items else None
        return [row for row in parsed.values() if b"UID" in row and (wanted is None or wanted in row)]

    def get(self, entry: Entry) -> Item:
        """The message as it is now, ``\\\\Seen`` untouched. Raises NotFound when it is gone."""
        place = self._place(entry)
        self._at(place)
        row = self._row(place, f"({self._listed})")
        return self._item(entry, place, row, self._body(place, row[b"RFC822.SIZE"]))

    def _at(self, place: Place) -> None:
        if self._session.open(place.wire).uidvalidity != place.uidvalidity:
            raise NotFound("the folder was rebuilt since the listing (UIDVALIDITY)")

    def _row(self, place: Place, items: str) -> Row:
        for attempt in range(2):
            rows = [row for row in self._fetch(str(place.uid), items) if row[b"UID"] == place.uid]
            if rows:
                return rows[0]
            if attempt == 0:  # what another connection stored shows after the next command (RFC 9051 §5.2)
                with self._session.talking("NOOP") as client:
                    client.noop()
        raise NotFound("the message is gone")

    def _flags(self, place: Place) -> frozenset[str]:
        return flags_of(self._row(place, "(UID FLAGS)"))

    def _body(self, place: Place, size: int) -> bytes | Path:
        if size > SPOOL_ABOVE:
            return self._spooled(place)
        return bytes(self._row(place, "(UID BODY.PEEK[])")[b"BODY[]"] or b"")

    def _spooled(self, place: Place) -> Path:
        """A large body, fetched in pieces so that memory stays flat."""
        with tempfile.NamedTemporaryFile(dir=self._spool, prefix="imap-", delete=False) as stream:
            path = Path(stream.name)
            try:
                offset = 0
                while piece := self._piece(place, offset):
                    stream.write(piece)
                    offset += len(piece)
                    if len(piece) < SPOOL_ABOVE:
                        break
            except BaseException as error:
                path.unlink(missing_ok=True)
                if isinstance(error, OSError) and error.errno in _DISK_FULL:
                    raise LocalDiskFull("no room for a large message", advice="Free space for the spool.") from error
                raise
        return path

    def _piece(self, place: Place, offset: int) -> bytes:
        row = self._row(place, f"(UID BODY.PEEK[]<{offset}.{SPOOL_ABOVE}>)")
        return bytes(row.get(b"BODY[]<%d>" % offset) or b"")

    def _item(self, entry: Entry, place: Place, row: Row, body: bytes | Path) -> Item:
        now = self._entry(place, row)
        current = replace(
            entry,
            etag=now.etag,
            flags=now.flags,
            labels=now.labels,
            size=now.size,
            size_exact=True,
            created=now.created,
        )
        return Item(entry=current, body=body, media_type=MEDIA_TYPE, internal_date=now.created, flags=now.flags)

    def get_many(self, entries: Sequence[Entry]) -> Iterator[tuple[Entry, Item | ConnectorError]]:
        """Each entry with its item or its own error; small messages of a folder share a request."""
        for group in _windows(entries, self._folder):
            if len(group) == 1:
                yield group[0], self._get_or_error(group[0])
            else:
                yield from self._get_group(group)

    def _folder(self, entry: Entry) -> tuple[str, int] | None:
        """The folder that an entry's message lies in, as it was opened; None when there is none."""
        try:
            place = self._place(entry)
        except NotFound:
            return None
        return place.wire, place.uidvalidity

    def _get_or_error(self, entry: Entry) -> Item | ConnectorError:
        try:
            return self.get(entry)
        except ConnectorError as error:
            if error.scope > Scope.COLLECTION:
                raise
            return error

    def _get_group(self, group: Sequence[Entry]) -> Iterator[tuple[Entry, Item | ConnectorError]]:
        places = [self._place(entry) for entry in group]
        rows: dict[int, Row] = {}
        with suppress(NotFound):  # of a folder that is gone: each of its messages then says so
            self._at(places[0])
            uids = ",".join(str(place.uid) for place in places)
            rows = {r[b"UID"]: r for r in self._fetch(uids, f"({self._listed} BODY.PEEK[])")}
        for entry, place in zip(group, places, strict=True):
            row = rows.pop(place.uid, None)
            if row is None or b"BODY[]" not in row:
                yield entry, self._get_or_error(entry)
            else:
                yield entry, self._item(entry, place, row, bytes(row[b"BODY[]"] or b""))

    def close(self) -> None:
        """Log out."""
        self._session.close()


def flags_of(row: Row) -> frozenset[str]:
    """The flags of a row, without the session's own ``\\Recent``."""
    words = (flag.decode("ascii", "replace") if isinstance(flag, bytes) else str(flag) for flag in row[b"FLAGS"])
    return frozenset(words) - {"\\Recent"}


def utc(date: datetime | None) -> datetime | None:
    """The same moment in UTC; None without a time zone."""
    return date.astimezone(UTC) if date is not None and date.tzinfo is not None else None


def _windows(entries: Sequence[Entry], folder: Callable[[Entry], tuple[str, int] | None]) -> Iterator[Sequence[Entry]]:
    """Runs of messages of one folder and one UIDVALIDITY, bounded by bytes and by count; large ones alone."""
    group: list[Entry] = []
    size, key = 0, None
    for entry in entries:
        mine = folder(entry)
        cost = entry.size or 0
        full = size + cost > FETCH_BYTES or len(group) == WINDOW
        if group and (mine is None or mine != key or full or cost > SPOOL_ABOVE):
            yield group
            group, size = [], 0
        key = mine
        group.append(entry)
        size += cost
        if cost > SPOOL_ABOVE:
            yield group
            group, size = [], 0
    if group:
        yield group
