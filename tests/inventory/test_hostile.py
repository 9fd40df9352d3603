"""Hostile documents, each stopped within its caps, listed with its reason, and without harm to the next one."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from migrate.inventory.evidence import Evidence
from migrate.inventory.examine import Rules
from migrate.inventory.examiner import Examiner
from migrate.inventory.extract import Limits
from tests.inventory import papers

LIMITS = Limits(memory=768 * 1024 * 1024, cpu_seconds=6, wall_seconds=25)
GOOD = b"Subject: x\r\n\r\nbonjour anne@ecole.example"


@pytest.fixture(scope="module")
def examiner() -> Iterator[Examiner]:
    one = Examiner(Rules(limits=LIMITS))
    yield one
    one.close()


def peak_kib(examiner: Examiner) -> int:
    """Highest resident size of the process that reads, in KiB."""
    process = examiner._process
    assert process is not None
    match = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{process.pid}/status").read_text())
    assert match is not None
    return int(match[1])


def reasons(evidence: Evidence) -> set[str]:
    return {gap.reason for gap in evidence.gaps}


def big_member(name: str, size: int, head: bytes = b"", tail: bytes = b"") -> bytes:
    """A zip whose member grows a thousandfold."""
    import io

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        with archive.open(name, "w", force_zip64=True) as member:
            member.write(head)
            for _ in range(size >> 20):
                member.write(b"a" * (1 << 20))
            member.write(tail)
    return buffer.getvalue()


XXE = '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
LAUGHS = '<!DOCTYPE d [<!ENTITY a "haha"><!ENTITY b "&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;">]>'


def zip_bomb() -> bytes:
    head = f'<w:document xmlns:w="{papers.W}"><w:t>'.encode()
    return big_member("word/document.xml", 1_500 << 20, head, b"</w:t></w:document>")


def repeated_cells() -> bytes:
    row = '<table:table-row table:number-rows-repeated="1048576">'
    row += '<table:table-cell table:number-columns-repeated="16384"><text:p>7</text:p></table:table-cell>'
    row += "</table:table-row>"
    return papers.odf(f"<table:table>{row * 3}</table:table>")


def amplified_strings() -> bytes:
    """One long shared string that every cell repeats."""
    return papers.xlsx([["#0"] * 20 for _ in range(3000)], ["x" * 30_000])


def many_cells() -> bytes:
    row = b"<row>" + b"<c><v>1</v></c>" * 1000 + b"</row>"
    sheet = f'<worksheet xmlns="{papers.S}"><sheetData>'.encode() + row * 4100 + b"</sheetData></worksheet>"
    return papers.zipped({"[Content_Types].xml": "<Types/>", "xl/worksheets/sheet1.xml": sheet})


def nested_multiparts(depth: int) -> bytes:
    head = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(depth))
    return b"Subject: x\r\n" + head + b"\r\nfin"


def nested_mails(depth: int) -> bytes:
    mail = EmailMessage()
    mail.set_content("au fond : cache@ecole.example")
    data = mail.as_bytes()
    for _ in range(depth):
        data = b"Subject: x\r\nContent-Type: message/rfc822\r\n\r\n" + data
    return data


def nested_zips(depth: int) -> bytes:
    data = b"au fond"
    for _ in range(depth):
        data = papers.zipped({"a.zip": data})
    return data


def looping_pdf() -> bytes:
    return papers.pdf(b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 9999999 >>")


def looping_form_pdf() -> bytes:
    form = b"/Resources << /XObject << /F 5 0 R >> >>"
    content = b"/F Do"
    stream = b"<< /Length %d >>\nstream\n" % len(content) + content + b"\nendstream"
    loop = b"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] " + form + b" /Length %d >>\nstream\n" % len(content)
    return papers.pdf(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R " + form + b" >>",
        stream,
        loop + content + b"\nendstream",
    )


def double_bomb_pdf() -> bytes:
    packed = zlib.compress(zlib.compress(b" " * (400 << 20), 9), 9)
    stream = b"<< /Length %d /Filter [/FlateDecode /FlateDecode] >>\nstream\n" % len(packed) + packed + b"\nendstream"
    return papers.pdf(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R >>",
        stream,
    )


HOSTILE = {
    "zip bomb, 1.5 MB to 1.5 GB": (zip_bomb, {"limit-bytes", "limit-ratio", "limit-text"}),
    "external entity in docx": (lambda: papers.docx("<w:p/>", head=XXE), {"dtd-refused"}),
    "billion laughs in docx": (lambda: papers.docx("<w:p/>", head=LAUGHS), {"dtd-refused"}),
    "external entity in odt": (lambda: papers.odf("<text:p/>", head=XXE), {"dtd-refused"}),
    "repeated cells, 17 billion": (repeated_cells, set()),
    "one string repeated by every cell": (amplified_strings, {"limit-text"}),
    "five million cells": (many_cells, {"limit-members", "limit-ratio", "limit-time"}),
    "thousands of members": (lambda: papers.zipped({f"{n}.txt": "x" for n in range(6000)}), {"limit-members"}),
    "archives in archives": (lambda: nested_zips(40), {"limit-depth"}),
    "pages that are their own parents": (looping_pdf, {"broken", "limit-depth", "limit-members", "limit-time"}),
    "forms that draw themselves": (looping_form_pdf, {"broken", "limit-depth", "limit-time", "", "image"}),
    "flate bomb in pdf": (lambda: papers.flate_bomb_pdf(400 << 20), {"limit-bytes", "limit-memory", "limit-time"}),
    "flate bomb twice packed": (double_bomb_pdf, {"limit-bytes", "limit-memory", "limit-time"}),
}
HOSTILE_MAIL = {
    "endless multiparts": (lambda: nested_multiparts(20_000), {"limit-members"}),
    "deep multiparts": (lambda: nested_multiparts(900), {"limit-depth", "limit-members", "limit-time"}),
    "messages in messages": (lambda: nested_mails(60), {"limit-depth"}),
    "a long wall of quotes": (lambda: b"Subject: x\r\n\r\n" + b">" * 4_000_000 + b" fin", set()),
    "a page of open tags": (lambda: b"Content-Type: text/html\r\n\r\n" + b"<blockquote><td " * 300_000, set()),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_documents(examiner: Examiner, name: str) -> None:
    make, expected = HOSTILE[name]
    check(examiner, make(), "application/octet-stream", expected)


@pytest.mark.parametrize("name", HOSTILE_MAIL)
def test_hostile_mail(examiner: Examiner, name: str) -> None:
    make, expected = HOSTILE_MAIL[name]
    check(examiner, make(), "message/rfc822", expected)


def check(examiner: Examiner, data: bytes, media_type: str, expected: set[str]) -> None:
    found = reasons(examiner.examine(data, media_type))
    assert found <= expected | {""}
    assert found or not expected or "" in expected
    # The batch goes on: the next item is read.
    assert [one.kind for one in examiner.examine(GOOD, "message/rfc822").data] == ["email"]
    assert peak_kib(examiner) < 400 * 1024


def test_an_external_entity_never_brings_a_file_in(examiner: Examiner) -> None:
    data = papers.docx("<w:p><w:r><w:t>&x;</w:t></w:r></w:p>", head=XXE)
    assert examiner.examine(data, "application/octet-stream").characters == 0


def test_too_large_is_not_even_sent(examiner: Examiner, tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(LIMITS.item_bytes + 1)
    assert reasons(examiner.examine(path, "text/plain")) == {"oversize"}


def test_time_is_limited_even_where_a_parser_hangs() -> None:
    impatient = Examiner(Rules(limits=Limits(cpu_seconds=1, wall_seconds=0.01)))
    try:
        assert reasons(impatient.examine(b"x" * 10_000_000, "text/plain")) == {"limit-time"}
    finally:
        impatient.close()


def test_memory_is_limited() -> None:
    small = Examiner(Rules(limits=Limits(memory=160 * 1024 * 1024)))
    try:
        data = b"Subject: x\r\n\r\n" + "é".encode() * 20_000_000
        assert reasons(small.examine(data, "message/rfc822")) == {"limit-memory"}
        assert small.examine(GOOD, "message/rfc822").data
    finally:
        small.close()
