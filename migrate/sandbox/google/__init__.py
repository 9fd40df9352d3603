"""A stand-in for Google on loopback: OAuth and six APIs, read only, as strict as the original.

Requests and answers are held to the discovery documents inside google-api-python-client; quotas are those of
2026-05-01 on a clock that can be hurried; faults come to order. Paths are Google's own below one root.
"""

from __future__ import annotations

from typing import Self

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from migrate.sandbox.clock import Clock
from migrate.sandbox.control import Control
from migrate.sandbox.cursors import Cursors
from migrate.sandbox.faults import Faults
from migrate.sandbox.google.app import GoogleApp
from migrate.sandbox.google.call import House
from migrate.sandbox.google.edit import Edit
from migrate.sandbox.google.errors import ordered_error
from migrate.sandbox.google.oauth import TokenEndpoint, new_key
from migrate.sandbox.google.quota import Quota
from migrate.sandbox.google.state import AccountState
from migrate.sandbox.httpd import LoopbackServer
from migrate.sandbox.requestlog import RequestLog
from migrate.sandbox.world import World

__all__ = ["GoogleStandIn", "new_key"]


class GoogleStandIn:
    """Serves a world's Google accounts from ``start`` to ``stop``.

    ``key`` signs for the service account; making one takes a while, so tests share one from :func:`new_key`.
    """

    def __init__(
        self,
        world: World,
        *,
        clock: Clock | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        key: RSAPrivateKey | None = None,
    ) -> None:
        self.world = world
        self.clock = clock or Clock()
        self.log = RequestLog(self.clock)
        self.faults = Faults(self.clock, ordered_error)
        self.defects: list[str] = []
        """Answers of the stand-in that Google could not have given; a test asserts there are none."""
        self.quota = Quota(self.clock)
        states = {address.lower(): AccountState(account, self.clock) for address, account in world.google.items()}
        self.edit = Edit(states, self.clock)
        self._house = House(self.clock, Cursors(self.clock), accounts=tuple(world.google.values()))
        self.tokens = TokenEndpoint(self.clock, states, key or new_key(), lambda: self.url)
        app = GoogleApp(states, self._house, self.tokens, self.quota, self.defects)
        served = self.log.wrap(self.faults.wrap(app))
        app.parts = served
        control = Control(log=self.log, faults=self.faults, clock=self.clock, defects=self.defects)
        self._server = LoopbackServer(control.wrap(served), host=host, port=port)

    @property
    def url(self) -> str:
        """Root address, without a slash at the end: the ``api_root`` of a configuration."""
        return self._server.url

    @property
    def abusive_files(self) -> set[str]:
        """Ids of files held for malware or spam; may be changed."""
        return self._house.abusive

    def service_account(self) -> dict[str, str]:
        """A service account key file with domain-wide delegation for read-only scopes. Call it after start."""
        return self.tokens.service_account()

    def authorized_user(self, address: str) -> dict[str, str]:
        """The credentials a desktop consent of that account leaves on disk. Call it after start."""
        return self.tokens.authorized_user(address.lower())

    def desktop_client(self) -> dict[str, dict[str, str]]:
        """The file of an OAuth desktop client, as the console makes it. Call it after start."""
        return self.tokens.desktop_client()

    def start(self) -> Self:
        """Listen. Raises OSError when the port is taken."""
        self._server.start()
        self._house.url = self.url
        return self

    def stop(self) -> None:
        """Close the port."""
        self._server.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_exc: object) -> None:
        self.stop()
