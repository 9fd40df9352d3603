"""What stands around a number: label words before and after it, its column's header, words that speak against it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from migrate.inventory.detect.interface import Kind
from migrate.inventory.detect.words import PHRASES, phrases_at, placed, tokens

WINDOW = 64
"""Characters looked at before a value; 60 after Purview's habit, and a few for the punctuation."""
_AFTER = 40
_SPENT = 6
"""Digits between a label and a value that make the label another value's."""
_AMOUNT = re.compile(
    r",[0-9]{1,2}(?![0-9])|(?:,[0-9]{1,2})?[ ]?"
    r"(?:€|£|\$|%|(?:EUR|eur|euros?|USD|CHF|k€|[kMGT]?o|[kMGT]?B|[kK]?g|[ckm]?m|ms|m[2²3³])(?![A-Za-z0-9]))"
)


class Near(NamedTuple):
    """A label's distance in words, and whether another number stands between."""

    words: int
    spent: bool
    header: bool = False


@dataclass(frozen=True, slots=True)
class Context:
    """What the surroundings say of one place in the text."""

    labels: dict[Kind, Near]
    negative: int | None
    """Words between the nearest negative word and the value."""


NOTHING = Context({}, None)


_INITIAL = re.compile(r"(?<![A-Za-z0-9'’])[TtPF] ?[.:] ?\Z")
"""`T. 01 …`, `F : 01 …` in signatures."""


def before(text: str, start: int, floor: int = 0) -> Context:
    """Labels and negative words in the window that ends at `start` and begins at `floor` at most, nearest first.

    A negative word on an earlier line counts only when no number stands between.
    """
    window = text[max(start - WINDOW, floor) : start]
    words = tokens(window)
    labels: dict[Kind, Near] = {Kind.PHONE: Near(0, spent=False)} if _INITIAL.search(window, len(window) - 6) else {}
    negative: int | None = None
    between = digits = against = 0
    broken = False
    for at in range(len(words) - 1, -1, -1):
        word = words[at]
        for phrase in PHRASES.get(word, ()):
            size = len(phrase.words)
            if size > 1 and tuple(words[at : at + size]) != phrase.words:
                continue
            distance = max(0, between - size + 1)
            if phrase.negative and negative is None and not (digits and broken):
                negative, against = distance, at
            if phrase.kinds:
                if negative is not None and against < at + size:
                    negative = None  # "fiscal de référence" is a label, its last word no objection
                near = Near(distance, digits >= _SPENT)
                for kind in phrase.kinds:
                    labels.setdefault(kind, near)
        digits += len(word) if word.isdigit() else 0
        between += len(word) > 2 and not word.isdigit()
        broken = broken or word == "\n"
    return Context(labels, negative) if labels or negative is not None else NOTHING


_NEXT_VALUE = re.compile(r"[^A-Za-z]{0,6}[:=0-9+]|.{0,3}n[o°]")
_LINE_END = re.compile(r"[\n\t]|[.!?;|](?= |$)")


def after(text: str, end: int) -> frozenset[Kind]:
    """Labels that follow a value: in brackets, or as its next words unless they announce the next value."""
    if text[end : end + 2].lstrip(" ")[:1] in "\n\t;|.":
        return frozenset()
    line = text[end : end + _AFTER]
    bracket = line.lstrip(" ").startswith(("(", "["))
    line = re.split(r"[)\]\n]", line, maxsplit=1)[0] if bracket else _LINE_END.split(line, maxsplit=1)[0]
    words = placed(line)
    for at in range(min(3, len(words))):
        if words[at][0].isdigit():
            break
        for phrase, stop in phrases_at([word for word, _ in words], at):
            if phrase.kinds and (bracket or not _NEXT_VALUE.match(line, words[stop - 1][1])):
                return phrase.kinds
    return frozenset()


def amount(text: str, end: int) -> bool:
    """The number is followed by a currency, a unit or decimals of an amount."""
    return bool(_AMOUNT.match(text, end))


def announced(words: Iterable[str]) -> Context:
    """What a header cell, or words given by the caller, announce."""
    found = tokens("\n".join(words))
    labels: dict[Kind, Near] = {}
    negative: int | None = None
    for at in range(len(found)):
        for phrase, _ in phrases_at(found, at):
            if phrase.negative:
                negative = 0
            for kind in phrase.kinds:
                labels.setdefault(kind, Near(0, spent=False, header=True))
    return Context(labels, negative)


@dataclass(frozen=True, slots=True)
class _Table:
    start: int
    end: int
    delimiter: str
    header: tuple[Context, ...]


class Columns:
    """Header cells of the tables in a text: rows parted by tabs, `|`, `;` or commas under a row without numbers."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tables: list[_Table] | None = None
        self._starts: list[int] = []

    def at(self, place: int) -> tuple[Context, int]:
        """What the header of the column at `place` announces, and where the cell begins (0 outside tables)."""
        if self._tables is None:
            self._tables = list(_tables(self._text))
            self._starts = [table.start for table in self._tables]
        index = bisect_right(self._starts, place) - 1
        if index < 0 or place >= self._tables[index].end:
            return NOTHING, 0
        table = self._tables[index]
        line = self._text.rfind("\n", 0, place) + 1
        column = self._text.count(table.delimiter, line, place)
        cell = max(line, self._text.rfind(table.delimiter, line, place) + 1)
        return table.header[column] if column < len(table.header) else NOTHING, cell


_CELL = 48
_LINE = 8192


def _tables(text: str) -> Iterator[_Table]:
    if not any(mark in text for mark in "\t|;") and text.count(",") < 2:
        return
    start, table = 0, None
    while start <= len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        line = text[start : min(end, start + _LINE)]
        if table and not _continues(table, line):
            yield _Table(table.start, start, table.delimiter, table.header)
            table = None
        if table is None:
            table = _opened(line, end)
        start = end + 1
    if table:
        yield _Table(table.start, len(text) + 1, table.delimiter, table.header)


def _continues(table: _Table, line: str) -> bool:
    count = line.count(table.delimiter)
    return count == len(table.header) - 1 or (count > 0 and table.delimiter in "\t|")


def _opened(line: str, end: int) -> _Table | None:
    delimiter = _delimiter(line)
    if not delimiter:
        return None
    cells = line.strip("\r").split(delimiter)
    if not all(len(cell) <= _CELL and not _NUMBER.search(cell) for cell in cells):
        return None
    header = tuple(announced([cell]) for cell in cells)
    return (
        _Table(end, end, delimiter, header)
        if any(cell.labels or cell.negative is not None for cell in header)
        else None
    )


_NUMBER = re.compile(r"[0-9]{4}")


def _delimiter(line: str) -> str:
    for mark in "\t|;":
        if mark in line:
            return mark
    return "," if line.count(",") > 1 else ""
