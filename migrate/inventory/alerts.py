"""What a person must decide, and what must not wait. Pure: counts and declarations in, alerts out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from migrate.inventory.categories import Category
from migrate.inventory.register import UNASSIGNED, Register
from migrate.inventory.take import Taken
from migrate.inventory.totals import Totals, months_between


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One matter. ``code`` is a key of the report's words."""

    code: str
    severity: str
    """``red``: before anything moves; ``amber``: to be decided; ``blue``: to know."""
    activity: str = ""
    count: int = 0


HEALTHY = ("health", "genetic", "sex_life")


def alerts(taken: Taken, totals: Totals) -> list[Alert]:
    """Every alert, the gravest first, then by code and activity."""
    found = [
        *_national_numbers(taken.register, totals),
        *_health(taken.register, totals),
        *_exposed(totals),
        *_declarations(taken.register, totals),
        *_coverage(taken, totals),
    ]
    order = ("red", "amber", "blue")
    return sorted(found, key=lambda one: (order.index(one.severity), one.code, one.activity))


def _national_numbers(register: Register, totals: Totals) -> list[Alert]:
    found = []
    for (activity, category), count in totals.cells.items():
        if category != Category.NATIONAL_NUMBER.value:
            continue
        declared = activity in register.activities and register.activities[activity].national_number_purpose
        if not declared:
            found.append(Alert(code="national-number", severity="red", activity=activity, count=count))
    return found


def _health(register: Register, totals: Totals) -> list[Alert]:
    host = register.host
    count = sum(number for (_, subject), number in totals.subjects.items() if subject in HEALTHY)
    if not count or host.hds or not host.for_others:
        return []
    return [Alert(code="health-host", severity="red", count=count)]


def _exposed(totals: Totals) -> list[Alert]:
    found = []
    for reach, severity in (("public", "red"), ("link", "red"), ("domain", "amber"), ("outside", "amber")):
        count = sum(n for (side, _, one), n in totals.reach.items() if side == "before" and one == reach)
        if count:
            found.append(Alert(code=f"exposed-{reach}", severity=severity, count=count))
    return found


def _declarations(register: Register, totals: Totals) -> list[Alert]:
    found = []
    for activity in totals.activities:
        one = register.activities.get(activity)
        if one is None:
            found.append(Alert(code=UNASSIGNED, severity="amber"))
        elif not one.confirmed:
            found.append(Alert(code="unconfirmed", severity="blue", activity=activity))
        if one is not None and not one.retention_months:
            found.append(Alert(code="no-retention", severity="blue", activity=activity))
        if totals.overdue[activity]:
            found.append(Alert(code="overdue", severity="amber", activity=activity, count=totals.overdue[activity]))
    return found


def _coverage(taken: Taken, totals: Totals) -> list[Alert]:
    found = []
    locked = sum(count for (_, reason, _), count in totals.unread.items() if reason == "encrypted")
    if locked:
        found.append(Alert(code="encrypted", severity="amber", count=locked))
    if taken.errors:
        found.append(Alert(code="incomplete", severity="red", count=len(taken.errors)))
    if not taken.request.content:
        found.append(Alert(code="metadata-only", severity="blue"))
    if dormant := len(dormant_accounts(taken, totals)):
        found.append(Alert(code="dormant", severity="amber", count=dormant))
    return found


def dormant_accounts(taken: Taken, totals: Totals) -> list[str]:
    """Accounts without an item newer than the register's months; one without any item is dormant too."""
    limit = taken.register.scope.dormant_months
    accounts = sorted({lane.source_account for lane in taken.lanes if lane.key in taken.listed})
    newest = {account: totals.newest.get(account, "") for account in accounts}
    return [
        account
        for account, day in newest.items()
        if not day or months_between(date.fromisoformat(day), taken.request.reference) >= limit
    ]
