"""Spreadsheets of Office Open XML: cells with their shared strings, one row a line, hidden sheets included."""

from __future__ import annotations

import re
from collections.abc import Iterator

from migrate.inventory.extract.archive import Archive
from migrate.inventory.extract.limits import Budget, Refused
from migrate.inventory.extract.markup import parse
from migrate.inventory.extract.parts import Passage, Reason

SLICE = 1 << 18
MOST_CELLS = 4_000_000
"""Cells of one sheet; the largest that people keep by hand have a tenth of it."""
_COLUMN = re.compile(r"[A-Z]{1,3}")
_WIDEST = 16_384


class _Strings:
    """The table of shared strings."""

    def __init__(self, budget: Budget) -> None:
        self.strings: list[str] = []
        self._now: list[str] = []
        self._phonetic = False
        self._size = 0
        self._most = budget.limits.text

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Reading aids (``rPh``) repeat the text in another script."""
        if name == "rPh":
            self._phonetic = True

    def end(self, name: str) -> None:
        """A string is whole."""
        if name == "rPh":
            self._phonetic = False
        elif name == "si":
            self.strings.append("".join(self._now))
            self._now.clear()

    def data(self, text: str) -> None:
        """Characters of a string."""
        self._size += len(text)
        if self._size > self._most:
            raise Refused(Reason.LIMIT_TEXT)
        if not self._phonetic and text.strip("\r\n") != "":
            self._now.append(text)


def shared_strings(opened: Archive, name: str, budget: Budget) -> list[str]:
    """The strings that cells refer to by number."""
    sink = _Strings(budget)
    for _ in parse(opened.chunks(name), sink):
        pass
    return sink.strings


class Table:
    """Lines of a sheet, its first row kept as the head of every slice."""

    def __init__(self, where: str, budget: Budget) -> None:
        self._where = where
        self._budget = budget
        self._lines: list[str] = []
        self._size = 0
        self._head = ""

    def add(self, cells: dict[int, str]) -> None:
        """One row, by column number from 0; empty ones are left out."""
        if not cells:
            return
        line = "\t".join(_flat(cells.get(column, "")) for column in range(max(cells) + 1))
        self._budget.characters(len(line) + 1)
        if not self._head:
            self._head = line
        self._lines.append(line)
        self._size += len(line)

    def drain(self, *, last: bool = False) -> Iterator[Passage]:
        """A slice once it is large enough, or what is left."""
        if self._lines and (last or self._size > SLICE):
            yield Passage(where=self._where, text="\n".join(self._lines))
            self._lines = [self._head]
            self._size = 0
            if last:
                self._lines.clear()


def _flat(text: str) -> str:
    return text.replace("\t", " ").replace("\n", " ").replace("\r", "")


class _Rows:
    """Cells of a worksheet (ECMA-376 part 1, §18.3.1)."""

    def __init__(self, strings: list[str], table: Table) -> None:
        self._strings = strings
        self._table = table
        self._cells: dict[int, str] = {}
        self._column = -1
        self._kind = ""
        self._value: list[str] | None = None
        self._count = 0
        self.other: list[str] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """A row or a cell begins."""
        if name == "c":
            self._count += 1
            if self._count > MOST_CELLS:
                raise Refused(Reason.LIMIT_MEMBERS)
            self._kind = attributes.get("t", "")
            self._column = _column(attributes.get("r", ""), self._column + 1)
        elif name in ("v", "t"):
            self._value = self._value or []
        elif name == "row":
            self._cells, self._column = {}, -1
        elif name == "hyperlink":
            self.other.append(attributes.get("display", "") + " " + attributes.get("tooltip", ""))

    def end(self, name: str) -> None:
        """A cell or a row is whole."""
        if name == "c" and self._value is not None:
            self._cells[self._column] = self._text("".join(self._value))
            self._value = None
        elif name == "row":
            self._table.add(self._cells)
            self._cells = {}

    def data(self, text: str) -> None:
        """Characters of a value; formulas and layout are left out."""
        if self._value is not None:
            self._value.append(text)

    def _text(self, value: str) -> str:
        return self._strings[int(value)] if self._kind == "s" else value


def _column(reference: str, following: int) -> int:
    """``C7`` is column 2; a cell without reference follows the one before."""
    match = _COLUMN.match(reference)
    if match is None:
        return min(following, _WIDEST)
    number = 0
    for letter in match[0]:
        number = number * 26 + ord(letter) - 64
    return min(number - 1, _WIDEST)


def rows(opened: Archive, name: str, strings: list[str], where: str, budget: Budget) -> Iterator[Passage]:
    """A worksheet as text."""
    table = Table(where, budget)
    sink = _Rows(strings, table)
    for _ in parse(opened.chunks(name), sink):
        yield from table.drain()
    yield from table.drain(last=True)
    links = "\n".join(text for text in sink.other if text.strip())
    if links:
        budget.characters(len(links))
        yield Passage(where=where, text=links)
