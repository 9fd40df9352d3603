"""Page and sync tokens: opaque, bound to the listing they came from, and mortal by the sandbox clock."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from migrate.sandbox.clock import Clock

T = TypeVar("T")


class BadCursor(Exception):
    """Not one of ours, or of another listing."""


class ExpiredCursor(Exception):
    """One of ours, too old."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Part of a listing. ``position`` is where the next part starts; None at the end."""

    items: Sequence[T]
    position: tuple[int, str] | None


def page(items: Sequence[T], limit: int, after: tuple[int, str] | None, key: Callable[[T], str]) -> Page[T]:
    """Up to ``limit`` items after a position, found again by the last id seen when the listing moved meanwhile."""
    start = 0 if after is None else _resume(items, after, key)
    part = items[start : start + limit]
    end = start + len(part)
    return Page(part, (end, key(part[-1])) if part and end < len(items) else None)


def _resume(items: Sequence[T], after: tuple[int, str], key: Callable[[T], str]) -> int:
    offset, last = after
    if 0 < offset <= len(items) and key(items[offset - 1]) == last:
        return offset
    return next((index + 1 for index, item in enumerate(items) if key(item) == last), min(offset, len(items)))


class Cursors:
    """Makes and reads tokens. They carry their own data, signed, so that nothing is kept for them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._secret = secrets.token_bytes(16)

    def issue(self, listing: Sequence[Any], data: Any) -> str:
        """A token for that listing (any JSON values naming it), carrying ``data``."""
        body = json.dumps([_digest(listing), self._clock.now(), data], separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(self._sign(body) + body).decode().rstrip("=")

    def read(self, listing: Sequence[Any], token: str, *, lives: float) -> Any:
        """The data of a token at most ``lives`` sandbox seconds old. Raises BadCursor, ExpiredCursor."""
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except (binascii.Error, ValueError) as error:
            raise BadCursor from error
        signature, body = raw[:8], raw[8:]
        if not hmac.compare_digest(signature, self._sign(body)):
            raise BadCursor
        digest, issued, data = json.loads(body)
        if digest != _digest(listing):
            raise BadCursor
        if self._clock.now() - issued > lives:
            raise ExpiredCursor
        return data

    def _sign(self, body: bytes) -> bytes:
        return hmac.digest(self._secret, body, "sha256")[:8]


def _digest(listing: Sequence[Any]) -> str:
    return hashlib.sha256(json.dumps(listing, sort_keys=True).encode()).hexdigest()[:16]
