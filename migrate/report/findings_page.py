"""A comparison as a page: the verdict, the counts, and each difference by its id. No name, no title."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from migrate.model import Finding, FindingKind, Service
from migrate.report.html import Page, Section, Table
from migrate.report.html.page import Block, notice
from migrate.report.words import Words
from migrate.summaries import VerifySummary

MOST = 500
"""Findings listed one by one; the file has them all."""


def findings_page(summary: VerifySummary, findings: Sequence[tuple[Finding, int]], w: Words) -> Page:
    """The page. ``findings``: the differences, each with how many items it stands for; ``href`` is the item's id."""
    numbers = {"checked": w.number(summary.checked), "differences": w.number(summary.differences)}
    name = summary.path.name if summary.path else ""
    sections = {
        "short": _short(summary, w),
        "services": _table(_by(summary, 1, w), "ver-s-services", "plan-c-service", w),
        "people": _table(_by(summary, 0, w), "ver-s-people", "plan-c-person", w),
        "differences": _differences(findings, name, w),
        "quiet": _quiet(summary, w),
    }
    return Page(
        title=w("ver-title"),
        subtitle=w("ver-subtitle", **numbers),
        id=name,
        facts=((w("ver-level"), summary.level), (w("ver-file"), name)),
        sections=[Section(id=id_, title=w(f"ver-s-{id_}"), blocks=list(made)) for id_, made in sections.items()],
    )


def _short(summary: VerifySummary, w: Words) -> Iterator[Block]:
    if summary.differences:
        title = w("ver-differs", count=w.number(summary.differences))
        yield notice(w, "red", title, w("ver-differs-text"))
    else:
        text = w("ver-same-text", match=w.number(summary.counts.get(FindingKind.MATCH, 0)))
        yield notice(w, "green", w("ver-same"), text)


def _by(summary: VerifySummary, part: int, w: Words) -> Mapping[str, list[Mapping[FindingKind, int]]]:
    """The lanes' counts by account (part 0 of a lane's key) or service."""
    found: dict[str, list[Mapping[FindingKind, int]]] = {}
    for key, counts in sorted(summary.lanes.items()):
        account, _, service = key.partition("/")[2].rpartition("/")
        label = w(f"service-{Service(service)}") if part else account
        found.setdefault(label, []).append(counts)
    return found


def _table(rows: Mapping[str, list[Mapping[FindingKind, int]]], title: str, first: str, w: Words) -> Iterator[Block]:
    cells = []
    for label, lanes in rows.items():
        match = sum(counts.get(FindingKind.MATCH, 0) for counts in lanes)
        other = sum(n for counts in lanes for kind, n in counts.items() if not kind.quiet)
        everything = sum(n for counts in lanes for n in counts.values())
        cells.append([label, w.number(match), w.number(other), w.number(everything - match - other)])
    columns = [w(first), w("ver-c-match"), w("ver-c-other"), w("ver-c-quiet")]
    yield Table(caption=w(title), columns=columns, rows=cells)


def _differences(findings: Sequence[tuple[Finding, int]], file: str, w: Words) -> Iterator[Block]:
    rows = [
        [
            one.href or w("unknown"),
            one.account,
            w(f"service-{one.service}"),
            w(f"finding-{one.kind}"),
            w.either("detail", one.detail),
            w.number(count),
        ]
        for one, count in findings[:MOST]
    ]
    names = ("ver-c-item", "plan-c-person", "plan-c-service", "mig-c-finding", "ver-c-detail", "mig-c-count")
    yield Table(caption=w("ver-s-differences"), columns=[w(name) for name in names], rows=rows, numbers_from=5)
    if len(findings) > MOST:
        yield w("ver-more", count=w.number(len(findings) - MOST), file=file)
    if rows:
        yield w("ver-ids")


def _quiet(summary: VerifySummary, w: Words) -> Iterator[Block]:
    rows = [
        [w(f"finding-{kind}"), w.number(summary.counts[kind])]
        for kind in FindingKind
        if kind.quiet and summary.counts.get(kind)
    ]
    yield Table(caption=w("ver-s-quiet"), columns=[w("mig-c-finding"), w("mig-c-count")], rows=rows)
