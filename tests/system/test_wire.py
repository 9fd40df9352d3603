"""Contents damaged on their way: found every time, repaired by the next pass, and nothing there twice."""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from random import Random

import pytest
import requests

from migrate.apply import apply_plan
from migrate.config import load_project
from migrate.errors import TranshumeError
from migrate.plan import make_plan
from migrate.verify import verify
from tests.benchmarks.kit import project
from tests.connectors.nextcloud_kit import ALICE, PASSWORDS, standin
from tests.servers import DovecotServer
from tests.system.observers import DAV, mailbox, propfind
from tests.wire import FILLER, Wire

pytestmark = pytest.mark.server

PASSWORD = "mot de passe"
SEEDS = range(int(os.environ.get("WIRE_SEEDS", "2")))


def filled(number: int, size: int) -> bytes:
    return b"%d %s\r\n" % (number, FILLER * (size // len(FILLER)))


def account(folder: Path) -> Path:
    """What one person has on disk: files, large ones too, events, mail."""
    files, events, mail = folder / "files", folder / "calendars" / "Conseil", folder / "mail"
    for number in range(12):
        where = files / ("Comptes" if number % 2 else "Projets")
        where.mkdir(parents=True, exist_ok=True)
        (where / f"{number}.txt").write_bytes(filled(number, 500 * (number + 1)))
    (files / "grand.bin").write_bytes(filled(99, 12 << 20))
    events.mkdir(parents=True)
    for number in range(6):
        lines = (
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//example.org//wire//EN",
            "BEGIN:VEVENT",
            f"UID:{number}@example.org",
            "DTSTAMP:20260105T080000Z",
            "DTSTART:20260105T180000Z",
            f"SUMMARY:{number} {FILLER.decode() * 3}",
            "END:VEVENT",
            "END:VCALENDAR",
            "",
        )
        (events / f"{number}.ics").write_bytes("\r\n".join(lines).encode())
    for name in ("cur", "new", "tmp"):
        (mail / name).mkdir(parents=True)
    for number in range(20):
        head = f"From: a@example.org\r\nMessage-ID: <{number}@example.org>\r\nSubject: {number}\r\n\r\n".encode()
        (mail / "cur" / f"{1700000000 + number}.{number}.host:2,S").write_bytes(head + filled(number, 3000))
    return folder


@contextmanager
def lines(base: Path, chance: Random) -> Iterator[tuple[Path, list[Wire], DovecotServer, str]]:
    """A project whose targets lie behind lines that do harm."""
    with ExitStack() as stack:
        cloud = stack.enter_context(standin(base / "cloud"))
        dovecot = stack.enter_context(DovecotServer())
        dovecot.add_user(ALICE, PASSWORD)
        port = int(cloud.url.rpartition(":")[2])
        wires = [stack.enter_context(Wire(one, chance)) for one in (port, dovecot.port)]
        account(base / "source" / ALICE)
        (base / "cloud.password").write_text(PASSWORDS[ALICE], encoding="utf-8")
        (base / "mail.password").write_text(PASSWORD, encoding="utf-8")
        for path in base.glob("*.password"):
            path.chmod(0o600)
        where = project(
            base / "project",
            f'[source.old]\nconnector = "folder"\npath = "{base}/source/{{account}}"\n',
            f'[target.cloud]\nconnector = "nextcloud"\nurl = "http://127.0.0.1:{wires[0].port}"\n'
            f'password = "file:{base}/cloud.password"\nfolder = ""\n'
            f'[target.new]\nconnector = "imap"\nhost = "127.0.0.1"\nport = {wires[1].port}\nsecurity = "none"\n'
            f'password = "file:{base}/mail.password"\n',
            "",
        )
        (where / "accounts.csv").write_text(
            f"source,source_account,cloud_account,new_account,wave\nold,{ALICE},{ALICE},{ALICE},1\n", encoding="utf-8"
        )
        yield where, wires, dovecot, cloud.url


@pytest.mark.parametrize("seed", SEEDS)
def test_harm_on_the_way_is_found_and_repaired(tmp_path: Path, seed: int) -> None:
    chance = Random(seed)
    with lines(tmp_path, chance) as (where, wires, dovecot, cloud):
        source = tmp_path / "source" / ALICE
        planned = make_plan(load_project(where))
        assert planned.sums_check
        assert not planned.exit_code
        for number in range(3):
            for wire in wires:
                wire.arm(
                    chance.choice(["flip", "cut", "lose"]), "flip" if not number else chance.choice(["cut", "lose"])
                )
            with suppress(TranshumeError):
                apply_plan(load_project(where), planned.path)
        for wire in wires:
            wire.arm()
        apply_plan(load_project(where), planned.path)
        assert sum((wire.done for wire in wires), Counter())["flip"] > 0
        damaged = everything_wrong(source, dovecot, cloud)
        found = verify(load_project(where))
        assert found.differences == damaged, "verify finds exactly what is damaged"
        again = make_plan(load_project(where))
        applied = apply_plan(load_project(where), again.path)
        assert applied.exit_code == 0, applied.failures
        assert everything_wrong(source, dovecot, cloud) == 0
        assert verify(load_project(where)).exit_code == 0
        assert not make_plan(load_project(where)).changes


def everything_wrong(source: Path, dovecot: DovecotServer, cloud: str) -> int:
    """How many items are not at the targets as they are on disk, counted by others' clients; fails on doubles."""
    mail = Counter(digest(one.read_bytes()) for one in (source / "mail" / "cur").iterdir())
    seen = Counter(one.digest for one in mailbox("127.0.0.1", dovecot.port, ALICE, PASSWORD))
    files = Counter(digest(one.read_bytes()) for one in (source / "files").rglob("*") if one.is_file())
    stored = Counter(digest(body) for body in bodies(cloud, f"files/{ALICE}/"))
    events = Counter(summary(one.read_bytes()) for one in (source / "calendars" / "Conseil").iterdir())
    kept = Counter(summary(body) for body in bodies(cloud, f"calendars/{ALICE}/"))
    for name, here, there in (("message", mail, seen), ("file", files, stored), ("event", events, kept)):
        assert there.total() <= here.total(), f"a {name} is there twice"
    return sum((here - there).total() for here, there in ((mail, seen), (files, stored), (events, kept)))


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def summary(body: bytes) -> str:
    text = body.replace(b"\r\n ", b"")
    return "|".join(line.decode() for line in text.split(b"\r\n") if line.startswith((b"UID:", b"SUMMARY:")))


def bodies(cloud: str, below: str) -> Iterator[bytes]:
    """Everything below a collection that has a body, by plain requests."""
    auth, waiting = (ALICE, PASSWORDS[ALICE]), [f"/remote.php/dav/{below}"]
    while waiting:
        here = waiting.pop()
        for response in propfind(cloud + here, auth, "1").iter(f"{DAV}response"):
            href = response.findtext(f"{DAV}href") or ""
            if href.rstrip("/") == here.rstrip("/"):
                continue
            if href.endswith("/"):
                if not re.search("/(inbox|outbox|trashbin)/$", href):
                    waiting.append(href)
            else:
                yield requests.get(cloud + href, auth=auth, timeout=60).content
