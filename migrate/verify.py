"""Verify: list both sides again, read back what was stored, and say what does not agree. Writes to neither side."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import IO

from migrate.config import Filters, Lane, Project, routes
from migrate.convert import digest
from migrate.errors import ConnectorError, Exit, Scope, TranshumeError, UsageError
from migrate.fetch import fetch_all
from migrate.ledger import Ledger, Scan, chunks, project_lock
from migrate.listing import LaneJob, Listing, lane_of, list_lanes
from migrate.model import Entry, Finding, FindingKind, Item, Service
from migrate.observe import Observer, Silent, interrupted
from migrate.pacing import Pacer
from migrate.planfile import anonymous
from migrate.protocols import Reader, SupportsDigest
from migrate.rows import Pair, SourceRow, TargetRow
from migrate.session import Session, target_key, workers_for
from migrate.summaries import VerifySummary
from migrate.workers import Channel, JobFailed, Workers

LEVELS = ("counts", "ids", "hash")
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


@dataclass(slots=True)
class Findings:
    """Counts what was found and keeps all but the matches in a file, by ids."""

    file: IO[str]
    counts: Counter[FindingKind] = field(default_factory=Counter)
    lanes: dict[str, Counter[FindingKind]] = field(default_factory=dict)

    def add(self, lane: Lane, kind: FindingKind, href: str, detail: str = "", count: int = 1) -> None:
        """One finding, or ``count`` equal ones."""
        self.counts[kind] += count
        self.lanes.setdefault(lane.key, Counter())[kind] += count
        if kind is FindingKind.MATCH:
            return
        finding = Finding(kind=kind, account=lane.source_account, service=lane.service, href=href, detail=detail)
        row = {
            "type": "finding",
            "kind": finding.kind,
            "account": finding.account,
            "service": finding.service,
            "item": anonymous(lane.key, href) if href else "",
            "detail": finding.detail,
            "count": count,
        }
        self.file.write(json.dumps(row) + "\n")

    def close(self, level: str) -> None:
        """The last row, which only a run that came to its end writes: how many of each kind, by lane."""
        lanes = {lane: {kind.value: n for kind, n in sorted(kinds.items())} for lane, kinds in self.lanes.items()}
        self.file.write(json.dumps({"type": "verified", "level": level, "lanes": lanes}) + "\n")


def verify(
    project: Project, filters: Filters | None = None, level: str = "hash", observer: Observer | None = None
) -> VerifySummary:
    """Compare both sides at a level: ``counts``, ``ids`` or ``hash``.

    Raises UsageError, ProjectLocked, Unreachable, Interrupted. ``exit_code`` is 8 when anything differs.
    """
    if level not in LEVELS:
        raise UsageError(f"There is no level {level!r}.", advice=f"Levels: {', '.join(LEVELS)}")
    filters, observer = filters or Filters(), observer or Silent()
    with project_lock(project.directory):
        project.reports.mkdir(mode=0o700, exist_ok=True)
        path = project.reports / f"verify-{datetime.now(UTC):%Y%m%dT%H%M%S%f}Z.jsonl"
        lanes = [lane for lane in routes(project) if filters.accept(lane) and lane.target is not None]
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file, Ledger(project.ledger) as ledger:
            run = ledger.begin_run("verify")
            findings = Findings(file)
            code = Exit.INTERRUPTED
            try:
                worst = _verify(project, lanes, level, ledger, findings, observer)
                findings.close(level)
                code = Exit(worst) if worst else _exit_code(findings)
            except TranshumeError as error:
                code = error.exit_code
                raise
            finally:
                ledger.end_run(run, code)
        return VerifySummary(
            level=level,
            checked=sum(findings.counts.values()),
            counts=findings.counts,
            path=path,
            exit_code=code,
            lanes=findings.lanes,
        )


def _exit_code(findings: Findings) -> Exit:
    quiet = {FindingKind.MATCH, FindingKind.NOT_MOVED, FindingKind.EDITED}
    return Exit.DIFFERENCES if any(n for kind, n in findings.counts.items() if kind not in quiet) else Exit.DONE


def _verify(
    project: Project, lanes: Sequence[Lane], level: str, ledger: Ledger, findings: Findings, observer: Observer
) -> int:
    pacer = Pacer(on_wait=lambda bucket, seconds: observer.waiting("", bucket, seconds))
    session = Session(project, pacer)
    session.sweep()
    with Scan(session.spool / "verify.scan") as scan:
        listing = list_lanes(project, session, pacer, lanes, scan, observer)
        listed = [lane for lane in lanes if lane.key in listing.scanned]
        for lane in lanes:
            if lane.key in listing.errors:
                observer.message("error", f"{lane.key}: {listing.errors[lane.key].message}")
                findings.add(lane, FindingKind.UNREADABLE, "", type(listing.errors[lane.key]).__name__)
        for lane in listed:
            if level == "counts":
                _compare_counts(lane, listing, findings)
            else:
                _compare_ids(lane, scan, ledger, findings, final=level == "ids")
        if level == "hash":
            reader = ReadBack(ledger, scan, findings, observer)
            reader.run(session, pacer, listed)
            listing.errors.update(reader.errors)
        for lane in listed:
            _account_for_all(lane, scan, findings)
    return max((int(error.exit_code) for error in listing.errors.values()), default=0)


def _account_for_all(lane: Lane, scan: Scan, findings: Findings) -> None:
    """No item without a finding: what was listed and never compared is a difference too."""
    found = sum(n for kind, n in findings.lanes.get(lane.key, {}).items() if kind is not FindingKind.DOUBLE)
    if (missing := scan.source_count(lane.key) - found) > 0:
        findings.add(lane, FindingKind.UNREADABLE, "", "not-compared", count=missing)


def _compare_counts(lane: Lane, listing: Listing, findings: Findings) -> None:
    expected = sum(1 for row in listing.scan.sources(lane.key) if row.skip is None)
    left = listing.scan.source_count(lane.key) - expected
    found = listing.scan.target_count(lane.key, set(listing.scanned[lane.key].located.values()))
    findings.add(lane, FindingKind.MATCH, "", count=min(found, expected))
    if left:
        findings.add(lane, FindingKind.NOT_MOVED, "", count=left)
    if found < expected:
        findings.add(lane, FindingKind.MISSING, "", "counts", count=expected - found)


def _compare_ids(lane: Lane, scan: Scan, ledger: Ledger, findings: Findings, *, final: bool) -> None:
    """Each source item with its pair and its target row; matches wait for their bytes unless ``final``."""
    lane_id = ledger.known_lane(lane.key)
    for rows in chunks(scan.sources(lane.key)):
        pairs = ledger.pairs(lane_id, [row.href for row in rows])
        stored = scan.targets(lane.key, [pair.target_href for pair in pairs.values()])
        for row in rows:
            pair = pairs.get(row.href)
            kind, detail = compare(row, pair, stored.get(pair.target_href) if pair else None)
            if final or kind is not FindingKind.MATCH:
                findings.add(lane, kind, row.href, detail)


def compare(row: SourceRow, pair: Pair | None, stored: TargetRow | None) -> tuple[FindingKind, str]:
    """What the listings and the ledger say of one source item. Pure."""
    if pair is None:
        if row.skip is not None:
            return FindingKind.NOT_MOVED, row.skip.code
        return FindingKind.MISSING, "not-moved-yet"
    if stored is None:
        return FindingKind.MISSING, "gone-from-target"
    if row.skip is None and _follows_later(row, pair):
        return FindingKind.DIFFERS, "source-changed"
    if stored.etag != pair.target_etag and pair.media_type == "message/rfc822":
        return FindingKind.MATCH, ""  # its flags are what people made of them since; its bytes are compared
    # Without case: a folder keeps the spelling in which it first met a keyword (RFC 9051 §2.3.2).
    missing = {flag.lower() for flag in pair.flags} - {flag.lower() for flag in stored.flags}
    if missing and pair.media_type == "message/rfc822":
        return FindingKind.DIFFERS, "flags"
    return FindingKind.MATCH, ""


def _follows_later(row: SourceRow, pair: Pair) -> bool:
    """Whether the next plan brings a change of the source."""
    if pair.place is not None and row.collection != pair.place:
        return True
    if row.etag == pair.source_etag:
        return False
    mail = pair.media_type == "message/rfc822"
    return not mail or {flag.lower() for flag in row.flags} != {flag.lower() for flag in pair.flags}


class ReadBack:
    """Reads back every stored item, in workers, and compares its normal form with what was sent."""

    def __init__(self, ledger: Ledger, scan: Scan, findings: Findings, observer: Observer) -> None:
        self._ledger = ledger
        self._scan = scan
        self._findings = findings
        self._observer = observer
        self.errors: dict[str, TranshumeError] = {}

    def run(self, session: Session, pacer: Pacer, lanes: Iterable[Lane]) -> None:
        """All lanes."""

        def work(lane: Lane, channel: Channel) -> None:
            reader = session.target_reader(lane)
            try:
                read_back(lane, reader, channel)
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
        elif isinstance(message, Stray):
            if self._ledger.has_digest(self._ledger.known_lane(message.lane.key), message.digest):
                self._findings.add(message.lane, FindingKind.DOUBLE, message.href)
        elif isinstance(message, JobFailed):
            self._failed(message)
        return None

    def _next(self, message: Fetch) -> ToRead:
        pairs = self._ledger.pairs_after(self._ledger.known_lane(message.lane.key), message.after)
        rows = self._scan.targets(message.lane.key, [pair.target_href for pair in pairs])
        sources = {pair.source_href: pair for pair in pairs}
        listed = self._scan.listed(message.lane.key, sources)
        items = [
            (pair, rows[pair.target_href])
            for pair in pairs
            if pair.target_href in rows
            and pair.source_href in listed
            and compare(listed[pair.source_href], pair, rows[pair.target_href])[0] is FindingKind.MATCH
        ]
        return ToRead(items, pairs[-1].source_href if pairs else "")

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
        self._observer.message("error", f"{lane_of(message.job)}: {error.message} {error.advice}".strip())


def read_back(lane: Lane, reader: Reader, channel: Channel) -> None:
    """One lane, in a worker."""
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
    if lane.service is Service.MAIL:
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


def _other_content(pair: Pair, etag: str) -> tuple[FindingKind, str]:
    """Somebody's edit where the target says that it changed since it was stored; else not what was sent."""
    return (FindingKind.EDITED, "content") if etag != pair.target_etag else (FindingKind.DIFFERS, "content")


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
