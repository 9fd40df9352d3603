"""Lists both sides of a lane, in a worker, through readers only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from mappings.gmail_labels import LabelPolicy
from migrate.convert import convert, fold, key_of, place, place_collections
from migrate.errors import ConnectorError, MappingError, Scope
from migrate.ledger import chunks
from migrate.model import Capabilities, Collection, Entry, Item, Loss, Placement, Service, Skip
from migrate.protocols import Reader
from migrate.rows import SourceRow, TargetRow

BATCH = 500


class Channel(Protocol):
    """A worker's line to the main thread (``migrate/workers.py``)."""

    @property
    def stopping(self) -> bool:
        """Whether the run is being interrupted."""

    def tell(self, message: object) -> None:
        """Hand over a message; blocks while the main thread is behind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Rows of a source's listing."""

    lane: str
    rows: Sequence[SourceRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """Rows of a target's listing."""

    lane: str
    rows: Sequence[TargetRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """Both sides were listed to the end."""

    lane: str
    places: Mapping[str, Collection]
    """Target collections by key, parents before children."""
    located: Mapping[str, str]
    """Key of a placed collection to the key of the one that the target already has for it."""
    capabilities: Capabilities


def scan_lane(
    lane: str, service: Service, source: Reader, target: Reader, policy: LabelPolicy, channel: Channel
) -> None:
    """List both sides and tell the main thread. Raises ConnectorError: a listing is whole or it is an error."""
    capabilities = target.capabilities
    collections = list(source.collections())
    homes = place_collections(service, collections, capabilities.names)
    places = {key_of(home.path): home for home in homes.values() if home.path or service is Service.FILES}
    for entries in chunks(source.entries(), BATCH):
        rows = []
        for entry in entries:
            row, placement = _source_row(service, entry, homes, capabilities, policy)
            rows.append(row)
            if placement is not None:
                for path, role in _ancestors(placement):
                    places.setdefault(key_of(path), Collection(href="", path=path, role=role))
        channel.tell(Sources(lane=lane, rows=rows))
        if channel.stopping:
            return
    have = {collection.href: collection for collection in target.collections()}
    for entries in chunks(target.entries(), BATCH):
        channel.tell(Targets(lane=lane, rows=[_target_row(entry, have) for entry in entries]))
        if channel.stopping:
            return
    channel.tell(
        Scanned(
            lane=lane,
            places=dict(sorted(places.items())),
            located=_locate(places, list(have.values())),
            capabilities=capabilities,
        )
    )


def _ancestors(placement: Placement) -> Iterator[tuple[tuple[str, ...], str]]:
    """The placed collection; its parents are made only when they hold something themselves."""
    yield placement.path, placement.role


def _source_row(
    service: Service,
    entry: Entry,
    homes: Mapping[str, Collection],
    capabilities: Capabilities,
    policy: LabelPolicy,
) -> tuple[SourceRow, Placement | None]:
    if entry.collection not in homes:
        raise ConnectorError("The source listed an item of a collection that it did not list.", scope=Scope.ACCOUNT)
    home = homes[entry.collection]
    placement = place(service, entry, home, capabilities, policy)
    if isinstance(placement, Skip):
        return _row(entry, key_of(home.path), skip=placement), None
    entry, losses, skip = _measure(entry, capabilities)
    row = _row(
        entry,
        key_of(placement.path),
        name=placement.name,
        fold=fold(placement.name, capabilities.names) if service is Service.FILES else "",
        flags=tuple(sorted(placement.flags)),
        losses=(*entry.losses, *placement.losses, *losses),
        skip=skip,
    )
    return row, placement if skip is None else None


def _measure(entry: Entry, capabilities: Capabilities) -> tuple[Entry, tuple[Loss, ...], Skip | None]:
    """Translate what the listing carried: its losses and its size are then known before anything moves."""
    if entry.inline is None:
        return entry, (), None
    try:
        mapped = convert(Item(entry=entry, body=entry.inline, media_type=entry.media_type), capabilities)
    except MappingError as error:
        return entry, (), Skip(code="untranslatable", reason=error.message)
    return replace(entry, size=mapped.item.size, size_exact=True), mapped.losses, None


def _row(
    entry: Entry,
    collection: str,
    *,
    name: str = "",
    fold: str = "",
    flags: tuple[str, ...] = (),
    losses: tuple[Loss, ...] = (),
    skip: Skip | None = None,
) -> SourceRow:
    return SourceRow(
        collection=collection,
        sort=_stamp(entry.created or entry.modified),
        href=entry.href,
        etag=entry.etag,
        size=entry.size,
        exact=entry.size_exact and entry.size is not None,
        name=name or (entry.name if skip else ""),
        media_type=entry.media_type,
        home=entry.collection,
        fold=fold,
        flags=flags,
        losses=losses,
        skip=skip,
    )


def _stamp(moment: datetime | None) -> str:
    return f"{moment.timestamp():015.3f}" if moment else ""


def _target_row(entry: Entry, have: Mapping[str, Collection]) -> TargetRow:
    home = have.get(entry.collection)
    return TargetRow(
        href=entry.href,
        collection=key_of(home.path) if home else "",
        name=entry.name,
        etag=entry.etag,
        size=entry.size,
        flags=tuple(sorted(entry.flags)),
        date=int(entry.modified.timestamp()) if entry.modified else None,
        home=entry.collection,
    )


def _locate(places: Mapping[str, Collection], have: Sequence[Collection]) -> dict[str, str]:
    """Which of the target's collections each placed one is: by special use first, then by path."""
    by_role = {collection.role: key_of(collection.path) for collection in have if collection.role}
    by_path = {key_of(collection.path) for collection in have}
    found = {}
    for key, collection in places.items():
        if collection.role in by_role:
            found[key] = by_role[collection.role]
        elif key in by_path or not collection.path:
            found[key] = key
    return found
