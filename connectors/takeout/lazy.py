"""A reader made at its first use: what an archive refuses is then that account's trouble alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from migrate.errors import ConnectorError, Scope
from migrate.model import Capabilities, Collection, Entry, Item
from migrate.protocols import Reader, SupportsGetMany


class Lazy:
    """Implements ``protocols.Reader`` and ``SupportsGetMany``."""

    def __init__(self, make: Callable[[], Reader]) -> None:
        self._make = make
        self._made: Reader | None = None

    @property
    def _reader(self) -> Reader:
        if self._made is None:
            self._made = self._make()
        return self._made

    @property
    def capabilities(self) -> Capabilities:
        """Those of the reader."""
        return self._reader.capabilities

    def collections(self) -> Iterator[Collection]:
        """Parents first. Raises ArchiveError."""
        return self._reader.collections()

    def entries(self) -> Iterator[Entry]:
        """Every item once. Raises ArchiveError."""
        return self._reader.entries()

    def get(self, entry: Entry) -> Item:
        """The item. Raises NotFound, ArchiveError."""
        return self._reader.get(entry)

    def get_many(self, entries: Sequence[Entry]) -> Iterator[tuple[Entry, Item | ConnectorError]]:
        """Each item or its own error."""
        reader = self._reader
        if isinstance(reader, SupportsGetMany):
            yield from reader.get_many(entries)
            return
        for entry in entries:
            try:
                yield entry, reader.get(entry)
            except ConnectorError as error:
                if error.scope > Scope.ITEM:
                    raise
                yield entry, error

    def close(self) -> None:
        """Close the reader if it was made."""
        if self._made is not None:
            self._made.close()
