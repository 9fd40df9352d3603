"""Google accounts as a source: Gmail, Calendar and Drive, read with read-only scopes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connectors.google.auth import Credentials
from connectors.google.calendar import CalendarReader
from connectors.google.check import check_account
from connectors.google.drive import DriveReader
from connectors.google.gmail import GmailReader
from connectors.google.http import Api
from connectors.google.settings import OPTIONS, Settings
from migrate.errors import ConnectorError
from migrate.model import Check, Service
from migrate.protocols import Connector, Context, Option, Reader

SERVICES = frozenset({Service.MAIL, Service.CALENDAR, Service.FILES})


class GoogleConnector:
    """One Google Workspace or one set of personal consents."""

    name = "google"
    services = SERVICES

    def __init__(self, context: Context) -> None:
        self._context = context
        self._settings = Settings.read(context.settings)
        self._credentials = Credentials(self._settings)

    def reader(self, account: str, service: Service) -> Reader:
        """A reader of that account. Raises ConnectorError for a service Google is not read for."""
        api = self._api(account, service)
        if service is Service.MAIL:
            return GmailReader(api, self._settings, self._context.spool)
        if service is Service.CALENDAR:
            return CalendarReader(api)
        return DriveReader(api, self._settings, self._context.spool)

    def check(self, accounts: Sequence[str]) -> Iterator[Check]:
        """Each account with each scope, and the clock; reads only."""
        for account in accounts:
            apis = {service: self._api(account, service) for service in sorted(SERVICES)}
            try:
                yield from check_account(account, apis, self._credentials)
            finally:
                for api in apis.values():
                    api.close()

    def _api(self, account: str, service: Service) -> Api:
        if service not in SERVICES:
            raise ConnectorError(f"Google accounts are not read for {service.value}.")
        return Api(service, account, self._settings, self._credentials, self._context)


class _Factory:
    """Implements ``protocols.ConnectorFactory``."""

    summary = "Google Workspace and Gmail accounts: mail, calendars, files (source)"
    sources = SERVICES
    targets: frozenset[Service] = frozenset()
    options: Sequence[Option] = OPTIONS

    def __call__(self, context: Context) -> Connector:
        """The connector, configured. Makes no request. Raises ConfigError."""
        return GoogleConnector(context)


connector = _Factory()
