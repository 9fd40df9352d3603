"""Rollback: take back what this project made at the targets, as far as nobody touched it since. Dry unless asked.

The ledger tells what was made, the target what became of it. Shares end first, then items go, then collections that
hold nothing any more. Sources are not even read. Killed half-way, the same command goes on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

from migrate.config import Filters, Lane, Project, routes
from migrate.decide import fate
from migrate.discover import Targets, scan_target
from migrate.errors import (
    ConnectorError,
    EtagMismatch,
    Exit,
    NotFound,
    PlanRefused,
    Scope,
    TranshumeError,
    WaveRefused,
)
from migrate.follow import entry_of
from migrate.ground import changed, elsewhere, settings_of, settings_of_lane, spoken
from migrate.ledger import Ledger, Scan, project_lock
from migrate.ledger.ledger import now
from migrate.ledger.undo import forget_pairs, grants_made, made_collections, roll_back, unconfirmed, ungrant, unmake
from migrate.ledger.waves import ground, keep_wave, waves
from migrate.listing import LaneJob, lane_of
from migrate.model import Collection, Fate, Grant
from migrate.observe import Observer, Silent, interrupted
from migrate.pacing import Pacer
from migrate.protocols import SupportsPrune, SupportsRevoke, Target
from migrate.rows import Pair
from migrate.session import Session, workers_for
from migrate.summaries import LaneRollback, RollbackSummary
from migrate.waves import WaveState, advance
from migrate.workers import Channel, JobFailed, Workers


@dataclass(frozen=True, slots=True)
class Begin:
    """A worker asks what was made beside items."""

    lane: Lane


@dataclass(frozen=True, slots=True)
class Made:
    """The answer: shares and collections by href, the deepest collection first."""

    shares: Sequence[tuple[str, Grant]]
    collections: Sequence[tuple[str, tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class Next:
    """A worker asks for the next items to remove."""

    lane: Lane
    after: str


@dataclass(frozen=True, slots=True)
class ToRemove:
    """The answer, and where to go on; empty at the end."""

    pairs: Sequence[Pair]
    after: str


@dataclass(frozen=True, slots=True)
class Went:
    """A worker tells what became of items."""

    lane: Lane
    fates: Sequence[tuple[str, Fate]]


@dataclass(frozen=True, slots=True)
class Ended:
    """A worker tells that a share is over; ``was``: it was there until now."""

    lane: Lane
    href: str
    grant: Grant
    was: bool


@dataclass(frozen=True, slots=True)
class Pruned:
    """A worker tells whether a collection went; False: it holds something still, or stays by its nature."""

    lane: Lane
    href: str
    went: bool


_Work = Callable[[Lane, Target, Channel], None]


@dataclass(slots=True)
class _Tally:
    counts: Counter[Fate] = field(default_factory=Counter)
    shares: int = 0
    collections: int = 0
    kept: int = 0
    unconfirmed: int = 0


def rollback(
    project: Project, filters: Filters | None = None, observer: Observer | None = None, *, really: bool = False
) -> RollbackSummary:
    """What would be taken back; with ``really``, take it back. Sources are neither read nor written.

    Raises WaveRefused (a wave is signed off), PlanRefused (a target's address changed since), ProjectLocked,
    Unreachable, Interrupted. An account that cannot go on stops alone; ``exit_code`` then says why.
    """
    filters, observer = filters or Filters(), observer or Silent()
    chosen = [lane for lane in routes(project) if filters.accept(lane) and lane.target is not None]
    with project_lock(project.directory), Ledger(project.ledger) as ledger:
        _refuse_signed(ledger, chosen)
        lanes = [lane for lane in chosen if ledger.known_lane(lane.key) is not None]
        _refuse_elsewhere(project, ledger, lanes)
        run = ledger.begin_run("rollback") if really else None
        code = Exit.INTERRUPTED
        try:
            summary = _Rollback(project, ledger, observer, lanes, chosen).run(really=really)
            code = Exit(summary.exit_code)
        except TranshumeError as error:
            code = error.exit_code
            raise
        finally:
            if run is not None:
                ledger.end_run(run, code)
        return summary


def _refuse_signed(ledger: Ledger, lanes: Iterable[Lane]) -> None:
    signed = {name for name, one in waves(ledger).items() if one.state is WaveState.SIGNED}
    if found := sorted({lane.wave for lane in lanes} & signed):
        raise WaveRefused(
            f"Wave {', '.join(found)} is signed off: a person took over what is there.",
            advice="Name the waves that are not: transhume rollback --wave …",
        )


def _refuse_elsewhere(project: Project, ledger: Ledger, lanes: Iterable[Lane]) -> None:
    settings, names = settings_of(project), set[str]()
    for lane in lanes:
        before = ground(ledger, lane.key)
        there = elsewhere(changed(before, settings_of_lane(lane, settings))) if before else []
        names.update(name for name in there if not name.startswith("source."))
    if names:
        raise PlanRefused(
            f"{spoken(sorted(names))} changed since items were moved: the records may speak of another system.",
            advice="Undo that change, then run the same command again.",
        )


class _Rollback:
    """One run over some lanes; the main thread answers the workers from the ledger."""

    def __init__(
        self, project: Project, ledger: Ledger, observer: Observer, lanes: Sequence[Lane], chosen: Sequence[Lane]
    ) -> None:
        self._project, self._ledger, self._observer = project, ledger, observer
        self._lanes, self._chosen = lanes, chosen
        self._numbers = {lane.key: ledger.known_lane(lane.key) for lane in lanes}
        self._tallies = {lane.key: _Tally() for lane in lanes}
        self._errors: dict[str, TranshumeError] = {}

    def run(self, *, really: bool) -> RollbackSummary:
        """List the targets; then count, or remove."""
        pacer = Pacer(on_wait=lambda bucket, seconds: self._observer.waiting("", bucket, seconds))
        session = Session(self._project, pacer)
        session.sweep()
        kept = self._project.listings if really else None
        with Scan(session.spool / "rollback.scan", kept) as self._scan:
            self._work("list", self._lanes, session, pacer, _listed)
            lanes = [lane for lane in self._lanes if lane.key not in self._errors]
            for lane in lanes:
                self._count(lane, really=really)
            if really:
                for lane in lanes:
                    roll_back(self._ledger, self._numbers[lane.key])
                    # A delta would not tell again what is shared with whom.
                    self._scan.forget_sources(lane.key)
                self._work("rollback", lanes, session, pacer, self._undone)
        again = self._planned_again() if really else ()
        return RollbackSummary(
            done=really,
            lanes=tuple(self._summary(lane) for lane in self._lanes),
            waves=again,
            exit_code=self._exit_code(really=really),
        )

    def _exit_code(self, *, really: bool) -> int:
        worst = max((int(error.exit_code) for error in self._errors.values()), default=0)
        failed = any(tally.counts[Fate.FAILED] for tally in self._tallies.values())
        return worst or (Exit.ITEMS_FAILED if really and failed else Exit.DONE)

    def _work(self, what: str, lanes: Sequence[Lane], session: Session, pacer: Pacer, work: _Work) -> None:
        def on_target(lane: Lane, channel: Channel) -> None:
            target = session.target(lane)
            try:
                work(lane, target, channel)
            finally:
                target.close()

        jobs = [LaneJob(lane, on_target) for lane in lanes]
        for lane in lanes:
            total = self._tallies[lane.key].counts[Fate.REMOVED] if what == "rollback" else None
            if what == "rollback":
                self._tallies[lane.key].counts[Fate.REMOVED] = 0
            self._observer.lane_started(lane.key, what, total, None)
        hurry = partial(interrupted, self._observer)
        Workers(workers_for(len(jobs)), on_stop=pacer.stop, on_interrupt=hurry).run(jobs, self._handle)
        for lane in lanes:
            self._observer.lane_finished(lane.key)

    def _count(self, lane: Lane, *, really: bool) -> None:
        """Each item by what becomes of it; those that are gone are forgotten when it is meant."""
        tally, number, after = self._tallies[lane.key], self._numbers[lane.key], ""
        while pairs := self._ledger.pairs_after(number, after):
            after = pairs[-1].source_href
            fates = self._fates(lane, pairs)
            tally.counts.update(one for _, one in fates)
            if really:
                forget_pairs(self._ledger, number, [p.source_href for p, one in fates if one is Fate.GONE])
        tally.unconfirmed = unconfirmed(self._ledger, number)
        if not really:
            tally.shares = len(grants_made(self._ledger, number))
            tally.collections = len(made_collections(self._ledger, number))

    def _fates(self, lane: Lane, pairs: Sequence[Pair]) -> list[tuple[Pair, Fate]]:
        stored = self._scan.targets(lane.key, [pair.target_href for pair in pairs])
        return [(pair, fate(pair, stored.get(pair.target_href))) for pair in pairs]

    def _undone(self, lane: Lane, target: Target, channel: Channel) -> None:
        """One lane, in a worker. Nothing of the ledger is touched here."""
        made = channel.ask(Begin(lane))
        if not isinstance(made, Made):
            raise TypeError("the main thread answered something else")
        _end_shares(lane, made.shares, target, channel)
        _remove_items(lane, target, channel)
        _prune(lane, made.collections, target, channel)

    def _handle(self, message: object) -> object:
        """One message of a worker, in the main thread."""
        if isinstance(message, Targets):
            self._scan.add_targets(message.lane, message.rows)
            self._observer.advanced(message.lane, len(message.rows), 0)
        elif isinstance(message, Begin):
            number = self._numbers[message.lane.key]
            return Made(grants_made(self._ledger, number), made_collections(self._ledger, number))
        elif isinstance(message, Next):
            return self._next(message)
        elif isinstance(message, Went):
            self._went(message)
        elif isinstance(message, Ended):
            ungrant(self._ledger, self._numbers[message.lane.key], message.href, message.grant)
            self._tallies[message.lane.key].shares += message.was
        elif isinstance(message, Pruned):
            self._pruned(message)
        elif isinstance(message, JobFailed):
            self._failed(message)
        return None

    def _next(self, message: Next) -> ToRemove:
        pairs = self._ledger.pairs_after(self._numbers[message.lane.key], message.after)
        removed = [pair for pair, one in self._fates(message.lane, pairs) if one is Fate.REMOVED]
        return ToRemove(removed, pairs[-1].source_href if pairs else "")

    def _went(self, message: Went) -> None:
        over = [href for href, one in message.fates if one in (Fate.REMOVED, Fate.GONE)]
        forget_pairs(self._ledger, self._numbers[message.lane.key], over)
        self._tallies[message.lane.key].counts.update(one for _, one in message.fates)
        self._observer.advanced(message.lane.key, len(message.fates), 0)

    def _pruned(self, message: Pruned) -> None:
        tally = self._tallies[message.lane.key]
        if message.went:
            unmake(self._ledger, self._numbers[message.lane.key], message.href)
            tally.collections += 1
        else:
            tally.kept += 1

    def _failed(self, message: JobFailed) -> None:
        error = message.error
        if not isinstance(error, ConnectorError) or error.scope is Scope.RUN:
            raise error
        self._errors[lane_of(message.job)] = error
        self._observer.message("error", f"{lane_of(message.job)}: {error.told}")

    def _planned_again(self) -> tuple[str, ...]:
        """Waves all of whose lanes were rolled back, to their end."""
        every, again = waves(self._ledger), []
        for name in sorted({lane.wave for lane in self._lanes}):
            whole = {lane.key for lane in routes(self._project) if lane.wave == name and lane.target is not None}
            done = {lane.key for lane in self._chosen} - self._errors.keys()
            if whole <= done and name in every and every[name].state is not WaveState.PLANNED:
                keep_wave(self._ledger, advance(every[name], WaveState.PLANNED, at=now()), "rolled-back")
                again.append(name)
        return tuple(again)

    def _summary(self, lane: Lane) -> LaneRollback:
        tally = self._tallies[lane.key]
        return LaneRollback(
            key=lane.key,
            account=lane.source_account,
            service=lane.service,
            counts=dict(tally.counts),
            shares=tally.shares,
            collections=tally.collections,
            kept=tally.kept,
            unconfirmed=tally.unconfirmed,
            error=self._errors[lane.key].message if lane.key in self._errors else "",
        )


def _listed(lane: Lane, target: Target, channel: Channel) -> None:
    scan_target(lane.key, target, channel)


def _end_shares(lane: Lane, shares: Sequence[tuple[str, Grant]], target: Target, channel: Channel) -> None:
    if not isinstance(target, SupportsRevoke):
        return
    for href, grant in shares:
        if channel.stopping:
            return
        try:
            was = target.revoke(href, grant)
        except NotFound:
            was = False  # it went with what it was on
        channel.tell(Ended(lane, href, grant, was))


def _remove_items(lane: Lane, target: Target, channel: Channel) -> None:
    after = ""
    while True:
        answer = channel.ask(Next(lane, after))
        if not isinstance(answer, ToRemove):
            raise TypeError("the main thread answered something else")
        if not answer.after:
            return
        after = answer.after
        for pair in answer.pairs:
            if channel.stopping:
                return
            channel.tell(Went(lane, [(pair.source_href, _removed(pair, target))]))


def _removed(pair: Pair, target: Target) -> Fate:
    """Remove one item, unless somebody touched it since the listing. Raises what reaches further than it."""
    try:
        target.delete(entry_of(pair, pair.target_etag), expects=pair.target_etag)
    except NotFound:
        return Fate.GONE
    except EtagMismatch:
        return Fate.TOUCHED
    except ConnectorError as error:
        if error.scope > Scope.COLLECTION:
            raise
        return Fate.FAILED
    return Fate.REMOVED


def _prune(lane: Lane, homes: Sequence[tuple[str, tuple[str, ...]]], target: Target, channel: Channel) -> None:
    if not isinstance(target, SupportsPrune):
        return
    for href, path in homes:
        if channel.stopping:
            return
        try:
            went = target.prune(Collection(href=href, path=path))
        except ConnectorError as error:
            if error.scope > Scope.COLLECTION:
                raise
            went = False
        channel.tell(Pruned(lane, href, went))
