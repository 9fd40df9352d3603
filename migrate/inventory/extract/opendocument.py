"""OpenDocument (ISO/IEC 26300): text, sheets, notes, changes and properties."""

from __future__ import annotations

import re
from collections.abc import Iterator

from migrate.inventory.extract.archive import Archive
from migrate.inventory.extract.limits import Budget
from migrate.inventory.extract.markup import drain, parse
from migrate.inventory.extract.parts import Passage
from migrate.inventory.extract.plain import passages
from migrate.inventory.extract.sheets import Table

_PARTS = re.compile(r"(?:^|/)(?:content|styles)\.xml$")
_WIDEST = 16_384
_BLOCKS = frozenset({"p", "h", "list-item", "annotation", "creator", "initial-creator", "keyword", "title", "subject"})


def readers(names: frozenset[str]) -> dict[str, str]:
    """Part name to the kind of text in it."""
    kinds = {name: "table" for name in sorted(names) if _PARTS.search(name)}
    return ({"meta.xml": "properties"} if "meta.xml" in names else {}) | kinds


class _Manifest:
    def __init__(self) -> None:
        self.encrypted = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """One element of the manifest."""
        self.encrypted = self.encrypted or name == "encryption-data"

    def end(self, name: str) -> None:
        """Nothing to do."""

    def data(self, text: str) -> None:
        """Nothing to do."""


def encrypted(opened: Archive) -> bool:
    """Whether the manifest says that parts are encrypted (ODF 1.3 part 2, §4.4)."""
    sink = _Manifest()
    for _ in parse(opened.chunks("META-INF/manifest.xml"), sink):
        pass
    return sink.encrypted


class _Content:
    """Paragraphs outside tables as text, cells inside them as rows. Repetitions count once: they say nothing new."""

    def __init__(self, table: Table) -> None:
        self.text: list[str] = []
        self._table = table
        self._row: dict[int, str] | None = None
        self._cell: list[str] | None = None
        self._column = 0
        self._repeat = 1

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Rows, cells, blanks and links."""
        if name == "table-row":
            self._row, self._column = {}, 0
        elif name in ("table-cell", "covered-table-cell") and self._row is not None:
            self._cell = []
            self._repeat = _number(attributes.get("number-columns-repeated", "1"))
        elif name == "s":
            self.data(" ")
        elif name == "tab":
            self.data(" " if self._cell is not None else "\t")
        elif name == "line-break":
            self.data("\n")
        link = attributes.get("href", "")
        if link.startswith(("mailto:", "tel:")):
            self.data(f" {link} ")

    def end(self, name: str) -> None:
        """A cell, a row or a paragraph is whole."""
        if name in ("table-cell", "covered-table-cell") and self._cell is not None and self._row is not None:
            if value := "".join(self._cell).strip():
                self._row[min(self._column, _WIDEST)] = value
            self._column = min(self._column + self._repeat, _WIDEST)
            self._cell = None
        elif name == "table-row" and self._row is not None:
            self._table.add(self._row)
            self._row = None
        elif name in _BLOCKS:
            self.data("\n")

    def data(self, text: str) -> None:
        """Characters."""
        (self._cell if self._cell is not None else self.text).append(text)


def _number(text: str) -> int:
    return min(int(text), _WIDEST) if text.isascii() and text.isdigit() and len(text) < 12 else 1


def tables(opened: Archive, name: str, where: str, budget: Budget) -> Iterator[Passage]:
    """The text of one part: its paragraphs, then its tables."""
    table = Table(where, budget)
    sink = _Content(table)
    kept = ""
    for _ in parse(opened.chunks(name), sink):
        yield from table.drain()
        kept += drain(sink.text)
        if len(kept) > 1 << 18:
            cut = kept.rfind("\n") + 1 or len(kept)
            yield from passages(where, kept[:cut], budget)
            kept = kept[cut:]
    yield from passages(where, kept, budget)
    yield from table.drain(last=True)
