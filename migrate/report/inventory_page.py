"""The inventory's JSON document as a page: the order in which an auditor asks, from the verdict to the seal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from migrate.report.html import Bars, Page, Section, Table
from migrate.report.html.page import Block, notice
from migrate.report.words import Words

Json = Mapping[str, Any]
_SERVICES = ("mail", "calendar", "contacts", "tasks", "files", "*")
_REACH = ("public", "link", "domain", "outside", "inside", "owner", "*")
_AGES = ("<1", "1-2", "2-5", "5-10", "10+", "unknown")
_CLASSES = (
    "listed", "migrated", "excluded", "unsupported", "blocked", "failed", "waiting", "vanished", "unexplained",
)  # fmt: skip


def inventory_page(facts: Json, report_id: str, w: Words) -> Page:
    """The whole page in the language of ``w``."""
    parts = (
        ("verdict", _verdict), ("scope", _scope), ("unread", _unread), ("holdings", _holdings),
        ("sensitive", _sensitive), ("exposure", _exposure), ("retention", _retention),
        ("reconciliation", _reconciliation), ("transfers", _transfers), ("decisions", _decisions),
        ("limits", _limits), ("integrity", _integrity),
    )  # fmt: skip
    tool = facts["tool"]
    return Page(
        title=w("inv-title"),
        subtitle=w(f"inv-subtitle-{facts['audience']}", name=facts["organisation"]),
        id=report_id,
        facts=(
            (w("inv-id"), report_id),
            (w("inv-date"), facts["reference_date"]),
            (w("inv-tool"), f"{tool['name']} {tool['version']}, {tool['rule_pack']}"),
            (w("inv-controller"), facts["controller"]["name"] or w("inv-to-fill")),
            (w("inv-dpo"), facts["controller"]["dpo"] or w("inv-to-fill")),
        ),
        sections=[Section(id=id_, title=w(f"inv-s-{id_}"), blocks=list(make(facts, w))) for id_, make in parts],
    )


def _verdict(facts: Json, w: Words) -> Iterator[Block]:
    scope = facts["scope"]
    text = w(
        "inv-complete-text",
        listed=w.number(scope["lanes_listed"]),
        lanes=w.number(scope["lanes"]),
        items=w.number(scope["items"]),
        size=w.size(scope["bytes"]),
    )
    done = scope["complete"]
    yield notice(w, "green" if done else "red", w("inv-complete" if done else "inv-incomplete"), text)
    if (found := facts["reconciliation"]) is not None:
        gap = sum(abs(row["unexplained"]) for row in found["services"])
        if gap:
            yield notice(w, "red", w("inv-unexplained"), w("inv-unexplained-text", count=w.number(gap)))
        else:
            yield notice(w, "green", w("inv-explained"), w("inv-explained-text"))
    grave = [one for one in facts["alerts"] if one["severity"] == "red"]
    for one in grave:
        yield notice(w, "red", _alert(facts, one, w))
    if not grave:
        yield notice(w, "green", w("inv-no-red"), w("inv-no-red-text"))


def _alert(facts: Json, one: Json, w: Words) -> str:
    """What an alert says, with its activity and count."""
    activity = f" — {_activity(facts, one['activity'], w)}" if one["activity"] else ""
    count = f" : {w.number(one['count'])}" if one["count"] != 0 else ""
    return f"{w.either('alert', one['code'])}{activity}{count}"


def _activity(facts: Json, id_: str, w: Words) -> str:
    named = {row["activity"]: row["name"] for row in facts["register"] if row["activity"] != "unassigned"}
    return str(named[id_]) if id_ in named else w.either("activity", id_)


def _scope(facts: Json, w: Words) -> Iterator[Block]:
    scope = facts["scope"]
    yield w("inv-method") if scope["content"] else w("inv-metadata-method")
    rows = [
        (w("inv-scope-accounts"), w.number(scope["accounts"])),
        (w("inv-scope-hash"), scope["accounts_sha256"]),
        (w("inv-scope-content"), w.yes(scope["content"])),
        (w("inv-scope-filtered"), w.yes(scope["filtered"])),
        (w("inv-scope-characters"), w.number(scope["characters_read"])),
    ]
    yield Table(caption=w("inv-s-scope"), columns=(w("inv-point"), w("inv-answer")), rows=rows, numbers_from=9)
    coverage = [
        (
            w.either("service", row["service"]),
            w.number(row["items"]),
            w.size(row["bytes"]),
            row["oldest"],
            row["newest"],
            w.number(row["read"]),
        )
        for row in facts["coverage"]
    ]
    columns = [w(f"inv-{name}") for name in ("service", "items", "bytes", "oldest", "newest", "read")]
    yield Table(caption=w("inv-coverage"), columns=columns, rows=coverage)


def _unread(facts: Json, w: Words) -> Iterator[Block]:
    counts: dict[tuple[str, str], dict[str, int]] = {}
    for row in facts["unread"]:
        counts.setdefault((row["service"], row["reason"]), {})[row["scope"]] = row["items"]
    rows = [
        (
            w.either("service", service),
            w.either("reason", reason),
            w.number(found.get("item", 0)),
            w.number(found.get("part", 0)),
        )
        for (service, reason), found in sorted(counts.items())
    ]
    columns = [w(f"inv-{name}") for name in ("service", "reason", "whole", "parts")]
    yield Table(caption=w("inv-unread"), columns=columns, rows=rows, numbers_from=2)
    yield w("inv-unread-text")


def _pivot(
    rows: Sequence[Json], row: str, column: str, w: Words, names: Mapping[str, str], order: Sequence[str]
) -> tuple[list[str], list[list[str]]]:
    """Columns and rows of a table that is kept cell by cell; ``order`` sorts the columns."""
    found = {(one[row], one[column]): one["items"] for one in rows}
    columns = sorted({c for _, c in found}, key=lambda c: (order.index(c) if c in order else len(order), c))
    lines = sorted({r for r, _ in found}, key=lambda r: (r == "*", list(names).index(r) if r in names else 0, r))
    body = [[names.get(line, line), *(w.number(found.get((line, c), 0)) for c in columns)] for line in lines]
    return [w.either(column, c) for c in columns], body


def _names(facts: Json, w: Words) -> dict[str, str]:
    return {row["activity"]: _activity(facts, row["activity"], w) for row in facts["register"]} | {"*": w("total")}


def _services(w: Words) -> dict[str, str]:
    return {one: w.either("service", one) for one in _SERVICES}


def _holdings(facts: Json, w: Words) -> Iterator[Block]:
    order = ("identity", "personal_life", "economic", "connection", "location", "national_number", "organisation", "*")
    columns, rows = _pivot(facts["holdings"], "activity", "category", w, _names(facts, w), order)
    yield Table(caption=w("inv-holdings"), columns=[w("inv-activity"), *columns], rows=rows)
    yield w("inv-holdings-text")
    shown = [row for row in facts["kinds"] if row["items"]]
    bars = sorted(((w.either("kind", row["kind"]), row["items"], w.number(row["items"])) for row in shown),
                  key=lambda bar: (-bar[1], bar[0]))  # fmt: skip
    yield Bars(title=w("inv-chart-kinds"), bars=bars)
    names = ("certain", "probable", "items", "values", "to_check")
    kinds = [[w.either("kind", row["kind"]), *(w.number(row[name]) for name in names)] for row in facts["kinds"]]
    heads = [w(f"inv-{name}") for name in ("kind", "certain", "probable", "items", "values", "to-check")]
    yield Table(caption=w("inv-kinds"), columns=heads, rows=kinds)
    own = [[w.either("kind", row["kind"]), w.number(row["items"])] for row in facts["own_identity"]]
    yield Table(caption=w("inv-own"), columns=[w("inv-kind"), w("inv-items")], rows=own)


def _sensitive(facts: Json, w: Words) -> Iterator[Block]:
    order = ("origin", "politics", "belief", "union", "genetic", "biometric", "health", "sex_life", "offences", "*")
    columns, rows = _pivot(facts["subjects"], "activity", "subject", w, _names(facts, w), order)
    yield Table(caption=w("inv-subjects"), columns=[w("inv-activity"), *columns], rows=rows)
    yield w("inv-subjects-text")


def _exposure(facts: Json, w: Words) -> Iterator[Block]:
    found = facts["exposure"]
    for side, cells in found["reach"].items():
        columns, rows = _pivot(cells, "service", "reach", w, _services(w), _REACH)
        yield Table(caption=w(f"inv-reach-{side}"), columns=[w("inv-service"), *columns], rows=rows)
        columns, rows = _pivot(found["collections"][side], "service", "reach", w, _services(w), _REACH)
        yield Table(caption=w(f"inv-collections-{side}"), columns=[w("inv-service"), *columns], rows=rows)
    reaches = {one: w.either("reach", one) for one in _REACH}
    columns, rows = _pivot(found["categories_beyond"], "reach", "category", w, reaches, ())
    yield Table(caption=w("inv-beyond"), columns=[w("inv-reach"), *columns], rows=rows)
    domains = [
        (
            row["domain"] or w("inv-domains-hidden", count=w.number(row["domains"])),
            w(f"inv-side-{row['side']}"),
            w.number(row["items"]),
        )
        for row in found["outside_domains"]
    ]
    heads = [w("inv-domain"), w("inv-side"), w("inv-items")]
    yield Table(caption=w("inv-domains"), columns=heads, rows=domains, numbers_from=2)
    yield w("inv-writable", before=w.number(found["writable_beyond"]["before"]))
    yield w("inv-forwarding")
    dormant = facts["dormant"]
    yield w("inv-dormant", months=dormant["months"], count=w.number(dormant["accounts"]))
    yield w("inv-orphans", count=w.number(_sum(row["items"] for row in facts["orphans"])))


def _sum(counts: Iterator[int | None]) -> int | None:
    listed = list(counts)
    return None if None in listed else sum(count or 0 for count in listed)


def _retention(facts: Json, w: Words) -> Iterator[Block]:
    columns, rows = _pivot(facts["ages"], "service", "age", w, _services(w), (*_AGES, "*"))
    yield Table(caption=w("inv-ages"), columns=[w("inv-service"), *columns], rows=rows)
    declared = [
        (
            _activity(facts, row["activity"], w),
            str(row["months"]) if row["months"] else w("inv-not-declared"),
            w.number(row["items"]),
            row["oldest"],
            row["newest"],
            w.number(row["overdue"]),
        )
        for row in facts["retention"]
    ]
    heads = [w(f"inv-{name}") for name in ("activity", "months", "items", "oldest", "newest", "overdue")]
    yield Table(caption=w("inv-retention"), columns=heads, rows=declared)
    yield w("inv-retention-text")


def _reconciliation(facts: Json, w: Words) -> Iterator[Block]:
    found = facts["reconciliation"]
    if found is None:
        yield w("inv-no-plan")
        return
    rows = [
        [w.either("service", row["service"]), *(w.number(row[name]) for name in _CLASSES)] for row in found["services"]
    ]
    heads = [w("inv-service"), *(w(f"inv-class-{name}") for name in _CLASSES)]
    yield Table(caption=w("inv-reconciliation"), columns=heads, rows=rows)
    reasons = [
        (
            w.either("service", row["service"]),
            w.either("inv-class", row["class"]),
            row["code"],
            w.number(row["items"]),
        )
        for row in found["reasons"]
    ]
    heads = [w("inv-service"), w("inv-class"), w("inv-reason"), w("inv-items")]
    yield Table(caption=w("inv-reasons"), columns=heads, rows=reasons, numbers_from=3)


def _transfers(facts: Json, w: Words) -> Iterator[Block]:
    systems = [(row["name"], w(f"inv-side-{row['side']}"), row["connector"]) for row in facts["systems"]]
    heads = [w("inv-system"), w("inv-side"), w("inv-connector")]
    yield Table(caption=w("inv-systems"), columns=heads, rows=systems, numbers_from=9)
    host = facts["host"]
    rows = [
        (w("inv-host"), host["name"] or w("inv-host-none")),
        (w("inv-host-country"), host["country"] or w("inv-host-none")),
        (w("inv-host-hds"), w.yes(host["hds"])),
    ]
    yield Table(caption=w("inv-host"), columns=(w("inv-point"), w("inv-answer")), rows=rows, numbers_from=9)
    yield w("inv-transfers-text")


def _decisions(facts: Json, w: Words) -> Iterator[Block]:
    rows = [
        (
            f"{w('severity-' + one['severity'])} {_alert(facts, one, w)}",
            w("inv-to-fill"),
            w("inv-to-fill"),
        )
        for one in facts["alerts"]
    ]
    heads = [w("inv-decision"), w("inv-owner"), w("inv-when")]
    yield Table(caption=w("inv-decisions"), columns=heads, rows=rows, numbers_from=9)
    declared = [
        (
            _activity(facts, row["activity"], w),
            row["purpose"] or w("inv-to-fill"),
            row["legal_basis"] or w("inv-to-fill"),
            ", ".join(row["persons"]) or w("inv-to-fill"),
            w.yes(row["confirmed"]),
        )
        for row in facts["register"]
    ]
    heads = [w(f"inv-{name}") for name in ("activity", "purpose", "basis", "persons", "confirmed")]
    yield Table(caption=w("inv-register"), columns=heads, rows=declared, numbers_from=9)


def _limits(facts: Json, w: Words) -> Iterator[Block]:
    yield from (w(f"inv-limits-{number}") for number in (1, 2, 3))
    if facts["audience"] == "audit":
        yield w("inv-limits-4", below=facts["suppressed_below"] - 1)


def _integrity(_: Json, w: Words) -> Iterator[Block]:
    yield from (w(f"inv-integrity-{number}") for number in (1, 2, 3))
