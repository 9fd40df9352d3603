"""Small counts are left out, and with them enough others that none can be worked out from the totals. Pure.

A table is published with the totals of its rows and columns. A count from 1 to 4 is suppressed; then, as long as a
row or a column has exactly one suppressed count (its total included), its smallest other count is suppressed too:
one unknown in a sum is no secret. A zero stays: it says that something is not there, of nobody in particular.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TypeVar

THRESHOLD = 5
TOTAL = "*"
"""Name of the row and the column of totals."""

Row = TypeVar("Row", bound=Hashable)


def suppress(table: Mapping[tuple[str, str], int], *, known_rows: bool = False) -> dict[tuple[str, str], int | None]:
    """The table with its totals, None for what is suppressed.

    ``known_rows``: the totals of rows are published elsewhere, so that they protect nothing; where one is itself
    small, the whole row is suppressed, zeros too.
    """
    full = with_totals(table)
    known = {key for key in full if known_rows and key[1] == TOTAL}
    hidden = {key for key, count in full.items() if 0 < count < THRESHOLD} - known
    hidden |= {key for key in full if key not in known and 0 < full[key[0], TOTAL] < THRESHOLD and known_rows}
    lines = _lines(full)
    while chosen := next((pick for line in lines if (pick := _partner(line, full, hidden, known)) is not None), None):
        hidden.add(chosen)
    return {key: None if key in hidden else count for key, count in full.items()}


def with_totals(table: Mapping[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    """Every cell of every row and column, and their totals."""
    rows = sorted({row for row, _ in table})
    columns = sorted({column for _, column in table})
    full = {(row, column): table.get((row, column), 0) for row in rows for column in columns}
    full |= {(row, TOTAL): sum(full[row, column] for column in columns) for row in rows}
    full |= {(TOTAL, column): sum(full[row, column] for row in rows) for column in columns}
    full[TOTAL, TOTAL] = sum(table.values())
    return full


def _lines(full: Mapping[tuple[str, str], int]) -> list[list[tuple[str, str]]]:
    rows: dict[str, list[tuple[str, str]]] = {}
    columns: dict[str, list[tuple[str, str]]] = {}
    for row, column in sorted(full):
        rows.setdefault(row, []).append((row, column))
        columns.setdefault(column, []).append((row, column))
    return [*rows.values(), *columns.values()]


def _partner(
    line: list[tuple[str, str]],
    full: Mapping[tuple[str, str], int],
    hidden: set[tuple[str, str]],
    known: set[tuple[str, str]],
) -> tuple[str, str] | None:
    """The count to hide beside the only one that is hidden in a line."""
    if sum(key in hidden for key in line) != 1:
        return None
    others = [key for key in line if key not in hidden | known and full[key] > 0]
    return min(others, key=lambda key: (full[key], key), default=None)


def small(count: int) -> int | None:
    """A count that stands alone, without totals around it."""
    return None if 0 < count < THRESHOLD else count
