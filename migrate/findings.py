"""What verify finds: how one item compares by what the listings and the ledger say of it, and the file of findings."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import IO

from migrate.config import Lane
from migrate.convert import renamed
from migrate.model import Finding, FindingKind, NameRules
from migrate.planfile import anonymous
from migrate.rows import Pair, SourceRow, TargetRow


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


def compare(
    row: SourceRow, pair: Pair | None, stored: TargetRow | None, names: NameRules, *, agreed: bool = False
) -> tuple[FindingKind, str]:
    """What the listings and the ledger say of one source item. Pure.

    ``names``: the target's rules, by which the second of two that have one name got another. ``agreed``: a person
    approved that what is gone from the target stays away.
    """
    if pair is None:
        if row.skip is not None:
            return FindingKind.NOT_MOVED, row.skip.code
        return FindingKind.MISSING, "not-moved-yet"
    if stored is None:
        return FindingKind.DELETED if agreed else FindingKind.MISSING, "gone-from-target"
    if not pair.digest:
        return FindingKind.DIFFERS, "content"  # an earlier comparison read it; the next plan sends it again
    if row.skip is None and _follows_later(row, pair, names):
        return FindingKind.DIFFERS, "source-changed"
    if stored.etag != pair.target_etag and pair.media_type == "message/rfc822":
        return FindingKind.MATCH, ""  # its flags are what people made of them since; its bytes are compared
    # Without case: a folder keeps the spelling in which it first met a keyword (RFC 9051 §2.3.2).
    missing = {flag.lower() for flag in pair.flags} - {flag.lower() for flag in stored.flags}
    if missing and pair.media_type == "message/rfc822":
        return FindingKind.DIFFERS, "flags"
    return FindingKind.MATCH, ""


def _follows_later(row: SourceRow, pair: Pair, names: NameRules) -> bool:
    """Whether the next plan brings a change of the source, if nothing is in its way."""
    if pair.place is not None and row.collection != pair.place:
        return True
    if row.fold and pair.place is not None and pair.name not in (row.name, renamed(row.name, row.href, names)[0]):
        return True
    if row.etag == pair.source_etag:
        return False
    mail = pair.media_type == "message/rfc822"
    return not mail or {flag.lower() for flag in row.flags} != {flag.lower() for flag in pair.flags}
