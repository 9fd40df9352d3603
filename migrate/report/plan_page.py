"""A plan as a page, for whoever decides: counts, time, what waits and what would unblock it, losses by person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from migrate.model import Disposition, Service
from migrate.report.html import Bars, Page, Section, Table
from migrate.report.html.page import Block, notice
from migrate.report.migration_page import left_table
from migrate.report.units import duration
from migrate.report.words import Words
from migrate.summaries import Estimate, LaneSummary, PlanSummary

LEFT = (Disposition.EXCLUDED, Disposition.UNSUPPORTED, Disposition.GONE)


def plan_page(plan: PlanSummary, w: Words) -> Page:
    """The page. Accounts, codes and counts only."""
    makers = {
        "short": _short,
        "services": _services,
        "people": _people,
        "blocked": _blocked,
        "left": _left,
        "losses": _losses,
    }
    planned, size = plan.total(Disposition.PLANNED), sum(lane.bytes_planned for lane in plan.lanes)
    facts = [(w("plan-id"), plan.plan_id)]
    facts += [(w("plan-made"), _range(plan.estimate, w))] if plan.estimate else []
    return Page(
        title=w("plan-title"),
        subtitle=w("plan-subtitle", items=w.number(plan.discovered), planned=w.number(planned), size=w.size(size)),
        id=f"plan {plan.plan_id}",
        facts=tuple(facts),
        sections=[
            Section(id=id_, title=w(f"plan-s-{id_}"), blocks=list(make(plan, w))) for id_, make in makers.items()
        ],
    )


def _range(estimate: Estimate, w: Words) -> str:
    low, high = duration(estimate.low), duration(estimate.high)
    return low if low == high else w("plan-range", low=low, high=high)


def _short(plan: PlanSummary, w: Words) -> Iterator[Block]:
    totals = {one.value: w.number(plan.total(one)) for one in Disposition}
    if not plan.sums_check:
        yield notice(w, "red", w("plan-wrong"), w("plan-wrong-text"))
    elif plan.changes:
        yield notice(w, "green", w("plan-ready", planned=totals["planned"]), w("plan-ready-text"))
    else:
        yield notice(w, "green", w("plan-nothing"))
    if plan.estimate:
        text = w("plan-time-text", limit=w.sentence(plan.estimate.limit))
        yield notice(w, "blue", w("plan-time", time=_range(plan.estimate, w)), text)
    if plan.grants:
        hours = plan.grant_hours
        text = w("plan-shares-text", time=duration(hours * 3600)) if hours else ""
        yield notice(w, "blue", w("plan-shares", count=w.number(plan.grants)), text)
    for lane in plan.lanes:
        if lane.blocked:
            title = w("plan-lane", account=lane.account, service=w(f"service-{lane.service}"))
            yield notice(w, "red", title, lane.blocked)
    if plan.total(Disposition.BLOCKED):
        yield notice(w, "amber", w("plan-waits", count=totals["blocked"]), w("plan-waits-text"))
    if plan.sums_check:
        yield notice(w, "green", w("plan-sums"), w("plan-sums-text", items=w.number(plan.discovered), **totals))


def _services(plan: PlanSummary, w: Words) -> Iterator[Block]:
    held = {one: [lane for lane in plan.lanes if lane.service is one] for one in Service}
    rows = [_row(w(f"service-{one}"), lanes, w) for one, lanes in held.items() if lanes]
    bars = [
        (w(f"service-{one}"), number, w.number(number))
        for one, lanes in held.items()
        if lanes
        for number in [sum(lane.counts.get(Disposition.PLANNED, 0) for lane in lanes)]
    ]
    yield Bars(title=w("plan-chart"), bars=bars)
    yield Table(caption=w("plan-s-services"), columns=_columns("plan-c-service", w), rows=rows)


def _people(plan: PlanSummary, w: Words) -> Iterator[Block]:
    by_account = groupby(sorted(plan.lanes, key=lambda lane: lane.account), key=lambda lane: lane.account)
    rows = [_row(account, list(lanes), w) for account, lanes in by_account]
    yield Table(caption=w("plan-s-people"), columns=_columns("plan-c-person", w), rows=rows)


def _columns(first: str, w: Words) -> list[str]:
    return [w(first), w("plan-c-found"), *(w(f"plan-c-{one.value}") for one in Disposition), w("plan-c-size")]


def _row(label: str, lanes: Sequence[LaneSummary], w: Words) -> list[str]:
    classes = [w.number(sum(lane.counts.get(one, 0) for lane in lanes)) for one in Disposition]
    size = w.size(sum(lane.bytes_planned for lane in lanes))
    return [label, w.number(sum(lane.discovered for lane in lanes)), *classes, size]


def _blocked(plan: PlanSummary, w: Words) -> Iterator[Block]:
    rows = []
    for lane in plan.lanes:
        for (disposition, code), count in sorted(lane.reasons.items()):
            if disposition is Disposition.BLOCKED:
                reason = w.sentence(lane.texts.get(code, "")) or code
                rows.append([lane.account, w(f"service-{lane.service}"), reason, w.remedy(code), w.number(count)])
    columns = [w("plan-c-person"), w("plan-c-service"), w("mig-c-reason"), w("plan-c-unblock"), w("mig-c-count")]
    yield Table(caption=w("plan-s-blocked"), columns=columns, rows=rows, numbers_from=4)


def _left(plan: PlanSummary, w: Words) -> Iterator[Block]:
    yield left_table(plan.lanes, LEFT, w("plan-s-left"), w)


def _losses(plan: PlanSummary, w: Words) -> Iterator[Block]:
    rows = [
        [lane.account, w(f"service-{lane.service}"), w.either("loss", name), w.sentence(reason), w.number(count)]
        for lane in plan.lanes
        for (name, reason), count in sorted(lane.losses.items())
    ]
    columns = [w("plan-c-person"), w("plan-c-service"), w("mig-c-field"), w("mig-c-reason"), w("mig-c-count")]
    yield Table(caption=w("plan-s-losses"), columns=columns, rows=rows, numbers_from=4)
