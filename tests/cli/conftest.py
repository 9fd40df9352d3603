"""Commands called in this process, on two memory twins."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from migrate.cli import run
from migrate.model import Service
from tests.cli.calls import Call, Ended
from tests.engine.twins import Twins, message


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Call:
    def called(*arguments: str | Path) -> Ended:
        code = run([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        rows = [json.loads(line) for line in out.splitlines()] if "--json" in arguments else []
        return Ended(code, err, rows, out)

    return called


@pytest.fixture
def twins(tmp_path: Path) -> Twins:
    made = Twins(tmp_path / "project", ("ana", "bo"))
    for number in range(5):
        made.add(Service.MAIL, ("Archive",), "", message(number))
    made.add(Service.FILES, ("Docs",), "notes.txt", b"notes")
    made.add(Service.MAIL, ("Archive",), "", message(9), person="bo")
    return made
