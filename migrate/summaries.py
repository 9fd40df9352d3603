"""What each step tells about itself when it ends: values that the engine fills and the reports render.

Counts and ids only; never a subject, a title or a name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from migrate.errors import Exit
from migrate.model import Disposition, Fate, FindingKind, Service, Verb
from migrate.waves import Wave


@dataclass(frozen=True, slots=True)
class Estimate:
    """How long a plan should take, as a range in seconds, and the limit that binds."""

    low: float
    high: float
    limit: str
    """What sets the pace, for people: ``Gmail quota of one user``, ``target connections``…"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneSummary:
    """One service of one account in a plan."""

    key: str
    account: str
    service: Service
    counts: Mapping[Disposition, int]
    discovered: int
    """Counted while listing, apart from ``counts``, so that the sums can be checked."""
    bytes_planned: int = 0
    bytes_exact: bool = True
    """False when some sizes are estimates or unknown."""
    reasons: Mapping[tuple[Disposition, str], int] = field(default_factory=dict)
    """How many items were put in a class other than planned, by class and reason code."""
    losses: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """How many planned items lose something, by (field, reason)."""
    verbs: Mapping[Verb, int] = field(default_factory=dict)
    """How many planned items by what is done with them."""
    estimate: Estimate | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    """The sentence behind each reason code; holds no value found."""
    grants: int = 0
    """Shares to make."""
    grants_per_hour: int | None = None
    """How many of them the target takes."""
    blocked: str = ""
    """Why the whole lane cannot be applied, when that is so (no target account, login refused, no space)."""

    @property
    def sums_check(self) -> bool:
        """Whether every discovered item is in exactly one class."""
        return self.discovered == sum(self.counts.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSummary:
    """A plan as a whole."""

    plan_id: str
    path: Path | None
    """The plan file; None when nothing was written."""
    lanes: tuple[LaneSummary, ...]
    sha256: str = ""
    created: datetime | None = None
    estimate: Estimate | None = None
    exit_code: int = 0
    """The worst that happened to a lane while planning; 0 when all were listed to the end."""
    steps: int = 0
    """Writes planned: items, and collections that the target lacks."""

    def total(self, disposition: Disposition) -> int:
        """Items of that class over all lanes."""
        return sum(lane.counts.get(disposition, 0) for lane in self.lanes)

    @property
    def discovered(self) -> int:
        """Items listed over all lanes."""
        return sum(lane.discovered for lane in self.lanes)

    @property
    def grants(self) -> int:
        """Shares to make, over all lanes."""
        return sum(lane.grants for lane in self.lanes)

    @property
    def grant_hours(self) -> float:
        """How long the slowest account's shares take at the target's limit; accounts share at the same time."""
        return max((lane.grants / lane.grants_per_hour for lane in self.lanes if lane.grants_per_hour), default=0.0)

    @property
    def changes(self) -> bool:
        """Whether applying it would write anything."""
        return self.steps > 0 or self.total(Disposition.PLANNED) > 0

    @property
    def sums_check(self) -> bool:
        """Whether the sums of every lane check."""
        return all(lane.sums_check for lane in self.lanes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """So many items of a lane ended for one reason."""

    lane: str
    code: str
    """The error class or reason code, stable."""
    count: int
    drifted: bool = False
    """True for items that changed since the plan; False for failures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplySummary:
    """One run of apply: planned = done + failed + drifted + left, and ``already`` of the done were so before."""

    plan_id: str
    planned: int
    done: int
    failed: int
    drifted: int
    already: int = 0
    """Done by an earlier run of the same plan."""
    blocked: int = 0
    """Items that the plan holds back until something changes: no action, and no end of the road either."""
    failures: tuple[Failure, ...] = ()
    altered: tuple[Failure, ...] = ()
    """Items that the target stored, but not wholly as sent: without a keyword it refused, with another date."""
    granted: int = 0
    """Shares made by this plan, now or before."""
    grants_failed: int = 0
    bytes_moved: int = 0
    seconds: float = 0.0
    limit: str = ""
    """What bound the speed most, for people."""
    exit_code: int = 0

    @property
    def left(self) -> int:
        """Actions that have not ended, because the run was cut short."""
        return self.planned - self.done - self.failed - self.drifted


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifySummary:
    """One run of verify."""

    level: str
    """``counts``, ``ids``, ``sample`` or ``hash``."""
    checked: int
    counts: Mapping[FindingKind, int]
    path: Path | None = None
    """The findings, one JSON object a line."""
    exit_code: int = 0
    lanes: Mapping[str, Mapping[FindingKind, int]] = field(default_factory=dict)

    @property
    def differences(self) -> int:
        """Findings that are not a match, and not an item the plan said would not move."""
        return sum(count for kind, count in self.counts.items() if not kind.quiet)


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneStatus:
    """Where one service of one account stands."""

    key: str
    account: str
    service: Service
    planned: int
    done: int
    failed: int
    drifted: int

    @property
    def open(self) -> int:
        """Planned items without a happy end: waiting, failed or drifted."""
        return self.planned - self.done

    @property
    def to_try(self) -> int:
        """Planned items that an apply of the same plan would still try."""
        return self.planned - self.done - self.drifted


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One command that worked on the project."""

    command: str
    started: datetime
    ended: datetime | None = None
    """None while it runs, or when it was killed."""
    exit_code: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusSummary:
    """The state of a project, read from its ledger."""

    lanes: tuple[LaneStatus, ...] = ()
    runs: tuple[Run, ...] = ()
    """The latest first."""
    plan_id: str = ""
    """The newest plan; empty when there is none."""
    waves: tuple[Wave, ...] = ()
    """Every wave of the accounts file, in its order."""
    running: bool = False
    """Whether a command works on the project now."""
    to_apply: tuple[str, ...] = ()
    """The waves of which an apply of the newest plan has something left to try."""
    stopped: Run | None = None
    """The last apply of the newest plan; None when there was none."""

    @property
    def open(self) -> int:
        """Planned items without a happy end."""
        return sum(lane.open for lane in self.lanes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """Something that does not follow one person: so many items of one service, for one reason."""

    account: str
    service: Service
    kind: str
    """``field: what is done instead`` of a loss, ``class: code`` of items left behind. Holds no value found."""
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalSummary:
    """What does not follow in a wave, and who signed it off."""

    wave: Wave
    matters: tuple[Matter, ...]
    new: tuple[str, ...]
    """Kinds that nobody had approved before this command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CutoverSummary:
    """How far a cutover came, and what people do next."""

    wave: Wave
    plan: PlanSummary
    applied: ApplySummary | None = None
    """None when the plan could not be made whole."""
    proof: VerifySummary | None = None
    """None when the apply did not come to its end."""
    checklist: tuple[tuple[date, str], ...] = ()

    @property
    def exit_code(self) -> int:
        """Of the first step that did not end well: 3 for items that failed, 8 for differences."""
        if self.applied is None:
            return self.plan.exit_code
        if self.applied.exit_code or self.applied.done < self.applied.planned:
            return self.applied.exit_code or Exit.ITEMS_FAILED
        if self.proof is None:
            return Exit.INTERRUPTED
        return self.proof.exit_code or (Exit.DIFFERENCES if self.proof.differences else Exit.DONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneRollback:
    """What a rollback does, or did, for one service of one account."""

    key: str
    account: str
    service: Service
    counts: Mapping[Fate, int]
    shares: int = 0
    """Shares that we made, to end or ended."""
    collections: int = 0
    """Collections that we made: to remove where nothing is left in them, or removed."""
    kept: int = 0
    """Collections that we made and that hold something still, or that the system keeps."""
    unconfirmed: int = 0
    """Writes that were begun and never confirmed: the target may hold them, the records do not."""
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackSummary:
    """A rollback, shown or done."""

    done: bool
    """False: nothing was changed, this is what would be."""
    lanes: tuple[LaneRollback, ...]
    waves: tuple[str, ...] = ()
    """Waves that are planned again."""
    exit_code: int = 0

    def total(self, one: Fate) -> int:
        """Items of that fate over all lanes."""
        return sum(lane.counts.get(one, 0) for lane in self.lanes)


@dataclass(frozen=True, slots=True, kw_only=True)
class InventorySummary:
    """An inventory that was taken, and the bundle that holds it."""

    id: str
    path: Path
    """The bundle's folder."""
    facts: Mapping[str, Any]
    """The controller's document (``inventory.json``)."""
    exit_code: int = 0
    """The worst that happened to a lane; 0 when all were listed and read to the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealSummary:
    """What the seal of a bundle says."""

    path: Path
    files: int
    fingerprint: str
    """Of the key that sealed it, to compare with the one that the controller gave by another way."""
    problems: tuple[tuple[str, str], ...] = ()
    """(file, what is wrong with it)."""
