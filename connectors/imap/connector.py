"""The factory the entry point names, and what ``doctor`` asks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial

from connectors.imap.gmail import EXTENSION, GmailReader
from connectors.imap.limits import append_limit, free_bytes
from connectors.imap.mailbox import Mailbox
from connectors.imap.reader import ImapReader
from connectors.imap.session import Session, connect
from connectors.imap.settings import OPTIONS, Settings
from connectors.imap.target import ImapTarget
from migrate.errors import AuthFailed, ConnectorError, UsageError
from migrate.model import Check, Service
from migrate.protocols import Context, Option, Reader

_MAIL = frozenset({Service.MAIL})
_WISHED = ("MULTIAPPEND", "UIDPLUS", "LITERAL+", "SPECIAL-USE", "QUOTA")


class ImapConnector:
    """One IMAP server. Each reader or target has its own connection."""

    def __init__(self, context: Context) -> None:
        self.name = "imap"
        self.services = _MAIL
        self._context = context
        self._settings = Settings.parse(context.settings)
        self._refused: dict[str, AuthFailed] = {}

    def reader(self, account: str, service: Service) -> Reader:
        """A reader of that mailbox. No request is made before its first use."""
        session = self._session(account, service)
        return Mailbox(session, partial(self._reader, session, account))

    def _reader(self, session: Session, account: str) -> ImapReader:
        """Gmail's own reader where the server is Gmail, unless the project wants its folders."""
        if self._settings.gmail_labels and session.has(EXTENSION):
            return GmailReader(session, self._context.spool, self._context.pace, account)
        return ImapReader(session, self._context.spool)

    def target(self, account: str, service: Service) -> ImapTarget:
        """A target for that mailbox. No request is made before its first use."""
        return ImapTarget(self._session(account, service), self._context.spool)

    def _session(self, account: str, service: Service) -> Session:
        if service is not Service.MAIL:
            raise UsageError(f"imap holds mail, not {service}")
        return Session(self._settings, account, self._refused)

    def check(self, accounts: Sequence[str]) -> Iterator[Check]:
        """Connection and TLS once, then each account's login, once, one after the other."""
        try:
            client = connect(self._settings)
        except ConnectorError as error:
            yield Check(subject="connection", passed=False, detail=error.message, advice=error.advice)
            return
        with suppress(Exception):
            client.logout()
        protection = {"tls": "TLS, certificate verified", "starttls": "STARTTLS, certificate verified"}
        yield Check(subject="connection", passed=True, detail=protection.get(self._settings.security, "not encrypted"))
        for account in accounts:
            yield from self._check_account(account)

    def _check_account(self, account: str) -> Iterator[Check]:
        session = self._session(account, Service.MAIL)
        try:
            session.client()
            yield Check(subject="login", passed=True, detail=account)
            missing = [word for word in _WISHED if word not in session.capabilities]
            limit = append_limit(session)
            offered = f"{account}: without {', '.join(missing)}" if missing else f"{account}: all that is used"
            yield Check(subject="capabilities", passed=True, detail=f"{offered}; message limit {limit or 'not told'}")
            room = free_bytes(session)
            yield _quota(account, room)
        except ConnectorError as error:
            detail = f"{account}: {error.message}"
            yield Check(subject="login", passed=False, detail=detail, advice=error.advice)
        finally:
            session.close()


def _quota(account: str, room: int | None) -> Check:
    if room == 0:
        advice = "Raise the quota of this mailbox."
        return Check(subject="quota", passed=False, detail=f"{account}: full", advice=advice, exit_code=9)
    detail = f"{account}: no limit told" if room is None else f"{account}: {room} bytes free"
    return Check(subject="quota", passed=True, detail=detail)


class ImapFactory:
    """What ``transhume.connectors`` loads."""

    summary: str = "IMAP servers (Dovecot, Cyrus, Courier, hosted mail): folders, flags, keywords, internal dates"
    sources: frozenset[Service] = _MAIL
    targets: frozenset[Service] = _MAIL
    options: Sequence[Option] = OPTIONS

    def __call__(self, context: Context) -> ImapConnector:
        """The connector, configured. Makes no request. Raises ConfigError."""
        return ImapConnector(context)
