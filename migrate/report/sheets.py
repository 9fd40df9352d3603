"""Tables for spreadsheets: CSV that no spreadsheet runs, and OpenDocument sheets written by hand."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

Cell = str | int | None
Sheet = Sequence[Sequence[Cell]]
_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n")


def safe(cell: Cell) -> str:
    """Text that a spreadsheet takes for text: what would be a formula gets an apostrophe before it (OWASP)."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if isinstance(cell, str) and text.lstrip(" ").startswith(_RISKY) else text


BOM = b"\xef\xbb\xbf"


def csv_bytes(rows: Iterable[Sequence[Cell]], language: str = "fr") -> bytes:
    """UTF-8 with a byte order mark and CRLF: what Excel opens by a double click, with semicolons where it is French."""
    return BOM + "".join(csv_line(row, language) for row in rows).encode()


def csv_line(row: Sequence[Cell], language: str = "fr") -> str:
    """One row of such a file."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=";" if language == "fr" else ",", lineterminator="\r\n")
    writer.writerow([safe(cell) for cell in row])
    return buffer.getvalue()


_NAMES = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for short, name in (("office", "office"), ("table", "table"), ("text", "text"), ("style", "style"))
)
_TYPE = "application/vnd.oasis.opendocument.spreadsheet"


def ods_bytes(sheets: Mapping[str, Sheet]) -> bytes:
    """A workbook (ODF 1.3): texts and whole numbers, no formula, the same bytes for the same cells."""
    tables = "".join(_table(name, rows) for name, rows in sheets.items())
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {_NAMES} office:version="1.3">'
        f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
    )
    manifest = (
        '<?xml version="1.0" encoding="UTF-8"?><manifest:manifest manifest:version="1.3"'
        ' xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:version="1.3" manifest:media-type="{_TYPE}"/>'
        '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>'
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        # The type comes first and unpacked, so that file(1) recognises it (ODF 1.3 part 2, §3.3).
        for name, text in (("mimetype", _TYPE), ("content.xml", content), ("META-INF/manifest.xml", manifest)):
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            archive.writestr(info, text.encode())
    return buffer.getvalue()


def _table(name: str, rows: Sheet) -> str:
    body = "".join(f"<table:table-row>{''.join(map(_cell, row))}</table:table-row>" for row in rows)
    columns = max((len(row) for row in rows), default=1)
    head = f'<table:table-column table:number-columns-repeated="{columns}"/>'
    return f"<table:table table:name={quoteattr(name)}>{head}{body}</table:table>"


def _cell(cell: Cell) -> str:
    if isinstance(cell, int):
        return (
            f'<table:table-cell office:value-type="float" office:value="{cell}">'
            f"<text:p>{cell}</text:p></table:table-cell>"
        )
    if not cell:
        return "<table:table-cell/>"
    return f'<table:table-cell office:value-type="string"><text:p>{escape(_xml(cell))}</text:p></table:table-cell>'


def _xml(text: str) -> str:
    """Without the characters that XML 1.0 has no place for."""
    return "".join(letter for letter in text if letter in "\t\n" or letter >= " ")
