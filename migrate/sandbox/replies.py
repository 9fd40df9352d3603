"""What a stand-in sends back."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reply:
    """A status, headers and a body."""

    status: int
    body: bytes
    media_type: str = "application/json; charset=UTF-8"
    headers: tuple[tuple[str, str], ...] = ()
