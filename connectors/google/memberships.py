"""Which message carries which label, packed: a million messages under five labels take 50 MB."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator

Key = int | str
"""A message id as a number, or itself where it is not sixteen hexadecimal digits."""


def key_of(identifier: str) -> Key:
    """The short form of an id, from which ``id_of`` makes the same id again."""
    try:
        number = int(identifier, 16)
    except ValueError:
        return identifier
    # Longer ids, or "-1" filled with zeros, would not fit eight bytes.
    return number if 0 <= number < 1 << 64 and f"{number:016x}" == identifier else identifier


def id_of(key: Key) -> str:
    """The id of a key."""
    return key if isinstance(key, str) else f"{key:016x}"


class Ids:
    """Message ids as keys, in listing order where they are numbers; eight bytes each."""

    def __init__(self, ids: Iterable[str]) -> None:
        self._numbers, self._odd = _sorted_out(ids)

    def __iter__(self) -> Iterator[Key]:
        yield from self._numbers
        yield from self._odd

    def __len__(self) -> int:
        return len(self._numbers) + len(self._odd)


class IdSet:
    """A set of message ids, to look keys up in."""

    def __init__(self, ids: Iterable[str]) -> None:
        found, odd = _sorted_out(ids)
        self._odd = frozenset(odd)
        # Gmail lists the newest, whose id is the highest, first: sorting, which needs four times the room, is rare.
        found.reverse()
        ascending = all(found[n] <= found[n + 1] for n in range(len(found) - 1))
        self._sorted = found if ascending else array("Q", sorted(found))

    def __contains__(self, key: Key) -> bool:
        if isinstance(key, str):
            return key in self._odd
        index = bisect_left(self._sorted, key)
        return index < len(self._sorted) and self._sorted[index] == key


def _sorted_out(ids: Iterable[str]) -> tuple[array[int], list[str]]:
    numbers, odd = array("Q"), list[str]()
    for key in map(key_of, ids):
        if isinstance(key, str):
            odd.append(key)
        else:
            numbers.append(key)
    return numbers, odd
