"""What the workers of one lane share: its batches, its source, the target's collections, what is left for the last.

One lane may be written over several connections at once. Each batch goes to the worker that is free; the source is
read by one at a time, while the others write. What has to be looked for on the target (a lost reply, an intent of an
earlier run) is set aside and done by the last worker, alone: two that look at the same time could each adopt the
other's copy of an identical message.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext

from migrate.errors import ConnectorError, Retriable, Scope
from migrate.lanework import Channel
from migrate.model import Collection, Verb
from migrate.planrows import Action, Section
from migrate.protocols import Reader

MOST = 4
"""Workers of one lane at most: beyond it servers get slower, not faster (Dovecot, Nextcloud: measured)."""
WORTH = 200
"""Actions for which one more worker, with its connection, is worth its login."""
PUT_OFF = "put-off"
"""The code of what a worker left to the last one; never recorded."""
POLL = 0.1
"""Seconds between looks at whether a lane has begun, or the run is interrupted."""


def crew_size(section: Section) -> int:
    """How many workers a lane may use; the target's own limit is asked when they start.

    One where something is moved, replaced or removed: there the plan's order counts.
    """
    verbs = section.totals.verbs if section.totals is not None else {}
    plain = set(verbs) <= {Verb.CREATE.value}
    return max(1, min(MOST, section.actions // WORTH)) if plain else 1


class Crew:
    """The workers of one lane. Thread-safe."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.reading = threading.Lock()
        """Held while a shared source is read."""
        self._lock = threading.RLock()
        self._ready = threading.Event()
        self._limit = 1
        self._batches: Iterator[list[Action]] = iter(())
        self._at_work = 0
        self._over = False
        self._set_aside: list[Action] = []
        self._homes: dict[str, Collection | ConnectorError] = {}
        self._keys: dict[str, str] = {}

    @property
    def alone(self) -> bool:
        """Whether nobody else works at this lane now or will."""
        return self.size == 1 or self._over

    def begin(self, batches: Iterator[list[Action]], limit: int) -> None:
        """Said by the first worker once it knows the target: what there is to do, and how many may."""
        with self._lock:
            self._batches, self._limit, self._at_work = batches, limit, 1
            self._ready.set()

    @property
    def gone(self) -> bool:
        """Whether everyone has left, so that the source may be closed."""
        return self._over and self._at_work == 0

    def fail(self) -> None:
        """Said by a worker: the lane cannot go on, nobody gets another batch."""
        with self._lock:
            self._over = True
            self._at_work = max(0, self._at_work - 1)
            self._batches, self._set_aside = iter(()), []
            self._ready.set()

    def join(self, number: int, patience: float) -> bool | None:
        """Whether this further worker has something to do; None after ``patience`` seconds: ask again."""
        if not self._ready.wait(patience):
            return None
        with self._lock:
            if self._over or number >= self._limit:
                return False
            self._at_work += 1
            return True

    def joined(self, number: int, channel: Channel) -> bool:
        """The same, once the first has looked at the target; False when the run is interrupted before."""
        while not channel.stopping:
            answer = self.join(number, POLL)
            if answer is not None:
                return answer
        return False

    def next(self) -> list[Action] | None:
        """A batch that is nobody else's."""
        with self._lock:
            return next(self._batches, None)

    def leave(self) -> list[Action] | None:
        """Said by a worker that found no further batch. The last one gets what was set aside, the others None."""
        with self._lock:
            self._at_work -= 1
            if self._at_work or self._over:
                return None
            self._over = True
            return self._set_aside

    def reading_with(self, source: Reader) -> AbstractContextManager[object]:
        """Held while that source is read: by one at a time when it takes one connection only."""
        return self.reading if source.capabilities.max_connections == 1 else nullcontext()

    def set_aside(self, actions: Sequence[Action]) -> None:
        """For the last worker, alone."""
        with self._lock:
            self._set_aside += actions

    def home(self, key: str, ensure: Callable[[], Collection]) -> Collection | ConnectorError:
        """The target's collection, asked for once; or why there is none, so that the others' items go on."""
        with self._lock:
            if key not in self._homes:
                try:
                    home = self._homes[key] = ensure()
                    self._keys[home.href] = key
                except ConnectorError as error:
                    if isinstance(error, Retriable) or error.scope > Scope.COLLECTION:
                        raise
                    self._homes[key] = error
            return self._homes[key]

    def key(self, home: Collection) -> str:
        """The key of a collection that :meth:`home` gave."""
        return self._keys[home.href]

    def refusals(self) -> list[ConnectorError]:
        """Of collections."""
        return [home for home in self._homes.values() if isinstance(home, ConnectorError)]
