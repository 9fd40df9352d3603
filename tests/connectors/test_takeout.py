"""The Takeout connector by the contract suite, in zip and in compressed tar; its parts; what it refuses."""

from __future__ import annotations

import json
import struct
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from connectors.contract import ReaderContract
from connectors.takeout import ArchiveError, connector
from migrate.errors import ConfigError, Rejected
from migrate.model import Entry, Service
from migrate.pacing import Pacer
from migrate.protocols import Context, Reader
from tests.connectors.takeout_kit import (
    ALICE,
    ALL_MAIL,
    CONTACTS,
    HELLO,
    Read,
    bodies,
    event,
    export,
    ics,
    message,
    part,
    read,
    reader,
    write_zip,
)

__all__ = ["read"]

CARD = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Nadia\r\nEMAIL:nadia@example.org\r\nEND:VCARD\r\n"
TASKS = {
    "kind": "tasks#taskLists",
    "items": [{"id": "L1", "title": "Courses", "items": [{"id": "T1", "title": "Pain"}, {"id": "T2", "parent": "T1"}]}],
}
WHOLE: dict[str, bytes] = {
    "Takeout/archive_browser.html": b"<html></html>",
    ALL_MAIL: message(1) + message(2, HELLO.replace(b"<1@", b"<2@") + b"x" * 1_500_000) + message(3, b"\r\n"),
    f"Takeout/Calendar/{ALICE}.ics": ics(ALICE, event("a@google.com"), event("b@google.com")),
    CONTACTS: CARD + CARD.replace(b"Nadia", b"Omar"),
    "Takeout/Tasks/Tasks.json": json.dumps(TASKS).encode(),
    "Takeout/Drive/Budget.ods": b"budget",
    "Takeout/Drive/Statuts/2026/statuts.odt": b"statuts" * 300_000,
}


class Contract(ReaderContract):
    service = Service.MAIL
    kind = "zip"
    method = zipfile.ZIP_DEFLATED

    @pytest.fixture
    def reader(self, tmp_path: Path) -> Iterator[Reader]:
        export(tmp_path, {"Takeout/archive_browser.html": b"<html></html>"}, WHOLE, kind=self.kind, method=self.method)
        one = reader(tmp_path, self.service)
        yield one
        one.close()

    def vanished(self, reader: Reader) -> Entry:
        return Entry(href="00" * 24, collection=next(reader.collections()).href, etag="e")


class TestMail(Contract):
    pass


class TestMailStored(Contract):
    method = zipfile.ZIP_STORED


class TestMailInTar(Contract):
    kind = "tgz"


class TestCalendar(Contract):
    service = Service.CALENDAR


class TestContacts(Contract):
    service = Service.CONTACTS


class TestTasks(Contract):
    service = Service.TASKS


class TestFiles(Contract):
    service = Service.FILES


class TestFilesInTar(Contract):
    service, kind = Service.FILES, "tgz"


# Parts


def test_parts_in_any_order_and_kind_are_one_export(tmp_path: Path, read: Read) -> None:
    write_zip(part(tmp_path, 2), {"Takeout/Drive/b.txt": b"b"})
    export(tmp_path, {"Takeout/Drive/a.txt": b"a"}, kind="tgz")
    assert bodies(read(Service.FILES)) == [b"a", b"b"]


def test_a_missing_part_is_refused_by_its_number(tmp_path: Path, read: Read) -> None:
    export(tmp_path, *({f"Takeout/Drive/{n}": b"x"} for n in range(4)))
    part(tmp_path, 2).unlink()
    part(tmp_path, 3).unlink()
    with pytest.raises(ArchiveError, match="Part 002, 003 of the export is missing"):
        list(read(Service.FILES).collections())


def test_two_exports_in_one_folder_are_refused(tmp_path: Path, read: Read) -> None:
    export(tmp_path, WHOLE)
    write_zip(part(tmp_path, 1, stamp="20260201T000000Z"), WHOLE)
    with pytest.raises(ArchiveError, match="2 different exports"):
        list(read(Service.MAIL).entries())


def test_a_part_that_is_there_twice_is_refused(tmp_path: Path, read: Read) -> None:
    export(tmp_path, WHOLE)
    path = part(tmp_path)
    write_zip(path.with_name(f"{path.stem} (1).zip"), WHOLE)
    with pytest.raises(ArchiveError, match="Part 001 of the export is there twice"):
        list(read(Service.MAIL).entries())


def test_no_archive_is_an_error_and_not_an_empty_account(tmp_path: Path, read: Read) -> None:
    with pytest.raises(ArchiveError, match="No file takeout"):
        list(read(Service.MAIL).entries())


def test_the_account_can_be_in_the_file_name(tmp_path: Path, read: Read) -> None:
    write_zip(tmp_path / "in" / f"{ALICE}-takeout-20260102T030405Z-1-001.zip", WHOLE)
    write_zip(tmp_path / "in" / "bruno@tilleuls.example-takeout-20260102T030405Z-1-001.zip", {"Takeout/Drive/b": b"b"})
    assert len(bodies(read(Service.FILES, archives="in/{account}-takeout-*"))) == 2


def test_two_accounts_cannot_share_an_archive(tmp_path: Path) -> None:
    write_zip(tmp_path / "in" / "takeout-20260102T030405Z-001.zip", WHOLE)
    (tmp_path / "spool").mkdir()
    one = connector(Context(pace=Pacer(), spool=tmp_path / "spool", settings={"archives": "in"}))
    with closing(one.reader(ALICE, Service.FILES)) as first:
        assert list(first.collections())
    with pytest.raises(ConfigError, match="share one archive"):
        list(one.reader("bruno@tilleuls.example", Service.FILES).collections())


PAGE = "<html><head><title>Google data archive of {}</title></head><body>help@example.com</body></html>"


def test_the_export_of_someone_else_is_refused(tmp_path: Path, read: Read) -> None:
    export(tmp_path, {**WHOLE, "Takeout/archive_browser.html": PAGE.format("Bruno@tilleuls.example").encode()})
    with pytest.raises(ArchiveError, match="another account's"):
        list(read(Service.MAIL).entries())
    export(tmp_path, {**WHOLE, "Takeout/archive_browser.html": PAGE.format("Alice@Tilleuls.example").encode()})
    assert list(read(Service.MAIL).entries())


def test_parts_of_two_accounts_are_refused(tmp_path: Path, read: Read) -> None:
    pages = [PAGE.format(address).encode() for address in (ALICE, "bruno@tilleuls.example")]
    export(tmp_path, *({"Takeout/archive_browser.html": page} for page in pages))
    with pytest.raises(ArchiveError, match="different accounts lie together"):
        list(read(Service.FILES).entries())


def test_doctor_tells_what_is_there_and_what_is_not(tmp_path: Path) -> None:
    export(tmp_path, WHOLE)
    (tmp_path / "spool").mkdir()
    one = connector(Context(pace=Pacer(), spool=tmp_path / "spool"))
    there, missing = one.check([ALICE, "bruno@tilleuls.example"])
    assert there.passed
    assert "1 parts" in there.detail
    assert not missing.passed
    assert missing.advice


# Malformed archives


@pytest.mark.parametrize("kind", ["zip", "tgz"])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_a_cut_part_is_refused(tmp_path: Path, read: Read, kind: str, share: float) -> None:
    export(tmp_path, WHOLE, kind=kind)
    path = part(tmp_path, 1, kind)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(ArchiveError, match="Part 001 of the export"):
        list(read(Service.FILES).entries())


@pytest.mark.parametrize("name", ["../evil", "Takeout/../../evil", "/etc/evil", "C:/evil", "Takeout\\..\\evil"])
def test_a_path_that_leads_out_is_refused(tmp_path: Path, read: Read, name: str) -> None:
    before = set(tmp_path.parent.iterdir())
    export(tmp_path, {**WHOLE, name: b"evil"})
    with pytest.raises(ArchiveError, match="leads out of it"):
        list(read(Service.FILES).entries())
    assert set(tmp_path.parent.iterdir()) == before
    assert not list(tmp_path.rglob("evil"))


def test_a_symbolic_link_is_refused(tmp_path: Path, read: Read) -> None:
    write_zip(part(tmp_path), {"Takeout/Drive/link": b"/etc/passwd"}, mode=0o120777)
    with pytest.raises(ArchiveError, match="link or a device"):
        list(read(Service.FILES).entries())


def test_an_encrypted_part_is_refused(tmp_path: Path, read: Read) -> None:
    export(tmp_path, {"Takeout/Drive/a": b"a"})
    content = bytearray(part(tmp_path).read_bytes())
    at = content.index(b"PK\x01\x02") + 8
    content[at : at + 2] = struct.pack("<H", 1)
    part(tmp_path).write_bytes(content)
    with pytest.raises(ArchiveError, match="encrypted"):
        list(read(Service.FILES).entries())


def test_what_unpacks_to_far_more_than_it_can_is_refused(tmp_path: Path, read: Read) -> None:
    export(tmp_path, {"Takeout/Drive/a": b"a" * 100})
    content = bytearray(part(tmp_path).read_bytes())
    at = content.index(b"PK\x01\x02") + 24
    content[at : at + 4] = struct.pack("<I", 2_000_000_000)
    part(tmp_path).write_bytes(content)
    with pytest.raises(ArchiveError, match="trap"):
        list(read(Service.FILES).entries())


def test_a_wrong_checksum_concerns_its_file_alone(tmp_path: Path, read: Read) -> None:
    export(tmp_path, {"Takeout/Drive/a": b"bytes that change", "Takeout/Drive/b": b"b"}, method=zipfile.ZIP_STORED)
    content = part(tmp_path).read_bytes().replace(b"bytes that change", b"bytes that differ")
    part(tmp_path).write_bytes(content)
    one = read(Service.FILES)
    first, second = one.entries()
    with pytest.raises(Rejected, match="checksum"):
        one.get(first)
    assert one.get(second).body == b"b"
    assert not [path for path in (tmp_path / "spool").iterdir() if path.is_file()]


def test_a_wrong_checksum_of_a_mailbox_stops_its_account(tmp_path: Path, read: Read) -> None:
    export(tmp_path, {ALL_MAIL: message(1)}, method=zipfile.ZIP_STORED)
    part(tmp_path).write_bytes(part(tmp_path).read_bytes().replace(b"Body", b"Bodi"))
    with pytest.raises(ArchiveError, match="checksum"):
        list(read(Service.MAIL).entries())
