"""Verify: list both sides again, read back what was stored, and say what does not agree. Writes to neither side."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime

from migrate.config import Filters, Lane, Project, routes
from migrate.errors import Exit, TranshumeError, UsageError
from migrate.findings import Findings, compare
from migrate.ledger import Ledger, Scan, chunks, project_lock
from migrate.ledger.waves import waves
from migrate.listing import Listing, list_lanes
from migrate.model import Disposition, FindingKind
from migrate.observe import Observer, Silent
from migrate.pacing import Pacer
from migrate.readback import ReadBack
from migrate.session import Session
from migrate.summaries import VerifySummary

LEVELS = ("counts", "ids", "sample", "hash")
SAMPLE = 300
"""Items of a lane that ``sample`` reads back. When none of 300 differs, fewer than 1 % of all do, at 95 % confidence
(the rule of three: 3/n; Hanley and Lippman-Hand 1983)."""
GONE = f"{Disposition.EXCLUDED}: deleted-at-target"
"""The kind of open item by which a person agrees that what people deleted at the target stays away."""


def verify(
    project: Project, filters: Filters | None = None, level: str = "hash", observer: Observer | None = None
) -> VerifySummary:
    """Compare both sides at a level: ``counts``, ``ids``, ``sample`` or ``hash``.

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
    return Exit.DIFFERENCES if any(n for kind, n in findings.counts.items() if not kind.quiet) else Exit.DONE


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
        agreed = {name for name, one in waves(ledger).items() if GONE in one.approved}
        for lane in listed:
            if level == "counts":
                _compare_counts(lane, listing, findings)
            else:
                _compare_ids(lane, listing, ledger, findings, final=level == "ids", agreed=lane.wave in agreed)
        if level in ("sample", "hash"):
            reader = ReadBack(ledger, listing, findings, observer, sample=SAMPLE if level == "sample" else None)
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


def _compare_ids(
    lane: Lane, listing: Listing, ledger: Ledger, findings: Findings, *, final: bool, agreed: bool
) -> None:
    """Each source item with its pair and its target row; matches wait for their bytes unless ``final``."""
    scan, names = listing.scan, listing.scanned[lane.key].capabilities.names
    lane_id = ledger.known_lane(lane.key)
    for rows in chunks(scan.sources(lane.key)):
        pairs = ledger.pairs(lane_id, [row.href for row in rows])
        stored = scan.targets(lane.key, [pair.target_href for pair in pairs.values()])
        for row in rows:
            pair = pairs.get(row.href)
            there = stored.get(pair.target_href) if pair else None
            kind, detail = compare(row, pair, there, names, agreed=agreed)
            if final or kind is not FindingKind.MATCH:
                findings.add(lane, kind, row.href, detail)
