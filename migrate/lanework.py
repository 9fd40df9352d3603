"""What a worker and the main thread say to each other about a lane, and the small questions of that work."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from migrate.errors import TranshumeError
from migrate.ledger import Result
from migrate.model import Grant, Item, State, Verb
from migrate.planfile import Action, Section
from migrate.rows import Pair

BATCH_BYTES = 2 * 1024 * 1024
"""Planned bytes of a batch: what one worker holds at most, large items aside, which lie in the spool."""
MOVING = frozenset({Verb.MOVE, Verb.ASIDE})
FOLLOWING = MOVING | {Verb.FLAGS, Verb.DELETE}
UNKNOWN_SIZE = 256 * 1024
"""Bytes counted for an item whose size only fetching tells (an exported document)."""


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
class Share:
    """Asks to record that this is about to be granted, and was not granted before."""

    section: Section
    href: str
    grant: Grant


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
    pair: Pair | None = None
    """What was stored for it before and is to be moved or replaced: under its own href, or a former one."""
    adopted: bool = False
    """What was stored for it before was at the target already."""


def follows(action: Action) -> bool:
    """Whether it works on what is there without looking at the source's item."""
    return action.verb in FOLLOWING and not action.former


def expected(action: Action) -> str | None:
    """The etag to replace; None: there is nothing under that name."""
    return action.expects if action.verb is Verb.UPDATE else None


def moved_before(action: Action, begun: Begun) -> bool:
    """Whether another plan moved it since: an older plan must not move it twice."""
    return action.verb is Verb.CREATE and action.href in begun.pairs


def moved(action: Action, pair: Pair) -> Result:
    """Done by another plan."""
    return Result(n=action.n, source_href=action.href, state=State.DONE, code="already-moved", pair=pair)


def ended(action: Action, state: State, error: TranshumeError) -> Result:
    """An action that did not succeed, with the class of its error for a code."""
    return Result(n=action.n, source_href=action.href, state=state, code=type(error).__name__)


def batches(actions: Iterable[Action], most: int) -> Iterator[list[Action]]:
    """Neighbours of one collection and one kind of work, at most ``most`` and about BATCH_BYTES.

    What moves or is replaced may free a name for the next one: no batch holds what would be done out of turn.
    """
    batch: list[Action] = []
    size = 0
    for action in actions:
        weight = action.size if action.size is not None else UNKNOWN_SIZE
        full = len(batch) >= most or size + weight > BATCH_BYTES
        if batch and (full or _kind(action) != _kind(batch[0])):
            yield batch
            batch, size = [], 0
        batch.append(action)
        size += weight
    if batch:
        yield batch


def _kind(action: Action) -> tuple[int, bool, bool, bool]:
    replaces = action.verb is Verb.REPLACE or bool(action.former)
    return action.collection, action.verb is Verb.ASIDE, follows(action), replaces
