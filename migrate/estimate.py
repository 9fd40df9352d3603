"""How long a plan should take, as a range, and what sets the pace. Pure.

Four things may bind a lane: the quota of its source, that of its target, the speed measured so far, and how many
shares an hour the target takes. Before anything was moved the speed is assumed, and the range is wide.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from migrate.summaries import Estimate

ASSUMED_ITEMS = (5.0, 50.0)
"""Items a second, slowest and fastest, before anything was measured: one request each at 200 and 20 ms."""
ASSUMED_BYTES = (1e6, 10e6)
"""Bytes a second: an association's line, and a good one."""
MARGIN = 1.25
"""By which what is to come may go faster or slower than what was measured."""


@dataclass(frozen=True, slots=True)
class Speed:
    """What was measured: so much stored in so many seconds of its lanes."""

    items: int
    size: int
    """Bytes."""
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What one lane has to do, and its limits."""

    items: int
    """To be sent."""
    size: int
    """Bytes to be sent."""
    source_per_minute: float | None = None
    target_per_minute: float | None = None
    """Items that the quotas of the two systems let through; None when they tell none."""
    grants: int = 0
    grants_per_hour: int | None = None


def of_lane(load: Load, speed: Speed | None) -> Estimate:
    """One lane alone. ``speed``: of its service, over all earlier passes."""
    low, high, limit = _measured(load, speed) if speed is not None else _assumed(load)
    for who, rate in (("source", load.source_per_minute), ("target", load.target_per_minute)):
        bound = load.items * 60 / rate if rate else 0.0
        if bound > low:
            limit = f"the {who}'s quota, {rate:,.0f} items a minute for one account"
        low, high = max(low, bound), max(high, bound)
    if load.grants and load.grants_per_hour:
        # What ten minutes take may come at once (Nextcloud: 20 in 10 minutes).
        waits = max(0.0, load.grants - load.grants_per_hour / 6) * 3600 / load.grants_per_hour
        if waits > high:
            limit = f"the target's limit of {load.grants_per_hour} shares an hour"
        low, high = low + waits, high + load.grants * 3600 / load.grants_per_hour
    return Estimate(low=low, high=high, limit=limit)


def together(lanes: Iterable[Estimate], workers: int) -> Estimate | None:
    """All lanes, so many at a time: none is done before its longest, nor before all have had their turn."""
    lanes = [lane for lane in lanes if lane.high > 0]
    if not lanes:
        return None
    low = max(max(lane.low for lane in lanes), sum(lane.low for lane in lanes) / workers)
    high = max(max(lane.high for lane in lanes), sum(lane.high for lane in lanes) / workers)
    weights: dict[str, float] = {}
    for lane in lanes:
        weights[lane.limit] = weights.get(lane.limit, 0.0) + lane.high
    return Estimate(low=low, high=high, limit=max(weights, key=weights.__getitem__))


def _measured(load: Load, speed: Speed) -> tuple[float, float, str]:
    """By items and by bytes: the truth lies between, as items to come are larger or smaller than those before."""
    by_items = load.items * speed.seconds / speed.items
    by_bytes = load.size * speed.seconds / speed.size if speed.size else by_items
    limit = f"the speed measured so far, {speed.items / speed.seconds:,.1f} items a second for one account"
    return min(by_items, by_bytes) / MARGIN, max(by_items, by_bytes) * MARGIN, limit


def _assumed(load: Load) -> tuple[float, float, str]:
    slow = load.items / ASSUMED_ITEMS[0] + load.size / ASSUMED_BYTES[0]
    fast = max(load.items / ASSUMED_ITEMS[1], load.size / ASSUMED_BYTES[1])
    return fast, slow, "the speed of the two servers, not measured yet: apply a first wave to know it"
