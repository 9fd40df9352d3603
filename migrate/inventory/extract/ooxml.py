"""Office Open XML (ECMA-376): the parts that hold what people wrote, and their text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from migrate.inventory.extract.archive import Archive
from migrate.inventory.extract.limits import Budget
from migrate.inventory.extract.markup import drain, parse
from migrate.inventory.extract.parts import Passage
from migrate.inventory.extract.plain import passages

_PARTS = (
    (re.compile(r"docProps/(?:core|app|custom)\.xml$"), "properties"),
    (re.compile(r"xl/sharedStrings\.xml$"), "strings"),
    (re.compile(r"xl/workbook\.xml$"), "names"),
    (re.compile(r"xl/worksheets/[^/]+\.xml$"), "sheet"),
    (re.compile(r"(?:comments|threadedComments|persons)[^/]*(?:/[^/]+)?\.xml$"), "comment"),
    (re.compile(r"word/(?:document|header\d*|footer\d*|footnotes|endnotes|glossary/document)\.xml$"), "text"),
    (re.compile(r"ppt/(?:slides|notesSlides|slideMasters)/[^/]+\.xml$"), "slide"),
    (re.compile(r"(?:drawings|charts|diagrams)/[^/]+\.xml$"), "drawing"),
    (re.compile(r"\.rels$"), "links"),
)
_ORDER = ("properties", "strings", "names", "sheet", "text", "slide", "comment", "drawing", "links")
_LINES = frozenset(
    {
        "br", "comment", "tr", "row", "si", "sheet", "lpstr", "lpwstr", "v", "Relationship", "creator",
        "lastModifiedBy", "title", "subject", "description", "keywords", "category", "Company", "Manager", "text",
    }
)  # fmt: skip


def readers(names: frozenset[str]) -> dict[str, str]:
    """Part name to the kind of text in it, in the order of reading (strings before the sheets that use them)."""
    kinds = {name: kind for name in names for pattern, kind in reversed(_PARTS) if pattern.search(name)}
    return dict(sorted(kinds.items(), key=lambda one: (_ORDER.index(one[1]), _natural(one[0]))))


def _natural(name: str) -> list[int | str]:
    """``sheet2`` before ``sheet10``."""
    return [int(piece) if piece.isdigit() else piece for piece in re.split(r"(\d+)", name)]


class Text:
    """Characters of runs, deleted and hidden ones included; authors and link targets from the attributes."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self._authors: set[str] = set()
        self._cells = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Tabs and breaks; who changed or commented; where external links lead; names of sheets."""
        if name == "tab":
            self.text.append("\t")
        elif name == "tc":
            self._cells += 1
        for key in ("author", "displayName", "userId"):
            value = attributes.get(key, "")
            if value and value not in self._authors and len(self._authors) < 1000:
                self._authors.add(value)
                self.text.append(f"\n{value}\n")
        if attributes.get("TargetMode") == "External":
            self.text.append(attributes.get("Target", ""))
        if name == "sheet" and "sheetId" in attributes:
            self.text.append(attributes.get("name", ""))

    def end(self, name: str) -> None:
        """Paragraphs and rows are lines; cells are parted by tabs, and their paragraphs by blanks."""
        if name in _LINES:
            self.text.append("\n")
        elif name == "p":
            self.text.append(" " if self._cells else "\n")
        elif name == "tc":
            self._cells = max(0, self._cells - 1)
            self.text.append("\t")

    def data(self, text: str) -> None:
        """Characters."""
        self.text.append(text)


def text(opened: Archive, name: str, where: str, budget: Budget) -> Iterator[Passage]:
    """The text of one part, a passage for each large piece."""
    sink = Text()
    kept = ""
    for _ in parse(opened.chunks(name), sink):
        kept += drain(sink.text)
        if len(kept) > 1 << 18:
            cut = kept.rfind("\n") + 1 or len(kept)
            yield from passages(where, kept[:cut], budget)
            kept = kept[cut:]
    yield from passages(where, kept, budget)
