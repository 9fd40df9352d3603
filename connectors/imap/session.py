"""One connection to one account: opened when first used, dropped when broken, its errors made ours."""

from __future__ import annotations

import imaplib
import logging
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import imapclient
from imapclient.exceptions import ProtocolError

from connectors.imap.answers import login_refusal, refusal
from connectors.imap.names import Namespace
from connectors.imap.settings import Settings
from migrate.errors import AuthFailed, ConnectorError, Retriable, Scope, Uncertain, Unreachable

# The library logs folder names and message bytes, some of them as warnings.
logging.getLogger("imapclient").setLevel(logging.CRITICAL)

_IDLE = 120.0
"""Seconds after which a connection is asked whether it still lives before a message is entrusted to it."""


@dataclass(frozen=True, slots=True)
class Selected:
    """What SELECT or EXAMINE told."""

    wire: str
    uidvalidity: int
    uidnext: int
    exists: int
    writable: bool
    permanent_flags: frozenset[str]
    """In lower case; ``\\\\*`` when new keywords are kept. EXAMINE often tells none."""


class Session:
    """The connection of one worker to one account."""

    def __init__(self, settings: Settings, account: str, refused: dict[str, AuthFailed]) -> None:
        self._settings = settings
        self._account = account
        self._refused = refused
        self._client: Any = None
        self._namespace: Namespace | None = None
        self._used = 0.0
        self.capabilities: frozenset[str] = frozenset()
        self.selected: Selected | None = None

    def has(self, capability: str) -> bool:
        """Whether the server announced it, after login."""
        self.client()
        return capability in self.capabilities

    def client(self) -> Any:
        """The logged-in client. Raises Unreachable, AuthFailed, Retriable."""
        if self._client is None:
            if self._account in self._refused:
                raise self._refused[self._account]
            client = connect(self._settings)
            try:
                self._login(client)
            except BaseException:
                with suppress(Exception):
                    client.shutdown()
                raise
            self._client = client
        return self._client

    def _login(self, client: Any) -> None:
        name, secret = self._settings.login_name(self._account), self._settings.password.reveal(self._account)
        announced = {str(word).upper() for word in client._imap.capabilities}
        if "LOGINDISABLED" in announced:
            raise AuthFailed("the IMAP server takes no password on this connection", advice="Set security to tls.")
        try:
            # LOGIN carries ASCII only; PLAIN carries UTF-8 (RFC 4616).
            if name.isascii() and secret.isascii():
                client.login(name, secret)
            else:
                client.plain_login(name, secret)
            self.capabilities = _capabilities(client)
        except imaplib.IMAP4.abort as error:
            raise Retriable("the IMAP server closed the connection during login", scope=Scope.ACCOUNT) from error
        except imaplib.IMAP4.error as error:
            refused = login_refusal(str(error))
            if isinstance(refused, AuthFailed):
                self._refused[self._account] = refused
            raise refused from None  # the library's text may repeat what was sent
        except OSError as error:
            raise Retriable("the connection broke during login", scope=Scope.ACCOUNT) from error

    @contextmanager
    def talking(self, command: str, *, sent: bool = False) -> Iterator[Any]:
        """The client, for one exchange. ``sent``: a lost connection leaves a write whose fate is unknown."""
        client = self.client()
        lost: type[Retriable] = Uncertain if sent else Retriable
        try:
            yield client
        except (imaplib.IMAP4.abort, OSError) as error:
            self.drop()
            raise lost(f"the connection broke during {command}") from error
        except ProtocolError as error:
            self.drop()
            raise lost(f"the answer to {command} could not be read") from error
        except imaplib.IMAP4.error as error:
            raise refusal(command, str(error)) from None  # its text may repeat names
        except BaseException:
            self.drop()  # an answer may still be under way
            raise
        self._used = time.monotonic()

    def wake(self) -> None:
        """After a long silence, reconnect now rather than find out with a message under way."""
        if self._client is not None and time.monotonic() - self._used > _IDLE:
            with suppress(ConnectorError), self.talking("NOOP") as client:
                client.noop()

    def namespace(self) -> Namespace:
        """The personal namespace: NAMESPACE where it exists, else the separator of ``LIST "" ""``."""
        if self._namespace is None:
            prefix, separator = self._ask_namespace()
            if self._settings.prefix is not None:
                prefix = self._settings.prefix
            self._namespace = Namespace(prefix, separator)
        return self._namespace

    def _ask_namespace(self) -> tuple[str, str]:
        if self.has("NAMESPACE"):
            with self.talking("NAMESPACE") as client:
                personal = client.namespace().personal
            if personal:
                return _text(personal[0][0]), _text(personal[0][1])
        with self.talking("LIST") as client:
            found = client.list_folders("", "")
        return "", _text(found[0][1]) if found else "/"

    def open(self, wire: str, *, write: bool = False) -> Selected:
        """SELECT or EXAMINE, unless the folder is already open in a mode that will do."""
        if self.selected and self.selected.wire == wire and (self.selected.writable or not write):
            return self.selected
        return self.reopen(wire, write=write)

    def reopen(self, wire: str, *, write: bool = False) -> Selected:
        """SELECT or EXAMINE again, for fresh figures."""
        self.selected = None
        with self.talking("SELECT" if write else "EXAMINE") as client:
            told = client.select_folder(wire, readonly=not write)
        uidnext = told.get(b"UIDNEXT") or self.status(wire)[1]
        self.selected = Selected(
            wire=wire,
            uidvalidity=told.get(b"UIDVALIDITY", 0),
            uidnext=uidnext,
            exists=told.get(b"EXISTS", 0),
            writable=write,
            permanent_flags=frozenset(_text(flag).lower() for flag in told.get(b"PERMANENTFLAGS", ())),
        )
        return self.selected

    def status(self, wire: str) -> tuple[int, int]:
        """UIDVALIDITY and UIDNEXT of a folder, as they are now."""
        with self.talking("STATUS") as client:
            told = client.folder_status(wire, ("UIDVALIDITY", "UIDNEXT"))
        return int(told[b"UIDVALIDITY"]), int(told[b"UIDNEXT"])

    def drop(self) -> None:
        """Forget a broken connection; the next exchange opens another."""
        client, self._client, self.selected = self._client, None, None
        if client is not None:
            with suppress(Exception):
                client.shutdown()

    def close(self) -> None:
        """Say goodbye."""
        if self._client is not None:
            with suppress(Exception):
                self._client.logout()
        self.drop()


def connect(settings: Settings) -> Any:
    """A connected client, TLS verified, nobody logged in. Raises Unreachable."""
    where = f"{settings.host}:{settings.port}"
    try:
        client = imapclient.IMAPClient(
            settings.host,
            settings.port,
            ssl=settings.security == "tls",
            ssl_context=_tls(settings) if settings.security == "tls" else None,
            timeout=settings.timeout,
        )
    except ssl.SSLError as error:
        raise _untrusted(where, error) from error
    except socket.gaierror as error:
        raise Unreachable(f"unknown host {settings.host}", advice="Check the name in migration.toml.") from error
    except (OSError, imaplib.IMAP4.error) as error:
        raise Unreachable(
            f"no IMAP server answers at {where}",
            advice="Check host, port and security in migration.toml, and the network.",
        ) from error
    try:
        return _prepared(client, settings)
    except BaseException:
        with suppress(Exception):
            client.shutdown()
        raise


def _prepared(client: Any, settings: Settings) -> Any:
    client._imap.debug = 0  # the library would write every line to its log
    client.folder_encode = False  # names stay as on the wire: invalid modified UTF-7 must survive
    client.normalise_times = False
    # imaplib writes a command in several pieces: without this each waits for an acknowledgement.
    client._imap.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if settings.security == "starttls":
        try:
            client.starttls(_tls(settings))
        except ssl.SSLError as error:
            raise _untrusted(f"{settings.host}:{settings.port}", error) from error
        except (imaplib.IMAP4.error, OSError) as error:
            raise Unreachable("the IMAP server offers no STARTTLS", advice="Set security to tls.") from error
    return client


def _tls(settings: Settings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=settings.ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise Unreachable("ca_file cannot be read", advice="Give a PEM file of certificates.") from error


def _untrusted(where: str, error: ssl.SSLError) -> Unreachable:
    reason = getattr(error, "verify_message", "") or error.reason or "no TLS"
    return Unreachable(
        f"no trusted TLS connection to {where}: {reason}",
        advice="Check the host name; for a private authority set ca_file. Verification cannot be turned off.",
    )


def _capabilities(client: Any) -> frozenset[str]:
    """Asked again after login: the greeting's list lacks most of them."""
    _, lines = client._imap.capability()
    return frozenset(_text(lines[-1]).upper().split())


def _text(value: bytes | str | None) -> str:
    return value.decode("ascii", "surrogateescape") if isinstance(value, bytes) else value or ""
