"""Any CalDAV and CardDAV host as a source: calendars, tasks and address books of one's own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connectors.dav.home import Home
from connectors.dav.http import Dav
from connectors.dav.reader import DavReader
from connectors.dav.settings import OPTIONS, Settings
from migrate.errors import AuthFailed, ConnectorError, UsageError
from migrate.model import Check, Service
from migrate.protocols import Connector, Context, Option, Reader

SERVICES = frozenset({Service.CALENDAR, Service.TASKS, Service.CONTACTS})


class DavConnector:
    """One host. Each reader has its own connection."""

    name = "dav"
    services = SERVICES

    def __init__(self, context: Context) -> None:
        self._context = context
        self._settings = Settings.read(context.settings)
        self._refused: dict[str, AuthFailed] = {}

    def reader(self, account: str, service: Service) -> Reader:
        """A reader of that account. No request is made before its first use."""
        if service not in SERVICES:
            raise UsageError(f"dav is not read for {service}")
        return DavReader(self._dav(account), service)

    def check(self, accounts: Sequence[str]) -> Iterator[Check]:
        """Each account's login once, and what it offers; reads only."""
        for account in accounts:
            dav = self._dav(account)
            try:
                yield Check(subject="login", passed=True, detail=f"{account}: {_offered(dav)}")
            except ConnectorError as error:
                detail = f"{account}: {error.message}"
                yield Check(subject="login", passed=False, detail=detail, advice=error.advice)
            finally:
                dav.close()

    def _dav(self, account: str) -> Dav:
        return Dav(self._settings, account, self._context, self._refused)


def _offered(dav: Dav) -> str:
    counts = [(service, len(Home(dav, service).collections())) for service in sorted(SERVICES)]
    return ", ".join(f"{count} for {service.value}" for service, count in counts)


class _Factory:
    """Implements ``protocols.ConnectorFactory``."""

    summary = "CalDAV and CardDAV hosts (SOGo, Zimbra, Radicale, hosted calendars): source"
    sources = SERVICES
    targets: frozenset[Service] = frozenset()
    options: Sequence[Option] = OPTIONS

    def __call__(self, context: Context) -> Connector:
        """The connector, configured. Makes no request. Raises ConfigError."""
        return DavConnector(context)


connector = _Factory()
