"""Mails that a real server would have sent: recorded, never sent."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class MailKind(StrEnum):
    """Why the server would have written."""

    INVITATION = "invitation"
    CANCELLATION = "cancellation"
    REPLY = "reply"
    SHARE = "share"
    ALARM = "alarm"
    """Not sent now but at reminder time: an e-mail alarm was stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail, without content."""

    kind: MailKind
    sender: str
    """The account whose request caused it."""
    recipient: str
    href: str
    """What it is about."""


class Outbox:
    """All mails of one stand-in, oldest first. Thread-safe."""

    def __init__(self) -> None:
        self._mails: list[Mail] = []
        self._lock = threading.Lock()

    def add(self, mail: Mail) -> None:
        """Record a mail."""
        with self._lock:
            self._mails.append(mail)

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._mails.clear()

    def of(self, kind: MailKind) -> list[Mail]:
        """Mails of one kind."""
        return [mail for mail in self if mail.kind is kind]

    def __iter__(self) -> Iterator[Mail]:
        with self._lock:
            return iter(list(self._mails))

    def __len__(self) -> int:
        return len(self._mails)
