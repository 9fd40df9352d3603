"""The project: every error with its file and line, all account rows checked at once, a stable fingerprint."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from migrate.config import Filters, Project, load_project, routes
from migrate.errors import ConfigError
from migrate.model import Service
from migrate.secrets import Reference
from tests.toys import CSV, TOML, install, write_project


@pytest.fixture(autouse=True)
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_project(tmp_path / "project")


def load(tmp_path: Path, toml: str = TOML, csv: str | bytes = CSV) -> Project:
    return load_project(write_project(tmp_path / "project", toml, csv))


def test_a_project(folder: Path) -> None:
    project = load_project(folder)
    assert (project.name, project.language, project.territory) == ("Association Les Tilleuls", "fr", "FR")
    assert list(project.targets) == ["mail", "cloud"]
    here = project.sources["here"]
    assert here.connector == "toy"
    assert {key: here.settings[key] for key in ("host", "port", "ratio", "loud")} == {
        "host": "here.example.org",
        "port": 993,
        "ratio": None,
        "loud": False,
    }
    assert isinstance(here.settings["password"], Reference)
    assert project.targets["mail"].settings["port"] == 1143
    assert project.ledger == folder / "ledger.sqlite3"
    assert project.accounts[1].targets == {"mail": "bob"}
    with pytest.raises(dataclasses.FrozenInstanceError):
        project.name = "other"  # type: ignore[misc]


def test_routes_give_each_service_to_the_first_target_that_takes_it(folder: Path) -> None:
    lanes = {lane.key: lane for lane in routes(load_project(folder))}
    goes = {key: (lane.target.name if lane.target else None, lane.target_account) for key, lane in lanes.items()}
    assert goes == {
        "here/Anne@tilleuls.example/mail": ("mail", "anne"),
        "here/Anne@tilleuls.example/calendar": ("cloud", "anne.c"),
        "here/bob@tilleuls.example/mail": ("mail", "bob"),
        "here/bob@tilleuls.example/calendar": (None, ""),
    }


def test_filters(folder: Path) -> None:
    lanes = routes(load_project(folder))

    def kept(**chosen: frozenset[str]) -> list[str]:
        return [lane.key for lane in lanes if Filters(**chosen).accept(lane)]  # type: ignore[arg-type]

    assert len(kept()) == 4
    assert kept(waves=frozenset({"2"}), services=frozenset({Service.MAIL})) == ["here/bob@tilleuls.example/mail"]
    assert len(kept(accounts=frozenset({"ANNE@tilleuls.example"}))) == 2


@pytest.mark.parametrize(
    ("before", "after", "line", "told"),
    [
        ('name = "Asso', 'name = 3\nx = "Asso', 3, "unknown key 'x'"),
        ('name = "Association Les Tilleuls"', "", 1, r"'name' is missing in \[migration\]"),
        ('name = "Association Les Tilleuls"', "name = 3", 2, "'name' in .migration.: .*string"),
        ("[migration]", "[migation]", 1, "unknown section 'migation'. Did you mean 'migration'"),
        ("[migration]", '[mail]\n[migration]\nlanguage = "de"', 3, "'language'.*'fr' or 'en'"),
        ("[migration]", "[mial]\n[migration]", 1, r"unknown section 'mial'.*Did you mean 'mail'"),
        ("port = 1143", "port = '1143'", 12, "'port' in .target.mail.: .*integer"),
        ("port = 1143", "port = true", 12, "'port' in .target.mail.: .*integer"),
        ("port = 1143", "prot = 1143", 12, "unknown key 'prot' in .target.mail.. Did you mean 'port'"),
        ('host = "there.example.org"', "", 9, "'host' is missing in .target.mail."),
        ('host = "there.example.org"', 'host = "…"', 11, "still to be filled in"),
        ('"shelf"', '"shelff"', 15, "no connector named 'shelff'. Did you mean 'shelf'"),
        ('"shelf"', '"reader"', 15, "'reader' cannot be a target"),
        ('connector = "shelf"', "", 14, "'connector' is missing in .target.cloud."),
        ("[target.cloud]", "[target.Cloud]", 14, "'Cloud' cannot name a target"),
        ("[target.cloud]", "[target.source]", 14, "'source' cannot name a target"),
        ("port = 1143", "port = = 1", 12, "not TOML"),
        ("port = 1143", 'port = "', 12, "not TOML"),
        ('"env:HERE"', '"hunter2 in clear"', 7, "'password' in .source.here.: a secret is given by reference"),
        ('"env:HERE"', "12345678", 7, "'password' in .source.here.: .*string"),
        ("[source.here]", "[source]\nhere = 3\n[source.other]", 5, "source.here is a table"),
    ],
)
def test_an_error_names_file_and_line(before: str, after: str, line: int, told: str, tmp_path: Path) -> None:
    assert before in TOML
    with pytest.raises(ConfigError, match=told) as caught:
        load(tmp_path, TOML.replace(before, after))
    assert caught.value.message.startswith(f"{tmp_path}/project/migration.toml:{line}: ")
    assert not {"hunter2", "12345678"} & set(caught.value.message.split("'"))


def test_lines_are_found_behind_multi_line_values(tmp_path: Path) -> None:
    text = TOML.replace('"Association Les Tilleuls"', '"""Les\n[target.mail]\nport = 2\n"""').replace("1143", '"x"')
    with pytest.raises(ConfigError, match=r"migration\.toml:15: 'port'"):
        load(tmp_path, text)


@pytest.mark.parametrize(
    "csv",
    [
        "\ufeff" + CSV,
        CSV.replace(",", ";"),
        CSV.replace(",", "\t"),
        CSV.replace("\n", "\r\n"),
        CSV.replace("source,source_account", "Source, SOURCE_ACCOUNT "),
        CSV.replace("bob,,2", "bob,,2\n,,,,\n\n"),
        CSV.replace("anne,", '"anne",'),
    ],
)
def test_what_spreadsheets_write(csv: str, tmp_path: Path) -> None:
    rows = load(tmp_path, csv=csv).accounts
    assert [row.source_account for row in rows] == ["Anne@tilleuls.example", "bob@tilleuls.example"]
    assert rows[0].targets == {"mail": "anne", "cloud": "anne.c"}


def test_every_bad_row_is_told_at_once(tmp_path: Path) -> None:
    csv = CSV + (
        "there,x@tilleuls.example,x,x,1\n"
        ",y@tilleuls.example,y,y,1\n"
        "here,,z,z,1\n"
        "here,anne@TILLEULS.example,a2,a2,1\n"
        "here,v@tilleuls.example,,,1\n"
        "here,u@tilleuls.example,u,u,\n"
        "here,t@tilleuls.example,t\n"
        'here,"s@tilleuls.example\nsecond line",s,s,1\n'
    )
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, csv=csv)
    path = tmp_path / "project" / "accounts.csv"
    assert caught.value.message.splitlines() == [
        f"{path}:4: there is no [source.there] in the configuration (did you mean 'here'?)",
        f"{path}:5: the cell 'source' is empty",
        f"{path}:6: the cell 'source_account' is empty",
        f"{path}:7: the same source account as on line 2",
        f"{path}:8: no target account: every target's cell is empty",
        f"{path}:9: the cell 'wave' is empty",
        f"{path}:10: 3 cells where the header has 5",
        f"{path}:11: a cell holds a control character or a line break",
    ]


@pytest.mark.parametrize(
    ("csv", "told"),
    [
        ("", r":1: the file is empty"),
        (CSV.splitlines()[0], r":1: there is no account below the header"),
        (CSV.replace("mail_account", "mial_account"), r":1: unknown column 'mial_account' \(did you mean 'mail_acc"),
        (CSV.replace("source,source_account", "source,account"), r":1: the column 'source_account' is missing"),
        (CSV.replace("mail_account", "cloud_account"), r":1: the column 'cloud_account' appears twice"),
        ("source,source_account,wave\nhere,a,1\n", r"no column names a target account: mail_account, cloud_account"),
        (CSV.replace("bob,", "b\u00f4b,").encode("latin-1"), r":3: the file is not UTF-8"),
        (CSV.encode("utf-16-le"), r":1: the file is not UTF-8"),
        (CSV + 'here,"open,a,b,c\n', r":4: this line is not CSV"),
    ],
)
def test_a_bad_table(csv: str | bytes, told: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=told):
        load(tmp_path, csv=csv)


def test_missing_files(tmp_path: Path, folder: Path) -> None:
    (folder / "accounts.csv").unlink()
    with pytest.raises(ConfigError, match=r"accounts\.csv: the accounts file cannot be read: No such file"):
        load_project(folder)
    (folder / "migration.toml").unlink()
    with pytest.raises(ConfigError, match=r"migration\.toml: the file cannot be read: No such file"):
        load_project(folder)
    with pytest.raises(ConfigError, match=r"nowhere/migration\.toml: the file cannot be read"):
        load_project(tmp_path / "nowhere")


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o705])
def test_an_open_folder_is_refused(mode: int, folder: Path) -> None:
    folder.chmod(mode)
    with pytest.raises(ConfigError, match="personal data") as caught:
        load_project(folder)
    assert caught.value.advice == f"Close it: chmod 700 {folder}"


def test_the_fingerprint_is_of_what_decides_the_plan(tmp_path: Path) -> None:
    first = load(tmp_path).fingerprint
    head, anne, bob = CSV.splitlines()
    same = [
        load(tmp_path, "# a remark\n" + TOML),
        load(tmp_path, TOML.replace("port = 1143", "port = 1143\nloud = false")),
        load(tmp_path, TOML.replace("env:HERE", "file:elsewhere")),
        load(tmp_path, csv="\n".join([head, bob, anne]) + "\n"),
        load(tmp_path, csv=CSV.replace(",", ";")),
    ]
    assert {project.fingerprint for project in same} == {first}
    other = [
        load(tmp_path, TOML.replace("1143", "1144")),
        load(tmp_path, TOML + "[mail]\nspam = true\n"),
        load(tmp_path, csv=CSV.replace("anne.c", "anne.d")),
    ]
    assert len({first, *(project.fingerprint for project in other)}) == 4
    assert first.startswith("sha256:")
