"""What one command said, to people and to programs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Ended:
    """What one command said."""

    code: int
    people: str
    programs: list[dict[str, Any]]
    raw: str

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [row for row in self.programs if row["type"] == kind]


Call = Callable[..., Ended]
