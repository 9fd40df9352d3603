"""The stored items, read back from the target in workers and compared with what was sent."""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from migrate.config import Lane
from migrate.convert import digest
from migrate.errors import ConnectorError, Scope, TranshumeError
from migrate.fetch import fetch_all
from migrate.findings import Findings, compare
from migrate.ledger import Ledger, chunks
from migrate.listing import LaneJob, Listing, lane_of
from migrate.model import Entry, FindingKind, Item, Service
from migrate.observe import Observer, interrupted
from migrate.pacing import Pacer
from migrate.protocols import Reader, SupportsDigest
from migrate.rows import Pair, TargetRow
from migrate.session import Session, target_key, workers_for
from migrate.workers import Channel, JobFailed, Workers

TRANSLATED = frozenset({"text/calendar", "text/vcard", "message/rfc822"})
"""Forms of which a server may keep another spelling: their normal form is compared, not the server's own digest."""


@dataclass(frozen=True, slots=True)
class Fetch:
    """A worker asks for the next stored items to read back."""

    lane: Lane
    after: str


@dataclass(frozen=True, slots=True)
class ToRead:
    """The answer: pairs with what the listing said of their target, and where to go on."""

    items: Sequence[tuple[Pair, TargetRow]]
    after: str


@dataclass(frozen=True, slots=True)
class FetchStray:
    """A worker asks for the next target items that no pair accounts for and that may be doubles."""

    lane: Lane
    after: str


@dataclass(frozen=True, slots=True)
class Strays:
    """The answer, and where to go on; empty at the end."""

    rows: Sequence[TargetRow]
    after: str


@dataclass(frozen=True, slots=True)
class Compared:
    """A worker tells what it read: (pair, what differs; empty when nothing does)."""

    lane: Lane
    results: Sequence[tuple[Pair, FindingKind, str]]


@dataclass(frozen=True, slots=True)
class Stray:
    """A worker tells the digest of a target item that no pair accounts for."""

    lane: Lane
    href: str
    digest: str


class ReadBack:
    """Reads back every stored item, in workers, and compares its normal form with what was sent.

    With ``sample``, so many of a lane, drawn by chance anew each time; the others count as their listing compares.
    """

    def __init__(
        self, ledger: Ledger, listing: Listing, findings: Findings, observer: Observer, *, sample: int | None = None
    ) -> None:
        self._ledger = ledger
        self._listing, self._scan = listing, listing.scan
        self._findings = findings
        self._observer = observer
        self.errors: dict[str, TranshumeError] = {}
        self._sample = sample
        self._drawn: dict[str, set[str]] = {}

    def run(self, session: Session, pacer: Pacer, lanes: Iterable[Lane]) -> None:
        """All lanes."""

        def work(lane: Lane, channel: Channel) -> None:
            reader = session.target_reader(lane)
            try:
                read_back(lane, reader, channel, doubles=self._sample is None)
            finally:
                reader.close()

        counts = self._ledger.pair_counts()
        jobs = [LaneJob(lane, work) for lane in lanes if lane.key in counts]
        for job in jobs:
            self._observer.lane_started(job.lane.key, "verify", *counts[job.lane.key])
        hurry = partial(interrupted, self._observer)
        Workers(workers_for(len(jobs)), on_stop=pacer.stop, on_interrupt=hurry).run(jobs, self.handle)
        for job in jobs:
            self._observer.lane_finished(job.lane.key)

    def handle(self, message: object) -> object:
        """One message of a worker, in the main thread."""
        if isinstance(message, Fetch):
            return self._next(message)
        if isinstance(message, FetchStray):
            return self._strays(message.lane, message.after)
        if isinstance(message, Compared):
            for pair, kind, detail in message.results:
                self._findings.add(message.lane, kind, pair.source_href, detail)
                self._observer.advanced(message.lane.key, 1, pair.size)
            wrong = [pair.source_href for pair, kind, detail in message.results if (kind, detail) == WRONG]
            if wrong:
                self._ledger.doubt(self._ledger.known_lane(message.lane.key), wrong)
        elif isinstance(message, Stray):
            copies = self._ledger.copies(self._ledger.known_lane(message.lane.key), message.digest)
            # Where ours is gone, this is what became of it: people moved it.
            if self._scan.targets(message.lane.key, copies):
                self._findings.add(message.lane, FindingKind.DOUBLE, message.href)
        elif isinstance(message, JobFailed):
            self._failed(message)
        return None

    def _next(self, message: Fetch) -> ToRead:
        pairs = self._ledger.pairs_after(self._ledger.known_lane(message.lane.key), message.after)
        rows = self._scan.targets(message.lane.key, [pair.target_href for pair in pairs])
        sources = {pair.source_href: pair for pair in pairs}
        listed = self._scan.listed(message.lane.key, sources)
        names = self._listing.scanned[message.lane.key].capabilities.names
        items = [
            (pair, rows[pair.target_href])
            for pair in pairs
            if pair.target_href in rows
            and pair.source_href in listed
            and compare(listed[pair.source_href], pair, rows[pair.target_href], names)[0] is FindingKind.MATCH
        ]
        if self._sample is not None:
            drawn = self._draw(message.lane, self._sample)
            rest = sum(1 for pair, _ in items if pair.source_href not in drawn)
            self._findings.add(message.lane, FindingKind.MATCH, "", count=rest)
            items = [one for one in items if one[0].source_href in drawn]
        return ToRead(items, pairs[-1].source_href if pairs else "")

    def _draw(self, lane: Lane, size: int) -> set[str]:
        if lane.key not in self._drawn:
            chance = random.SystemRandom()
            hrefs = self._ledger.pair_hrefs(self._ledger.known_lane(lane.key))
            self._drawn[lane.key] = {href for _, href in heapq.nsmallest(size, ((chance.random(), h) for h in hrefs))}
        return self._drawn[lane.key]

    def _strays(self, lane: Lane, after: str) -> Strays:
        """The next target items that no pair accounts for and that have the size of one that does."""
        rows = self._scan.targets_after(lane.key, after)
        claimed = self._ledger.claimed(target_key(lane), [row.href for row in rows])
        loose = [row for row in rows if row.href not in claimed and row.size is not None]
        lane_id = self._ledger.known_lane(lane.key)
        sizes = self._ledger.known_sizes(lane_id, {row.size for row in loose if row.size is not None})
        return Strays([row for row in loose if row.size in sizes], rows[-1].href if rows else "")

    def _failed(self, message: JobFailed) -> None:
        error = message.error
        if not isinstance(error, ConnectorError) or error.scope is Scope.RUN:
            raise error
        self.errors[lane_of(message.job)] = error
        self._observer.message("error", f"{lane_of(message.job)}: {error.told}")


def read_back(lane: Lane, reader: Reader, channel: Channel, *, doubles: bool) -> None:
    """One lane, in a worker; for mail, ``doubles`` are looked for too."""
    after = ""
    while not channel.stopping:
        answer = channel.ask(Fetch(lane, after))
        if not isinstance(answer, ToRead):
            raise TypeError("the main thread answered something else")
        if not answer.after:
            break
        for some in chunks(answer.items, 50):
            channel.tell(Compared(lane, list(_compare_bodies(reader, some))))
        after = answer.after
    if doubles and lane.service is Service.MAIL:
        _look_for_doubles(lane, reader, channel)


def _look_for_doubles(lane: Lane, reader: Reader, channel: Channel) -> None:
    """Read the target's mails that no pair accounts for, a page at a time: a full mailbox may hold many."""
    after = ""
    while not channel.stopping:
        strays = channel.ask(FetchStray(lane, after))
        if not isinstance(strays, Strays):
            raise TypeError("the main thread answered something else")
        if not strays.after:
            return
        for row in strays.rows:
            item = reader.get(_entry(row, "message/rfc822"))
            channel.tell(Stray(lane, row.href, digest(item)))
            item.discard()
        after = strays.after


def _entry(row: TargetRow, media_type: str) -> Entry:
    return Entry(href=row.href, collection=row.home, etag=row.etag, size=row.size, media_type=media_type)


def _compare_bodies(reader: Reader, items: Sequence[tuple[Pair, TargetRow]]) -> Iterator[tuple[Pair, FindingKind, str]]:
    by_href = {row.href: (pair, row) for pair, row in items}
    pending = []
    for pair, row in items:
        entry = _entry(row, pair.media_type)
        if isinstance(reader, SupportsDigest) and pair.media_type not in TRANSLATED:
            yield (pair, *_compare_digest(reader, entry, pair, row))
        else:
            pending.append(entry)
    for entry, got in fetch_all(reader, pending):
        pair, _ = by_href[entry.href]
        yield (pair, *_compare_item(pair, got))


def _compare_digest(reader: SupportsDigest, entry: Entry, pair: Pair, row: TargetRow) -> tuple[FindingKind, str]:
    try:
        found = reader.digest(entry)
    except ConnectorError as error:
        return _unreadable(error)
    if found != pair.digest:
        return _other_content(pair, row.etag)
    return (FindingKind.DIFFERS, "date") if _later(pair.date, row.date) else (FindingKind.MATCH, "")


WRONG = (FindingKind.DIFFERS, "content")
"""Of what nobody touched since it was stored: it was damaged on the way, or at the target."""


def _other_content(pair: Pair, etag: str) -> tuple[FindingKind, str]:
    """Somebody's edit where the target says that it changed since it was stored; else not what was sent."""
    return (FindingKind.EDITED, "content") if etag != pair.target_etag else WRONG


def _compare_item(pair: Pair, got: Item | ConnectorError) -> tuple[FindingKind, str]:
    if isinstance(got, ConnectorError):
        return _unreadable(got)
    found = digest(got)
    moment = got.internal_date or (got.entry.modified if pair.media_type not in TRANSLATED else None)
    got.discard()
    if found != pair.digest:
        return _other_content(pair, got.entry.etag)
    if moment is not None and _later(pair.date, int(moment.timestamp())):
        return FindingKind.DIFFERS, "date"
    return FindingKind.MATCH, ""


def _later(sent: int | None, found: int | None) -> bool:
    return sent is not None and found is not None and sent != found


def _unreadable(error: ConnectorError) -> tuple[FindingKind, str]:
    if error.scope > Scope.ITEM:
        raise error
    return FindingKind.UNREADABLE, type(error).__name__
