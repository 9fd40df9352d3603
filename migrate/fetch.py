"""Fetch several items, with an answer for each: an item, or the error that concerns it alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from migrate.errors import ConnectorError, Scope
from migrate.model import Entry, Item
from migrate.protocols import Reader, SupportsGetMany

Answer = Item | ConnectorError


def fetch_all(reader: Reader, entries: Sequence[Entry]) -> Iterator[tuple[Entry, Answer]]:
    """Each entry once. Raises what reaches further than one item; an unanswered entry is an error."""
    if not isinstance(reader, SupportsGetMany) or len(entries) < 2:
        yield from ((entry, _get(reader, entry)) for entry in entries)
        return
    waiting = {entry.href: entry for entry in entries}
    for entry, answer in reader.get_many(entries):
        if isinstance(answer, ConnectorError) and answer.scope > Scope.ITEM:
            raise answer
        if waiting.pop(entry.href, None) is not None:
            yield entry, answer
    for entry in waiting.values():
        yield entry, ConnectorError("The server was asked for this item and did not answer.")


def _get(reader: Reader, entry: Entry) -> Answer:
    try:
        return reader.get(entry)
    except ConnectorError as error:
        if error.scope > Scope.ITEM:
            raise
        return error
