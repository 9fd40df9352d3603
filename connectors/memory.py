"""The memory twin: a source and a target for every service, with faults to order and a record of every call.

Tests drive the engine with two of them; with the option ``snapshot`` the command line can too, across processes.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

from connectors.memory_store import MEDIA, Call, Fault, FaultKind, Held, Space, Store, href_of
from migrate.errors import (
    AlreadyExists,
    ConnectorError,
    CursorExpired,
    EtagMismatch,
    NotFound,
    QuotaExceeded,
    Rejected,
    TooLarge,
    Uncertain,
)
from migrate.model import Capabilities, Change, Check, Collection, Entry, Grant, Item, Service, Stored
from migrate.protocols import Context, Option, Reader, Target

STORES: dict[str, Store] = {}
"""The stores of this process, by the ``name`` (or the ``snapshot``) of the settings."""
UID = re.compile(rb"^(?:UID|Message-ID):[ \t]*(.+?)\r?$", re.IGNORECASE | re.MULTILINE)
AFTER = frozenset({FaultKind.LOST, FaultKind.PARTIAL, FaultKind.CRASH})
"""Faults that strike once something was stored."""


def store(name: str = "default", snapshot: str | Path = "") -> Store:
    """The store of that name, made when first asked for."""
    key = str(snapshot) or name
    if key not in STORES:
        STORES[key] = Store(Path(snapshot) if snapshot else None)
    return STORES[key]


class MemoryReader:
    """One service of one account, one item at a time."""

    def __init__(self, store: Store, account: str, service: Service, spool: Path) -> None:
        self._store = store
        self._account = account
        self._service = service
        self._spool = spool
        self._closed = False

    @property
    def capabilities(self) -> Capabilities:
        """As ``Store.capabilities`` has them, with the space that is left when it names one."""
        self._meet("capabilities")
        return self._limits()

    def collections(self) -> Iterator[Collection]:
        """Parents first."""
        self._meet("collections")
        with self._space() as space:
            found = sorted(space.collections.values(), key=lambda c: (len(c.path), c.path))
        yield from found

    def entries(self) -> Iterator[Entry]:
        """Everything, in the order of creation."""
        self._meet("entries")
        with self._space() as space:
            found = sorted(space.items.values(), key=lambda held: held.number)
        for held in found:
            if (fault := self._store.due("row", self._account)) is not None:
                raise fault.error()
            inline = held.body if self._service in self._store.inlined else None
            yield replace(held.entry, inline=inline)

    def get(self, entry: Entry) -> Item:
        """The item as it is now."""
        self._meet("get", entry.href)
        with self._space() as space:
            held = space.items.get(entry.href)
        if held is None or held.entry.skip is not None:
            raise NotFound("the item is gone")
        return Item(
            entry=held.entry,
            body=self._spooled(held),
            media_type=held.entry.media_type,
            internal_date=held.internal_date,
            flags=held.entry.flags,
        )

    def grants(self, href: str) -> Iterator[Grant]:
        """What was granted on it here."""
        self._meet("grants", href)
        with self._space() as space:
            found = list(space.granted.get(href, ()))
        yield from found

    def close(self) -> None:
        """Nothing to release, but further calls are errors."""
        self._closed = True

    def _spooled(self, held: Held) -> bytes | Path:
        if len(held.body) <= self._store.spool_over:
            return held.body
        self._spool.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._spool / f"memory-{held.number}-{id(self):x}"
        path.write_bytes(held.body)
        return path

    def _space(self) -> AbstractContextManager[Space]:
        return self._store.space(self._account, self._service)

    def _limits(self) -> Capabilities:
        limits = self._store.capabilities[self._service]
        if limits.free_bytes is None:
            return limits
        with self._space() as space:
            used = sum(len(held.body) for held in space.items.values())
        return replace(limits, free_bytes=max(0, limits.free_bytes - used))

    def _meet(self, method: str, href: str = "") -> Fault | None:
        """Record the call and meet its fault: raised at once, or returned when it strikes after the deed."""
        if self._closed:
            raise ValueError("used after close")
        with self._store.lock:
            self._store.calls.append(Call(method=method, account=self._account, service=self._service, href=href))
        fault = self._store.due(method, self._account)
        if fault is None or fault.kind in AFTER:
            return fault
        if fault.kind is FaultKind.SLOW:
            time.sleep(fault.seconds)
            return None
        raise fault.error()


class MemoryTarget(MemoryReader):
    """The same, to be written to."""

    def grant(self, href: str, grant: Grant) -> None:
        """Grant it, once; a fault may strike."""
        after = self._meet("grant", href)
        with self._space() as space:
            if href not in space.items and href not in space.collections:
                raise NotFound("there is nothing to share")
            known = space.granted.get(href, [])
            if grant not in known:
                self._store.share(self._account, self._service, href, [*known, grant])
        if after is not None:
            raise after.error()

    def revoke(self, href: str, grant: Grant) -> bool:
        """End it; a fault may strike."""
        after = self._meet("revoke", href)
        with self._space() as space:
            known = space.granted.get(href, [])
            there = grant in known
            if there:
                rest = [one for one in known if one != grant]
                self._store.share(self._account, self._service, href, rest)
        if after is not None:
            raise after.error()
        return there

    def ensure(self, collection: Collection) -> Collection:
        """By role first, then by path; parents are made too."""
        self._meet("ensure", href_of(collection.path))
        with self._space() as space:
            for held in space.collections.values():
                if collection.role and held.role == collection.role:
                    return held
            made = Collection(href="/")
            for depth in range(len(collection.path) + 1):
                made = self._ensured(space, collection, depth)
        return made

    def _ensured(self, space: Space, collection: Collection, depth: int) -> Collection:
        path = collection.path[:depth]
        if (held := space.collections.get(href_of(path))) is not None:
            return held
        if not path:
            return Collection(href="/")
        made = replace(collection, href="") if depth == len(collection.path) else Collection(href="", path=path)
        return self._store.add_collection(self._account, self._service, replace(made, path=path))

    def mark(self, collection: Collection) -> str:
        """The next number, where the server numbers; nothing where a name says whether an item is there."""
        self._meet("mark", collection.href)
        return str(self._store.latest() + 1) if self._numbered else ""

    def find(self, collection: Collection, name: str, item: Item, mark: str) -> Iterator[Stored]:
        """Items with the same body, and the same name where they have names."""
        self._meet("find", collection.href)
        body = _bytes(item)
        with self._space() as space:
            found = [
                held
                for held in space.items.values()
                if held.entry.collection == collection.href
                and held.number >= int(mark or 0)
                and (self._numbered or held.entry.name == name)
                and held.body == body
            ]
        yield from map(_stored, found)

    def put(self, collection: Collection, name: str, item: Item, *, expects: str | None) -> Stored:
        """Create, or replace what has the etag ``expects``. Mail: ``expects`` sets the flags of the equal message."""
        fault = self._meet("put", href_of((collection.href, name)))
        stored = self._put(collection, name, item, expects)
        if fault is not None:
            raise fault.error()
        return stored

    def delete(self, entry: Entry, *, expects: str) -> None:
        """Remove an item."""
        fault = self._meet("delete", entry.href)
        with self._space() as space:
            self._expected(space, entry, expects)
            self._store.remove(self._account, self._service, entry.href)
        if fault is not None:
            raise fault.error()

    def move(self, entry: Entry, collection: Collection, name: str, *, expects: str) -> Stored:
        """To another collection or name, under a new href, never over anything; the etag stays, as on Nextcloud."""
        fault = self._meet("move", entry.href)
        with self._space() as space:
            held = self._expected(space, entry, expects)
            if collection.href not in space.collections:
                raise NotFound("the collection is gone")
            if not self._numbered and any(
                (other.entry.collection, other.entry.name) == (collection.href, name) for other in space.items.values()
            ):
                raise AlreadyExists("the name is taken")
            number = self._store.version()
            moved = replace(
                held.entry,
                href=f"{collection.href}#{number}",
                collection=collection.href,
                name="" if self._numbered else name,
            )
            self._store.remove(self._account, self._service, entry.href)
            stored = _stored(self._store.keep(self._account, self._service, replace(held, number=number, entry=moved)))
        if fault is not None:
            raise fault.error()
        return stored

    def set_flags(self, entry: Entry, add: frozenset[str], remove: frozenset[str]) -> Stored:
        """Set some and clear some; a new etag when that changes anything."""
        fault = self._meet("set_flags", entry.href)
        with self._space() as space:
            held = space.items.get(entry.href)
            if held is None:
                raise NotFound("the item is gone")
            flags = (held.entry.flags | add) - remove
            if flags != held.entry.flags:
                changed = replace(held.entry, flags=flags, etag=f'"{self._store.version()}"')
                held = self._store.keep(self._account, self._service, replace(held, entry=changed))
        if fault is not None:
            raise fault.error()
        return _stored(held)

    def prune(self, collection: Collection) -> bool:
        """Remove a collection without items and without collections below it."""
        self._meet("prune", collection.href)
        with self._space() as space:
            below = [c for c in space.collections.values() if c.path[: len(collection.path)] == collection.path]
            if len(below) > 1 or any(held.entry.collection == collection.href for held in space.items.values()):
                return False
            self._store.drop_collection(self._account, self._service, collection.href)
        return True

    def _expected(self, space: Space, entry: Entry, expects: str) -> Held:
        held = space.items.get(entry.href)
        if held is None:
            raise NotFound("the item is gone")
        if held.entry.etag != expects:
            raise EtagMismatch("the item changed")
        return held

    @property
    def _numbered(self) -> bool:
        return self._service in self._store.numbered

    def _put(self, collection: Collection, name: str, item: Item, expects: str | None) -> Stored:
        body = _bytes(item)
        with self._space() as space:
            if collection.href not in space.collections:
                raise NotFound("the collection is gone")
            self._accept(item, body)
            before = self._before(space, collection, name, body, expects)
            if before is None and expects is not None:
                raise EtagMismatch("nothing there has this etag")
            if before is not None and expects is None:
                raise AlreadyExists("the name is taken")
            if before is not None and before.entry.etag != expects:
                raise EtagMismatch("the item changed")
            return _stored(self._kept(collection, name, item, body, before))

    def _before(self, space: Space, collection: Collection, name: str, body: bytes, expects: str | None) -> Held | None:
        """What a put with these arguments would replace."""
        if self._numbered and expects is None:
            return None
        for held in space.items.values():
            if held.entry.collection != collection.href:
                continue
            same = held.body == body and held.entry.etag == expects if self._numbered else held.entry.name == name
            if same:
                return held
        return None

    def _accept(self, item: Item, body: bytes) -> None:
        limits = self._limits()
        if item.media_type not in limits.accepts and "*/*" not in limits.accepts:
            raise Rejected("this target does not take the media type")
        if limits.max_item_size is not None and len(body) > limits.max_item_size:
            raise TooLarge("the item is over the size limit")
        if limits.free_bytes is not None and len(body) > limits.free_bytes:
            raise QuotaExceeded("no space left in this account")

    def _kept(self, collection: Collection, name: str, item: Item, body: bytes, before: Held | None) -> Held:
        version = self._store.version()
        number = version if before is None else before.number
        entry = Entry(
            href=f"{collection.href}#{number}",
            collection=collection.href,
            etag=f'"{version}"',
            name="" if self._numbered else name,
            uid=item.entry.uid or uid_of(body),
            media_type=item.media_type,
            size=len(body),
            modified=item.entry.modified,
            created=item.entry.created,
            digest=digest_of(body),
            flags=item.flags,
        )
        held = Held(number=number, entry=entry, body=body, internal_date=item.internal_date)
        return self._store.keep(self._account, self._service, held)


class MemoryBatchReader(MemoryReader):
    """A reader that takes many at once, and tells digests."""

    def get_many(self, entries: Sequence[Entry]) -> Iterator[tuple[Entry, Item | ConnectorError]]:
        """Each entry with its item or its error."""
        self._meet("get_many")
        for entry in entries:
            try:
                yield entry, self.get(entry)
            except ConnectorError as error:
                yield entry, error

    def digest(self, entry: Entry) -> str:
        """The SHA-256 of what is held."""
        self._meet("digest", entry.href)
        with self._space() as space:
            held = space.items.get(entry.href)
        if held is None:
            raise NotFound("the item is gone")
        return digest_of(held.body)


class MemoryBatchTarget(MemoryBatchReader, MemoryTarget):
    """A target that takes many at once."""

    def put_many(self, collection: Collection, items: Sequence[tuple[str, Item]]) -> Sequence[Stored | ConnectorError]:
        """Each item by itself; a ``put`` fault ordered meanwhile becomes the answer of one item."""
        fault = self._meet("put_many", collection.href)
        answers: list[Stored | ConnectorError] = []
        for name, item in items[: len(items) // 2] if fault and fault.kind is FaultKind.PARTIAL else items:
            try:
                answers.append(self.put(collection, name, item, expects=None))
            except ConnectorError as error:
                answers.append(error)
        if fault is not None:
            raise fault.error()
        if answers and all(isinstance(answer, Uncertain) for answer in answers):
            raise Uncertain("no reply for any of them")
        return answers


class MemoryDeltaReader(MemoryBatchReader):
    """A reader that also tells what changed."""

    def cursor(self) -> str:
        """The place in the store's log."""
        self._meet("cursor")
        with self._space():
            return str(len(self._store.log))

    def changes(self, cursor: str) -> Iterator[Change]:
        """Each step since, as the item is now. Raises CursorExpired for a cursor the store forgot."""
        self._meet("changes")
        if int(cursor) < self._store.forgotten:
            raise CursorExpired("ordered: the cursor is too old")
        with self._space() as space:
            steps = list(self._store.log[int(cursor) :])
            found = {href: space.items.get(href) for who, what, href in steps if (who, what) == self._mine}
        for href, held in found.items():
            if (fault := self._store.due("row", self._account)) is not None:
                raise fault.error()
            inline = held.body if held and self._service in self._store.inlined else None
            yield Change(href=href, entry=None if held is None else replace(held.entry, inline=inline))

    @property
    def _mine(self) -> tuple[str, Service]:
        return self._account, self._service


class MemoryConnector:
    """A configured memory system."""

    name = "memory"
    services = frozenset(Service)

    def __init__(self, store: Store, spool: Path) -> None:
        self.store = store
        self._spool = spool

    def check(self, accounts: Sequence[str]) -> Iterator[Check]:
        """Always there, always in time."""
        yield Check(subject="login", passed=True, detail=f"{len(accounts)} accounts in memory")

    def reader(self, account: str, service: Service) -> Reader:
        """A reader of that account."""
        kind: type[MemoryReader] = MemoryBatchReader if self.store.batched else MemoryReader
        if self.store.batched and self.store.delta:
            kind = MemoryDeltaReader
        return kind(self.store, account, service, self._spool)

    def target(self, account: str, service: Service) -> Target:
        """A target for that account."""
        kind = MemoryBatchTarget if self.store.batched else MemoryTarget
        return kind(self.store, account, service, self._spool)


class MemoryFactory:
    """What the entry point loads."""

    summary = "Keeps everything in memory, or in one file: for rehearsals and tests"
    sources = frozenset(Service)
    targets = frozenset(Service)
    options = (
        Option(name="name", help="Which store of this process; default: default"),
        Option(name="snapshot", help="A file that keeps the store (JSON lines); without it: memory only"),
    )

    def __call__(self, context: Context) -> MemoryConnector:
        """The connector over the store that the settings name."""
        settings = context.settings
        return MemoryConnector(store(settings.get("name") or "default", settings.get("snapshot") or ""), context.spool)


connector = MemoryFactory()


def _bytes(item: Item) -> bytes:
    return item.body if isinstance(item.body, bytes) else item.body.read_bytes()


def _stored(held: Held) -> Stored:
    return Stored(href=held.entry.href, etag=held.entry.etag, digest=held.entry.digest)


def digest_of(body: bytes) -> str:
    """``sha256:`` and the digest of a body."""
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def uid_of(body: bytes) -> str:
    """The UID or Message-ID that a body names, empty when it names none."""
    match = UID.search(body)
    return match[1].decode(errors="replace") if match else ""


def seed(
    store: Store, account: str, service: Service, name: str, body: bytes, *, collection: str = "", **fields: Any
) -> Held:
    """Put an item straight into a store, without a call being recorded: what a source holds before a test.

    ``collection`` is an href, the account's default when empty; ``fields`` are those of Entry and ``internal_date``.
    An item of the same name in that collection (mail: the same ``href``) is replaced.
    """
    with store.space(account, service) as space:
        place = collection or next(iter(space.collections))
        version = store.version()
        held = next(
            (h for h in space.items.values() if (h.entry.collection, h.entry.name) == (place, name) and name), None
        )
        number = version if held is None else held.number
        date = fields.pop("internal_date", None)
        fields.setdefault("href", f"{place}#{number}")
        fields.setdefault("media_type", "text/plain" if service is Service.FILES else MEDIA[service])
        fields.setdefault("uid", uid_of(body))
        entry = Entry(
            collection=place, etag=f'"{version}"', name=name, size=len(body), digest=digest_of(body), **fields
        )
        return store.keep(account, service, Held(number=number, entry=entry, body=body, internal_date=date))
