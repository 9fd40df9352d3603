"""Readings of a row of digit groups: every stretch of whole groups that a rule accepts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_DIGITS = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True)
class Piece:
    """Some whole groups of a row, in order."""

    start: int
    end: int
    digits: str
    cuts: frozenset[int]
    """Where separators other than line breaks stand, counted in digits."""
    breaks: frozenset[int]
    """Where line breaks stand."""
    marks: str
    """The separators, without their spaces."""
    left: str
    """The separator before; empty at the row's beginning."""
    right: str
    before: int
    """Digits in the group before; 0 at the row's beginning."""
    after: int

    def stands(self, places: frozenset[int], *, full: bool) -> bool:
        """Separators stand at the given places only (`full`: at all of them, or none)."""
        if not self.cuts <= places:
            return False
        return not full or not self.cuts or places <= (self.cuts | self.breaks)

    @property
    def tight(self) -> bool:
        """Joined to its neighbours by a mark without a space: a part of something longer."""
        return bool(self.left and not self.left.isspace() and self.left[-1] in "-./") or bool(
            self.right and self.right[0] in "-./" and self.right.strip() and not self.right[-1].isspace()
        )

    @property
    def crowded(self) -> bool:
        """A neighbour of one to three digits at a space's distance: a row of numbers, perhaps."""
        return (0 < self.before < 4 and self.left == " ") or (0 < self.after < 4 and self.right == " ")


@dataclass(frozen=True, slots=True)
class Row:
    """One match of `patterns.RUN`, cut in groups."""

    start: int
    text: str
    spans: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, start: int, text: str) -> Row:
        """Cut a row in groups."""
        return cls(start, text, tuple(match.span() for match in _DIGITS.finditer(text)))

    def pieces(self, lengths: frozenset[int], longest: int) -> Iterator[Piece]:
        """Every stretch of whole groups whose number of digits is one of `lengths`."""
        for first, (begin, _) in enumerate(self.spans):
            total = 0
            for last in range(first, len(self.spans)):
                total += self.spans[last][1] - self.spans[last][0]
                if total > longest:
                    break
                if total in lengths:
                    yield self._piece(first, last, begin)

    def _piece(self, first: int, last: int, begin: int) -> Piece:
        cuts: set[int] = set()
        breaks: set[int] = set()
        marks, digits = "", ""
        for group in range(first, last + 1):
            digits += self.text[slice(*self.spans[group])]
            if group < last:
                mark = self.text[self.spans[group][1] : self.spans[group + 1][0]]
                (breaks if "\n" in mark else cuts).add(len(digits))
                marks += mark.replace(" ", "")
        return Piece(
            self.start + begin, self.start + self.spans[last][1], digits, frozenset(cuts), frozenset(breaks),
            marks, self._gap(first), self._gap(last + 1), self._size(first - 1), self._size(last + 1),
        )  # fmt: skip

    def _gap(self, group: int) -> str:
        if not 0 < group < len(self.spans):
            return ""
        return self.text[self.spans[group - 1][1] : self.spans[group][0]]

    def _size(self, group: int) -> int:
        return self.spans[group][1] - self.spans[group][0] if 0 <= group < len(self.spans) else 0
