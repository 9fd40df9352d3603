"""The plan on disk: whole or refused, and without a name in the part that may be shown."""

from __future__ import annotations

import hashlib
import json
import stat
from pathlib import Path

import pytest

from migrate.errors import PlanRefused, UsageError
from migrate.model import Collection, Disposition, Loss, Verb
from migrate.planfile import Action, Left, Place, PlanFile, PlanWriter, Section, Totals, newest

SECRET = "Dossier Martin"


def write(directory: Path, actions: int = 3) -> Path:
    writer = PlanWriter(directory, tool="1", project="sha256:p", filters={})
    for lane in ("a/mail", "b/files"):
        writer.lane(Section(lane=lane, account=lane[0], service=lane[2:], target="t"))
        writer.collection(
            Place(number=1, n=writer.next_number(), collection=Collection(href="", path=(SECRET,), role=""))
        )
        for number in range(actions):
            writer.action(
                Action(
                    n=writer.next_number(),
                    verb=Verb.CREATE,
                    href=f"{SECRET}/{number}",
                    etag=f"e{number}",
                    size=number,
                    collection=1,
                    name=f"{SECRET} {number}.odt",
                    flags=("$martin",),
                    losses=(Loss(field="name", reason="changed"),),
                )
            )
        writer.left(Left(disposition=Disposition.BLOCKED, code="too-large", href=f"{SECRET}/x", name=SECRET))
        writer.totals(
            Totals(
                discovered=actions + 1,
                counts={"planned": actions, "blocked": 1},
                bytes_planned=3,
                bytes_exact=True,
                reasons=(("blocked", "too-large", "over the limit", 1),),
                losses=(("name", "changed", actions),),
            )
        )
    return writer.finish()


def test_what_is_written_is_read(tmp_path: Path) -> None:
    plan = PlanFile(write(tmp_path / "plans"))
    assert (plan.actions, plan.steps) == (6, 8)
    first, second = plan.sections
    assert [a.n for a in plan.section_actions(first)] == [2, 3, 4]
    assert [a.n for a in plan.section_actions(second)] == [6, 7, 8]
    action = next(plan.section_actions(second))
    assert (action.href, action.name, action.flags) == (f"{SECRET}/0", f"{SECRET} 0.odt", ("$martin",))
    assert action.losses == (Loss(field="name", reason="changed"),)
    assert [p.collection.path for p in plan.places(second)] == [(SECRET,)]
    assert [left.code for left in plan.section_left(second)] == ["too-large"]
    assert second.totals is not None
    assert second.totals.counts == {"planned": 3, "blocked": 1}
    assert newest(tmp_path / "plans") == plan.path


def test_the_plan_names_nothing_and_both_files_are_private(tmp_path: Path) -> None:
    path = write(tmp_path / "plans")
    text = path.read_text("utf-8")
    assert SECRET not in text
    assert "martin" not in text
    assert SECRET in path.with_suffix(".names.jsonl").read_text("utf-8")
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("part", ["", ".names"])
@pytest.mark.parametrize("at", [0.2, 0.5, 0.9])
def test_an_altered_byte_is_refused(tmp_path: Path, part: str, at: float) -> None:
    path = write(tmp_path / "plans")
    victim = path.with_suffix(f"{part}.jsonl")
    data = bytearray(victim.read_bytes())
    data[int(len(data) * at)] ^= 1
    victim.write_bytes(bytes(data))
    with pytest.raises(PlanRefused):
        PlanFile(path)


def test_a_cut_plan_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "plans")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]))
    with pytest.raises(PlanRefused, match="cut"):
        PlanFile(path)


def test_a_line_removed_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "plans")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:4] + lines[5:]))
    with pytest.raises(PlanRefused, match="altered"):
        PlanFile(path)


def test_a_plan_of_an_earlier_minor_format_is_read(tmp_path: Path) -> None:
    """2.0 knew neither how long a lane takes nor why."""
    path = write(tmp_path / "plans")
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    for row in rows:
        row.pop("seconds", None)
        row.pop("limit", None)
    rows[0]["format"] = "2.0"
    text = "".join(json.dumps(row) + "\n" for row in rows)
    older = path.with_name(f"20260101T000000000Z-{hashlib.sha256(text.encode()).hexdigest()[:12]}.jsonl")
    older.write_text(text, encoding="utf-8")
    path.with_suffix(".names.jsonl").rename(older.with_suffix(".names.jsonl"))
    plan = PlanFile(older)
    assert plan.actions == 6
    totals = plan.sections[0].totals
    assert totals is not None
    assert (totals.seconds, totals.limit) == ((0.0, 0.0), "")


def test_no_plan_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "plans").mkdir()
    with pytest.raises(UsageError, match="no plan"):
        newest(tmp_path / "plans")
    with pytest.raises(UsageError, match="missing"):
        PlanFile(tmp_path / "plans" / "nothing.jsonl")
