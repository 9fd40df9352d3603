"""Waves from the first pass to the signature, on two memory twins, as the command line drives them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.apply import apply_plan
from migrate.checklist import checklist
from migrate.config import FILE, Filters, load_project
from migrate.errors import Exit, PlanRefused, WaveRefused
from migrate.handover import approve, cutover, sign
from migrate.ledger import Ledger
from migrate.ledger.waves import waves
from migrate.model import FindingKind, Service
from migrate.plan import make_plan
from migrate.rules import Rules
from migrate.status import status
from migrate.waves import MOVES, Wave, WaveState, advance, after_apply, next_step
from tests.engine.twins import Twins, message


@pytest.fixture
def twins(tmp_path: Path) -> Twins:
    made = Twins(tmp_path / "project", ("ana", "bo"))
    for number in range(3):
        made.add(Service.MAIL, ("Archive",), "", message(number))
    made.add(Service.MAIL, ("Archive",), "", message(9), person="bo")
    return made


def state(twins: Twins, name: str = "1") -> str:
    with Ledger(twins.project.ledger) as ledger:
        return waves(ledger).get(name, Wave(name=name)).title


def a_pass(twins: Twins, **asked: Rules) -> None:
    plan = make_plan(twins.project, **asked)
    assert plan.exit_code == 0
    assert apply_plan(twins.project).exit_code == 0


def edit(twins: Twins, name: str, change: Callable[[str], str]) -> None:
    file = twins.directory / name
    file.write_text(change(file.read_text(encoding="utf-8")), encoding="utf-8")


def test_from_the_pilot_to_the_signature(twins: Twins) -> None:
    assert state(twins) == "planned"
    a_pass(twins, rules=Rules(trial=True))
    assert state(twins) == "planned", "a trial is no whole pass"
    a_pass(twins)
    assert state(twins) == "prestaged"
    apply_plan(twins.project)
    assert state(twins) == "prestaged", "the same plan again is no further pass"
    twins.add(Service.MAIL, ("Archive",), "", message(10))
    a_pass(twins)
    a_pass(twins)
    assert state(twins) == "delta 2"

    with pytest.raises(WaveRefused, match="Nobody approved"):
        cutover(twins.project, "1")
    with pytest.raises(WaveRefused, match="only a verified wave"):
        sign(twins.project, "1", "Ana")
    approve(twins.project, "1")
    assert not status(twins.project).waves[0].approved_by, "listing records nothing"
    approve(twins.project, "1", "Ana")

    twins.add(Service.MAIL, ("Archive",), "", message(11))
    done = cutover(twins.project, "1")
    assert (done.exit_code, done.wave.state) == (Exit.DONE, WaveState.VERIFIED)
    assert done.applied is not None
    assert done.applied.done == 1
    assert len(twins.bodies(twins.target, Service.MAIL)) == 5
    assert any("cutover --wave 1 again" in text for _, text in done.checklist)

    twins.add(Service.MAIL, ("Archive",), "", message(12))
    late = cutover(twins.project, "1")
    assert late.wave.state is WaveState.VERIFIED
    assert len(twins.bodies(twins.target, Service.MAIL)) == 6

    sign(twins.project, "1", "Bo")
    twins.add(Service.MAIL, ("Archive",), "", message(13))
    plan = make_plan(twins.project)
    assert not plan.changes
    assert all("signed off" in lane.blocked for lane in plan.lanes)
    for step in (lambda: cutover(twins.project, "1"), lambda: sign(twins.project, "1", "Bo")):
        with pytest.raises(WaveRefused, match="signed off"):
            step()
    with pytest.raises(WaveRefused, match="signed off"):
        approve(twins.project, "1", "Bo")


def test_a_plan_made_before_the_signature_is_not_applied_after_it(twins: Twins) -> None:
    a_pass(twins)
    approve(twins.project, "1", "Ana")
    assert cutover(twins.project, "1").exit_code == 0
    twins.add(Service.MAIL, ("Archive",), "", message(20))
    make_plan(twins.project)
    sign(twins.project, "1", "Ana")
    with pytest.raises(WaveRefused, match="nothing of it is written"):
        apply_plan(twins.project)
    assert len(twins.bodies(twins.target, Service.MAIL)) == 3


def test_what_nobody_approved_stops_the_cutover_before_it_writes(twins: Twins) -> None:
    """A message that somebody deleted at the target since does not come back: that is told, and must be approved."""
    a_pass(twins)
    approve(twins.project, "1", "Ana")
    twins.add(Service.MAIL, ("Archive",), "", message(30))
    with twins.target.space("ana", Service.MAIL) as space:
        del space.items[next(iter(space.items))]
    with pytest.raises(WaveRefused, match="Nobody approved this yet: excluded: deleted-at-target"):
        cutover(twins.project, "1")
    assert state(twins) == "prestaged"
    assert len(twins.bodies(twins.target, Service.MAIL)) == 2
    assert approve(twins.project, "1", "Ana").new == ("excluded: deleted-at-target",)
    done = cutover(twins.project, "1")
    assert (done.exit_code, done.wave.state) == (Exit.DONE, WaveState.VERIFIED)
    assert done.proof is not None
    assert done.proof.counts == {FindingKind.MATCH: 4, FindingKind.DELETED: 1}
    assert len(twins.bodies(twins.target, Service.MAIL)) == 3


def test_a_difference_keeps_the_wave_from_being_verified(twins: Twins) -> None:
    """Bytes that changed at the target while its etag did not."""
    a_pass(twins)
    approve(twins.project, "1", "Ana")
    with twins.target.space("ana", Service.MAIL) as space:
        href, whole = next(iter(space.items.items()))
        space.items[href] = replace(whole, body=whole.body.replace(b"body", b"ydob"))
    done = cutover(twins.project, "1")
    assert (done.exit_code, done.wave.state) == (Exit.DIFFERENCES, WaveState.CUTOVER)
    with pytest.raises(WaveRefused, match="only a verified wave"):
        sign(twins.project, "1", "Ana")
    with twins.target.space("ana", Service.MAIL) as space:
        space.items[href] = whole
    assert cutover(twins.project, "1").wave.state is WaveState.VERIFIED


def test_people_and_waves_are_added_while_a_plan_waits(twins: Twins) -> None:
    make_plan(twins.project)
    edit(twins, "accounts.csv", lambda text: f"{text}src,cleo,cleo,2\n")
    assert apply_plan(twins.project).exit_code == 0
    assert state(twins) == "prestaged"
    twins.add(Service.MAIL, ("Archive",), "", message(40), person="cleo")
    a_pass(twins)
    assert (state(twins), state(twins, "2")) == ("delta 1", "prestaged")
    assert [one.title for one in status(twins.project).waves] == ["delta 1", "prestaged"]


def test_a_plan_of_one_wave_moves_that_wave_alone(twins: Twins) -> None:
    edit(twins, "accounts.csv", lambda text: text.replace("src,bo,bo,1", "src,bo,bo,2"))
    make_plan(twins.project, Filters(waves=frozenset({"2"})))
    apply_plan(twins.project)
    assert (state(twins), state(twins, "2")) == ("planned", "prestaged")
    make_plan(twins.project, Filters(accounts=frozenset({"bo"}), services=frozenset({Service.MAIL})))
    apply_plan(twins.project)
    assert state(twins, "2") == "prestaged", "one service is no whole pass"


def test_a_changed_setting_is_named(twins: Twins) -> None:
    make_plan(twins.project)
    edit(twins, FILE, lambda text: f"{text}[mail]\nspam = true\n")
    with pytest.raises(PlanRefused, match=r"changed in migration\.toml: mail\.spam"):
        apply_plan(twins.project)
    a_pass(twins)


def test_a_system_that_moved_holds_its_accounts_back_until_it_is_accepted(twins: Twins) -> None:
    a_pass(twins)
    edit(twins, FILE, lambda text: text.replace('-dst"', '-elsewhere"'))
    plan = make_plan(twins.project)
    assert plan.exit_code == Exit.PLAN_REFUSED
    assert not plan.changes
    told = {lane.blocked for lane in plan.lanes if lane.blocked}
    assert any("target.dst.name changed since 3 items were moved" in text for text in told)
    accepted = make_plan(load_project(twins.directory), accept=True)
    assert accepted.exit_code == 0


def test_people_whose_account_changed_are_held_back_alone(twins: Twins) -> None:
    a_pass(twins)
    edit(twins, "accounts.csv", lambda text: text.replace("src,bo,bo,1", "src,bo,robert,1"))
    plan = make_plan(twins.project)
    held = {lane.account for lane in plan.lanes if "the target account changed" in lane.blocked}
    assert held == {"bo"}


@given(st.lists(st.sampled_from(WaveState), max_size=12))
def test_no_way_leads_out_of_a_signature_and_none_around_a_proof(steps: list[WaveState]) -> None:
    one, passed = Wave(name="1"), [WaveState.PLANNED]
    for step in steps:
        try:
            one = advance(one, step)
        except WaveRefused:
            assert step not in MOVES[one.state]
            continue
        passed.append(one.state)
    if WaveState.SIGNED in passed:
        assert passed[-1] is WaveState.SIGNED
        assert passed[-2] is WaveState.VERIFIED
    assert after_apply(one).state in {one.state, *MOVES[one.state]}
    assert next_step(one)


def test_the_checklist_keeps_the_exchanger_while_people_wait() -> None:
    mail = {"a@tilleuls.example": True, "b@tilleuls.example": False, "c@other.example": True}
    steps = checklist(date(2027, 3, 1), "2", ["a@tilleuls.example", "c@other.example"], mail)
    texts = [text for _, text in steps]
    assert "tilleuls.example: forward the mail of the 1 moved accounts" in texts[1]
    assert "1 accounts are still to come" in texts[1]
    assert "other.example: point the mail exchanger" in texts[0]
    assert [day for day, _ in steps] == sorted(day for day, _ in steps)
    assert steps[-1][0] == date(2027, 3, 31)
    assert checklist(date(2027, 3, 1), "2", [], {})[0][1].startswith("when people agree")
