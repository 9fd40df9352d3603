"""Passes after the first: what is new, changed, moved, relabelled or gone at the source, with people at the target."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from connectors.memory import seed
from connectors.memory_store import Crash, FaultKind, Held, Store
from migrate.apply import apply_plan
from migrate.config import Filters
from migrate.model import Collection, Disposition, FindingKind, Service, Verb
from migrate.plan import make_plan
from migrate.planlane import Deletions
from migrate.rules import Rules
from migrate.summaries import PlanSummary
from migrate.verify import verify
from tests.engine.twins import Twins, message
from tests.machine.two_sides import body_of


@pytest.fixture(params=[True, False], ids=["delta", "relist"])
def twins(tmp_path: Path, request: pytest.FixtureRequest) -> Twins:
    twins = Twins(tmp_path / "p", name=f"{tmp_path}")
    twins.source.delta = request.param
    return twins


def plan_of(twins: Twins, **options: object) -> PlanSummary:
    """A plan of the services that these tests fill."""
    return make_plan(twins.project, Filters(services=frozenset({Service.MAIL, Service.FILES})), **options)  # type: ignore[arg-type]


def held(store: Store, service: Service, person: str = "ana") -> list[Held]:
    with store.space(person, service) as space:
        return sorted(space.items.values(), key=lambda one: one.number)


def change(store: Store, service: Service, one: Held, **fields: object) -> Held:
    """An edit by a person: the etag changes, and whatever else is given."""
    with store.space("ana", service):
        entry = replace(one.entry, etag=f'"{store.version()}"', **fields)  # type: ignore[arg-type]
        if entry.href != one.entry.href:
            store.remove("ana", service, one.entry.href)
        return store.keep("ana", service, replace(one, entry=entry))


def run(twins: Twins, **options: object) -> PlanSummary:
    """One pass; then there is nothing left to do."""
    planned = plan_of(twins, **options)
    assert planned.sums_check
    applied = apply_plan(twins.project, planned.path)
    assert (applied.failed, applied.drifted, applied.left) == (0, 0, 0), applied
    assert not plan_of(twins).changes
    return planned


def verbs(plan: PlanSummary) -> Counter[Verb]:
    return sum((Counter(lane.verbs) for lane in plan.lanes), Counter())


def codes(plan: PlanSummary) -> dict[str, int]:
    return {code: n for lane in plan.lanes for (_, code), n in lane.reasons.items()}


def test_a_second_pass_asks_for_changes_only(tmp_path: Path) -> None:
    twins = Twins(tmp_path / "p", name=f"{tmp_path}")
    for number in range(5):
        twins.add(Service.MAIL, ("INBOX",), "", message(number))
    run(twins)
    twins.source.calls.clear()
    twins.add(Service.MAIL, ("INBOX",), "", message(9))
    assert verbs(run(twins)) == {Verb.CREATE: 1}
    used = Counter(call.method for call in twins.source.calls)
    assert used["entries"] == 0
    assert used["changes"] == 4  # two plans of two services
    twins.source.forgotten = 1_000_000
    twins.source.calls.clear()
    assert not plan_of(twins).changes
    assert Counter(call.method for call in twins.source.calls)["entries"] == 2


def test_a_moved_message_keeps_its_only_copy_and_both_sides_flags(twins: Twins) -> None:
    twins.add(Service.MAIL, ("INBOX",), "", message(1))
    twins.source.add_collection("ana", Service.MAIL, Collection(href="", path=("Projets",)))
    run(twins)
    (there,) = held(twins.target, Service.MAIL)
    change(twins.target, Service.MAIL, there, flags=frozenset({"\\Flagged"}))
    (one,) = held(twins.source, Service.MAIL)
    change(twins.source, Service.MAIL, one, collection="/Projets", flags=frozenset({"\\Seen"}))
    assert verbs(run(twins)) == {Verb.MOVE: 1}
    (there,) = held(twins.target, Service.MAIL)
    assert (there.entry.collection, there.entry.flags) == ("/Projets", {"\\Flagged", "\\Seen"})
    assert verify(twins.project).exit_code == 0


def test_flags_follow_the_source_and_spare_what_people_did(twins: Twins) -> None:
    twins.add(Service.MAIL, ("INBOX",), "", message(1))
    (one,) = held(twins.source, Service.MAIL)
    one = change(twins.source, Service.MAIL, one, flags=frozenset({"\\Seen", "$todo"}))
    run(twins)
    (there,) = held(twins.target, Service.MAIL)
    change(twins.target, Service.MAIL, there, flags=frozenset({"$todo", "$mine"}))  # marked unread, and a keyword
    change(twins.source, Service.MAIL, one, flags=frozenset({"\\Seen", "\\Answered"}))  # $todo is done
    assert verbs(run(twins)) == {Verb.FLAGS: 1}
    (there,) = held(twins.target, Service.MAIL)
    assert there.entry.flags == {"\\Answered", "$mine"}


@pytest.mark.parametrize("moves", [True, False])
@pytest.mark.parametrize("href", ["same", "another"])
def test_a_renamed_file_is_never_there_twice(twins: Twins, moves: bool, href: str) -> None:
    files = twins.target.capabilities[Service.FILES]
    twins.target.capabilities[Service.FILES] = replace(files, moves=moves)
    twins.add(Service.FILES, ("Comptes",), "a.txt", b"contents")
    run(twins)
    (one,) = held(twins.source, Service.FILES)
    twins.source.add_collection("ana", Service.FILES, Collection(href="", path=("Archives",)))
    fields = {"collection": "/Archives", "name": "b.txt"} | ({"href": "/Archives#77"} if href == "another" else {})
    with twins.source.space("ana", Service.FILES):
        twins.source.remove("ana", Service.FILES, one.entry.href)
        twins.source.keep("ana", Service.FILES, replace(one, entry=replace(one.entry, **fields)))  # type: ignore[arg-type]
    plan = run(twins)
    assert verbs(plan) == {Verb.MOVE if moves else Verb.REPLACE: 1}
    (there,) = held(twins.target, Service.FILES)
    assert (there.entry.collection, there.entry.name, there.body) == ("/Archives", "b.txt", b"contents")
    assert verify(twins.project).exit_code == 0


def test_a_file_edited_at_the_target_follows_a_rename_with_its_edit(twins: Twins) -> None:
    twins.add(Service.FILES, (), "a.txt", b"contents")
    run(twins)
    seed(twins.target, "ana", Service.FILES, "a.txt", b"edited there", collection="/")
    (one,) = held(twins.source, Service.FILES)
    with twins.source.space("ana", Service.FILES):
        twins.source.keep("ana", Service.FILES, replace(one, entry=replace(one.entry, name="b.txt")))
    run(twins)
    (there,) = held(twins.target, Service.FILES)
    assert (there.entry.name, there.body) == ("b.txt", b"edited there")
    checked = verify(twins.project)
    assert (checked.exit_code, checked.counts[FindingKind.EDITED]) == (0, 1)


def test_what_takes_a_name_that_a_moved_file_leaves_is_brought_in_the_same_pass(twins: Twins) -> None:
    twins.add(Service.FILES, (), "journal", b"first")
    run(twins)
    (one,) = held(twins.source, Service.FILES)
    with twins.source.space("ana", Service.FILES):
        twins.source.keep("ana", Service.FILES, replace(one, entry=replace(one.entry, name="journal.1")))
    twins.add(Service.FILES, (), "journal", b"the second")
    assert verbs(run(twins)) == {Verb.MOVE: 1, Verb.CREATE: 1}
    assert {one.entry.name: one.body for one in held(twins.target, Service.FILES)} == {
        "journal": b"the second",
        "journal.1": b"first",
    }


def test_deletions_are_reported_and_propagated_only_on_demand_and_below_the_maximum(twins: Twins) -> None:
    for number in range(10):
        twins.add(Service.MAIL, ("INBOX",), "", message(number))
    run(twins)
    edited = next(one for one in held(twins.target, Service.MAIL) if one.body == message(0))
    change(twins.target, Service.MAIL, edited, flags=frozenset({"\\Flagged"}))
    for one in held(twins.source, Service.MAIL)[:3]:
        twins.source.remove("ana", Service.MAIL, one.entry.href)
    plan = plan_of(twins)
    assert codes(plan) == {"deleted-at-source": 2, "deleted-but-edited": 1}
    assert (plan.total(Disposition.GONE), plan.changes, plan.sums_check) == (3, False, True)
    plan = plan_of(twins, deletions=Deletions(propagate=True, most=100, percent=5.0))
    assert codes(plan) == {"too-many-deletions": 2, "deleted-but-edited": 1}
    planned = plan_of(twins, deletions=Deletions(propagate=True, most=2, percent=50.0))
    assert verbs(planned) == {Verb.DELETE: 2}
    apply_plan(twins.project, planned.path)
    left = held(twins.target, Service.MAIL)
    assert len(left) == 8
    assert {one.body for one in left} == {message(number) for number in (0, *range(3, 10))}
    assert codes(plan_of(twins)) == {"deleted-but-edited": 1}


@pytest.mark.parametrize("kind", [FaultKind.CRASH, FaultKind.LOST, FaultKind.UNSENT])
@pytest.mark.parametrize("method", ["move", "put", "delete", "set_flags"])
@pytest.mark.parametrize("moves", [True, False])
def test_a_move_that_was_cut_is_found_again(tmp_path: Path, kind: FaultKind, method: str, moves: bool) -> None:
    twins = Twins(tmp_path / "p", name=f"{tmp_path}")
    for service in (Service.MAIL, Service.FILES):
        twins.target.capabilities[service] = replace(twins.target.capabilities[service], moves=moves)
        twins.source.add_collection("ana", service, Collection(href="", path=("Ailleurs",)))
    twins.add(Service.MAIL, ("INBOX",), "", message(1))
    twins.add(Service.FILES, (), "a.txt", b"a")
    run(twins)
    for service in (Service.MAIL, Service.FILES):
        (one,) = held(twins.source, service)
        change(twins.source, service, one, collection="/Ailleurs", flags=frozenset({"\\Seen"}))
    planned = plan_of(twins)
    twins.target.order(method, kind)
    with suppress(Crash):
        apply_plan(twins.project, planned.path)
    twins.target.faults.clear()
    apply_plan(twins.project, planned.path)
    assert not run(twins).changes
    for service in (Service.MAIL, Service.FILES):
        (there,) = held(twins.target, service)
        assert there.entry.collection == "/Ailleurs"
    assert verify(twins.project).exit_code == 0


def test_an_older_plan_undoes_nothing(twins: Twins) -> None:
    twins.add(Service.MAIL, ("INBOX",), "", message(1))
    (one,) = held(twins.source, Service.MAIL)
    run(twins)
    one = change(twins.source, Service.MAIL, one, flags=frozenset({"\\Seen"}))
    older = plan_of(twins)
    change(twins.source, Service.MAIL, one, flags=frozenset({"\\Answered"}))
    run(twins)
    applied = apply_plan(twins.project, older.path)
    assert (applied.drifted, applied.done) == (1, 0)
    (there,) = held(twins.target, Service.MAIL)
    assert there.entry.flags == {"\\Answered"}


def test_rules_leave_out_by_name(tmp_path: Path) -> None:
    twins = Twins(tmp_path / "p", name=f"{tmp_path}")
    for number in range(25):
        twins.add(Service.FILES, ("Comptes", "2024"), f"{number}.txt", b"x" * number)
    twins.add(Service.FILES, ("Photos",), "big.jpg", b"x" * 5000)
    day = date(2024, 3, 1)
    assert codes(plan_of(twins, rules=Rules(trial=True))) == {"trial": 15}
    assert codes(plan_of(twins, rules=Rules(folders=("comptes",)))) == {"filter-folder": 1}
    assert codes(plan_of(twins, rules=Rules(without=("Comptes/20*",)))) == {"filter-without": 25}
    assert codes(plan_of(twins, rules=Rules(max_size=1000))) == {"filter-size": 1}
    assert codes(plan_of(twins, rules=Rules(since=day, until=day))) == {}
    assert codes(plan_of(twins, rules=Rules(since=date(2024, 3, 2)))) == {"filter-since": 26}
    assert codes(plan_of(twins, rules=Rules(until=date(2024, 2, 29)))) == {"filter-until": 26}
    trial = plan_of(twins, rules=Rules(trial=True))
    apply_plan(twins.project, trial.path)
    assert len(held(twins.target, Service.FILES)) == 11


@pytest.mark.parametrize("service", [Service.MAIL, Service.CALENDAR, Service.FILES])
def test_what_was_damaged_at_the_target_is_found_and_sent_again(twins: Twins, service: Service) -> None:
    bodies = [body_of(service, number, words) for number, words in enumerate(("one", "two"))]
    for number, body in enumerate(bodies):
        twins.add(service, ("Place",), f"{number}.x", body)
    apply_plan(twins.project, make_plan(twins.project).path)
    with twins.target.space("ana", service) as space:
        one = next(one for one in space.items.values() if b"one" in one.body)
        twins.target.keep("ana", service, replace(one, body=one.body.replace(b"one", b"ome")))
    for level in ("sample", "hash"):
        found = verify(twins.project, level=level)
        assert found.counts == {FindingKind.MATCH: 1, FindingKind.DIFFERS: 1}
        assert found.exit_code == 8
    assert verify(twins.project, level="ids").counts[FindingKind.DIFFERS] == 1
    planned = make_plan(twins.project)
    assert planned.total(Disposition.PLANNED) == 1
    applied = apply_plan(twins.project, planned.path)
    assert (applied.done, applied.exit_code) == (1, 0)
    assert sorted(twins.bodies(twins.target, service)) == sorted(bodies)
    assert verify(twins.project).exit_code == 0
    assert not make_plan(twins.project).changes
