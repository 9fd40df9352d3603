"""A stand-in for Microsoft on loopback: the identity platform and Graph v1.0, read only, as strict as the original.

Answers are held to Microsoft's own schema; limits are those documented, on a clock that can be hurried; faults come to
order. It speaks TLS, as msal demands; :attr:`GraphStandIn.ca_pem` is what to trust.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from migrate.sandbox.clock import Clock
from migrate.sandbox.control import Control
from migrate.sandbox.cursors import Cursors
from migrate.sandbox.faults import Faults
from migrate.sandbox.graph.access import READ_ROLES, READ_SCOPES
from migrate.sandbox.graph.app import GraphApp
from migrate.sandbox.graph.call import House
from migrate.sandbox.graph.certificates import Certificate, application_certificate, server_certificate
from migrate.sandbox.graph.edit import Edit
from migrate.sandbox.graph.errors import ordered_error
from migrate.sandbox.graph.oauth import CLIENT_ID, Identity
from migrate.sandbox.graph.quota import Quota
from migrate.sandbox.graph.state import indexed
from migrate.sandbox.httpd import LoopbackServer
from migrate.sandbox.requestlog import RequestLog
from migrate.sandbox.tenant import Tenant

__all__ = ["CLIENT_ID", "GraphStandIn", "application_certificate"]


class GraphStandIn:
    """Serves one tenant from ``start`` to ``stop``.

    ``certificate`` is the application's; making one takes a while, so tests share one from
    :func:`application_certificate`. ``tls`` False serves the same without encryption.
    """

    def __init__(
        self,
        tenant: Tenant,
        *,
        clock: Clock | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        certificate: Certificate | None = None,
        tls: bool = True,
    ) -> None:
        self.tenant = tenant
        self.clock = clock or Clock()
        self.log = RequestLog(self.clock)
        self.faults = Faults(self.clock, ordered_error)
        self.defects: list[str] = []
        """Answers of the stand-in that Graph could not have given; a test asserts there are none."""
        self.quota = Quota(self.clock)
        self.certificate = certificate or application_certificate()
        self.state = indexed(tenant, self.clock)
        self.edit = Edit(self.state, self.clock)
        self.house = House(self.clock, Cursors(self.clock), self.state)
        self.identity = Identity(
            self.clock,
            {name: str(state.account.user["id"]) for name, state in self.state.accounts.items()},
            self.certificate,
            lambda: self.url,
            tenant=tenant.id,
            domain=tenant.domain,
            roles=READ_ROLES,
            scopes=READ_SCOPES,
        )
        self.app = GraphApp(self.house, self.identity, self.quota, self.defects)
        served = self.log.wrap(self.faults.wrap(self.app))
        self.app.parts = served
        control = Control(log=self.log, faults=self.faults, clock=self.clock, defects=self.defects)
        self._folder = TemporaryDirectory(prefix="transhume-graph-")
        self._server_certificate = server_certificate(host) if tls else None
        self._server = LoopbackServer(control.wrap(served), host=host, port=port, tls=self._pem() if tls else None)

    @property
    def url(self) -> str:
        """Root address, without a slash at the end: ``graph_root`` and ``authority`` of a configuration."""
        return self._server.url

    @property
    def ca_pem(self) -> str:
        """The authority that the server's certificate comes from; empty without TLS."""
        return self._server_certificate.certificate_pem if self._server_certificate else ""

    @property
    def ca_file(self) -> str:
        """The same in a file that lives as long as the stand-in; empty without TLS."""
        return str(Path(self._folder.name) / "ca.pem") if self._server_certificate else ""

    def start(self) -> Self:
        """Listen. Raises OSError when the port is taken."""
        self._server.start()
        self.house.url = self.url
        self.house.downloads = self.url.replace("//127.0.0.1:", "//localhost:")
        return self

    def stop(self) -> None:
        """Close the port."""
        self._server.stop()
        self._folder.cleanup()

    def _pem(self) -> Path:
        assert self._server_certificate is not None
        path = Path(self._folder.name) / "server.pem"
        path.touch(mode=0o600)
        path.write_text(self._server_certificate.pem, encoding="ascii")
        (Path(self._folder.name) / "ca.pem").write_text(self.ca_pem, encoding="ascii")
        return path

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_exc: object) -> None:
        self.stop()
