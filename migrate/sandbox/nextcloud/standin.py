"""A Nextcloud on loopback, composed of real servers: WsgiDAV for files, Radicale for calendars and address books."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Self

from migrate.sandbox.clock import Clock
from migrate.sandbox.control import Control
from migrate.sandbox.faults import Faults
from migrate.sandbox.httpd import LoopbackServer
from migrate.sandbox.nextcloud.app import NextcloudApp, Parts
from migrate.sandbox.nextcloud.auth import Authenticator
from migrate.sandbox.nextcloud.calendars import GroupwareHandler
from migrate.sandbox.nextcloud.dav_errors import DavError, error_document
from migrate.sandbox.nextcloud.discovery import DiscoveryHandler
from migrate.sandbox.nextcloud.files import FilesHandler
from migrate.sandbox.nextcloud.home_provider import HomeProvider
from migrate.sandbox.nextcloud.limits import Limits
from migrate.sandbox.nextcloud.ocs import OcsHandler
from migrate.sandbox.nextcloud.outbox import Outbox
from migrate.sandbox.nextcloud.shares import Shares
from migrate.sandbox.nextcloud.spool import Spool
from migrate.sandbox.nextcloud.tree import FileTree
from migrate.sandbox.nextcloud.uploads import UploadsHandler
from migrate.sandbox.nextcloud.wsgi import XML
from migrate.sandbox.requestlog import RequestLog


class NextcloudStandIn:
    """The server. ``users``: account to app password; ``directory``: where everything it holds lies.

    ``addresses`` gives accounts their mail address (default: ``<account>@example.org``); ``quota_bytes`` limits each
    account; ``app_passwords`` False makes every request as slow as a login password does on the original.
    """

    def __init__(
        self,
        users: Mapping[str, str],
        directory: Path,
        *,
        clock: Clock | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        quota_bytes: int | None = None,
        app_passwords: bool = True,
        addresses: Mapping[str, str] | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.clock = clock or Clock()
        self.limits = limits or Limits()
        self.outbox = Outbox()
        self.log = RequestLog(self.clock)
        self.faults = Faults(self.clock, error_body=_fault_body)
        mails = {user: (addresses or {}).get(user) or _default_address(user) for user in users}
        quota = quota_bytes if quota_bytes is not None else self.limits.quota_bytes
        homes = {user: self._home(directory, user, quota) for user in users}
        parts = self._parts(users, homes, mails, directory, app_passwords=app_passwords)
        views = {"outbox": lambda: [asdict(mail) for mail in self.outbox]}
        control = Control(log=self.log, faults=self.faults, clock=self.clock, views=views)
        app = control.wrap(self.log.wrap(self.faults.wrap(NextcloudApp(parts))))
        self._server = LoopbackServer(app, host=host, port=port)

    @property
    def url(self) -> str:
        """Root address, without a slash at the end."""
        return self._server.url

    def start(self) -> Self:
        """Listen."""
        self._server.start()
        return self

    def stop(self) -> None:
        """Close the port. What was stored stays on disk."""
        self._server.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    def _home(self, directory: Path, user: str, quota: int | None) -> HomeProvider:
        tree = FileTree(user, directory / "files" / user, int(self.clock.now()))
        return HomeProvider(tree, self.clock, quota)

    def _parts(
        self,
        users: Mapping[str, str],
        homes: Mapping[str, HomeProvider],
        mails: dict[str, str],
        directory: Path,
        *,
        app_passwords: bool,
    ) -> Parts:
        spool = Spool(directory / "spool")
        files = FilesHandler(homes, spool)
        shares = Shares(frozenset(users), mails, self.outbox, self.clock, self.limits)
        return Parts(
            authenticator=Authenticator(users, self.clock, self.limits, app_passwords=app_passwords),
            files=files,
            uploads=UploadsHandler(homes, files, spool, self.clock, self.limits),
            groupware=GroupwareHandler(directory, mails, self.outbox, self.clock, self.limits),
            discovery=DiscoveryHandler(mails),
            ocs=OcsHandler(homes, shares, mails),
            spool=spool,
            users=frozenset(users),
        )


def _default_address(user: str) -> str:
    return user if "@" in user else f"{user}@example.org"


def _fault_body(_environ: object, status: int, reason: str) -> tuple[str, bytes]:
    return XML, error_document(DavError(status, reason or "ordered by the sandbox"))
