"""The inventory's tables for spreadsheets; the register's sheet mirrors the rows of the authority's template."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from migrate.report.sheets import Cell
from migrate.report.words import Words

Json = Mapping[str, Any]
Rows = list[list[Cell]]
_CATEGORIES = ("identity", "personal_life", "economic", "connection", "location", "national_number")
_SUBJECTS = ("origin", "politics", "belief", "union", "genetic", "biometric", "health", "sex_life", "offences")


def shown(count: int | None, w: Words) -> Cell:
    """A number, or the word for a withheld one."""
    return w("withheld") if count is None else count


def holdings(facts: Json, w: Words) -> Rows:
    """Activity, category, items."""
    rows: Rows = [[w("inv-activity"), w("inv-type"), w("inv-items")]]
    for row in facts["holdings"]:
        category = w.either("category", row["category"])
        rows.append([w.either("activity", row["activity"]), category, shown(row["items"], w)])
    return rows


def kinds(facts: Json, w: Words) -> Rows:
    """Identifier, levels, distinct values."""
    names = ("certain", "probable", "items", "values", "to_check")
    heads = [w(f"inv-{name}") for name in ("kind", "certain", "probable", "items", "values", "to-check")]
    return [
        list(heads),
        *([w.either("kind", row["kind"]), *(shown(row[one], w) for one in names)] for row in facts["kinds"]),
    ]


def unread(facts: Json, w: Words) -> Rows:
    """Service, reason, scope, items."""
    rows: Rows = [[w("inv-service"), w("inv-reason"), w("inv-type"), w("inv-items")]]
    for row in facts["unread"]:
        scope = w("inv-whole") if row["scope"] == "item" else w("inv-parts")
        rows.append([w.either("service", row["service"]), w.either("reason", row["reason"]), scope, row["items"]])
    return rows


def exposure(facts: Json, w: Words) -> Rows:
    """Side, service, reach, items."""
    rows: Rows = [[w("inv-side"), w("inv-service"), w("inv-s-exposure"), w("inv-items")]]
    for side, cells in facts["exposure"]["reach"].items():
        for cell in cells:
            names = [w(f"inv-side-{side}"), w.either("service", cell["service"]), w.either("reach", cell["reach"])]
            rows.append([*names, shown(cell["items"], w)])
    return rows


def reconciliation(facts: Json, w: Words) -> Rows:
    """Service, and every class."""
    found = facts["reconciliation"]
    if found is None:
        return [[w("inv-no-plan")]]
    names = [name for name in found["services"][0] if name != "service"] if found["services"] else []
    rows: Rows = [[w("inv-service"), *(w(f"inv-class-{name}") for name in names)]]
    return rows + [[w.either("service", row["service"]), *(row[name] for name in names)] for row in found["services"]]


def register(facts: Json, w: Words) -> dict[str, Rows]:
    """A sheet for each activity, its lines those of the template: ordinary ones, then the sensitive ones."""
    return {row["activity"][:31]: _activity(row, w) for row in facts["register"]}


def _activity(row: Json, w: Words) -> Rows:
    months = row["retention_months"] or w("inv-not-declared")
    rows: Rows = [
        [w("inv-activity"), row["name"]],
        [w("inv-purpose"), row["purpose"] or w("inv-to-fill")],
        [w("inv-basis"), row["legal_basis"] or w("inv-to-fill")],
        [w("inv-persons"), ", ".join(row["persons"]) or w("inv-to-fill")],
        [w("inv-s-transfers"), ", ".join(row["recipients"]) or w("inv-to-fill")],
        [w("inv-oldest"), row["oldest"]],
        [w("inv-newest"), row["newest"]],
        [],
        [w("inv-type"), w("inv-items"), w("inv-months")],
    ]
    rows += [[w.either("category", one), shown(row["categories"][one], w), months] for one in _CATEGORIES]
    rows.append([w("inv-subjects")])
    return rows + [[w.either("subject", one), shown(row["subjects"][one], w), months] for one in _SUBJECTS]
