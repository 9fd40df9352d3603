"""The work of one lane of a plan, in a worker: fetch, check, convert, write, tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from migrate.convert import convert, digest, key_of
from migrate.crew import PUT_OFF, Crew
from migrate.errors import (
    AlreadyExists,
    ConnectorError,
    EtagMismatch,
    Exit,
    MappingError,
    NotFound,
    Retriable,
    Scope,
    Uncertain,
)
from migrate.fetch import fetch_all
from migrate.follow import Follower, entry_of, expected_copy, overtaken
from migrate.lanework import (
    MOVING,
    Begin,
    Begun,
    Channel,
    Claimed,
    Done,
    Go,
    Parcel,
    Settled,
    batches,
    ended,
    expected,
    follows,
    moved,
    moved_before,
)
from migrate.ledger import Result, chunks
from migrate.model import Capabilities, Collection, Entry, Item, State, Stored, Verb
from migrate.planfile import Action, Place, PlanFile, Section
from migrate.protocols import Reader, SupportsMove, SupportsPutMany, Target
from migrate.rows import COLLECTION, Pair

T = TypeVar("T")

BATCH_ITEMS = 50
"""Items fetched together at least, even where the target takes them one by one: sources answer many for one request."""


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
        self._taken: set[str] = set()
        """Former hrefs whose copy was given to a new item in this batch."""
        self._follower = Follower(target, self._arrived)

    def run(self, number: int = 0) -> None:
        """All of it, or up to an interruption; as worker ``number`` of the lane. Raises what stops the lane."""
        try:
            places = self._plan.places(self._section)
            if not (self._open(places) if number == 0 else self._crew.joined(number, self._channel)):
                return
            by_number = {place.number: place.collection for place in places}
            while not self._channel.stopping and (actions := self._crew.next()):
                self._batch(actions, by_number.get(actions[0].collection), self._target.capabilities)
            left = self._crew.leave()
            for actions in batches(left or (), max(BATCH_ITEMS, self._target.capabilities.batch)):
                if self._channel.stopping:
                    return
                self._batch(actions, by_number.get(actions[0].collection), self._target.capabilities)
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
                home = self._ensured(place.collection) if place.n not in settled else None
                if isinstance(home, Collection):
                    made = (home.href, place.collection.path)
                    results.append(Result(n=place.n, source_href="", state=State.DONE, code=COLLECTION, made=made))
            self._channel.tell(Done(self._section, results))

    def _ensured(self, collection: Collection) -> Collection | ConnectorError:
        """The collection as the target names it, or why there is none; asked for when something goes there."""
        return self._crew.home(key_of(collection.path), lambda: self._target.ensure(collection))

    def _batch(self, actions: Sequence[Action], place: Collection | None, capabilities: Capabilities) -> None:
        begun = self._ask(Begin(self._section, actions), Begun)
        fresh = [action for action in actions if action.n not in begun.settled]
        if not fresh:
            return
        self._claimed.clear()
        self._taken.clear()
        home = self._ensured(place) if place is not None else None
        if not isinstance(home, ConnectorError):
            self._follow([action for action in fresh if follows(action)], place, home, begun)
            fresh = [action for action in fresh if not follows(action)]
        if place is not None and home is not None and fresh:
            self._send(fresh, place, home, begun, capabilities)

    def _follow(
        self, actions: Sequence[Action], place: Collection | None, home: Collection | None, begun: Begun
    ) -> None:
        """What works on what is there. Each is recorded at once: it is one request, and cheap to record."""
        key = key_of(place.path) if place is not None else ""
        moves = [action.href for action in actions if action.verb in MOVING]
        if moves and home is not None:
            mark = self._target.mark(home)
            self._channel.ask(Go(self._section, dict.fromkeys(moves, mark)))
        for action in actions:
            if self._channel.stopping:
                return
            pair, intent = begun.pairs.get(action.href), begun.intents.get(action.href)
            result = self._follower.follow(action, pair, home, key, intent)
            if result.pair is not None:
                self._claimed.add(result.pair.target_href)
            self._channel.tell(Done(self._section, [result]))

    def _arrived(self, action: Action, home: Collection, mark: str) -> Stored | None:
        """What lies where a move was to bring it, and no other item accounts for."""
        if action.name:
            there = (e for e in self._target.entries() if (e.collection, e.name) == (home.href, action.name))
            found = [Stored(href=entry.href, etag=entry.etag) for entry in there]
        else:
            _, item = next(self._fetch([action]))
            if isinstance(item, ConnectorError):
                return None
            try:
                mapped = convert(item, self._target.capabilities).item
                found = list(self._target.find(home, "", mapped, mark))
            finally:
                item.discard()
        return self._unclaimed(found, "")

    def _send(
        self,
        fresh: Sequence[Action],
        place: Collection,
        home: Collection | ConnectorError,
        begun: Begun,
        capabilities: Capabilities,
    ) -> None:
        parcels, results = [], []
        results += [moved(action, begun.pairs[action.href]) for action in fresh if moved_before(action, begun)]
        fresh = [action for action in fresh if not moved_before(action, begun)]
        if not self._crew.alone:
            self._crew.set_aside([action for action in fresh if action.href in begun.intents])
            fresh = [action for action in fresh if action.href not in begun.intents]
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
        try:
            # One by one, so that what was stored is recorded even when the next one stops the lane.
            for result in self._store(parcels, home, capabilities):
                results.append(result)
        except ConnectorError as error:
            if isinstance(error, Retriable) or error.scope > Scope.COLLECTION:
                raise
            ended_already = {result.n for result in results}
            left = (parcel.action for parcel in parcels if parcel.action.n not in ended_already)
            results += [ended(action, State.FAILED, error) for action in left]
        finally:
            for parcel in parcels:
                parcel.item.discard()
            self._channel.tell(Done(self._section, [result for result in results if result.code != PUT_OFF]))

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
        if action.verb is Verb.REPLACE and not action.former and overtaken(action, begun.pairs.get(action.href)):
            item.discard()
            return Result(n=action.n, source_href=action.href, state=State.DRIFTED, code="another-plan-came-first")
        # The flags are the plan's: what it announced, whatever the source's own words for them are.
        ready = replace(mapped, flags=frozenset(action.flags))
        found = digest(ready)
        return Parcel(
            action=action,
            item=ready,
            etag=item.entry.etag,
            digest=found,
            recheck=action.href in begun.intents,
            mark=begun.intents.get(action.href, ""),
            pair=self._before(action, found, begun),
            adopted=action.href in begun.pairs and begun.pairs[action.href].adopted,
        )

    def _before(self, action: Action, found: str, begun: Begun) -> Pair | None:
        """What was stored for it before, where it is to be moved or replaced; of former copies, one that equals it."""
        if action.verb is Verb.REPLACE and not action.former:
            return begun.pairs.get(action.href)
        for href, etag in action.former:
            pair = begun.pairs.get(href)
            if pair is not None and pair.digest == found and href not in self._taken:
                self._taken.add(href)
                # Touched since it was stored: it can be moved with what people changed, never removed.
                return replace(pair, target_etag=etag) if etag == pair.target_etag or action.verb is Verb.MOVE else None
        return None

    def _store(self, parcels: Sequence[Parcel], home: Collection, capabilities: Capabilities) -> Iterator[Result]:
        if not parcels:
            return
        mark = self._target.mark(home)
        self._channel.ask(Go(self._section, {p.action.href: mark for p in parcels}))
        fresh = []
        for parcel in parcels:
            known = self._recognise(parcel, home) if parcel.recheck else None
            if known is not None:
                yield self._without_the_old(parcel, self._done(parcel, home, known, "recognised"))
            else:
                fresh.append(replace(parcel, mark=parcel.mark or mark))
        creates = [p for p in fresh if p.action.verb is Verb.CREATE]
        if capabilities.batch > 1 and len(creates) > 1 and isinstance(self._target, SupportsPutMany):
            for some in chunks(creates, capabilities.batch):
                yield from self._put_many(self._target, some, home)
            fresh = [p for p in fresh if p.action.verb is not Verb.CREATE]
        for parcel in fresh:
            yield self._relocate(parcel, home) if parcel.pair is not None else self._put(parcel, home)

    def _relocate(self, parcel: Parcel, home: Collection) -> Result:
        """Move what equals it, else store it anew; the older copy goes last of all."""
        pair, capabilities = parcel.pair, self._target.capabilities
        if pair is None:
            raise TypeError("nothing was stored before")
        if capabilities.moves and isinstance(self._target, SupportsMove) and pair.digest == parcel.digest:
            expects = pair.target_etag if parcel.action.former else expected_copy(parcel.action, pair)
            try:
                stored = self._follower.moved(parcel.action, entry_of(pair, expects), home, parcel.mark)
            except ConnectorError as error:
                return self._refused(replace(parcel, pair=None), home, error)
            done = replace(self._done(parcel, home, stored, "move"), forgets=self._former(parcel))
            # What is moved keeps the date that it was stored with: renaming a file may change that of the source.
            return replace(done, pair=replace(done.pair, date=pair.date)) if done.pair is not None else done
        return self._without_the_old(parcel, self._put(parcel, home))

    def _former(self, parcel: Parcel) -> str:
        """The href under which the ledger knew it, where that is another one."""
        pair = parcel.pair
        return pair.source_href if pair is not None and pair.source_href != parcel.action.href else ""

    def _without_the_old(self, parcel: Parcel, result: Result) -> Result:
        """Once the item is stored in its new place: remove the older copy, unless somebody touched it."""
        pair = parcel.pair
        if pair is None or result.pair is None or result.pair.target_href == pair.target_href:
            return result
        expects = pair.target_etag if parcel.action.former else expected_copy(parcel.action, pair)
        try:
            self._target.delete(entry_of(pair, expects), expects=expects)
        except NotFound:
            pass
        except EtagMismatch:
            return replace(result, code="older-copy-kept", forgets=self._former(parcel))
        except ConnectorError as error:
            if error.scope > Scope.COLLECTION:
                raise
            return ended(parcel.action, State.FAILED, error)  # its intent stands: the same command finds the new copy
        return replace(result, forgets=self._former(parcel))

    def _put_many(self, target: SupportsPutMany, parcels: Sequence[Parcel], home: Collection) -> Iterator[Result]:
        try:
            answers = target.put_many(home, [(p.action.name, p.item) for p in parcels])
        except Uncertain:
            for parcel in parcels:
                yield self._after_silence(parcel, home)
            return
        # What was stored first: a refusal that stops the lane must not hide it.
        for parcel, answer in sorted(
            zip(parcels, answers, strict=True), key=lambda two: not isinstance(two[1], Stored)
        ):
            yield self._answered(parcel, home, answer)

    def _answered(self, parcel: Parcel, home: Collection, answer: Stored | ConnectorError) -> Result:
        if isinstance(answer, Stored):
            return self._done(parcel, home, answer, "stored")
        if isinstance(answer, Uncertain):
            return self._after_silence(parcel, home)
        return self._refused(parcel, home, answer)

    def _put(self, parcel: Parcel, home: Collection) -> Result:
        action = parcel.action
        try:
            stored = self._target.put(home, action.name, parcel.item, expects=expected(action))
        except Uncertain:
            return self._after_silence(parcel, home)
        except ConnectorError as error:
            return self._refused(parcel, home, error)
        return self._done(parcel, home, stored, "stored")

    def _after_silence(self, parcel: Parcel, home: Collection) -> Result:
        """A write was sent and no answer came: look for it, and send it once more only if it is not there."""
        if not self._crew.alone:  # the last worker of the lane looks for it
            self._crew.set_aside([parcel.action])
            return Result(n=parcel.action.n, source_href=parcel.action.href, state=State.FAILED, code=PUT_OFF)
        known = self._recognise(parcel, home)
        if known is not None:
            return self._done(parcel, home, known, "recognised")
        try:
            stored = self._target.put(home, parcel.action.name, parcel.item, expects=expected(parcel.action))
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
        own = parcel.action.replaces if parcel.action.verb is Verb.UPDATE else ""
        return self._unclaimed(found, own)

    def _unclaimed(self, found: Sequence[Stored], own: str) -> Stored | None:
        if not found:
            return None
        taken = self._ask(Claimed(self._section, [stored.href for stored in found]), set)
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
            place=self._crew.key(home),
            name=parcel.action.name,
            adopted=_theirs(parcel, stored, code),
        )
        return Result(n=parcel.action.n, source_href=parcel.action.href, state=State.DONE, code=code, pair=pair)


def _theirs(parcel: Parcel, stored: Stored, code: str) -> bool:
    """Whether it was at the target before us, so that no rollback removes it.

    What is recognised after a crash under the very etag that the plan saw there is not of our making either.
    """
    before = parcel.action.verb is Verb.CREATE and stored.etag == parcel.action.expects
    moved_along = parcel.pair is not None and parcel.pair.adopted
    return code == "found-there" or before or parcel.adopted or moved_along
