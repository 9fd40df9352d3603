"""kill -9 at random moments of an apply, the same command again each time: nothing lost, nothing twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from migrate.sandbox.association import association
from migrate.sandbox.association.expected import expected
from tests.system.field import Field, sandbox
from tests.system.observers import calendar_uids, file_count, mailbox, source_digests

KILLS = 20


def kill_one_apply(field: Field, moment: float) -> bool:
    """Start an apply and kill its process group after ``moment`` seconds; False when it had ended before."""
    process = field.start("apply")
    try:
        process.wait(moment)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)
        return True
    return False


@pytest.mark.slow
def test_twenty_kills_then_everything_is_there_once(tmp_path: Path) -> None:
    chance = random.Random(20)
    with sandbox(tmp_path / "project") as field:
        assert field.run("plan").returncode == 0
        # Slow answers stretch the run, so that the kills fall all over it and not only at its start.
        slow = {"kind": "slow", "method": "PUT|POST|MKCOL", "seconds": 0.05, "times": None}
        field.faults("nextcloud", [slow])
        kills = 0
        for _ in range(KILLS * 3):
            if kills == KILLS:
                break
            kills += kill_one_apply(field, chance.uniform(0.9, 2.5))
        finished = field.run("apply")
        assert finished.returncode == 0, finished.stderr
        assert kills >= KILLS / 2, "the runs ended before they could be killed: nothing was proved"
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
        assert file_count(cloud["url"], person.cloud_account, password) == counts.files
