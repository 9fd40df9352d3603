"""What apply does with what it stored before: moves it, sets its flags, removes it. Each may be done twice.

Nothing of this sends a body. A move that was begun and not confirmed is looked for at its destination, so that a
crash between the move and its record costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from migrate.errors import ConnectorError, NotFound, Scope, Uncertain
from migrate.ledger import Result
from migrate.model import Collection, Entry, State, Stored, Verb
from migrate.planrows import Action
from migrate.protocols import SupportsFlags, SupportsMove, Target
from migrate.rows import ASIDE, Pair


def entry_of(pair: Pair, etag: str) -> Entry:
    """What was stored for it, as the target names it."""
    return Entry(href=pair.target_href, collection=pair.target_collection, etag=etag, media_type=pair.media_type)


def ended(action: Action, state: State, code: str) -> Result:
    """An action that ended without a pair."""
    return Result(n=action.n, source_href=action.href, state=state, code=code)


def overtaken(action: Action, pair: Pair | None) -> bool:
    """Whether another plan worked on the item since this one was made."""
    if pair is None or pair.source_etag != action.since:
        return True
    return bool(action.replaces) and pair.target_href != action.replaces


def expected_copy(action: Action, pair: Pair) -> str:
    """The etag that its copy must have: that of the plan, or the one with which it stepped aside."""
    return pair.target_etag if action.expects is None else action.expects


@dataclass(frozen=True, slots=True)
class Follower:
    """Carries out such actions on one target."""

    target: Target
    arrived: Callable[[Action, Collection, str], Stored | None]
    """What lies at the destination of a move that was begun under this mark, if no other item accounts for it."""

    def follow(self, action: Action, pair: Pair | None, home: Collection | None, key: str, mark: str | None) -> Result:
        """Do it. ``key`` names the collection in the ledger; ``mark``: of an earlier attempt, None when there was none.

        Raises what reaches further than the collection.
        """
        if pair is None and action.verb is Verb.DELETE:
            return ended(action, State.DONE, "removed-before")
        if pair is not None and action.verb is not Verb.DELETE and _is_done(action, pair, key):
            return Result(n=action.n, source_href=action.href, state=State.DONE, code="already-moved", pair=pair)
        if pair is None or overtaken(action, pair):
            return ended(action, State.DRIFTED, "another-plan-came-first")
        try:
            return self._do(action, pair, home, key, mark)
        except ConnectorError as error:
            if error.scope > Scope.COLLECTION:
                raise
            state = State.DRIFTED if _drifted(error) else State.FAILED
            aside = f"{ASIDE}-" if action.verb is Verb.ASIDE else ""
            return ended(action, state, f"{aside}{type(error).__name__}")

    def _do(self, action: Action, pair: Pair, home: Collection | None, key: str, mark: str | None) -> Result:
        if action.verb is Verb.DELETE:
            return self._delete(action, pair)
        if action.verb is Verb.FLAGS:
            return self._flags(action, pair)
        if home is None:
            raise TypeError("a move without a destination")
        return self._move(action, pair, home, key, mark)

    def _delete(self, action: Action, pair: Pair) -> Result:
        try:
            self.target.delete(entry_of(pair, pair.target_etag), expects=action.expects or "")
        except NotFound:
            pass  # an earlier attempt removed it, or somebody did
        except Uncertain:
            return ended(action, State.FAILED, "Uncertain")  # the same command looks again
        return replace(ended(action, State.DONE, "removed"), forgets=action.href)

    def _flags(self, action: Action, pair: Pair) -> Result:
        now, refused = self._reflag(action, entry_of(pair, action.expects or ""))
        ours = action.expects == pair.target_etag
        return self._result(action, replace(pair, target_etag=now if ours else pair.target_etag), refused)

    def _reflag(self, action: Action, entry: Entry) -> tuple[str, frozenset[str]]:
        """The etag after setting and clearing what the plan says, and what was refused of it."""
        if not (action.add or action.remove):
            return entry.etag, frozenset()
        if not isinstance(self.target, SupportsFlags):
            raise ConnectorError("this target does not set flags")
        stored = self.target.set_flags(entry, frozenset(action.add), frozenset(action.remove))
        return stored.etag, stored.refused_flags

    def _move(self, action: Action, pair: Pair, home: Collection, key: str, mark: str | None) -> Result:
        stored = self.moved(action, entry_of(pair, expected_copy(action, pair)), home, mark)
        entry = Entry(href=stored.href, collection=home.href, etag=stored.etag, media_type=pair.media_type)
        etag, refused = self._reflag(action, entry)
        ours = expected_copy(action, pair) == pair.target_etag
        now = replace(
            pair,
            target_collection=home.href,
            target_href=stored.href,
            # What people changed before the move stays marked as theirs: it is not ours to remove.
            target_etag=etag if ours else pair.target_etag,
            place=key,
            name=action.name,
        )
        return self._result(action, now, refused)

    def moved(self, action: Action, entry: Entry, home: Collection, mark: str | None) -> Stored:
        """Where it lies after the move, which an earlier attempt may have made. Raises ConnectorError."""
        if not isinstance(self.target, SupportsMove):
            raise ConnectorError("this target does not move items")
        try:
            return self.target.move(entry, home, action.name, expects=entry.etag)
        except Uncertain:
            if (known := self.arrived(action, home, mark or "")) is None:
                return self.target.move(entry, home, action.name, expects=entry.etag)
            return known
        except NotFound:
            known = self.arrived(action, home, mark) if mark is not None else None
            if known is None:
                raise
            return known

    def _result(self, action: Action, pair: Pair, refused: frozenset[str]) -> Result:
        flags = tuple(sorted(set(action.flags) - refused)) if pair.media_type == "message/rfc822" else pair.flags
        pair = replace(pair, source_etag=action.etag, flags=flags)
        code = "stored-without-flags" if refused else action.verb.value
        return Result(n=action.n, source_href=action.href, state=State.DONE, code=code, pair=pair)


def _is_done(action: Action, pair: Pair, key: str) -> bool:
    """Whether the ledger says already what this action is to bring about."""
    there = action.verb is Verb.FLAGS or (pair.place, pair.name) == (key, action.name)
    flags = {flag.lower() for flag in pair.flags} >= {flag.lower() for flag in action.add}
    return there and pair.source_etag == action.etag and flags


def _drifted(error: ConnectorError) -> bool:
    return type(error).__name__ in {"NotFound", "EtagMismatch"} and error.scope is Scope.ITEM
