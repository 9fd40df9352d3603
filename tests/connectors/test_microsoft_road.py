"""From Microsoft to folders on disk: every message and file arrives, once, as verify says, and changes follow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.memory import store
from migrate.apply import apply_plan
from migrate.cli import run
from migrate.config import Filters, load_project
from migrate.ledger import Ledger
from migrate.model import FindingKind, Service
from migrate.plan import make_plan
from migrate.sandbox.faults import Rule
from migrate.sandbox.graph import GraphStandIn
from migrate.verify import verify
from tests.connectors.microsoft_kit import without_limits
from tests.connectors.test_microsoft_files import DRIVE, item, world
from tests.sandbox.graph_world import ANNE, certificate, message, options

ONLY = Filters(services=frozenset({Service.MAIL, Service.FILES}))
MESSAGES, FILES = 27, 5


@pytest.fixture
def graph() -> Iterator[GraphStandIn]:
    with GraphStandIn(world(), certificate=certificate()) as stand_in:
        without_limits(stand_in)
        yield stand_in
        assert stand_in.defects == []


@pytest.fixture
def project(graph: GraphStandIn, tmp_path: Path) -> Any:
    directory = tmp_path / "project"
    directory.mkdir(mode=0o700)
    (directory / "cert.pem").write_text(graph.certificate.pem)
    source = "".join(f'{name} = "{value}"\n' for name, value in options(graph).items())
    (directory / "migration.toml").write_text(
        f'[migration]\nname = "Route"\n[source.ms]\nconnector = "microsoft"\n{source}certificate = "file:cert.pem"\n'
        "mailbox_requests = 10000000\nquota_factor = 1000.0\n"
        '[target.dst]\nconnector = "folder"\npath = "out/{account}"\ncreate = true\n',
        encoding="utf-8",
    )
    (directory / "accounts.csv").write_text(f"source,source_account,dst_account,wave\nms,{ANNE},anne,1\n")
    for file in directory.iterdir():
        file.chmod(0o600)
    return load_project(directory)


def held(project: Any) -> Counter[str]:
    mails = [path for path in (project.directory / "out").rglob("*") if path.parent.name in {"cur", "new"}]
    return Counter(line for mail in mails for line in mail.read_text().splitlines() if line.startswith("Message-ID:"))


def test_mail_and_files_arrive_whole_and_once(project: Any, graph: GraphStandIn) -> None:
    make_plan(project, ONLY)
    applied = apply_plan(project)
    assert (applied.done, applied.exit_code) == (MESSAGES + FILES, 0)
    found = verify(project, ONLY)
    assert found.counts == {FindingKind.MATCH: MESSAGES + FILES, FindingKind.NOT_MOVED: 2 + 4}
    assert not make_plan(project, ONLY).changes
    assert set(held(project).values()) == {1}
    files = project.directory / "out" / "anne" / "files"
    assert (files / "Réunions" / "2026" / "Compte rendu.txt").read_bytes() == b"0123456789"


def test_what_changes_later_follows(project: Any, graph: GraphStandIn, tmp_path: Path) -> None:
    configuration = project.directory / "migration.toml"
    text = configuration.read_text().partition("[target.dst]")[0]
    configuration.write_text(f'{text}[target.dst]\nconnector = "memory"\nname = "{tmp_path}"\n')
    project = load_project(project.directory)
    make_plan(project, ONLY)
    apply_plan(project)
    before = len(graph.log.lines)
    graph.edit.change_message(ANNE, "AAkALgAA00000000", isRead=True, flag={"flagStatus": "flagged"})
    graph.edit.change_message(ANNE, "AAkALgAA00000005", categories=["Trésorerie"])
    graph.edit.move_message(ANNE, "AAkALgAA00000004", "p2026")
    graph.edit.add_message(ANNE, message(60, "archive"))
    graph.edit.put_item(DRIVE, item("f2", "vide.bin", "d2", b"no more"))
    graph.edit.put_item(DRIVE, item("f4", "renommé.txt", "r", b"s"))
    make_plan(project, ONLY)
    listed = [line.operation for line in graph.log.lines[before:]]
    assert "users/{user}/messages/{message}" not in listed
    applied = apply_plan(project)
    assert (applied.done, applied.exit_code) == (6, 0)
    found = verify(project, ONLY)
    assert (found.counts[FindingKind.MATCH], found.exit_code) == (MESSAGES + FILES + 1, 0)
    with store(str(tmp_path)).space("anne", Service.MAIL) as space:
        flags = {one.entry.uid or one.body[:1]: one.entry.flags for one in space.items.values()}
    assert any("$tresorerie" in one for one in flags.values())
    assert not make_plan(project, ONLY).changes


def test_a_run_that_died_after_storing_stores_nothing_twice(project: Any, graph: GraphStandIn) -> None:
    make_plan(project, ONLY)
    graph.faults.add(Rule(kind="status", status=404, reason="ErrorItemNotFound", path="messages/", times=3))
    apply_plan(project)
    forget_what_was_done(project)
    make_plan(project, ONLY)
    assert apply_plan(project).exit_code == 0
    assert set(held(project).values()) == {1}
    assert len(held(project)) == MESSAGES
    assert verify(project, ONLY).counts[FindingKind.MATCH] == MESSAGES + FILES


def forget_what_was_done(project: Any) -> None:
    """As a crash leaves it: the writes were announced, they happened, and nothing of that was noted."""
    from sqlalchemy import create_engine, text

    with Ledger(project.ledger):
        pass
    engine = create_engine(f"sqlite:///{project.ledger}")
    with engine.begin() as connection:
        connection.execute(
            text("INSERT OR REPLACE INTO intent SELECT lane, source_href, '', 'dead', '2026-01-01' FROM pair")
        )
        connection.execute(text("DELETE FROM pair"))
        connection.execute(text("DELETE FROM outcome"))
    engine.dispose()


def test_the_commands_that_come_before(project: Any, capsys: pytest.CaptureFixture[str]) -> None:
    def called(*arguments: str) -> tuple[int, str]:
        code = run(["-C", str(project.directory), *arguments])
        return code, "".join(capsys.readouterr())

    code, text = called("doctor", "--only", "mail,files")
    assert code == 0, text
    assert "mail: Mail.Read" in text
    code, text = called("accounts", "ms")
    assert code == 0
    assert f"ms,{ANNE},{ANNE},1" in text
    code, text = called("auth", "ms", "--letter")
    assert code == 0
    assert "`Mail.Read`" in text
    assert called("auth", "ms")[0] == 2
