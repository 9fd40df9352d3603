"""The Microsoft connector on a stand-in, and what its tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from connectors.microsoft import MicrosoftConnector, connector
from migrate.model import Entry, Item, Service
from migrate.pacing import Pacer
from migrate.protocols import Context, Reader
from migrate.sandbox.graph import GraphStandIn
from tests.sandbox.graph_world import ANNE, certificate, options, tenant

MakeReader = Callable[..., Reader]


@dataclass(frozen=True)
class Given:
    """A secret in clear, for tests."""

    text: str

    def reveal(self, account: str = "") -> str:
        return self.text


@dataclass
class Kept:
    """A store of tokens in memory."""

    texts: dict[str, str] = field(default_factory=dict)

    def load(self, name: str) -> str | None:
        return self.texts.get(name)

    def save(self, name: str, text: str) -> None:
        self.texts[name] = text

    def forget(self, name: str) -> None:
        self.texts.pop(name, None)


class Patience(Pacer):
    """A pacer whose pauses cost nothing."""

    def __init__(self) -> None:
        self.pauses: list[float] = []
        super().__init__()

    def limit(self, bucket: str, *, per_minute: float, burst: float | None = None) -> None:
        """Quotas are another test's."""

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def refused(self, buckets: Any, *, retry_after: float | None = None) -> float:
        return retry_after or 1.0


def connect(
    graph: GraphStandIn,
    spool: Path,
    *,
    pace: Pacer | None = None,
    tokens: Kept | None = None,
    services: frozenset[Service] = frozenset(Service),
    **settings: Any,
) -> MicrosoftConnector:
    """App-only unless ``certificate=None``."""
    table = {**options(graph), "certificate": Given(graph.certificate.pem), **settings}
    table = {name: value for name, value in table.items() if value is not None}
    context = Context(pace=pace or Patience(), spool=spool, settings=table, tokens=tokens, services=services)
    return cast(MicrosoftConnector, connector(context))


def without_limits(stand_in: GraphStandIn) -> None:
    for account in stand_in.tenant.accounts.values():
        account.user.setdefault("proxyAddresses", [])
    stand_in.quota.mailbox = stand_in.quota.files_minute = stand_in.quota.files_tenant = 10**9


@pytest.fixture
def graph() -> Iterator[GraphStandIn]:
    """No limits of time, which have tests of their own."""
    with GraphStandIn(tenant(), certificate=certificate()) as stand_in:
        without_limits(stand_in)
        yield stand_in
        assert stand_in.defects == []
        allowed = ("/v1.0/$batch", "/oauth2/v2.0/token", "/oauth2/v2.0/devicecode", "/oauth2/v2.0/authorize")
        assert all(line.method == "GET" or line.path.endswith(allowed) for line in stand_in.log.lines)
        assert max(stand_in.quota.most.values(), default=0) <= 4


@pytest.fixture
def make(graph: GraphStandIn, tmp_path: Path) -> Iterator[MakeReader]:
    """Readers that leave no file behind."""
    spool = tmp_path / "spool"
    spool.mkdir()
    with ExitStack() as stack:

        def reader(service: Service, account: str = ANNE, **settings: Any) -> Reader:
            made = connect(graph, spool, **settings).reader(account, service)
            stack.callback(made.close)
            return made

        yield reader
    assert list(spool.iterdir()) == []


def body_of(item: Item) -> bytes:
    body = item.body if isinstance(item.body, bytes) else item.body.read_bytes()
    item.discard()
    return body


def by_href(entries: Any) -> dict[str, Entry]:
    return {entry.href: entry for entry in entries}
