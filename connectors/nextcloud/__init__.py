"""Nextcloud: files by WebDAV, calendars and tasks by CalDAV, contacts by CardDAV.

Sources of the rules: Nextcloud's developer manual (WebDAV, chunked upload, OCS), the server's own source where the
manual is silent (named beside each rule), RFC 4918, RFC 4791, RFC 6352, RFC 9110.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connectors.nextcloud.calendars import NextcloudCalendars
from connectors.nextcloud.check import check
from connectors.nextcloud.contacts import NextcloudContacts
from connectors.nextcloud.dav import Dav
from connectors.nextcloud.files import NextcloudFiles
from connectors.nextcloud.site import OPTIONS, Site
from connectors.nextcloud.tasks import NextcloudTasks
from migrate.errors import ConfigError
from migrate.model import Check, Service
from migrate.protocols import Context, Option, Reader, Target

SERVICES = frozenset({Service.FILES, Service.CALENDAR, Service.CONTACTS, Service.TASKS})


class Nextcloud:
    """One configured server."""

    name = "nextcloud"
    services = SERVICES

    def __init__(self, site: Site) -> None:
        self._site = site

    def check(self, accounts: Sequence[str]) -> Iterator[Check]:
        """Server, clock, and per account login, capabilities and quota; reads only."""
        return check(self._site, accounts)

    def reader(self, account: str, service: Service) -> Reader:
        """A reader of the account's files below the configured folder, its calendars, contacts or tasks."""
        return self.target(account, service)

    def target(self, account: str, service: Service) -> Target:
        """A target for the same. Raises ConfigError for a service that is not offered."""
        if service is Service.FILES:
            return NextcloudFiles(Dav(self._site, account))
        if service is Service.CALENDAR:
            return NextcloudCalendars(Dav(self._site, account))
        if service is Service.CONTACTS:
            return NextcloudContacts(Dav(self._site, account))
        if service is Service.TASKS:
            return NextcloudTasks(Dav(self._site, account))
        raise ConfigError(f"nextcloud does not offer {service}")


class NextcloudFactory:
    """The entry point ``nextcloud``."""

    summary = "Nextcloud 28 and later: files (WebDAV), calendars and tasks (CalDAV), contacts (CardDAV)"
    sources = SERVICES
    targets = SERVICES
    options: Sequence[Option] = OPTIONS

    def __call__(self, context: Context) -> Nextcloud:
        """The connector, configured. Makes no request."""
        return Nextcloud(Site.of(context))


connector = NextcloudFactory()

__all__ = ["Nextcloud", "NextcloudFactory", "connector"]
