"""The work of one lane of a plan, in a worker: fetch, check, convert, write, tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from migrate.convert import convert, digest, key_of
from migrate.crew import BATCH_ITEMS, Crew, batches
from migrate.errors import (
    AlreadyExists,
    ConnectorError,
    EtagMismatch,
    Exit,
    MappingError,
    NotFound,
    Retriable,
    Scope,
    TranshumeError,
    Uncertain,
)
from migrate.fetch import fetch_all
from migrate.ledger import Result, chunks
from migrate.model import Capabilities, Collection, Entry, Item, State, Stored, Verb
from migrate.planfile import Action, Place, PlanFile, Section
from migrate.protocols import Reader, SupportsPutMany, Target
from migrate.rows import COLLECTION, Pair

T = TypeVar("T")

POLL = 0.1
"""Seconds between looks at whether a lane has begun, or the run is interrupted."""


class Channel(Protocol):
    """A worker's line to the main thread."""

    @property
    def stopping(self) -> bool:
        """Whether the run is being interrupted: finish what is in flight and return."""

    def tell(self, message: object) -> None:
        """Hand over a message."""

    def ask(self, message: object) -> object:
        """Hand over a question and wait for the answer."""


@dataclass(frozen=True, slots=True)
class Begin:
    """Asks what is known of these actions."""

    section: Section
    actions: Sequence[Action]


@dataclass(frozen=True, slots=True)
class Begun:
    """The answer."""

    settled: set[int]
    intents: Mapping[str, str]
    pairs: Mapping[str, Pair]


@dataclass(frozen=True, slots=True)
class Settled:
    """Asks which of these steps of the plan have ended already."""

    section: Section
    numbers: Sequence[int]


@dataclass(frozen=True, slots=True)
class Go:
    """Asks to record that these source items are about to be written, each with its mark."""

    section: Section
    marks: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Claimed:
    """Asks which of these target items belong to another source item already."""

    section: Section
    hrefs: Sequence[str]


@dataclass(frozen=True, slots=True)
class Done:
    """Tells how actions ended."""

    section: Section
    results: Sequence[Result]


@dataclass(frozen=True, slots=True)
class Parcel:
    """An action whose item is at hand, in the target's form."""

    action: Action
    item: Item
    etag: str
    digest: str
    recheck: bool
    """An earlier run may have stored it."""
    mark: str = ""


class LaneApply:
    """Carries out one section of a plan."""

    def __init__(
        self,
        plan: PlanFile,
        section: Section,
        source: Reader,
        target: Target,
        channel: Channel,
        crew: Crew | None = None,
    ) -> None:
        self._plan = plan
        self._section = section
        self._source = source
        self._target = target
        self._channel = channel
        self._crew = crew or Crew(1)
        self._claimed: set[str] = set()
        """Target hrefs given out in this batch; the ledger knows those of earlier ones."""
        self._put_off: set[int] = set()
        """Actions of this batch that the last worker of the lane does, because it is not known what became of them."""

    def run(self, number: int = 0) -> None:
        """All of it, or up to an interruption; as worker ``number`` of the lane. Raises what stops the lane."""
        try:
            places = self._plan.places(self._section)
            if not (self._open(places) if number == 0 else self._joined(number)):
                return
            by_number = {place.number: place.collection for place in places}
            while not self._channel.stopping and (actions := self._crew.next()):
                self._batch(actions, by_number[actions[0].collection], self._target.capabilities)
            left = self._crew.leave()
            for actions in batches(left or (), max(BATCH_ITEMS, self._target.capabilities.batch)):
                if self._channel.stopping:
                    return
                self._batch(actions, by_number[actions[0].collection], self._target.capabilities)
        except BaseException:
            self._crew.fail()
            raise
        # Told once the others have moved: also for a collection without items.
        if left is not None and not self._channel.stopping and (refusals := self._crew.refusals()):
            raise max(refusals, key=lambda error: error.exit_code)

    def _open(self, places: Sequence[Place]) -> bool:
        """As the first worker of the lane."""
        capabilities = self._target.capabilities
        self._make_missing(places)
        actions = self._plan.section_actions(self._section)
        self._crew.begin(batches(actions, max(BATCH_ITEMS, capabilities.batch)), capabilities.max_connections)
        return True

    def _joined(self, number: int) -> bool:
        """As a further one, once the first has looked at the target."""
        while not self._channel.stopping:
            answer = self._crew.join(number, POLL)
            if answer is not None:
                return answer
        return False

    def _ask(self, question: object, kind: type[T]) -> T:
        answer = self._channel.ask(question)
        if not isinstance(answer, kind):
            raise TypeError("the main thread answered something else")
        return answer

    def _make_missing(self, places: Sequence[Place]) -> None:
        """The collections that the plan found missing and no earlier run made, parents first."""
        missing = [place for place in places if place.n]
        for some in chunks(missing, BATCH_ITEMS):
            settled = self._ask(Settled(self._section, [place.n for place in some]), set)
            results = []
            for place in some:
                if self._channel.stopping:
                    break
                if place.n not in settled and isinstance(self._ensured(place.collection), Collection):
                    results.append(Result(n=place.n, source_href="", state=State.DONE, code=COLLECTION))
            self._channel.tell(Done(self._section, results))

    def _ensured(self, collection: Collection) -> Collection | ConnectorError:
        """The collection as the target names it, or why there is none; asked for when something goes there."""
        return self._crew.home(key_of(collection.path), lambda: self._target.ensure(collection))

    def _batch(self, actions: Sequence[Action], place: Collection, capabilities: Capabilities) -> None:
        begun = self._ask(Begin(self._section, actions), Begun)
        fresh = [action for action in actions if action.n not in begun.settled]
        if not fresh:
            return
        parcels, results = [], []
        results += [moved(action, begun.pairs[action.href]) for action in fresh if moved_before(action, begun)]
        fresh = [action for action in fresh if not moved_before(action, begun)]
        if not self._crew.alone:
            self._crew.set_aside([action for action in fresh if action.href in begun.intents])
            fresh = [action for action in fresh if action.href not in begun.intents]
        home = self._ensured(place)
        if isinstance(home, ConnectorError):
            # What a limit holds back stays open: the same command does it later.
            held_back = home.exit_code is Exit.LIMIT
            results += [] if held_back else [ended(action, State.FAILED, home) for action in fresh]
            self._channel.tell(Done(self._section, results))
            return
        for action, item in self._fetch(fresh):
            parcel = self._prepare(action, item, begun, capabilities)
            if isinstance(parcel, Result):
                results.append(parcel)
            else:
                parcels.append(parcel)
        self._claimed.clear()
        self._put_off.clear()
        try:
            # One by one, so that what was stored is recorded even when the next one stops the lane.
            for result in self._store(parcels, home, capabilities):
                results.append(result)
        except ConnectorError as error:
            if isinstance(error, Retriable) or error.scope > Scope.COLLECTION:
                raise
            ended_already = {result.n for result in results}
            left = (p.action for p in parcels if p.action.n not in ended_already | self._put_off)
            results += [ended(action, State.FAILED, error) for action in left]
        finally:
            for parcel in parcels:
                parcel.item.discard()
            self._channel.tell(Done(self._section, results))

    def _fetch(self, actions: Sequence[Action]) -> Iterator[tuple[Action, Item | ConnectorError]]:
        """Each action with its item, as the source has it now."""
        by_href = {action.href: action for action in actions}
        entries = [
            Entry(href=a.href, collection=a.home, etag=a.etag, size=a.size, name=a.name, media_type=a.media_type)
            for a in actions
        ]
        with self._crew.reading_with(self._source):
            answers = list(fetch_all(self._source, entries))
        for entry, answer in answers:
            yield by_href[entry.href], answer

    def _prepare(
        self, action: Action, item: Item | ConnectorError, begun: Begun, capabilities: Capabilities
    ) -> Parcel | Result:
        if isinstance(item, ConnectorError):
            return ended(action, State.DRIFTED if isinstance(item, NotFound) else State.FAILED, item)
        if item.entry.etag != action.etag:
            item.discard()
            return Result(n=action.n, source_href=action.href, state=State.DRIFTED, code="source-changed")
        try:
            mapped = convert(item, capabilities).item
        except MappingError as error:
            item.discard()
            return ended(action, State.FAILED, error)
        # The flags are the plan's: what it announced, whatever the source's own words for them are.
        ready = replace(mapped, flags=frozenset(action.flags))
        return Parcel(
            action=action,
            item=ready,
            etag=item.entry.etag,
            digest=digest(ready),
            recheck=action.href in begun.intents,
            mark=begun.intents.get(action.href, ""),
        )

    def _store(self, parcels: Sequence[Parcel], home: Collection, capabilities: Capabilities) -> Iterator[Result]:
        if not parcels:
            return
        mark = self._target.mark(home)
        self._channel.ask(Go(self._section, {p.action.href: mark for p in parcels}))
        fresh = []
        for parcel in parcels:
            known = self._recognise(parcel, home) if parcel.recheck else None
            if known is not None:
                yield self._done(parcel, home, known, "recognised")
            else:
                fresh.append(replace(parcel, mark=parcel.mark or mark))
        creates = [p for p in fresh if p.action.verb is Verb.CREATE]
        if capabilities.batch > 1 and len(creates) > 1 and isinstance(self._target, SupportsPutMany):
            for some in chunks(creates, capabilities.batch):
                yield from self._put_many(self._target, some, home)
            fresh = [p for p in fresh if p.action.verb is not Verb.CREATE]
        for parcel in fresh:
            yield from self._put(parcel, home)

    def _put_many(self, target: SupportsPutMany, parcels: Sequence[Parcel], home: Collection) -> Iterator[Result]:
        try:
            answers = target.put_many(home, [(p.action.name, p.item) for p in parcels])
        except Uncertain:
            for parcel in parcels:
                yield from self._after_silence(parcel, home)
            return
        # What was stored first: a refusal that stops the lane must not hide it.
        for parcel, answer in sorted(
            zip(parcels, answers, strict=True), key=lambda two: not isinstance(two[1], Stored)
        ):
            yield from self._answered(parcel, home, answer)

    def _answered(self, parcel: Parcel, home: Collection, answer: Stored | ConnectorError) -> Iterator[Result]:
        if isinstance(answer, Stored):
            yield self._done(parcel, home, answer, "stored")
        elif isinstance(answer, Uncertain):
            yield from self._after_silence(parcel, home)
        else:
            yield self._refused(parcel, home, answer)

    def _put(self, parcel: Parcel, home: Collection) -> Iterator[Result]:
        action = parcel.action
        try:
            answer: Stored | ConnectorError = self._target.put(home, action.name, parcel.item, expects=action.expects)
        except ConnectorError as error:
            answer = error
        yield from self._answered(parcel, home, answer)

    def _after_silence(self, parcel: Parcel, home: Collection) -> Iterator[Result]:
        """A write was sent and no answer came: it is looked for, by the last worker of the lane when there are more."""
        if self._crew.alone:
            yield self._looked_for(parcel, home)
        else:
            self._put_off.add(parcel.action.n)
            self._crew.set_aside([parcel.action])

    def _looked_for(self, parcel: Parcel, home: Collection) -> Result:
        """Sent once more only if it is not there."""
        known = self._recognise(parcel, home)
        if known is not None:
            return self._done(parcel, home, known, "recognised")
        try:
            stored = self._target.put(home, parcel.action.name, parcel.item, expects=parcel.action.expects)
        except Uncertain as error:
            known = self._recognise(parcel, home)
            return self._done(parcel, home, known, "recognised") if known else ended(parcel.action, State.FAILED, error)
        except ConnectorError as error:
            return self._refused(parcel, home, error)
        return self._done(parcel, home, stored, "stored")

    def _refused(self, parcel: Parcel, home: Collection, error: ConnectorError) -> Result:
        if isinstance(error, AlreadyExists):
            known = self._recognise(replace(parcel, mark=""), home)
            if known is not None:
                return self._done(parcel, home, known, "found-there")
        if error.scope > Scope.COLLECTION:
            raise error
        drifted = error.scope is Scope.ITEM and isinstance(error, (EtagMismatch, NotFound))
        return ended(parcel.action, State.DRIFTED if drifted else State.FAILED, error)

    def _recognise(self, parcel: Parcel, home: Collection) -> Stored | None:
        """What the target holds of this item and no other item accounts for; None when it holds none."""
        found = list(self._target.find(home, parcel.action.name, parcel.item, parcel.mark))
        if not found:
            return None
        taken = self._ask(Claimed(self._section, [stored.href for stored in found]), set)
        own = parcel.action.replaces
        return next((s for s in found if s.href == own or s.href not in taken | self._claimed), None)

    def _done(self, parcel: Parcel, home: Collection, stored: Stored, code: str) -> Result:
        self._claimed.add(stored.href)
        item = parcel.item
        moment = stored.redated or item.internal_date or item.entry.modified
        if code == "stored" and (stored.refused_flags or stored.redated):
            code = "stored-without-flags" if stored.refused_flags else "stored-redated"
        pair = Pair(
            source_href=parcel.action.href,
            source_etag=parcel.etag,
            target_collection=home.href,
            target_href=stored.href,
            target_etag=stored.etag,
            media_type=item.media_type,
            size=item.size,
            digest=parcel.digest,
            flags=tuple(sorted(item.flags - stored.refused_flags)),
            date=int(moment.timestamp()) if moment else None,
        )
        return Result(n=parcel.action.n, source_href=parcel.action.href, state=State.DONE, code=code, pair=pair)


def moved_before(action: Action, begun: Begun) -> bool:
    """Whether another plan moved it since: an older plan must not move it twice."""
    return action.verb is Verb.CREATE and action.href in begun.pairs


def moved(action: Action, pair: Pair) -> Result:
    """Done by another plan."""
    return Result(n=action.n, source_href=action.href, state=State.DONE, code="already-moved", pair=pair)


def ended(action: Action, state: State, error: TranshumeError) -> Result:
    """An action that did not succeed, with the class of its error for a code."""
    return Result(n=action.n, source_href=action.href, state=state, code=type(error).__name__)
