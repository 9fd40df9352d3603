"""Rows of digit groups, and their stretches of whole groups."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_GROUPS = re.compile(r"[0-9]+")


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
        left = bool(self.left) and self.left[-1] in "-./"
        return left or (bool(self.right) and self.right[0] in "-./" and not self.right[-1].isspace())

    @property
    def crowded(self) -> bool:
        """A neighbour of one to three digits at a space's distance: a row of numbers, perhaps."""
        return (0 < self.before < 4 and self.left == " ") or (0 < self.after < 4 and self.right == " ")


class Row:
    """One match of `patterns.RUN`, cut in groups."""

    __slots__ = ("_starts", "_stops", "_text", "digits", "groups", "start")

    def __init__(self, start: int, text: str) -> None:
        self.start = start
        self._text = text
        spans = [match.span() for match in _GROUPS.finditer(text)]
        self._starts = [begin for begin, _ in spans]
        self._stops = [end for _, end in spans]
        self.groups = [end - begin for begin, end in spans]
        self.digits = "".join([text[begin:end] for begin, end in spans])

    def stretches(
        self, lengths: frozenset[int], longest: int, shapes: frozenset[tuple[int, ...]]
    ) -> Iterator[tuple[int, int, str]]:
        """First group, last group and digits of every stretch that may be a number.

        Its number of digits is one of `lengths`; and its groups have one of the usual `shapes`, or it is the whole row,
        or a line break runs through the row.
        """
        at, groups, end = 0, self.groups, len(self.groups)
        loose = "\n" in self._text
        for first, size in enumerate(groups):
            total = 0
            for last in range(first, end):
                total += groups[last]
                if total > longest:
                    break
                if total in lengths and (
                    loose or last == first or last - first == end - 1 or tuple(groups[first : last + 1]) in shapes
                ):
                    yield first, last, self.digits[at : at + total]
            at += size

    def piece(self, first: int, last: int, digits: str) -> Piece:
        """A stretch with all that its neighbourhood in the row tells."""
        cuts: list[int] = []
        breaks: list[int] = []
        marks, place = "", 0
        for group in range(first, last):
            place += self.groups[group]
            mark = self._gap(group + 1)
            (breaks if "\n" in mark else cuts).append(place)
            marks += mark.replace(" ", "")
        return Piece(
            self.start + self._starts[first], self.start + self._stops[last], digits, frozenset(cuts), frozenset(breaks),
            marks, self._gap(first), self._gap(last + 1), self._size(first - 1), self._size(last + 1),
        )  # fmt: skip

    def _gap(self, group: int) -> str:
        if not 0 < group < len(self.groups):
            return ""
        return self._text[self._stops[group - 1] : self._starts[group]]

    def _size(self, group: int) -> int:
        return self.groups[group] if 0 <= group < len(self.groups) else 0
