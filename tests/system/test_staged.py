"""A pilot and two waves from the terminal, as a volunteer runs them, with all that goes wrong on such evenings.

The mail goes into a real Dovecot with quotas. Each mishap must end in a state that ``status`` tells, with a code that
says what kind of trouble it was and an advice that names the next step, and the same command must finish the work.
"""

from __future__ import annotations

import csv
import hashlib
import imaplib
import json
import os
import re
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from migrate.sandbox.faults import Rule
from migrate.sandbox.runner import Sandbox
from migrate.sandbox.world import Message, Person
from tests.servers import DovecotServer
from tests.system.field import Field
from tests.system.observers import SeenMessage, crlf, mailbox, source_digests

pytestmark = pytest.mark.server

QUOTA = """
mail_plugins = quota
protocol imap {
  mail_plugins = quota imap_quota
}
plugin {
  quota = count:User quota
  quota_rule = *:storage=40M
  quota_vsizes = yes
}
"""
WAVES = ("pilote", "siege", "terrain")
LATE = b"From: lente@example.org\r\nMessage-ID: <late@example.org>\r\nSubject: tard\r\n\r\nArrive apres.\r\n"


@dataclass
class Stage:
    """The association, its servers, and the volunteer's terminals."""

    field: Field
    sandbox: Sandbox
    dovecot: DovecotServer

    def wave(self, name: str) -> list[Person]:
        """The people of a wave."""
        return [person for person in self.sandbox.world.everyone if self.waves[person.source_account] == name]

    @property
    def waves(self) -> dict[str, str]:
        with (self.field.directory / "accounts.csv").open(encoding="utf-8", newline="") as file:
            return {row["source_account"]: row["wave"] for row in csv.DictReader(file)}

    def ok(self, *arguments: str) -> list[dict[str, Any]]:
        """A command that must succeed; its messages."""
        return self.ends(0, *arguments)[1]

    def ends(self, code: int, *arguments: str) -> tuple[str, list[dict[str, Any]]]:
        """A command that must end with that code: what it tells people, never a traceback, and its messages."""
        done = self.field.run("--json", *arguments)
        assert done.returncode == code, (arguments, done.returncode, done.stderr)
        assert "Traceback" not in done.stderr
        return done.stderr, messages(done.stdout)

    def status(self) -> tuple[str, dict[str, dict[str, Any]], dict[str, Any]]:
        """What ``status`` tells people, each wave, and the whole."""
        done = self.field.run("--json", "status")
        rows = messages(done.stdout)
        waves = {row["wave"]: row for row in rows if row["type"] == "wave"}
        return done.stderr, waves, next(row for row in rows if row["type"] == "status")

    def session(self, account: str) -> imaplib.IMAP4:
        """A mail program at the target."""
        session = imaplib.IMAP4(self.dovecot.host, self.dovecot.port)
        session.login(account, self.password(account))
        return session

    def password(self, account: str) -> str:
        return next(p.mail_password for p in self.sandbox.world.everyone if p.mail_account == account)

    @contextmanager
    def full(self, account: str) -> Iterator[None]:
        """The mailbox of an account is full for as long as this lasts."""
        session = self.session(account)
        block = b"Subject: pieces jointes\r\n\r\n" + b"x" * 78 * 12_000 + b"\r\n"
        session.create("Ancien")
        for size in (len(block), len(block) // 50, 200):
            while session.append("Ancien", "", "", block[:size])[0] == "OK":
                pass
        yield
        session.delete("Ancien")
        session.logout()


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("staged") / "project"
    with DovecotServer(separator=".", extra=QUOTA) as dovecot, Sandbox("small", folder, speed=600.0) as sandbox:
        for person in sandbox.world.everyone:
            dovecot.add_user(person.mail_account, person.mail_password)
        config = folder / "migration.toml"
        text = config.read_text("utf-8")
        config.write_text(text.replace(f"port = {sandbox.imap.port}\n", f"port = {dovecot.port}\n"), "utf-8")
        rename_waves(folder / "accounts.csv")
        yield Stage(Field(folder, {}), sandbox, dovecot)


def rename_waves(path: Path) -> None:
    """Two people in the pilot, the others in two waves."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for number, row in enumerate(rows):
        row["wave"] = WAVES[0] if number in (0, len(rows) - 1) else WAVES[1 + number % 2]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def messages(stdout: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stdout.splitlines()]


def of(rows: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [row for row in rows if row["type"] == kind]


def everything(stage: Stage, person: Person) -> list[SeenMessage]:
    """Every message of a person at the target, read by a program that is not ours."""
    return mailbox(stage.dovecot.host, stage.dovecot.port, person.mail_account, person.mail_password)


def test_the_pilot(stage: Stage) -> None:
    stage.ok("doctor", "--wave", "pilote")
    stage.ok("plan", "--wave", "pilote")
    _, waves, _ = stage.status()
    assert (waves["pilote"]["state"], waves["pilote"]["next"][:15]) == ("planned", "transhume apply")
    assert waves["siege"]["next"] == "transhume plan --wave siege, then transhume apply"
    applied = of(stage.ok("apply"), "apply")[0]
    assert applied["done"] == applied["planned"] > 100
    assert of(stage.ok("verify", "--wave", "pilote"), "verify")[0]["differences"] == 0
    _, waves, _ = stage.status()
    assert {name: one["state"] for name, one in waves.items()} == {
        "pilote": "prestaged",
        "siege": "planned",
        "terrain": "planned",
    }


def test_a_pass_while_people_go_on_working_at_both_sides(stage: Stage) -> None:
    helene = stage.wave("pilote")[0]
    with stage.session(helene.mail_account) as session:
        session.select("INBOX")
        session.store("1", "+FLAGS", r"(\Flagged)")
        _, data = session.fetch("1", "(BODY.PEEK[])")
        assert isinstance(data[0], tuple)
        marked = hashlib.sha256(data[0][1]).hexdigest()
    late = Message(
        id="00000000000a11ce",
        thread_id="00000000000a11ce",
        label_ids=("INBOX", "UNREAD"),
        internal_date_ms=1_760_000_000_000,
        size_estimate=len(LATE),
        raw=lambda: LATE,
    )
    stage.sandbox.google.edit.add_message(helene.source_account, late)
    planned = of(stage.ok("plan", "--wave", "pilote"), "plan")[0]
    assert planned["planned"] == 1, planned
    stage.ok("apply")
    assert stage.status()[1]["pilote"]["deltas"] == 1
    seen = everything(stage, helene)
    assert [one.flags for one in seen if one.digest == hashlib.sha256(crlf(LATE)).hexdigest()] == [frozenset()]
    assert "\\Flagged" in next(one.flags for one in seen if one.digest == marked), "what they did stays"


def test_a_wave_watched_from_another_terminal_and_a_restart_of_the_machine(stage: Stage) -> None:
    total = of(stage.ok("plan", "--wave", "siege"), "plan")[0]["planned"]
    process = stage.field.start("apply")
    told, _, whole = stage.status()
    while not (whole["running"] and 0 < whole["open"] < total):
        assert process.poll() is None, "it ended before it could be watched"
        told, _, whole = stage.status()
    assert "A command is working on this project now" in told
    assert re.search(r"apply +running", told)
    _, waiting = stage.ends(7, "plan", "--wave", "siege")
    assert "status" in of(waiting, "exit")[0]["advice"]
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(30)
    told, waves, whole = stage.status()
    assert not whole["running"]
    assert 0 < whole["open"] < total
    assert "The last apply was killed, or this machine stopped; nothing is lost." in told
    assert waves["siege"]["next"].startswith("transhume apply:")
    again = of(stage.ok("apply"), "apply")[0]
    assert (again["done"], again["left"]) == (total, 0)
    assert again["already"] > 0
    assert stage.status()[1]["siege"]["state"] == "prestaged"
    assert of(stage.ok("verify", "--wave", "siege"), "verify")[0]["differences"] == 0


def test_a_token_that_expired(stage: Stage) -> None:
    stage.ok("plan", "--wave", "terrain")
    ended = Rule(kind="status", path="/token", status=400, reason="invalid_grant", times=None)
    stage.sandbox.google.faults.set([ended])
    told, rows = stage.ends(5, "apply")
    assert of(rows, "apply")[0]["done"] > 0, "the people at Microsoft have moved"
    assert told.count("Run `transhume doctor`") == 1, "said once, then: the same"
    told, waves, whole = stage.status()
    assert "The last apply stopped, because an account or a server refused; transhume doctor tells which" in told
    assert (waves["terrain"]["state"], waves["terrain"]["next"][:16]) == ("planned", "transhume apply:")
    assert whole["open"] > 0
    _, checks = stage.ends(5, "doctor", "--wave", "terrain")
    failed = [row for row in of(checks, "check") if not row["passed"]]
    assert failed
    assert all(row["advice"] and row["system"] == "source.google" for row in failed)
    told, _ = stage.ends(5, "plan", "--wave", "terrain", "--account", stage.wave("terrain")[0].source_account)
    assert "transhume doctor tells what to grant. Then plan again." in told
    stage.sandbox.google.faults.clear()


def test_a_mailbox_that_is_full(stage: Stage) -> None:
    planned = of(stage.ok("plan", "--wave", "terrain"), "plan")[0]["planned"]
    full = stage.wave("terrain")[0]
    with stage.full(full.mail_account):
        told, rows = stage.ends(6, "apply")
        applied = of(rows, "apply")[0]
        assert 0 < applied["left"] < planned
        assert applied["done"] + applied["left"] == planned, "everyone else's has moved"
        assert f"{full.source_account}/mail: the IMAP server refused" in told
        assert "Raise the quota of this mailbox, then run the same command again." in told
        told, waves, _ = stage.status()
        assert "The last apply stopped at a limit" in told
        assert waves["terrain"]["next"].startswith("transhume apply:")
        _, checks = stage.ends(9, "doctor", "--wave", "terrain", "--account", full.source_account)
        assert [row["detail"] for row in of(checks, "check") if not row["passed"]] == [f"{full.mail_account}: full"]
        told, _ = stage.ends(9, "plan", "--wave", "terrain")
    # The plan that met a full mailbox is not the one to go on with: a new one is.
    stage.ok("plan", "--wave", "terrain")
    assert of(stage.ok("apply"), "apply")[0]["left"] == 0
    assert stage.status()[1]["terrain"]["state"] == "prestaged"
    assert of(stage.ok("verify", "--wave", "terrain"), "verify")[0]["differences"] == 0


def test_the_pilot_is_handed_over(stage: Stage) -> None:
    wave = ("--wave", "pilote")
    _, rows = stage.ends(4, "cutover", *wave)
    assert "transhume approve" in of(rows, "exit")[0]["advice"]
    assert len(of(stage.ok("approve", *wave), "matter")) > 5
    stage.ok("approve", *wave, "--by", "Claire Vasseur")
    assert stage.status()[1]["pilote"]["next"] == "on the day: transhume cutover --wave pilote"
    rows = stage.ok("cutover", *wave)
    assert of(rows, "verify")[0]["differences"] == 0
    assert len(of(rows, "todo")) > 3
    assert stage.status()[1]["pilote"]["state"] == "verified"
    stage.ok("sign", *wave, "--by", "Claire Vasseur")
    _, waves, _ = stage.status()
    assert {name: one["state"] for name, one in waves.items()} == {
        "pilote": "signed",
        "siege": "prestaged",
        "terrain": "prestaged",
    }
    assert waves["pilote"]["signed_by"] == "Claire Vasseur"
    assert waves["pilote"]["next"] == "nothing: it is signed off"
    _, rows = stage.ends(4, "rollback", *wave)


def test_in_the_end_everything_is_there_once(stage: Stage) -> None:
    stage.ok("plan", "--detailed-exitcode")
    for person in stage.sandbox.world.people:
        account = stage.sandbox.world.google[person.source_account.lower()]
        assert Counter(one.digest for one in everything(stage, person)) == source_digests(account)
