"""The numbers made of digits alone: length, places of separators, check, and the level that each earns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise

from migrate.inventory.detect import phones
from migrate.inventory.detect import validators as valid
from migrate.inventory.detect.interface import Kind, Level

A, B, C = Level.CERTAIN, Level.PROBABLE, Level.CHECK


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of one length. `None` for a level: not reported in that dress."""

    kind: Kind
    length: int
    cuts: frozenset[int]
    """Where separators may stand, counted in digits."""
    check: Callable[[str], bool]
    labelled: Level
    dressed: Level | None
    bare: Level | None
    weak: bool = False
    """One number in ten passes: separators must stand in all places, or the number is bare."""
    country: str = ""
    lost_zero: bool = False
    """A spreadsheet may have dropped a leading zero."""


def _first(digits: str, check: Callable[[str], bool]) -> Callable[[str], bool]:
    return lambda number: number[0] in digits and check(number)


def _always(_: str) -> bool:
    return True


def _cut(*places: int) -> frozenset[int]:
    return frozenset(places)


_NIR = _cut(1, 3, 5, 7, 10, 13)

RULES = (
    Rule(Kind.NIR, 15, _NIR, _first("12", valid.nir), A, B, B, country="FR"),
    Rule(Kind.NIR, 15, _NIR, _first("3478", valid.nir), A, B, C, country="FR"),
    Rule(Kind.NIR, 13, _NIR, valid.nir_body, B, C, None, country="FR"),
    Rule(Kind.NIF, 13, _cut(1, 2, 4, 7, 10), valid.nif, A, B, B, country="FR", lost_zero=True),
    Rule(Kind.SIRET, 14, _cut(3, 6, 9, 12), valid.siret, A, B, B, country="FR"),
    Rule(Kind.SIREN, 9, _cut(3, 6), valid.siren, A, B, C, weak=True, country="FR"),
    Rule(Kind.BE_NN, 11, _cut(2, 4, 6, 9), valid.be_national, A, B, B, country="BE", lost_zero=True),
    Rule(Kind.BE_BIS, 11, _cut(2, 4, 6, 9), valid.be_bis, A, B, B, country="BE", lost_zero=True),
    Rule(Kind.BE_ENTERPRISE, 10, _cut(1, 4, 7), valid.be_enterprise, A, B, C, country="BE", lost_zero=True),
    Rule(Kind.BE_EID, 12, _cut(3, 10), valid.be_card, A, B, None, weak=True, country="BE"),
    Rule(Kind.FR_RIB, 23, _cut(5, 10, 21), valid.rib, A, B, B, country="FR"),
    Rule(Kind.CARD, 16, _cut(4, 8, 12), valid.card, A, B, B, weak=True),
    Rule(Kind.CARD, 15, _cut(4, 10), valid.card, A, B, B, weak=True),
    Rule(Kind.CARD, 14, _cut(4, 10), valid.card, A, B, C, weak=True),
    Rule(Kind.CARD, 13, _cut(4, 7, 10), valid.card, A, None, None, weak=True),
    Rule(Kind.CARD, 17, _cut(4, 8, 12, 16), valid.card, A, B, C, weak=True),
    Rule(Kind.CARD, 18, _cut(4, 8, 12, 16), valid.card, A, B, C, weak=True),
    Rule(Kind.CARD, 19, _cut(4, 8, 12, 16), valid.card, A, B, C, weak=True),
)
BY_LENGTH: dict[int, tuple[Rule, ...]] = {
    length: tuple(rule for rule in RULES if rule.length == length) for length in {rule.length for rule in RULES}
}

LABEL_RULES = (
    Rule(Kind.CAF, 7, _cut(1, 3, 4), _always, B, None, None, country="FR"),
    Rule(Kind.RPPS, 11, _cut(1, 2, 5, 8), _first("18", _always), B, None, None, country="FR"),
    Rule(Kind.FINESS, 9, _cut(2, 3, 6), _always, B, None, None, country="FR", lost_zero=True),
    Rule(Kind.FR_CNI, 12, _cut(4, 6, 8), _always, B, None, None, country="FR"),
)
"""No number proves these: nothing is reported without a label. RPPS and FINESS gain a level by Luhn."""
LUHN_RAISES = frozenset({Kind.RPPS, Kind.FINESS})


def _shapes() -> Iterator[tuple[int, ...]]:
    """Sizes of groups that the rules' and the phones' separators make."""
    for rule in (*RULES, *LABEL_RULES):
        for count in range(len(rule.cuts) + 1):
            for cuts in combinations(sorted(rule.cuts), count):
                yield _sizes(cuts, rule.length)
    for length, dresses in phones.DRESSES.items():
        for places in dresses:
            whole = _sizes(tuple(sorted(places)), length)
            national = _sizes(tuple(place - 1 for place in sorted(places) if place > 1), length - 1)
            yield whole
            yield from ((prefix + rest) for prefix in ((4,), (2, 2)) for rest in (whole, national))


def _sizes(cuts: tuple[int, ...], length: int) -> tuple[int, ...]:
    edges = (0, *cuts, length)
    return tuple(after - before for before, after in pairwise(edges))


SHAPES = frozenset(_shapes())

LENGTHS = frozenset({*BY_LENGTH, *range(7, 15)})
"""Numbers of digits that some rule, or a telephone number, has."""
LONGEST = max(LENGTHS)
