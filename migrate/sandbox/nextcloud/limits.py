"""Every number the original enforces, and the sliding windows that count."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Defaults of Nextcloud 32; sizes in bytes, times in seconds."""

    quota_bytes: int | None = None
    """Per account; None is unlimited."""
    calendars_created: int = 10
    calendars_period: float = 3600.0
    calendars_total: int = 30
    books_created: int = 10
    books_period: float = 3600.0
    books_total: int = 10
    event_bytes: int = 10_485_760
    card_bytes: int = 5_242_880
    instances: int = 3_500
    """Of a finite series (sabre/vobject ``Settings::$maxRecurrences``)."""
    shares_created: int = 20
    shares_period: float = 600.0
    min_chunk_bytes: int = 5_000_000
    """Of every chunk of an upload but the last."""
    max_chunk_bytes: int = 5_000_000_000
    upload_lifetime: float = 86_400.0
    login_failures: int = 10
    login_period: float = 1800.0
    login_max_delay: float = 25.0


class Window:
    """At most ``count`` events per key in ``period`` seconds. Thread-safe."""

    def __init__(self, count: int, period: float) -> None:
        self._count = count
        self._period = period
        self._times: defaultdict[str, deque[float]] = defaultdict(deque)
        self._lock = threading.Lock()

    def admit(self, key: str, now: float) -> bool:
        """Count one more event unless the window is full."""
        with self._lock:
            times = self._recent(key, now)
            if len(times) >= self._count:
                return False
            times.append(now)
            return True

    def record(self, key: str, now: float) -> None:
        """Count one more event, whatever the number."""
        with self._lock:
            self._recent(key, now).append(now)

    def seen(self, key: str, now: float) -> int:
        """How many events lie in the window."""
        with self._lock:
            return len(self._recent(key, now))

    def clear(self, key: str) -> None:
        """Forget a key."""
        with self._lock:
            self._times.pop(key, None)

    def _recent(self, key: str, now: float) -> deque[float]:
        times = self._times[key]
        while times and times[0] <= now - self._period:
            times.popleft()
        return times
