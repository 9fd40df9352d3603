"""What one item holds, without any value: kinds, levels, masks, keyed fingerprints, places, and what was not read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Datum:
    """One distinct value in one item."""

    kind: str
    level: str
    """The surest of its writings: ``A``, ``B`` or ``C``."""
    fingerprint: str
    mask: str = ""
    country: str = ""
    own: bool = False
    quoted: bool = False
    """Only in what repeats somebody else's text."""
    where: str = ""
    """The first place in the item."""
    times: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Parts of an item that were not read, of one reason and type."""

    reason: str
    media_type: str = ""
    where: str = ""
    """Place of the first."""
    times: int = 1
    size: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that was learnt of one item's content."""

    data: Sequence[Datum] = ()
    subjects: Mapping[str, int] = field(default_factory=dict)
    """Distinct words that point at subjects of Articles 9 and 10."""
    gaps: Sequence[Gap] = ()
    characters: int = 0
    """Of text that reached the detectors."""
    date: str = ""
    """ISO day of the item, where only fetching it told."""


def to_json(evidence: Evidence) -> dict[str, Any]:
    """As one JSON object."""
    return {
        "data": [
            [d.kind, d.level, d.fingerprint, d.mask, d.country, int(d.own), int(d.quoted), d.where, d.times]
            for d in evidence.data
        ],
        "subjects": dict(sorted(evidence.subjects.items())),
        "gaps": [[g.reason, g.media_type, g.where, g.times, g.size] for g in evidence.gaps],
        "characters": evidence.characters,
        "date": evidence.date,
    }


def from_json(row: Mapping[str, Any]) -> Evidence:
    """The other way."""
    return Evidence(
        data=[
            Datum(
                kind=kind,
                level=level,
                fingerprint=fingerprint,
                mask=mask,
                country=country,
                own=bool(own),
                quoted=bool(quoted),
                where=where,
                times=times,
            )
            for kind, level, fingerprint, mask, country, own, quoted, where, times in row["data"]
        ],
        subjects=row["subjects"],
        gaps=[
            Gap(reason=reason, media_type=media_type, where=where, times=times, size=size)
            for reason, media_type, where, times, size in row["gaps"]
        ],
        characters=row["characters"],
        date=row["date"],
    )
