"""What to do with one item, from what both sides and the ledger say of it. Pure: no I/O, no clock, no chance."""

from __future__ import annotations

from dataclasses import dataclass, replace

from migrate.model import Disposition, Fate, Verb
from migrate.rows import Pair, SourceRow, TargetRow

MAIL = "message/rfc822"

REASONS = {
    "deleted-at-target": "removed from the target since it was moved; not put back",
    "relabelled": "its labels or flags changed since, and this target cannot follow; its content is there",
    "both-changed": "changed on both sides since it was moved; neither is overwritten",
    "target-occupied": "the target already holds something else under this name",
    "deleted-at-source": "no longer at the source; its copy stays at the target",
    "deleted-but-edited": "no longer at the source, and its copy was edited at the target: it stays",
    "gone-on-both-sides": "no longer at the source, nor at the target",
    "moved-at-source": "listed at the source under another address: its copy follows",
    "too-many-deletions": "no longer at the source; more are gone than may be removed, so that all copies stay",
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
    since: str = ""
    add: frozenset[str] = frozenset()
    remove: frozenset[str] = frozenset()
    former: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Powers:
    """What the target can do with what it holds."""

    moves: bool = False
    reflags: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where an item is to lie now."""

    place: str
    """Key of the collection that it is placed in."""
    located: str | None
    """Key of the target's collection for it; None when the target has none yet."""
    name: str = ""


CREATE = Decision(disposition=Disposition.PLANNED, verb=Verb.CREATE)
PRESENT = Decision(disposition=Disposition.PRESENT)


def because(disposition: Disposition, code: str) -> Decision:
    """A class other than planned, for a known reason."""
    return Decision(disposition=disposition, code=code, reason=REASONS[code])


def decide(
    row: SourceRow,
    *,
    pair: Pair | None,
    stored: TargetRow | None,
    occupant: TargetRow | None,
    spot: Spot | None = None,
    powers: Powers = Powers(),
    former: tuple[tuple[str, str], ...] = (),
) -> Decision:
    """The class of one source item.

    ``pair`` is what the ledger knows of it, ``stored`` the target item of that pair as just listed, ``occupant``
    what the target holds at the place that the item would go to and that will not leave it. ``former``: copies of
    items gone from the source, one of which may be this one under its earlier href.
    """
    if row.skip is not None:
        return Decision(disposition=row.skip.disposition, code=row.skip.code, reason=row.skip.reason)
    if pair is None:
        return _first_time(row, occupant, powers, former)
    if stored is None:
        return because(Disposition.EXCLUDED, "deleted-at-target")
    elsewhere = spot is not None and moved(spot, pair, stored)
    if elsewhere:
        return _moved(row, pair, stored, occupant, powers)
    if row.etag == pair.source_etag:
        return PRESENT
    if pair.media_type == MAIL and pair.digest:
        # The bytes of a message never change; what does is its labels and flags.
        return _reflagged(row, pair, stored, powers)
    if stored.etag != pair.target_etag:
        return because(Disposition.BLOCKED, "both-changed")
    return _planned(Verb.REPLACE if pair.media_type == MAIL else Verb.UPDATE, pair, pair.target_etag)


def _planned(verb: Verb, pair: Pair, expects: str, **more: frozenset[str]) -> Decision:
    return Decision(
        disposition=Disposition.PLANNED,
        verb=verb,
        replaces=pair.target_href,
        expects=expects,
        since=pair.source_etag,
        **more,  # type: ignore[arg-type]
    )


def moved(spot: Spot, pair: Pair, stored: TargetRow) -> bool:
    """Whether the source gave it another place or name since it was stored; what people did at the target aside."""
    if pair.place is not None:
        return (spot.place, spot.name) != (pair.place, pair.name)
    return spot.located is not None and stored.collection != spot.located  # stored before places were recorded


def _moved(row: SourceRow, pair: Pair, stored: TargetRow, occupant: TargetRow | None, powers: Powers) -> Decision:
    changed = pair.media_type != MAIL and row.etag != pair.source_etag
    touched = stored.etag != pair.target_etag
    if occupant is not None and occupant.href != pair.target_href:
        return because(Disposition.BLOCKED, "target-occupied")
    if powers.moves and not (changed and touched):
        add, remove = flag_changes(row, pair, stored) if powers.reflags else (frozenset[str](), frozenset[str]())
        verb = Verb.REPLACE if changed else Verb.MOVE
        return _planned(verb, pair, stored.etag, add=add, remove=remove)
    if touched:
        return because(Disposition.BLOCKED, "both-changed")
    return _planned(Verb.REPLACE, pair, pair.target_etag)


def _reflagged(row: SourceRow, pair: Pair, stored: TargetRow, powers: Powers) -> Decision:
    if {f.lower() for f in row.flags} == {f.lower() for f in pair.flags}:
        return PRESENT
    if not powers.reflags:
        return because(Disposition.PRESENT, "relabelled")
    add, remove = flag_changes(row, pair, stored)
    # Planned even when the target has them already: what the source last said is the ground of the next comparison.
    return _planned(Verb.FLAGS, pair, stored.etag, add=add, remove=remove)


def flag_changes(row: SourceRow, pair: Pair, stored: TargetRow) -> tuple[frozenset[str], frozenset[str]]:
    """(to set, to clear) at the target: what the source changed since we last wrote, and nothing else.

    Flags that people set or cleared at the target stay as they are. Compared without case (RFC 9051 §2.3.2).
    """
    source, last, there = ({f.lower(): f for f in flags} for flags in (row.flags, pair.flags, stored.flags))
    if pair.media_type != MAIL:
        return frozenset(), frozenset()
    add = frozenset(source[f] for f in source.keys() - last.keys() - there.keys())
    return add, frozenset(there[f] for f in (last.keys() - source.keys()) & there.keys())


def _first_time(
    row: SourceRow, occupant: TargetRow | None, powers: Powers, former: tuple[tuple[str, str], ...]
) -> Decision:
    if former and occupant is None:
        verb = Verb.MOVE if powers.moves else Verb.REPLACE
        return Decision(disposition=Disposition.PLANNED, verb=verb, former=former)
    if occupant is None or occupant.size is None or row.size is None or not row.exact or occupant.size == row.size:
        # An occupant that may be equal is compared by content before anything is written: apply adopts or refuses it.
        return replace(CREATE, expects=occupant.etag) if occupant is not None else CREATE
    return because(Disposition.BLOCKED, "target-occupied")


def fate(pair: Pair, stored: TargetRow | None) -> Fate:
    """What a rollback does with what was stored: it removes our own copies that nobody touched since."""
    if stored is None:
        return Fate.GONE
    if pair.adopted:
        return Fate.THEIRS
    return Fate.REMOVED if stored.etag == pair.target_etag else Fate.TOUCHED


def decide_gone(pair: Pair, stored: TargetRow | None, *, propagate: bool) -> Decision:
    """The class of what an earlier pass stored and the source no longer lists."""
    if stored is None:
        return because(Disposition.GONE, "gone-on-both-sides")
    if stored.etag != pair.target_etag:
        return because(Disposition.GONE, "deleted-but-edited")
    if not propagate:
        return because(Disposition.GONE, "deleted-at-source")
    return _planned(Verb.DELETE, pair, pair.target_etag)
