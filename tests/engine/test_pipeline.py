"""Plan, apply, verify, status on two memory twins, with what goes wrong in the field ordered."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.memory import MemoryTarget
from connectors.memory_store import FaultKind
from migrate.apply import apply_plan
from migrate.config import Filters
from migrate.errors import AuthFailed, Exit, PlanRefused, Scope, Unreachable
from migrate.ledger import scan
from migrate.model import Collection, Disposition, FindingKind, Service
from migrate.plan import make_plan
from migrate.planfile import PlanFile
from migrate.status import status
from migrate.verify import verify
from tests.engine.twins import Twins, message


@pytest.fixture
def twins(tmp_path: Path) -> Twins:
    twins = Twins(tmp_path / "project")
    for number in range(7):
        twins.add(Service.MAIL, ("Projets", "2026"), "", message(number))
    twins.add(Service.MAIL, ("INBOX",), "", message(3), role="\\Inbox")
    twins.add(Service.FILES, ("Rapports",), "bilan.txt", b"bilan")
    twins.add(Service.FILES, (), "racine.txt", b"racine")
    twins.add(Service.FILES, ("Vide", "Profond"), "rien", b"")
    return twins


def total(twins: Twins) -> int:
    return sum(len(twins.bodies(twins.target, s)) for s in (Service.MAIL, Service.FILES))


def test_the_road_end_to_end(twins: Twins) -> None:
    summary = make_plan(twins.project)
    assert (summary.total(Disposition.PLANNED), summary.discovered, summary.sums_check) == (11, 11, True)
    assert not twins.target.writes()
    assert summary.changes
    applied = apply_plan(twins.project)
    assert (applied.planned, applied.done, applied.failed, applied.exit_code) == (11, 11, 0, 0)
    for service in (Service.MAIL, Service.FILES):
        assert twins.bodies(twins.target, service) == twins.bodies(twins.source, service)
    checked = verify(twins.project)
    assert (checked.counts, checked.exit_code) == ({FindingKind.MATCH: 11}, 0)
    again = make_plan(twins.project)
    assert not again.changes
    assert again.total(Disposition.PRESENT) == 11
    assert status(twins.project).open == 0


def test_planning_and_verifying_write_nothing_anywhere(twins: Twins) -> None:
    make_plan(twins.project)
    before = len(twins.source.writes())
    verify(twins.project)
    make_plan(twins.project)
    assert not twins.target.writes()
    assert len(twins.source.writes()) == before
    spool = twins.directory / "spool"
    assert list(spool.iterdir()) == []


def test_the_same_plan_again_does_nothing(twins: Twins) -> None:
    path = make_plan(twins.project).path
    apply_plan(twins.project, path)
    writes = len(twins.target.writes())
    again = apply_plan(twins.project, path)
    assert (again.done, again.already, again.exit_code) == (11, 11, 0)
    assert len(twins.target.writes()) == writes


def test_an_item_that_changed_since_the_plan_is_set_aside(twins: Twins) -> None:
    href = twins.add(Service.FILES, ("Rapports",), "notes.txt", b"one")
    make_plan(twins.project)
    with twins.source.space("ana", Service.FILES) as space:
        entry = space.items[href].entry
    writer = MemoryTarget(twins.source, "ana", Service.FILES, twins.directory)
    item = writer.get(entry)
    writer.put(
        Collection(href=entry.collection),
        "notes.txt",
        type(item)(**{**_fields(item), "body": b"two"}),
        expects=entry.etag,
    )
    applied = apply_plan(twins.project)
    assert (applied.done, applied.drifted, applied.exit_code) == (11, 1, Exit.ITEMS_FAILED)
    assert b"two" not in twins.bodies(twins.target, Service.FILES)
    again = apply_plan(twins.project)
    assert (again.done, again.already, again.drifted) == (11, 11, 1), "a drifted item is not one of the done"
    assert make_plan(twins.project).total(Disposition.PLANNED) == 1
    assert apply_plan(twins.project).exit_code == 0
    assert twins.bodies(twins.target, Service.FILES) == twins.bodies(twins.source, Service.FILES)


def _fields(item: object) -> dict[str, object]:
    return {name: getattr(item, name) for name in ("entry", "body", "media_type", "internal_date", "flags")}


@pytest.mark.parametrize("kind", [FaultKind.LOST, FaultKind.PARTIAL, FaultKind.UNSENT])
@pytest.mark.parametrize("method", ["put", "put_many"])
def test_a_lost_reply_never_makes_a_double(twins: Twins, kind: FaultKind, method: str) -> None:
    make_plan(twins.project)
    twins.target.order(method, kind, count=3)
    first = apply_plan(twins.project)
    while first.exit_code:
        first = apply_plan(twins.project)
    assert twins.bodies(twins.target, Service.MAIL) == twins.bodies(twins.source, Service.MAIL)
    assert twins.bodies(twins.target, Service.FILES) == twins.bodies(twins.source, Service.FILES)
    assert verify(twins.project).differences == 0


def test_exact_duplicates_stay_two(twins: Twins) -> None:
    for _ in range(3):
        twins.add(Service.MAIL, ("Projets", "2026"), "", message(3))
    make_plan(twins.project)
    twins.target.order("put_many", FaultKind.LOST, count=1)
    apply_plan(twins.project)
    assert twins.bodies(twins.target, Service.MAIL) == twins.bodies(twins.source, Service.MAIL)


def test_a_full_account_stops_alone_and_the_rest_goes_on(tmp_path: Path) -> None:
    twins = Twins(tmp_path / "p", ("ana", "bob"))
    for person in ("ana", "bob"):
        for number in range(4):
            twins.add(Service.FILES, (), f"{number}.txt", b"x", person=person)
    make_plan(twins.project)
    twins.target.order("put_many", FaultKind.FULL, account="ana", count=1)
    applied = apply_plan(twins.project)
    assert applied.exit_code == Exit.LIMIT
    assert len(twins.bodies(twins.target, Service.FILES, "bob")) == 4
    assert apply_plan(twins.project).exit_code == 0
    assert len(twins.bodies(twins.target, Service.FILES, "ana")) == 4


@pytest.fixture
def two_folders(tmp_path: Path) -> Twins:
    twins = Twins(tmp_path / "folders")
    for number in range(6):
        twins.add(Service.MAIL, (("Un", "Deux")[number % 2],), "", message(number))
    make_plan(twins.project)
    return twins


@pytest.mark.parametrize("method", ["ensure", "mark"])
def test_a_collection_that_cannot_be_had_does_not_stop_the_others(two_folders: Twins, method: str) -> None:
    two_folders.target.order(method, FaultKind.GONE, count=1)
    applied = apply_plan(two_folders.project)
    assert (applied.done, applied.failed, applied.exit_code) == (3, 3, Exit.ITEMS_FAILED)
    assert {failure.code for failure in applied.failures} == {"NotFound"}
    assert apply_plan(two_folders.project).exit_code == 0
    assert two_folders.bodies(two_folders.target, Service.MAIL) == two_folders.bodies(two_folders.source, Service.MAIL)


def test_a_limit_on_collections_holds_back_their_items_alone_and_is_told(two_folders: Twins) -> None:
    two_folders.target.order("ensure", FaultKind.LIMIT, count=1)
    applied = apply_plan(two_folders.project)
    assert (applied.done, applied.failed, applied.exit_code) == (3, 0, Exit.LIMIT)
    assert apply_plan(two_folders.project).exit_code == 0
    assert two_folders.bodies(two_folders.target, Service.MAIL) == two_folders.bodies(two_folders.source, Service.MAIL)


def test_one_refused_login_does_not_stop_the_others_from_being_planned(tmp_path: Path) -> None:
    twins = Twins(tmp_path / "p", ("ana", "bob"))
    twins.add(Service.FILES, (), "a.txt", b"x", person="bob")
    twins.source.order("collections", FaultKind.REFUSED, account="ana", count=99)
    summary = make_plan(twins.project)
    assert summary.exit_code == Exit.AUTH
    assert summary.total(Disposition.PLANNED) == 1
    assert any(lane.blocked for lane in summary.lanes if lane.account == "ana")
    assert apply_plan(twins.project).done == 1


def test_two_folders_and_two_files_of_one_name_get_two_names(twins: Twins) -> None:
    twins.add(Service.FILES, ("Rapports",), "a.txt", b"1")
    make_plan(twins.project, Filters(services=frozenset({Service.FILES})))
    apply_plan(twins.project)
    assert b"1" in twins.bodies(twins.target, Service.FILES)


def test_what_the_user_changed_or_removed_on_the_target_stays_so(twins: Twins) -> None:
    make_plan(twins.project)
    apply_plan(twins.project)
    writer = MemoryTarget(twins.target, "ana", Service.FILES, twins.directory)
    victim = next(e for e in writer.entries() if e.name == "bilan.txt")
    writer.delete(victim, expects=victim.etag)
    summary = make_plan(twins.project)
    assert not summary.changes
    assert summary.total(Disposition.EXCLUDED) == 1
    checked = verify(twins.project)
    assert checked.exit_code == Exit.DIFFERENCES
    assert checked.counts[FindingKind.MISSING] == 1


def test_verify_sees_a_changed_byte_and_a_double(twins: Twins) -> None:
    make_plan(twins.project)
    apply_plan(twins.project)
    writer = MemoryTarget(twins.target, "ana", Service.MAIL, twins.directory)
    entry = next(iter(writer.entries()))
    writer.put(Collection(href=entry.collection), "", writer.get(entry), expects=None)
    with twins.target.space("ana", Service.FILES) as space:
        href, file = next((h, f) for h, f in space.items.items() if f.body == b"bilan")
        space.items[href] = type(file)(**{**{n: getattr(file, n) for n in file.__slots__}, "body": b"bIlan"})
    checked = verify(twins.project)
    assert checked.counts[FindingKind.DIFFERS] == 1
    assert checked.counts[FindingKind.DOUBLE] == 1
    assert checked.path is not None
    rows = [json.loads(line) for line in checked.path.read_text().splitlines()]
    kinds = {row["kind"] for row in rows if row["type"] == "finding"}
    assert kinds == {"differs", "double"}


def test_a_sample_reads_some_and_counts_all(twins: Twins, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("migrate.verify.SAMPLE", 2)
    make_plan(twins.project)
    stored = apply_plan(twins.project).done
    whole = verify(twins.project, level="sample")
    assert (whole.exit_code, whole.counts) == (Exit.DONE, {FindingKind.MATCH: stored})
    for service in Service:
        with twins.target.space("ana", service) as space:
            for href, held in space.items.items():
                space.items[href] = replace(held, body=b"lost")
    found = verify(twins.project, level="sample")
    lanes = [counts for counts in found.lanes.values() if counts]
    assert found.exit_code == Exit.DIFFERENCES
    assert [counts[FindingKind.DIFFERS] for counts in lanes] == [2] * len(lanes)
    assert sum(found.counts.values()) == stored


def test_doubles_are_found_a_page_at_a_time(twins: Twins, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many mails of others a mailbox holds, only a page of them is in memory."""
    monkeypatch.setattr(scan, "CHUNK", 3)
    make_plan(twins.project)
    apply_plan(twins.project)
    writer = MemoryTarget(twins.target, "ana", Service.MAIL, twins.directory)
    for entry in list(writer.entries()):
        writer.put(Collection(href=entry.collection), "", writer.get(entry), expects=None)
    checked = verify(twins.project)
    assert checked.counts[FindingKind.DOUBLE] == 8


def test_an_altered_plan_and_another_projects_plan_are_refused(twins: Twins, tmp_path: Path) -> None:
    path = make_plan(twins.project).path
    assert path is not None
    other = Twins(tmp_path / "other")
    with pytest.raises(PlanRefused, match=r"source\.src\.name, target\.dst\.name"):
        apply_plan(other.project, path)
    path.write_bytes(path.read_bytes().replace(b'"create"', b'"update"', 1))
    with pytest.raises(PlanRefused, match="altered"):
        apply_plan(twins.project, path)
    assert not twins.target.writes()


def test_an_unreachable_server_stops_the_run(twins: Twins) -> None:
    twins.source.order("collections", FaultKind.UNREACHABLE, count=99)
    with pytest.raises(Unreachable):
        make_plan(twins.project)


def test_the_plan_tells_why_each_item_stays(twins: Twins) -> None:
    summary = make_plan(twins.project)
    assert summary.path is not None
    plan = PlanFile(summary.path)
    for section in plan.sections:
        assert section.totals is not None
        left = sum(1 for _ in plan.section_left(section))
        assert left + section.actions == section.totals.discovered


def test_account_errors_reach_the_account() -> None:
    assert AuthFailed("x").scope is Scope.ACCOUNT
