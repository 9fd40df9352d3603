"""Rows of digit groups, and their stretches of whole groups."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from migrate.inventory.detect.rules import LENGTHS, LONGEST, SHAPES

_BREAKS = 2
_PART = 8
_WALL = 9
_SHORT = 12
_GROUPS = re.compile(r"[0-9]+")


class Piece(NamedTuple):
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


Stretch = tuple[int, int, int, int]
"""First group, last group, first digit, number of digits."""


class Row:
    """One match of `patterns.RUN`, cut in groups."""

    __slots__ = ("_starts", "_stops", "_text", "digits", "groups", "start")

    def __init__(self, start: int, text: str) -> None:
        self.start = start
        self._text = text
        found = _GROUPS.findall(text)
        self.digits = "".join(found)
        self.groups = tuple(map(len, found))
        self._starts: tuple[int, ...] = ()
        self._stops: tuple[int, ...] = ()

    def stretches(self) -> Sequence[Stretch]:
        """Every stretch of whole groups that may be a number."""
        broken = self._broken() if "\n" in self._text else ()
        return _known(self.groups, broken) if len(self.groups) <= _SHORT else _stretches(self.groups, broken)

    def _broken(self) -> tuple[int, ...]:
        """Line breaks before each group; a wall between two numbers too long to be parts of one."""
        self._locate()
        sizes = [0, *self.groups]
        return tuple(
            0 if not at or "\n" not in self._gap(at) else _WALL if min(sizes[at : at + 2]) > _PART else 1
            for at in range(len(self.groups))
        )

    def piece(self, first: int, last: int, digits: str) -> Piece:
        """A stretch with all that its neighbourhood in the row tells."""
        self._locate()
        cuts: list[int] = []
        breaks: list[int] = []
        marks, place = "", 0
        for group in range(first, last):
            place += self.groups[group]
            mark = self._gap(group + 1)
            (breaks if "\n" in mark else cuts).append(place)
            marks += mark.replace(" ", "")
        return Piece(
            self.start + self._starts[first], self.start + self._stops[last], digits,
            frozenset(cuts), frozenset(breaks), marks,
            self._gap(first), self._gap(last + 1), self._size(first - 1), self._size(last + 1),
        )  # fmt: skip

    def place(self, group: int) -> int:
        """Where a group begins in the text."""
        self._locate()
        return self.start + self._starts[group]

    def _locate(self) -> None:
        if not self._starts:
            self._starts, self._stops = zip(*(match.span() for match in _GROUPS.finditer(self._text)), strict=True)

    def _gap(self, group: int) -> str:
        if not 0 < group < len(self.groups):
            return ""
        return self._text[self._stops[group - 1] : self._starts[group]]

    def _size(self, group: int) -> int:
        return self.groups[group] if 0 <= group < len(self.groups) else 0


NO_CUTS: frozenset[int] = frozenset()


def single(start: int, digits: str) -> Piece:
    """A number alone in its row."""
    return Piece(start, start + len(digits), digits, NO_CUTS, NO_CUTS, "", "", "", 0, 0)


def _stretches(groups: tuple[int, ...], broken: tuple[int, ...]) -> Sequence[Stretch]:
    """Stretches whose number of digits is some rule's.

    The groups have one of the usual shapes, or are the whole row, or a line break runs through them, or two.
    """
    found, at, end = [], 0, len(groups)
    for first, size in enumerate(groups):
        total = breaks = 0
        for last in range(first, end):
            total += groups[last]
            breaks += broken[last] if broken and last > first else 0
            if total > LONGEST or breaks > _BREAKS:
                break
            whole = last == first or last - first == end - 1
            if total in LENGTHS and (whole or breaks or groups[first : last + 1] in SHAPES):
                found.append((first, last, at, total))
        at += size
    return found


_known = lru_cache(maxsize=8192)(_stretches)
"""Dates, times and amounts come in a few hundred shapes; their sizes alone are kept, no digit."""
