"""A machine that edits, orders faults, plans, applies and verifies in any order, on two memory twins.

Whatever happened: the source is untouched, nothing is written outside apply, and sums check. Once the faults are
over: a plan and its apply leave nothing to do, everything is there exactly once, and verify agrees.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from connectors.memory import STORES, seed
from connectors.memory_store import Crash, FaultKind, Held
from migrate.apply import apply_plan
from migrate.errors import TranshumeError
from migrate.model import Collection, FindingKind, Service
from migrate.plan import make_plan
from migrate.verify import LEVELS, verify
from tests.engine.twins import Twins, message

PERSON = "ana"
MEMORY = Path("/dev/shm")
FOLDERS = {
    Service.MAIL: ("/INBOX", "/Projets", "/Projets/2026"),
    Service.CALENDAR: ("/Personnel", "/Conseil"),
    Service.FILES: ("/", "/Comptes", "/Comptes/2026"),
}
SERVICES = st.sampled_from(sorted(FOLDERS))
READ_FAULTS = st.sampled_from([FaultKind.THROTTLED, FaultKind.RETRIABLE])
WRITE_FAULTS = st.sampled_from(sorted(set(FaultKind) - {FaultKind.SLOW, FaultKind.PARTIAL, FaultKind.GONE}))


def event(number: int, version: int) -> bytes:
    lines = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//example.org//machine//EN",
        "BEGIN:VEVENT",
        f"UID:{number}@example.org",
        "DTSTAMP:20260105T080000Z",
        "DTSTART:20260105T180000Z",
        f"SUMMARY:Conseil {version}",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    )
    return "\r\n".join(lines).encode()


class TwinsMachine(RuleBasedStateMachine):
    """Hypothesis calls the rules in any order, then shrinks what breaks an invariant."""

    @initialize(batched=st.booleans(), batch=st.sampled_from([1, 2, 20]))
    def begin(self, batched: bool, batch: int) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="machine-", dir=MEMORY if MEMORY.is_dir() else None))
        self.twins = Twins(self.folder / "project")
        self.source, self.target = self.twins.source, self.twins.target
        self.source.batched = self.target.batched = batched
        for service in FOLDERS:
            self.target.capabilities[service] = replace(self.target.capabilities[service], batch=batch)
            for href in FOLDERS[service][1:]:
                path = tuple(href.strip("/").split("/"))
                self.source.add_collection(PERSON, service, Collection(href="", path=path))
        self.number = 0
        self.plans: list[Path] = []
        self.seen: dict[tuple[Service, str], tuple[str, bytes | str]] = {}

    def held(self, service: Service) -> list[Held]:
        with self.source.space(PERSON, service) as space:
            return sorted(space.items.values(), key=lambda held: held.number)

    # What people do to the source

    @rule(service=SERVICES, folder=st.integers(0, 2), copies=st.integers(1, 5))
    def add(self, service: Service, folder: int, copies: int) -> None:
        """New items; messages may be copies of one another, files may be equal under other names."""
        place = FOLDERS[service][folder % len(FOLDERS[service])]
        for _ in range(copies):
            self.number += 1
            if service is Service.MAIL:
                seed(self.source, PERSON, service, "", message(self.number % 3), collection=place)
            elif service is Service.CALENDAR:
                body = event(self.number, 0)
                seed(self.source, PERSON, service, f"{self.number}.ics", body, collection=place)
            else:
                body = b"x" * (self.number % 3)
                seed(self.source, PERSON, service, f"{self.number}.txt", body, collection=place)

    @rule(service=st.sampled_from([Service.CALENDAR, Service.FILES]), which=st.integers(0, 50))
    def edit(self, service: Service, which: int) -> None:
        if items := self.held(service):
            entry = items[which % len(items)].entry
            self.number += 1
            number = int(entry.name.partition(".")[0])
            body = event(number, self.number) if service is Service.CALENDAR else b"edit %d" % self.number
            seed(self.source, PERSON, service, entry.name, body, collection=entry.collection)

    @rule(service=SERVICES, which=st.integers(0, 50))
    def remove(self, service: Service, which: int) -> None:
        if items := self.held(service):
            self.source.remove(PERSON, service, items[which % len(items)].entry.href)

    # What goes wrong

    @rule(
        method=st.sampled_from(["entries", "row", "collections", "get", "get_many", "capabilities"]),
        kind=READ_FAULTS,
        at_target=st.booleans(),
        count=st.sampled_from([1, 1, 2, 7]),
        skip=st.integers(0, 6),
    )
    def reading_will_fail(self, method: str, kind: FaultKind, at_target: bool, count: int, skip: int) -> None:
        store = self.target if at_target else self.source
        store.order(method, kind, count=count, skip=skip, retry_after=0)

    @rule(
        method=st.sampled_from(["put", "put_many", "ensure", "find", "mark"]),
        kind=WRITE_FAULTS,
        count=st.sampled_from([1, 1, 2, 7]),
        skip=st.integers(0, 6),
    )
    def writing_will_fail(self, method: str, kind: FaultKind, count: int, skip: int) -> None:
        self.target.order(method, kind, count=count, skip=skip, retry_after=0)

    @rule(skip=st.integers(0, 2))
    def half_a_batch_will_be_lost(self, skip: int) -> None:
        self.target.order("put_many", FaultKind.PARTIAL, skip=skip)

    @rule(skip=st.integers(0, 6))
    def an_item_will_vanish(self, skip: int) -> None:
        self.source.order("get", FaultKind.GONE, skip=skip)

    # What the operator does

    @rule()
    def plan(self) -> None:
        before = len(self.target.writes())
        try:
            summary = make_plan(self.twins.project)
        except TranshumeError:
            return
        finally:
            assert len(self.target.writes()) == before, "plan wrote"
        assert all(lane.sums_check for lane in summary.lanes if not lane.blocked)
        if summary.path is not None:
            self.plans.append(summary.path)

    @precondition(lambda self: self.plans)
    @rule()
    def apply(self) -> None:
        self.apply_once(self.plans[-1])

    @rule()
    def plan_and_apply(self) -> None:
        self.plan()
        if self.plans:
            self.apply_once(self.plans[-1])

    @rule()
    def the_weather_clears(self) -> None:
        self.source.faults.clear()
        self.target.faults.clear()

    @precondition(lambda self: len(self.plans) > 1)
    @rule(which=st.integers(0, 10))
    def apply_an_older_plan(self, which: int) -> None:
        self.apply_once(self.plans[which % len(self.plans)])

    def apply_once(self, path: Path) -> None:
        try:
            summary = apply_plan(self.twins.project, path)
        except (TranshumeError, Crash):
            return
        assert summary.planned == summary.done + summary.failed + summary.drifted + summary.left

    @rule(level=st.sampled_from(LEVELS))
    def verify(self, level: str) -> None:
        before = len(self.target.writes())
        try:
            verify(self.twins.project, level=level)
        except TranshumeError:
            return
        finally:
            assert len(self.target.writes()) == before, "verify wrote"

    @rule()
    def in_the_end_all_is_well(self) -> None:
        """The faults are over: one plan and its apply bring everything there, once."""
        self.the_weather_clears()
        planned = make_plan(self.twins.project)
        assert planned.sums_check
        applied = apply_plan(self.twins.project, planned.path)
        assert (applied.failed, applied.drifted, applied.left, applied.exit_code) == (0, 0, 0, 0), applied
        again = make_plan(self.twins.project)
        assert not again.changes
        assert again.sums_check
        checked = verify(self.twins.project)
        assert (checked.exit_code, set(checked.counts) - {FindingKind.MATCH}) == (0, set()), checked
        for service in FOLDERS:
            self.everything_is_there_once(service)

    def everything_is_there_once(self, service: Service) -> None:
        """Each source item has its one copy; more is there only of what left the source after it was moved."""
        with self.target.space(PERSON, service) as space:
            got = Counter(self.identity(service, held) for held in space.items.values())
            bodies = Counter((held.entry.collection, held.body) for held in space.items.values())
        wanted = Counter((held.entry.collection, held.body) for held in self.held(service))
        assert not wanted - bodies, f"missing in {service}"
        ever = Counter(what for (kind, _), what in self.seen.items() if kind is service)
        assert not got - ever, f"too many in {service}"

    @staticmethod
    def identity(service: Service, held: Held) -> tuple[str, bytes | str]:
        """What stays the same of an item while it is edited."""
        return held.entry.collection, held.body if service is Service.MAIL else held.entry.uid or held.entry.name

    @invariant()
    def the_source_is_untouched(self) -> None:
        if hasattr(self, "twins"):
            assert not self.source.writes()
            self.remember()

    def remember(self) -> None:
        """Every source item there ever was: the most that may lie at the target."""
        for service in FOLDERS:
            for held in self.held(service):
                self.seen[service, held.entry.href] = self.identity(service, held)

    def teardown(self) -> None:
        if not hasattr(self, "twins"):
            return
        try:
            if sys.exc_info()[0] is None:
                self.in_the_end_all_is_well()
        finally:
            for key in [key for key, store in STORES.items() if store in (self.source, self.target)]:
                del STORES[key]
            shutil.rmtree(self.folder)


EXAMPLES = int(os.environ.get("MACHINE_EXAMPLES", "10"))

TestTwins = TwinsMachine.TestCase
TestTwins.pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
TestTwins.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def test_an_older_plan_moves_nothing_twice() -> None:
    machine = TwinsMachine()
    machine.begin(batched=True, batch=20)
    for service in FOLDERS:
        machine.add(service, folder=1, copies=2)
    machine.the_source_is_untouched()
    machine.plan()
    machine.plan_and_apply()
    machine.apply_an_older_plan(0)
    machine.teardown()


def test_crashes_and_lost_replies_in_a_row_leave_no_double() -> None:
    machine = TwinsMachine()
    machine.begin(batched=True, batch=2)
    for service in FOLDERS:
        machine.add(service, folder=0, copies=5)
    machine.the_source_is_untouched()
    for method, kind in (("put", FaultKind.CRASH), ("put_many", FaultKind.LOST), ("put_many", FaultKind.PARTIAL)):
        machine.writing_will_fail(method, kind, count=1, skip=1)
        machine.plan_and_apply()
        machine.apply()
    machine.teardown()
