"""The road end to end on real protocols, and the result seen by programs that are not ours."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from migrate.sandbox.association import association
from migrate.sandbox.world import Person, World
from tests.servers import require
from tests.system.field import Field
from tests.system.observers import calendar_uids, mailbox, outlook_messages, source_dates
from tests.system.road_pages import (
    browser,
    test_a_persons_page_names_nobody_else,
    test_every_sentence_of_the_french_page_is_french,
    test_no_subject_and_no_title_is_in_a_page,
    test_the_final_report_is_whole_and_for_every_reader,
    test_the_plan_as_a_page_is_for_every_reader,
    written,
)
from tests.system.road_shares import test_shares_are_made_once_and_silent

__all__ = [
    "browser",
    "test_a_persons_page_names_nobody_else",
    "test_every_sentence_of_the_french_page_is_french",
    "test_no_subject_and_no_title_is_in_a_page",
    "test_shares_are_made_once_and_silent",
    "test_the_final_report_is_whole_and_for_every_reader",
    "test_the_plan_as_a_page_is_for_every_reader",
    "written",
]

READS = {"GET", "HEAD", "OPTIONS", "PROPFIND", "REPORT"}
TOKEN = "/token"


def business_rows(road: Field) -> dict[str, int]:
    with sqlite3.connect(road.directory / "ledger.sqlite3") as db:
        counts = {
            t: db.execute(f"select count(*) from {t}").fetchone()[0] for t in ("pair", "intent", "outcome", "run")
        }
    db.close()
    return counts


def test_a_plan_announces_changes_and_writes_nothing(
    road: Field, planned: Any, logs_after_plan: dict[str, list[dict[str, Any]]]
) -> None:
    assert planned.returncode == 10, planned.stderr
    for server, rows in logs_after_plan.items():
        assert rows
        writes = [r for r in rows if r["method"] not in READS and not r["path"].endswith(TOKEN)]
        assert not writes, (server, writes[:3])


def test_apply_does_all_of_it_and_the_same_again_does_nothing(road: Field, moved: Any) -> None:
    assert moved.returncode == 0, moved.stderr
    before = len(road.log("nextcloud"))
    again = road.run("apply")
    assert again.returncode == 0, again.stderr
    assert len(road.log("nextcloud")) == before
    rows = business_rows(road)
    assert rows["intent"] == 0
    empty = road.run("plan", "--detailed-exitcode")
    assert empty.returncode == 0, empty.stderr
    assert business_rows(road) == rows


def test_verify_finds_no_difference(verified: Any) -> None:
    assert verified.returncode == 0, verified.stderr


def test_mail_seen_by_an_ordinary_client(road: Field, moved: Any) -> None:
    imap, world = road.facts["imap"], association("small")
    for person in world.people:
        account = world.google[person.source_account.lower()]
        seen = mailbox(imap["host"], imap["port"], person.mail_account, imap["users"][person.mail_account])
        assert Counter((m.digest, m.date) for m in seen) == source_dates(account)
        unread = sum(
            "UNREAD" in m.label_ids for m in account.messages if not {"SPAM", "TRASH", "CHAT"} & set(m.label_ids)
        )
        assert sum("\\Seen" not in m.flags for m in seen) == unread


def test_events_seen_by_an_ordinary_client(road: Field, moved: Any) -> None:
    nextcloud, world = road.facts["nextcloud"], association("small")
    for person in world.people:
        account = world.google[person.source_account.lower()]
        wanted: set[str] = set()
        for calendar in account.calendars:
            if calendar.list_entry["accessRole"] == "owner":
                live = [e for e in calendar.events if e.get("status") != "cancelled"]
                wanted |= {e["iCalUID"] for e in live if e.get("eventType") != "birthday"}
        seen = calendar_uids(nextcloud["url"], person.cloud_account, nextcloud["users"][person.cloud_account])
        assert set(seen) == wanted


def test_what_was_at_microsoft_seen_by_ordinary_clients(road: Field, moved: Any) -> None:
    """Exchange builds MIME anew, so messages are compared by their Message-ID and their parts."""
    imap, nextcloud, world = road.facts["imap"], road.facts["nextcloud"], association("small")
    defects = road.facts["microsoft"]["control"] + "defects"
    assert requests.get(defects, timeout=30, verify=str(road.directory / "microsoft-ca.pem")).json() == []
    for person in world.colleagues:
        account = world.microsoft.accounts[person.source_account]
        seen = mailbox(imap["host"], imap["port"], person.mail_account, imap["users"][person.mail_account])
        assert Counter((m.content, m.date) for m in seen) == outlook_messages(account)
        answered = sum(m.last_verb in (102, 103) for m in account.messages)
        assert sum("\\Answered" in m.flags for m in seen) == answered > 0
        own = [c for c in account.calendars if c.resource["owner"]["address"] == person.source_account]
        objects = calendar_uids(nextcloud["url"], person.cloud_account, nextcloud["users"][person.cloud_account])
        assert {e["iCalUId"] for c in own for e in c.events} <= set(objects)


@pytest.mark.server
def test_files_seen_by_rclone(road: Field, moved: Any, tmp_path: Path) -> None:
    rclone = require("rclone")
    nextcloud, world = road.facts["nextcloud"], association("small")
    for person in world.everyone:
        uid = person.cloud_account
        wanted = Counter(hashlib.sha256(content).hexdigest() for content in _files(world, person))
        obscured = subprocess.run(
            [rclone, "obscure", nextcloud["users"][uid]], capture_output=True, text=True, check=True
        ).stdout.strip()
        config = tmp_path / f"{uid}.conf"
        config.write_text(
            f"[nc]\ntype = webdav\nvendor = nextcloud\nurl = {nextcloud['url']}/remote.php/dav/files/{uid}\n"
            f"user = {uid}\npass = {obscured}\n"
        )
        copy = tmp_path / uid
        base = [rclone, "--config", str(config), "-q"]
        subprocess.run([*base, "copy", "nc:", str(copy)], check=True, timeout=120)
        subprocess.run([*base, "check", "nc:", str(copy), "--download"], check=True, timeout=120)
        seen = Counter(hashlib.sha256(p.read_bytes()).hexdigest() for p in copy.rglob("*") if p.is_file())
        assert not wanted - seen


def _files(world: World, person: Person) -> Iterator[bytes]:
    """The contents that must arrive, whoever held them."""
    if person.source == "google":
        for node in world.google[person.source_account.lower()].files:
            if node.content is not None and not node.resource.get("trashed") and node.resource.get("ownedByMe"):
                yield node.content()
    else:
        drive = world.microsoft.accounts[person.source_account].drive
        for item in drive.items if drive else ():
            if item.content is not None and "malware" not in item.resource:
                yield item.content()


@pytest.mark.server
def test_events_read_by_vdirsyncer(road: Field, moved: Any, tmp_path: Path) -> None:
    vdirsyncer = require("vdirsyncer")
    nextcloud, person = road.facts["nextcloud"], association("small").people[0]
    config = tmp_path / "config"
    config.write_text(f"""
[general]
status_path = "{tmp_path}/status"
[pair p]
a = "nc"
b = "local"
collections = ["from a"]
[storage nc]
type = "caldav"
url = "{nextcloud["url"]}/"
username = "{person.cloud_account}"
password = "{nextcloud["users"][person.cloud_account]}"
read_only = true
[storage local]
type = "filesystem"
path = "{tmp_path}/out"
fileext = ".ics"
""")
    subprocess.run([vdirsyncer, "-c", str(config), "discover"], input="y\n" * 20, text=True, check=True, timeout=120)
    subprocess.run([vdirsyncer, "-c", str(config), "sync"], check=True, timeout=120)
    login = nextcloud["url"], person.cloud_account, nextcloud["users"][person.cloud_account]
    objects = calendar_uids(*login) + calendar_uids(*login, "VTODO")
    assert len(list((tmp_path / "out").rglob("*.ics"))) == sum(objects.values())


def test_nobody_was_told(road: Field, moved: Any) -> None:
    """No scheduling mail left the Nextcloud stand-in, which sends them as the original does."""
    outbox = road.facts["nextcloud"]["control"] + "outbox"
    assert requests.get(outbox, timeout=30).json() == []


def test_no_title_in_plans_and_findings(road: Field, verified: Any) -> None:
    account = next(iter(association("small").google.values()))
    titles = {n.resource["name"] for n in account.files if len(n.resource["name"]) > 8}
    for path in [*road.directory.glob("plans/*.jsonl"), *road.directory.glob("reports/*.jsonl")]:
        if ".names." not in path.name:
            text = json.dumps([json.loads(line) for line in path.read_text("utf-8").splitlines()], ensure_ascii=False)
            assert not [t for t in titles if t in text]
