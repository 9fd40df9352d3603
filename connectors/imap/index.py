"""What a folder holds, by size and Message-ID, so that recognising a hundred messages costs one listing."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from connectors.imap.literals import Fingerprint

ITEMS = "(UID RFC822.SIZE BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])"
HEADER = b"BODY[HEADER.FIELDS (MESSAGE-ID)]"
FRESH = 2.0
"""Seconds before the folder is asked for what came since."""


@dataclass(slots=True)
class FolderIndex:
    """UIDs of one folder from ``start`` on, by size."""

    uidvalidity: int
    start: int
    next: int
    """First UID not yet listed."""
    asked: float = -math.inf
    _by_size: dict[int, list[tuple[int, bytes]]] = field(default_factory=dict, repr=False)

    def add(self, rows: Iterable[tuple[int, int, bytes]]) -> None:
        """Rows of UID, size, Message-ID."""
        for uid, size, name in rows:
            self._by_size.setdefault(size, []).append((uid, name))
            self.next = max(self.next, uid + 1)

    def refreshed(self, uidnext: int) -> None:
        """Everything below ``uidnext`` is listed now."""
        self.next = max(self.next, uidnext)
        self.asked = time.monotonic()

    def outdate(self) -> None:
        """Something was stored here: ask again before the next search."""
        self.asked = -math.inf

    def covers(self, uidvalidity: int, start: int) -> bool:
        """Whether it lists everything from ``start`` on."""
        return self.uidvalidity == uidvalidity and self.start <= start

    def stale(self) -> bool:
        """Whether newer messages may be missing."""
        return time.monotonic() - self.asked > FRESH

    def candidates(self, wanted: Fingerprint, start: int) -> Iterator[tuple[int, int]]:
        """UID and size of those that may be the message. Message-IDs exclude only when both sides have one."""
        for size in range(wanted.smallest, wanted.largest + 1):
            for uid, name in self._by_size.get(size, ()):
                if uid >= start and (not name or not wanted.message_id or name == wanted.message_id):
                    yield uid, size
