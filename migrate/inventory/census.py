"""The work of one lane, in a worker: list it, then read what is to be read. Through a Reader only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from migrate.config import Lane
from migrate.convert import convert
from migrate.errors import ConnectorError, MappingError
from migrate.fetch import fetch_all
from migrate.inventory.evidence import Evidence, Gap
from migrate.inventory.examiner import Examiner, Examiners
from migrate.inventory.extract.parts import Reason
from migrate.ledger import chunks
from migrate.model import Capabilities, Collection, Entry, Grant, Item
from migrate.planfile import anonymous
from migrate.protocols import Reader
from migrate.workers import Channel

BATCH = 500
OPEN = Capabilities(accepts=frozenset({"text/calendar", "text/vcard", "message/rfc822"}))
"""What reading inside needs: open forms."""


@dataclass(frozen=True, slots=True)
class Listed:
    """Rows of a listing: collections first, then items."""

    lane: str
    rows: Sequence[dict[str, Any]]
    items: int


@dataclass(frozen=True, slots=True)
class Ended:
    """The listing is whole."""

    lane: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """A worker asks for the next items to read inside; an empty answer means that there are no more."""

    lane: str


@dataclass(frozen=True, slots=True)
class Read:
    """What one item held. ``again``: it could not be had, and a later run may."""

    lane: str
    row: dict[str, Any]
    evidence: Evidence
    again: bool = False


def list_lane(key: str, reader: Reader, channel: Channel) -> None:
    """Every collection and every item. Raises ConnectorError: a listing is whole or it is an error."""
    homes = {}
    for number, collection in enumerate(reader.collections()):
        homes[collection.href] = number
        channel.tell(Listed(key, [_collection_row(number, collection)], 0))
    for entries in chunks(reader.entries(), BATCH):
        channel.tell(Listed(key, [_row(key, entry, homes) for entry in entries], len(entries)))
        if channel.stopping:
            return
    channel.tell(Ended(key))


def _collection_row(number: int, collection: Collection) -> dict[str, Any]:
    return {
        "collection": number,
        "path": list(collection.path),
        "role": collection.role,
        "grants": _grants(collection.grants),
    }


def _grants(grants: Sequence[Grant]) -> list[list[Any]]:
    return [[g.kind.value, g.role.value, g.principal, g.expires is not None, g.inherited] for g in grants]


def _row(lane: str, entry: Entry, homes: dict[str, int]) -> dict[str, Any]:
    moment = entry.modified or entry.created
    return {
        "id": anonymous(lane, entry.href),
        "href": entry.href,
        "etag": entry.etag,
        "home": homes.get(entry.collection, -1),
        "collection_href": entry.collection,
        "name": entry.name,
        "labels": list(entry.labels),
        "type": entry.media_type,
        "size": entry.size,
        "date": moment.date().isoformat() if moment else "",
        "grants": _grants(entry.grants),
        "skip": [entry.skip.code, entry.skip.disposition.value] if entry.skip else [],
    }


def read_lane(lane: Lane, reader: Reader, examiners: Examiners, channel: Channel) -> None:
    """Fetch and examine what the main thread hands out, until there is no more."""
    while not channel.stopping:
        rows = channel.ask(Wanted(lane.key))
        if not rows:
            return
        _read(lane, rows, reader, examiners, channel)


def _read(lane: Lane, rows: Sequence[dict[str, Any]], reader: Reader, examiners: Examiners, channel: Channel) -> None:
    by_href = {row["href"]: row for row in rows}
    for entry, answer in fetch_all(reader, [_entry(row) for row in rows]):
        row = by_href[entry.href]
        if isinstance(answer, ConnectorError):
            channel.tell(Read(lane.key, row, _gap(Reason.NOT_FETCHED, row), again=True))
            continue
        try:
            with examiners.lent() as examiner:
                evidence = _examined(answer, row, examiner)
        finally:
            answer.discard()
        day = answer.internal_date.date().isoformat() if answer.internal_date and not row["date"] else ""
        channel.tell(Read(lane.key, row, replace(evidence, date=day)))


def _entry(row: dict[str, Any]) -> Entry:
    return Entry(
        href=row["href"],
        collection=row["collection_href"],
        etag=row["etag"],
        name=row["name"],
        media_type=row["type"],
        size=row["size"],
    )


def _examined(item: Item, row: dict[str, Any], examiner: Examiner) -> Evidence:
    try:
        item = convert(item, OPEN).item
    except MappingError:
        return _gap(Reason.UNSUPPORTED, row)
    return examiner.examine(item.body, item.media_type, row["name"])


def _gap(reason: Reason, row: dict[str, Any]) -> Evidence:
    return Evidence(gaps=[Gap(reason=reason.value, media_type=row["type"], size=row["size"] or 0)])
