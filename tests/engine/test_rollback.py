"""Rollback on two memory twins: what we made goes, what people made or changed stays, and nothing is left to chance."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from connectors.memory import seed
from connectors.memory_store import Crash, FaultKind, Held
from migrate.apply import apply_plan
from migrate.config import Filters, Project
from migrate.errors import Exit, PlanRefused, WaveRefused
from migrate.handover import approve, cutover, sign
from migrate.ledger import Ledger
from migrate.ledger.waves import waves
from migrate.model import Collection, Disposition, Fate, Grant, GrantKind, GrantRole, Service
from migrate.plan import make_plan
from migrate.rollback import rollback
from migrate.status import status
from migrate.summaries import RollbackSummary
from migrate.verify import verify
from migrate.waves import WaveState
from tests.engine.twins import CONFIG, Twins, message

PERSON = "ana"
READS = Grant(kind=GrantKind.USER, role=GrantRole.READ, principal="bo")


@pytest.fixture
def twins(tmp_path: Path) -> Twins:
    made = Twins(tmp_path / "project", ("ana", "bo"))
    for number in range(4):
        made.add(Service.MAIL, ("INBOX",), "", message(number), role="\\Inbox")
        made.add(Service.MAIL, ("Projets", "2026"), "", message(10 + number))
        made.add(Service.FILES, ("Comptes", "2026"), f"{number}.txt", b"n%d" % number)
    made.add(Service.MAIL, ("INBOX",), "", message(30), person="bo", role="\\Inbox")
    return made


def a_pass(twins: Twins) -> None:
    assert make_plan(twins.project).exit_code == 0
    assert apply_plan(twins.project).exit_code == 0


def held(twins: Twins, service: Service, person: str = PERSON) -> dict[str, Held]:
    with twins.target.space(person, service) as space:
        return dict(space.items)


def collections(twins: Twins, service: Service) -> set[str]:
    with twins.target.space(PERSON, service) as space:
        return set(space.collections)


def touch(twins: Twins, service: Service, one: Held, body: bytes) -> None:
    """Somebody edits it at the target."""
    entry = replace(one.entry, etag=f'"{twins.target.version()}"', size=len(body))
    twins.target.keep(PERSON, service, replace(one, entry=entry, body=body))


def test_by_default_nothing_is_changed(twins: Twins) -> None:
    a_pass(twins)
    before, ledger = len(twins.target.writes()), status(twins.project)
    summary = rollback(twins.project)
    assert not summary.done
    assert summary.total(Fate.REMOVED) == 13
    assert sum(lane.collections for lane in summary.lanes) == 4
    assert len(twins.target.writes()) == before
    assert status(twins.project) == ledger
    assert verify(twins.project).exit_code == 0


def test_what_was_made_goes_and_can_come_again(twins: Twins) -> None:
    empty = {service: collections(twins, service) for service in Service}
    a_pass(twins)
    seen = len(twins.source.calls)
    summary = rollback(twins.project, really=True)
    assert (summary.done, summary.exit_code, summary.total(Fate.REMOVED)) == (True, 0, 13)
    assert len(twins.source.calls) == seen, "the source is not even read"
    for service in Service:
        assert not held(twins, service)
        assert collections(twins, service) == empty[service]
    assert not held(twins, Service.MAIL, "bo")
    assert rollback(twins.project, really=True).total(Fate.REMOVED) == 0
    assert make_plan(twins.project).total(Disposition.PLANNED) == 13
    assert apply_plan(twins.project).done == 13
    assert verify(twins.project).exit_code == 0


def test_what_people_touched_stays_and_no_second_copy_comes(twins: Twins) -> None:
    a_pass(twins)
    file, mail = (next(iter(held(twins, service).values())) for service in (Service.FILES, Service.MAIL))
    touch(twins, Service.FILES, file, b"mine")
    touch(twins, Service.MAIL, mail, mail.body)
    summary = rollback(twins.project, really=True)
    assert (summary.total(Fate.REMOVED), summary.total(Fate.TOUCHED)) == (11, 2)
    assert [one.body for one in held(twins, Service.FILES).values()] == [b"mine"]
    assert sum(lane.kept for lane in summary.lanes) >= 1, "folders that hold something stay"
    a_pass(twins)
    bodies = [one.body for one in held(twins, Service.FILES).values()]
    assert (len(bodies), bodies.count(b"mine"), len(set(bodies))) == (4, 1, 4)
    assert len(held(twins, Service.MAIL)) == 8


def test_an_edit_between_the_listing_and_the_removal_stays(twins: Twins) -> None:
    a_pass(twins)
    twins.target.order("delete", FaultKind.STALE, count=1)
    summary = rollback(twins.project, really=True)
    assert (summary.total(Fate.REMOVED), summary.total(Fate.TOUCHED), summary.exit_code) == (12, 1, 0)


def test_what_was_there_before_stays_even_after_an_update(twins: Twins) -> None:
    twins.target.add_collection(PERSON, Service.FILES, Collection(href="", path=("Comptes",)))
    twins.target.add_collection(PERSON, Service.FILES, Collection(href="", path=("Comptes", "2026")))
    seed(twins.target, PERSON, Service.FILES, "0.txt", b"n0", collection="/Comptes/2026")
    a_pass(twins)
    seed(twins.source, PERSON, Service.FILES, "0.txt", b"newer", collection="/Comptes/2026")
    a_pass(twins)
    assert b"newer" in [one.body for one in held(twins, Service.FILES).values()]
    summary = rollback(twins.project, really=True)
    assert summary.total(Fate.THEIRS) == 1
    assert [one.body for one in held(twins, Service.FILES).values()] == [b"newer"]
    assert "/Comptes/2026" in collections(twins, Service.FILES), "it was there before us"


def test_what_was_there_before_stays_even_when_a_crash_hid_who_made_it(twins: Twins) -> None:
    """The intent is on record, nothing was sent, and an equal file of theirs lies there."""
    twins.target.add_collection(PERSON, Service.FILES, Collection(href="", path=("Comptes",)))
    twins.target.add_collection(PERSON, Service.FILES, Collection(href="", path=("Comptes", "2026")))
    seed(twins.target, PERSON, Service.FILES, "0.txt", b"n0", collection="/Comptes/2026")
    make_plan(twins.project)
    twins.target.order("put_many", FaultKind.CRASH)
    twins.target.order("put", FaultKind.CRASH)
    with pytest.raises(Crash):
        apply_plan(twins.project)
    twins.target.faults.clear()
    assert apply_plan(twins.project).exit_code == 0
    rollback(twins.project, really=True)
    assert [one.body for one in held(twins, Service.FILES).values()] == [b"n0"]


def test_shares_end_first_and_those_of_people_stay(twins: Twins) -> None:
    with twins.source.space(PERSON, Service.CALENDAR) as space:
        home = replace(space.collections["/Personnel"], grants=(READS,))
        space.collections["/Personnel"] = home
    a_pass(twins)
    theirs = Grant(kind=GrantKind.USER, role=GrantRole.WRITE, principal="someone")
    with twins.target.space(PERSON, Service.CALENDAR) as space:
        assert space.granted["/Personnel"] == [READS]
        space.granted["/Personnel"].append(theirs)
    assert rollback(twins.project).lanes[0].shares + sum(one.shares for one in rollback(twins.project).lanes[1:]) == 1
    done = rollback(twins.project, really=True)
    assert sum(one.shares for one in done.lanes) == 1
    with twins.target.space(PERSON, Service.CALENDAR) as space:
        assert space.granted["/Personnel"] == [theirs]
    a_pass(twins)
    with twins.target.space(PERSON, Service.CALENDAR) as space:
        assert READS in space.granted["/Personnel"]


@pytest.mark.parametrize("skip", range(13))
def test_a_rollback_that_dies_goes_on(twins: Twins, skip: int) -> None:
    a_pass(twins)
    twins.target.order("delete", FaultKind.CRASH, skip=skip)
    with pytest.raises(Crash):
        rollback(twins.project, really=True)
    twins.target.faults.clear()
    assert rollback(twins.project, really=True).exit_code == 0
    assert not held(twins, Service.MAIL)
    assert not held(twins, Service.FILES)
    a_pass(twins)
    assert verify(twins.project).exit_code == 0


def test_an_account_that_cannot_go_on_stops_alone(twins: Twins) -> None:
    a_pass(twins)
    twins.target.order("delete", FaultKind.REFUSED, account="bo")
    summary = rollback(twins.project, really=True)
    assert (summary.exit_code, summary.total(Fate.REMOVED)) == (Exit.AUTH, 12)
    assert state(twins.project) is WaveState.PRESTAGED, "not all of the wave is back"
    assert rollback(twins.project, really=True).exit_code == 0
    assert state(twins.project) is WaveState.PLANNED


def test_only_what_was_asked_for(twins: Twins) -> None:
    a_pass(twins)
    chosen = Filters(services=frozenset({Service.FILES}))
    assert rollback(twins.project, chosen, really=True).total(Fate.REMOVED) == 4
    assert not held(twins, Service.FILES)
    assert len(held(twins, Service.MAIL)) == 8
    assert state(twins.project) is WaveState.PRESTAGED


def state(project: Project) -> WaveState:
    with Ledger(project.ledger) as ledger:
        return waves(ledger)["1"].state


def test_older_plans_are_refused_and_the_wave_begins_again(twins: Twins) -> None:
    a_pass(twins)
    summary = rollback(twins.project, really=True)
    assert summary.waves == ("1",)
    assert state(twins.project) is WaveState.PLANNED
    assert status(twins.project).open == 13
    with pytest.raises(PlanRefused, match="rolled back"):
        apply_plan(twins.project)


def test_what_is_signed_off_is_not_taken_back(twins: Twins) -> None:
    a_pass(twins)
    approve(twins.project, "1", "Ana")
    assert cutover(twins.project, "1").exit_code == 0
    sign(twins.project, "1", "Ana")
    before = len(twins.target.writes())
    for really in (False, True):
        with pytest.raises(WaveRefused, match="signed off"):
            rollback(twins.project, really=really)
    assert len(twins.target.writes()) == before


def test_a_target_under_another_address_is_not_touched(twins: Twins) -> None:
    a_pass(twins)
    file = twins.directory / "migration.toml"
    file.write_text(CONFIG.format(name=str(twins.directory)).replace("-dst", "-other"), encoding="utf-8")
    with pytest.raises(PlanRefused, match=r"target\.dst\.name"):
        rollback(twins.project, really=True)


def test_a_write_without_a_record_is_told(twins: Twins) -> None:
    make_plan(twins.project)
    twins.target.order("put_many", FaultKind.CRASH)
    with pytest.raises(Crash):
        apply_plan(twins.project)
    twins.target.faults.clear()
    told: RollbackSummary = rollback(twins.project)
    assert sum(lane.unconfirmed for lane in told.lanes) > 0


def test_a_share_made_in_a_run_that_died_is_ours_to_end(twins: Twins) -> None:
    with twins.source.space(PERSON, Service.CALENDAR) as space:
        space.collections["/Personnel"] = replace(space.collections["/Personnel"], grants=(READS,))
    make_plan(twins.project)
    twins.target.order("grant", FaultKind.CRASH)
    with pytest.raises(Crash):
        apply_plan(twins.project)
    with twins.target.space(PERSON, Service.CALENDAR) as space:
        assert space.granted["/Personnel"] == [READS]
    assert apply_plan(twins.project).exit_code == 0
    rollback(twins.project, really=True)
    with twins.target.space(PERSON, Service.CALENDAR) as space:
        assert space.granted["/Personnel"] == []
