"""Microsoft 365 and personal Microsoft accounts as a source, read by Graph with read-only permissions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import cast

from connectors.microsoft.auth import Credentials
from connectors.microsoft.gate import Gates
from connectors.microsoft.http import Api
from connectors.microsoft.nothing import Nothing
from connectors.microsoft.settings import OPTIONS, Settings
from connectors.microsoft.site import is_site
from migrate.model import Account, Check, Service
from migrate.protocols import Connector, Context, Dialogue, Option, Reader

SERVICES = frozenset(Service)
_READERS = {
    Service.MAIL: ("mail", "MailReader"),
    Service.CALENDAR: ("calendar", "CalendarReader"),
    Service.CONTACTS: ("contacts", "ContactsReader"),
    Service.TASKS: ("tasks", "TasksReader"),
    Service.FILES: ("files", "FilesReader"),
}
"""Module and class of each service's reader; each is made of an Api, the Settings and the spool's folder."""


class MicrosoftConnector:
    """One tenant, or people with personal accounts."""

    name = "microsoft"
    services = SERVICES

    def __init__(self, context: Context) -> None:
        self._context = context
        self._settings = Settings.read(context.settings)
        self._credentials = Credentials(self._settings, context)
        self._gates = Gates()

    def reader(self, account: str, service: Service) -> Reader:
        """A reader of that account; each service's code is imported when it is first asked for."""
        if (is_site(account) and service is not Service.FILES) or (
            self._settings.is_shared(account) and service in (Service.FILES, Service.TASKS)
        ):
            return Nothing()
        module, reader = _READERS[service]
        make = getattr(import_module(f"{__name__}.{module}"), reader)
        return cast(Reader, make(self.api(account, service), self._settings, self._context.spool))

    def api(self, account: str, service: Service) -> Api:
        """Graph for one service of one account."""
        return Api(service, account, self._settings, self._credentials, self._context, self._gates)

    def check(self, accounts: Sequence[str]) -> Iterator[Check]:
        """Each account with each permission, and the clock; reads only."""
        from connectors.microsoft.check import check_accounts

        return check_accounts(accounts, self.api, self._settings, self._context.services)

    def people(self) -> Iterator[Account]:
        """Every account of the tenant that may have data to move. Raises AuthFailed."""
        from connectors.microsoft.directory import people

        api = self.api("", Service.FILES)
        try:
            yield from people(api)
        finally:
            api.close()

    def sign_in(self, account: str, dialogue: Dialogue) -> None:
        """Have that person consent and keep the token. Raises AuthFailed, ConfigError."""
        from connectors.microsoft.sign_in import sign_in

        sign_in(self._settings.signer(account), dialogue, self._settings, self._credentials.scopes(), self._context)

    def letter(self, language: str, association: str) -> str:
        """A page for the tenant's administrator: what to consent to, where, why, how to end it. In Markdown."""
        from connectors.microsoft.letter import letter

        return letter(self._settings, self._context.services, language, association)


class _Factory:
    """Implements ``protocols.ConnectorFactory``."""

    summary = "Microsoft 365 and outlook.com accounts: mail, calendars, contacts, tasks, files (source)"
    sources = SERVICES
    targets: frozenset[Service] = frozenset()
    options: Sequence[Option] = OPTIONS

    def __call__(self, context: Context) -> Connector:
        """The connector, configured. Makes no request. Raises ConfigError."""
        return MicrosoftConnector(context)


connector = _Factory()
