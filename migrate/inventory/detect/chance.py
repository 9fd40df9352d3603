"""Numbers among their like: one that passes among many that fail did so by chance; many that all pass did not."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping

from migrate.inventory.detect.hits import LOWER, Hit
from migrate.inventory.detect.interface import Level, Sign

_REACH = 2000
"""Characters on each side: a page. A long text is not judged as a whole."""
_FAILS = 3
_PEERS = 4


def judge(hits: list[Hit], failed: Mapping[tuple[int, bool], list[int]]) -> list[Hit]:
    """Levels of unlabelled numbers, set right by the numbers of the same shape around them."""
    passed: dict[tuple[int, bool], list[Hit]] = {}
    for hit in hits:
        if hit.chance:
            passed.setdefault(hit.chance, []).append(hit)
    places = {shape: [hit.start for hit in of] for shape, of in passed.items()}
    ordered = {shape: sorted(at) for shape, at in failed.items()}
    return [_judged(hit, passed, places, ordered) for hit in hits]


def _judged(
    hit: Hit,
    passed: Mapping[tuple[int, bool], list[Hit]],
    places: Mapping[tuple[int, bool], list[int]],
    failed: Mapping[tuple[int, bool], list[int]],
) -> Hit:
    if not hit.chance:
        return hit
    fails = failed.get(hit.chance, [])
    low, high = hit.start - _REACH, hit.start + _REACH
    against = bisect_right(fails, high) - bisect_left(fails, low)
    at = places[hit.chance]
    near = passed[hit.chance][bisect_left(at, low) : bisect_right(at, high)]
    distinct = len({other.value for other in near[:50] if other.kind is hit.kind})
    if against >= _FAILS and against > distinct:
        return hit._replace(level=LOWER[hit.level])
    if hit.level is Level.CHECK and distinct >= _PEERS and not against and Sign.NEGATIVE not in hit.signs:
        return hit._replace(level=Level.PROBABLE, signs=hit.signs | {Sign.PEERS})
    return hit
