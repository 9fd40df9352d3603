"""Mail of a Takeout archive: every message once, as it was, with its labels, its flags and its date."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from connectors.takeout.archive import Contents
from connectors.takeout.labels import state
from connectors.takeout.layout import mailboxes
from connectors.takeout.mailindex import MailIndex, Row
from connectors.takeout.mbox import Restored, lines
from connectors.takeout.spool import keep
from migrate.errors import ConnectorError, NotFound, Rejected, Scope
from migrate.model import Capabilities, Collection, Entry, Item

MAILBOX = "mailbox"
MEDIA_TYPE = "message/rfc822"


class MailReader:
    """Implements ``protocols.Reader`` and ``SupportsGetMany``."""

    capabilities = Capabilities()

    def __init__(self, contents: Contents, spool: Path) -> None:
        self._contents, self._spool = contents, spool
        self._index = MailIndex(contents, mailboxes(contents.archive.members))

    def collections(self) -> Iterator[Collection]:
        """The mailbox: Gmail has labels, not folders. None when mail was not exported."""
        if self._index.files:
            yield Collection(href=MAILBOX)

    def entries(self) -> Iterator[Entry]:
        """Every message once, spam, trash and chats included, in the order of the archive."""
        if not self._index.files:
            return
        self._index.open()
        for row in self._index:
            yield self._entry(row)

    def _entry(self, row: Row) -> Entry:
        now = state(row.href, row.labels, self._index.language)
        return Entry(
            href=row.href,
            collection=MAILBOX,
            etag=now.etag,
            media_type=MEDIA_TYPE,
            size=row.size,
            created=row.received,
            digest=f"sha256:{row.digest}",
            flags=now.flags,
            labels=now.labels,
        )

    def get(self, entry: Entry) -> Item:
        """The message. Raises NotFound when the archive does not hold it, ArchiveError, LocalDiskFull."""
        return self._item(entry, self._row(entry))

    def _row(self, entry: Entry) -> Row:
        self._index.open()
        row = self._index.find(entry.href)
        if row is None:
            raise NotFound("The archive does not hold this message.")
        return row

    def _item(self, entry: Entry, row: Row) -> Item:
        current = replace(self._entry(row), collection=entry.collection)
        body = keep(self._spool, self._body(row), row.size)
        size = len(body) if isinstance(body, bytes) else body.stat().st_size
        if size != row.size:
            if isinstance(body, Path):
                body.unlink()
            raise Rejected("The archive was altered while it was read.")
        return Item(entry=current, body=body, media_type=MEDIA_TYPE, internal_date=row.received, flags=current.flags)

    def _body(self, row: Row) -> Iterator[bytes]:
        restored = Restored()
        for piece in lines(self._index.pieces(row)):
            yield restored.feed(piece)
        yield restored.end()

    def get_many(self, entries: Sequence[Entry]) -> Iterator[tuple[Entry, Item | ConnectorError]]:
        """Each message or its own error, in the order of the archive, which is the quickest to read."""
        found: list[tuple[Entry, Row]] = []
        for entry in entries:
            try:
                found.append((entry, self._row(entry)))
            except NotFound as error:
                yield entry, error
        for entry, row in sorted(found, key=lambda one: (one[1].member, one[1].offset)):
            try:
                yield entry, self._item(entry, row)
            except ConnectorError as error:
                if error.scope > Scope.ITEM:
                    raise
                yield entry, error

    def close(self) -> None:
        """Close the archive."""
        self._index.close()
        self._contents.close()
