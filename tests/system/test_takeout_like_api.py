"""The same association by the API and by its Takeout archives: the same result, but for what docs/takeout.md lists."""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.nextcloud import connector as nextcloud
from mappings import canonical
from migrate.model import Collection, Entry, Item, Service
from migrate.protocols import Context, Reader
from migrate.sandbox.association import association
from tests.connectors.imap_kit import Plain, Unhurried
from tests.connectors.imap_kit import connector as imap
from tests.connectors.test_takeout_road import CONFIGURED, archives
from tests.system.field import Field, sandbox

EACH = int(os.environ.get("LIKE_API_EACH", "2"))
"""Every how manyth of the six people at Google is compared."""


@dataclass
class Arrived:
    """What one person has at the targets."""

    mail: Counter[tuple[Any, ...]] = field(default_factory=Counter)
    """Folder, SHA-256, flags, second of arrival."""
    events: dict[tuple[str, str], str] = field(default_factory=dict)
    """Calendar and UID to the digest of the normal form."""
    files: Counter[str] = field(default_factory=Counter)
    """SHA-256 of the content."""
    times: dict[str, list[datetime]] = field(default_factory=dict)
    names: set[tuple[str, ...]] = field(default_factory=set)


def body_of(item: Item) -> bytes:
    body = item.body if isinstance(item.body, bytes) else item.body.read_bytes()
    item.discard()
    return body


def items(reader: Reader) -> list[tuple[Collection, Entry, bytes]]:
    homes = {collection.href: collection for collection in reader.collections()}
    found = [(homes[entry.collection], entry, body_of(reader.get(entry))) for entry in reader.entries()]
    reader.close()
    return found


def arrived(running: Field, person: Any) -> Arrived:
    spool, mail, cloud = running.directory / "spool", running.facts["imap"], running.facts["nextcloud"]
    there = Arrived()
    mailbox = imap(mail["port"], spool, password=Plain(mail["users"][person.mail_account]))
    for home, entry, body in items(mailbox.reader(person.mail_account, Service.MAIL)):
        assert entry.created
        marks = (home.path, hashlib.sha256(body).hexdigest(), tuple(sorted(entry.flags)), entry.created)
        there.mail[marks] += 1
    table = {"url": cloud["url"], "password": Plain(cloud["users"][person.cloud_account]), "folder": ""}
    site = nextcloud(Context(pace=Unhurried(), spool=spool, settings=table))
    for home, _, body in items(site.reader(person.cloud_account, Service.CALENDAR)):
        uid = re.search(rb"^UID:(.*?)\r?$", body.replace(b"\r\n ", b""), re.M)
        assert uid
        there.events["/".join(home.path), uid[1].decode()] = canonical.digest("text/calendar", body)
    for home, entry, body in items(site.reader(person.cloud_account, Service.FILES)):
        assert entry.modified
        digest = hashlib.sha256(body).hexdigest()
        there.files[digest] += 1
        there.times.setdefault(digest, []).append(entry.modified)
        there.names.add((*home.path, entry.name))
    return there


def moved(folder: Path, *, takeout: bool) -> dict[str, Arrived]:
    with sandbox(folder) as running:
        if takeout:
            configuration = running.directory / "migration.toml"
            text = configuration.read_text("utf-8")
            configuration.write_text(CONFIGURED.sub('connector = "takeout"\n\n', text, count=1), "utf-8")
            archives(running, datetime(2026, 11, 1, tzinfo=UTC))
        people = association("small").people[::EACH]
        only = [word for person in people for word in ("--account", person.source_account)]
        for step in (["plan", *only], ["apply"]):
            done = running.run(*step)
            assert done.returncode == 0, done.stderr
        return {person.source_account: arrived(running, person) for person in people}


@pytest.mark.slow
def test_archives_give_what_the_api_gives(tmp_path: Path) -> None:
    api, archive = moved(tmp_path / "api", takeout=False), moved(tmp_path / "takeout", takeout=True)
    renamed = 0
    for account, wanted in api.items():
        got = archive[account]
        assert got.mail == wanted.mail, "every message in the same folder with the same flags and date"
        assert got.events == wanted.events
        assert got.files == wanted.files, "the same contents, whatever their names"
        for digest, times in wanted.times.items():
            for one, other in zip(sorted(times), sorted(got.times[digest]), strict=True):
                assert abs(one - other) <= timedelta(seconds=2), "a zip counts by two seconds"
        renamed += len(wanted.names - got.names)
    assert renamed, "the names that an archive cannot hold are in the sandbox, or this proves too little"
