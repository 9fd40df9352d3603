"""One item's body to evidence: extract, detect, and forget the values. Runs in the limited process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from migrate.inventory.detect import Found, detect, fingerprint, mask, subjects
from migrate.inventory.evidence import Datum, Evidence, Gap
from migrate.inventory.extract import Budget, Limits, Part, Passage, Unread, extract


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What detection is told of the organisation, and the key of the fingerprints."""

    territory: str = "FR"
    own_identity: Sequence[str] = ()
    key: bytes = field(default=b"\0" * 32, repr=False)
    limits: Limits = field(default_factory=Limits)


@dataclass(slots=True)
class _Gathered:
    """Evidence in the making."""

    data: dict[tuple[str, str], Datum] = field(default_factory=dict)
    words: Counter[str] = field(default_factory=Counter)
    gaps: dict[tuple[str, str], Gap] = field(default_factory=dict)
    characters: int = 0

    def found(self, found: Found, passage: Passage, key: bytes) -> None:
        one = Datum(
            kind=found.kind.value,
            level=found.level.value,
            fingerprint=fingerprint(found.kind, found.value, key),
            mask=mask(found),
            country=found.country,
            own=found.own,
            quoted=found.quoted or passage.quoted,
            where=passage.where,
        )
        before = self.data.get((one.kind, one.fingerprint))
        self.data[one.kind, one.fingerprint] = one if before is None else _joined(before, one)

    def unread(self, unread: Unread) -> None:
        key = (unread.reason.value, unread.media_type)
        before = self.gaps.get(key)
        if before is None:
            self.gaps[key] = Gap(reason=key[0], media_type=key[1], where=unread.where, size=unread.size)
        else:
            self.gaps[key] = replace(before, times=before.times + 1, size=before.size + unread.size)


def _joined(before: Datum, one: Datum) -> Datum:
    return replace(
        before,
        level=min(before.level, one.level),
        own=before.own or one.own,
        quoted=before.quoted and one.quoted,
        times=before.times + 1,
    )


def examine(part: Part, rules: Rules) -> Evidence:
    """The evidence of one item. Raises MemoryError alone; the values found end with this call."""
    gathered = _Gathered()
    if part.name:
        _look(Passage(where="name", text=part.name), rules, gathered)
    for piece in extract(part, Budget(rules.limits)):
        if isinstance(piece, Unread):
            gathered.unread(piece)
        else:
            _look(piece, rules, gathered)
    return Evidence(
        data=sorted(gathered.data.values(), key=lambda one: (one.kind, one.fingerprint)),
        subjects=dict(gathered.words),
        gaps=sorted(gathered.gaps.values(), key=lambda gap: (gap.reason, gap.media_type)),
        characters=gathered.characters,
    )


def _look(passage: Passage, rules: Rules, gathered: _Gathered) -> None:
    gathered.characters += len(passage.text)
    for found in detect(passage.text, territory=rules.territory, own_identity=rules.own_identity):
        gathered.found(found, passage, rules.key)
    for subject, count in subjects(passage.text).items():
        gathered.words[subject.value] += count
