"""Signing in and proposing accounts, on a connector made for the test."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from migrate.cli import run
from migrate.config import load_project
from tests.toys import install

SIGNED = """
from migrate.errors import AuthFailed
from migrate.model import Account, Check, Service

class Connector:
    name = "signed"
    services = frozenset({Service.MAIL})

    def __init__(self, context):
        self.context = context

    def check(self, accounts):
        for account in accounts:
            token = self.context.tokens.load(f"signed/{account}")
            yield Check(subject="login", passed=bool(token), detail=account)

    def sign_in(self, account, dialogue):
        dialogue.open("https://id.example/consent?" + " ".join(sorted(self.context.services)))
        pasted = dialogue.ask("Paste")
        if pasted != account:
            raise AuthFailed("Another account signed in.", advice="Choose the right one.")
        self.context.tokens.save(f"signed/{account}", "token of " + account)

    def letter(self, language, association):
        return f"# {association}: {language}, {sorted(self.context.services)}\\n"

    def people(self):
        yield Account(id="bo@tilleuls.example", aliases=("b@tilleuls.example",))
        yield Account(id="ana@tilleuls.example")
        yield Account(id="old@tilleuls.example", suspended=True)

class Factory:
    summary = "asks each person"
    sources = frozenset({Service.MAIL, Service.FILES})
    targets = frozenset()
    options = ()
    def __call__(self, context):
        return Connector(context)

connector = Factory()

class Silent(Factory):
    targets = frozenset({Service.MAIL})
    def __call__(self, context):
        found = Connector(context)
        return type("Plain", (), {"check": found.check})()

silent = Silent()
"""
TOML = """
[migration]
name = "Les Tilleuls"
tokens = "plaintext"
[source.there]
connector = "signed"
[target.here]
connector = "silent"
"""
CSV = "source,source_account,here_account\nthere,ana@tilleuls.example,ana\nthere,bo@tilleuls.example,bo\n"
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    points = {"signed": "{module}:connector", "silent": "{module}:silent"}
    install(tmp_path, monkeypatch, distribution="transhume-signed", points=points, source=SIGNED)
    folder = tmp_path / "project"
    folder.mkdir(mode=0o700)
    (folder / "migration.toml").write_text(TOML)
    (folder / "accounts.csv").write_text(CSV)
    return folder


@pytest.fixture
def call(project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    def called(*arguments: str, answers: tuple[str, ...] = ()) -> tuple[int, str, str]:
        waiting = iter(answers)
        monkeypatch.setattr("click.termui.visible_prompt_func", lambda _: next(waiting, ""))
        code = run(["-C", str(project), *arguments])
        out, err = capsys.readouterr()
        return code, out, err

    return called


def test_each_person_signs_in_and_is_checked(project: Path, call: Call) -> None:
    code, out, err = call("auth", "there", "--json", answers=("ana@tilleuls.example", "bo@tilleuls.example"))
    assert code == 0
    assert err.count("consent?mail\n") == 2, "consent is asked for what moves, and files have no target"
    checks = [json.loads(line) for line in out.splitlines()]
    assert [check["passed"] for check in checks if check["type"] == "check"] == [True, True]
    assert load_project(project).tokens.load("signed/ana@tilleuls.example") == "token of ana@tilleuls.example"


def test_another_address_is_refused_and_the_others_go_on(project: Path, call: Call) -> None:
    code, _, err = call("auth", "source.there", answers=("eve@example.org", "bo@tilleuls.example"))
    assert code == 5
    assert "FAIL  source.there: sign-in: ana@tilleuls.example: Another account signed in." in err
    assert "PASS  source.there: login: bo@tilleuls.example" in err
    assert load_project(project).tokens.load("signed/ana@tilleuls.example") is None


def test_forgetting(project: Path, call: Call) -> None:
    call("auth", "there", answers=("ana@tilleuls.example", "bo@tilleuls.example"))
    code, _, err = call("auth", "there", "--forget", "--account", "ana@tilleuls.example")
    assert (code, "1 accounts" in err) == (0, True)
    tokens = load_project(project).tokens
    assert tokens.load("signed/ana@tilleuls.example") is None
    assert tokens.load("signed/bo@tilleuls.example")


def test_a_system_without_sign_in_or_directory_and_one_that_is_not_there(call: Call) -> None:
    for arguments, words in (
        (("auth", "here"), "Nobody signs in to target.here"),
        (("auth", "nowhere"), "There is no system 'nowhere'"),
        (("auth", "there", "--account", "x@y.example"), "There is no account"),
        (("accounts", "here"), "has no directory"),
        (("auth", "here", "--letter"), "No administrator consents"),
    ):
        code, _, err = call(*arguments)
        assert (code, words in err) == (2, True), arguments


def test_the_directory_proposes_the_accounts(project: Path, call: Call) -> None:
    (project / "accounts.csv").unlink()
    code, out, err = call("accounts", "there")
    assert code == 0
    assert list(csv.reader(out.splitlines())) == [
        ["source", "source_account", "here_account", "wave"],
        ["there", "ana@tilleuls.example", "ana@tilleuls.example", "1"],
        ["there", "bo@tilleuls.example", "bo@tilleuls.example", "1"],
    ]
    assert "1 suspended" in err
    target = project / "accounts.csv"
    assert call("accounts", "there", "--output", str(target))[0] == 0
    assert (target.read_text(), target.stat().st_mode & 0o777) == (out, 0o600)
    assert call("accounts", "there", "--output", str(target))[0] == 2
    assert len(load_project(project).accounts) == 2


def test_a_letter_for_the_administrator(project: Path, call: Call) -> None:
    (project / "accounts.csv").unlink()
    code, out, _ = call("auth", "there", "--letter")
    assert code == 0
    assert out.startswith("# Les Tilleuls: fr, ")
    code, out_json, _ = call("auth", "there", "--letter", "--json")
    assert [json.loads(line).get("text") for line in out_json.splitlines() if "letter" in line] == [out]
