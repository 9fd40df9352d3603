"""A migration's overview as a page: for the association, or for one person. Accounts, ids and counts only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence

from migrate.model import Disposition, FindingKind, Service
from migrate.overview import LaneOverview, Overview
from migrate.report.html import Bars, Notice, Page, Section, Table
from migrate.report.html.page import Block, notice
from migrate.report.words import Words
from migrate.summaries import LaneSummary

LEFT = (Disposition.EXCLUDED, Disposition.UNSUPPORTED, Disposition.BLOCKED, Disposition.GONE)


def migration_page(facts: Overview, w: Words, *, person: bool = False) -> Page:
    """The page; ``person`` when the overview is that of one person, who is spoken of without the others."""
    parts = [("short", _short), ("services", _services)]
    parts += [] if person else [("people", _people)]
    parts += [("open", _open), ("left", _left), ("losses", _losses), ("proof", _proof)]
    parts += [] if person else [("history", _history)]
    items = w.number(sum(lane.stored for lane in facts.lanes))
    one = facts.people[0].account if person and facts.people else ""
    return Page(
        title=w("mig-title-final" if facts.final else "mig-title-progress"),
        subtitle=w("mig-subtitle-person", name=facts.name, account=one, items=items)
        if person
        else w("mig-subtitle", name=facts.name, people=w.number(len(facts.people)), items=items),
        id=f"plan {facts.plan_id}",
        facts=((w("mig-plan"), facts.plan_id), (w("mig-verified"), _when(facts, w))),
        sections=[Section(id=id_, title=w(f"mig-s-{id_}"), blocks=list(make(facts, w))) for id_, make in parts],
    )


def _when(facts: Overview, w: Words) -> str:
    if facts.verified is None:
        return w("mig-never")
    return w("mig-verified-at", date=f"{facts.verified.at:%Y-%m-%d %H:%M}", level=facts.verified.level)


def _short(facts: Overview, w: Words) -> Iterator[Block]:
    if facts.open:
        yield notice(w, "amber", w("mig-open", open=w.number(facts.open)), w("mig-open-text"))
    else:
        stored = w.number(sum(lane.stored for lane in facts.lanes))
        size = w.size(sum(lane.stored_bytes for lane in facts.lanes))
        yield notice(w, "green", w("mig-done"), w("mig-done-text", stored=stored, size=size))
    if blocked := sum(lane.plan.counts.get(Disposition.BLOCKED, 0) for lane in facts.lanes):
        yield notice(w, "amber", w("mig-blocked", count=w.number(blocked)), w("mig-blocked-text"))
    for lane in facts.lanes:
        if lane.plan.blocked:
            title = w("mig-lane", account=lane.plan.account, service=w(f"service-{lane.service}"))
            yield notice(w, "red", title, lane.plan.blocked)
    yield _verdict(facts, w)


def _verdict(facts: Overview, w: Words) -> Notice:
    if facts.verified is None:
        return notice(w, "blue", w("mig-unproved"), w("mig-unproved-text"))
    if facts.verified.differences:
        title = w("mig-differs", count=w.number(facts.verified.differences))
        return notice(w, "red", title, w("mig-differs-text"))
    match = sum(kinds.get(FindingKind.MATCH, 0) for kinds in facts.verified.lanes.values())
    return notice(w, "green", w("mig-proved"), w("mig-proved-text", match=w.number(match)))


def _services(facts: Overview, w: Words) -> Iterator[Block]:
    by_service = {service: [lane for lane in facts.lanes if lane.service is service] for service in Service}
    held = {service: lanes for service, lanes in by_service.items() if lanes}
    arrived = [(w(f"service-{one}"), sum(lane.stored for lane in lanes)) for one, lanes in held.items()]
    yield Bars(title=w("mig-chart"), bars=[(label, count, w.number(count)) for label, count in arrived])
    rows = [_row(w(f"service-{service}"), lanes, w) for service, lanes in held.items()]
    yield Table(caption=w("mig-s-services"), columns=_columns("mig-c-service", w), rows=rows)


def _columns(first: str, w: Words) -> list[str]:
    return [w(first), *(w(f"mig-c-{name}") for name in ("found", "stored", "size", "open", "left", "proof"))]


def _row(label: str, lanes: Sequence[LaneOverview], w: Words) -> list[str]:
    match = sum(lane.verified.get(FindingKind.MATCH, 0) for lane in lanes)
    other = sum(n for lane in lanes for kind, n in lane.verified.items() if not kind.quiet)
    compared = any(lane.verified for lane in lanes)
    return [
        label,
        w.number(sum(lane.plan.discovered for lane in lanes)),
        w.number(sum(lane.stored for lane in lanes)),
        w.size(sum(lane.stored_bytes for lane in lanes)),
        w.number(sum(lane.status.open for lane in lanes)),
        w.number(sum(lane.left for lane in lanes)),
        w("mig-equal", match=w.number(match), other=w.number(other)) if compared else w("mig-never"),
    ]


def _people(facts: Overview, w: Words) -> Iterator[Block]:
    columns = _columns("mig-c-person", w)
    rows = [_row(person.account, person.lanes, w) for person in facts.people]
    for row, person in zip(rows, facts.people, strict=True):
        row.insert(1, person.wave)
    yield Table(
        caption=w("mig-s-people"), columns=[columns[0], w("mig-c-wave"), *columns[1:]], rows=rows, numbers_from=2
    )


def _open(facts: Overview, w: Words) -> Iterator[Block]:
    failures: Counter[tuple[str, str]] = Counter()
    for lane in facts.lanes:
        failures.update({(w(f"service-{lane.service}"), code): n for code, n in lane.failures.items()})
    rows = [[w.either("failure", code), service, w.number(n)] for (service, code), n in sorted(failures.items())]
    columns = [w("mig-c-reason"), w("mig-c-service"), w("mig-c-count")]
    yield Table(caption=w("mig-s-open"), columns=columns, rows=rows, numbers_from=2)


def _left(facts: Overview, w: Words) -> Iterator[Block]:
    yield left_table((lane.plan for lane in facts.lanes), LEFT, w("mig-s-left"), w)


def left_table(lanes: Iterable[LaneSummary], classes: Collection[Disposition], caption: str, w: Words) -> Table:
    """What of these classes does not move, by reason."""
    reasons: Counter[tuple[Disposition, str, str]] = Counter()
    for lane in lanes:
        for (disposition, code), count in lane.reasons.items():
            if disposition in classes:
                reasons[disposition, code, lane.texts.get(code, "")] += count
    rows = [
        [w.sentence(text) or code, code, w(f"class-{disposition}"), w.number(n)]
        for (disposition, code, text), n in sorted(reasons.items())
    ]
    columns = [w("mig-c-reason"), w("mig-c-code"), w("mig-c-class"), w("mig-c-count")]
    return Table(caption=caption, columns=columns, rows=rows, numbers_from=3)


def _losses(facts: Overview, w: Words) -> Iterator[Block]:
    losses: Counter[tuple[str, str]] = Counter()
    for lane in facts.lanes:
        losses.update(lane.losses)
    rows = [[w.either("loss", name), w.sentence(reason), w.number(n)] for (name, reason), n in sorted(losses.items())]
    columns = [w("mig-c-field"), w("mig-c-reason"), w("mig-c-count")]
    yield Table(caption=w("mig-s-losses"), columns=columns, rows=rows, numbers_from=2)


def _proof(facts: Overview, w: Words) -> Iterator[Block]:
    found: Counter[FindingKind] = Counter()
    for kinds in facts.verified.lanes.values() if facts.verified else ():
        found.update(kinds)
    rows = [[w(f"finding-{kind}"), w.number(found[kind])] for kind in FindingKind if found[kind]]
    yield Table(caption=w("mig-s-proof"), columns=[w("mig-c-finding"), w("mig-c-count")], rows=rows)


def _history(facts: Overview, w: Words) -> Iterator[Block]:
    rows = [
        [
            run.command,
            f"{run.started:%Y-%m-%d %H:%M:%S}",
            w("mig-exit", code=run.exit_code) if run.ended else w("mig-running"),
        ]
        for run in facts.runs
    ]
    columns = [w("mig-c-command"), w("mig-c-start"), w("mig-c-end")]
    yield Table(caption=w("mig-s-history"), columns=columns, rows=rows, numbers_from=3)
