"""Throttling as Microsoft documents it, on the sandbox clock.

Outlook: https://learn.microsoft.com/en-us/graph/throttling-limits#outlook-service-limits · files:
https://learn.microsoft.com/en-us/sharepoint/dev/general-development/how-to-avoid-getting-throttled-or-blocked-in-sharepoint-online
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil

from migrate.sandbox.clock import Clock
from migrate.sandbox.graph.errors import GraphError
from migrate.sandbox.windows import Windows

TEN_MINUTES, FIVE_MINUTES, MINUTE, DAY, TEN_SECONDS = 600.0, 300.0, 60.0, 86400.0, 10.0
Headers = tuple[tuple[str, str], ...]


class Quota:
    """Limits may be replaced. Mailbox counts are per mailbox, files per application, all per tenant."""

    def __init__(self, clock: Clock) -> None:
        self.mailbox = 10_000
        """Requests in ten minutes, one application on one mailbox."""
        self.concurrent = 4
        """Requests in progress on one mailbox."""
        self.files_minute = 1_200
        self.files_day = 1_200_000
        self.files_tenant = 18_750
        """Resource units: an application's in a minute and a day, a tenant's in five minutes (up to 1,000 users)."""
        self.everything = 130_000
        """Requests of one application in ten seconds."""
        self._windows = Windows(clock)
        self._lock = threading.Lock()
        self._running: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        """The most requests seen in progress at once, by mailbox."""

    def spend_mailbox(self, mailbox: str) -> None:
        """One request on a mailbox. Raises GraphError 429."""
        full = self._windows.spend(
            [("all", 1, self.everything, TEN_SECONDS), (("mailbox", mailbox), 1, self.mailbox, TEN_MINUTES)]
        )
        if full:
            raise _throttled("ApplicationThrottled", "Application is over its MailboxRequests limit.", full[1])

    def spend_directory(self) -> None:
        """One request on users, groups or the tenant. Raises GraphError 429."""
        full = self._windows.spend([("all", 1, self.everything, TEN_SECONDS)])
        if full:
            raise _throttled("TooManyRequests", "Too many requests.", full[1])

    def spend_files(self, units: int) -> Headers:
        """Resource units on OneDrive and SharePoint; those of a refused request count too. Raises GraphError 429.

        The headers tell what is left once four fifths of the minute are spent.
        """
        full = self._windows.spend(
            [
                ("files", units, self.files_minute, MINUTE),
                ("files", units, self.files_day, DAY),
                ("files tenant", units, self.files_tenant, FIVE_MINUTES),
            ],
            refused_cost=True,
        )
        used, resets = self._windows.used("files", MINUTE)
        headers: Headers = ()
        if used >= 0.8 * self.files_minute:
            left = max(0, self.files_minute - used)
            headers = (
                ("RateLimit-Limit", str(self.files_minute)),
                ("RateLimit-Remaining", str(left)),
                ("RateLimit-Reset", str(ceil(resets))),
            )
        if full:
            raise _throttled("activityLimitReached", "The request has been throttled", full[1], headers)
        return headers

    @contextmanager
    def running(self, mailbox: str) -> Iterator[None]:
        """One request in progress on a mailbox. Raises GraphError 429 for a fifth."""
        with self._lock:
            if self._running[mailbox] >= self.concurrent:
                raise _throttled("ApplicationThrottled", "Application is over its MailboxConcurrency limit.", 1.0)
            self._running[mailbox] += 1
            self.most[mailbox] = max(self.most[mailbox], self._running[mailbox])
        try:
            yield
        finally:
            with self._lock:
                self._running[mailbox] -= 1


def _throttled(code: str, message: str, seconds: float, headers: Headers = ()) -> GraphError:
    return GraphError(429, code, message, headers=(("Retry-After", str(max(1, ceil(seconds)))), *headers))
