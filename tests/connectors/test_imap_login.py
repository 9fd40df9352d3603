"""Logging in, TLS and broken connections, on a real Dovecot."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from migrate.errors import AuthFailed, ConfigError, Unreachable
from migrate.model import Collection, Service
from tests.connectors.imap_kit import PASSWORD, Plain, Proxy, connector, item, message, opened
from tests.servers import DovecotServer, closed_port

pytestmark = pytest.mark.server

FOLDER = Collection(href="", path=("Reçus",))


@pytest.fixture(scope="module")
def server() -> Iterator[DovecotServer]:
    with DovecotServer() as server:
        server.add_master("admin", "clef du maître")
        yield server


@pytest.fixture
def account(server: DovecotServer) -> str:
    name = f"{uuid.uuid4().hex[:12]}@tilleuls.example"
    server.add_user(name, PASSWORD)
    return name


def test_wrong_password_is_tried_once(server: DovecotServer, account: str, tmp_path: Path) -> None:
    tried: list[bytes] = []

    def commands(piece: bytes) -> bytes:
        tried.extend([piece] if b"LOGIN" in piece else [])
        return piece

    with Proxy(server.port) as proxy:
        proxy.commands = commands
        system = connector(proxy.port, tmp_path, password=Plain("faux"))
        for _ in range(3):
            target = system.target(account, Service.MAIL)
            with pytest.raises(AuthFailed) as caught:
                list(target.entries())
            assert caught.value.exit_code == 5
            target.close()
        assert len(tried) == 1
        assert b"faux" in tried[0]
        assert "faux" not in str(caught.value)


def test_master_user_and_a_password_with_accents(server: DovecotServer, account: str, tmp_path: Path) -> None:
    settings = {"master_user": "{account}*admin", "password": Plain("clef du maître")}
    with opened(server.port, tmp_path, account, **settings) as target:
        assert [one.path for one in target.collections() if one.role == "\\Inbox"] == [("INBOX",)]


def test_unreachable(tmp_path: Path) -> None:
    for settings in ({}, {"host": "imap.tilleuls.invalid"}, {"security": "tls"}):
        with (
            closed_port() as port,
            opened(port, tmp_path, **settings) as target,
            pytest.raises(Unreachable) as caught,
        ):
            list(target.entries())
        assert caught.value.advice
        assert caught.value.exit_code == 5


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_tls_is_verified(server: DovecotServer, account: str, tmp_path: Path, security: str) -> None:
    port = server.tls_port if security == "tls" else server.port
    with opened(port, tmp_path, account, security=security) as target, pytest.raises(Unreachable, match="TLS"):
        list(target.entries())
    trusted: dict[str, Any] = {"security": security, "ca_file": str(server.ca_file)}
    with opened(port, tmp_path, account, **trusted) as target:
        folder = target.ensure(FOLDER)
        target.put_many(folder, [("", item(message(n, 20_000))) for n in range(20)])
        assert len(list(target.get_many(list(target.entries())))) == 20
    with opened(server.port, tmp_path, account, security="tls") as target, pytest.raises(Unreachable):
        list(target.entries())


def test_doctor(server: DovecotServer, account: str, tmp_path: Path) -> None:
    checks = list(connector(server.port, tmp_path).check([account, "nobody@tilleuls.example"]))
    assert [(c.subject, c.passed) for c in checks] == [
        ("connection", True),
        ("login", True),
        ("capabilities", True),
        ("quota", True),
        ("login", False),
    ]
    (check,) = connector(1, tmp_path).check([account])
    assert not check.passed
    assert check.advice


def test_settings_are_refused_early(tmp_path: Path) -> None:
    for wrong in ({"security": "maybe"}, {"master_user": "admin"}):
        with pytest.raises(ConfigError):
            connector(1, tmp_path, **wrong)


def test_a_connection_that_died_of_idleness_is_replaced(
    server: DovecotServer, account: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.imap.session._IDLE", 0.0)
    with Proxy(server.port) as proxy, opened(proxy.port, tmp_path, account) as target:
        folder = target.ensure(FOLDER)
        proxy.commands = lambda piece: None if b"NOOP" in piece else piece
        stored = target.put(folder, "", item(message(1)), expects=None)
        assert stored.href
        assert proxy.connections == 2
