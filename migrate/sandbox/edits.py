"""What edits of every stand-in's world share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def put(items: list[T], item: T, same: Callable[[T], bool]) -> None:
    """Replace in its place, or append: a listing under way keeps its order."""
    place = next((index for index, known in enumerate(items) if same(known)), None)
    if place is None:
        items.append(item)
    else:
        items[place] = item
