"""Mail from Takeout: bodies byte for byte, labels in several languages, dates, one copy of each message."""

from __future__ import annotations

import tracemalloc
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.takeout import ArchiveError, mailindex
from connectors.takeout.labels import language_of, split_labels, state
from connectors.takeout.mbox import Restored, Start, lines, split
from migrate.model import Service
from tests.connectors.takeout_kit import ALL_MAIL, HELLO, Read, bodies, body_of, export, message, read

__all__ = ["read"]

HARD = {
    "no header": b"\r\nonly a body\r\n",
    "NUL and 8 bits": b"Subject: \xe9\xff\r\n\r\na\x00b\r\n",
    "bare CR and LF": b"A: b\r\n\r\none\rtwo\nthree\r\n",
    "a long line": b"A: b\r\n\r\n" + b"x" * 2_500_000 + b"\r\n",
    "empty lines at the end": b"A: b\r\n\r\n\r\n\r\n",
    "From lines": b"A: b\r\n\r\n>From me\r\n>>From you\r\n> From\r\nFrome\r\n",
    "its own Takeout lines": b"Received: x\r\nX-GM-THRID: 9\r\nX-Gmail-Labels: Old\r\n\r\nexported before\r\n",
    "a Takeout line right on top": b"X-GM-THRID: 9\r\nA: b\r\n\r\nc\r\n",
}


def quoted(body: bytes) -> bytes:
    """As mboxrd has it."""
    out = []
    for line in body.splitlines(keepends=True) if b"\n" in body else [body]:
        out.append(b">" + line if line.lstrip(b">").startswith(b"From ") else line)
    return b"".join(out)


@pytest.mark.parametrize("size", [1, 7, 4096, 1 << 20])
def test_hard_messages_come_back_byte_for_byte(size: int) -> None:
    bodies = list(HARD.values())
    if size < 4096:
        bodies.remove(HARD["a long line"])
    stream = b"".join(message(n, quoted(body)) for n, body in enumerate(bodies, 1))
    chunks = (stream[at : at + size] for at in range(0, len(stream), size))
    found: list[bytes] = []
    now: Restored | None = None
    for event in split(chunks):
        if isinstance(event, Start):
            found[-1:] = [found[-1] + now.end()] if now else []
            now = Restored()
            found.append(b"")
        else:
            assert now is not None
            found[-1] += now.feed(event)
    assert now is not None
    found[-1] += now.end()
    assert found == bodies


def test_hard_messages_through_the_archive(tmp_path: Path, read: Read) -> None:
    export(tmp_path, {ALL_MAIL: b"".join(message(n, quoted(body)) for n, body in enumerate(HARD.values(), 1))})
    one = read(Service.MAIL)
    assert bodies(one) == list(HARD.values())
    assert [entry.size for entry in one.entries()] == [len(body) for body in HARD.values()]


def test_a_mailbox_whose_lines_end_with_lf_gets_its_crlf_back(tmp_path: Path, read: Read) -> None:
    export(tmp_path, {ALL_MAIL: message(1).replace(b"\r\n", b"\n") + message(2, b"\n").replace(b"\r\n", b"\n")})
    assert bodies(read(Service.MAIL)) == [HELLO, b"\r\n"]


def test_only_a_separator_separates() -> None:
    inner = b"From 12@xxx and so on\r\n\r\nFrom Paul Mon Jan 05 09:30:00 2026\r\n"
    events = list(split([message(1, b"A: b\r\n\r\n" + inner)]))
    assert sum(isinstance(event, Start) for event in events) == 1


def test_another_programs_mailbox_is_split_after_empty_lines() -> None:
    first = b"From a@b.example Mon Jan  5 09:30:00 2026\nA: b\n\ntext\nFrom a@b.example Mon Jan  5 09:30:00 2026\n"
    events = list(split([first + b"\nFrom c@d.example Mon Jan  5 09:30:00 2026 +0100\nA: c\n\n"]))
    starts = [event for event in events if isinstance(event, Start)]
    assert [start.received for start in starts] == [datetime(2026, 1, 5, 9, 30, tzinfo=UTC)] * 2


def test_a_file_that_is_no_mailbox_stops_the_account(tmp_path: Path, read: Read) -> None:
    export(tmp_path, {ALL_MAIL: b"the middle of something\r\n" + message(1)})
    with pytest.raises(ArchiveError, match="does not begin with a message"):
        list(read(Service.MAIL).entries())


@pytest.mark.parametrize(
    ("date", "moment"),
    [
        ("Mon Jan 05 09:30:00 +0000 2026", datetime(2026, 1, 5, 9, 30, tzinfo=UTC)),
        ("Mon Jan 05 09:30:00 +0130 2026", datetime(2026, 1, 5, 8, 0, tzinfo=UTC)),
        ("Mon Jan 01 00:00:00 +0000 1900", datetime(1900, 1, 1, tzinfo=UTC)),
        ("Sun Feb 07 06:28:15 +0000 2106", datetime(2106, 2, 7, 6, 28, 15, tzinfo=UTC)),
        ("Mon Foo 05 09:30:00 +0000 2026", None),
    ],
)
def test_the_date_is_that_of_the_separator(tmp_path: Path, read: Read, date: str, moment: datetime | None) -> None:
    export(tmp_path, {ALL_MAIL: message(1, date=date)})
    one = read(Service.MAIL)
    assert [one.get(entry).internal_date for entry in one.entries()] == [moment]


# Labels


@pytest.mark.parametrize(
    ("value", "labels"),
    [
        (b" Inbox,Opened", ["Inbox", "Opened"]),
        (b' Inbox,"Culture, associations",Opened\r\n', ["Inbox", "Culture, associations", "Opened"]),
        (b' "a ""b"", c",d', ['a "b", c', "d"]),
        (b" =?UTF-8?Q?Bo=C3=AEte_de_r=C3=A9ception,Non_lus?=", ["Boîte de réception", "Non lus"]),
        (
            b" =?UTF-8?Q?Bo=C3=AEte_de_r=C3=A9?=\r\n =?UTF-8?Q?ception,=22Culture,_=C3?=\r\n =?UTF-8?Q?=A9t=C3=A9=22?=",
            ["Boîte de réception", "Culture, été"],
        ),
        ("Boîte de réception,Ouvert".encode(), ["Boîte de réception", "Ouvert"]),
        (b" =?broken?Q?x?=,b", ["=?broken?Q?x?=", "b"]),
        (b"", []),
    ],
)
def test_labels_are_split_after_they_are_decoded(value: bytes, labels: list[str]) -> None:
    assert split_labels(value) == labels


@pytest.mark.parametrize(
    ("language", "words", "labels", "flags"),
    [
        ("en", ["Inbox", "Unread", "Category updates"], ("\\Category/Updates", "\\Inbox"), set()),
        ("en", ["Sent", "Opened", "Starred", "Projets/2026"], ("Projets/2026", "\\Sent", "\\Starred"), {"\\Flagged"}),
        ("en", ["Archived", "Opened", "Category Personal"], (), set()),
        ("en", ["Chat"], ("\\Chat",), set()),
        ("fr", ["Boîte de réception", "Non lus", "Important"], ("\\Important", "\\Inbox"), set()),
        ("fr", ["Messages archivés", "Ouvert", "Catégorie\u00a0: E-mails personnels"], (), set()),
        ("fr", ["Catégorie\u202f: Réseaux sociaux", "Corbeille"], ("\\Category/Social", "\\Trash"), set()),
        ("fr", ["Brouillons"], ("\\Drafts",), {"\\Draft"}),
        ("fr", ["Inbox", "Ouvert"], ("Inbox",), set()),
        ("de", ["Posteingang", "Geöffnet", "Wichtig"], ("\\Important", "\\Inbox"), set()),
        ("", ["Posteingang", "Spam"], ("\\Inbox", "\\Spam"), set()),
    ],
)
def test_labels_become_the_words_of_imap(
    language: str, words: list[str], labels: tuple[str, ...], flags: set[str]
) -> None:
    unread = {"Unread", "Non lus"} & set(words)
    now = state("m", words, language)
    assert now.labels == labels
    assert now.flags == flags | (set() if unread else {"\\Seen"})


def test_the_language_is_told_by_the_words_for_read_and_unread() -> None:
    assert language_of({"Boîte de réception": 9, "Ouvert": 8, "Non lus": 1, "Opened": 1}) == "fr"
    assert language_of({"Inbox": 9, "Opened": 1}) == "en"
    assert language_of({"受信トレイ": 3}) == ""


def test_an_account_in_french(tmp_path: Path, read: Read) -> None:
    box = "Takeout/Messages/Tous les messages, y compris ceux du dossier Spam -00{}.mbox"
    words = "=?UTF-8?Q?Bo=C3=AEte_de_r=C3=A9ception,Non_lus,Inbox?="
    export(
        tmp_path,
        {box.format(2): message(1, labels=words)},
        {box.format(3): message(2, b"A: b\r\n\r\n", "Spam,Ouvert")},
    )
    first, second = read(Service.MAIL).entries()
    assert first.labels == ("Inbox", "\\Inbox"), "a label that the user named so is the user's"
    assert first.flags == set()
    assert second.labels == ("\\Spam",)
    assert second.flags == {"\\Seen"}


# One copy


def test_a_message_of_two_label_mailboxes_is_one(tmp_path: Path, read: Read) -> None:
    both = message(1, labels="Inbox,Projets,Opened")
    export(tmp_path, {"Takeout/Mail/Inbox.mbox": both, "Takeout/Mail/Projets.mbox": both + message(2)})
    one = read(Service.MAIL)
    assert [entry.labels for entry in one.entries()] == [("Projets", "\\Inbox"), ("\\Inbox",)]
    assert bodies(one) == [HELLO, HELLO], "message 2 is an exact copy, and another message"


def test_a_later_archive_holds_the_same_items(tmp_path: Path, read: Read) -> None:
    export(tmp_path, {ALL_MAIL: message(1) + message(2, b"A: b\r\n\r\n", "Inbox,Unread")})
    before = {entry.href: entry.etag for entry in read(Service.MAIL).entries()}
    later = [message(3, b"new\r\n"), message(2, b"A: b\r\n\r\n", "Inbox,Opened"), message(1)]
    export(tmp_path, {}, {ALL_MAIL: b"".join(later)})
    after = {entry.href: entry.etag for entry in read(Service.MAIL).entries()}
    assert before.keys() < after.keys()
    assert len(after) == 3
    assert sum(after[href] != etag for href, etag in before.items()) == 1, "read meanwhile"


def test_chats_of_groups_are_not_mail(tmp_path: Path, read: Read) -> None:
    export(tmp_path, {"Takeout/Groups/googlegroups.com/x@googlegroups.com/topics.mbox": message(1)})
    assert list(read(Service.MAIL).collections()) == []
    assert list(read(Service.MAIL).entries()) == []


# The index


def test_the_index_is_made_once(tmp_path: Path, read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    export(tmp_path, {ALL_MAIL: message(1) + message(2, b"A: b\r\n\r\n")})
    (first, _) = read(Service.MAIL).entries()
    monkeypatch.setattr(mailindex, "split", None)
    assert body_of(read(Service.MAIL).get(first)) == HELLO


def test_an_index_cut_short_is_made_again(tmp_path: Path, read: Read) -> None:
    export(tmp_path, {ALL_MAIL: message(1)})
    (entry,) = read(Service.MAIL).entries()
    (head,) = (tmp_path / "spool").rglob("head.json")
    head.unlink()
    (head.parent / "rows.jsonl").write_bytes(b"[")
    assert list(read(Service.MAIL).entries()) == [entry]


@pytest.mark.parametrize("kind", ["zip", "tgz"])
def test_without_room_mail_is_read_in_place(
    tmp_path: Path, read: Read, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(mailindex, "RESERVE", 1 << 62)
    made = [b"A: %d\r\n\r\n" % n + bytes([n % 251]) * 70_000 + b"\r\n" for n in range(200)]
    export(tmp_path, {ALL_MAIL: b"".join(message(n + 1, body) for n, body in enumerate(made))}, kind=kind)
    one = read(Service.MAIL)
    entries = list(one.entries())
    assert not list((tmp_path / "spool").rglob("*.mbox"))
    assert [body_of(one.get(entry)) for entry in reversed(entries)] == made[::-1]


def test_nothing_but_the_spool_is_written_to(tmp_path: Path, read: Read) -> None:
    export(tmp_path, {ALL_MAIL: message(1)})
    before = {path for path in tmp_path.rglob("*") if "spool" not in path.parts}
    bodies(read(Service.MAIL))
    assert {path for path in tmp_path.rglob("*") if "spool" not in path.parts} == before
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "spool" / "takeout").rglob("mail"))


def generated(count: int, size: int) -> Iterator[bytes]:
    body = b"0123456789abcdef" * 4 + b"\r\n"
    for n in range(1, count + 1):
        yield message(n, b"Message-ID: <%d@example.org>\r\n\r\n" % n + body * (size // 66))


def test_memory_does_not_grow_with_the_mailbox(tmp_path: Path, read: Read) -> None:
    peaks = []
    for count in (200, 2000):
        path = tmp_path / "takeout" / "alice@tilleuls.example" / "takeout-20260102T030405Z-001.zip"
        path.parent.mkdir(parents=True, exist_ok=True)
        with (
            zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
            archive.open(ALL_MAIL, "w") as box,
        ):
            for one in generated(count, 20_000):
                box.write(one)
        tracemalloc.start()
        assert sum(1 for _ in read(Service.MAIL).entries()) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 2_000_000


def test_pieces_end_with_a_line_or_deep_within_one() -> None:
    stream = [b"a\nb", b"c\n", b"x" * (1 << 20), b"y", b"\n\n"]
    pieces = list(lines(stream))
    assert b"".join(pieces) == b"".join(stream)
    assert all(piece.endswith(b"\n") or len(piece) >= 1 << 20 for piece in pieces)
