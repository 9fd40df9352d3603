"""Summaries as messages for programs: plain dictionaries with a stable ``type``, one a line on stdout."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from migrate.model import Check, Disposition, FindingKind
from migrate.summaries import ApplySummary, LaneSummary, PlanSummary, StatusSummary, VerifySummary

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
    """A ``lane_status`` for each lane, a ``run`` for each command, then ``status``."""
    for lane in summary.lanes:
        numbers = {"planned": lane.planned, "done": lane.done, "failed": lane.failed, "drifted": lane.drifted}
        names = {"lane": lane.key, "account": lane.account, "service": lane.service.value}
        yield {"type": "lane_status", **names, **numbers, "open": lane.open}
    for run in summary.runs:
        ended = run.ended.isoformat() if run.ended else None
        times = {"started": run.started.isoformat(), "ended": ended}
        yield {"type": "run", "command": run.command, **times, "exit_code": run.exit_code}
    yield {"type": "status", "plan": summary.plan_id, "open": summary.open}


def check(system: str, one: Check) -> Message:
    """One check of doctor."""
    result = {"subject": one.subject, "passed": one.passed, "detail": one.detail, "advice": one.advice}
    return {"type": "check", "system": system, **result}


def _text(value: object) -> str | None:
    return None if value is None else str(value)
