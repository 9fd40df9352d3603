"""Plan: list both sides, decide each item, write the plan. Changes nothing on either side, nor in the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from migrate import __version__
from migrate.config import Filters, Lane, Project, routes
from migrate.convert import key_of, renamed
from migrate.decide import Decision, decide
from migrate.discover import Scanned
from migrate.errors import Exit
from migrate.ledger import Ledger, Scan, chunks, project_lock
from migrate.listing import Listing, list_lanes
from migrate.model import Disposition, Loss, NameRules, Service
from migrate.observe import Observer, Silent
from migrate.pacing import Pacer
from migrate.planfile import Action, Left, Place, PlanFile, PlanWriter, Section, Totals
from migrate.rows import Pair, SourceRow
from migrate.session import Session, target_key
from migrate.summaries import LaneSummary, PlanSummary


def make_plan(project: Project, filters: Filters | None = None, observer: Observer | None = None) -> PlanSummary:
    """Make a plan and write it below ``plans/``.

    Raises ConfigError, ProjectLocked, Unreachable, LocalDiskFull, Interrupted. A lane whose account cannot be read
    is in the plan with its error and no action; ``exit_code`` tells the worst of them.
    """
    filters, observer = filters or Filters(), observer or Silent()
    lanes = [lane for lane in routes(project) if filters.accept(lane)]
    with project_lock(project.directory):
        return plan_lanes(project, lanes, filters, observer)


def plan_lanes(project: Project, lanes: Iterable[Lane], filters: Filters, observer: Observer) -> PlanSummary:
    """As make_plan, for a caller that holds the project."""
    lanes = list(lanes)
    pacer = Pacer(on_wait=lambda bucket, seconds: observer.waiting("", bucket, seconds))
    session = Session(project, pacer)
    session.sweep()
    with Ledger(project.ledger) as ledger, Scan(session.spool / "plan.scan") as scan:
        listing = list_lanes(project, session, pacer, lanes, scan, observer)
        writer = PlanWriter(project.plans, tool=__version__, project=project.fingerprint, filters=_filters_row(filters))
        for lane in lanes:
            _write_lane(writer, lane, listing, ledger)
    return summarise(PlanFile(writer.finish()))


def _filters_row(filters: Filters) -> dict[str, list[str]]:
    return {
        "waves": sorted(filters.waves),
        "accounts": sorted(filters.accounts),
        "services": sorted(filters.services),
    }


@dataclass(slots=True)
class _Tally:
    counts: Counter[Disposition] = field(default_factory=Counter)
    reasons: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    losses: Counter[tuple[str, str]] = field(default_factory=Counter)
    size: int = 0
    exact: bool = True

    def add(self, row: SourceRow, decision: Decision, losses: Iterable[Loss]) -> None:
        self.counts[decision.disposition] += 1
        if decision.code:
            self.reasons[decision.disposition.value, decision.code, decision.reason] += 1
        if decision.disposition is Disposition.PLANNED:
            self.size += row.size or 0
            self.exact = self.exact and row.exact
            self.losses.update({(loss.field, loss.reason): 1 for loss in losses})

    def totals(self, discovered: int = 0, error: str = "", code: int = 0) -> Totals:
        return Totals(
            discovered=discovered,
            counts={key.value: count for key, count in sorted(self.counts.items())},
            bytes_planned=self.size,
            bytes_exact=self.exact,
            reasons=tuple((*key, count) for key, count in sorted(self.reasons.items())),
            losses=tuple((*key, count) for key, count in sorted(self.losses.items())),
            error=error,
            exit_code=code,
        )


def _write_lane(writer: PlanWriter, lane: Lane, listing: Listing, ledger: Ledger) -> None:
    writer.lane(
        Section(lane=lane.key, account=lane.source_account, service=lane.service.value, target=target_key(lane))
    )
    tally = _Tally()
    if lane.target is None:
        writer.totals(tally.totals(error="no target of this project takes it"))
        return
    if lane.key in listing.errors:
        error = listing.errors[lane.key]
        writer.totals(tally.totals(error=error.message, code=error.exit_code))
        return
    scanned = listing.scanned[lane.key]
    numbers = _write_places(writer, scanned)
    _write_items(writer, lane, listing.scan, ledger, scanned, numbers, tally)
    writer.totals(tally.totals(listing.scan.source_count(lane.key), *_short_of_space(tally, scanned)))


def _write_places(writer: PlanWriter, scanned: Scanned) -> dict[str, int]:
    numbers = {}
    for number, (key, collection) in enumerate(scanned.places.items(), 1):
        numbers[key] = number
        n = 0 if key in scanned.located else writer.next_number()
        writer.collection(Place(number=number, n=n, collection=collection))
    return numbers


def _write_items(
    writer: PlanWriter,
    lane: Lane,
    scan: Scan,
    ledger: Ledger,
    scanned: Scanned,
    numbers: Mapping[str, int],
    tally: _Tally,
) -> None:
    lane_id = ledger.known_lane(lane.key)
    names = _Names(lane, scan, ledger, lane_id, scanned)
    for rows in chunks(scan.sources(lane.key)):
        pairs = ledger.pairs(lane_id, [row.href for row in rows])
        stored = scan.targets(lane.key, [pair.target_href for pair in pairs.values()])
        places = [(scanned.located.get(row.collection, ""), names.of(row)[0]) for row in rows if row.name]
        occupants = scan.occupants(lane.key, places)
        for row in rows:
            pair = pairs.get(row.href)
            name, losses = names.of(row)
            decision = decide(
                row,
                pair=pair,
                stored=stored.get(pair.target_href) if pair else None,
                occupant=occupants.get((scanned.located.get(row.collection, ""), name)) if name else None,
            )
            tally.add(row, decision, losses)
            _write_item(writer, row, decision, name, losses, numbers)


def _write_item(
    writer: PlanWriter,
    row: SourceRow,
    decision: Decision,
    name: str,
    losses: tuple[Loss, ...],
    numbers: Mapping[str, int],
) -> None:
    if decision.verb is not None:
        writer.action(
            Action(
                n=writer.next_number(),
                verb=decision.verb,
                href=row.href,
                etag=row.etag,
                size=row.size,
                collection=numbers[row.collection],
                media_type=row.media_type,
                home=row.home,
                name=name,
                flags=row.flags,
                losses=losses,
                replaces=decision.replaces,
                expects=decision.expects,
            )
        )
    elif decision.disposition is not Disposition.PRESENT:
        writer.left(Left(disposition=decision.disposition, code=decision.code, href=row.href, name=row.name))


class _Names:
    """Final names of files, where two of one folder would have the same."""

    def __init__(self, lane: Lane, scan: Scan, ledger: Ledger, lane_id: int | None, scanned: Scanned) -> None:
        self._rules: NameRules = scanned.capabilities.names
        self._folders = {(key_of(place.path[:-1]), place.path[-1]) for place in scanned.places.values() if place.path}
        self._second: set[str] = set()
        if lane.service is Service.FILES:
            for (collection, fold), rows in scan.clashes(lane.key).items():
                pairs = ledger.pairs(lane_id, [row.href for row in rows])
                taken = (collection, fold) in self._folders
                self._second.update(row.href for row in _all_but_first(rows, pairs, taken))

    def of(self, row: SourceRow) -> tuple[str, tuple[Loss, ...]]:
        """The row's name, and its losses with those of a new name."""
        if row.href in self._second or (row.fold and (row.collection, row.name) in self._folders):
            name, loss = renamed(row.name, row.href, self._rules)
            return name, (*row.losses, loss)
        return row.name, row.losses


def _all_but_first(rows: list[SourceRow], pairs: Mapping[str, Pair], taken: bool) -> Iterator[SourceRow]:
    """Who must take another name: an item that holds the name already keeps it, then the elder does."""
    ordered = sorted(rows, key=lambda row: not (row.href in pairs and pairs[row.href].target_href.endswith(row.name)))
    yield from ordered if taken else ordered[1:]


def _short_of_space(tally: _Tally, scanned: Scanned) -> tuple[str, int]:
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
        blocked=totals.error,
    )
