"""The whole sandbox: an association at Google and Microsoft, servers to move it to, and a project folder."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from migrate.sandbox.association import association
from migrate.sandbox.clock import Clock
from migrate.sandbox.faults import Faults, Rule
from migrate.sandbox.google import GoogleStandIn
from migrate.sandbox.graph import GraphStandIn
from migrate.sandbox.imap import ImapServer
from migrate.sandbox.nextcloud import NextcloudStandIn
from migrate.sandbox.project import Servers, claim, write_project
from migrate.sandbox.world import World

DEFAULT_SPEED = 60.0
"""A quota minute passes in one second: a demo then waits for no quota worth noticing."""


class Sandbox:
    """Runs from ``start`` to ``stop`` on loopback ports that the system chooses.

    ``profile`` is a size of :data:`~migrate.sandbox.association.PROFILES`; ``world`` replaces that association by
    another. ``directory`` becomes the project's folder, and ``data`` in it what the Nextcloud stand-in stores.
    ``faults`` maps ``google``, ``microsoft`` and ``nextcloud`` to rules, and ``imap`` to the counts of
    :meth:`ImapServer.order`; they may also be ordered later, on the attributes or at the control addresses of
    ``sandbox.json``.
    """

    google: GoogleStandIn
    microsoft: GraphStandIn
    nextcloud: NextcloudStandIn
    imap: ImapServer

    def __init__(
        self,
        profile: str,
        directory: Path,
        *,
        speed: float = DEFAULT_SPEED,
        faults: Mapping[str, Any] | None = None,
        world: World | None = None,
        quota_bytes: int | None = None,
        append_limit: int | None = None,
    ) -> None:
        self.profile = profile
        self.directory = directory
        self._speed = speed
        self._faults = dict(faults or {})
        self._world = world
        self._quota_bytes = quota_bytes
        self._append_limit = append_limit
        self._running = ExitStack()
        self._ended = threading.Event()

    @property
    def world(self) -> World:
        """The association, made when first asked for. Raises KeyError for an unknown profile."""
        if self._world is None:
            self._world = association(self.profile)
        return self._world

    def start(self) -> Self:
        """Start every server and write the project. Raises UsageError when the folder already holds one."""
        world = self.world
        claim(self.directory)
        with ExitStack() as starting:
            self._start_servers(world, starting)
            self._order(self._faults)
            write_project(self.directory, world, self._servers(), self.profile)
            self._running = starting.pop_all()
        return self

    def wait(self, timeout: float | None = None) -> bool:
        """Block until ``stop`` is called elsewhere, or for that many seconds; True when stopped."""
        return self._ended.wait(timeout)

    def stop(self) -> None:
        """Stop every server. Files stay; mail, which lived in memory, does not. Harmless twice."""
        self._running.close()
        self._ended.set()

    def _start_servers(self, world: World, stack: ExitStack) -> None:
        self.google = GoogleStandIn(world, clock=Clock(self._speed))
        self.microsoft = GraphStandIn(world.microsoft, clock=Clock(self._speed))
        self.nextcloud = NextcloudStandIn(
            {person.cloud_account: person.cloud_password for person in world.everyone},
            self.directory / "data" / "nextcloud",
            quota_bytes=self._quota_bytes,
            addresses={person.cloud_account: person.mail_account for person in world.everyone},
        )
        self.imap = ImapServer(
            {person.mail_account: person.mail_password for person in world.everyone}, append_limit=self._append_limit
        )
        for server in (self.google, self.microsoft, self.nextcloud, self.imap):
            stack.enter_context(server)

    def _servers(self) -> Servers:
        return Servers(
            google_url=self.google.url,
            google_key=self.google.service_account(),
            microsoft_url=self.microsoft.url,
            microsoft_certificate=self.microsoft.certificate.pem,
            microsoft_ca=self.microsoft.ca_pem,
            nextcloud_url=self.nextcloud.url,
            imap_host=self.imap.host,
            imap_port=self.imap.port,
            speed=self._speed,
        )

    def _order(self, faults: Mapping[str, Any]) -> None:
        for name in ("google", "microsoft", "nextcloud"):
            door: Faults = getattr(self, name).faults
            door.set(_rules(faults.get(name, ())))
        if "imap" in faults:
            self.imap.order(**faults["imap"])

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def _rules(rules: Sequence[Rule | Mapping[str, Any]]) -> list[Rule]:
    return [rule if isinstance(rule, Rule) else Rule.from_json(dict(rule)) for rule in rules]
