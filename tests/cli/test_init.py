"""``init`` writes a project that only its owner can enter and that says what is still to be filled in."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from migrate.cli import run
from migrate.config import load_project
from migrate.errors import ConfigError


def test_init_writes_a_private_commented_project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "new" / "association"
    assert run(["init", str(folder), "--name", 'Les "Tilleuls" é']) == 0
    assert str(folder / "migration.toml") in capsys.readouterr().err
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == {
        "migration.toml": 0o600,
        "accounts.csv": 0o600,
    }
    text = (folder / "migration.toml").read_text(encoding="utf-8")
    tables = tomllib.loads(text)
    assert tables["migration"]["name"] == 'Les "Tilleuls" é'
    assert list(tables["target"]) == ["cloud", "mail"]
    header = (folder / "accounts.csv").read_text(encoding="utf-8")
    assert header == "source,source_account,cloud_account,mail_account,wave\n"


def test_what_is_left_to_fill_in_is_told_and_then_it_loads(tmp_path: Path) -> None:
    run(["init", str(tmp_path)])
    path = tmp_path / "migration.toml"
    with pytest.raises(ConfigError, match=r"migration\.toml:\d+: '\w+' in .* is still to be filled in"):
        load_project(tmp_path)
    path.write_text(path.read_text(encoding="utf-8").replace('"…"', '"https://filled.example.org"'), encoding="utf-8")
    with (tmp_path / "accounts.csv").open("a", encoding="utf-8") as file:
        file.write("google,anne@tilleuls.example,anne,anne@example.org,1\n")
    assert load_project(tmp_path).accounts[0].targets == {"cloud": "anne", "mail": "anne@example.org"}


def test_every_commented_option_can_be_uncommented(tmp_path: Path) -> None:
    run(["init", str(tmp_path)])
    text = (tmp_path / "migration.toml").read_text(encoding="utf-8")
    tomllib.loads(re.sub(r"^# (?=\w+ = )", "", text, flags=re.MULTILINE))


def test_nothing_is_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "accounts.csv").write_text("mine", encoding="utf-8")
    assert run(["-C", str(tmp_path), "init"]) == 2
    assert "exists already" in capsys.readouterr().err
    assert not (tmp_path / "migration.toml").exists()


def test_an_open_folder_with_files_is_not_taken_over(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir(mode=0o755)
    (folder / "photo.jpg").touch()
    assert run(["init", str(folder)]) == 2
    assert folder.stat().st_mode & 0o777 == 0o755


def test_systems_are_chosen(tmp_path: Path) -> None:
    run(["init", str(tmp_path), "--source", "old=imap", "--target", "imap", "--target", "nextcloud"])
    tables = tomllib.loads((tmp_path / "migration.toml").read_text(encoding="utf-8"))
    assert tables["source"]["old"]["connector"] == "imap"
    assert list(tables["target"]) == ["imap", "nextcloud"]
    assert run(["init", str(tmp_path / "other"), "--target", "exchange"]) == 2
