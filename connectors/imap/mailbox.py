"""A reader that asks the server first which of two kinds of mailbox it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property

from connectors.imap.reader import ImapReader
from connectors.imap.session import Session
from migrate.errors import ConnectorError
from migrate.model import Capabilities, Collection, Entry, Item


class Mailbox:
    """Implements ``protocols.Reader`` and ``SupportsGetMany`` by the reader that ``choose`` gives at first use."""

    def __init__(self, session: Session, choose: Callable[[], ImapReader]) -> None:
        self._session = session
        self._choose = choose

    @cached_property
    def _inner(self) -> ImapReader:
        return self._choose()

    @property
    def capabilities(self) -> Capabilities:
        """Probed on first use. Raises ConnectorError."""
        return self._inner.capabilities

    def collections(self) -> Iterator[Collection]:
        """Every folder that can hold messages; at Gmail the one mailbox. Raises ConnectorError."""
        return self._inner.collections()

    def entries(self) -> Iterator[Entry]:
        """Every message. Raises ConnectorError."""
        return self._inner.entries()

    def get(self, entry: Entry) -> Item:
        """The message as it is now. Raises NotFound when it is gone."""
        return self._inner.get(entry)

    def get_many(self, entries: Sequence[Entry]) -> Iterator[tuple[Entry, Item | ConnectorError]]:
        """Each entry with its item or its own error."""
        return self._inner.get_many(entries)

    def close(self) -> None:
        """Log out."""
        self._session.close()
