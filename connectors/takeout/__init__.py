"""Google Takeout archives as a source: mail, calendars, contacts, tasks and files without any access to Google."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from connectors.takeout.archive import Archive, Contents, open_archive
from connectors.takeout.calendars import CalendarReader
from connectors.takeout.contacts import ContactsReader
from connectors.takeout.drive import DriveReader
from connectors.takeout.lazy import Lazy
from connectors.takeout.mail import MailReader
from connectors.takeout.owner import check_owner
from connectors.takeout.parts import ACCOUNT, ArchiveError, parts_of
from connectors.takeout.tasks import TasksReader
from migrate.errors import ConfigError, ConnectorError
from migrate.model import Check, Service
from migrate.protocols import Connector, Context, Option, Reader

SERVICES = frozenset(Service)
OPTIONS = (
    Option(
        name="archives",
        help="folder of an account's archive, or a pattern of its files; {account} stands for the account",
        default="takeout/{account}",
    ),
)


class TakeoutConnector:
    """Archives of several accounts, each in its own place."""

    name = "takeout"
    services = SERVICES

    def __init__(self, context: Context) -> None:
        self._spool: Path = context.spool
        self._archives = str(context.settings.get("archives") or OPTIONS[0].default)
        self._open: dict[str, Archive] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def reader(self, account: str, service: Service) -> Reader:
        """A reader of that account. The archive is opened at its first use."""
        return Lazy(lambda: self._reader(account, service))

    def _reader(self, account: str, service: Service) -> Reader:
        contents = Contents(self._archive(account))
        if service is Service.MAIL:
            return MailReader(contents, self._spool)
        if service is Service.CALENDAR:
            return CalendarReader(contents)
        if service is Service.CONTACTS:
            return ContactsReader(contents)
        if service is Service.TASKS:
            return TasksReader(contents)
        return DriveReader(contents, self._spool)

    def _archive(self, account: str) -> Archive:
        """The account's archive, indexed once for all its services. Raises ArchiveError, ConfigError."""
        with self._lock:
            lock = self._locks.setdefault(account, threading.Lock())
            if ACCOUNT not in self._archives and len(self._locks) > 1:
                raise ConfigError(
                    "Several accounts cannot share one archive.",
                    advice='Write for instance: archives = "takeout/{account}", with one folder an account.',
                )
        with lock:
            if account not in self._open:
                # The spool lies in the project's folder, from which relative paths start.
                parts = parts_of(self._archives, account, self._spool.parent)
                archive = open_archive(account, parts, self._spool)
                check_owner(archive)
                self._open[account] = archive
            return self._open[account]

    def check(self, accounts: Sequence[str]) -> Iterator[Check]:
        """Each account's parts: all there, all readable."""
        for account in accounts:
            try:
                archive = self._archive(account)
            except (ConnectorError, ConfigError) as error:
                advice = error.advice
                yield Check(subject="archive", passed=False, detail=error.message, advice=advice, exit_code=9)
                continue
            detail = f"{account}: {len(archive.parts)} parts, {archive.bytes} bytes, {len(archive.members)} files"
            yield Check(subject="archive", passed=True, detail=detail)


class _Factory:
    """Implements ``protocols.ConnectorFactory``."""

    summary = "Google Takeout archives: mail, calendars, contacts, tasks, files (source)"
    sources = SERVICES
    targets: frozenset[Service] = frozenset()
    options: Sequence[Option] = OPTIONS

    def __call__(self, context: Context) -> Connector:
        """The connector, configured. Opens nothing."""
        return TakeoutConnector(context)


connector = _Factory()
__all__ = ["ArchiveError", "TakeoutConnector", "connector"]
