"""What each format gives up: every place where people write, and a reason for every part that is not read."""

from __future__ import annotations

import base64
import io
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader, PdfWriter

from migrate.inventory.extract import Budget, Part, Passage, Reason, Unread, extract
from migrate.inventory.extract.mail import split_quotes
from migrate.inventory.extract.plain import decode
from tests.inventory import papers


def read(data: bytes, media_type: str = "application/octet-stream", name: str = "") -> list[Passage | Unread]:
    return list(extract(Part(data=data, media_type=media_type, name=name), Budget()))


def text(found: list[Passage | Unread]) -> str:
    return "\n".join(one.text for one in found if isinstance(one, Passage))


def gaps(found: list[Passage | Unread]) -> list[tuple[str, Reason]]:
    return [(one.where, one.reason) for one in found if isinstance(one, Unread)]


def letter() -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "Zoé <zoe@ecole.example>"
    mail["Subject"] = "Réunion"
    mail.set_content("Bonjour\n\n> ligne citée\n> suite\nfin\n")
    mail.add_alternative("<p>Riche<blockquote>jadis</blockquote></p><script>non()</script>", subtype="html")
    return mail


def test_mail_gives_headers_bodies_quotes_and_attachments() -> None:
    mail, inner = letter(), letter()
    mail.add_attachment(papers.docx(papers.paragraph("dans le ", "docx")), maintype="application", subtype="x-unknown")
    mail.add_attachment(
        papers.zipped({"a.txt": "dans le zip"}), maintype="application", subtype="zip", filename="Zoé.zip"
    )
    mail.add_attachment(papers.encrypted_zip(), maintype="application", subtype="zip")
    mail.add_attachment(papers.png(), maintype="image", subtype="png")
    inner.replace_header("Subject", "Transféré")
    mail.add_attachment(inner)
    found = read(mail.as_bytes(), "message/rfc822")
    words = text(found)
    for word in (
        "zoe@ecole.example",
        "Zoé",
        "Réunion",
        "Riche",
        "dans le docx",
        "dans le zip",
        "Transféré",
        "a.txt",
        "Zoé.zip",
    ):
        assert word in words
    assert "non()" not in words
    quoted = [one.text for one in found if isinstance(one, Passage) and one.quoted]
    assert quoted[0] == "ligne citée\nsuite"
    assert any("jadis" in one for one in quoted)
    assert gaps(found) == [("attachment[3]/member[1]", Reason.ENCRYPTED), ("attachment[4]", Reason.IMAGE)]


def test_an_answer_below_its_attribution_is_quoted() -> None:
    runs = list(split_quotes("Oui.\n\nLe mar. 3 mars 2026 à 10:00, Zoé <z@e.example> a écrit :\nNon ?"))
    assert [quoted for quoted, _ in runs] == [False, True]
    assert runs[1][1] == "Non ?"


@given(st.text(alphabet="ab> \n", max_size=60))
def test_splitting_quotes_loses_no_letter(words: str) -> None:
    joined = "".join(piece for _, piece in split_quotes(words))
    assert sorted(joined.replace(" ", "").replace("\n", "").replace(">", "")) == sorted(
        words.replace(" ", "").replace("\n", "").replace(">", "")
    )


def test_a_number_split_over_runs_is_whole_and_table_cells_keep_their_labels() -> None:
    cells = f"<w:tc>{papers.paragraph('NIR')}</w:tc><w:tc>{papers.paragraph('1 85 ', '05 78')}</w:tc>"
    table = f"<w:tbl><w:tr>{cells}</w:tr></w:tbl>"
    comment = f'<w:comment w:author="Inès">{papers.paragraph("remarque")}</w:comment>'
    comments = f'<w:comments xmlns:w="{papers.W}">{comment}</w:comments>'
    links = '<R xmlns="r"><Relationship Target="mailto:a@b.example" TargetMode="External"/></R>'
    more = {
        "word/comments.xml": comments,
        "word/_rels/document.xml.rels": links,
        "docProps/core.xml": "<c><creator>Moi</creator></c>",
    }
    words = text(read(papers.docx(papers.paragraph("06 39 ", "98 00 01") + table, more)))
    assert "06 39 98 00 01" in words
    assert "NIR \t1 85 05 78" in words
    for word in ("Inès", "remarque", "mailto:a@b.example", "Moi"):
        assert word in words


def test_deleted_text_of_tracked_changes_is_read() -> None:
    body = "<w:p><w:del><w:r><w:delText>effacé</w:delText></w:r></w:del></w:p>"
    assert "effacé" in text(read(papers.docx(body)))


def test_a_sheet_gives_rows_with_its_shared_strings_hidden_sheets_and_comments() -> None:
    comments = f'<comments xmlns="{papers.S}"><comment><text><r><t>note de cellule</t></r></text></comment></comments>'
    data = papers.xlsx(
        [["#0", "#1"], ["#2", "612345678"], ["", "7"]], ["Nom", "Téléphone", "Léa"], {"xl/comments1.xml": comments}
    )
    words = text(read(data))
    assert "Nom\tTéléphone\nLéa\t612345678\n\t7" in words
    assert "Cachée" in words
    assert "note de cellule" in words


def test_every_slice_of_a_long_sheet_begins_with_its_header() -> None:
    rows = [["#0"], *[["#1"]] * 9000]
    found = read(papers.xlsx(rows, ["Entête", "x" * 100]))
    sheets = [one.text for one in found if isinstance(one, Passage) and "sheet" in one.where]
    assert len(sheets) > 2
    assert all(one.startswith("Entête\n") for one in sheets)
    assert sum(one.count("x" * 100) for one in sheets) == 9000


def test_slides_and_their_notes() -> None:
    words = text(read(papers.pptx("diapo", "commentaire du présentateur")))
    assert "diapo" in words
    assert "commentaire du présentateur" in words


def test_open_document_text_sheet_and_note() -> None:
    row = '<table:table-row><table:table-cell table:number-columns-repeated="16000"/>'
    row += "<table:table-cell><text:p>loin</text:p></table:table-cell></table:table-row>"
    content = f"<text:p>un<text:s text:c='2000000000'/>deux</text:p><table:table>{row}</table:table>"
    words = text(read(papers.odf(content)))
    assert "un deux" in words
    assert "loin" in words


def test_encrypted_documents_are_listed_and_not_guessed() -> None:
    locked = papers.odf("<text:p>x</text:p>", "<m:file-entry><m:encryption-data/></m:file-entry>")
    assert gaps(read(locked)) == [("", Reason.ENCRYPTED)]
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
    assert gaps(read(ole + "EncryptedPackage".encode("utf-16-le"))) == [("", Reason.ENCRYPTED)]
    assert gaps(read(ole)) == [("", Reason.UNSUPPORTED)]
    writer = PdfWriter()
    writer.append(PdfReader(io.BytesIO(papers.text_pdf("secret"))))
    writer.encrypt("mot de passe", algorithm="AES-256")
    buffer = io.BytesIO()
    writer.write(buffer)
    assert gaps(read(buffer.getvalue())) == [("", Reason.ENCRYPTED)]


def test_pdf_text_notes_and_scans() -> None:
    note = b"/Annots [ << /Type /Annot /Subtype /Text /Rect [0 0 1 1] /Contents (remarque) >> ]"
    words = text(read(papers.page_pdf(b"BT /F1 12 Tf 72 720 Td (bonjour) Tj ET", note)))
    assert "bonjour" in words
    assert "remarque" in words
    scan = papers.pdf(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Resources << /XObject << /I 4 0 R >> >> >>",
        b"<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /Length 1 >>\nstream\n0\nendstream",
    )
    assert gaps(read(scan)) == [("page[1]", Reason.IMAGE)]
    assert gaps(read(b"%PDF-1.4 rien")) == [("", Reason.BROKEN)]


def test_calendars_and_cards_keep_names_beside_values() -> None:
    event = "BEGIN:VEVENT\r\nSUMMARY:Visite\\, chez\r\n  Zoé\r\nATTENDEE;CN=Zoé:mailto:z@e.example\r\nEND:VEVENT\r\n"
    words = text(read(event.encode(), "text/calendar"))
    assert "SUMMARY: Visite, chez Zoé" in words
    assert "mailto:z@e.example" in words
    photo = base64.b64encode(papers.png()).decode()
    card = f"BEGIN:VCARD\r\nTEL;TYPE=cell:+33639980001\r\nPHOTO;ENCODING=b;TYPE=PNG:{photo}\r\nEND:VCARD\r\n"
    found = read(card.encode(), "text/vcard")
    assert "TEL;TYPE=cell: +33639980001" in text(found)
    assert gaps(found) == [("attachment[1]", Reason.IMAGE)]
    quoted = "BEGIN:VCARD\r\nNOTE;ENCODING=QUOTED-PRINTABLE:Zo=C3=A9 =\r\n et L=C3=A9a\r\nEND:VCARD\r\n"
    assert "Zoé et Léa" in text(read(quoted.encode(), "text/vcard"))


@pytest.mark.parametrize(
    ("data", "charset"),
    [
        ("é€".encode(), ""),
        ("é€".encode("cp1252"), ""),
        ("é€".encode("cp1252"), "iso-8859-1"),
        ("é€".encode("utf-16"), ""),
        ("é€".encode("utf-16-le"), "nonsense"),
        ("é€".encode("utf-8-sig"), "us-ascii"),
        ("é€".encode("iso8859-15"), "ISO-8859-15"),
    ],
)
def test_charsets(data: bytes, charset: str) -> None:
    assert decode(data, charset) == "é€"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (papers.png(), Reason.IMAGE),
        (b"\0\0\0\x18ftypmp42" + b"\0" * 40, Reason.MEDIA),
        (b"7z\xbc\xaf\x27\x1c\0\0", Reason.UNSUPPORTED),
        (b"{\\rtf1 texte}", Reason.UNSUPPORTED),
        (b"\x01\x02\x03\x04" * 10, Reason.UNKNOWN),
        (b"PK\x03\x04 broken", Reason.BROKEN),
    ],
)
def test_nothing_is_left_out_in_silence(data: bytes, reason: Reason) -> None:
    assert gaps(read(data)) == [("", reason)]


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=400),
    st.sampled_from(["message/rfc822", "text/html", "text/calendar", "application/zip", "text/plain"]),
)
def test_any_bytes_end_without_an_exception(data: bytes, media_type: str) -> None:
    for found in read(data, media_type):
        assert isinstance(found, (Passage, Unread))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 255))
def test_a_damaged_document_ends_without_an_exception(at: int, byte: int) -> None:
    for whole in (
        papers.docx(papers.paragraph("a", "b")),
        papers.text_pdf("bonjour"),
        papers.odf("<text:p>x</text:p>"),
    ):
        data = bytearray(whole)
        data[at % len(data)] = byte
        assert isinstance(read(bytes(data)), list)
