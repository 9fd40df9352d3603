"""Personal data planted on purpose, one value for each place where an inventory must look, and what it cannot read.

The letters of :func:`planted_letters` carry them; :data:`PLANTED` is the list to hold an inventory against. Every
value is invented, with checksums that are right.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from xml.sax.saxutils import escape

from migrate.sandbox.association import documents, mime, texts
from migrate.sandbox.association.letters import Letter, envelope, letter
from migrate.sandbox.association.people import EDUCATOR, VOLUNTEER, Member


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """One value, and where it stands."""

    kind: str
    """As the inventory names it: ``nir``, ``be_nn``, ``iban``, ``phone``, ``email``."""
    value: str
    place: str
    holder: str
    """Address of the account."""
    unread: str = ""
    """Why no inventory reads it: ``encrypted`` or ``image``; empty when it must be found."""


_RNG = Random("planted")
_PLACES = (
    ("nir", "body", ""), ("iban", "quote", ""), ("nir", "html", ""), ("phone", "docx", ""), ("iban", "docx table", ""),
    ("nir", "xlsx", ""), ("email", "xlsx", ""), ("iban", "odt", ""), ("nir", "pdf", ""), ("nir", "csv in latin-1", ""),
    ("iban", "zip", ""), ("email", "message in a message", ""), ("phone", "card", ""), ("email", "event", ""),
    ("nir", "encrypted zip", "encrypted"), ("nir", "scan", "image"), ("iban", "scanned pdf", "image"),
)  # fmt: skip
_BELGIAN = (("be_nn", "body", ""), ("iban_be", "body", ""))


def _value(kind: str) -> str:
    if kind == "email":
        return f"famille.{_RNG.randrange(1000):03d}@foyer.example"
    made = {"nir": texts.nir, "be_nn": texts.niss, "iban": texts.iban_fr, "iban_be": texts.iban_be}
    return made.get(kind, texts.phone)(_RNG)


def _planted(places: tuple[tuple[str, str, str], ...], holder: Member) -> Iterator[Planted]:
    for kind, place, unread in places:
        value = _value(kind)
        yield Planted(kind=kind.partition("_be")[0], value=value, place=place, holder=holder.address, unread=unread)


_OF_EDUCATOR = tuple(_planted(_PLACES, EDUCATOR))
_OF_VOLUNTEER = tuple(_planted(_BELGIAN, VOLUNTEER))
PLANTED = (*_OF_EDUCATOR, *_OF_VOLUNTEER)


def planted_letters(member: Member) -> Iterator[Letter]:
    """The letters of one member that carry planted values; none for most."""
    if member is EDUCATOR:
        at = {one.place: one.value for one in _OF_EDUCATOR}
        yield from _plain(at)
        yield _letter(member, "Inscriptions au séjour", "planted-office", _office_parts(at), 12)
        yield _letter(member, "Pièces du dossier", "planted-files", _file_parts(at), 13)
        yield _letter(member, "Documents numérisés", "planted-unread", _unreadable(), 14)
    if member is VOLUNTEER:
        number, account = (one.value for one in _OF_VOLUNTEER)
        text = f"Numéro de registre national : {number}\nCompte : {account}\n"
        yield _letter(member, "Mes coordonnées", "planted-be", [mime.plain(text)], 15)


def _plain(at: Mapping[str, str]) -> Iterator[Letter]:
    quoted = f"> Voici mon IBAN : {at['quote']}\n> Bien à vous\n\nBien reçu, merci.\n"
    text = f"Numéro de sécurité sociale : {at['body']}\n\n{quoted}"
    html = f"<table><tr><th>N° de sécurité sociale</th><td>{at['html']}</td></tr></table>"
    both = [mime.plain(text), mime.html(html)]
    yield _letter(EDUCATOR, "Fiche de liaison", "planted-text", [mime.multipart("alternative", both)], 11)


def _letter(member: Member, subject: str, number: str, parts: list[mime.Part], day: int) -> Letter:
    when = datetime(2026, 10, day, 9, tzinfo=UTC)
    whole = parts[0] if len(parts) == 1 else mime.multipart("mixed", [mime.plain("Ci-joint.\n"), *parts])
    return letter(when, ("INBOX",), mime.message(envelope(member, when, subject, number), whole))


def _office_parts(at: Mapping[str, str]) -> list[mime.Part]:
    return [
        mime.attachment("fiche.docx", documents.DOCX, _docx(f"Tél. : {at['docx']}", ("IBAN", at["docx table"]))),
        mime.attachment("liste.xlsx", documents.XLSX, _xlsx([("NIR", "Courriel"), _sheet_row()])),
        mime.attachment("convention.odt", documents.ODT, documents.office(documents.ODT, f"IBAN : {at['odt']}")),
        mime.attachment("attestation.pdf", documents.PDF, documents.pdf(f"NIR : {at['pdf']}")),
    ]


def _sheet_row() -> tuple[str, str]:
    """Two values stand in the sheet: a number and an address."""
    number, address = (one.value for one in _OF_EDUCATOR if one.place == "xlsx")
    return number, address


def _file_parts(at: Mapping[str, str]) -> list[mime.Part]:
    rows = f"Nom;N° de sécurité sociale\r\nZoé;{at['csv in latin-1']}\r\n"
    inside = zipped({"rib.txt": f"IBAN : {at['zip']}\n".encode()})
    when = datetime(2026, 9, 1, 9, tzinfo=UTC)
    inner = mime.message(
        envelope(EDUCATOR, when, "Contact", "planted-inner"), mime.plain(f"Écrire à {at['message in a message']}\n")
    )
    card = f"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Zoé\r\nTEL;TYPE=CELL:{at['card']}\r\nEND:VCARD\r\n"
    event = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:planted@tilleuls.example\r\n"
        f"ATTENDEE;CN=Famille:mailto:{at['event']}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    return [
        mime.attachment("liste.csv", documents.CSV, rows.encode("latin-1")),
        mime.attachment("pieces.zip", "application/zip", inside),
        mime.enclosed(inner),
        mime.attachment("contact.vcf", "text/vcard", card.encode()),
        mime.attachment("visite.ics", "text/calendar", event.encode()),
    ]


def _unreadable() -> list[mime.Part]:
    """A zip behind a password, a scan, and a PDF that is a scan: their values are in no byte that a program reads."""
    locked = bytearray(zipped({"dossier.txt": documents.noise("locked", 200)}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # the flag of a password (APPNOTE §4.4.4)
        locked[locked.find(mark) + offset] |= 1
    return [
        mime.attachment("dossier.zip", "application/zip", bytes(locked)),
        mime.attachment("carte.png", documents.PNG, documents.png(200)),
        mime.attachment("scan.pdf", documents.PDF, _scanned_pdf()),
    ]


def zipped(members: Mapping[str, bytes]) -> bytes:
    """An archive that is the same at every run: stored, dated 1980."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data)
    return buffer.getvalue()


_SPACES = "http://schemas.openxmlformats.org"
_TYPES = f'<Types xmlns="{_SPACES}/package/2006/content-types"/>'.encode()


def _docx(line: str, row: tuple[str, str]) -> bytes:
    cells = "".join(f"<w:tc><w:p><w:r><w:t>{escape(one)}</w:t></w:r></w:p></w:tc>" for one in row)
    body = f"<w:p><w:r><w:t>{escape(line)}</w:t></w:r></w:p><w:tbl><w:tr>{cells}</w:tr></w:tbl>"
    main = f"{_SPACES}/wordprocessingml/2006/main"
    document = f'<w:document xmlns:w="{main}"><w:body>{body}</w:body></w:document>'
    return zipped({"[Content_Types].xml": _TYPES, "word/document.xml": document.encode()})


def _xlsx(rows: list[tuple[str, str]]) -> bytes:
    """Two columns whose cells are shared strings, on a hidden sheet."""
    strings = [text for row in rows for text in row]
    shared = "".join(f"<si><t>{escape(text)}</t></si>" for text in strings)
    lines = "".join(
        f'<row r="{n + 1}"><c r="A{n + 1}" t="s"><v>{2 * n}</v></c><c r="B{n + 1}" t="s"><v>{2 * n + 1}</v></c></row>'
        for n in range(len(rows))
    )
    main = f'xmlns="{_SPACES}/spreadsheetml/2006/main"'
    sheet = '<sheet name="Liste" sheetId="1" state="hidden"/>'
    parts = {
        "xl/workbook.xml": f"<workbook {main}><sheets>{sheet}</sheets></workbook>",
        "xl/sharedStrings.xml": f"<sst {main}>{shared}</sst>",
        "xl/worksheets/sheet1.xml": f"<worksheet {main}><sheetData>{lines}</sheetData></worksheet>",
    }
    return zipped({"[Content_Types].xml": _TYPES, **{name: text.encode() for name, text in parts.items()}})


def _scanned_pdf() -> bytes:
    """A page that is nothing but a picture (ISO 32000-1 §8.9)."""
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
            b" /Resources << /XObject << /I1 5 0 R >> >> >>"
        ),
        b"<< /Length 28 >>\nstream\nq 595 0 0 842 0 0 cm /I1 Do Q\nendstream",
        (
            b"<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8"
            b" /Length 1 >>\nstream\n0\nendstream"
        ),
    )
    return documents.assembled(objects)
