"""Google accounts as a source: Gmail, Calendar, Contacts, Tasks and Drive, read with read-only scopes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence

from connectors.google.auth import Credentials, token_name
from connectors.google.calendar import CalendarReader
from connectors.google.check import advice_of, check_account, delegation
from connectors.google.consent import consent
from connectors.google.directory import everyone
from connectors.google.drive import DriveReader
from connectors.google.endpoints import ACLS, DIRECTORY, MAIN, OTHERS, Endpoint
from connectors.google.gmail import GmailReader
from connectors.google.http import Api
from connectors.google.people import PeopleReader
from connectors.google.settings import OPTIONS, Settings
from connectors.google.tasks import TasksReader
from migrate.errors import AuthFailed, ConfigError, ConnectorError, Scope
from migrate.model import Account, Check, Service
from migrate.protocols import Connector, Context, Dialogue, Option, Reader

SERVICES = frozenset(MAIN)


class GoogleConnector:
    """One Google Workspace or one set of personal consents. Implements SupportsSignIn and SupportsPeople too."""

    name = "google"
    services = SERVICES

    def __init__(self, context: Context) -> None:
        self._context = context
        self._settings = Settings.read(context.settings)
        self._credentials = Credentials(self._settings, context.tokens)
        self._said = False

    def reader(self, account: str, service: Service) -> Reader:
        """A reader of that account. Raises ConnectorError for a service Google is not read for."""
        if service not in SERVICES:
            raise ConnectorError(f"Google accounts are not read for {service.value}.")
        return self._readers[service](account)

    @property
    def _readers(self) -> Mapping[Service, Callable[[str], Reader]]:
        settings, spool = self._settings, self._context.spool
        return {
            Service.MAIL: lambda account: GmailReader(self._main(account, Service.MAIL), settings, spool),
            Service.CALENDAR: lambda account: CalendarReader(
                self._main(account, Service.CALENDAR), self._api(account, ACLS) if settings.shares else None
            ),
            Service.CONTACTS: lambda account: PeopleReader(
                self._main(account, Service.CONTACTS),
                self._api(account, OTHERS) if settings.other_contacts != "off" else None,
                settings,
            ),
            Service.TASKS: lambda account: TasksReader(self._main(account, Service.TASKS)),
            Service.FILES: lambda account: DriveReader(self._main(account, Service.FILES), settings, spool),
        }

    def check(self, accounts: Sequence[str]) -> Iterator[Check]:
        """Each account with each scope that the project needs, and the clock; reads only."""
        for account in accounts:
            endpoints = self._endpoints(account)
            apis = [self._api(account, endpoint) for endpoint in endpoints]
            try:
                yield from check_account(apis, advice_of(self._settings, self._credentials, endpoints))
            finally:
                for api in apis:
                    api.close()

    def sign_in(self, account: str, dialogue: Dialogue) -> None:
        """Have that person consent; where a service account speaks for all, say what to delegate. Raises AuthFailed."""
        if self._settings.delegates:
            self._say_delegation(dialogue)
            return
        if self._settings.client is None:
            raise ConfigError("authorized_user holds the consents already: nobody signs in.", advice="See: doctor")
        if self._context.tokens is None:
            raise ConfigError("There is nowhere to keep a sign-in.")
        scopes = [endpoint.scope for endpoint in self._endpoints(account)]
        kept = consent(account, self._credentials.client(), scopes, dialogue, self._settings.ca_file)
        self._context.tokens.save(token_name(account), json.dumps(kept))

    def _say_delegation(self, dialogue: Dialogue) -> None:
        if self._said:
            return
        self._said = True
        endpoints = self._endpoints(self._settings.admin)
        dialogue.say("A service account speaks for everyone: an administrator delegates these scopes to it.")
        for endpoint in endpoints:
            dialogue.say(f"  {endpoint.scope}: {endpoint.reason}")
        if not self._credentials.client_id():
            dialogue.say(f"Its client id is the unique id of {self._settings.impersonate} in Google's console.")
        dialogue.open(delegation(self._credentials, endpoints))

    def people(self) -> Iterator[Account]:
        """Everyone in the Workspace directory. Raises AuthFailed when it may not be read."""
        if not self._settings.admin:
            advice = 'Name an administrator in the google table: admin = "…"'
            raise AuthFailed("The directory is read as an administrator.", advice=advice, scope=Scope.RUN)
        api = self._api(self._settings.admin, DIRECTORY)
        try:
            yield from everyone(api)
        finally:
            api.close()

    def _endpoints(self, account: str) -> tuple[Endpoint, ...]:
        wanted = self._settings.endpoints(self._context.services)
        is_admin = self._settings.admin and account.casefold() == self._settings.admin.casefold()
        return (*wanted, DIRECTORY) if is_admin else wanted

    def _main(self, account: str, service: Service) -> Api:
        return self._api(account, MAIN[service])

    def _api(self, account: str, endpoint: Endpoint) -> Api:
        return Api(endpoint, account, self._settings, self._credentials, self._context)


class _Factory:
    """Implements ``protocols.ConnectorFactory``."""

    summary = "Google Workspace and Gmail accounts: mail, calendars, contacts, tasks, files (source)"
    sources = SERVICES
    targets: frozenset[Service] = frozenset()
    options: Sequence[Option] = OPTIONS

    def __call__(self, context: Context) -> Connector:
        """The connector, configured. Makes no request. Raises ConfigError."""
        return GoogleConnector(context)


connector = _Factory()
