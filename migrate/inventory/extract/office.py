"""Office documents in zip archives: which kind one is, and the text parts that all of them share."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.parsers import expat

from migrate.inventory.extract import archive, ooxml, opendocument, sheets
from migrate.inventory.extract.archive import Archive
from migrate.inventory.extract.limits import Budget, Refused
from migrate.inventory.extract.parts import Extracted, Part, Reason, Unread

_PICTURES = re.compile(r"(?:media/|Pictures/|\.(?:png|jpe?g|gif|tiff?|bmp|emf|wmf|webp)$)", re.IGNORECASE)
_PROGRAMS = re.compile(r"vbaProject\.bin$|activeX|printerSettings|\.ttf$|\.odttf$|\.fntdata$")


def read_zip(part: Part, budget: Budget) -> Iterator[Extracted]:
    """An OOXML or OpenDocument file by its own reader, any other archive member by member."""
    opened = Archive(part.data, budget)
    if "[Content_Types].xml" in opened.names:
        yield from _office(opened, part, budget, ooxml.readers(opened.names))
    elif "mimetype" in opened.names and "META-INF/manifest.xml" in opened.names:
        if opendocument.encrypted(opened):
            raise Refused(Reason.ENCRYPTED)
        yield from _office(opened, part, budget, opendocument.readers(opened.names))
    else:
        yield from archive.read(opened, part, budget)


def _office(opened: Archive, part: Part, budget: Budget, readers: dict[str, str]) -> Iterator[Extracted]:
    strings: list[str] = []
    for number, (name, kind) in enumerate(readers.items(), 1):
        budget.member()
        where = part.inside(f"{kind}[{number}]")
        try:
            if kind == "strings":
                strings = sheets.shared_strings(opened, name, budget)
            elif kind == "sheet":
                yield from sheets.rows(opened, name, strings, where, budget)
            elif kind == "table":
                yield from opendocument.tables(opened, name, where, budget)
            else:
                yield from ooxml.text(opened, name, where, budget)
        except (expat.ExpatError, ValueError, IndexError):
            yield Unread(where=where, reason=Reason.BROKEN)
        except Refused as refusal:
            yield Unread(where=where, reason=refusal.reason)
            if refusal.reason in (Reason.LIMIT_BYTES, Reason.LIMIT_TEXT):
                return
    yield from _others(opened, part, budget, readers)


def _others(opened: Archive, part: Part, budget: Budget, readers: dict[str, str]) -> Iterator[Extracted]:
    """Documents inside the document are opened; pictures are listed; the rest is layout."""
    for number, info in enumerate(opened.members, 1):
        name = info.filename
        where = part.inside(f"embedded[{number}]")
        if name in readers or _PROGRAMS.search(name):
            continue
        if _PICTURES.search(name):
            yield Unread(where=where, reason=Reason.IMAGE, size=info.file_size)
        elif "/embeddings/" in name or name.lower().endswith(
            (".docx", ".xlsx", ".pptx", ".pdf", ".odt", ".ods", ".bin")
        ):
            budget.member()
            yield Part(data=opened.read(info), name=name, where=where)
        elif not name.endswith((".xml", ".rels", ".rdf")) and name != "mimetype":
            yield Unread(where=where, reason=Reason.UNKNOWN, size=info.file_size)
