"""One WSGI application on a loopback port, HTTP/1.1 with keep-alive, in a thread of its own (cheroot)."""

from __future__ import annotations

import contextlib
import logging
import threading
from pathlib import Path
from typing import Any, Self
from wsgiref.types import WSGIApplication

from cheroot import wsgi
from cheroot.ssl.builtin import BuiltinSSLAdapter

_log = logging.getLogger(__name__)


class _Server(wsgi.Server):
    """Cheroot, writing its errors to the logger instead of stderr, and stopping within a tenth of a second."""

    expiration_interval = 0.1
    keep_alive_conn_limit = 256

    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:
        _log.log(level, "%s", msg, exc_info=traceback)


class LoopbackServer:
    """Serves ``app`` from ``start`` to ``stop``. Port 0 lets the system choose; ``port`` tells it after start."""

    def __init__(
        self,
        app: WSGIApplication,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        threads: int = 32,
        tls: Path | None = None,
    ) -> None:
        """``tls`` is a PEM file with a private key and its certificate; without it the port speaks plain HTTP."""
        self.host = host
        self.port = port
        self._scheme = "https" if tls else "http"
        self._server: Any = _Server(
            (host, port), app, numthreads=threads, request_queue_size=128, timeout=60, shutdown_timeout=1
        )
        if tls:
            self._server.ssl_adapter = BuiltinSSLAdapter(str(tls), str(tls))
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Root address, without a slash at the end."""
        return f"{self._scheme}://{self.host}:{self.port}"

    def start(self) -> Self:
        """Listen; returns when connections are accepted. Raises OSError when the port is taken."""
        self._server.prepare()
        self.port = int(self._server.bind_addr[1])
        self._thread = threading.Thread(target=self._serve, name=f"httpd-{self.port}", daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Close the port and every connection. Harmless when not started."""
        if self._thread is None:
            return
        self._server.stop()
        self._thread.join(timeout=10)
        self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    def _serve(self) -> None:
        with contextlib.suppress(KeyboardInterrupt):
            self._server.serve()
