"""Basic authentication with app passwords, and the brute-force protection around it.

``lib/private/Security/Bruteforce/Throttler.php``: the delay doubles from 0.1 s with each failure of an address in
30 minutes, and beyond ten failures every login of that address gets 429.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from migrate.sandbox.clock import Clock
from migrate.sandbox.nextcloud.dav_errors import DavError
from migrate.sandbox.nextcloud.limits import Limits, Window
from migrate.sandbox.nextcloud.wsgi import Request

CHALLENGE = ("WWW-Authenticate", 'Basic realm="Nextcloud", charset="UTF-8"')
LOGIN_PASSWORD_COST = 0.2
"""Seconds a login password costs on every request (argon2); an app password costs nothing to speak of."""


class Authenticator:
    """Knows the accounts. Thread-safe."""

    def __init__(self, users: Mapping[str, str], clock: Clock, limits: Limits, *, app_passwords: bool) -> None:
        self._users = dict(users)
        self._clock = clock
        self._limits = limits
        self._app_passwords = app_passwords
        self._failures = Window(limits.login_failures, limits.login_period)

    def login(self, request: Request) -> str:
        """The user of a request. Raises DavError: 401, or 429 after too many failures of its address."""
        credentials = request.credentials()
        if credentials is None:
            message = "No public access to this resource., No 'Authorization: Basic' header found."
            raise DavError(401, message, headers=[CHALLENGE])
        self._throttle(request.remote)
        name, password = credentials
        user = self._known(name)
        if not user or not hmac.compare_digest(self._users[user].encode(), password.encode()):
            self._failures.record(request.remote, self._clock.now())
            message = "No public access to this resource., Username or password was incorrect"
            raise DavError(401, message, headers=[CHALLENGE])
        if not self._app_passwords:
            self._clock.sleep(LOGIN_PASSWORD_COST)
        return user

    def delay(self, remote: str) -> float:
        """Seconds an address waits for its next login, as the capability ``bruteforce.delay`` tells."""
        failures = self._failures.seen(remote, self._clock.now())
        return 0.0 if failures == 0 else min(self._limits.login_max_delay, 0.1 * 2**failures)

    def forgive(self, remote: str) -> None:
        """Forget an address's failures (``occ security:bruteforce:reset``)."""
        self._failures.clear(remote)

    def _known(self, name: str) -> str:
        if name in self._users:
            return name
        lower = name.lower()
        return next((user for user in self._users if user.lower() == lower), "")

    def _throttle(self, remote: str) -> None:
        if self._failures.seen(remote, self._clock.now()) >= self._limits.login_failures:
            raise DavError(429, "Reached maximum delay")
        delay = self.delay(remote)
        if delay:
            self._clock.sleep(delay)
