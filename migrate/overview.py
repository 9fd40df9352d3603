"""Where a migration stands as a whole, person by person, as values (read by ``survey.py``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from migrate.model import Disposition, FindingKind, Service
from migrate.summaries import LaneStatus, LaneSummary, Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """The last comparison of both sides."""

    at: datetime
    level: str
    lanes: Mapping[str, Mapping[FindingKind, int]]

    @property
    def differences(self) -> int:
        """Findings that are neither a match nor an item that was not to move."""
        return sum(n for kinds in self.lanes.values() for kind, n in kinds.items() if not kind.quiet)


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneOverview:
    """One service of one person."""

    service: Service
    plan: LaneSummary
    status: LaneStatus
    stored: int
    """Items at the target over all passes."""
    stored_bytes: int
    failures: Mapping[str, int] = field(default_factory=dict)
    """Planned items without a happy end, by the class of the error; ``waiting`` for those not tried yet."""
    losses: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """How many items lose something, by (field, reason), over all plans."""
    verified: Mapping[FindingKind, int] = field(default_factory=dict)

    @property
    def left(self) -> int:
        """Items that this plan leaves behind, for good or for now."""
        classes = (Disposition.EXCLUDED, Disposition.UNSUPPORTED, Disposition.BLOCKED)
        return sum(self.plan.counts.get(one, 0) for one in classes)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonOverview:
    """One person of the accounts file."""

    account: str
    wave: str
    lanes: tuple[LaneOverview, ...]

    @property
    def open(self) -> int:
        """Planned items without a happy end."""
        return sum(lane.status.open for lane in self.lanes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """A whole migration."""

    name: str
    plan_id: str
    people: tuple[PersonOverview, ...]
    runs: tuple[Run, ...]
    verified: Verified | None

    @property
    def lanes(self) -> tuple[LaneOverview, ...]:
        """Every service of every person."""
        return tuple(lane for person in self.people for lane in person.lanes)

    @property
    def open(self) -> int:
        """Planned items without a happy end."""
        return sum(person.open for person in self.people)

    @property
    def final(self) -> bool:
        """Whether everything planned is done, nothing waits to be unblocked, and a comparison found no difference."""
        blocked = any(lane.plan.blocked or lane.plan.counts.get(Disposition.BLOCKED) for lane in self.lanes)
        return not self.open and not blocked and self.verified is not None and not self.verified.differences

    def of(self, account: str) -> Overview:
        """The same for one person alone."""
        people = tuple(person for person in self.people if person.account == account)
        keys = {lane.plan.key for person in people for lane in person.lanes}
        verified = self.verified
        if verified is not None:
            lanes = {key: kinds for key, kinds in verified.lanes.items() if key in keys}
            verified = Verified(at=verified.at, level=verified.level, lanes=lanes)
        return Overview(name=self.name, plan_id=self.plan_id, people=people, runs=(), verified=verified)
