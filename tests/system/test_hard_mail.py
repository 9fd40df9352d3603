"""Mail that a real server alters or refuses, through plan, apply and verify: moved or named, never silent."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.memory import MemoryTarget
from migrate.apply import apply_plan
from migrate.model import Collection, Entry, FindingKind, Item, Service
from migrate.plan import make_plan
from migrate.verify import verify
from tests.engine.twins import MOMENT, Twins, message
from tests.servers import DovecotServer

pytestmark = pytest.mark.server

DEEP = tuple(f"niveau-{'x' * 20}-{depth}" for depth in range(20))
MOVED = (
    ("A", message(1), ("k" * 60, "\\Seen"), MOMENT),
    ("A", message(2), ("été", "Travail"), MOMENT),
    ("A", message(3), ("travail",), MOMENT),
    ("A", message(4), (), datetime(1931, 1, 1, tzinfo=UTC)),
    ("A", message(5), (), datetime(2090, 1, 1, tzinfo=UTC)),
    ("A", message(6).replace(b"\r\n", b"\n"), (), MOMENT),
    ("A", b"\r\r\nabc\r", (), MOMENT),
    ("é" * 200, message(7), (), MOMENT),
    ("a.b", message(8), (), MOMENT),
)


def add(twins: Twins, path: tuple[str, ...], body: bytes, flags: tuple[str, ...] = (), date: datetime = MOMENT) -> None:
    writer = MemoryTarget(twins.source, "ana", Service.MAIL, twins.directory)
    home = writer.ensure(Collection(href="", path=path))
    entry = Entry(href="", collection=home.href, etag="", media_type="message/rfc822", created=date)
    item = Item(entry=entry, body=body, media_type="message/rfc822", internal_date=date, flags=frozenset(flags))
    writer.put(home, "", item, expects=None)


def aim(twins: Twins, server: DovecotServer) -> None:
    """Make the project's target that server."""
    server.add_user("ana", "secret")
    secret, file = twins.directory / "word", twins.directory / "migration.toml"
    secret.write_text("secret")
    secret.chmod(0o600)
    head = file.read_text().partition("[target.dst]")[0]
    table = f'connector = "imap"\nhost = "127.0.0.1"\nport = {server.port}\nsecurity = "none"\npassword = "file:word"\n'
    file.write_text(f"{head}[target.dst]\n{table}")


@pytest.mark.parametrize(("separator", "prefix"), [("/", ""), (".", "INBOX.")])
def test_hard_mail_is_moved_or_named(tmp_path: Path, separator: str, prefix: str) -> None:
    twins = Twins(tmp_path / "project")
    for folder, body, flags, date in MOVED:
        add(twins, (folder,), body, flags, date)
    add(twins, ("A",), message(9) + b"\0")
    add(twins, ("A",), b"")
    add(twins, DEEP, message(10))
    with DovecotServer(separator=separator, prefix=prefix) as server:
        aim(twins, server)
        make_plan(twins.project)
        for _ in range(2):
            applied = apply_plan(twins.project)
            codes = Counter({failure.code: failure.count for failure in applied.failures})
            assert applied.done == len(MOVED)
            assert codes == {"NulByte": 1, "EmptyMessage": 1, "FolderRefused": 1}
            assert verify(twins.project).counts == {FindingKind.MATCH: len(MOVED), FindingKind.MISSING: 3}
