"""Units spent in fixed windows of the sandbox clock, for the quotas of stand-ins."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Sequence

from migrate.sandbox.clock import Clock

Bill = tuple[Hashable, int, int, float]
"""A counter's name, the units to spend, the limit, and the window's length in seconds."""


class Windows:
    """Counters that start again with each window. Threads may share one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._spent: dict[tuple[Hashable, float], tuple[int, int]] = {}

    def spend(self, bills: Sequence[Bill], *, refused_cost: bool = False) -> tuple[Hashable, float] | None:
        """Spend all the bills, or none and tell which counter is full, and in how many seconds it starts again.

        ``refused_cost``: what is refused is spent all the same.
        """
        now = self._clock.now()
        with self._lock:
            full = next((bill for bill in bills if self._used(bill, now) + bill[1] > bill[2]), None)
            if full is None or refused_cost:
                for bill in bills:
                    key = (bill[0], bill[3])
                    self._spent[key] = (int(now // bill[3]), self._used(bill, now) + bill[1])
        return (full[0], full[3] - now % full[3]) if full else None

    def used(self, name: Hashable, seconds: float) -> tuple[int, float]:
        """What a counter has spent in its present window, and in how many seconds it starts again."""
        now = self._clock.now()
        with self._lock:
            return self._used((name, 0, 0, seconds), now), seconds - now % seconds

    def _used(self, bill: Bill, now: float) -> int:
        window, units = self._spent.get((bill[0], bill[3]), (-1, 0))
        return units if window == int(now // bill[3]) else 0
