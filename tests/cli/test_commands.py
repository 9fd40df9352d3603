"""The command line on two memory twins: what people read, what programs read, and every exit code."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from migrate.config import FILE, load_project
from migrate.ledger import project_lock
from migrate.model import Service
from tests.cli.calls import Call
from tests.engine.twins import Twins, message


def test_plan_apply_verify_status(call: Call, twins: Twins) -> None:
    here = ("-C", twins.directory)
    planned = call(*here, "plan", "--detailed-exitcode", "--json")
    assert planned.code == 10
    assert planned.of("plan")[0]["planned"] == 7
    assert planned.of("plan")[0]["sums_check"] is True
    assert "7 items found = 7 planned + 0 present" in planned.people
    assert Path(planned.of("plan")[0]["path"]).is_file()

    applied = call(*here, "apply", "--json")
    assert applied.code == 0
    assert (applied.of("apply")[0]["done"], applied.of("apply")[0]["already"]) == (7, 0)
    assert len(twins.bodies(twins.target, Service.MAIL)) == 5

    again = call(*here, "apply", "--json")
    assert again.code == 0
    assert again.of("apply")[0]["already"] == 7
    assert "Nothing to do" in again.people

    verified = call(*here, "verify", "--json")
    assert verified.code == 0
    assert verified.of("verify")[0]["differences"] == 0
    assert "0 differences" in verified.people

    empty = call(*here, "plan", "--detailed-exitcode")
    assert empty.code == 0
    assert "Nothing to do" in empty.people
    assert empty.raw == ""

    state = call(*here, "status", "--json")
    assert state.code == 0
    assert {row["command"] for row in state.of("run")} >= {"apply", "verify"}


def test_every_json_output_begins_with_the_version_and_ends_with_the_code(call: Call, twins: Twins) -> None:
    for command in (["plan"], ["show"], ["apply"], ["status"], ["verify"], ["connectors"], ["plan", "--wave", "x"]):
        ended = call("-C", twins.directory, *command, "--json")
        assert ended.programs[0]["type"] == "version"
        assert ended.programs[0]["format"] == "1.0"
        assert ended.programs[-1]["type"] == "exit"
        assert ended.programs[-1]["code"] == ended.code
        assert len([row for row in ended.programs if row["type"] == "version"]) == 1


def test_no_title_and_no_name_is_told(call: Call, tmp_path: Path) -> None:
    twins = Twins(tmp_path / "project")
    twins.add(Service.FILES, ("Dossier confidentiel",), "licenciement.txt", b"x")
    twins.add(Service.MAIL, ("Syndicat",), "", message(1).replace(b"Subject: s", b"Subject: greve"))
    for command in (["plan"], ["show"], ["apply"], ["verify"], ["status"]):
        ended = call("-C", twins.directory, *command, "--json", "-v")
        told = ended.people + ended.raw
        assert not re.search("confidentiel|licenciement|Syndicat|greve", told), command


def test_filters(call: Call, twins: Twins) -> None:
    here = ("-C", twins.directory, "--json", "plan")
    assert call(*here, "--only", "files").of("plan")[0]["planned"] == 1
    assert call(*here, "--account", "BO,ana", "--only", "mail").of("plan")[0]["planned"] == 6
    assert call(*here, "--account", "bo").of("plan")[0]["planned"] == 1
    assert {row["account"] for row in call(*here, "--wave", "1").of("lane")} == {"ana", "bo"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["plan", "--only", "mails"], "no service 'mails'.*\n.*Did you mean mail?"),
        (["plan", "--account", "anna"], "no account 'anna'.*\n.*Did you mean ana?"),
        (["plan", "--wave", "7"], "no wave '7'.*\n.*Known: 1"),
        (["plann"], "no command 'plann'. Did you mean 'plan'?"),
        (["plan", "--fast"], "No such option"),
        (["verify", "--level", "deep"], "'deep' is not one of"),
        (["apply", "--only", "mail"], "No such option"),
        (["apply", "no-such-plan"], "no-such-plan"),
    ],
)
def test_wrong_usage_ends_with_2(arguments: list[str], told: str, call: Call, twins: Twins) -> None:
    ended = call("-C", twins.directory, *arguments)
    assert ended.code == 2
    assert re.search(told, ended.people), ended.people
    assert "Traceback" not in ended.people


def test_a_wave_from_the_first_pass_to_the_signature(call: Call, twins: Twins) -> None:
    here, wave = ("-C", twins.directory), ("--wave", "1")
    assert (
        "next: transhume apply"
        in call(*here, "status").people + call(*here, "plan").people + call(*here, "status").people
    )
    early = call(*here, "cutover", *wave)
    assert early.code == 4
    assert "First: transhume plan --wave 1" in early.people
    call(*here, "apply")
    assert "Wave 1: prestaged since" in call(*here, "status").people
    listed = call(*here, "approve", *wave)
    assert (listed.code, "Nothing is recorded yet" in listed.people) == (0, True)
    assert "Approved by Ana" in call(*here, "approve", *wave, "--by", "Ana").people
    done = call(*here, "cutover", *wave, "--json")
    assert done.code == 0
    assert done.of("wave")[-1]["state"] == "verified"
    assert done.of("verify")[0]["differences"] == 0
    assert done.of("todo")
    assert "Checklist" in done.people
    assert call(*here, "sign", *wave, "--by", " ").code == 2
    assert call(*here, "sign", "--wave", "7", "--by", "Ana").code == 2
    assert "signed off by Ana" in call(*here, "sign", *wave, "--by", "Ana").people
    assert call(*here, "sign", *wave, "--by", "Ana").code == 4
    assert "signed, signed by" not in call(*here, "status").people
    assert "Wave 1: signed since" in call(*here, "status").people


def test_a_wrong_configuration_ends_with_2(call: Call, twins: Twins, tmp_path: Path) -> None:
    assert "migration.toml: the file cannot be read" in call("-C", tmp_path, "plan").people
    (twins.directory / FILE).write_text("[migration", encoding="utf-8")
    ended = call("-C", twins.directory, "plan")
    assert ended.code == 2
    assert "migration.toml:1: not TOML" in ended.people


def test_show_finds_a_plan_by_its_id_and_warns_when_it_is_stale(call: Call, twins: Twins) -> None:
    plan = call("-C", twins.directory, "plan", "--json").of("plan")[0]
    shown = call("-C", twins.directory, "show", plan["plan"], "--json")
    assert shown.code == 0
    assert shown.of("plan")[0] == plan
    assert "warning" not in shown.people
    with (twins.directory / FILE).open("a", encoding="utf-8") as file:
        file.write("[mail]\nspam = true\n")
    assert (
        "apply will refuse this plan: changed in migration.toml: mail.spam"
        in call("-C", twins.directory, "show").people
    )
    assert call("-C", twins.directory, "apply").code == 4


def test_an_altered_plan_ends_with_4(call: Call, twins: Twins) -> None:
    path = Path(call("-C", twins.directory, "plan", "--json").of("plan")[0]["path"])
    path.write_text(path.read_text().replace('"size":5', '"size":6'), encoding="utf-8")
    for command in ("apply", "show"):
        ended = call("-C", twins.directory, command)
        assert ended.code == 4
        assert "altered" in ended.people


def test_a_second_command_ends_with_7(call: Call, twins: Twins) -> None:
    with project_lock(twins.directory):
        ended = call("-C", twins.directory, "plan")
    assert ended.code == 7
    assert f"process {os.getpid()}" in ended.people


def test_a_difference_ends_with_8(call: Call, twins: Twins) -> None:
    call("-C", twins.directory, "plan")
    call("-C", twins.directory, "apply")
    with twins.target.space("ana", Service.FILES) as space:
        space.items.clear()
    ended = call("-C", twins.directory, "verify", "--json")
    assert ended.code == 8
    assert ended.of("verify")[0]["missing"] == 1


def test_connectors_tells_every_option(call: Call) -> None:
    ended = call("connectors", "--json")
    names = {row["name"]: row for row in ended.of("connector")}
    assert ended.code == 0
    assert names.keys() >= {"google", "imap", "memory", "nextcloud"}
    password = next(option for option in names["imap"]["options"] if option["name"] == "password")
    assert password["secret"] is True
    assert "password (secret reference" in ended.people


def test_doctor_reports_each_check(call: Call, twins: Twins) -> None:
    ended = call("-C", twins.directory, "doctor", "--json")
    assert ended.code == 0
    assert {row["system"] for row in ended.of("check")} == {"source.src", "target.dst"}
    assert ended.people.count("PASS") == len(ended.of("check")) + 1


def test_options_stand_before_or_after_the_command(call: Call, twins: Twins) -> None:
    before = call("--json", "-C", twins.directory, "status")
    after = call("status", "-C", twins.directory, "--json")
    assert before.programs == after.programs


def test_help_and_version(call: Call) -> None:
    assert re.fullmatch(r"transhume \d+\.\d+\.\d+\n", call("--version").raw)
    top = call("--help")
    assert top.code == 0
    for name in ("init", "connectors", "doctor", "plan", "show", "apply", "status", "verify", "sandbox", "demo"):
        assert f"\n  {name} " in top.raw
        assert call(name, "--help").code == 0
    assert call().code == 2


def test_the_project_stays_private(call: Call, twins: Twins) -> None:
    for command in ("plan", "apply", "verify", "status"):
        call("-C", twins.directory, command)
    modes = {path: path.stat().st_mode & 0o077 for path in twins.directory.rglob("*") if path.name != "seed"}
    assert not [path for path, mode in modes.items() if mode], "others can read these"
    assert load_project(twins.directory)
