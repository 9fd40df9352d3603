"""A line that does harm: it flips a byte, cuts in the middle, or loses the reply, on order."""

from __future__ import annotations

import socket
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Self

FILLER = b"xxxxxxxxxxxxxxxx"
"""Only what holds this is harmed: contents, on their way to the server."""
PIECE = 1 << 14
"""Bytes that are carried at once."""


@dataclass
class _Line:
    """One connection."""

    harmed: bool = False
    """Since its last reply: a request meets one harm. (One that is damaged *and* unanswered leaves a file of which
    nobody can tell whose it is: it stays, and is told as ``target-occupied``.)"""
    deaf: bool = False


class Wire:
    """Listens on a port of its own and carries everything to and from ``port``. ``arm`` orders harm."""

    def __init__(self, port: int, chance: Random) -> None:
        self._behind, self._chance = port, chance
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self._lock = threading.Lock()
        self._armed: list[str] = []
        self._threads: list[threading.Thread] = []
        self._open: list[socket.socket] = []
        self.done: Counter[str] = Counter()
        """The harm that was done, by kind."""

    def arm(self, *kinds: str) -> None:
        """The next contents that pass meet these, one each: ``flip``, ``cut``, ``lose``."""
        with self._lock:
            self._armed = list(kinds)

    def __enter__(self) -> Self:
        self._start(self._listen)
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        for one in (self._server, *self._open):
            one.close()

    def _start(self, run: object, *arguments: object) -> None:
        thread = threading.Thread(target=run, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._server.accept()
                self._open.append(client)
                server = socket.create_connection(("127.0.0.1", self._behind))
                self._open.append(server)
                line = _Line()
                self._start(self._carry, client, server, line, True)
                self._start(self._carry, server, client, line, False)

    def _carry(self, source: socket.socket, sink: socket.socket, line: _Line, up: bool) -> None:
        try:
            while piece := source.recv(PIECE):
                if not up and line.deaf:
                    return  # the reply is lost, and the line with it
                harm = self._harm(piece) if up and not line.harmed else ""
                line.harmed = up and (line.harmed or bool(harm))
                if harm == "flip":
                    at = piece.index(FILLER) + len(FILLER) // 2
                    piece = piece[:at] + bytes([piece[at] ^ 1]) + piece[at + 1 :]
                elif harm == "lose":
                    line.deaf = True
                sink.sendall(piece[: len(piece) // 2] if harm == "cut" else piece)
                if harm == "cut":
                    return
        except OSError:
            pass
        finally:
            for one in (source, sink):
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def _harm(self, piece: bytes) -> str:
        with self._lock:
            if not self._armed or FILLER not in piece or self._chance.random() < 0.5:
                return ""
            kind = self._armed.pop()
            self.done[kind] += 1
            return kind
