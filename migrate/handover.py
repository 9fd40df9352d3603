"""The end of a wave: a person approves what does not follow, the last pass is made and proved, a person signs.

Nothing here writes to a provider or a target by itself: ``cutover`` is a plan, an apply and a verification in a row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

from migrate.apply import apply_plan
from migrate.checklist import checklist
from migrate.config import Filters, Project, routes
from migrate.errors import PlanRefused, UsageError, WaveRefused
from migrate.ledger import Ledger, project_lock
from migrate.ledger.ledger import now
from migrate.ledger.waves import keep_wave, wave, waves
from migrate.model import Disposition, Service
from migrate.observe import Observer, Silent
from migrate.plan import make_plan, summarise
from migrate.planfile import PlanFile
from migrate.summaries import (
    ApplySummary,
    ApprovalSummary,
    CutoverSummary,
    LaneSummary,
    Matter,
    PlanSummary,
    VerifySummary,
)
from migrate.verify import verify
from migrate.waves import Wave, WaveState, advance, not_approved

LISTED = frozenset({Disposition.EXCLUDED, Disposition.UNSUPPORTED, Disposition.BLOCKED})
BEGUN = frozenset({WaveState.PRESTAGED, WaveState.DELTA, WaveState.FROZEN, WaveState.CUTOVER, WaveState.VERIFIED})
OVER = frozenset({WaveState.CUTOVER, WaveState.VERIFIED, WaveState.SIGNED})
"""People of these waves work at the target."""
SHOWN = 5
"""Kinds of losses named in an error."""


def approve(project: Project, name: str, by: str = "") -> ApprovalSummary:
    """What does not follow, person by person; with ``by``, recorded as signed off by that person.

    Raises UsageError when no plan holds the wave, WaveRefused when it is signed off already, ProjectLocked.
    """
    matters = _matters(project, name)
    kinds = frozenset(matter.kind for matter in matters)
    with Ledger(project.ledger) as ledger:
        one = wave(ledger, name)
        before = one.approved
        if by:
            with project_lock(project.directory):
                one = wave(ledger, name)
                if one.state is WaveState.SIGNED:
                    raise WaveRefused(f"Wave {name} is signed off: there is nothing left to approve.")
                one = replace(one, approved=one.approved | kinds, approved_by=by, approved_at=now())
                keep_wave(ledger, one, "approved", f"{len(kinds)} kinds")
    return ApprovalSummary(wave=one, matters=matters, new=tuple(sorted(kinds - before)))


def cutover(project: Project, name: str, observer: Observer | None = None) -> CutoverSummary:
    """The last pass of a wave: plan, apply, verify. Called again, it goes on where it stopped, or takes what came late.

    Raises WaveRefused when nothing was moved yet, when the wave is signed off, or when the plan holds losses that
    nobody approved; and whatever the three steps raise. The state of the wave tells how far it came.
    """
    observer = observer or Silent()
    with Ledger(project.ledger) as ledger:
        _refuse_early(wave(ledger, name))
    chosen = Filters(waves=frozenset({name}))
    plan = make_plan(project, chosen, observer)
    if plan.exit_code or plan.path is None:
        return _ended(project, plan, name)
    with Ledger(project.ledger) as ledger, project_lock(project.directory):
        one = wave(ledger, name)
        _refuse_unapproved(one, (kind for lane in plan.lanes for kind in _kinds(lane)))
        if one.state is not WaveState.FROZEN:
            to_freeze = one.state in (WaveState.PRESTAGED, WaveState.DELTA)
            one = advance(one, WaveState.FROZEN if to_freeze else WaveState.CUTOVER, at=now())
            keep_wave(ledger, one, one.state.value, plan.plan_id)
    applied = apply_plan(project, plan.path, observer)
    if applied.exit_code or applied.done < applied.planned:
        return _ended(project, plan, name, applied)
    _move(project, name, WaveState.CUTOVER, plan.plan_id)
    proof = verify(project, chosen, "hash", observer)
    if not proof.exit_code and not proof.differences:
        _move(project, name, WaveState.VERIFIED, proof.path.name if proof.path else "")
    return _ended(project, plan, name, applied, proof)


def sign(project: Project, name: str, by: str) -> Wave:
    """A person takes a verified wave over: nothing of it is written any more.

    Raises WaveRefused when it is not verified, or signed already; ProjectLocked.
    """
    with project_lock(project.directory), Ledger(project.ledger) as ledger:
        one = wave(ledger, name)
        if one.state not in (WaveState.VERIFIED, WaveState.SIGNED):
            raise WaveRefused(
                f"Wave {name} is {one.title}: only a verified wave can be signed.",
                advice=f"Prove it first: transhume cutover --wave {name}",
            )
        one = advance(one, WaveState.SIGNED, at=now())
        signed = replace(one, signed_by=by)
        keep_wave(ledger, signed, "signed")
        return signed


def _refuse_early(one: Wave) -> None:
    if one.state is WaveState.SIGNED:
        raise WaveRefused(f"Wave {one.name} is signed off: nothing of it is written any more.")
    if one.state not in BEGUN:
        raise WaveRefused(
            f"Nothing of wave {one.name} was moved to its end yet: a cutover is a last, short pass.",
            advice=f"First: transhume plan --wave {one.name}, then transhume apply",
        )
    if not one.approved_by:
        raise WaveRefused(
            f"Nobody approved what does not follow in wave {one.name}.",
            advice=f"Read the list: transhume approve --wave {one.name}; then sign it with --by NAME",
        )


def _refuse_unapproved(one: Wave, kinds: Iterable[str]) -> None:
    found = not_approved(one, kinds)
    if found:
        more = f", and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        raise WaveRefused(
            f"Nobody approved this yet: {', '.join(found[:SHOWN])}{more}.",
            advice=f"Read the list: transhume approve --wave {one.name}; then sign it with --by NAME",
        )


def _move(project: Project, name: str, to: WaveState, detail: str) -> None:
    with Ledger(project.ledger) as ledger, project_lock(project.directory):
        keep_wave(ledger, advance(wave(ledger, name), to, at=now()), to.value, detail)


def _ended(
    project: Project,
    plan: PlanSummary,
    name: str,
    applied: ApplySummary | None = None,
    proof: VerifySummary | None = None,
) -> CutoverSummary:
    with Ledger(project.ledger) as ledger:
        every = waves(ledger)
    done = every.get(name, Wave(name=name))
    over = {one.name for one in every.values() if one.state in OVER} | {name}
    mail = {lane.source_account: lane.wave in over for lane in routes(project) if lane.service is Service.MAIL}
    here = {lane.source_account for lane in routes(project) if lane.service is Service.MAIL and lane.wave == name}
    todo = checklist(datetime.now(UTC).date(), name, here, mail) if proof is not None else ()
    return CutoverSummary(wave=done, plan=plan, applied=applied, proof=proof, checklist=todo)


def _kinds(lane: LaneSummary) -> list[str]:
    left = [f"{disposition}: {code}" for disposition, code in lane.reasons if disposition in LISTED]
    return left + [f"{field}: {reason}" for field, reason in lane.losses]


def _matters(project: Project, name: str) -> tuple[Matter, ...]:
    """Every kind of loss and every item left behind of a wave, over all plans that can still be read, by person.

    A plan that was replaced before it was applied counts too: of each kind the largest number is kept. What the
    newest plan of a lane leaves behind is what is left behind.
    """
    keys = {lane.key for lane in routes(project) if lane.wave == name}
    lost: dict[tuple[str, Service], Counter[str]] = {}
    left: dict[tuple[str, Service], Counter[str]] = {}
    found = False
    for path in sorted(project.plans.glob("*.jsonl")):
        if path.name.endswith(".names.jsonl"):
            continue
        with suppress(PlanRefused):
            for lane in summarise(PlanFile(path)).lanes:
                if lane.key not in keys:
                    continue
                found, place = True, (lane.account, lane.service)
                losses = Counter({f"{field}: {reason}": n for (field, reason), n in lane.losses.items()})
                lost[place] = lost.get(place, Counter()) | losses
                left[place] = Counter({f"{d}: {code}": n for (d, code), n in lane.reasons.items() if d in LISTED})
    if not found:
        raise UsageError(f"No plan holds wave {name} yet.", advice=f"Make one: transhume plan --wave {name}")
    return tuple(
        Matter(account=account, service=service, kind=kind, count=count)
        for account, service in sorted(lost)
        for kind, count in sorted((lost[account, service] + left[account, service]).items())
    )
