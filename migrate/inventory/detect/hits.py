"""Hits: findings in the making. How context turns dress into a level, and which of two overlapping hits stays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import NamedTuple

from migrate.inventory.detect import context
from migrate.inventory.detect.context import Columns, Context
from migrate.inventory.detect.interface import Kind, Level, Sign

LOWER = {Level.CERTAIN: Level.PROBABLE, Level.PROBABLE: Level.CHECK, Level.CHECK: Level.CHECK}
_NEGATIVE_REACH = 3
_PHONE_REACH = 1


class Hit(NamedTuple):
    """A value, its level, and what is needed to choose between two."""

    kind: Kind
    start: int
    end: int
    value: str
    level: Level
    country: str = ""
    signs: frozenset[Sign] = frozenset()
    proof: bool = False
    """Its own form proves it: prefix and check digits (IBAN, MRZ, +33), or an address."""
    distance: int = 99
    """Words between the label and the value."""
    chance: tuple[int, bool] | None = None
    """For an unlabelled number: length and whether it is dressed; neighbours of that shape speak for or against it."""

    def __repr__(self) -> str:
        return f"Hit({self.kind.value}, {self.start}, {self.end}, {self.level.value})"

    @property
    def rank(self) -> tuple[object, ...]:
        """Smaller is better."""
        labelled = bool(self.signs & {Sign.LABEL, Sign.HEADER})
        return not self.proof, self.level.value, not labelled, self.distance, self.start - self.end, self.kind.value


class Verdict(NamedTuple):
    """What the surroundings of one span say of one kind."""

    label: bool
    header: bool
    negative: bool
    spent: bool
    distance: int

    @property
    def announced(self) -> bool:
        """A label, before, after, or as a header."""
        return self.label or self.header

    @property
    def signs(self) -> frozenset[Sign]:
        """The signs to be told with the finding."""
        return _SIGNS[self[:3]]


_SIGNS = {
    present: frozenset(
        sign for sign, is_there in zip((Sign.LABEL, Sign.HEADER, Sign.NEGATIVE), present, strict=True) if is_there
    )
    for present in product((False, True), repeat=3)
}


class Surroundings:
    """The contexts of one text, each computed once. Places are asked in the order of the text."""

    def __init__(self, text: str, labels: Sequence[str]) -> None:
        self.text = text
        self._columns = Columns(text)
        self._given = context.announced(labels)
        self._at = -1
        self._near: tuple[Context, Context] = (context.NOTHING, context.NOTHING)

    def verdict(self, kind: Kind, start: int, end: int) -> Verdict:
        """What is said of a value of `kind` at this span."""
        if start != self._at:
            column, cell = self._columns.at(start)
            self._near = (context.before(self.text, start, cell), column)
            self._at = start
        near, column = self._near
        label = near.labels.get(kind)
        header = kind in column.labels or kind in self._given.labels
        here = label is not None and not label.spent
        behind = not here and kind in context.after(self.text, end)
        distance = label.words if here and label else 0 if header or behind else 99
        foreign = not (header or here or behind) and bool(column.labels or column.negative is not None)
        negative = kind not in column.labels and (foreign or self._negative(kind, here or behind, distance))
        return Verdict(here or behind, header, negative, label is not None and label.spent, distance)

    def _negative(self, kind: Kind, labelled: bool, distance: int) -> bool:
        words = self._near[0].negative
        if words is None or words > (_PHONE_REACH if kind is Kind.PHONE else _NEGATIVE_REACH):
            return False
        return not labelled or words < distance


def settle(hits: Iterable[Hit]) -> list[Hit]:
    """Of hits that overlap, the best; in the order of the text."""
    kept: list[Hit] = []
    cluster: list[Hit] = []
    reach = -1
    for hit in sorted(hits, key=lambda hit: (hit.start, -hit.end)):
        if hit.start >= reach:
            kept += _best(cluster)
            cluster = []
        cluster.append(hit)
        reach = max(reach, hit.end)
    return kept + _best(cluster)


_SOLID = frozenset({Kind.NIR, Kind.NIF, Kind.SIRET, Kind.BE_NN, Kind.BE_BIS, Kind.FR_RIB})
"""Checks that one number in a hundred passes, or fewer."""


def _inside_solid(hit: Hit, cluster: list[Hit]) -> bool:
    """A part of a longer number whose check digits hold is not a number of its own."""
    return any(
        other.kind in _SOLID
        and Sign.CHECKSUM in other.signs
        and other.level is not Level.CHECK
        and other.start <= hit.start
        and hit.end <= other.end
        and other.end - other.start > hit.end - hit.start
        for other in cluster
    )


def _best(cluster: list[Hit]) -> list[Hit]:
    if len(cluster) < 2:
        return cluster
    kept: list[Hit] = []
    for hit in sorted(cluster, key=lambda hit: hit.rank):
        clear = all(hit.end <= other.start or hit.start >= other.end for other in kept)
        if clear and (hit.proof or not _inside_solid(hit, cluster)):
            kept.append(hit)
    return sorted(kept, key=lambda hit: hit.start)
