"""Documents made by hand for the tests of extraction: small, whole, and each with one thing to find."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
S = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
A = "http://schemas.openxmlformats.org/drawingml/2006/main"


def zipped(members: Mapping[str, str | bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def docx(body: str, more: Mapping[str, str | bytes] | None = None, head: str = "") -> bytes:
    document = f'<?xml version="1.0"?>{head}<w:document xmlns:w="{W}"><w:body>{body}</w:body></w:document>'
    return zipped({"[Content_Types].xml": "<Types/>", "word/document.xml": document, **(more or {})})


def paragraph(*runs: str) -> str:
    return "<w:p>" + "".join(f"<w:r><w:rPr><w:b/></w:rPr><w:t>{run}</w:t></w:r>" for run in runs) + "</w:p>"


def xlsx(rows: list[list[str]], strings: list[str], more: Mapping[str, str | bytes] | None = None) -> bytes:
    """Cells that begin with # are numbers of shared strings."""
    lines = []
    for number, row in enumerate(rows, 1):
        cells = []
        for column, cell in enumerate(row):
            reference = f"{chr(65 + column)}{number}"
            if cell.startswith("#"):
                cells.append(f'<c r="{reference}" t="s"><v>{cell[1:]}</v></c>')
            elif cell:
                cells.append(f'<c r="{reference}"><v>{cell}</v></c>')
        lines.append(f'<row r="{number}">{"".join(cells)}</row>')
    sheet = f'<worksheet xmlns="{S}"><sheetData>{"".join(lines)}</sheetData></worksheet>'
    shared = f'<sst xmlns="{S}">{"".join(f"<si><t>{text}</t></si>" for text in strings)}</sst>'
    book = f'<workbook xmlns="{S}"><sheets><sheet name="Cachée" sheetId="1" state="hidden"/></sheets></workbook>'
    parts = {"xl/workbook.xml": book, "xl/sharedStrings.xml": shared, "xl/worksheets/sheet1.xml": sheet}
    return zipped({"[Content_Types].xml": "<Types/>", **parts, **(more or {})})


def pptx(text: str, notes: str) -> bytes:
    def slide(words: str) -> str:
        return f'<p xmlns:a="{A}"><a:p><a:r><a:t>{words}</a:t></a:r></a:p></p>'

    parts = {"ppt/slides/slide1.xml": slide(text), "ppt/notesSlides/notesSlide1.xml": slide(notes)}
    return zipped({"[Content_Types].xml": "<Types/>", **parts})


def odf(content: str, manifest: str = "", head: str = "") -> bytes:
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "text", "table")
    )
    body = f"{head}<office:document-content {spaces}><office:body>{content}</office:body></office:document-content>"
    listed = f'<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">{manifest}</m:manifest>'
    members = {"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": body}
    return zipped({**members, "META-INF/manifest.xml": listed})


def encrypted_zip(name: str = "secret.txt") -> bytes:
    """A stored member with the flag of a password set (APPNOTE §4.4.4): no reader can open it without one."""
    data = bytearray(zipped({name: "0123456789abcdef"}, zipfile.ZIP_STORED))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(mark) + offset
        data[at] |= 1
    return bytes(data)


def pdf(*objects: bytes) -> bytes:
    """A PDF of these objects, numbered from 1; the first is the catalogue."""
    out = bytearray(b"%PDF-1.7\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    start = len(out)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table
    return bytes(out + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start))


def page_pdf(content: bytes, extra: bytes = b"") -> bytes:
    return pdf(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> " + extra + b" >>",
        b"<< /Length %d >>\nstream\n" % len(content) + content + b"\nendstream",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    )


def text_pdf(text: str) -> bytes:
    return page_pdf(b"BT /F1 12 Tf 72 720 Td (" + text.encode("latin-1") + b") Tj ET")


def flate_bomb_pdf(size: int) -> bytes:
    packed = zlib.compress(b" " * size, 9)
    stream = b"<< /Length %d /Filter /FlateDecode >>\nstream\n" % len(packed) + packed + b"\nendstream"
    return pdf(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R >>",
        stream,
    )


def png() -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")
