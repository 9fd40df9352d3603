"""Status: where each person stands, read from the ledger and the newest plan, without a request."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from migrate.config import Project
from migrate.errors import UsageError
from migrate.ledger import Ledger, RunRow
from migrate.ledger.lock import held
from migrate.ledger.undo import rolled_back_since
from migrate.ledger.waves import waves
from migrate.model import Service, State
from migrate.planfile import PlanFile, Section, newest
from migrate.rows import is_item
from migrate.summaries import LaneStatus, Run, StatusSummary
from migrate.waves import Wave


def status(project: Project) -> StatusSummary:
    """The state of a project. Does not wait for a running command. Raises PlanRefused, LedgerDamaged."""
    try:
        plan = PlanFile(newest(project.plans))
    except UsageError:
        plan = None
    running = held(project.directory)
    with Ledger(project.ledger) as ledger:
        rows = ledger.runs()
        runs = tuple(_run(row) for row in rows)
        begun = waves(ledger)
        names = dict.fromkeys(row.wave for row in project.accounts)
        every = tuple(begun.get(name, Wave(name=name)) for name in names)
        if plan is None:
            return StatusSummary(runs=runs, waves=every, running=running)
        tally = ledger.tally(plan.header.id)
        undone = rolled_back_since(ledger, plan.header.id)
    lanes = tuple(_lane(section, tally) for section in plan.sections)
    open_waves = {
        section.wave: None
        for section, lane in zip(plan.sections, lanes, strict=True)
        if lane.to_try and section.lane not in undone
    }
    return StatusSummary(
        lanes=lanes,
        runs=runs,
        plan_id=plan.header.id,
        waves=every,
        running=running,
        to_apply=tuple(open_waves),
        stopped=_last_apply(rows, plan.header.id),
    )


def _last_apply(rows: Sequence[RunRow], plan: str) -> Run | None:
    """The last apply of the newest plan."""
    return next((_run(row) for row in rows if row.command == "apply" and row.plan == plan), None)


def _lane(section: Section, tally: dict[tuple[str, State, str], int]) -> LaneStatus:
    def count(state: State) -> int:
        return sum(n for (lane, s, code), n in tally.items() if (lane, s) == (section.lane, state) and is_item(code))

    return LaneStatus(
        key=section.lane,
        account=section.account,
        service=Service(section.service),
        planned=section.actions,
        done=count(State.DONE),
        failed=count(State.FAILED),
        drifted=count(State.DRIFTED),
    )


def _run(row: RunRow) -> Run:
    return Run(
        command=row.command,
        started=datetime.fromisoformat(row.started),
        ended=datetime.fromisoformat(row.ended) if row.ended else None,
        exit_code=row.exit_code,
    )
