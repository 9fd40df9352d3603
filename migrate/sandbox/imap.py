"""A real IMAP server for the sandbox: pymap in a process of its own, on loopback, with empty mailboxes."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import IO, Self

USUAL_MAILBOXES = ("Drafts", "Sent", "Trash", "Junk", "Archive")
"""Found on most new accounts. pymap announces no SPECIAL-USE: only their names tell their use."""


class ImapServer:
    """Start with ``start`` or as a context manager; mail lives until ``stop``, whatever its clients do."""

    def __init__(
        self,
        users: Mapping[str, str],
        *,
        mailboxes: Sequence[str] = USUAL_MAILBOXES,
        append_limit: int | None = None,
    ) -> None:
        self.host = "127.0.0.1"
        self.port = 0
        self._settings = {"users": dict(users), "mailboxes": list(mailboxes), "append_limit": append_limit}
        self._process: subprocess.Popen[str] | None = None

    @property
    def pid(self) -> int:
        """The server's process, for those who measure or kill it."""
        return self._running().pid

    def start(self) -> Self:
        """Listen on a free port. Raises RuntimeError when the server does not come up."""
        with socket.create_server((self.host, self.port)) as listener:
            self.port = listener.getsockname()[1]
            self._process = self._spawn(listener.fileno())
        self._send(self._settings)
        if self._pipe(self._process.stdout).readline() != "ready\n":
            self.stop()
            raise RuntimeError("the IMAP server did not start")
        return self

    def order(self, *, lost_replies: int = 0, cut: int = 0) -> None:
        """Order faults on the next APPENDs: stored but never answered; read but not stored."""
        self._send({"lost_replies": lost_replies, "cut": cut})

    def stop(self) -> None:
        """End the server and forget its mail. Harmless when it does not run."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._pipe(process.stdin).close()
        self._pipe(process.stdout).close()

    def _spawn(self, descriptor: int) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "migrate.sandbox.imap_server", str(descriptor)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            pass_fds=(descriptor,),
            # pymap greets with the machine's name, which may cost a slow look-up.
            env={**os.environ, "FQDN": "localhost"},
            # Ctrl-C in a terminal reaches the parent, which then stops this one in order.
            start_new_session=True,
        )

    def _send(self, message: Mapping[str, object]) -> None:
        pipe = self._pipe(self._running().stdin)
        pipe.write(json.dumps(message) + "\n")
        pipe.flush()

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None:
            raise RuntimeError("the IMAP server is not running")
        return self._process

    @staticmethod
    def _pipe(pipe: IO[str] | None) -> IO[str]:
        if pipe is None:
            raise RuntimeError("the IMAP server has no pipe")
        return pipe

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
