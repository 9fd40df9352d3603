"""The contract suite, against Dovecot and against the sandbox's pymap."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.contract import TargetContract
from connectors.imap.target import ImapTarget
from migrate.model import Item
from migrate.sandbox.imap import ImapServer
from tests.connectors.imap_kit import ACCOUNT, PASSWORD, opened
from tests.servers import FRENCH, DovecotServer


class ImapContract(TargetContract):
    media_type = "message/rfc822"

    def make_bad_item(self, n: int) -> tuple[str, Item]:
        name, item = self.make_item(n)
        assert isinstance(item.body, bytes)
        return name, replace(item, body=item.body + b"\0")


@pytest.fixture(scope="module")
def french() -> Iterator[DovecotServer]:
    with DovecotServer(special=FRENCH) as server:
        yield server


@pytest.fixture(scope="module")
def prefixed() -> Iterator[DovecotServer]:
    with DovecotServer(separator=".", prefix="INBOX.") as server:
        yield server


@contextmanager
def fresh(server: DovecotServer, spool: Path) -> Iterator[ImapTarget]:
    """A target for an account that nobody used yet."""
    account = f"{uuid.uuid4().hex[:12]}@tilleuls.example"
    server.add_user(account, PASSWORD)
    with opened(server.port, spool, account) as target:
        yield target


@pytest.mark.server
class TestDovecot(ImapContract):
    @pytest.fixture
    def target(self, french: DovecotServer, tmp_path: Path) -> Iterator[ImapTarget]:
        with fresh(french, tmp_path) as target:
            yield target


@pytest.mark.server
class TestDovecotWithPrefix(ImapContract):
    @pytest.fixture
    def target(self, prefixed: DovecotServer, tmp_path: Path) -> Iterator[ImapTarget]:
        with fresh(prefixed, tmp_path) as target:
            yield target


class TestPymap(ImapContract):
    @pytest.fixture
    def target(self, tmp_path: Path) -> Iterator[ImapTarget]:
        with ImapServer({ACCOUNT: PASSWORD}) as server, opened(server.port, tmp_path) as target:
            yield target
