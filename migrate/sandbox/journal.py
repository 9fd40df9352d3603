"""What changed in an account, in order: the ground under history ids, sync tokens and change tokens."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from migrate.sandbox.clock import Clock

FIRST = 1000
"""The number of an account nobody has edited yet."""
KEPT_SECONDS = 7 * 86400.0
"""Gmail keeps history "at least one week" (users.history.list); Calendar and Drive tokens live as long here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change. ``kind``: message-added, message-deleted, labels-added, labels-removed, event, calendar, file."""

    number: int
    time: float
    kind: str
    id: str
    within: str = ""
    """The thread of a message, the calendar of an event."""
    labels: tuple[str, ...] = ()
    """The labels a message had after the change."""
    delta: tuple[str, ...] = ()
    """The labels added or removed."""


class Journal:
    """Changes of one account, oldest first. Threads may share one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._changes: list[Change] = []
        self._forgotten = FIRST
        self._last_of: dict[str, int] = {}

    @property
    def current(self) -> int:
        """The number of the latest change."""
        with self._lock:
            return self._current()

    def record(
        self, kind: str, item: str, *, within: str = "", labels: Iterable[str] = (), delta: Iterable[str] = ()
    ) -> int:
        """Append a change and return its number."""
        with self._lock:
            change = Change(
                number=self._current() + 1,
                time=self._clock.now(),
                kind=kind,
                id=item,
                within=within,
                labels=tuple(labels),
                delta=tuple(delta),
            )
            self._changes.append(change)
            self._last_of[item] = change.number
            return change.number

    def last_of(self, item: str) -> int:
        """The number of the last change to that item."""
        with self._lock:
            return self._last_of.get(item, FIRST)

    def remembers(self, number: int) -> bool:
        """Whether everything after that number is still known."""
        with self._lock:
            self._forget()
            return self._forgotten <= number <= self._current()

    def since(self, number: int) -> list[Change]:
        """Changes after that number."""
        with self._lock:
            return self._changes[bisect_right(self._changes, number, key=lambda change: change.number) :]

    def _current(self) -> int:
        return self._changes[-1].number if self._changes else self._forgotten

    def _forget(self) -> None:
        """Drop what is too old, save the last change: its number is the present."""
        horizon = self._clock.now() - KEPT_SECONDS
        old = bisect_right(self._changes, horizon, key=lambda change: change.time)
        old = min(old, len(self._changes) - 1)
        if old > 0:
            self._forgotten = self._changes[old - 1].number
            del self._changes[:old]
