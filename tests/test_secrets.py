"""Secrets by reference: found when used, never shown, and not to be turned into paths or programs."""

from __future__ import annotations

import sys
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend

from migrate.errors import ConfigError
from migrate.secrets import Reference

SECRET = "très-secret-42"


def reference(text: str, folder: Path) -> Reference:
    return Reference.parse(text, folder)


def secret_file(path: Path, mode: int = 0o600) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(SECRET + "\n", encoding="utf-8")
    path.chmod(mode)
    return path


def test_env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSWORD_anne_tilleuls_example", SECRET)
    assert reference("env:PASSWORD_{account}", tmp_path).reveal("anne@tilleuls.example") == SECRET
    with pytest.raises(ConfigError, match="NOT_SET is not set") as caught:
        reference("env:NOT_SET", tmp_path).reveal()
    assert "export NOT_SET" in caught.value.advice


def test_file_beside_the_project(tmp_path: Path) -> None:
    secret_file(tmp_path / "secrets" / "anne@x.example")
    assert reference("file:secrets/{account}", tmp_path).reveal("anne@x.example") == SECRET


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_file_that_others_can_read_is_refused(mode: int, tmp_path: Path) -> None:
    path = secret_file(tmp_path / "open", mode)
    with pytest.raises(ConfigError, match="other users") as caught:
        reference("file:open", tmp_path).reveal()
    assert caught.value.advice == f"Close it: chmod 600 {path}"


@pytest.mark.parametrize("account", ["..", ".", "../other", "a/b", "a\\b", "a\0b", "-option", "a\nb"])
@pytest.mark.parametrize("text", ["file:{account}/secret", "command:echo {account}"])
def test_an_account_is_never_a_path_nor_an_option(account: str, text: str, tmp_path: Path) -> None:
    secret_file(tmp_path / "secret")
    with pytest.raises(ConfigError, match="cannot stand in a secret reference"):
        reference(text, tmp_path / "project").reveal(account)


def test_command(tmp_path: Path) -> None:
    script = tmp_path / "give.py"
    script.write_text("import sys; print('got', *sys.argv[1:])", encoding="utf-8")
    given = reference(f"command:{sys.executable} {script} '{{account}}; ls'", tmp_path)
    assert given.reveal("anne $(id)") == "got anne $(id); ls"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("command:false", "ended with code 1"),
        ("command:no-such-program-anywhere", "cannot be run"),
        ("command:true", "is empty"),
        ("file:missing", "cannot be read"),
        ("env:X{account}", "without an account"),
    ],
)
def test_what_cannot_be_had(text: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=told):
        reference(text, tmp_path).reveal()


class Store(KeyringBackend):
    priority = 1.0  # type: ignore[assignment]

    def get_password(self, service: str, username: str) -> str | None:
        return SECRET if (service, username) == ("transhume/mail", "anne@x.example") else None

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NotImplementedError


def test_keyring(tmp_path: Path) -> None:
    before = keyring.get_keyring()
    keyring.set_keyring(Store())
    try:
        given = reference("keyring:transhume/mail/{account}", tmp_path)
        assert given.reveal("anne@x.example") == SECRET
        with pytest.raises(ConfigError, match="holds no such secret"):
            given.reveal("bob@x.example")
    finally:
        keyring.set_keyring(before)


@pytest.mark.parametrize("text", [SECRET, "env:", "vault:x", "keyring:service", "", "env: "])
def test_a_secret_in_clear_is_refused_and_not_repeated(text: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        reference(text, tmp_path)
    assert SECRET not in caught.value.message + caught.value.advice


def test_repr_tells_nothing(tmp_path: Path) -> None:
    shown = repr(reference(f"command:echo {SECRET}", tmp_path))
    assert SECRET not in shown
    assert "command" in shown
