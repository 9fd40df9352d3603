"""Takeout archives: the layouts that people described, whole, the same at every run, in flat memory."""

from __future__ import annotations

import email
import email.header
import hashlib
import json
import mailbox
import re
import tarfile
import tracemalloc
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from migrate.sandbox.association import association
from migrate.sandbox.takeout import write_archives
from migrate.sandbox.takeout_mail import generated_messages, generated_world, header, write_mbox
from migrate.sandbox.world import GoogleAccount, World

DIRECTOR = "helene.vasseur@tilleuls.example"
SECRETARY = "odile.marchetti@tilleuls.example"
COLLEAGUE = "theo.lagrange@tilleuls.example"
SEPARATOR = re.compile(rb"(?m)^From (\d+)@xxx \w{3} \w{3} \d\d \d\d:\d\d:\d\d \+0000 \d{4}\r\n")


@pytest.fixture(scope="module")
def world() -> World:
    return association("small")


def members(paths: list[Path]) -> Iterator[tuple[int, str, bytes]]:
    """Part number, name and bytes of every file of an archive."""
    for number, path in enumerate(paths, 1):
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as part:
                assert part.testzip() is None
                yield from ((number, name, part.read(name)) for name in part.namelist())
        else:
            with tarfile.open(path) as tar:
                for info in tar:
                    file = tar.extractfile(info)
                    assert file is not None
                    yield number, info.name, file.read()


def messages(mboxes: list[bytes]) -> dict[int, tuple[list[str], bytes]]:
    """Labels and original bytes by id, read without the code that wrote them."""
    found = {}
    for mbox in mboxes:
        starts = [*SEPARATOR.finditer(mbox)]
        for start, end in zip(starts, [*(m.start() for m in starts[1:]), len(mbox)], strict=True):
            text = mbox[start.end() : end].removesuffix(b"\r\n")
            top = re.match(rb"X-GM-THRID: \d+\r\nX-Gmail-Labels: (.*(?:\r\n .*)*)\r\n", text)
            assert top
            words = email.header.decode_header(top[1].decode())
            labels = "".join(part.decode(kind or "ascii") if isinstance(part, bytes) else part for part, kind in words)
            body = re.sub(rb"(?m)^>(>*From )", rb"\1", text[top.end() :])
            found[int(start[1])] = (re.findall(r'"[^"]*"|[^,]+', labels), body)
    return found


def mboxes(paths: list[Path]) -> list[bytes]:
    return [body for _, name, body in members(paths) if name.endswith(".mbox")]


@pytest.mark.parametrize("kind", ["zip", "tgz"])
def test_names_in_english_in_one_part(world: World, tmp_path: Path, kind: str) -> None:
    (path,) = write_archives(world, DIRECTOR, tmp_path, kind=kind)
    assert path.name == f"takeout-20261101T080000Z-001.{kind}"
    names = [name for _, name, _ in members([path])]
    assert names[0] == "Takeout/archive_browser.html"
    for name in (
        "Takeout/Mail/All mail Including Spam and Trash.mbox",
        "Takeout/Calendar/Équipe.ics",
        "Takeout/Contacts/All Contacts/All Contacts.vcf",
        "Takeout/Tasks/Tasks.json",
        "Takeout/Drive/Projets/2026/Subvention/Pièces à fournir/statuts.pdf",
        "Takeout/Drive/Projets/2026/Budget.xlsx",
    ):
        assert name in names
    assert len(names) == len(set(names))


def test_french_parts_are_numbered_and_the_index_lies_alone(world: World, tmp_path: Path) -> None:
    paths = write_archives(world, DIRECTOR, tmp_path, language="fr", part_bytes=60_000)
    assert [path.name[-7:-4] for path in paths] == [f"{n:03d}" for n in range(1, len(paths) + 1)]
    found = list(members(paths))
    assert [name for part, name, _ in found if part == 1] == ["Takeout/archive_browser.html"]
    mail = [(part, name) for part, name, _ in found if name.endswith(".mbox")]
    assert len(mail) > 2
    for part, name in mail:
        assert name == f"Takeout/Mail/Tous les messages, y compris ceux du dossier Spam -{part:03d}.mbox"
    assert "Takeout/Contacts/Tous les contacts/Tous les contacts.vcf" in [name for _, name, _ in found]
    sizes = {part: sum(len(b) for p, _, b in found if p == part) for part, _, _ in found}
    alone = {part for part in sizes if len([1 for p, _, _ in found if p == part]) == 1}
    assert all(size <= 60_000 for part, size in sizes.items() if part not in alone)


@pytest.mark.parametrize(("language", "size"), [("en", 1 << 40), ("fr", 60_000)])
@pytest.mark.parametrize("address", [DIRECTOR, SECRETARY])
def test_every_message_is_there_byte_for_byte(
    world: World, tmp_path: Path, language: str, size: int, address: str
) -> None:
    paths = write_archives(world, address, tmp_path, language=language, part_bytes=size)
    found = messages(mboxes(paths))
    assert len(found) == len(world.google[address].messages)
    for message in world.google[address].messages:
        body = message.raw()
        assert found[int(message.id, 16)][1] in {body, body + b"\r\n"}


def test_labels_in_both_languages(world: World, tmp_path: Path) -> None:
    newest = world.google[DIRECTOR].messages
    unread = next(m for m in newest if m.label_ids == ("CATEGORY_UPDATES", "UNREAD"))
    trash = next(m for m in newest if "TRASH" in m.label_ids)
    project = next(m for m in newest if m.label_ids == ("Label_3",))
    english = messages(mboxes(write_archives(world, DIRECTOR, tmp_path / "en")))
    french = messages(mboxes(write_archives(world, DIRECTOR, tmp_path / "fr", language="fr")))
    assert english[int(unread.id, 16)][0] == ["Unread", "Archived", "Category Updates"]
    assert french[int(unread.id, 16)][0] == ["Non lus", "Messages archivés", "Catégorie\xa0: Notifications"]
    assert french[int(trash.id, 16)][0] == ["Corbeille", "Ouvert"]
    assert english[int(project.id, 16)][0] == ["Opened", "Archived", "Projets/2026/Subvention"]


def test_a_label_header_is_quoted_encoded_and_folded() -> None:
    assert header(["Inbox", "Opened"]) == "Inbox,Opened"
    assert header(["Inbox", "a, b"]) == 'Inbox,"a, b"'
    long = header(["Messages archivés", "Catégorie\xa0: E-mails personnels", "Culture, associations, événements"])
    lines = long.split("\r\n ")
    assert len(lines) > 1
    assert all(line.isascii() and len(line) <= 75 for line in lines)
    assert "Cat=C3=A9gorie=C2=A0:_E-mails" in long.replace("?=\r\n =?UTF-8?Q?", "")
    assert str(email.header.make_header(email.header.decode_header(long))).endswith(
        ',"Culture, associations, événements"'
    )


def test_from_lines_are_quoted_so_that_they_can_be_undone(world: World, tmp_path: Path) -> None:
    hard = b"Subject: x\r\n\r\nFrom here\r\n>From there\r\n>>From\r\n From nowhere\nFrom after a bare LF\r\n"
    account = world.google[DIRECTOR]
    message = replace(account.messages[0], raw=lambda: hard)
    one = World(name="x", people=(), google={DIRECTOR: _only(account, message)})
    (mbox,) = mboxes(write_archives(one, DIRECTOR, tmp_path))
    for line in (b"\n>From here", b"\n>>From there", b"\n>>From\r", b"\n From nowhere", b"\n>From after"):
        assert line in mbox
    assert [body for _, body in messages([mbox]).values()] == [hard]


def _only(account: GoogleAccount, *kept: object) -> GoogleAccount:
    return replace(account, messages=list(kept), calendars=[], files=[])  # type: ignore[type-var]


def test_python_reads_the_mbox_too(world: World, tmp_path: Path) -> None:
    (body,) = mboxes(write_archives(world, DIRECTOR, tmp_path))
    path = tmp_path / "all.mbox"
    path.write_bytes(body)
    box = mailbox.mbox(path)
    assert len(box) == len(world.google[DIRECTOR].messages)
    box.close()


def test_calendars_contacts_and_tasks(world: World, tmp_path: Path) -> None:
    found = {name: body for _, name, body in members(write_archives(world, DIRECTOR, tmp_path))}
    own = found[f"Takeout/Calendar/{DIRECTOR}.ics"]
    assert b"METHOD:PUBLISH\r\n" in own
    assert b"X-WR-CALNAME:" in own
    assert own.count(b"BEGIN:VCALENDAR") == 1
    assert own.count(b"TZID:Europe/Paris\r\n") == 1
    assert own.count(b"BEGIN:VEVENT") == own.count(b"END:VEVENT") > 8
    assert not any("Permanences" in name for name in found), "a calendar of someone else's"
    cards = found["Takeout/Contacts/All Contacts/All Contacts.vcf"]
    assert (cards.count(b"BEGIN:VCARD"), cards.count(b"UID"), cards.count(b"\r\nFN:")) == (3, 0, 2)
    assert found["Takeout/Contacts/Bureau/Bureau.vcf"].count(b"BEGIN:VCARD") == 2
    lists = json.loads(found["Takeout/Tasks/Tasks.json"])["items"]
    assert [len(one["items"]) for one in lists] == [3, 1]
    assert lists[0]["items"][1]["parent"] == lists[0]["items"][0]["id"]


def test_drive_names_homonyms_and_dates(world: World, tmp_path: Path) -> None:
    names = [name for _, name, _ in members(write_archives(world, COLLEAGUE, tmp_path / "a"))]
    drive = [name.removeprefix("Takeout/Drive/") for name in names if name.startswith("Takeout/Drive/")]
    assert sorted(drive) == [
        "Orphelin.txt",
        "Sorties/Photos(1)/1.png",
        "Sorties/Photos/1.png",
        "Sorties/Sortie à la ferme(1).docx",
        "Sorties/Sortie à la ferme.docx",
    ]
    secretary = [name for _, name, _ in members(write_archives(world, SECRETARY, tmp_path / "b"))]
    below = [name for name in secretary if name.startswith("Takeout/Drive/Noms_ difficiles _ à migrer_/")]
    assert {name.rpartition("/")[2] for name in below} >= {"Doublon.txt", "Doublon(1).txt", "Oui_Non.txt", "..."}
    assert len(below) == 23
    with tarfile.open(write_archives(world, COLLEAGUE, tmp_path / "c", kind="tgz")[0]) as tar:
        node = next(n for n in world.google[COLLEAGUE].files if n.resource["name"] == "Orphelin.txt")
        modified = f"{node.resource['modifiedTime'][:19]}+00:00"
        assert tar.getmember("Takeout/Drive/Orphelin.txt").mtime == datetime.fromisoformat(modified).timestamp()


@pytest.mark.parametrize("kind", ["zip", "tgz"])
def test_the_same_bytes_every_time(world: World, tmp_path: Path, kind: str) -> None:
    def digests(folder: str) -> list[str]:
        paths = write_archives(world, SECRETARY, tmp_path / folder, kind=kind, part_bytes=50_000)
        return [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]

    assert digests("one") == digests("two")


def test_unknown_kinds_and_accounts_are_refused(world: World, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="zip or tgz"):
        write_archives(world, DIRECTOR, tmp_path, kind="rar")
    with pytest.raises(KeyError):
        write_archives(world, "nobody@example.org", tmp_path)


def test_generated_mail_is_written_in_flat_memory(tmp_path: Path) -> None:
    world = generated_world("banc@example.org", 300, 100_000)
    tracemalloc.start()
    paths = write_archives(world, "banc@example.org", tmp_path / "parts", part_bytes=10_000_000)
    size = write_mbox(tmp_path / "one.mbox", generated_messages(300, 100_000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8_000_000
    assert 29_000_000 < size < 31_000_000
    assert len(paths) == 5
    bodies = {body for _, body in messages(mboxes(paths)).values()}
    assert len(bodies) == 300
