"""Plan: list both sides, decide each item, write the plan. Changes nothing on either side, nor in the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from migrate import __version__
from migrate.config import Filters, Lane, Project, routes
from migrate.discover import Scanned
from migrate.errors import Exit
from migrate.estimate import Load, Speed, of_lane, together
from migrate.ground import changed, elsewhere, settings_of, settings_of_lane, spoken
from migrate.ledger import Ledger, Scan, project_lock
from migrate.ledger.waves import ground, speeds, waves
from migrate.listing import Listing, list_lanes
from migrate.model import Disposition, Service, Verb
from migrate.observe import Observer, Silent
from migrate.pacing import Pacer
from migrate.planfile import PlanFile, PlanWriter, Section
from migrate.planlane import Deletions, LanePlan, Tally
from migrate.rules import Rules
from migrate.session import Session, target_key, workers_for
from migrate.sharing import steps_of, to_make
from migrate.summaries import Estimate, LaneSummary, PlanSummary
from migrate.waves import WaveState

EVERYTHING, KEEP = Rules(), Deletions()


def make_plan(
    project: Project,
    filters: Filters | None = None,
    observer: Observer | None = None,
    *,
    rules: Rules = EVERYTHING,
    deletions: Deletions = KEEP,
    whole: bool = False,
    accept: bool = False,
) -> PlanSummary:
    """Make a plan and write it below ``plans/``. ``whole``: list every source anew, whatever it tells of changes.
    ``accept``: go on although a system's address or an account changed since items were moved there.

    Raises ConfigError, ProjectLocked, Unreachable, LocalDiskFull, Interrupted. A lane whose account cannot be read
    is in the plan with its error and no action; ``exit_code`` tells the worst of them.
    """
    filters, observer = filters or Filters(), observer or Silent()
    lanes = [lane for lane in routes(project) if filters.accept(lane)]
    with project_lock(project.directory):
        return plan_lanes(
            project, lanes, filters, observer, rules=rules, deletions=deletions, whole=whole, accept=accept
        )


def plan_lanes(
    project: Project,
    lanes: Iterable[Lane],
    filters: Filters,
    observer: Observer,
    *,
    rules: Rules = EVERYTHING,
    deletions: Deletions = KEEP,
    whole: bool = False,
    accept: bool = False,
) -> PlanSummary:
    """As make_plan, for a caller that holds the project."""
    lanes = list(lanes)
    pacer = Pacer(on_wait=lambda bucket, seconds: observer.waiting("", bucket, seconds))
    session = Session(project, pacer)
    session.sweep()
    with Ledger(project.ledger) as ledger, Scan(session.spool / "plan.scan", project.listings) as scan:
        settings = settings_of(project)
        held_back = _held_back(lanes, ledger, settings, accept=accept, observer=observer)
        open_lanes = [lane for lane in lanes if lane.key not in held_back]
        listing = list_lanes(project, session, pacer, open_lanes, scan, observer, whole=whole)
        asked = _filters_row(filters) | rules.plain()
        writer = PlanWriter(
            project.plans, tool=__version__, project=project.fingerprint, filters=asked, settings=settings
        )
        measured = {service: Speed(*numbers) for service, numbers in speeds(ledger).items()}
        for lane in lanes:
            writer.lane(_section(lane, settings))
            if lane.key in held_back:
                writer.totals(Tally().totals(*held_back[lane.key]))
            else:
                people = _people(project, lane)
                _write_lane(writer, lane, listing, ledger, rules, deletions, people, measured)
    return summarise(PlanFile(writer.finish()))


def _section(lane: Lane, settings: Mapping[str, str]) -> Section:
    return Section(
        lane=lane.key,
        account=lane.source_account,
        service=lane.service.value,
        target=target_key(lane),
        route=settings_of_lane(lane, settings)["route"],
        wave=lane.wave,
    )


def _held_back(
    lanes: Iterable[Lane], ledger: Ledger, settings: Mapping[str, str], *, accept: bool, observer: Observer
) -> dict[str, tuple[str, int]]:
    """Lanes that are not planned, each with the reason and its exit code."""
    signed = {name for name, wave in waves(ledger).items() if wave.state is WaveState.SIGNED}
    stored, found = ledger.pair_counts(), dict[str, tuple[str, int]]()
    explained = set[str]()
    for lane in lanes:
        if lane.wave in signed:
            found[lane.key] = (f"wave {lane.wave} is signed off: nothing more is planned for it", 0)
            continue
        before = ground(ledger, lane.key)
        names = changed(before, settings_of_lane(lane, settings)) if before and lane.key in stored else []
        if (moved := elsewhere(names)) and not accept:
            found[lane.key] = (_another_ground(moved, stored[lane.key][0]), Exit.PLAN_REFUSED)
        explained.update(names)
    if explained:
        text = f"changed since items were moved: {spoken(sorted(explained))}; what is there follows, none comes twice"
        observer.message("warning", text)
    return found


def _another_ground(names: list[str], count: int) -> str:
    return (
        f"{spoken(names)} changed since {count} items were moved: the records may speak of another system. "
        "Undo it, or plan with --accept-settings when it is the same system under another address"
    )


def _filters_row(filters: Filters) -> dict[str, object]:
    return {
        "waves": sorted(filters.waves),
        "accounts": sorted(filters.accounts),
        "services": sorted(filters.services),
    }


def _write_lane(
    writer: PlanWriter,
    lane: Lane,
    listing: Listing,
    ledger: Ledger,
    rules: Rules,
    deletions: Deletions,
    people: Mapping[str, str],
    measured: Mapping[str, Speed],
) -> None:
    if lane.target is None:
        writer.totals(Tally().totals(error="no target of this project takes it"))
        return
    if lane.key in listing.errors:
        error = listing.errors[lane.key]
        writer.totals(Tally().totals(error=error.message, code=error.exit_code))
        return
    scanned = listing.scanned[lane.key]
    tally = LanePlan(writer, lane, listing.scan, ledger, scanned, rules, deletions).write()
    _write_grants(writer, lane, scanned, people, tally)
    load = Load(
        items=tally.sent,
        size=tally.size,
        source_per_minute=scanned.reads_per_minute,
        target_per_minute=scanned.capabilities.items_per_minute,
        grants=tally.grants,
        grants_per_hour=tally.grants_per_hour,
    )
    tally.estimate = of_lane(load, measured.get(lane.service.value))
    writer.totals(tally.totals(*_short_of_space(tally, scanned)))


def _write_grants(writer: PlanWriter, lane: Lane, scanned: Scanned, people: Mapping[str, str], tally: Tally) -> None:
    """What others may use, after the items."""
    wanted, losses = to_make(scanned.shared, people, lane.target_account, datetime.now(UTC))
    numbers = {key: number for number, key in enumerate(scanned.places, 1)}
    for step in steps_of(wanted, scanned.shared.hrefs, numbers, writer.next_number()):
        writer.grant(step)
        tally.grants += 1
    tally.grants_per_hour = scanned.capabilities.grants_per_hour
    tally.losses.update((loss.field, loss.reason) for _, loss in losses)


def _people(project: Project, lane: Lane) -> Mapping[str, str]:
    """Who the source's people are on the lane's target, by address in lower case."""
    same = (one for one in routes(project) if one.target == lane.target and one.service is lane.service)
    return {one.source_account.lower(): one.target_account for one in same}


def _short_of_space(tally: Tally, scanned: Scanned) -> tuple[str, int]:
    free = scanned.capabilities.free_bytes
    if free is None or tally.size <= free:
        return "", 0
    return f"the target account has {free} bytes left and {tally.size} are planned", Exit.VETO


def summarise(plan: PlanFile) -> PlanSummary:
    """What a plan file says, for the reports."""
    lanes = tuple(_lane_summary(section) for section in plan.sections if section.totals is not None)
    return PlanSummary(
        plan_id=plan.header.id,
        path=plan.path,
        lanes=lanes,
        exit_code=max((s.totals.exit_code for s in plan.sections if s.totals), default=0),
        steps=plan.steps,
        estimate=together((lane.estimate for lane in lanes if lane.estimate), workers_for(len(lanes))),
    )


def _lane_summary(section: Section) -> LaneSummary:
    totals = section.totals
    if totals is None:
        raise ValueError("a section without totals is not in a checked plan")
    counts = {Disposition(key): count for key, count in totals.counts.items()}
    return LaneSummary(
        key=section.lane,
        account=section.account,
        service=Service(section.service),
        counts=counts,
        discovered=totals.discovered,
        bytes_planned=totals.bytes_planned,
        bytes_exact=totals.bytes_exact,
        reasons={(Disposition(d), code): count for d, code, _, count in totals.reasons},
        texts={code: text for _, code, text, _ in totals.reasons},
        losses={(name, reason): count for name, reason, count in totals.losses},
        verbs={Verb(key): count for key, count in totals.verbs.items()},
        grants=totals.grants,
        grants_per_hour=totals.grants_per_hour,
        estimate=Estimate(*totals.seconds, totals.limit) if totals.seconds[1] else None,
        blocked=totals.error,
    )
