"""Adds up an inventory, item by item as its files are read: what the bundle tells, before any count is suppressed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from migrate.inventory.categories import Category, category_of
from migrate.inventory.evidence import Evidence, from_json
from migrate.inventory.exposure import Exposure, Reach, expose
from migrate.inventory.take import Taken, gap_of, own_domains
from migrate.model import Grant, GrantKind, GrantRole

AGES = ("<1", "1-2", "2-5", "5-10", "10+", "unknown")
"""Years since an item was last changed (mail: received)."""
_SOMETIME = datetime(9999, 1, 1, tzinfo=UTC)
_BOUNDS = ((1, "<1"), (2, "1-2"), (5, "2-5"), (10, "5-10"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One item, with all that the totals and the locators need of it."""

    lane: str
    account: str
    service: str
    row: Mapping[str, Any]
    path: tuple[str, ...]
    activity: str
    exposure: Exposure
    evidence: Evidence | None
    gap: str
    """Why it was not read inside at all; empty when it was."""

    @property
    def day(self) -> str:
        """ISO day, empty when neither the listing nor the item told."""
        return self.row["date"] or (self.evidence.date if self.evidence else "")

    @property
    def size(self) -> int:
        """Bytes, 0 when unknown."""
        return self.row["size"] or 0


@dataclass(slots=True)
class Spread:
    """Items and distinct values of one kind of datum, by level."""

    items: Counter[str] = field(default_factory=Counter)
    values: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    quoted: int = 0
    """Items where it is only in quotes."""


@dataclass(slots=True)
class Totals:
    """Everything that is counted. Grows with kinds, activities, domains and distinct values, not with items."""

    items: Counter[str] = field(default_factory=Counter)
    bytes: Counter[str] = field(default_factory=Counter)
    span: dict[str, list[str]] = field(default_factory=dict)
    ages: Counter[tuple[str, str]] = field(default_factory=Counter)
    types: Counter[tuple[str, str]] = field(default_factory=Counter)
    read: Counter[str] = field(default_factory=Counter)
    """Items read inside, by service."""
    characters: int = 0
    unread: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """Items by service, reason, and whether the item as a whole or a part of it."""
    kinds: dict[str, Spread] = field(default_factory=lambda: defaultdict(Spread))
    own: Counter[str] = field(default_factory=Counter)
    """Items that hold the organisation's own numbers, by kind."""
    cells: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Items by activity and category, levels A and B."""
    subjects: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Items by activity and subject."""
    activities: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    activity_span: dict[str, list[str]] = field(default_factory=dict)
    activity_ages: Counter[tuple[str, str]] = field(default_factory=Counter)
    overdue: Counter[str] = field(default_factory=Counter)
    reach: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """Items by side, service and reach."""
    folders: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """Collections, likewise."""
    risky: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Items seen from beyond the organisation, by reach and category."""
    writable: Counter[str] = field(default_factory=Counter)
    """Items that somebody beyond may change, by side."""
    domains: Counter[tuple[str, str]] = field(default_factory=Counter)
    newest: dict[str, str] = field(default_factory=dict)
    """Newest item of each account."""
    orphans: Counter[str] = field(default_factory=Counter)

    def add(self, line: Line, reference: date, retention: Mapping[str, int]) -> None:
        """Count one item."""
        service, day = line.service, line.day
        self.items[service] += 1
        self.bytes[service] += line.size
        _widen(self.span, service, day)
        age = age_class(day, reference)
        self.ages[service, age] += 1
        self.types[service, line.row["type"]] += 1
        self.newest[line.account] = max(self.newest.get(line.account, ""), day)
        if line.row["home"] < 0:
            self.orphans[service] += 1
        self.activities[line.activity]["items"] += 1
        self.activities[line.activity]["bytes"] += line.size
        _widen(self.activity_span, line.activity, day)
        self.activity_ages[line.activity, age] += 1
        months = retention.get(line.activity, 0)
        if months and day and months_between(date.fromisoformat(day), reference) > months:
            self.overdue[line.activity] += 1
        self._content(line)
        self.seen("before", service, line.exposure)

    def seen(self, side: str, service: str, exposure: Exposure) -> None:
        """Count who can see an item."""
        self.reach[side, service, exposure.reach.value] += 1
        self.writable[side] += exposure.writable_outside
        for domain in exposure.outside_domains:
            self.domains[side, domain] += 1

    def _content(self, line: Line) -> None:
        if line.gap or line.evidence is None:
            self.unread[line.service, line.gap or "not-fetched", "item"] += 1
            return
        evidence = line.evidence
        whole = any(not gap.where for gap in evidence.gaps) and not evidence.characters
        for gap in evidence.gaps:
            self.unread[line.service, gap.reason, "item" if whole else "part"] += 1
        self.read[line.service] += not whole
        self.characters += evidence.characters
        self._data(line, evidence)
        for subject in evidence.subjects:
            self.subjects[line.activity, subject] += 1

    def _data(self, line: Line, evidence: Evidence) -> None:
        levels: dict[str, str] = {}
        categories: set[Category] = set()
        quoted: dict[str, bool] = {}
        for datum in evidence.data:
            if datum.own:
                continue
            levels[datum.kind] = min(levels.get(datum.kind, "C"), datum.level)
            quoted[datum.kind] = quoted.get(datum.kind, True) and datum.quoted
            self.kinds[datum.kind].values[datum.level].add(datum.fingerprint)
            if datum.level < "C":
                categories.add(category_of(datum.kind))
        for kind in {datum.kind for datum in evidence.data if datum.own}:
            self.own[kind] += 1
        for kind, level in levels.items():
            self.kinds[kind].items[level] += 1
            self.kinds[kind].quoted += quoted[kind]
        for category in categories:
            self.cells[line.activity, category.value] += 1
            if line.exposure.reach in (Reach.PUBLIC, Reach.LINK, Reach.OUTSIDE):
                self.risky[line.exposure.reach.value, category.value] += 1


def _widen(spans: dict[str, list[str]], key: str, day: str) -> None:
    if day:
        span = spans.setdefault(key, [day, day])
        span[0], span[1] = min(span[0], day), max(span[1], day)


def age_class(day: str, reference: date) -> str:
    """The age class of an ISO date."""
    if not day:
        return "unknown"
    years = months_between(date.fromisoformat(day), reference) / 12
    return next((name for bound, name in _BOUNDS if years < bound), "10+")


def months_between(earlier: date, later: date) -> int:
    """Whole months; negative when it is the other way round."""
    return (later.year - earlier.year) * 12 + later.month - earlier.month - (later.day < earlier.day)


def lines(taken: Taken) -> Iterator[Line]:
    """Every item of every lane that was listed, in the order of lanes and listings."""
    domains = own_domains(taken.project, taken.register)
    for lane in taken.lanes:
        if lane.key not in taken.listed:
            continue
        homes: dict[int, dict[str, Any]] = {}
        private: dict[int, bool] = {}
        for row, evidence in taken.stores[lane.key].evidence():
            if "collection" in row:
                homes[row["collection"]] = row
                private[row["collection"]] = taken.register.private(row["path"])
                continue
            home = homes.get(row["home"], {"path": [], "grants": []})
            path = tuple(home["path"]) or tuple(row["labels"][:1])
            yield Line(
                lane=lane.key,
                account=lane.source_account,
                service=lane.service.value,
                row=row,
                path=path,
                activity=taken.register.activity(lane.source_account, lane.service.value, path),
                exposure=expose(grants_of(home["grants"] + row["grants"]), domains),
                evidence=from_json(evidence) if evidence is not None else None,
                gap=gap_of(row, taken.register, private, taken.request),
            )


def grants_of(rows: list[list[Any]]) -> list[Grant]:
    """Grants of a listing's row; only whether one expires was kept."""
    return [
        Grant(
            kind=GrantKind(kind),
            role=GrantRole(role),
            principal=principal,
            expires=_SOMETIME if expires else None,
            inherited=inherited,
        )
        for kind, role, principal, expires, inherited in rows
    ]


def add_up(taken: Taken) -> Totals:
    """All lanes."""
    totals = Totals()
    retention = {key: one.retention_months for key, one in taken.register.activities.items()}
    for line in lines(taken):
        totals.add(line, taken.request.reference, retention)
    domains = own_domains(taken.project, taken.register)
    for side, prefix in (("before", ""), ("after", "target:")):
        for lane in taken.lanes:
            if prefix + lane.key in taken.listed:
                _side(totals, taken, side, prefix + lane.key, lane.service.value, domains)
    return totals


def _side(totals: Totals, taken: Taken, side: str, key: str, service: str, domains: frozenset[str]) -> None:
    """Collections of both sides, and the items of the target's."""
    homes: dict[int, list[Any]] = {}
    for row in taken.stores[key].rows():
        if "collection" in row:
            homes[row["collection"]] = row["grants"]
            totals.folders[side, service, expose(grants_of(row["grants"]), domains).reach.value] += 1
        elif side == "after":
            totals.seen(side, service, expose(grants_of(homes.get(row["home"], []) + row["grants"]), domains))
