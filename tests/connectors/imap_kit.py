"""What the tests of the IMAP connector share: settings, messages, a proxy that cuts."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from connectors.imap.connector import ImapConnector, ImapFactory
from connectors.imap.target import ImapTarget
from migrate.model import Entry, Item, Service
from migrate.protocols import Context

ACCOUNT = "alice@tilleuls.example"
PASSWORD = "mot de passe"
DATE = datetime(2024, 2, 29, 23, 59, 58, tzinfo=UTC)


@dataclass(frozen=True)
class Plain:
    """A secret in clear."""

    text: str

    def reveal(self, account: str = "") -> str:
        return self.text


class Unhurried:
    """A pace that never waits."""

    def limit(self, bucket: str, *, per_minute: float, burst: float | None = None) -> None:
        """Nothing."""

    def spend(self, costs: Mapping[str, float]) -> None:
        """Nothing."""

    def refused(self, buckets: Iterable[str], *, retry_after: float | None = None) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        """Nothing."""


def connector(port: int, spool: Path, **settings: Any) -> ImapConnector:
    """The connector for a server on this machine, without TLS unless told."""
    table = {"host": "127.0.0.1", "port": port, "security": "none", "password": Plain(PASSWORD), "timeout": 20.0}
    return ImapFactory()(Context(pace=Unhurried(), spool=spool, settings=table | settings))


@contextmanager
def opened(port: int, spool: Path, account: str = ACCOUNT, **settings: Any) -> Iterator[ImapTarget]:
    """A target, closed at the end."""
    target = connector(port, spool, **settings).target(account, Service.MAIL)
    try:
        yield target
    finally:
        target.close()


def message(n: int, size: int = 0) -> bytes:
    """The n-th synthetic message, at least so many bytes."""
    head = f"Message-ID: <{n}@tilleuls.example>\r\nFrom: a@example.org\r\nSubject: n {n}\r\n\r\n".encode()
    line = b"Les tilleuls de la place sont en fleur; rendez-vous dimanche.\r\n"
    return head + line * max(1, (size - len(head)) // len(line))


def item(body: bytes | Path, *flags: str, date: datetime | None = DATE) -> Item:
    """An item to put."""
    entry = Entry(href="source", collection="source", etag="1", media_type="message/rfc822")
    kinds = frozenset(flags)
    return Item(entry=entry, body=body, media_type="message/rfc822", internal_date=date, flags=kinds)


Hook = Callable[[bytes], bytes | None]


def through(piece: bytes) -> bytes | None:
    """Let it pass."""
    return piece


class Proxy:
    """Between client and server; hooks may alter each piece that passes, or end the connection with None."""

    def __init__(self, port: int) -> None:
        self._server = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.answers: Hook = through
        self.commands: Hook = through
        self.connections = 0
        self._sockets: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            server = socket.create_connection(("127.0.0.1", self._server))
            self._sockets += [client, server]
            for one, other, name in ((client, server, "commands"), (server, client, "answers")):
                thread = threading.Thread(target=self._carry, args=(one, other, name))
                self._threads.append(thread)
                thread.start()

    def _carry(self, source: socket.socket, sink: socket.socket, name: str) -> None:
        with suppress(OSError):
            while piece := source.recv(65536):
                passed = getattr(self, name)(piece)
                if passed is None:
                    break
                sink.sendall(passed)
        for one in (source, sink):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for one in list(self._sockets):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(timeout=10)
        for one in self._sockets:
            one.close()
