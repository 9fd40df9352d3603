"""Opens a document and everything inside it; what cannot be read is yielded with its reason, never left out."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Mapping
from xml.parsers import expat

from migrate.inventory.extract import mail, markup, office, pim, plain
from migrate.inventory.extract.kinds import Format, format_of
from migrate.inventory.extract.limits import Budget, Refused
from migrate.inventory.extract.parts import Extracted, Part, Passage, Reason, Unread

Opener = Callable[[Part, Budget], Iterator[Extracted]]


def _pdf(part: Part, budget: Budget) -> Iterator[Extracted]:
    """pypdf is imported when the first PDF comes: it is the slowest import of all."""
    from migrate.inventory.extract import pdf

    yield from pdf.read(part, budget)


_READERS: Mapping[Format, Opener] = {
    Format.MAIL: mail.read,
    Format.ZIP: office.read_zip,
    Format.PDF: _pdf,
    Format.HTML: markup.read_html,
    Format.XML: markup.read_xml,
    Format.CALENDAR: pim.read,
    Format.CARD: pim.read,
    Format.TEXT: plain.read,
}
_REASONS: Mapping[Format, Reason] = {
    Format.IMAGE: Reason.IMAGE,
    Format.MEDIA: Reason.MEDIA,
    Format.ARCHIVE: Reason.UNSUPPORTED,
    Format.UNKNOWN: Reason.UNKNOWN,
}
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
"""Name of the stream in which Office keeps an encrypted document ([MS-OFFCRYPTO] §2.3.4.4)."""


def extract(part: Part, budget: Budget) -> Iterator[Passage | Unread]:
    """Text and unread parts of a document, in its order. Never raises for what a document holds."""
    if not part.data:
        return
    if len(part.data) > budget.limits.item_bytes:
        yield _unread(part, Reason.OVERSIZE)
        return
    found = format_of(part.data, part.media_type, part.name)
    reader = _READERS.get(found)
    if reader is None:
        yield _unread(part, _ole(part.data) if found is Format.OLE else _REASONS[found])
        return
    try:
        budget.enter()
        yield from _inside(reader, part, budget)
    except Refused as refusal:
        yield _unread(part, refusal.reason)
    finally:
        budget.leave()


def _inside(reader: Opener, part: Part, budget: Budget) -> Iterator[Passage | Unread]:
    try:
        for found in reader(part, budget):
            if isinstance(found, Part):
                yield from extract(found, budget)
            else:
                yield found
    except (Refused, MemoryError):
        raise
    except RecursionError:
        yield _unread(part, Reason.LIMIT_DEPTH)
    except (zipfile.BadZipFile, expat.ExpatError, ValueError, KeyError):
        yield _unread(part, Reason.BROKEN)
    except Exception:  # a parser met what its authors did not think of: this document is lost, the batch is not
        yield _unread(part, Reason.BROKEN)


def _ole(data: bytes) -> Reason:
    return Reason.ENCRYPTED if _ENCRYPTED_PACKAGE in data else Reason.UNSUPPORTED


def _unread(part: Part, reason: Reason) -> Unread:
    return Unread(where=part.where, reason=reason, media_type=part.media_type, size=len(part.data))
