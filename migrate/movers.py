"""In which order copies follow to their new places and names, where one takes the name of another. Pure.

Each mover waits for at most one other: the one that lies where it is to go. That makes chains (draft becomes final,
final becomes old: the last goes first) and cycles (two change names: one steps aside under a name of its own, the
others follow, and it goes last).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

Where = tuple[str, str]
"""``href`` of a target collection, and a name in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mover:
    """An item that the source gave another place or name."""

    copy: str
    """``href`` of its copy at the target."""
    goes: Where | None
    """Where the copy is to go; None where nothing can lie in its way: the target has no such collection yet, or takes
    any number of items of one name."""
    may: bool
    """Whether it may follow at all: not held back by a rule, nor changed on both sides."""
    steps_aside: bool
    """Whether it may be moved twice: it is as it was stored, and the target moves items."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One step: an item follows, or steps aside."""

    href: str
    aside: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Who goes when, and who stays: something that stays lies in the way, or a cycle has nobody to step aside."""

    turns: tuple[Turn, ...]
    stay: frozenset[str]
    """Source hrefs."""


def order(movers: Mapping[str, Mover], occupied: Mapping[Where, str]) -> Order:
    """The order for these movers, by source href. ``occupied``: what lies where they go, by target href."""
    owners = {mover.copy: href for href, mover in movers.items()}
    waits: dict[str, str] = {}
    stay = {href for href, mover in movers.items() if not mover.may}
    for href, mover in movers.items():
        there = occupied.get(mover.goes) if mover.goes is not None else None
        if there is None or there == mover.copy:
            continue
        if (other := owners.get(there)) is None:
            stay.add(href)
        else:
            waits[href] = other
    waited = {other: href for href, other in waits.items()}
    for href in list(stay):
        stay.update(_behind(href, waited))
    first, asides = [], []
    for cycle in _cycles(waits, stay):
        if (leader := next((href for href in cycle if movers[href].steps_aside), None)) is None:
            stay.update(cycle)
        else:
            asides += [Turn(href=leader, aside=True), *(Turn(href=href) for href in _behind(leader, waited))]
    done = {turn.href for turn in asides}
    for href in movers:
        if href in waited and href not in waits and href not in stay:
            first += [Turn(href=href), *(Turn(href=one) for one in _behind(href, waited) if one not in stay)]
    done |= {turn.href for turn in first}
    rest = (Turn(href=href) for href in movers if href not in done and href not in stay)
    return Order(turns=(*asides, *first, *rest), stay=frozenset(stay))


def _behind(href: str, waited: Mapping[str, str]) -> Iterator[str]:
    """Who waits for it, who waits for that one, and so on; once around in a cycle, itself last."""
    one = href
    while (follower := waited.get(one)) is not None:
        yield follower
        if follower == href:
            return
        one = follower


def _cycles(waits: Mapping[str, str], stay: set[str]) -> Iterator[list[str]]:
    seen = set(stay)
    for href in waits:
        path: list[str] = []
        one: str | None = href
        while one is not None and one not in seen:
            seen.add(one)
            path.append(one)
            one = waits.get(one)
        if one is not None and one in path:
            yield path[path.index(one) :]
