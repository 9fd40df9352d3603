"""The IMAP server's own process: pymap's in-memory server, with a store that suits tens of thousands of messages.

Started by ``imap.py`` with a listening socket and, on standard input, one JSON line of settings; each later line is
a fault to order. It ends on SIGTERM or when its standard input closes, so it never outlives who started it.

What differs from pymap's own dict backend: messages are kept compressed and parsed when asked for, keywords of
any name are kept (``PERMANENTFLAGS \\*``, RFC 9051 §7.1), and a MULTIAPPEND is read in linear time.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import signal
import socket
import sys
import zlib
from argparse import Namespace
from asyncio import StreamReader, StreamWriter
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from proxyprotocol.reader import ProxyProtocolReader
from proxyprotocol.sock import SocketInfo
from pymap.backend.dict import Config, DictBackend, Login
from pymap.backend.dict.filter import FilterSet
from pymap.backend.dict.mailbox import MailboxData, MailboxSet, Message
from pymap.config import BackendCapability
from pymap.context import connection_exit, current_command
from pymap.imap import IMAPConnection, IMAPServer
from pymap.imap.state import ConnectionState
from pymap.mime import MessageContent
from pymap.parsing.command.auth import AppendCommand
from pymap.parsing.message import AppendMessage
from pymap.parsing.response import Response
from pymap.parsing.specials import ObjectId
from pymap.parsing.specials.flag import Flag, Wildcard
from pymap.user import UserMetadata
from pysasl.hashing import Cleartext

LINE_LIMIT = 1 << 20
"""Bytes of one command line without its literals; asyncio's default of 64 KiB is short for long UID sets."""

_LITERAL_PLUS = re.compile(rb"{(\d+)\+}\r?\n\Z")


@dataclass(slots=True)
class Faults:
    """Counters of trouble to make, each used up once."""

    lost_replies: int = 0
    """APPENDs that are stored, then the connection ends without an answer."""
    cut: int = 0
    """APPENDs that are read but not stored, then the connection ends."""

    def take(self, name: str) -> bool:
        """Whether this fault is due now; takes it from the count."""
        left: int = getattr(self, name)
        if left:
            setattr(self, name, left - 1)
        return left > 0


_SHARED: dict[frozenset[Flag], frozenset[Flag]] = {}
"""Equal sets of flags are kept once: a large mailbox has few combinations."""


class LazyContent(MessageContent):
    """A message parsed each time its structure is asked for; its bytes are always those received."""

    __slots__ = ("_length", "_packed")

    def __init__(self, data: bytes) -> None:
        self._length = len(data)
        self._packed = zlib.compress(data, 1)

    def __bytes__(self) -> bytes:
        return zlib.decompress(self._packed)

    def __len__(self) -> int:
        return self._length

    @property  # type: ignore[misc]
    def header(self) -> Any:
        """The header alone, so that a search over headers does not parse attachments."""
        head, separator, _ = bytes(self).partition(b"\r\n\r\n")
        return MessageContent.parse(head + separator).header

    @property  # type: ignore[misc]
    def body(self) -> Any:
        """The parsed body."""
        return MessageContent.parse(bytes(self)).body

    @property  # type: ignore[misc]
    def lines(self) -> int:
        """The number of lines of the message."""
        return bytes(self).count(b"\n")


class Mailbox(MailboxData):
    """A mailbox that keeps any keyword and stores bytes as they come."""

    @property
    def permanent_flags(self) -> frozenset[Flag]:
        """System flags, and any other."""
        return frozenset(super().permanent_flags | {Wildcard})

    async def append(self, append_msg: AppendMessage, *, recent: bool = False) -> Message:
        """Store a message. ``\\Recent`` is not kept: RFC 9051 dropped it."""
        when = append_msg.when or datetime.now(UTC)
        data = bytes(append_msg.literal)
        email_id = ObjectId.new(b"M", hashlib.sha256(data).digest())
        async with self.messages_lock.write_lock():
            self._max_uid = uid = self._max_uid + 1
            flags = _SHARED.setdefault(append_msg.flag_set, append_msg.flag_set)
            message = Message(uid, when, flags, email_id=email_id, content=LazyContent(data))
            self._messages[uid] = message
            self._mod_sequences.update([uid])
            self._updated.set()
            return message


class Mailboxes(MailboxSet):
    """One person's mailboxes."""

    def __init__(self, names: list[str]) -> None:
        super().__init__()
        self._inbox = self._new()
        self._set = {name: self._new() for name in names}

    def _new(self) -> Mailbox:
        return Mailbox(self._content_cache, self._thread_cache)

    async def add_mailbox(self, name: str) -> ObjectId:
        """Create a mailbox. Raises ValueError when it exists."""
        async with self._set_lock.write_lock():
            if name in self._set:
                raise ValueError(name)
            self._set[name] = mailbox = self._new()
            return mailbox.mailbox_id


class Store(Config):
    """Configuration of the dict backend."""

    @property
    def backend_capability(self) -> BackendCapability:
        """Extensions beyond the base protocol."""
        return BackendCapability(idle=True, object_id=True, multi_append=True)


class Pieces:
    """Joins the many small writes of an answer: pymap makes about sixteen a message, each a system call."""

    def __init__(self, writer: StreamWriter, size: int = 1 << 16) -> None:
        self._writer = writer
        self._size = size
        self._buffer = bytearray()

    def write(self, data: bytes) -> None:
        """Take a piece of any length."""
        self._buffer += data
        if len(self._buffer) >= self._size:
            self.flush()

    def flush(self) -> None:
        """Send what was taken."""
        self._writer.write(bytes(self._buffer))
        self._buffer.clear()


class Connection(IMAPConnection):
    """A connection that reads many literals in linear time and has faults to order."""

    faults = Faults()

    async def readline(self) -> memoryview:
        """One command line with its non-synchronizing literals (RFC 7888)."""
        buffer = bytearray(line := await self.reader.readline())
        while match := _LITERAL_PLUS.search(line):
            buffer += await self.reader.readexactly(int(match.group(1)))
            buffer += (line := await self.reader.readline())
        if not buffer.endswith(b"\n"):
            raise EOFError
        return memoryview(buffer)

    async def read_command(self, state: ConnectionState) -> Any:
        """The next command, unless a cut is due on it."""
        command = await super().read_command(state)
        if isinstance(command, AppendCommand) and self.faults.take("cut"):
            self.writer.transport.abort()
            raise EOFError
        return command

    async def write_response(self, resp: Response) -> None:
        """Answer, unless this answer is to be lost."""
        command = current_command.get(None)
        if isinstance(command, AppendCommand) and resp.tag == command.tag and self.faults.take("lost_replies"):
            self.writer.transport.abort()
            return
        pieces = Pieces(self.writer)
        try:
            await resp.async_write(pieces)
            pieces.flush()
            await self.writer.drain()
        except ConnectionError:
            return


class Server(IMAPServer):
    """Serves our connections."""

    async def __call__(self, reader: StreamReader, writer: StreamWriter, sock_info: SocketInfo) -> None:
        """Run one connection to its end."""
        connection = Connection(self.commands, self._config, reader, writer, sock_info)
        async with AsyncExitStack() as stack:
            connection_exit.set(stack)
            stack.enter_context(closing(connection))
            await connection.run(ConnectionState(self._login, self._config))


def _arguments() -> Namespace:
    """What pymap's command line would have parsed: no TLS, no demo data, no proxy."""
    return Namespace(
        host="127.0.0.1",
        port=0,
        debug=False,
        cert=None,
        key=None,
        tls=False,
        passlib_cfg=None,
        proxy_protocol=None,
        demo_data=False,
        demo_user="",
        demo_password="",
    )


async def _backend(settings: dict[str, Any]) -> tuple[DictBackend, Store]:
    limit = settings.get("append_limit") or 1_000_000_000
    # Passwords are generated test values: hashing them would only slow each login down.
    config = Store.from_args(_arguments(), hash_context=Cleartext(), invalid_user_sleep=0.0, max_append_len=limit)
    config.apply_context()
    login = Login(config)
    for user, password in settings["users"].items():
        login.users_dict[user] = UserMetadata(config, user, password=password)
        config.set_cache[user] = (Mailboxes(settings["mailboxes"]), FilterSet())
    return DictBackend(login, config), config


async def _obey(commands: StreamReader) -> None:
    """Take faults from standard input until it closes."""
    while line := await commands.readline():
        for name, count in json.loads(line).items():
            setattr(Connection.faults, name, count)


async def _serve(listener: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    commands = StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    backend, config = await _backend(json.loads(await commands.readline()))
    server = Server(backend.login, config)
    callback = ProxyProtocolReader(config.proxy_protocol).get_callback(server)
    async with await asyncio.start_server(callback, sock=listener, limit=LINE_LIMIT):
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        obeying = asyncio.ensure_future(_obey(commands))
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, obeying.cancel)
        await asyncio.wait([obeying])


def main() -> None:
    """Serve on the inherited socket given by number."""
    with socket.socket(fileno=int(sys.argv[1])) as listener:
        asyncio.run(_serve(listener))


if __name__ == "__main__":
    main()
