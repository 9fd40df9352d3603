"""Summaries as text for the terminal. Accounts, ids and counts; never a title or a name found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from migrate.errors import Exit
from migrate.model import Check, Disposition, Fate, FindingKind, Verb
from migrate.report.units import count, duration, plural, size
from migrate.report.words import Words
from migrate.summaries import (
    ApplySummary,
    ApprovalSummary,
    CutoverSummary,
    Estimate,
    InventorySummary,
    LaneRollback,
    LaneSummary,
    PlanSummary,
    RollbackSummary,
    Run,
    SealSummary,
    StatusSummary,
    VerifySummary,
)
from migrate.waves import Wave, next_step

_CLASSES = tuple(Disposition)
_DONE = {
    Verb.CREATE: "new",
    Verb.UPDATE: "changed",
    Verb.MOVE: "moved",
    Verb.REPLACE: "stored anew",
    Verb.FLAGS: "with other flags",
    Verb.DELETE: "to remove from the target",
}
_LABEL = 14
_NUMBER = 12


def plan(summary: PlanSummary) -> str:
    """A plan per person and service: counts, bytes, what will not follow and why, the sums checked."""
    lines = [f"Plan {summary.plan_id}" if summary.plan_id else "Plan"]
    lines.append(_row("  service", ["found", *(disposition.value for disposition in _CLASSES), "size"]))
    for account, lanes in groupby(summary.lanes, key=lambda lane: lane.account):
        lines.append(account)
        for lane in lanes:
            lines += _lane(lane)
    lines += ["", *_totals(summary)]
    if summary.estimate:
        lines.append(_estimate(summary.estimate))
    if summary.path:
        lines.append(f"Plan file: {summary.path}")
    if summary.exit_code:
        doctor = "; transhume doctor tells what to grant" if summary.exit_code == Exit.AUTH else ""
        lines.append(f"This plan leaves out what could not be read: see the reasons above{doctor}. Then plan again.")
    elif not summary.changes:
        lines.append("Nothing to do: everything that can move is there already.")
    return "\n".join(lines)


def _lane(lane: LaneSummary) -> Iterator[str]:
    if lane.blocked and not lane.discovered:
        yield f"  {lane.service.value}: cannot be moved: {lane.blocked}"
        return
    numbers: list[str] = [count(lane.discovered), *(count(lane.counts.get(one, 0)) for one in _CLASSES)]
    yield _row(f"  {lane.service.value}", [*numbers, size(lane.bytes_planned, exact=lane.bytes_exact)])
    if set(lane.verbs) - {Verb.CREATE}:
        yield f"      planned: {', '.join(f'{count(n)} {_DONE[verb]}' for verb, n in sorted(lane.verbs.items()))}"
    for (disposition, code), number in sorted(lane.reasons.items()):
        text = lane.texts.get(code, "")
        yield f"      {plural(number, 'item')} {disposition.value}: {code}{f' ({text})' if text else ''}"
        if disposition is Disposition.BLOCKED and (remedy := Words("en").remedy(code)):
            yield f"        {remedy}"
    for (field, reason), number in sorted(lane.losses.items()):
        yield f"      {plural(number, 'item')} will lose or change {field}: {reason}"
    if lane.blocked:
        yield f"      CANNOT BE APPLIED: {lane.blocked}"
    if not lane.sums_check:
        yield "      THE SUMS DO NOT CHECK: some items are in no class. Do not apply this plan."


def _totals(summary: PlanSummary) -> Iterator[str]:
    planned_bytes = sum(lane.bytes_planned for lane in summary.lanes)
    exact = all(lane.bytes_exact for lane in summary.lanes)
    terms = " + ".join(f"{count(summary.total(one))} {one.value}" for one in _CLASSES)
    verdict = "the sums check" if summary.sums_check else "THE SUMS DO NOT CHECK"
    yield f"{plural(summary.discovered, 'item')} found = {terms}: {verdict}"
    if summary.grants:
        hours = summary.grant_hours
        limit = f"; at the server's limit this takes about {hours:.1f} h" if hours >= 0.2 else ""
        yield f"To share: {plural(summary.grants, 'share')}{limit}"
    yield f"To move: {plural(summary.total(Disposition.PLANNED), 'item')}, {size(planned_bytes, exact=exact)}"


def _estimate(estimate: Estimate) -> str:
    low, high = duration(estimate.low), duration(estimate.high)
    return f"Estimated time: {low if low == high else f'{low} to {high}'}; the limit is: {estimate.limit}"


ALTERED = {
    "stored-without-flags": "stored without a keyword that the server refuses",
    "stored-redated": "stored with another date: the server keeps none before 1970 nor in the future",
}
"""What the target did not store as sent, by outcome code."""


def apply(summary: ApplySummary) -> str:
    """How an apply ended, every failure by its code."""
    terms = f"{count(summary.done)} done + {count(summary.failed)} failed + {count(summary.drifted)} drifted"
    left = f" + {count(summary.left)} left" if summary.left else ""
    lines = [f"{plural(summary.planned, 'action')} planned = {terms}{left}"]
    if summary.already:
        lines.append(f"{count(summary.already)} of the done were done by an earlier run of this plan.")
    if summary.planned == summary.already:
        why = "this plan was applied already" if summary.planned else "this plan is empty"
        lines.append(f"Nothing to do: {why}.")
    for failure in summary.failures:
        state = "drifted" if failure.drifted else "failed"
        lines.append(f"  {failure.lane}: {plural(failure.count, 'item')} {state}: {failure.code}")
    for one in summary.altered:
        lines.append(f"  {one.lane}: {plural(one.count, 'item')} {ALTERED.get(one.code, one.code)}")
    if summary.granted or summary.grants_failed:
        lines.append(f"{plural(summary.granted, 'share')} made, {count(summary.grants_failed)} failed")
    if summary.seconds >= 1 and summary.done > summary.already:
        rate = (summary.done - summary.already) / summary.seconds
        limit = f"; the limit was: {summary.limit}" if summary.limit else ""
        moved = f"{size(summary.bytes_moved)} in {duration(summary.seconds)}"
        lines.append(f"{moved}, {rate:.1f} items/s{limit}")
    if summary.failed or summary.left:
        lines.append("Run the same command again: only what is not done is tried.")
    if summary.blocked:
        lines.append(f"{plural(summary.blocked, 'item')} blocked: transhume show tells why; then make a new plan.")
    if summary.drifted:
        lines.append("Drifted items changed since the plan: make a new one with transhume plan.")
    return "\n".join(lines)


def verify(summary: VerifySummary) -> str:
    """What verify found: 0 differences, or how many of each kind."""
    lines = [f"Verified ({summary.level}): {plural(summary.checked, 'item')} checked"]
    for key, counts in sorted(summary.lanes.items()):
        lines.append(f"  {key}: {_findings(counts)}")
    lines.append(f"{plural(summary.differences, 'difference')}: {_findings(summary.counts)}")
    if summary.counts.get(FindingKind.DIFFERS):
        lines.append("A new plan and its apply bring what differs: transhume plan, then transhume apply")
    if summary.path:
        lines.append(f"Findings: {summary.path}")
    return "\n".join(lines)


def _findings(counts: Mapping[FindingKind, int]) -> str:
    found = [f"{count(counts[kind])} {kind.value}" for kind in FindingKind if counts.get(kind)]
    return ", ".join(found) or "nothing to compare"


def status(summary: StatusSummary) -> str:
    """Where every service of every account stands, and the last commands."""
    if not summary.lanes and not summary.runs:
        return "Nothing was done in this project yet. Begin with: transhume plan"
    lines = [line for one in summary.waves for line in _wave(one, to_apply=one.name in summary.to_apply)]
    lines += _now(summary)
    lines.append(f"Newest plan: {summary.plan_id or 'none'}")
    lines.append(_row("  service", ["planned", "done", "failed", "drifted", "open"]))
    for account, lanes in groupby(summary.lanes, key=lambda lane: lane.account):
        lines.append(account)
        for lane in lanes:
            numbers = (lane.planned, lane.done, lane.failed, lane.drifted, lane.open)
            lines.append(_row(f"  {lane.service.value}", [count(number) for number in numbers]))
    lines.append(f"{plural(summary.open, 'open item')}")
    if summary.runs:
        lines += ["", "Last commands"]
        lines += [_run(run, running=summary.running and run is summary.runs[0]) for run in summary.runs]
    return "\n".join(lines)


ENDED = {
    Exit.UNEXPECTED: "ended with an unexpected error; -v shows more",
    Exit.ITEMS_FAILED: "ended with items that failed",
    Exit.AUTH: "stopped, because an account or a server refused; transhume doctor tells which, and what to grant",
    Exit.LIMIT: "stopped at a limit: quota, space, or this machine's disk; make room, or wait",
    Exit.VETO: "stopped, because a condition is not met; meet it, and make a new plan",
    Exit.INTERRUPTED: "was interrupted",
}
"""How an apply that left something ended, and what to do about it before the next."""


def _now(summary: StatusSummary) -> Iterator[str]:
    """What goes on, or why the last apply did not come to its end."""
    if summary.running:
        yield "A command is working on this project now; it may be watched from here."
    elif summary.stopped is not None and (summary.to_apply or summary.stopped.exit_code):
        last = summary.stopped
        killed = "was killed, or this machine stopped; nothing is lost"
        how = ENDED.get(Exit(last.exit_code or 0), "left something") if last.ended else killed
        yield f"The last apply {how}."


def _wave(one: Wave, *, to_apply: bool = False) -> Iterator[str]:
    since = f" since {one.at[:16].replace('T', ' ')} UTC" if one.at else ""
    yield f"Wave {one.name}: {one.title}{since}{f' by {one.signed_by}' if one.signed_by else ''}"
    yield f"  next: {next_step(one, to_apply=to_apply)}"


def approval(summary: ApprovalSummary, by: str) -> str:
    """What does not follow, person by person, and whether somebody signed it off."""
    name, lines = summary.wave.name, [f"What does not follow in wave {summary.wave.name}"]
    for account, matters in groupby(summary.matters, key=lambda matter: matter.account):
        lines.append(account)
        for one in matters:
            mark = " (new)" if one.kind in summary.new else ""
            lines.append(f"  {one.service.value}: {plural(one.count, 'item')} {one.kind}{mark}")
    if not summary.matters:
        lines.append("  nothing: everything found is moved whole")
    if by:
        lines.append(f"Approved by {by}. Next: {next_step(summary.wave)}")
    elif summary.new or not summary.wave.approved_by:
        lines.append(f"Nothing is recorded yet. To sign this off: transhume approve --wave {name} --by NAME")
    else:
        lines.append(f"All of it was approved by {summary.wave.approved_by} on {summary.wave.approved_at[:10]}.")
    return "\n".join(lines)


def cutover(summary: CutoverSummary) -> str:
    """The three steps of a cutover, how far the wave came, and what people do next, with dates."""
    parts = [plan(summary.plan)]
    if summary.applied is not None:
        parts.append(apply(summary.applied))
    if summary.proof is not None:
        parts.append(verify(summary.proof))
    parts.append("\n".join(_wave(summary.wave)))
    if summary.checklist:
        parts.append("\n".join(["Checklist", *(f"  {day:%Y-%m-%d}  {text}" for day, text in summary.checklist)]))
    return "\n\n".join(parts)


FATES = {
    Fate.REMOVED: ("to remove", "removed"),
    Fate.TOUCHED: ("changed at the target since: they stay", "changed at the target since: they stay"),
    Fate.THEIRS: ("there before us: they stay", "there before us: they stay"),
    Fate.GONE: ("gone already", "gone already"),
    Fate.FAILED: ("not removed", "not removed"),
}
"""What a rollback says of items, before and after."""


def rollback(summary: RollbackSummary) -> str:
    """What is, or would be, taken back, and what stays and why."""
    lines = ["Rolled back" if summary.done else "A rollback would change this; nothing was changed"]
    for lane in summary.lanes:
        lines += [f"  {lane.key}: {', '.join(_undone(lane, done=summary.done)) or 'nothing was made'}"]
        if lane.unconfirmed:
            what = plural(lane.unconfirmed, "write")
            lines.append(f"      {what} begun and never confirmed: an apply of the same plan would have settled them;")
            lines.append("      look at the target for copies that the records do not know")
        if lane.error:
            lines.append(f"      STOPPED: {lane.error}")
    if not summary.lanes:
        lines.append("  nothing was made there")
    gone = FATES[Fate.REMOVED][summary.done]
    stay = summary.total(Fate.TOUCHED) + summary.total(Fate.THEIRS)
    lines.append(f"{plural(summary.total(Fate.REMOVED), 'item')} {gone}, {count(stay)} staying")
    lines += [f"Wave {name} is planned again. Next: transhume plan --wave {name}" for name in summary.waves]
    if not summary.done and summary.lanes:
        lines.append("To do it: the same command with --really")
    elif summary.exit_code:
        lines.append("Run the same command again: only what is left is tried.")
    return "\n".join(lines)


def _undone(lane: LaneRollback, *, done: bool) -> Iterator[str]:
    if lane.shares:
        yield f"{plural(lane.shares, 'share')} {'ended' if done else 'to end'}"
    yield from (f"{count(lane.counts[one])} {FATES[one][done]}" for one in Fate if lane.counts.get(one))
    if lane.collections:
        removed = "removed" if done else "to remove once they are empty"
        yield f"{plural(lane.collections, 'collection')} {removed}"
    if lane.kept:
        yield f"{plural(lane.kept, 'collection')} not empty, kept"


def _run(run: Run, *, running: bool) -> str:
    if run.ended is None:
        end = "running" if running else "killed"
    else:
        end = f"exit {run.exit_code} after {duration((run.ended - run.started).total_seconds())}"
    return f"  {run.started:%Y-%m-%d %H:%M:%S}  {run.command:<10} {end}"


def inventory(summary: InventorySummary) -> str:
    """Coverage by service, what was found and not read, the alerts, and where the bundle is."""
    facts = summary.facts
    lines = [_row("  service", ["items", "read inside", "size", "newest"])]
    for one in facts["coverage"]:
        cells = [count(one["items"]), count(one["read"]), size(one["bytes"]), one["newest"]]
        lines.append(_row(f"  {one['service']}", cells))
    for one in facts["kinds"]:
        lines.append(f"  {one['kind']}: {plural(one['items'], 'item')}, {plural(one['values'], 'distinct value')}")
    unread = [one for one in facts["unread"] if one["reason"] != "metadata-only"]
    for one in unread:
        what = "not read" if one["scope"] == "item" else "not read in part"
        lines.append(f"  {one['service']}: {plural(one['items'], 'item')} {what}: {one['reason']}")
    for one in facts["alerts"]:
        subject = f" ({one['activity']})" if one["activity"] else ""
        number = f": {count(one['count'])}" if one["count"] else ""
        lines.append(f"{one['severity'].upper():<6}{one['code']}{subject}{number}")
    lines.append(f"Bundle: {summary.path} (audit/ to pass on, controller/ to keep)")
    return "\n".join(lines)


PROBLEMS = {
    "missing": "is missing",
    "altered": "was altered",
    "added": "was added",
    "signature": "does not bear the signature of the key beside it",
    "chain": "is no whole chain: a line was altered or removed",
    "other-key": "is not the key whose fingerprint was given",
}
"""What is wrong with a file of a bundle."""


def seal(summary: SealSummary) -> str:
    """Whether a bundle is as it was sealed, and by which key."""
    lines = [f"{file} {PROBLEMS[problem]}" for file, problem in summary.problems]
    if not lines:
        lines.append(f"{plural(summary.files, 'file')}: all as they were sealed.")
    lines.append(f"Key: {summary.fingerprint} (compare it with the one that the controller gave you)")
    return "\n".join(lines)


def check(system: str, one: Check) -> str:
    """One line of doctor, and the advice when it did not pass."""
    line = f"{'PASS' if one.passed else 'FAIL'}  {system}: {one.subject}: {one.detail}"
    return line if one.passed or not one.advice else f"{line}\n      → {one.advice}"


def _row(label: str, cells: Sequence[str]) -> str:
    return f"{label:<{_LABEL}}" + "".join(f"{cell:>{_NUMBER}}" for cell in cells)


def table(rows: Iterable[Sequence[str]]) -> str:
    """Columns aligned to the left."""
    listed = [list(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*listed, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in listed
    )
