"""Google's quotas of 2026-05-01, counted in fixed minutes of the sandbox clock.

Gmail: https://developers.google.com/workspace/gmail/api/reference/quota · Calendar:
https://developers.google.com/workspace/calendar/api/guides/quota · Drive:
https://developers.google.com/workspace/drive/api/guides/limits
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from migrate.sandbox.clock import Clock
from migrate.sandbox.google.discovery import Method
from migrate.sandbox.google.errors import GoogleError

GMAIL_PRICES = {
    "gmail.users.getProfile": 1,
    "gmail.users.labels.list": 1,
    "gmail.users.labels.get": 1,
    "gmail.users.messages.list": 5,
    "gmail.users.messages.get": 20,
    "gmail.users.messages.attachments.get": 20,
    "gmail.users.history.list": 2,
}
DRIVE_PRICES = {"drive.files.get": 5, "drive.files.list": 100, "drive.files.export": 200}
DRIVE_DOWNLOAD = 200
CONCURRENT = 20
"""Gmail's limit of simultaneous requests for one user is not published; clients have met it around here."""


@dataclass(frozen=True, slots=True)
class Limit:
    """Units a minute, and how a refusal reads."""

    per_minute: int
    status: int
    reason: str
    metric: str


USER = {
    "gmail": Limit(6_000, 403, "userRateLimitExceeded", "Queries per minute per user"),
    "calendar": Limit(600, 403, "rateLimitExceeded", "Queries per minute per user"),
    "drive": Limit(325_000, 403, "userRateLimitExceeded", "Queries per minute per user"),
    "people": Limit(90, 429, "rateLimitExceeded", "Critical read requests per minute per user"),
    "tasks": Limit(300, 403, "rateLimitExceeded", "Queries per minute per user"),
    "directory": Limit(600, 403, "quotaExceeded", "Queries per minute per user"),
}
PROJECT = {
    "gmail": Limit(1_200_000, 403, "rateLimitExceeded", "Queries per minute"),
    "calendar": Limit(10_000, 429, "rateLimitExceeded", "Queries per minute"),
    "drive": Limit(1_000_000, 429, "rateLimitExceeded", "Queries per minute"),
    "people": Limit(1_800, 429, "rateLimitExceeded", "Critical read requests per minute"),
    "tasks": Limit(3_000, 403, "rateLimitExceeded", "Queries per minute"),
    "directory": Limit(2_400, 403, "quotaExceeded", "Queries per minute"),
}


def price(method: Method, *, media: bool) -> int:
    """Units of one request."""
    match method.service:
        case "gmail":
            return GMAIL_PRICES.get(method.id, 5)
        case "drive":
            return DRIVE_DOWNLOAD if media else DRIVE_PRICES.get(method.id, 5)
        case _:
            return 1


class Quota:
    """Counts what each user and the project spent this minute. ``user`` and ``project`` limits may be replaced."""

    def __init__(self, clock: Clock) -> None:
        self.user = dict(USER)
        self.project = dict(PROJECT)
        self.concurrent = CONCURRENT
        self._clock = clock
        self._lock = threading.Lock()
        self._minute = -1
        self._spent: Counter[tuple[str, str]] = Counter()
        self._running: Counter[str] = Counter()

    def spend(self, service: str, account: str, units: int) -> None:
        """Take units, or raise GoogleError. What is refused costs nothing."""
        with self._lock:
            self._turn()
            for who, limit in (("", self.project[service]), (account, self.user[service])):
                if self._spent[service, who] + units > limit.per_minute:
                    raise _refusal(service, limit)
            self._spent[service, ""] += units
            self._spent[service, account] += units

    @contextmanager
    def running(self, service: str, account: str) -> Iterator[None]:
        """One request in progress. Raises GoogleError 429 when Gmail is already busy enough with this user."""
        with self._lock:
            if service == "gmail" and self._running[account] >= self.concurrent:
                raise GoogleError(429, "rateLimitExceeded", "Too many concurrent requests for user.")
            self._running[account] += 1
        try:
            yield
        finally:
            with self._lock:
                self._running[account] -= 1

    def in_progress(self, account: str) -> int:
        """How many requests of that account are being answered."""
        with self._lock:
            return self._running[account]

    def _turn(self) -> None:
        minute = int(self._clock.now() // 60)
        if minute != self._minute:
            self._minute = minute
            self._spent.clear()


def _refusal(service: str, limit: Limit) -> GoogleError:
    return GoogleError(
        limit.status,
        limit.reason,
        f"Quota exceeded for quota metric 'Queries' and limit '{limit.metric}' of service '{service}.googleapis.com'.",
    )
