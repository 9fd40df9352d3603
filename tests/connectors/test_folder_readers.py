"""Programs we did not write read the folder as it is, and we read what they made of it: Dovecot and vdirsyncer."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from imapclient import IMAPClient

from connectors.samples import CALENDAR, MAIL, VCARD, body_of, event, sample
from migrate.model import Collection, Service
from tests.connectors.test_folder import ANA, mail, opened, stored
from tests.servers import DovecotServer, require

pytestmark = pytest.mark.server


def test_dovecot_reads_the_maildir_and_its_changes_are_read(tmp_path: Path) -> None:
    target = opened(tmp_path, Service.MAIL)
    stored(target, ("INBOX",), "", mail(1), "\\Inbox")
    stored(target, ("Été", "M. Quentin"), "", mail(2, "\\Seen", "\\Flagged", "$Forwarded", "$label1"))
    stored(target, ("Été", "M. Quentin"), "", mail(3))
    stored(target, ("Envoyés",), "", mail(4, "\\Answered"), "\\Sent")
    ours = tmp_path / "archive" / ANA / "mail"
    with DovecotServer() as server:
        server.add_user("ana", "secret")
        theirs = server.base / "mail" / "ana" / "Maildir"
        shutil.copytree(ours, theirs)
        owner = 65534 if os.geteuid() == 0 else os.geteuid()
        for path in (theirs.parent, theirs, *theirs.rglob("*")):
            os.chown(path, owner, owner)
        _look(server)
        assert "Error" not in server.log()
        shutil.rmtree(ours)
        shutil.copytree(theirs, ours)
    again = opened(tmp_path, Service.MAIL, create=False)
    flags = {body_of(again.get(entry)): entry.flags for entry in again.entries()}
    assert flags[body_of(mail(3))] == {"\\Seen", "neuf"}
    assert flags[body_of(mail(2))] == {"\\Seen", "\\Flagged", "$Forwarded", "$label1"}
    assert len(flags) == 4


def _look(server: DovecotServer) -> None:
    with IMAPClient(server.host, server.port, ssl=False) as client:
        client.login("ana", "secret")
        names = {name for _, _, name in client.list_folders()}
        assert {"INBOX", "Été/M=2E Quentin", "Envoyés"} <= names
        client.select_folder("Été/M=2E Quentin")
        client.normalise_times = False
        wanted = sample(MAIL, 2)[1].internal_date
        found = {}
        for number, facts in client.fetch(client.search("ALL"), ["BODY.PEEK[]", "FLAGS", "INTERNALDATE"]).items():
            found[facts[b"BODY[]"]] = (number, set(facts[b"FLAGS"]) - {b"\\Recent"}, facts[b"INTERNALDATE"])
        _, flags, date = found[body_of(mail(2))]
        assert flags == {b"\\Seen", b"\\Flagged", b"$Forwarded", b"$label1"}
        assert date == wanted
        number, flags, _ = found[body_of(mail(3))]
        assert flags == set()
        client.add_flags([number], [b"\\Seen", b"neuf"])


def test_vdirsyncer_reads_and_writes_the_vdirs(tmp_path: Path) -> None:
    vdirsyncer = require("vdirsyncer")
    calendars, contacts = opened(tmp_path, Service.CALENDAR), opened(tmp_path, Service.CONTACTS)
    wanted = Collection(href="", path=("Équipe: été",), properties={"color": "#16a765"})
    home = calendars.ensure(wanted)
    for number in range(3):
        calendars.put(home, *sample(CALENDAR, number), expects=None)
    book = calendars_book(contacts)
    base = tmp_path / "archive" / ANA
    text = f'[general]\nstatus_path = "{tmp_path}/status/"\n'
    for pair, folder, ending, collection in (
        ("cal", base / "calendars", ".ics", home.href),
        ("card", base / "contacts", ".vcf", book.href),
    ):
        (tmp_path / pair / "copie").mkdir(parents=True)
        text += (
            f'\n[pair {pair}]\na = "{pair}_a"\nb = "{pair}_b"\nmetadata = ["displayname", "color"]\n'
            f'collections = [["c", "{collection}", "copie"]]\n'
            f'\n[storage {pair}_a]\ntype = "filesystem"\npath = "{folder}/"\nfileext = "{ending}"\n'
            f'\n[storage {pair}_b]\ntype = "filesystem"\npath = "{tmp_path / pair}/"\nfileext = "{ending}"\n'
        )
    config = tmp_path / "vdirsyncer.conf"
    config.write_text(text, encoding="utf-8")

    def run(*words: str) -> None:
        environment = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
        done = subprocess.run(
            [vdirsyncer, "-c", str(config), *words], capture_output=True, text=True, timeout=60, env=environment
        )
        assert done.returncode == 0, done.stderr

    for words in (["discover"], ["sync"], ["metasync"]):
        run(*words)
    # vdirsyncer names files by itself.
    copies = sorted(path.read_bytes() for path in (tmp_path / "cal" / "copie").glob("*.ics"))
    assert copies == sorted(body_of(sample(CALENDAR, n)[1]) for n in range(3))
    assert (tmp_path / "cal" / "copie" / "displayname").read_text("utf-8") == "Équipe: été"
    assert (tmp_path / "cal" / "copie" / "color").read_text() == "#16a765"
    assert len(list((tmp_path / "card" / "copie").glob("*.vcf"))) == 1
    (tmp_path / "cal" / "copie" / "neuf.ics").write_bytes(event(9, "Neuf"))
    run("sync")
    assert {entry.uid for entry in calendars.entries()} == {f"contract-{n}@example.org" for n in (0, 1, 2, 9)}


def calendars_book(contacts: object) -> Collection:
    target = contacts
    book = target.ensure(Collection(href="", path=("Adhérents",)))  # type: ignore[attr-defined]
    target.put(book, *sample(VCARD, 1), expects=None)  # type: ignore[attr-defined]
    assert isinstance(book, Collection)
    return book


def test_dates_are_the_files_dates(tmp_path: Path) -> None:
    stat = require("stat")
    target = opened(tmp_path, Service.FILES)
    item = sample("text/plain", 1)[1]
    date = datetime(2011, 2, 3, 4, 5, 6, tzinfo=UTC)
    stored(target, ("Dossier",), "a.txt", replace(item, entry=replace(item.entry, modified=date)))
    path = tmp_path / "archive" / ANA / "files" / "Dossier" / "a.txt"
    told = subprocess.run([stat, "-c", "%Y %a", str(path)], capture_output=True, text=True, check=True).stdout
    assert told.split() == [str(int(date.timestamp())), "600"]
