"""Folders on disk: the contract for every service, nothing outside the folder, nothing half-written."""

from __future__ import annotations

import errno
import mailbox
import os
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.contract import TargetContract
from connectors.folder import connector
from connectors.folder.maildir import Maildir
from connectors.samples import CALENDAR, MAIL, VCARD, body_of, sample
from migrate.errors import AlreadyExists, ConfigError, ConnectorError, NotFound, QuotaExceeded, Rejected, Scope
from migrate.model import Collection, Entry, Item, Service, Stored
from migrate.pacing import Pacer
from migrate.protocols import Context, Target

ANA = "ana@example.org"


def opened(base: Path, service: Service, account: str = ANA, **settings: Any) -> Any:
    """A target below ``base/archive``."""
    (base / "spool").mkdir(exist_ok=True)
    table = {"path": "archive/{account}", "create": True, **settings}
    context = Context(pace=Pacer(), spool=base / "spool", settings=table)
    return connector(context).target(account, service)


class FolderContract(TargetContract):
    service = Service.FILES

    @pytest.fixture
    def target(self, tmp_path: Path) -> Iterator[Target]:
        target = opened(tmp_path, self.service)
        yield target
        target.close()


class TestFiles(FolderContract):
    media_type = "text/plain"


class TestMail(FolderContract):
    service = Service.MAIL
    media_type = MAIL

    def make_bad_item(self, n: int) -> tuple[str, Item]:
        name, item = self.make_item(n)
        return name, replace(item, body=Path("/nonexistent/body"))


class TestCalendar(FolderContract):
    service = Service.CALENDAR
    media_type = CALENDAR


class TestTasks(FolderContract):
    service = Service.TASKS
    media_type = CALENDAR


class TestContacts(FolderContract):
    service = Service.CONTACTS
    media_type = VCARD


def stored(target: Any, path: tuple[str, ...], name: str, item: Item, role: str = "") -> Stored:
    home = target.ensure(Collection(href="", path=path, role=role))
    answer = target.put(home, name, item, expects=None)
    assert isinstance(answer, Stored)
    return answer


def mail(n: int, *flags: str, body: bytes | None = None) -> Item:
    item = sample(MAIL, n)[1]
    return replace(item, flags=frozenset(flags), body=item.body if body is None else body)


# Safety


def test_folders_and_files_are_for_their_owner_only(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        for service, kind in ((Service.FILES, "text/plain"), (Service.MAIL, MAIL), (Service.CALENDAR, CALENDAR)):
            name, item = sample(kind, 1)
            stored(opened(tmp_path, service), ("Un", "Deux"), name, replace(item, flags=frozenset({"rare"})))
    finally:
        os.umask(old)
    for path in (tmp_path / "archive", *(tmp_path / "archive").rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path.name


@pytest.mark.parametrize("name", ["..", ".", "", "../escape.txt", "/etc/hosts", "a/../../b", "nul\0"])
def test_no_name_leads_outside(tmp_path: Path, name: str) -> None:
    target = opened(tmp_path, Service.FILES)
    home = target.ensure(Collection(href="", path=()))
    item = sample("text/plain", 1)[1]
    with pytest.raises(ConnectorError):
        target.put(home, name, item, expects=None)
    with pytest.raises(ConnectorError):
        target.ensure(Collection(href="", path=("x", name)))
    (tmp_path / "secret").write_text("secret")
    with pytest.raises(ConnectorError):
        target.get(Entry(href="../../secret", collection=".", etag=""))
    assert {path.name for path in tmp_path.iterdir()} == {"archive", "spool", "secret"}


@pytest.mark.parametrize("account", ["..", "../x", "a/b", "", "."])
def test_no_account_leads_outside(tmp_path: Path, account: str) -> None:
    with pytest.raises(ConfigError):
        opened(tmp_path, Service.FILES, account)


@pytest.mark.parametrize("place", ["../x", "/x", "a/../../b"])
def test_no_setting_leads_outside(tmp_path: Path, place: str) -> None:
    with pytest.raises(ConfigError):
        opened(tmp_path, Service.FILES, files=place)


def test_links_are_listed_and_never_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "private.txt").write_text("private")
    target = opened(tmp_path, Service.FILES)
    home = target.ensure(Collection(href="", path=("Dossier",)))
    files = tmp_path / "archive" / ANA / "files"
    (files / "lien").symlink_to(outside)
    (files / "Dossier" / "lien.txt").symlink_to(outside / "private.txt")
    os.mkfifo(files / "tube")
    skipped = {entry.name: entry.skip.code for entry in target.entries() if entry.skip}
    assert skipped == {"lien": "symbolic-link", "lien.txt": "symbolic-link", "tube": "special-file"}
    assert [c.path for c in target.collections()] == [(), ("Dossier",)]
    for href in ("lien/private.txt", "Dossier/lien.txt", "tube"):
        with pytest.raises(ConnectorError):
            target.get(Entry(href=href, collection=".", etag=""))
    item = sample("text/plain", 1)[1]
    with pytest.raises(ConnectorError):
        target.put(Collection(href="lien"), "neuf.txt", item, expects=None)
    with pytest.raises(AlreadyExists):
        target.put(home, "lien.txt", item, expects=None)
    assert (outside / "private.txt").read_text() == "private"
    assert len(list(outside.iterdir())) == 1


def test_a_name_that_is_not_utf_8_is_listed_and_stays(tmp_path: Path) -> None:
    target = opened(tmp_path, Service.FILES)
    target.ensure(Collection(href="", path=()))
    Path(os.fsdecode(os.fsencode(tmp_path / "archive" / ANA / "files") + b"/caf\xe9.txt")).touch()
    (entry,) = target.entries()
    assert entry.skip is not None
    assert (entry.skip.code, entry.name) == ("undecodable-name", "caf\\xe9.txt")


def test_no_folder_is_no_empty_listing(tmp_path: Path) -> None:
    source = opened(tmp_path, Service.FILES, create=False)
    for listing in (source.entries, source.collections):
        with pytest.raises(NotFound) as caught:
            list(listing())
        assert caught.value.scope is Scope.ACCOUNT
        assert ANA not in caught.value.message
    (tmp_path / "archive" / ANA).mkdir(parents=True)
    assert list(source.entries()) == []


@pytest.mark.parametrize(("service", "kind"), [(Service.FILES, "text/plain"), (Service.MAIL, MAIL)])
def test_a_full_disk_stops_the_account_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, service: Service, kind: str
) -> None:
    target = opened(tmp_path, service)
    home = target.ensure(Collection(href="", path=("Plein",)))
    asked = []

    def full(descriptor: int) -> None:
        asked.append(descriptor)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    before = sorted(tmp_path.rglob("*"))
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        answers = target.put_many(home, [sample(kind, n) for n in range(3)])
    assert all(isinstance(answer, QuotaExceeded) for answer in answers)
    assert len(asked) == 1, "the others are not tried"
    left = set(tmp_path.rglob("*")) - set(before)
    assert [path for path in left if path.is_file()] == []
    assert list(target.entries()) == []


@pytest.mark.parametrize(("service", "kind"), [(Service.FILES, "text/plain"), (Service.MAIL, MAIL)])
def test_a_crash_before_the_place_is_given_leaves_nothing_to_see(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, service: Service, kind: str
) -> None:
    target = opened(tmp_path, service)
    home = target.ensure(Collection(href="", path=("Coupure",)))
    name, item = sample(kind, 1)

    class Crash(BaseException):
        pass

    def crash(*_: object, **__: object) -> None:
        raise Crash

    with monkeypatch.context() as patched:
        patched.setattr(os, "link", crash)
        patched.setattr(os, "unlink", crash)
        with pytest.raises(Crash):
            target.put(home, name, item, expects=None)
    again = opened(tmp_path, service)
    assert list(again.entries()) == []
    again.put(home, name, item, expects=None)
    assert len(list(again.entries())) == 1


def test_what_a_crash_left_unfinished_is_removed_when_it_is_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored(opened(tmp_path, Service.FILES), (), "un.txt", sample("text/plain", 1)[1])
    left = tmp_path / "archive" / ANA / ".transhume-incoming" / "left"
    left.write_bytes(b"half")
    stored(opened(tmp_path, Service.FILES), (), "deux.txt", sample("text/plain", 2)[1])
    assert left.exists()
    monkeypatch.setattr("connectors.folder.tree.STALE", -1)
    stored(opened(tmp_path, Service.FILES), (), "trois.txt", sample("text/plain", 3)[1])
    assert not left.exists()


def test_services_of_one_account_are_written_at_the_same_time(tmp_path: Path) -> None:
    kinds = ((Service.FILES, "text/plain"), (Service.CALENDAR, CALENDAR), (Service.CONTACTS, VCARD))

    def fill(service: Service, kind: str) -> int:
        count = 0
        for n in range(60):  # each with a target of its own, which sweeps what it finds unfinished
            stored(opened(tmp_path, service), ("Ensemble",), *sample(kind, n))
            count += 1
        return count

    with ThreadPoolExecutor() as pool:
        assert list(pool.map(lambda one: fill(*one), kinds)) == [60, 60, 60]


def test_disks_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "no hard links")

    monkeypatch.setattr(os, "link", refuse)
    target = opened(tmp_path, Service.FILES)
    stored(target, (), "un.txt", sample("text/plain", 1)[1])
    with pytest.raises(AlreadyExists):
        stored(target, (), "un.txt", sample("text/plain", 2)[1])
    assert len(list(target.entries())) == 1


def test_check_tells_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "spool").mkdir()
    (tmp_path / "archive" / "bob").mkdir(parents=True)
    context = Context(pace=Pacer(), spool=tmp_path / "spool", settings={"path": "archive/{account}"})
    checks = [check for check in connector(context).check(["ana", "bob"]) if check.subject == "folder"]
    assert [(check.passed, check.exit_code) for check in checks] == [(False, 9), (True, 9)]


# Mail


def test_python_reads_the_maildir(tmp_path: Path) -> None:
    target = opened(tmp_path, Service.MAIL)
    stored(target, ("INBOX",), "", mail(1), "\\Inbox")
    stored(target, ("Projets", "2026"), "", mail(2, "\\Seen", "\\Flagged"))
    box = mailbox.Maildir(tmp_path / "archive" / ANA / "mail", create=False)
    assert len(box) == 1
    assert box.list_folders() == ["Projets.2026"]
    (message,) = box.get_folder("Projets.2026")
    assert isinstance(message, mailbox.MaildirMessage)
    assert (message.get_subdir(), message.get_flags()) == ("cur", "FS")
    assert message.get_date() == sample(MAIL, 2)[1].internal_date.timestamp()  # type: ignore[union-attr]
    assert message.as_bytes().replace(b"\n", b"\r\n") == body_of(mail(2))


def test_what_python_wrote_is_read(tmp_path: Path) -> None:
    (tmp_path / "archive" / ANA).mkdir(parents=True)
    box = mailbox.Maildir(tmp_path / "archive" / ANA / "mail")
    message = mailbox.MaildirMessage(b"Subject: x\n\nbody\n")
    message.set_subdir("cur")
    message.set_flags("RPS")
    box.add_folder("Ventes").add(message)
    target = opened(tmp_path, Service.MAIL, create=False)
    (entry,) = target.entries()
    assert entry.flags == {"\\Seen", "\\Answered", "$Forwarded"}
    assert body_of(target.get(entry)) == b"Subject: x\n\nbody\n"


def test_a_message_that_a_mail_program_moved_and_flagged_is_found(tmp_path: Path) -> None:
    target = opened(tmp_path, Service.MAIL)
    stored(target, ("INBOX",), "", mail(1), "\\Inbox")
    (entry,) = target.entries()
    (new,) = (tmp_path / "archive" / ANA / "mail" / "new").iterdir()
    new.rename(new.parent.parent / "cur" / f"{new.name}:2,S")
    item = target.get(entry)
    assert item.entry.href == entry.href
    assert item.flags == {"\\Seen"}
    assert item.entry.etag != entry.etag


def test_more_keywords_than_letters(tmp_path: Path) -> None:
    target = opened(tmp_path, Service.MAIL)
    home = target.ensure(Collection(href="", path=("Mots",)))
    words = [f"$mot_{n}" for n in range(40)]
    for word in words:
        target.put(home, "", mail(1, word, "deux mots", "\\Seen"), expects=None)
    again = opened(tmp_path, Service.MAIL)
    kept = sorted(sorted(entry.flags) for entry in again.entries())
    assert kept == sorted(sorted([word, "deux mots", "\\Seen"]) for word in words)


def test_dates_and_hard_bodies_are_kept(tmp_path: Path) -> None:
    target = opened(tmp_path, Service.MAIL)
    bodies = [b"", b"\0", b"a\rb\nc\r\n", b"From x\n>From y\n", b"\xff" * 300_000, os.urandom(2_500_000)]
    dates = [datetime(year, 1, 2, 3, 4, 5, tzinfo=UTC) for year in (1970, 1996, 2026, 2037, 2039, 2106)]
    home = target.ensure(Collection(href="", path=("Dur",)))
    for body, date in zip(bodies, dates, strict=True):
        answer = target.put(home, "", replace(mail(1, body=body), internal_date=date), expects=None)
        assert answer.redated is None
    got = {body_of(target.get(entry)): entry.modified for entry in target.entries()}
    assert got == dict(zip(bodies, dates, strict=True))


def test_a_date_that_the_disk_cannot_hold_is_told(tmp_path: Path) -> None:
    target = opened(tmp_path, Service.MAIL)
    home = target.ensure(Collection(href="", path=("Vieux",)))
    date = datetime(1601, 1, 1, tzinfo=UTC)
    answer = target.put(home, "", replace(mail(1), internal_date=date), expects=None)
    (entry,) = target.entries()
    assert entry.modified == date or answer.redated == entry.modified


@pytest.mark.parametrize(
    "path",
    [
        ("M. Quentin", "v1.2"),
        ("R&D", "a=2Eb"),
        ("Adhérents 🌳",),
        ("é" * 120, "ü" * 120, "fin"),
        ("inbox", "Sous"),
        ("~chez",),
    ],
)
def test_mailbox_names_come_back(tmp_path: Path, path: tuple[str, ...]) -> None:
    stored(opened(tmp_path, Service.MAIL), path, "", mail(1))
    again = opened(tmp_path, Service.MAIL)
    assert [c.path for c in again.collections()] == [path]
    assert again.ensure(Collection(href="", path=path)).path == path
    assert len(list(again.collections())) == 1


def test_special_use_is_kept_and_known_by_name(tmp_path: Path) -> None:
    target = opened(tmp_path, Service.MAIL)
    assert target.ensure(Collection(href="", path=("Envoyés",), role="\\Sent")).role == "\\Sent"
    assert target.ensure(Collection(href="", path=("Autre",), role="\\Sent")).path == ("Envoyés",)
    mailbox.Maildir(tmp_path / "archive" / ANA / "mail", create=False).add_folder("Trash")
    assert {c.path: c.role for c in opened(tmp_path, Service.MAIL).collections()} == {
        ("Envoyés",): "\\Sent",
        ("Trash",): "\\Trash",
    }


def test_a_mailbox_left_half_made_is_completed(tmp_path: Path) -> None:
    target = opened(tmp_path, Service.MAIL)
    home = target.ensure(Collection(href="", path=("Coupé",)))
    (tmp_path / "archive" / ANA / "mail" / home.href / "cur").rmdir()
    assert list(target.collections()) == []
    assert target.ensure(Collection(href="", path=("Coupé",))).href == home.href
    target.put(home, "", mail(1), expects=None)


def test_find_looks_only_at_what_came_since(tmp_path: Path) -> None:
    target = opened(tmp_path, Service.MAIL)
    home = target.ensure(Collection(href="", path=("Marque",)))
    target.put(home, "", mail(1), expects=None)
    mark = target.mark(home)
    second = target.put(home, "", mail(1), expects=None)
    crashed: Maildir = opened(tmp_path, Service.MAIL)
    assert [found.href for found in crashed.find(home, "", mail(1), mark)] == [second.href]
    assert int(crashed.mark(home)) > int(mark)


# vdir


def test_a_vdir_has_its_name_and_colour(tmp_path: Path) -> None:
    target = opened(tmp_path, Service.CALENDAR)
    wanted = Collection(
        href="", path=("Équipe / été ?",), role="primary", properties={"color": "#16a765", "timezone": "Europe/Paris"}
    )
    made = target.ensure(wanted)
    folder = tmp_path / "archive" / ANA / "calendars" / made.href
    assert (folder / "displayname").read_text() == "Équipe / été ?"
    assert (folder / "color").read_text() == "#16a765"
    (read,) = opened(tmp_path, Service.CALENDAR).collections()
    assert (read.path, read.role, read.properties) == (wanted.path, "primary", wanted.properties)


def test_names_that_vdir_hides_are_refused(tmp_path: Path) -> None:
    target = opened(tmp_path, Service.CALENDAR)
    with pytest.raises(Rejected):
        stored(target, ("Équipe",), ".caché.ics", sample(CALENDAR, 1)[1])


def test_services_may_lie_elsewhere(tmp_path: Path) -> None:
    base = tmp_path / "archive" / ANA
    (base / "Agendas" / "travail").mkdir(parents=True)
    (base / "Agendas" / "travail" / "a.ics").write_bytes(body_of(sample(CALENDAR, 1)[1]))
    (entry,) = opened(tmp_path, Service.CALENDAR, create=False, calendar="Agendas").entries()
    assert entry.uid == "contract-1@example.org"
    whole = [e.href for e in opened(tmp_path, Service.FILES, create=False, files=".").entries()]
    assert whole == ["Agendas/travail/a.ics"]
