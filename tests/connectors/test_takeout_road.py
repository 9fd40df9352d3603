"""From Takeout archives to the targets by the command, as a person types it: moved, verified, and moved once."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from connectors.google.labels import SYSTEM
from migrate.sandbox.association import association
from migrate.sandbox.takeout import write_archives
from tests.system.field import Field, sandbox

CONFIGURED = re.compile(r'connector = "google"\n.*?\n\n', re.DOTALL)


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    """The sandbox with its own project, whose source is made one of archives."""
    with sandbox(tmp_path_factory.mktemp("field") / "project") as running:
        configuration = running.directory / "migration.toml"
        text = configuration.read_text("utf-8")
        configuration.write_text(CONFIGURED.sub('connector = "takeout"\n\n', text, count=1), "utf-8")
        archives(running, datetime(2026, 11, 1, tzinfo=UTC))
        yield running


def archives(field: Field, made: datetime) -> None:
    for address in association("small").google:
        folder = field.directory / "takeout" / address
        for old in folder.glob("*"):
            old.unlink()
        write_archives(association("small"), address, folder, language="fr", part_bytes=300_000, made=made)


def services(text: str) -> Counter[str]:
    """What became of the items of a plan or a verification, by service."""
    return Counter(str(json.loads(line).get("type")) for line in text.splitlines())


def test_the_association_moves_from_its_archives(field: Field) -> None:
    planned = field.run("plan", "--detailed-exitcode")
    assert planned.returncode == 10, planned.stderr
    moved = field.run("apply")
    assert moved.returncode == 0, moved.stdout + moved.stderr
    verified = field.run("verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert field.log("google") == [], "nothing is asked of Google"


def test_later_archives_move_nothing_twice(field: Field) -> None:
    archives(field, datetime(2026, 12, 1, tzinfo=UTC))
    planned = field.run("plan", "--detailed-exitcode")
    assert planned.returncode == 0, planned.stdout + planned.stderr


def test_every_name_of_a_system_label_has_a_word() -> None:
    from connectors.takeout.labels import TABLES

    assert set(SYSTEM.values()) == {word for word in TABLES["fr"].values() if word.startswith("\\")}
