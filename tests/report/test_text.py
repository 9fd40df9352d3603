"""Summaries as people read them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from migrate.model import Disposition, FindingKind, Service
from migrate.report import json as messages
from migrate.report import text
from migrate.report.units import count, duration, size
from migrate.summaries import ApplySummary, Estimate, Failure, LaneSummary, PlanSummary, StatusSummary, VerifySummary

LANE = LaneSummary(
    key="google/anne@x.example/mail",
    account="anne@x.example",
    service=Service.MAIL,
    counts={Disposition.PLANNED: 1200, Disposition.EXCLUDED: 30, Disposition.BLOCKED: 1},
    discovered=1231,
    bytes_planned=52_300_000,
    bytes_exact=False,
    reasons={(Disposition.EXCLUDED, "spam"): 30, (Disposition.BLOCKED, "too-large"): 1},
    texts={"spam": "in the spam folder"},
    losses={("label", "A further label becomes a keyword."): 12},
)
PLAN = PlanSummary(
    plan_id="20260101-abc",
    path=Path("plans/20260101-abc.jsonl"),
    lanes=(LANE,),
    estimate=Estimate(low=170.0, high=400.0, limit="Gmail quota of one user"),
)


def test_a_plan_tells_counts_bytes_reasons_losses_and_the_sums() -> None:
    told = text.plan(PLAN)
    for part in (
        "1\u202f231 items found = 1\u202f200 planned + 0 present + 30 excluded + 0 unsupported + 1 blocked",
        ": the sums check",
        "30 items excluded: spam (in the spam folder)",
        "1 item blocked: too-large",
        "12 items will lose or change label: A further label becomes a keyword.",
        "~52.3 MB",
        "Estimated time: 3 min to 7 min; the limit is: Gmail quota of one user",
        "Plan file: plans/20260101-abc.jsonl",
    ):
        assert part in told
    assert "Nothing to do" not in told


def test_sums_that_do_not_check_are_shouted() -> None:
    wrong = replace(PLAN, lanes=(replace(LANE, discovered=1232),))
    assert text.plan(wrong).count("THE SUMS DO NOT CHECK") == 2
    assert not wrong.sums_check


def test_an_empty_plan_says_so() -> None:
    lane = replace(LANE, counts={Disposition.PRESENT: 5}, discovered=5, reasons={}, losses={})
    assert "Nothing to do" in text.plan(replace(PLAN, lanes=(lane,)))


def test_a_lane_that_cannot_be_read_says_why() -> None:
    lane = replace(LANE, counts={}, discovered=0, blocked="the login was refused")
    assert "  mail: cannot be moved: the login was refused" in text.plan(replace(PLAN, lanes=(lane,)))


def test_apply_tells_every_failure_and_what_to_do() -> None:
    summary = ApplySummary(
        plan_id="p",
        planned=10,
        done=5,
        failed=2,
        drifted=1,
        already=3,
        failures=(
            Failure(lane="g/a/mail", code="TooLarge", count=2),
            Failure(lane="g/a/mail", code="changed", count=1, drifted=True),
        ),
        bytes_moved=2000,
        seconds=4.0,
        limit="target connections",
    )
    told = text.apply(summary)
    for part in (
        "10 actions planned = 5 done + 2 failed + 1 drifted + 2 left",
        "g/a/mail: 2 items failed: TooLarge",
        "g/a/mail: 1 item drifted: changed",
        "0.5 items/s; the limit was: target connections",
        "Run the same command again",
        "make a new one",
    ):
        assert part in told


def test_apply_tells_why_it_ends_with_3_when_all_actions_are_done() -> None:
    summary = ApplySummary(plan_id="p", planned=4, done=4, failed=0, drifted=0, already=4, blocked=2)
    assert "2 items blocked: transhume show tells why" in text.apply(summary)


def test_verify_counts_only_true_differences() -> None:
    counts = {FindingKind.MATCH: 9, FindingKind.NOT_MOVED: 2, FindingKind.MISSING: 1, FindingKind.DOUBLE: 1}
    summary = VerifySummary(level="hash", checked=13, counts=counts, lanes={"g/a/mail": counts})
    assert summary.differences == 2
    assert "2 differences: 9 match, 1 missing, 2 not-moved, 1 double" in text.verify(summary)


def test_a_new_project_has_no_status() -> None:
    assert "Begin with: transhume plan" in text.status(StatusSummary())


def test_messages_are_json() -> None:
    rows = [*messages.plan(PLAN), messages.version("1.2.3")]
    assert json.loads(json.dumps(rows)) == rows
    assert rows[0]["reasons"][0] == {"class": "blocked", "code": "too-large", "count": 1, "text": ""}


@pytest.mark.parametrize(
    ("number", "told"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (999_949, "1.0 MB"), (12_345_678, "12.3 MB"), (10**14, "100 TB")],
)
def test_sizes(number: int, told: str) -> None:
    assert size(number) == told


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.4, "0 s"), (89, "89 s"), (90, "2 min"), (3600, "60 min"), (12_000, "3 h 20 min"), (200_000, "2 d 7 h")],
)
def test_durations(seconds: float, told: str) -> None:
    assert duration(seconds) == told


def test_counts_group_their_digits() -> None:
    assert count(1_234_567) == "1\u202f234\u202f567"
