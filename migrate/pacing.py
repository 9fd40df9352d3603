"""Quotas as token buckets that learn from refusals; shared by every thread of a run.

Each bucket fills evenly up to its burst. A refusal (429) halves its rate and pauses it for as long as the server
says, else for a growing, jittered time; the rate then climbs back evenly to what was declared.
"""

from __future__ import annotations

import math
import random
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from migrate.errors import Interrupted

DECREASE = 0.5
"""What a refusal leaves of the rate."""
FLOOR = 1 / 32
"""The least part of the declared rate that refusals leave."""
RECOVERY = 600.0
"""Seconds in which a rate would climb from nothing to what was declared."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 64.0
"""Seconds, when the server does not say how long; doubled with each refusal in a row."""
CALM = 60.0
"""Seconds without a refusal after which the next one counts as the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketStats:
    """What a bucket did. The one with the most ``waited`` is the limit that binds."""

    units: float
    waited: float
    """Seconds, summed over threads."""
    refusals: int
    declared: float
    """Units per minute; infinite when no limit was declared."""
    current: float
    """Units per minute, after what refusals taught."""


@dataclass(slots=True)
class _Bucket:
    """One quota. Rates are units per second, times those of the pacer's clock."""

    declared: float = math.inf
    burst: float = math.inf
    rate: float = math.inf
    tokens: float = math.inf
    seen: float = 0.0
    paused_until: float = -math.inf
    refused_in_a_row: int = 0
    units: float = 0.0
    waited: float = 0.0
    refusals: int = 0

    def declare(self, per_second: float, burst: float, now: float) -> None:
        if (per_second, burst) == (self.declared, self.burst):
            return
        self.declared, self.burst = per_second, burst
        self.rate = min(self.rate, per_second)
        self.tokens = min(self.tokens, burst)
        self.seen = max(self.seen, now)

    def refill(self, now: float) -> None:
        """Add what flowed in since last seen; nothing flows during a pause."""
        start = max(self.seen, self.paused_until)
        if now <= start or math.isinf(self.declared):
            return
        elapsed = now - start
        self.tokens = min(self.burst, self.tokens + self.rate * elapsed)
        self.rate = min(self.declared, self.rate + self.declared * elapsed / RECOVERY)
        self.seen = now

    def wait(self, cost: float, now: float) -> float:
        """Seconds until ``cost`` can be taken. A cost above the burst waits for a full bucket and leaves a debt."""
        pause = max(0.0, self.paused_until - now)
        missing = min(cost, self.burst) - self.tokens
        return pause + (missing / self.rate if missing > 1e-9 else 0.0)

    def take(self, cost: float) -> None:
        self.tokens -= cost
        self.units += cost

    def refuse(self, now: float, retry_after: float | None, jitter: float) -> float:
        """Slow down and pause; returns the seconds of the pause that is left.

        Refusals that arrive during a pause answer requests sent before it: they lengthen it, no more.
        """
        self.refusals += 1
        if now >= self.paused_until:
            calm = now - self.paused_until > CALM
            self.refused_in_a_row = 1 if calm else self.refused_in_a_row + 1
            self.rate = max(self.rate * DECREASE, self.declared * FLOOR) if math.isfinite(self.declared) else math.inf
            self.tokens = min(self.tokens, 0.0) if math.isfinite(self.declared) else math.inf
        if retry_after is None:
            step = FIRST_PAUSE * 2 ** (min(self.refused_in_a_row, 16) - 1)
            retry_after = min(LONGEST_PAUSE, step) * (1.0 + jitter)
        self.paused_until = max(self.paused_until, now + max(retry_after, FIRST_PAUSE))
        return self.paused_until - now


class Pacer:
    """Implements ``protocols.Pace``. Thread-safe."""

    def __init__(
        self,
        *,
        on_wait: Callable[[str, float], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], None] | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """``on_wait(bucket, seconds)`` is called, in the waiting thread, before each wait of a bucket.

        ``clock``, ``wait`` and ``jitter`` (0 to 1) replace time in tests.
        """
        self._on_wait = on_wait
        self._clock = clock
        self._jitter = jitter
        self._condition = threading.Condition()
        self._wait = wait or self._condition.wait
        self._buckets: dict[str, _Bucket] = {}
        self._stopped = False

    def limit(self, bucket: str, *, per_minute: float, burst: float | None = None) -> None:
        """Declare a bucket. Without ``burst`` it is one second's worth, taken out of the rate.

        So no minute ever exceeds ``per_minute``, as providers that count by the minute want it. What refusals
        taught is kept when a bucket is declared again.
        """
        if per_minute <= 0 or (burst is not None and burst <= 0):
            raise ValueError("a quota is positive")
        if burst is None:
            burst = max(1.0, per_minute / 60)
            per_minute = max(per_minute - burst, per_minute / 2)
        with self._condition:
            now = self._clock()
            self._buckets.setdefault(bucket, _Bucket(seen=now)).declare(per_minute / 60, burst, now)

    def spend(self, costs: Mapping[str, float]) -> None:
        """Wait until every named bucket has its units, then take them all at once. Raises Interrupted."""
        while (binding := self._take(costs)) is not None:
            name, seconds = binding
            if self._on_wait is not None:
                self._on_wait(name, seconds)
            before = self._clock()
            self.sleep(seconds)
            with self._condition:
                self._buckets[name].waited += self._clock() - before

    def _take(self, costs: Mapping[str, float]) -> tuple[str, float] | None:
        """Take the units, or tell which bucket lacks them for how many seconds."""
        with self._condition:
            now = self._clock()
            waits = [(self._refilled(name, now).wait(cost, now), name) for name, cost in costs.items()]
            seconds, name = max(waits, default=(0.0, ""))
            if seconds > 0:
                return name, seconds
            for name, cost in costs.items():
                self._buckets[name].take(cost)
            return None

    def _refilled(self, name: str, now: float) -> _Bucket:
        """The bucket as it is now; one that nobody declared has no limit until it is refused."""
        bucket = self._buckets.setdefault(name, _Bucket(seen=now))
        bucket.refill(now)
        return bucket

    def refused(self, buckets: Iterable[str], *, retry_after: float | None = None) -> float:
        """Tell of a refusal. Returns the seconds that the longest pause still lasts, at least 1."""
        with self._condition:
            now = self._clock()
            pauses = [self._refilled(name, now).refuse(now, retry_after, self._jitter()) for name in buckets]
        return max(pauses, default=max(retry_after or 0.0, FIRST_PAUSE))

    def sleep(self, seconds: float) -> None:
        """Wait. Raises Interrupted when the run is."""
        with self._condition:
            deadline = self._clock() + seconds
            while (left := deadline - self._clock()) > 0:
                if self._stopped:
                    raise Interrupted("interrupted while waiting", advice="Run the same command again.")
                self._wait(left)

    def stop(self) -> None:
        """Have every wait, of now and later, raise Interrupted. What needs no wait goes on."""
        with self._condition:
            self._stopped = True
            self._condition.notify_all()

    def stats(self) -> Mapping[str, BucketStats]:
        """What each bucket did so far."""
        with self._condition:
            now = self._clock()
            return {name: _stats(self._refilled(name, now)) for name in self._buckets}


def _stats(bucket: _Bucket) -> BucketStats:
    return BucketStats(
        units=bucket.units,
        waited=bucket.waited,
        refusals=bucket.refusals,
        declared=bucket.declared * 60,
        current=bucket.rate * 60,
    )
