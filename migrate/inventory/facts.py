"""What the bundle tells, as one JSON document: whole for the controller, with small counts left out for auditors."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from migrate import __version__
from migrate.inventory.alerts import HEALTHY, Alert, alerts, dormant_accounts
from migrate.inventory.categories import SUBJECTS, Category, category_of
from migrate.inventory.reconcile import Reconciliation
from migrate.inventory.register import UNASSIGNED, Activity
from migrate.inventory.suppress import THRESHOLD, small, suppress, with_totals
from migrate.inventory.take import Taken
from migrate.inventory.totals import AGES, Spread, Totals

SCHEMA_VERSION = "1.0"
"""A minor number only adds fields."""
AUDIENCES = ("audit", "controller")
CLASSES = ("migrated", "excluded", "unsupported", "blocked", "failed", "waiting")
Counts = Mapping[tuple[str, str], int]
Shown = Mapping[tuple[str, str], int | None]
Json = dict[str, Any]


class Discretion:
    """How counts are shown to one audience."""

    def __init__(self, audience: str) -> None:
        self._audit = audience == "audit"

    def one(self, count: int) -> int | None:
        """A count by itself."""
        return small(count) if self._audit else count

    def table(self, counts: Counts) -> Shown:
        """A table with its totals, under ``*``."""
        return suppress(counts) if self._audit else with_totals(counts)

    def services(self, counts: Counts) -> Shown:
        """The same with services for rows, whose totals are told elsewhere: they show that nothing is left out."""
        return suppress(counts, known_rows=True) if self._audit else with_totals(counts)


def facts(taken: Taken, totals: Totals, reconciliation: Reconciliation | None, audience: str) -> Json:
    """The whole document. The same data and the same day give the same bytes."""
    show = Discretion(audience)
    return {
        "schema_version": SCHEMA_VERSION,
        "audience": audience,
        "suppressed_below": THRESHOLD if audience == "audit" else 0,
        "tool": {"name": "transhume", "version": __version__, "rule_pack": taken.rule_pack},
        "reference_date": taken.request.reference.isoformat(),
        "territory": taken.project.territory,
        "language": taken.project.language,
        "organisation": taken.project.name,
        "controller": taken.register.controller.model_dump(),
        "host": taken.register.host.model_dump(),
        "scope": _scope(taken, totals),
        "coverage": _coverage(totals),
        "ages": cells(show.services(totals.ages), "service", "age"),
        "media_types": [
            row for row in cells(show.services(totals.types), "service", "media_type") if row["items"] != 0
        ],
        "unread": [
            {"service": service, "reason": reason, "scope": scope, "items": count}
            for (service, reason, scope), count in sorted(totals.unread.items())
        ],
        "holdings": cells(show.table(totals.cells), "activity", "category"),
        "subjects": cells(show.table(totals.subjects), "activity", "subject"),
        "kinds": _kinds(totals, show),
        "own_identity": [{"kind": kind, "items": show.one(count)} for kind, count in sorted(totals.own.items())],
        "exposure": _exposure(taken, totals, show),
        "dormant": _dormant(taken, totals, audience),
        "orphans": [{"service": s, "items": show.one(n)} for s, n in sorted(totals.orphans.items())],
        "retention": _retention(taken, totals, show),
        "reconciliation": _reconciliation(reconciliation),
        "register": [_activity(taken, totals, show, id_) for id_ in _activities(taken, totals)],
        "alerts": [
            {
                "code": one.code,
                "severity": one.severity,
                "activity": one.activity,
                "count": _alert_count(one, totals, show),
            }
            for one in alerts(taken, totals)
        ],
        "systems": [
            {"side": side, "name": name, "connector": system.connector}
            for side, systems in (("source", taken.project.sources), ("target", taken.project.targets))
            for name, system in systems.items()
        ],
    }


def cells(shown: Shown, row: str, column: str) -> list[Json]:
    """A table as rows of JSON, totals under ``*``."""
    return [{row: r, column: c, "items": count} for (r, c), count in sorted(shown.items())]


def _scope(taken: Taken, totals: Totals) -> Json:
    accounts = sorted({lane.source_account for lane in taken.lanes})
    filters = taken.request.filters
    return {
        "content": taken.request.content,
        "after": taken.request.after,
        "accounts": len(accounts),
        "accounts_sha256": hashlib.sha256("\n".join(accounts).encode()).hexdigest(),
        "services": sorted({lane.service.value for lane in taken.lanes}),
        "waves": sorted(filters.waves),
        "filtered": bool(filters.waves or filters.accounts or filters.services),
        "lanes": len(taken.lanes),
        "lanes_listed": sum(lane.key in taken.listed for lane in taken.lanes),
        "errors": _counted(code for code, _ in taken.errors.values()),
        "complete": not taken.errors,
        "items": sum(totals.items.values()),
        "bytes": sum(totals.bytes.values()),
        "characters_read": totals.characters,
    }


def _counted(codes: Iterable[str]) -> list[Json]:
    return [{"code": code, "lanes": count} for code, count in sorted(Counter(codes).items())]


def _coverage(totals: Totals) -> list[Json]:
    return [
        {
            "service": service,
            "items": count,
            "bytes": totals.bytes[service],
            "oldest": totals.span.get(service, ["", ""])[0],
            "newest": totals.span.get(service, ["", ""])[1],
            "read": totals.read[service],
        }
        for service, count in sorted(totals.items.items())
    ]


def _kinds(totals: Totals, show: Discretion) -> list[Json]:
    sure = {(kind, level): spread.items[level] for kind, spread in totals.kinds.items() for level in ("A", "B")}
    shown = show.table(sure)
    return [
        {
            "kind": kind,
            "category": category_of(kind).value,
            "certain": shown[kind, "A"],
            "probable": shown[kind, "B"],
            "items": shown[kind, "*"],
            "values": _values(spread, show) if shown[kind, "*"] is not None else None,
            "to_check": show.one(spread.items["C"]),
        }
        for kind, spread in sorted(totals.kinds.items())
    ]


def _values(spread: Spread, show: Discretion) -> int | None:
    return show.one(len(spread.values["A"] | spread.values["B"]))


def _exposure(taken: Taken, totals: Totals, show: Discretion) -> Json:
    sides = ("before", "after") if taken.request.after else ("before",)
    found: Json = {
        "reach": {side: cells(show.services(_of(totals.reach, side)), "service", "reach") for side in sides},
        "collections": {side: cells(show.table(_of(totals.folders, side)), "service", "reach") for side in sides},
        "writable_beyond": {side: show.one(totals.writable[side]) for side in sides},
        "categories_beyond": cells(show.table(totals.risky), "reach", "category"),
        "forwarding": "not-told",
    }
    found["outside_domains"] = [row for side in sides for row in _domains(totals, side, show)]
    return found


def _of(counts: Mapping[tuple[str, str, str], int], side: str) -> Counts:
    return {(service, reach): count for (one, service, reach), count in counts.items() if one == side}


def _domains(totals: Totals, side: str, show: Discretion) -> list[Json]:
    """A domain may be a family's own: one that is seldom met is not named to auditors."""
    listed = [(domain, show.one(count)) for (one, domain), count in sorted(totals.domains.items()) if one == side]
    named = [{"side": side, "domain": domain, "items": count} for domain, count in listed if count is not None]
    hidden = sum(count is None for _, count in listed)
    return named + ([{"side": side, "domain": "", "items": None, "domains": hidden}] if hidden else [])


def _dormant(taken: Taken, totals: Totals, audience: str) -> Json:
    accounts = dormant_accounts(taken, totals)
    found: Json = {"months": taken.register.scope.dormant_months, "accounts": len(accounts)}
    return found | ({"names": accounts} if audience == "controller" else {})


def _retention(taken: Taken, totals: Totals, show: Discretion) -> list[Json]:
    ages = show.table(totals.activity_ages)
    return [
        {
            "activity": id_,
            "months": taken.register.activities[id_].retention_months if id_ in taken.register.activities else 0,
            "items": ages[id_, "*"],
            "oldest": totals.activity_span.get(id_, ["", ""])[0],
            "newest": totals.activity_span.get(id_, ["", ""])[1],
            "ages": {age: ages.get((id_, age), 0) for age in AGES},
            "overdue": show.one(totals.overdue[id_]),
        }
        for id_ in _activities(taken, totals)
    ]


def _activities(taken: Taken, totals: Totals) -> list[str]:
    """Those that hold something, in the register's order, what none holds at the end."""
    named = [id_ for id_ in taken.register.activities if id_ in totals.activities]
    return [*named, *([UNASSIGNED] if UNASSIGNED in totals.activities else [])]


def _activity(taken: Taken, totals: Totals, show: Discretion, id_: str) -> Json:
    """One activity, with the lines of the authority's template: what was declared, and what was found."""
    declared = taken.register.activities.get(id_, Activity(name=UNASSIGNED))
    holdings, subjects = show.table(totals.cells), show.table(totals.subjects)
    return {
        "activity": id_,
        **declared.model_dump(exclude={"services", "folders", "accounts"}),
        "items": show.table(totals.activity_ages)[id_, "*"],
        "bytes": totals.activities[id_]["bytes"],
        "oldest": totals.activity_span.get(id_, ["", ""])[0],
        "newest": totals.activity_span.get(id_, ["", ""])[1],
        "categories": {one.value: holdings.get((id_, one.value), 0) for one in Category},
        "subjects": {one: subjects.get((id_, one), 0) for one in SUBJECTS},
    }


def _alert_count(one: Alert, totals: Totals, show: Discretion) -> int | None:
    """As the tables show it: an alert must not tell what they withhold."""
    if one.code == "national-number":
        return show.table(totals.cells)[one.activity, Category.NATIONAL_NUMBER.value]
    if one.code == "health-host":
        subjects = show.table(totals.subjects)
        found = [subjects.get(("*", subject), 0) for subject in HEALTHY]
        return None if None in found else one.count
    if one.code.startswith("exposed-"):
        return show.services(_of(totals.reach, "before"))["*", one.code.removeprefix("exposed-")]
    return one.count if one.code in ("encrypted", "incomplete", "dormant") else show.one(one.count)


def _reconciliation(found: Reconciliation | None) -> Json | None:
    if found is None:
        return None
    services: dict[str, Counter[str]] = {}
    reasons: Counter[tuple[str, str, str]] = Counter()
    for lane in found.lanes:
        service = lane.lane.rpartition("/")[2]
        counts = services.setdefault(service, Counter())
        counts.update(lane.classes)
        counts.update({"listed": lane.listed, "vanished": lane.vanished, "unexplained": lane.unexplained})
        reasons.update({(service, *key): count for key, count in lane.reasons.items()})
    names = ("listed", *CLASSES, "vanished", "unexplained")
    return {
        "plan": found.plan,
        "services": [
            {"service": one} | {name: counts[name] for name in names} for one, counts in sorted(services.items())
        ],
        "reasons": [
            {"service": service, "class": name, "code": code, "items": count}
            for (service, name, code), count in sorted(reasons.items())
        ],
    }
