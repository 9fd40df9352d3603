"""Summaries as messages for programs: plain dictionaries with a stable ``type``, one a line on stdout."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from migrate.model import Check, Disposition, Fate, FindingKind
from migrate.summaries import (
    ApplySummary,
    ApprovalSummary,
    CutoverSummary,
    InventorySummary,
    LaneSummary,
    PlanSummary,
    RollbackSummary,
    SealSummary,
    StatusSummary,
    VerifySummary,
)
from migrate.waves import Wave, next_step

FORMAT = "1.0"
"""Of the messages: a minor number is compatible (fields may be added), a major one is not."""

Message = dict[str, Any]


def version(tool: str) -> Message:
    """The first line of every output."""
    return {"type": "version", "tool": "transhume", "version": tool, "format": FORMAT}


def plan(summary: PlanSummary) -> Iterator[Message]:
    """A ``lane`` for each service of each account, then ``plan``."""
    yield from (_lane(lane) for lane in summary.lanes)
    yield {
        "type": "plan",
        "plan": summary.plan_id,
        "path": _text(summary.path),
        "discovered": summary.discovered,
        **{one.value: summary.total(one) for one in Disposition},
        "bytes": sum(lane.bytes_planned for lane in summary.lanes),
        "sums_check": summary.sums_check,
        "changes": summary.changes,
        "grants": summary.grants,
        "estimate": _estimate(summary.estimate),
    }


def _lane(lane: LaneSummary) -> Message:
    return {
        "type": "lane",
        "lane": lane.key,
        "account": lane.account,
        "service": lane.service.value,
        "discovered": lane.discovered,
        **{one.value: lane.counts.get(one, 0) for one in Disposition},
        "bytes": lane.bytes_planned,
        "bytes_exact": lane.bytes_exact,
        "verbs": {verb.value: number for verb, number in sorted(lane.verbs.items())},
        "reasons": [
            {"class": disposition.value, "code": code, "count": number, "text": lane.texts.get(code, "")}
            for (disposition, code), number in sorted(lane.reasons.items())
        ],
        "losses": [
            {"field": field, "reason": reason, "count": number}
            for (field, reason), number in sorted(lane.losses.items())
        ],
        "sums_check": lane.sums_check,
        "grants": lane.grants,
        "estimate": _estimate(lane.estimate),
        "blocked_because": lane.blocked,
    }


def _estimate(estimate: Any) -> Message | None:
    return {"low": estimate.low, "high": estimate.high, "limit": estimate.limit} if estimate else None


def apply(summary: ApplySummary) -> Iterator[Message]:
    """A ``failure`` for each lane and code, an ``altered`` for what was not stored as sent, then ``apply``."""
    for failure in summary.failures:
        state = "drifted" if failure.drifted else "failed"
        yield {"type": "failure", "lane": failure.lane, "state": state, "code": failure.code, "count": failure.count}
    for one in summary.altered:
        yield {"type": "altered", "lane": one.lane, "code": one.code, "count": one.count}
    yield {
        "type": "apply",
        "plan": summary.plan_id,
        "planned": summary.planned,
        "done": summary.done,
        "failed": summary.failed,
        "drifted": summary.drifted,
        "left": summary.left,
        "already": summary.already,
        "blocked": summary.blocked,
        "bytes": summary.bytes_moved,
        "seconds": round(summary.seconds, 3),
        "limit": summary.limit,
    }


def verify(summary: VerifySummary) -> Iterator[Message]:
    """A ``lane_findings`` for each lane, then ``verify``."""
    for key, counts in sorted(summary.lanes.items()):
        yield {"type": "lane_findings", "lane": key, **_findings(counts)}
    yield {
        "type": "verify",
        "level": summary.level,
        "checked": summary.checked,
        "differences": summary.differences,
        **_findings(summary.counts),
        "path": _text(summary.path),
    }


def _findings(counts: Mapping[FindingKind, int]) -> Message:
    return {kind.value: counts.get(kind, 0) for kind in FindingKind}


def status(summary: StatusSummary) -> Iterator[Message]:
    """A ``wave`` for each wave, a ``lane_status`` for each lane, a ``run`` for each command, then ``status``."""
    yield from (wave(one, to_apply=one.name in summary.to_apply) for one in summary.waves)
    for lane in summary.lanes:
        numbers = {"planned": lane.planned, "done": lane.done, "failed": lane.failed, "drifted": lane.drifted}
        names = {"lane": lane.key, "account": lane.account, "service": lane.service.value}
        yield {"type": "lane_status", **names, **numbers, "open": lane.open}
    for run in summary.runs:
        ended = run.ended.isoformat() if run.ended else None
        times = {"started": run.started.isoformat(), "ended": ended}
        yield {"type": "run", "command": run.command, **times, "exit_code": run.exit_code}
    yield {"type": "status", "plan": summary.plan_id, "open": summary.open, "running": summary.running}


def wave(one: Wave, *, to_apply: bool = False) -> Message:
    """A ``wave``."""
    people = {"approved_by": one.approved_by, "signed_by": one.signed_by}
    place = {"wave": one.name, "state": one.state.value, "deltas": one.deltas, "at": one.at}
    return {"type": "wave", **place, **people, "next": next_step(one, to_apply=to_apply)}


def approval(summary: ApprovalSummary) -> Iterator[Message]:
    """A ``matter`` for each kind of loss of each person and service, then ``wave``."""
    for one in summary.matters:
        new = one.kind in summary.new
        place = {"account": one.account, "service": one.service.value}
        yield {"type": "matter", **place, "kind": one.kind, "count": one.count, "new": new}
    yield wave(summary.wave)


def cutover(summary: CutoverSummary) -> Iterator[Message]:
    """The messages of plan, apply and verify, a ``todo`` for each line of the checklist, then ``wave``."""
    yield from plan(summary.plan)
    yield from apply(summary.applied) if summary.applied is not None else ()
    yield from verify(summary.proof) if summary.proof is not None else ()
    for day, text in summary.checklist:
        yield {"type": "todo", "day": day.isoformat(), "text": text}
    yield wave(summary.wave)


def rollback(summary: RollbackSummary) -> Iterator[Message]:
    """A ``lane`` for each service of each account, then ``rollback``; ``done`` tells whether anything was changed."""
    for lane in summary.lanes:
        yield {
            "type": "lane",
            "lane": lane.key,
            "account": lane.account,
            "service": lane.service.value,
            **{one.value: lane.counts.get(one, 0) for one in Fate},
            "shares": lane.shares,
            "collections": lane.collections,
            "kept": lane.kept,
            "unconfirmed": lane.unconfirmed,
            "error": lane.error,
        }
    totals = {one.value: summary.total(one) for one in Fate}
    yield {"type": "rollback", "done": summary.done, **totals, "waves": list(summary.waves)}


def inventory(summary: InventorySummary) -> Iterator[Message]:
    """An ``alert`` for each matter, then ``inventory``."""
    for one in summary.facts["alerts"]:
        yield {"type": "alert", **one}
    yield {
        "type": "inventory",
        "id": summary.id,
        "path": _text(summary.path),
        "content": summary.facts["scope"]["content"],
        "items": summary.facts["scope"]["items"],
        "bytes": summary.facts["scope"]["bytes"],
        "kinds": {one["kind"]: one["items"] for one in summary.facts["kinds"]},
        "unread": summary.facts["unread"],
    }


def seal(summary: SealSummary) -> Iterator[Message]:
    """A ``tampered`` for each file that is not as it was sealed, then ``seal``."""
    for file, problem in summary.problems:
        yield {"type": "tampered", "file": file, "problem": problem}
    whole = not summary.problems
    yield {
        "type": "seal",
        "path": _text(summary.path),
        "files": summary.files,
        "key": summary.fingerprint,
        "whole": whole,
    }


def check(system: str, one: Check) -> Message:
    """One check of doctor."""
    result = {"subject": one.subject, "passed": one.passed, "detail": one.detail, "advice": one.advice}
    return {"type": "check", "system": system, **result}


def _text(value: object) -> str | None:
    return None if value is None else str(value)
