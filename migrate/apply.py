"""Apply: carry out exactly one plan. The main thread owns the ledger; workers fetch, convert and write.

Every write is preceded by its intent in the ledger and followed by its outcome, so that a crash between the two
is recognised when the same command runs again (``migrate/lane.py`` does the work of one lane).
"""

from __future__ import annotations

import errno
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from migrate.config import Lane, Project, routes
from migrate.crew import MOST, Crew, crew_size
from migrate.errors import ConnectorError, Exit, LocalDiskFull, PlanRefused, Scope, TranshumeError, WaveRefused
from migrate.granting import LaneGrants
from migrate.ground import settings_of, settings_of_lane
from migrate.lane import LaneApply
from migrate.lanework import Begin, Begun, Claimed, Done, Go, Settled, Share
from migrate.ledger import Ledger, project_lock
from migrate.ledger.ledger import now
from migrate.ledger.undo import keep_grant, rolled_back_since
from migrate.ledger.waves import happened, keep_ground, keep_speed, keep_wave, wave, waves
from migrate.model import State
from migrate.observe import Observer, Silent, interrupted
from migrate.pacing import Pacer
from migrate.planfile import PlanFile, Section, newest
from migrate.protocols import Reader
from migrate.rows import GRANT, is_item
from migrate.session import Session, workers_for
from migrate.stale import stale
from migrate.summaries import ApplySummary, Failure
from migrate.waves import WaveState, after_apply
from migrate.workers import Channel, JobFailed, Workers

SHOWN = 5
"""Reasons told at once."""
PARTS = frozenset({"since", "until", "max_size", "folders", "without", "trial"})
"""Rules with which a plan is not a whole pass."""


@dataclass(frozen=True, slots=True)
class Work:
    """One lane of the plan, for a worker."""

    lane: Lane
    section: Section
    session: Session
    plan: PlanFile
    crew: Crew
    source: Reader
    """Of the first worker; shared, by one at a time, where the source takes one connection only."""
    number: int = 0
    """Of this worker in the lane's crew."""

    def __call__(self, channel: Channel) -> None:
        """Carry it out."""
        started = time.monotonic()
        target = self.session.target(self.lane)
        source = self._own_source()
        try:
            LaneApply(self.plan, self.section, source or self.source, target, channel, self.crew).run(self.number)
        finally:
            channel.tell(Spent(self.section.lane, time.monotonic() - started))
            target.close()
            if source is not None:
                source.close()
            if self.crew.gone:
                self.source.close()

    def _own_source(self) -> Reader | None:
        """A further worker's own connection, where the source takes several; None: they share one."""
        if not self.number:
            return None
        with self.crew.reading:
            several = self.source.capabilities.max_connections > self.number
        return self.session.source(self.lane) if several else None


@dataclass(frozen=True, slots=True)
class Granting:
    """The grants of one lane, for a worker."""

    lane: Lane
    section: Section
    session: Session
    plan: PlanFile

    def __call__(self, channel: Channel) -> None:
        """Make them."""
        target = self.session.target(self.lane)
        try:
            LaneGrants(self.plan, self.section, target, channel).run()
        finally:
            target.close()


@dataclass(frozen=True, slots=True)
class Spent:
    """A worker tells how long it was at its lane."""

    lane: str
    seconds: float


@dataclass(slots=True)
class Clerk:
    """Answers the workers from the ledger, in the main thread."""

    ledger: Ledger
    plan: PlanFile
    observer: Observer
    errors: dict[str, TranshumeError] = field(default_factory=dict)
    moved: int = 0
    already: int = 0
    """Items done by an earlier run of this plan."""
    sent: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Items and bytes stored by each lane in this run."""
    spent: dict[str, float] = field(default_factory=dict)
    """Seconds that each lane took: its workers run at the same time, the longest counts."""

    def handle(self, message: object) -> object:
        """One message of a worker; the answer goes back to it."""
        if isinstance(message, Begin):
            return self._begin(message)
        if isinstance(message, Go):
            self.ledger.intend(self.plan.header.id, self._lane(message.section), message.marks)
        elif isinstance(message, Share):
            keep_grant(self.ledger, self._lane(message.section), message.href, message.grant)
        elif isinstance(message, Settled):
            return self._settled(message.section, message.numbers)
        elif isinstance(message, Claimed):
            return self.ledger.claimed(message.section.target, message.hrefs)
        elif isinstance(message, Done):
            self.ledger.record(self.plan.header.id, self._lane(message.section), message.results)
            stored = [r.pair for r in message.results if r.pair is not None and r.code.startswith("stored")]
            moved = sum(pair.size for pair in stored)
            self.moved += moved
            items, size = self.sent.get(message.section.lane, (0, 0))
            self.sent[message.section.lane] = (items + len(stored), size + moved)
            self.observer.advanced(message.section.lane, len(message.results), moved)
        elif isinstance(message, Spent):
            self.spent[message.lane] = max(message.seconds, self.spent.get(message.lane, 0.0))
        elif isinstance(message, JobFailed):
            self._failed(message)
        return None

    def keep_speeds(self) -> None:
        """Record how fast each lane went in this run: what the next plan's time is computed from."""
        lanes = {section.lane: self._lane(section) for section in self.plan.sections}
        for lane, (items, size) in self.sent.items():
            if items and lane in self.spent:
                keep_speed(self.ledger, lanes[lane], items, size, self.spent[lane])

    def _lane(self, section: Section) -> int:
        return self.ledger.lane(section.lane, section.target)

    def _settled(self, section: Section, numbers: Sequence[int]) -> set[int]:
        """Steps that an earlier run ended; a failed one is tried again."""
        ended = self.ledger.outcomes(self.plan.header.id, numbers)
        settled = {n for n, state in ended.items() if state is not State.FAILED}
        self.observer.advanced(section.lane, len(settled), 0)
        return settled

    def _begin(self, message: Begin) -> Begun:
        """What the ledger knows of these actions before they begin."""
        lane = self._lane(message.section)
        hrefs = [href for action in message.actions for href in (action.href, *(one for one, _ in action.former))]
        settled = self._settled(message.section, [action.n for action in message.actions])
        return Begun(settled=settled, intents=self.ledger.intents(lane, hrefs), pairs=self.ledger.pairs(lane, hrefs))

    def _failed(self, message: JobFailed) -> None:
        error = translated(message.error)
        lane = message.job.section.lane if isinstance(message.job, Work | Granting) else ""
        if not isinstance(error, ConnectorError) or error.scope is Scope.RUN:
            raise error
        told = lane in self.errors
        known = any(one.message == error.message for one in self.errors.values())
        self.errors[lane] = error
        if told:
            return
        self.observer.message("error", f"{lane}: {'the same' if known else error.told}")


def translated(error: BaseException) -> BaseException:
    """A full local disk is an expected error; anything else is left as it is."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return LocalDiskFull(
            "No room left on this machine's disk for the spool.",
            advice="Free some space, then run the same command again: it goes on where it stopped.",
        )
    return error


def apply_plan(project: Project, path: Path | None = None, observer: Observer | None = None) -> ApplySummary:
    """Carry out a plan, the newest unless ``path`` is given; run again, it does what is left.

    Raises UsageError, PlanRefused, ProjectLocked, Unreachable, LocalDiskFull, Interrupted. An account that cannot
    go on (quota, login) stops alone; ``exit_code`` then says why.
    """
    observer = observer or Silent()
    with project_lock(project.directory):
        plan = PlanFile(path or newest(project.plans))
        lanes = _lanes_of(project, plan)
        with Ledger(project.ledger) as ledger:
            started = time.monotonic()
            clerk = Clerk(ledger=ledger, plan=plan, observer=observer, already=_done_so_far(ledger, plan))
            limit = ""
            _refuse_signed(ledger, plan)
            _refuse_rolled_back(ledger, plan)
            run = ledger.begin_run("apply", plan.header.id)
            code = Exit.INTERRUPTED
            try:
                if _open_steps(ledger, plan):
                    limit = _run(project, plan, lanes, clerk)
                summary = _summary(plan, clerk, time.monotonic() - started, limit)
                _advance_waves(project, plan, ledger, summary)
                code = Exit(summary.exit_code)
            except TranshumeError as error:
                code = error.exit_code
                raise
            finally:
                ledger.end_run(run, code)
            return summary


def _lanes_of(project: Project, plan: PlanFile) -> dict[str, Lane]:
    """The lanes of the plan, by key. Raises PlanRefused naming what changed; rows added since change nothing."""
    lanes = {lane.key: lane for lane in routes(project)}
    reasons = stale(project, plan)
    if reasons:
        more = f"; and {len(reasons) - SHOWN} more" if len(reasons) > SHOWN else ""
        raise PlanRefused(
            f"This plan stands on something else than the project does now: {'; '.join(reasons[:SHOWN])}{more}.",
            advice="Undo that change, or make a new plan: transhume plan",
        )
    return lanes


def _refuse_signed(ledger: Ledger, plan: PlanFile) -> None:
    signed = {name for name, wave in waves(ledger).items() if wave.state is WaveState.SIGNED}
    found = sorted({s.wave for s in plan.sections if s.steps} & signed)
    if found:
        raise WaveRefused(
            f"Wave {', '.join(found)} is signed off: nothing of it is written any more.",
            advice="Plan the other waves: transhume plan --wave …",
        )


def _refuse_rolled_back(ledger: Ledger, plan: PlanFile) -> None:
    found = sorted({s.lane for s in plan.sections if s.steps} & set(rolled_back_since(ledger, plan.header.id)))
    if found:
        more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        raise PlanRefused(
            f"{', '.join(found[:SHOWN])}{more} was rolled back after this plan was made.",
            advice="Make a new one: transhume plan",
        )


def _advance_waves(project: Project, plan: PlanFile, ledger: Ledger, summary: ApplySummary) -> None:
    """A whole pass over a wave brings it to its next state, once for each plan."""
    if summary.left or summary.exit_code not in (Exit.DONE, Exit.ITEMS_FAILED) or PARTS & plan.header.filters.keys():
        return
    planned = {section.lane for section in plan.sections}
    for name in sorted({section.wave for section in plan.sections}):
        whole = {lane.key for lane in routes(project) if lane.wave == name}
        if whole <= planned and not happened(ledger, name, "applied", plan.header.id):
            keep_wave(ledger, after_apply(wave(ledger, name), at=now()), "applied", plan.header.id)


def _open_steps(ledger: Ledger, plan: PlanFile) -> int:
    """How many steps of the plan have no outcome that settles them."""
    settled = sum(n for (_, state, _), n in ledger.tally(plan.header.id).items() if state is not State.FAILED)
    return plan.steps - settled


def _done_so_far(ledger: Ledger, plan: PlanFile) -> int:
    tally = ledger.tally(plan.header.id).items()
    return sum(n for (_, state, code), n in tally if state is State.DONE and is_item(code))


def _run(project: Project, plan: PlanFile, lanes: Mapping[str, Lane], clerk: Clerk) -> str:
    pacer = Pacer(on_wait=lambda bucket, seconds: clerk.observer.waiting("", bucket, seconds))
    session = Session(project, pacer)
    session.sweep()
    jobs, settings = [], settings_of(project)
    for section in plan.sections:
        totals = section.totals
        if totals is not None and totals.exit_code:
            clerk.observer.message("warning", f"{section.lane} is left out: {totals.error}. Mend it and plan again.")
        if section.steps == 0 or (totals is not None and totals.error):
            continue
        lane = lanes[section.lane]
        jobs.append(Work(lane, section, session, plan, Crew(crew_size(section)), session.source(lane)))
        number = clerk.ledger.lane(section.lane, section.target)
        keep_ground(clerk.ledger, number, settings_of_lane(lane, settings))
        size = totals.bytes_planned if totals is not None else None
        clerk.observer.lane_started(section.lane, "apply", section.steps, size)
    hurry = partial(interrupted, clerk.observer)
    # Everyone's lane first, then further workers for the long ones, as places become free.
    further = [replace(job, number=n) for n in range(1, MOST) for job in jobs if n < job.crew.size]
    try:
        count = workers_for(len(jobs) + len(further))
        Workers(count, on_stop=pacer.stop, on_interrupt=hurry).run([*jobs, *further], clerk.handle)
        # Who may use it comes last: nobody sees half of a folder.
        shares = [Granting(j.lane, j.section, session, plan) for j in jobs if j.section.grants]
        shares = [job for job in shares if job.lane.key not in clerk.errors]
        if shares:
            Workers(workers_for(len(shares)), on_stop=pacer.stop, on_interrupt=hurry).run(shares, clerk.handle)
    finally:
        clerk.keep_speeds()
        for job in jobs:
            job.source.close()
    for job in jobs:
        clerk.observer.lane_finished(job.section.lane)
    return binding(pacer)


def binding(pacer: Pacer) -> str:
    """The bucket that was waited for most; empty when none was."""
    waits = {bucket: stats.waited for bucket, stats in pacer.stats().items() if stats.waited > 0}
    return max(waits, key=waits.__getitem__, default="")


def _summary(plan: PlanFile, clerk: Clerk, seconds: float, limit: str) -> ApplySummary:
    states: Counter[State] = Counter()
    grants: Counter[State] = Counter()
    failures: list[Failure] = []
    altered: list[Failure] = []
    for (lane, state, code), count in sorted(clerk.ledger.tally(plan.header.id).items()):
        if not is_item(code):
            grants[state] += count if code.startswith(GRANT) else 0
            if state is State.FAILED:
                failures.append(Failure(lane=lane, code=code, count=count))
            continue
        states[state] += count
        if state is not State.DONE:
            failures.append(Failure(lane=lane, code=code, count=count, drifted=state is State.DRIFTED))
        elif code.startswith("stored-"):
            altered.append(Failure(lane=lane, code=code, count=count))
    open_items = (
        states[State.FAILED] + grants[State.FAILED] + states[State.DRIFTED] + sum(s.blocked for s in plan.sections)
    )
    refused = [s.totals.exit_code for s in plan.sections if s.totals is not None]
    codes = [int(error.exit_code) for error in clerk.errors.values()] + refused
    return ApplySummary(
        plan_id=plan.header.id,
        planned=plan.actions,
        done=states[State.DONE],
        failed=states[State.FAILED],
        drifted=states[State.DRIFTED],
        already=clerk.already,
        blocked=sum(s.blocked for s in plan.sections),
        failures=tuple(failures),
        altered=tuple(altered),
        granted=grants[State.DONE],
        grants_failed=grants[State.FAILED],
        bytes_moved=clerk.moved,
        seconds=seconds,
        limit=limit,
        exit_code=max(codes, default=0) or (Exit.ITEMS_FAILED if open_items else Exit.DONE),
    )
