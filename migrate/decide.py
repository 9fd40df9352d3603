"""What to do with one item, from what both sides and the ledger say of it. Pure: no I/O, no clock, no chance."""

from __future__ import annotations

from dataclasses import dataclass

from migrate.model import Disposition, Verb
from migrate.rows import Pair, SourceRow, TargetRow

REASONS = {
    "deleted-at-target": "removed from the target since it was moved; not put back",
    "relabelled": "its labels or flags changed since; its content is there",
    "both-changed": "changed on both sides since it was moved; neither is overwritten",
    "target-occupied": "the target already holds something else under this name",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One class for one item; ``verb`` is set when it is planned."""

    disposition: Disposition
    code: str = ""
    reason: str = ""
    verb: Verb | None = None
    replaces: str = ""
    expects: str | None = None


CREATE = Decision(disposition=Disposition.PLANNED, verb=Verb.CREATE)
PRESENT = Decision(disposition=Disposition.PRESENT)


def _because(disposition: Disposition, code: str) -> Decision:
    return Decision(disposition=disposition, code=code, reason=REASONS[code])


def decide(row: SourceRow, *, pair: Pair | None, stored: TargetRow | None, occupant: TargetRow | None) -> Decision:
    """The class of one source item.

    ``pair`` is what the ledger knows of it, ``stored`` the target item of that pair as just listed, ``occupant``
    what the target holds at the place that the item would go to.
    """
    if row.skip is not None:
        return Decision(disposition=row.skip.disposition, code=row.skip.code, reason=row.skip.reason)
    if pair is None:
        return _first_time(row, occupant)
    if stored is None:
        return _because(Disposition.EXCLUDED, "deleted-at-target")
    if row.etag == pair.source_etag:
        return PRESENT
    if pair.media_type == "message/rfc822":
        # A message never changes; what moved is its labels or flags, which delta passes follow.
        return _because(Disposition.PRESENT, "relabelled")
    if stored.etag != pair.target_etag:
        return _because(Disposition.BLOCKED, "both-changed")
    return Decision(
        disposition=Disposition.PLANNED, verb=Verb.UPDATE, replaces=pair.target_href, expects=pair.target_etag
    )


def _first_time(row: SourceRow, occupant: TargetRow | None) -> Decision:
    if occupant is None or occupant.size is None or row.size is None or not row.exact or occupant.size == row.size:
        # An occupant that may be equal is compared by content before anything is written: apply adopts or refuses it.
        return CREATE
    return _because(Disposition.BLOCKED, "target-occupied")
