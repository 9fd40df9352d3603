"""Lists both sides of a lane, in a worker, through readers only."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Protocol

from mappings.gmail_labels import LabelPolicy
from migrate.convert import convert, fold, key_of, place, place_collections
from migrate.errors import ConnectorError, CursorExpired, MappingError, Scope
from migrate.ledger import chunks
from migrate.model import Capabilities, Change, Collection, Entry, Item, Loss, Placement, Service, Skip
from migrate.protocols import Reader, SupportsChanges
from migrate.rows import Known, SourceRow, TargetRow
from migrate.sharing import Holdings, Shared, granted_there, spot

BATCH = 500


class Channel(Protocol):
    """A worker's line to the main thread (``migrate/workers.py``)."""

    @property
    def stopping(self) -> bool:
        """Whether the run is being interrupted."""

    def tell(self, message: object) -> None:
        """Hand over a message; blocks while the main thread is behind."""


FORM = "1"
"""Of the rows that are kept between listings: a change here has every source listed anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anew:
    """The source is listed from the beginning: what was kept of it is of no use."""

    lane: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Rows of a source's listing, or of what changed since the last one."""

    lane: str
    rows: Sequence[SourceRow]
    gone: Sequence[str] = ()
    """Hrefs that are no longer there."""


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
    """Of the target."""
    reads_per_minute: float | None
    """Items that the source's quota gives out for one account."""
    known: Known
    """What lets the next listing of the source be a delta."""
    shared: Shared
    """Who else may use what; nothing after a delta."""


def scan_lane(
    lane: str,
    service: Service,
    source: Reader,
    target: Reader,
    policy: LabelPolicy,
    channel: Channel,
    known: Known | None = None,
) -> None:
    """List both sides and tell the main thread. Raises ConnectorError: a listing is whole or it is an error.

    With ``known``, only what changed at the source since then, where it tells; else all of it.
    """
    capabilities = target.capabilities
    found = list(source.collections())
    homes = place_collections(service, found, capabilities.names)
    told = source.capabilities.tells_everyone
    listing = _SourceListing(lane, service, homes, capabilities, policy, channel, tells_everyone=told)
    ground = _ground(capabilities, policy)
    cursor = listing.run(source, known if known is not None and known.ground == ground else None)
    if cursor is None:
        return
    have = {collection.href: collection for collection in target.collections()}
    for collection in found if service is not Service.MAIL and listing.whole else ():
        path = homes[collection.href].path
        listing.holdings.place(collection, key_of(path), path)
    shared_items: dict[str, str] = {}
    for entries in chunks(target.entries(), BATCH):
        for entry in entries if listing.holdings.hrefs else ():
            where = spot(key_of(have[entry.collection].path), entry.name) if entry.collection in have else ""
            if where in listing.holdings.hrefs:
                shared_items[where] = entry.href
        channel.tell(Targets(lane=lane, rows=[_target_row(entry, have) for entry in entries]))
        if channel.stopping:
            return
    places = listing.places
    channel.tell(
        Scanned(
            lane=lane,
            places=dict(sorted(places.items())),
            located=_locate(places, list(have.values())),
            capabilities=capabilities,
            reads_per_minute=source.capabilities.items_per_minute,
            shared=granted_there(target, listing.holdings, _hrefs(listing.places, have), shared_items),
            known=Known(cursor=cursor, ground=ground, homes=listing.keys, places=places),
        )
    )


def scan_target(lane: str, target: Reader, channel: Channel) -> None:
    """List what a target holds, and tell the main thread. Raises ConnectorError."""
    have = {collection.href: collection for collection in target.collections()}
    for entries in chunks(target.entries(), BATCH):
        channel.tell(Targets(lane=lane, rows=[_target_row(entry, have) for entry in entries]))
        if channel.stopping:
            return


def _hrefs(places: Mapping[str, Collection], have: Mapping[str, Collection]) -> dict[str, str]:
    """The target's href of each placed collection that it has, by key."""
    located, by_key = _locate(places, list(have.values())), {key_of(c.path): c.href for c in have.values()}
    return {key: by_key[there] for key, there in located.items() if there in by_key}


def _ground(capabilities: Capabilities, policy: LabelPolicy) -> str:
    """What rows depend on beside the source: when it changes, they are made anew."""
    fixed = replace(capabilities, free_bytes=None, batch=1, max_connections=1)
    parts = [FORM, sorted(fixed.accepts), fixed.max_item_size, fixed.keywords, _plain(fixed.names), _plain(policy)]
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _plain(value: object) -> list[tuple[str, object]]:
    """A dataclass as something whose ``repr`` is the same in every process."""
    fields = asdict(value)  # type: ignore[call-overload]
    return [(key, sorted(one) if isinstance(one, frozenset) else one) for key, one in sorted(fields.items())]


class _SourceListing:
    """Lists one source, whole or by its changes."""

    def __init__(
        self,
        lane: str,
        service: Service,
        homes: Mapping[str, Collection],
        capabilities: Capabilities,
        policy: LabelPolicy,
        channel: Channel,
        *,
        tells_everyone: bool,
    ) -> None:
        self._lane, self._service, self._homes = lane, service, homes
        self._capabilities, self._policy, self._channel = capabilities, policy, channel
        self.holdings = Holdings(service, tells_everyone)
        self.whole = False
        """Whether everything was listed, so that it is known who may use what."""
        self.keys = {href: key_of(home.path) for href, home in homes.items()}
        self.places = {key_of(home.path): home for home in homes.values() if home.path or service is Service.FILES}

    def run(self, source: Reader, known: Known | None) -> str | None:
        """Tell all rows; returns the cursor of now, empty where the source has none, None when interrupted."""
        if not isinstance(source, SupportsChanges):
            return self._whole(source)
        if known is not None and known.cursor and self._same_homes(known):
            try:
                return self._delta(source, known)
            except CursorExpired:
                pass  # the provider forgot it: all is listed again, and nothing is fetched twice
        cursor = source.cursor()
        return None if self._whole(source) is None else cursor

    def _same_homes(self, known: Known) -> bool:
        """Whether every collection of then is still placed as it was; new ones do no harm."""
        return all(self.keys.get(href, key) == key for href, key in known.homes.items())

    def _whole(self, source: Reader) -> str | None:
        self.whole = True
        self._channel.tell(Anew(lane=self._lane))
        for entries in chunks(source.entries(), BATCH):
            self._channel.tell(Sources(lane=self._lane, rows=self._rows(entries)))
            if self._channel.stopping:
                return None
        return ""

    def _delta(self, source: SupportsChanges, known: Known) -> str | None:
        for changes in chunks(source.changes(known.cursor), BATCH):
            last: dict[str, Change] = {change.href: change for change in changes}
            rows = self._rows(change.entry for change in last.values() if change.entry is not None)
            gone = [href for href, change in last.items() if change.entry is None]
            self._channel.tell(Sources(lane=self._lane, rows=rows, gone=gone))
            if self._channel.stopping:
                return None
        for key, placed in known.places.items():
            self.places.setdefault(key, placed)
        return source.cursor()

    def _rows(self, entries: Iterable[Entry]) -> list[SourceRow]:
        rows = []
        for entry in entries:
            row, placement = _source_row(self._service, entry, self._homes, self._capabilities, self._policy)
            rows.append(row)
            if placement is not None and self.whole:
                self.holdings.add(entry, key_of(placement.path), placement.name)
            if placement is not None:
                # Its parents are made only when they hold something themselves.
                collection = Collection(href="", path=placement.path, role=placement.role)
                self.places.setdefault(key_of(placement.path), collection)
        return rows


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
        mail=service is Service.MAIL,
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
    mail: bool = False,
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
        date=_date(entry.created if mail else entry.modified or entry.created),
    )


def _date(moment: datetime | None) -> int | None:
    return int(moment.timestamp()) if moment else None


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
