"""Text that is text already: which characters its bytes mean, and slices of bounded size."""

from __future__ import annotations

import codecs
from collections.abc import Iterator

from migrate.inventory.extract.limits import Budget
from migrate.inventory.extract.parts import Part, Passage

SLICE = 1 << 20
"""Characters of one passage, cut at a line's end where there is one."""
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decode(data: bytes, charset: str = "") -> str:
    """The characters of a text: its mark, UTF-8 if it is that, what it declares, else Windows-1252.

    UTF-8 comes before the declaration: text that is valid UTF-8 with accents is hardly ever anything else, and
    declarations are often left over from a template. Windows-1252 is what French mailers and spreadsheets of the
    last century wrote, and what they often called ISO-8859-1 (WHATWG Encoding §4.2 reads it so too).
    """
    for mark, name in _MARKS:
        if data.startswith(mark):
            return data.decode(name, "replace")
    if b"\0" in data[:512]:
        return data.decode("utf-16-le" if data[1:2] == b"\0" else "utf-16-be", "replace")
    declared = _known(charset)
    if declared in {"iso2022_jp", "utf-7", "iso2022_kr"}:
        return data.decode(declared, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    if declared in {"", "utf-8", "ascii", "iso8859-1", "cp1252"}:
        return data.decode("cp1252", "replace")
    return data.decode(declared, "replace")


def _known(charset: str) -> str:
    try:
        found = codecs.lookup(charset.strip(" \"'")) if charset else None
    except (LookupError, ValueError):
        return ""
    return found.name if found is not None and found._is_text_encoding else ""


def passages(where: str, text: str, budget: Budget, *, quoted: bool = False, head: str = "") -> Iterator[Passage]:
    """The text in slices; ``head`` (a sheet's header row) is put before each slice but the first."""
    start = 0
    while start < len(text):
        end = min(start + SLICE, len(text))
        if end < len(text):
            end = max(text.rfind("\n", start + SLICE // 2, end) + 1, 0) or end
        piece = text[start:end] if start == 0 or not head else f"{head}\n{text[start:end]}"
        budget.characters(len(piece))
        if piece.strip():
            yield Passage(where=where, text=piece, quoted=quoted)
        start = end


def read(part: Part, budget: Budget) -> Iterator[Passage]:
    """A text document. The first line of a list is repeated, in case it holds the names of its columns."""
    text = decode(part.data, part.charset)
    first = text[:2000].partition("\n")[0].rstrip("\r")
    listed = any(sign in first for sign in (";", "\t", ",", "|"))
    yield from passages(part.where, text, budget, head=first if listed else "")
