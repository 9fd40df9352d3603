"""How much one document may cost, and the account that is kept of it."""

from __future__ import annotations

from dataclasses import dataclass

from migrate.inventory.extract.parts import Reason

KIB, MIB = 1024, 1024 * 1024


class Refused(Exception):
    """A part is not read, or not to its end; ``reason`` says why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Caps for one item with all that it contains."""

    item_bytes: int = 64 * MIB
    member_bytes: int = 64 * MIB
    """Of one archive member, unpacked."""
    total_bytes: int = 192 * MIB
    """Of everything unpacked and decoded."""
    text: int = 24 * MIB
    """Characters handed to the detectors."""
    members: int = 5_000
    """Parts, members, pages and sheets, all together."""
    depth: int = 8
    ratio: int = 200
    ratio_grace: int = 4 * MIB
    """Unpacked bytes below which no ratio is looked at: tables of one word pack well."""
    memory: int = 1024 * MIB
    """Address space of the process that reads (RLIMIT_AS)."""
    cpu_seconds: int = 20
    wall_seconds: float = 60.0


class Budget:
    """What is left of the limits while one item is read. Raises Refused when something is spent."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.bytes = 0
        self.text = 0
        self.members = 0
        self.depth = 0

    def unpacked(self, count: int) -> None:
        """So many more bytes were decoded."""
        self.bytes += count
        if self.bytes > self.limits.total_bytes:
            raise Refused(Reason.LIMIT_BYTES)

    def characters(self, count: int) -> None:
        """So many more characters go to the detectors."""
        self.text += count
        if self.text > self.limits.text:
            raise Refused(Reason.LIMIT_TEXT)

    def member(self, count: int = 1) -> None:
        """One more part, member, page or sheet."""
        self.members += count
        if self.members > self.limits.members:
            raise Refused(Reason.LIMIT_MEMBERS)

    def enter(self) -> None:
        """One level deeper."""
        self.depth += 1
        if self.depth > self.limits.depth:
            raise Refused(Reason.LIMIT_DEPTH)

    def leave(self) -> None:
        """One level up."""
        self.depth -= 1
