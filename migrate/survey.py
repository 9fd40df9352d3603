"""Survey: where a migration stands as a whole, read from the project's folder alone. No server is asked.

What the progress page and the final report say comes from here: the newest plan, the ledger, and the last comparison
that came to its end.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from migrate.config import Project
from migrate.errors import PlanRefused
from migrate.ledger import Ledger
from migrate.model import FindingKind, State
from migrate.overview import LaneOverview, Overview, PersonOverview, Verified
from migrate.plan import summarise
from migrate.planfile import PlanFile, newest
from migrate.rows import is_item
from migrate.status import status
from migrate.summaries import LaneStatus


def survey(project: Project) -> Overview:
    """Read it. Raises UsageError when there is no plan yet, PlanRefused, LedgerDamaged."""
    plan = PlanFile(newest(project.plans))
    summary, where = summarise(plan), status(project)
    states = {lane.key: lane for lane in where.lanes}
    verified = last_verified(project.reports)
    with Ledger(project.ledger) as ledger:
        stored, tally = ledger.pair_counts(), ledger.tally(plan.header.id)
    waves = {(row.source, row.source_account): row.wave for row in project.accounts}
    losses = _losses(project.plans)
    people: dict[tuple[str, str], list[LaneOverview]] = {}
    for lane in summary.lanes:
        source = lane.key.partition("/")[0]
        count, size = stored.get(lane.key, (0, 0))
        one = LaneOverview(
            service=lane.service,
            plan=lane,
            status=states[lane.key],
            stored=count,
            stored_bytes=size,
            failures=_failures(lane.key, states[lane.key], tally),
            losses=losses.get(lane.key, {}),
            verified=verified.lanes.get(lane.key, {}) if verified else {},
        )
        people.setdefault((source, lane.account), []).append(one)
    return Overview(
        name=project.name,
        plan_id=summary.plan_id,
        people=tuple(
            PersonOverview(account=account, wave=waves.get((source, account), ""), lanes=tuple(lanes))
            for (source, account), lanes in people.items()
        ),
        runs=where.runs,
        verified=verified,
    )


def _losses(plans: Path) -> dict[str, Counter[tuple[str, str]]]:
    """How many items were planned with a loss, over every plan that can still be read, by lane.

    A plan that was replaced before it was applied counts too: its items are then in the next one as well, so that
    only the largest number of each loss is kept.
    """
    found: dict[str, Counter[tuple[str, str]]] = {}
    for path in sorted(plans.glob("*.jsonl")):
        if path.name.endswith(".names.jsonl"):
            continue
        with suppress(PlanRefused):
            for lane in summarise(PlanFile(path)).lanes:
                found[lane.key] = found.get(lane.key, Counter()) | Counter(lane.losses)
    return found


def _failures(key: str, state: LaneStatus, tally: Mapping[tuple[str, State, str], int]) -> dict[str, int]:
    found: dict[str, int] = {}
    for (lane, how, code), count in sorted(tally.items()):
        if lane == key and how is not State.DONE and is_item(code):
            found[code] = found.get(code, 0) + count
    waiting = state.open - state.failed - state.drifted
    return found | ({"waiting": waiting} if waiting > 0 else {})


def last_verified(reports: Path) -> Verified | None:
    """The newest comparison that came to its end; None when there is none."""
    for path in sorted(reports.glob("verify-*.jsonl"), reverse=True):
        last = path.read_text(encoding="utf-8").rstrip("\n").rpartition("\n")[2]
        row = json.loads(last) if last.startswith("{") else {}
        if row.get("type") == "verified":
            lanes = {key: {FindingKind(kind): n for kind, n in kinds.items()} for key, kinds in row["lanes"].items()}
            at = datetime.strptime(path.stem, "verify-%Y%m%dT%H%M%S%fZ")  # noqa: DTZ007 - UTC, as its name says
            return Verified(at=at, level=row["level"], lanes=lanes)
    return None
