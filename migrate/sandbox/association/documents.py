"""Bytes of documents, the same at every run: no clock, no random salt, zip archives stored and dated 1980."""

from __future__ import annotations

import hashlib
import io
import struct
import zipfile
import zlib
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from xml.sax.saxutils import escape

from migrate.sandbox.association import texts

ODT = "application/vnd.oasis.opendocument.text"
ODS = "application/vnd.oasis.opendocument.spreadsheet"
ODP = "application/vnd.oasis.opendocument.presentation"
_OOXML = "application/vnd.openxmlformats-officedocument"
DOCX = f"{_OOXML}.wordprocessingml.document"
XLSX = f"{_OOXML}.spreadsheetml.sheet"
PPTX = f"{_OOXML}.presentationml.presentation"
PDF = "application/pdf"
PNG = "image/png"
SVG = "image/svg+xml"
CSV = "text/csv"
TEXT = "text/plain"

_OOXML_PARTS = {DOCX: "word/document.xml", XLSX: "xl/workbook.xml", PPTX: "ppt/presentation.xml"}
_ODF_BODIES = {ODT: "text", ODS: "spreadsheet", ODP: "presentation"}

VARIANTS = 12
"""Different contents of each kind among generated files, so that checksums are computed once each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Digests:
    """What Drive knows of a blob."""

    size: int
    md5: str
    sha1: str
    sha256: str


def digests(data: bytes) -> Digests:
    """Size and checksums, in hex as Drive writes them."""
    return Digests(
        size=len(data),
        md5=hashlib.md5(data, usedforsecurity=False).hexdigest(),
        sha1=hashlib.sha1(data, usedforsecurity=False).hexdigest(),
        sha256=hashlib.sha256(data).hexdigest(),
    )


def noise(seed: str, size: int) -> bytes:
    """That many bytes which look like a photograph's: a block of hash output, repeated."""
    block = b"".join(hashlib.sha256(f"{seed}/{i}".encode()).digest() for i in range(256))
    return (block * (size // len(block) + 1))[:size]


def pdf(text: str) -> bytes:
    """A one-page PDF 1.4 with one line in Helvetica and a correct cross-reference table (ISO 32000-1 §7.5)."""
    line = text.encode("latin-1", "replace").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
    stream = b"BT /F1 12 Tf 72 720 Td (" + line + b") Tj ET"
    resources = b"/Resources << /Font << /F1 5 0 R >> >>"
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R %s >>" % resources,
        b"<< /Length %d >>\nstream\n" % len(stream) + stream + b"\nendstream",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    )
    return assembled(objects)


def assembled(objects: tuple[bytes, ...]) -> bytes:
    """A PDF of five objects, the first being its catalogue, with a correct cross-reference table."""
    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return bytes(
        out
        + b"xref\n0 6\n0000000000 65535 f \n"
        + table
        + b"trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(out)
    )


def png(shade: int) -> bytes:
    """A grey 8 by 8 PNG. Its compressed data are stored blocks, which every zlib writes alike."""
    rows = bytes([0] + [shade % 256] * 8) * 8
    header = struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 0)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_png_chunk(name, data) for name, data in chunks)


def svg(text: str) -> bytes:
    """A drawing of one line of text."""
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="300" height="40"><text y="20">{text}</text></svg>'.encode()


def csv(rng: Random, rows: int) -> bytes:
    """A list of members, semicolons and CRLF as French spreadsheets write them."""
    lines = ["Nom;Adresse;Téléphone;IBAN"]
    for _ in range(rows):
        lines.append(f"{texts.full_name(rng)};{texts.postal_address(rng)};{texts.phone(rng)};{texts.iban_fr(rng)}")
    return ("\r\n".join(lines) + "\r\n").encode()


def office(media_type: str, text: str) -> bytes:
    """A minimal document of that OpenDocument or Office Open XML type, holding the text."""
    if media_type in _ODF_BODIES:
        return _open_document(media_type, text)
    return _office_open_xml(media_type, text)


@lru_cache(maxsize=256)
def variant(media_type: str, index: int) -> bytes:
    """One of ``VARIANTS`` generated contents of a kind, between a few hundred bytes and 40 kB."""
    rng = Random(f"{media_type}/{index}")
    if media_type == PNG:
        return png(index * 20) + noise(f"png/{index}", 1000 * (1 + index * 3))
    if media_type == CSV:
        return csv(rng, 5 + index * 8)
    text = texts.paragraphs(rng, 3 + index * 4)
    if media_type == PDF:
        return pdf(text.replace("\n", " "))
    if media_type == TEXT:
        return text.encode()
    return office(media_type, text)


@lru_cache(maxsize=256)
def variant_digests(media_type: str, index: int) -> Digests:
    """The checksums of :func:`variant`."""
    return digests(variant(media_type, index))


def _png_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _archive(members: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, text in members.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), text.encode())
    return buffer.getvalue()


def _open_document(media_type: str, text: str) -> bytes:
    office_ns = "urn:oasis:names:tc:opendocument:xmlns"
    body = _ODF_BODIES[media_type]
    content = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<office:document-content xmlns:office="{office_ns}:office:1.0" xmlns:text="{office_ns}:text:1.0"'
        f' office:version="1.3"><office:body><office:{body}><text:p>{escape(text)}</text:p>'
        f"</office:{body}></office:body></office:document-content>"
    )
    manifest = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<manifest:manifest xmlns:manifest="{office_ns}:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{media_type}"/>'
        '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>'
    )
    return _archive({"mimetype": media_type, "content.xml": content, "META-INF/manifest.xml": manifest})


def _office_open_xml(media_type: str, text: str) -> bytes:
    part = _OOXML_PARTS[media_type]
    package = "http://schemas.openxmlformats.org/package/2006"
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    kinds = (
        f'<?xml version="1.0"?><Types xmlns="{package}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/{part}" ContentType="{media_type}.main+xml"/></Types>'
    )
    root = (
        f'<?xml version="1.0"?><Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="rId1" Type="{relations}/officeDocument" Target="{part}"/></Relationships>'
    )
    word = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    document = (
        f'<?xml version="1.0"?><w:document xmlns:w="{word}"><w:body><w:p><w:r>'
        f"<w:t>{escape(text)}</w:t></w:r></w:p></w:body></w:document>"
    )
    return _archive({"[Content_Types].xml": kinds, "_rels/.rels": root, part: document})
