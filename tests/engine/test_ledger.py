"""The ledger keeps what was meant and what was done; the scan keeps nothing."""

from __future__ import annotations

import multiprocessing
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection

from migrate.errors import LedgerDamaged, ProjectLocked
from migrate.ledger import Ledger, Result, Scan, database, project_lock, schema
from migrate.model import Disposition, Loss, Skip, State
from migrate.rows import Pair, SourceRow, TargetRow

PAIR = Pair(
    source_href="s1",
    source_etag="e1",
    target_collection="c",
    target_href="t1",
    target_etag="te1",
    media_type="text/plain",
    size=10,
    digest="sha256:00",
    flags=("\\Seen", "$x"),
    date=12,
)


def test_an_outcome_ends_its_intent_and_keeps_its_pair(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l.sqlite3") as ledger:
        lane = ledger.lane("a/mail", "mail/a")
        ledger.intend("p", lane, {"s1": "1:5", "s2": "1:5"})
        ledger.record("p", lane, [Result(n=1, source_href="s1", state=State.DONE, code="stored", pair=PAIR)])
    with Ledger(tmp_path / "l.sqlite3") as ledger:
        assert ledger.pairs(lane, ["s1", "s2"]) == {"s1": PAIR}
        assert ledger.intents(lane, ["s1", "s2"]) == {"s2": "1:5"}
        assert ledger.tally("p") == {("a/mail", State.DONE, "stored"): 1}
        assert ledger.pair_counts() == {"a/mail": (1, 10)}


def test_a_failed_action_keeps_its_intent_and_an_earlier_mark_wins(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l.sqlite3") as ledger:
        lane = ledger.lane("a/mail", "mail/a")
        ledger.intend("p", lane, {"s1": "1:5"})
        ledger.record("p", lane, [Result(n=1, source_href="s1", state=State.FAILED, code="Rejected")])
        ledger.intend("p", lane, {"s1": "1:9"})
        assert ledger.intents(lane, ["s1"]) == {"s1": "1:5"}


def test_claims_reach_across_lanes_of_one_target_only(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l.sqlite3") as ledger:
        for key, target in (("a/mail", "mail/x"), ("b/mail", "mail/x"), ("c/mail", "mail/y")):
            lane = ledger.lane(key, target)
            pair = replace(PAIR, target_href=key)
            ledger.record("p", lane, [Result(n=lane, source_href="s1", state=State.DONE, code="", pair=pair)])
        assert ledger.claimed("mail/x", ["a/mail", "b/mail", "c/mail"]) == {"a/mail", "b/mail"}


def test_pairs_are_paged_to_the_end(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l.sqlite3") as ledger:
        lane = ledger.lane("a/mail", "t")
        results = [
            Result(
                n=i,
                source_href=f"s{i:05}",
                state=State.DONE,
                code="",
                pair=replace(PAIR, source_href=f"s{i:05}", target_href=f"t{i}"),
            )
            for i in range(1203)
        ]
        ledger.record("p", lane, results)
        seen, after = [], ""
        while page := ledger.pairs_after(lane, after):
            seen += page
            after = page[-1].source_href
        assert [p.source_href for p in seen] == [f"s{i:05}" for i in range(1203)]


def test_a_newer_ledger_and_a_broken_one_are_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "l.sqlite3"
    Ledger(path).close()
    with sqlite3.connect(path) as db:
        db.execute("update meta set value='99' where key='schema'")
    db.close()
    with pytest.raises(LedgerDamaged, match="schema 99"):
        Ledger(path)
    broken = tmp_path / "b.sqlite3"
    broken.write_bytes(b"not a database, by far" * 100)
    with pytest.raises(LedgerDamaged, match="cannot be used"):
        Ledger(broken)


def test_a_ledger_whose_making_was_cut_is_made_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "l.sqlite3"

    def cut(connection: Connection) -> None:
        schema.lane.create(connection)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(schema, "STEPS", (cut,))
        with pytest.raises(KeyboardInterrupt):
            Ledger(path)
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("select name from sqlite_master").fetchall() == []
    Ledger(path).close()
    with closing(sqlite3.connect(path)) as db:
        indexes = {name for (name,) in db.execute("select name from sqlite_master where type = 'index'")}
    assert {"pair_target", "pair_digest", "pair_size", "ix_lane_target"} <= indexes


def test_a_ledger_that_another_program_holds_is_not_called_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "l.sqlite3"
    Ledger(path).close()
    monkeypatch.setattr(database, "PATIENCE", 0.1)
    with closing(sqlite3.connect(path, isolation_level=None)) as db, Ledger(path) as ledger:
        db.execute("begin immediate")
        with pytest.raises(ProjectLocked, match="Another program holds"):
            ledger.begin_run("apply")


def _hold(directory: str, ready: object, done: object) -> None:
    with project_lock(Path(directory)):
        ready.set()  # type: ignore[attr-defined]
        done.wait(30)  # type: ignore[attr-defined]


def test_one_command_at_a_time(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ready, done = context.Event(), context.Event()
    process = context.Process(target=_hold, args=(str(tmp_path), ready, done))
    process.start()
    try:
        assert ready.wait(30)
        with pytest.raises(ProjectLocked, match=str(process.pid)), project_lock(tmp_path):
            pytest.fail("two held the project")
    finally:
        done.set()
        process.join()
    with project_lock(tmp_path):
        pass


def row(href: str, name: str, **changes: object) -> SourceRow:
    base = SourceRow(collection="A", sort="", href=href, etag="e", size=1, exact=True, name=name, fold=name)
    return replace(base, **changes)  # type: ignore[arg-type]


def test_the_scan_finds_clashes_and_occupants_and_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "scan"
    with Scan(path) as scan:
        skip = Skip(code="form", reason="r", disposition=Disposition.EXCLUDED)
        loss = Loss(field="f", reason="r")
        rows = [row("1", "x"), row("2", "x", sort="0"), row("3", "y", losses=(loss,), flags=("\\Seen",))]
        rows.append(row("4", "x", skip=skip))
        scan.add_sources("l", rows)
        scan.add_sources("l", rows[:1])
        scan.add_targets("l", [TargetRow(href="t", collection="A", name="y", etag="e", size=2)])
        assert list(scan.clashes("l")) == [("A", "x")]
        assert [r.href for r in scan.clashes("l")["A", "x"]] == ["1", "2"]
        assert set(scan.occupants("l", [("A", "y"), ("A", "x"), ("B", "y")])) == {("A", "y")}
        assert sorted(scan.sources("l"), key=lambda r: r.href) == rows
        assert scan.source_count("l") == 4
        assert scan.target_count("l", ["A"]) == 1
    assert not path.exists()
