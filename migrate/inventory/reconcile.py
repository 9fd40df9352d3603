"""Reconciliation: listed = migrated + excluded + failed + waiting, and what vanished since it was migrated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from migrate.errors import PlanRefused, UsageError
from migrate.inventory.take import Taken
from migrate.ledger import Ledger, chunks
from migrate.model import Disposition, State
from migrate.planfile import PlanFile, Section


@dataclass(slots=True)
class Account:
    """One lane's identity: every listed item is in exactly one of the classes."""

    lane: str
    listed: int = 0
    classes: Counter[str] = field(default_factory=Counter)
    """``migrated``, ``failed``, ``excluded``, ``unsupported``, ``blocked``, ``waiting`` (no plan, or not applied)."""
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    vanished: int = 0
    """Migrated once, and no longer at the source."""

    @property
    def unexplained(self) -> int:
        """Zero, or something is wrong."""
        return self.listed - sum(self.classes.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """All lanes, and the plan that they were held against."""

    plan: str
    """Id of the newest plan; empty when there is none."""
    lanes: tuple[Account, ...]


def reconcile(taken: Taken) -> Reconciliation | None:
    """Hold the listing against the newest plan and the ledger; None when the project has neither."""
    if not taken.project.ledger.exists():
        return None
    plans = _plans(taken)
    with Ledger(taken.project.ledger) as ledger:
        lanes = tuple(_lane(taken, lane.key, plans, ledger) for lane in taken.lanes if lane.key in taken.listed)
    return Reconciliation(plan=plans[-1].header.id if plans else "", lanes=lanes)


def _plans(taken: Taken) -> list[PlanFile]:
    """Every plan that can be read, the oldest first: a delta says nothing of what an earlier one left."""
    found = []
    for path in sorted(taken.project.plans.glob("*.jsonl")):
        if not path.name.endswith(".names.jsonl") and path.name[0] != ".":
            with suppress(PlanRefused, UsageError, OSError):
                found.append(PlanFile(path))
    return found


def _lane(taken: Taken, key: str, plans: Sequence[PlanFile], ledger: Ledger) -> Account:
    account = Account(lane=key)
    left, failed = _planned(key, plans, ledger)
    lane_id = ledger.known_lane(key)
    for rows in chunks(row for row in taken.stores[key].rows() if "href" in row):
        pairs = ledger.pairs(lane_id, [row["href"] for row in rows])
        account.listed += len(rows)
        for row in rows:
            href = row["href"]
            if href in pairs:
                account.classes["migrated"] += 1
            elif href in failed:
                account.classes["failed"] += 1
            elif href in left:
                name, code = left[href]
                account.classes[name] += 1
                account.reasons[name, code] += 1
            else:
                account.classes["waiting"] += 1
    pairs_in_all = ledger.pair_counts().get(key, (0, 0))[0]
    account.vanished = pairs_in_all - account.classes["migrated"]
    return account


def _planned(key: str, plans: Sequence[PlanFile], ledger: Ledger) -> tuple[dict[str, tuple[str, str]], set[str]]:
    """What the plans leave, with its reason, and what apply tried in vain. The last word of each item counts."""
    left: dict[str, tuple[str, str]] = {}
    failed: set[str] = set()
    for plan in plans:
        for section in (one for one in plan.sections if one.lane == key):
            for one in plan.section_left(section):
                left[one.href] = (_CLASS[one.disposition], one.code)
            for href, state in _tried(plan, section, ledger):
                left.pop(href, None)
                failed.discard(href)
                if state in (State.FAILED, State.DRIFTED):
                    failed.add(href)
    return left, failed


def _tried(plan: PlanFile, section: Section, ledger: Ledger) -> Iterator[tuple[str, State | None]]:
    """Each planned item with how it ended, None when it did not yet."""
    for actions in chunks(plan.section_actions(section)):
        outcomes = ledger.outcomes(plan.header.id, [action.n for action in actions])
        yield from ((action.href, outcomes.get(action.n)) for action in actions)


_CLASS = {one: one.value for one in Disposition} | {Disposition.GONE: "waiting"}
"""An item that was gone and is listed again waits for the next plan."""
