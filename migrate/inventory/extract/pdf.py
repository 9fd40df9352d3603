"""PDF by pypdf: pages, notes, form fields, properties and attached files. Runs only inside the limited process."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from typing import Any

from pypdf import PdfReader
from pypdf.errors import LimitReachedError, PyPdfError
from pypdf.generic import DictionaryObject

from migrate.inventory.extract.limits import Budget, Refused
from migrate.inventory.extract.parts import Extracted, Part, Passage, Reason, Unread
from migrate.inventory.extract.plain import passages

logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # its warnings quote the document


def read(part: Part, budget: Budget) -> Iterator[Extracted]:
    """The text of every page; a page that is only a picture is listed as one. Raises Refused for a password."""
    reader = PdfReader(io.BytesIO(part.data), strict=False)
    # An empty user password only forbids printing or copying; readers open such files without asking.
    if reader.is_encrypted and not reader.decrypt(""):
        raise Refused(Reason.ENCRYPTED)
    yield from _properties(reader, part, budget)
    for number, page in enumerate(reader.pages, 1):
        budget.member()
        yield from _page(page, part.inside(f"page[{number}]"), budget)
    yield from _fields(reader, part, budget)
    yield from _attached(reader, part, budget)


def _page(page: Any, where: str, budget: Budget) -> Iterator[Extracted]:
    try:
        # Asked for by itself: extract_text says "" where the contents are over pypdf's limits.
        if (contents := page.get_contents()) is not None:
            contents.get_data()
        text = page.extract_text()
        if text.strip():
            yield from passages(where, text, budget)
        elif _pictures(page):
            yield Unread(where=where, reason=Reason.IMAGE)
        yield from passages(where, "\n".join(_notes(page)), budget)
    except LimitReachedError:
        yield Unread(where=where, reason=Reason.LIMIT_BYTES)
    except RecursionError:
        yield Unread(where=where, reason=Reason.LIMIT_DEPTH)
    except (PyPdfError, ValueError, TypeError, KeyError, IndexError, AttributeError, NotImplementedError):
        yield Unread(where=where, reason=Reason.BROKEN)


def _pictures(page: Any) -> bool:
    resources = page.get("/Resources")
    objects = resources.get_object().get("/XObject") if resources is not None else None
    return bool(objects and objects.get_object())


def _notes(page: Any) -> Iterator[str]:
    """Comments, and the addresses of links to mail and phones."""
    for note in (page.get("/Annots") or [])[:5000]:
        fields = note.get_object()
        if not isinstance(fields, DictionaryObject):
            continue
        if isinstance(text := fields.get("/Contents"), str):
            yield text
        action = fields.get("/A")
        action = action.get_object() if action is not None else None
        uri = action.get("/URI") if isinstance(action, DictionaryObject) else None
        if isinstance(uri, str) and uri.startswith(("mailto:", "tel:")):
            yield uri


def _properties(reader: PdfReader, part: Part, budget: Budget) -> Iterator[Passage]:
    try:
        values = [str(value) for value in (reader.metadata or {}).values() if isinstance(value, str)]
    except (PyPdfError, ValueError, TypeError, AttributeError):
        return
    yield from passages(part.inside("properties"), "\n".join(values), budget)


def _fields(reader: PdfReader, part: Part, budget: Budget) -> Iterator[Extracted]:
    """Names of form fields beside what was filled in."""
    try:
        fields = reader.get_fields() or {}
        lines = [f"{name}: {field.get('/V')}" for name, field in fields.items() if isinstance(field.get("/V"), str)]
    except (PyPdfError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        yield Unread(where=part.inside("form"), reason=Reason.BROKEN)
        return
    yield from passages(part.inside("form"), "\n".join(lines), budget)


def _attached(reader: PdfReader, part: Part, budget: Budget) -> Iterator[Extracted]:
    number = 0
    try:
        for name, contents in reader.attachments.items():
            for data in contents:
                number += 1
                budget.member()
                budget.unpacked(len(data))
                yield Part(data=data, name=name, where=part.inside(f"attachment[{number}]"))
    except (PyPdfError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        yield Unread(where=part.inside(f"attachment[{number + 1}]"), reason=Reason.BROKEN)
