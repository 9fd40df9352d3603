"""How many requests are in flight for one mailbox: four, whatever number of services reads it.

https://learn.microsoft.com/graph/throttling-limits#outlook-service-limits
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

PLACES = 4


class Gate:
    """One mailbox. Whoever wants several places waits in line for them, so that two of them do not wait for ever."""

    def __init__(self, places: int = PLACES) -> None:
        self._places = threading.Semaphore(places)
        self._line = threading.Lock()

    @contextmanager
    def through(self, places: int = 1) -> Iterator[None]:
        """Hold that many places."""
        with self._line:
            for _ in range(places):
                self._places.acquire()
        try:
            yield
        finally:
            self._places.release(places)


class Gates:
    """The gate of each mailbox, the same for every reader of it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._gates: dict[str, Gate] = {}

    def of(self, mailbox: str) -> Gate:
        """That mailbox's."""
        with self._lock:
            return self._gates.setdefault(mailbox.casefold(), Gate())
