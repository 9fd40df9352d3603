"""kill -9 at random moments of an apply, the same command again each time: nothing lost, nothing twice."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from migrate.sandbox.association import association
from migrate.sandbox.association.expected import expected
from tests.system.field import Field, sandbox
from tests.system.observers import calendar_uids, file_count, mailbox, source_digests

KILLS = int(os.environ.get("KILLS", "4"))


def stored(field: Field) -> int:
    """How many items the ledger says are stored."""
    path = field.directory / "ledger.sqlite3"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as db:
        return int(db.execute("select count(*) from pair").fetchone()[0])


def kill_one_apply(field: Field, after: int) -> bool:
    """Start an apply and kill its process group once ``after`` items are stored; False when it ended before."""
    process = field.start("apply")
    while process.poll() is None:
        if stored(field) >= after:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(30)
            return True
        time.sleep(0.01)
    return False


@pytest.mark.slow
def test_killed_again_and_again_then_everything_is_there_once(tmp_path: Path) -> None:
    chance = random.Random(20)
    with sandbox(tmp_path / "project") as field:
        assert field.run("plan").returncode == 0
        total = sum(wanted.messages for wanted in expected(association("small")).values())
        moments = sorted(chance.sample(range(total), KILLS))
        kills = [moment for moment in moments if kill_one_apply(field, moment)]
        assert len(kills) >= KILLS / 2, "the runs ended before they could be killed: nothing was proved"
        finished = field.run("apply")
        assert finished.returncode == 0, finished.stderr
        verified = field.run("verify")
        assert verified.returncode == 0, verified.stderr
        _nothing_lost_nothing_twice(field)


def _nothing_lost_nothing_twice(field: Field) -> None:
    world, imap, cloud = association("small"), field.facts["imap"], field.facts["nextcloud"]
    wanted = expected(world)
    for person in world.people:
        seen = mailbox(imap["host"], imap["port"], person.mail_account, imap["users"][person.mail_account])
        account = world.google[person.source_account.lower()]
        assert Counter(m.digest for m in seen) == source_digests(account)
        password = cloud["users"][person.cloud_account]
        counts = wanted[person.source_account]
        objects = calendar_uids(cloud["url"], person.cloud_account, password)
        assert sum(objects.values()) == counts.calendar_objects - counts.birthdays
        tasks = calendar_uids(cloud["url"], person.cloud_account, password, "VTODO")
        assert sum(tasks.values()) == len(tasks) == counts.tasks
        assert file_count(cloud["url"], person.cloud_account, password) == counts.files
