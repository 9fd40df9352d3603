"""Time in the sandbox: a clock that tests can hurry, so that a quota minute need not last one.

Quotas, access tokens, page tokens and sync tokens of a stand-in all read the same clock.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime


class Clock:
    """Seconds since the epoch that run ``speed`` times as fast as the wall's. Threads may share one."""

    def __init__(self, speed: float = 1.0) -> None:
        self._lock = threading.Lock()
        self._speed = _positive(speed)
        self._origin = time.time()
        self._since = time.monotonic()

    @property
    def speed(self) -> float:
        """How many sandbox seconds pass in one real second."""
        return self._speed

    @speed.setter
    def speed(self, speed: float) -> None:
        """Change the pace from now on; what has passed has passed. Raises ValueError unless positive."""
        with self._lock:
            self._rebase(_positive(speed), 0.0)

    def advance(self, seconds: float) -> None:
        """Jump forward at once. Raises ValueError when asked to go back."""
        if seconds < 0:
            raise ValueError("a clock does not go back")
        with self._lock:
            self._rebase(self._speed, seconds)

    def now(self) -> float:
        """Sandbox seconds since the epoch."""
        with self._lock:
            return self._read()

    def today(self) -> datetime:
        """The same moment, aware, UTC."""
        return datetime.fromtimestamp(self.now(), UTC)

    def sleep(self, seconds: float) -> None:
        """Wait that many sandbox seconds."""
        time.sleep(max(0.0, seconds) / self._speed)

    def _read(self) -> float:
        return self._origin + (time.monotonic() - self._since) * self._speed

    def _rebase(self, speed: float, jump: float) -> None:
        self._origin = self._read() + jump
        self._since = time.monotonic()
        self._speed = speed


def _positive(speed: float) -> float:
    if not speed > 0:
        raise ValueError(f"a clock's speed is above zero, not {speed}")
    return speed
