"""The ledger: what was meant, what was done, where each item lies. One writer, one file, no content."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from migrate.ledger import schema
from migrate.ledger.database import open_sqlite, translated
from migrate.model import State
from migrate.rows import Pair

T = TypeVar("T")

CHUNK = 500
"""Rows asked for at once: SQLite takes at most 32,766 bound values in a statement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How one action ended; ``pair`` is set when it is done."""

    n: int
    source_href: str
    state: State
    code: str
    pair: Pair | None = None
    forgets: str = ""
    """A source href under which the ledger knew it, and knows nothing any more."""
    made: tuple[str, tuple[str, ...]] | None = None
    """Href and path of a collection that was made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One command that was run on this project."""

    command: str
    plan: str
    started: str
    ended: str | None
    exit_code: int | None


def now() -> str:
    """UTC, to the second, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _pair(row: Row[tuple[object, ...]]) -> Pair:
    fields = dict(row._mapping)
    for key in ("lane", "plan", "at"):
        fields.pop(key)
    fields["flags"] = tuple(json.loads(fields["flags"]))
    fields["adopted"] = bool(fields["adopted"])
    return Pair(**fields)


def chunks(rows: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """Lists of at most ``size``."""
    chunk: list[T] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) >= size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


class Ledger:
    """Opened by one thread of one process, which is the only one that writes."""

    def __init__(self, path: Path) -> None:
        """Open or create. Raises LedgerDamaged, LocalDiskFull."""
        self._path = self.path = path
        self._lanes: dict[str, int] = {}
        with translated(path):
            self._engine = self.engine = open_sqlite(path, durable=True)
            schema.bring_up_to_date(self._engine)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _value: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the file back."""
        self._engine.dispose()

    def lane(self, key: str, target: str) -> int:
        """The number of a lane, made on first use. ``target`` names the account that it writes to."""
        if key not in self._lanes:
            with translated(self._path), self._engine.begin() as db:
                db.execute(upsert(schema.lane).values(key=key, target=target).on_conflict_do_nothing())
                self._lanes[key] = db.execute(select(schema.lane.c.id).where(schema.lane.c.key == key)).scalar_one()
        return self._lanes[key]

    def known_lane(self, key: str) -> int | None:
        """The number of a lane, or None when nothing was ever applied to it; writes nothing."""
        with translated(self._path), self._engine.connect() as db:
            return db.execute(select(schema.lane.c.id).where(schema.lane.c.key == key)).scalar()

    def begin_run(self, command: str, plan: str = "") -> int:
        """Record that a command starts; returns its number."""
        with translated(self._path), self._engine.begin() as db:
            row = db.execute(insert(schema.run).values(command=command, plan=plan, started=now()))
            return int(row.inserted_primary_key[0])  # type: ignore[index]

    def end_run(self, number: int, exit_code: int) -> None:
        """Record how it ended."""
        with translated(self._path), self._engine.begin() as db:
            db.execute(
                update(schema.run).where(schema.run.c.id == number).values(ended=now(), exit_code=int(exit_code))
            )

    def runs(self, most: int = 10) -> list[RunRow]:
        """The last commands, newest first."""
        columns = [schema.run.c[name] for name in ("command", "plan", "started", "ended", "exit_code")]
        with translated(self._path), self._engine.connect() as db:
            rows = db.execute(select(*columns).order_by(schema.run.c.id.desc()).limit(most)).all()
        return [RunRow(**row._mapping) for row in rows]

    def pairs(self, lane: int | None, hrefs: Iterable[str]) -> dict[str, Pair]:
        """The pairs of these source items."""
        found: dict[str, Pair] = {}
        if lane is None:
            return found
        with translated(self._path), self._engine.connect() as db:
            for chunk in chunks(hrefs):
                query = select(schema.pair).where(schema.pair.c.lane == lane, schema.pair.c.source_href.in_(chunk))
                found.update((row.source_href, _pair(row)) for row in db.execute(query))
        return found

    def pairs_after(self, lane: int | None, href: str) -> list[Pair]:
        """The next pairs of a lane, in the order of source hrefs; empty at the end."""
        table = schema.pair
        query = select(table).where(table.c.lane == lane, table.c.source_href > href)
        with translated(self._path), self._engine.connect() as db:
            return [_pair(row) for row in db.execute(query.order_by(table.c.source_href).limit(CHUNK))]

    def pair_hrefs(self, lane: int | None) -> Iterator[str]:
        """The source hrefs of a lane's pairs."""
        query = select(schema.pair.c.source_href).where(schema.pair.c.lane == lane)
        with translated(self._path), self._engine.connect() as db:
            yield from db.execute(query).scalars()

    def pair_count(self, lane: int | None) -> int:
        """How many items of a lane were stored."""
        query = select(func.count()).select_from(schema.pair).where(schema.pair.c.lane == lane)
        with translated(self._path), self._engine.connect() as db:
            return db.execute(query).scalar_one()

    def copies(self, lane: int | None, digest: str) -> list[str]:
        """Target hrefs of the lane's pairs with this content."""
        query = select(schema.pair.c.target_href).where(schema.pair.c.lane == lane, schema.pair.c.digest == digest)
        with translated(self._path), self._engine.connect() as db:
            return list(db.execute(query).scalars())

    def known_sizes(self, lane: int | None, sizes: Iterable[int]) -> set[int]:
        """Which of these sizes, in bytes, some pair of the lane has."""
        found: set[int] = set()
        with translated(self._path), self._engine.connect() as db:
            for chunk in chunks(sizes):
                table = schema.pair
                query = select(table.c.size).where(table.c.lane == lane, table.c.size.in_(chunk)).distinct()
                found.update(db.execute(query).scalars())
        return found

    def claimed(self, target: str, hrefs: Iterable[str]) -> set[str]:
        """Which of these target items a pair already accounts for, whichever lane wrote them."""
        found: set[str] = set()
        with translated(self._path), self._engine.connect() as db:
            for chunk in chunks(hrefs):
                query = (
                    select(schema.pair.c.target_href)
                    .join(schema.lane, schema.lane.c.id == schema.pair.c.lane)
                    .where(schema.lane.c.target == target, schema.pair.c.target_href.in_(chunk))
                )
                found.update(db.execute(query).scalars())
        return found

    def intents(self, lane: int | None, hrefs: Iterable[str]) -> dict[str, str]:
        """The marks of writes begun and never confirmed, by source href."""
        found: dict[str, str] = {}
        if lane is None:
            return found
        with translated(self._path), self._engine.connect() as db:
            for chunk in chunks(hrefs):
                table = schema.intent
                query = select(table.c.source_href, table.c.mark).where(
                    table.c.lane == lane, table.c.source_href.in_(chunk)
                )
                found.update((row.source_href, row.mark) for row in db.execute(query))
        return found

    def intend(self, plan: str, lane: int, marks: Mapping[str, str]) -> None:
        """Record, before anything is sent, that these source items are about to be written.

        An earlier intent keeps its earlier mark: what it may have stored lies after that one.
        """
        at = now()
        rows = [
            {"lane": lane, "source_href": href, "mark": mark, "plan": plan, "at": at} for href, mark in marks.items()
        ]
        if rows:
            with translated(self._path), self._engine.begin() as db:
                db.execute(upsert(schema.intent).on_conflict_do_nothing(), rows)

    def record(self, plan: str, lane: int, results: Sequence[Result]) -> None:
        """Record how actions ended, their pairs and the end of their intents, in one transaction."""
        if not results:
            return
        at = now()
        pairs = [
            asdict(r.pair) | {"flags": json.dumps(r.pair.flags), "lane": lane, "plan": plan, "at": at}
            for r in results
            if r.pair is not None
        ]
        outcomes = [
            {"plan": plan, "n": r.n, "lane": lane, "state": r.state.value, "code": r.code, "at": at} for r in results
        ]
        with translated(self._path), self._engine.begin() as db:
            for chunk in chunks(r.forgets for r in results if r.forgets):
                table = schema.pair
                db.execute(delete(table).where(table.c.lane == lane, table.c.source_href.in_(chunk)))
            made = [{"lane": lane, "href": r.made[0], "path": json.dumps(r.made[1])} for r in results if r.made]
            if made:
                db.execute(insert(schema.made).prefix_with("OR REPLACE"), made)
            if pairs:
                db.execute(insert(schema.pair).prefix_with("OR REPLACE"), pairs)
            db.execute(insert(schema.outcome).prefix_with("OR REPLACE"), outcomes)
            settled = [r.source_href for r in results if r.state is not State.FAILED]
            for chunk in chunks(settled):
                table = schema.intent
                db.execute(delete(table).where(table.c.lane == lane, table.c.source_href.in_(chunk)))

    def doubt(self, lane: int | None, hrefs: Iterable[str]) -> None:
        """These were read back and are not what was sent: the next plan sends them again."""
        with translated(self._path), self._engine.begin() as db:
            for chunk in chunks(hrefs):
                table = schema.pair
                wrong = update(table).where(table.c.lane == lane, table.c.source_href.in_(chunk))
                db.execute(wrong.values(digest="", source_etag=""))

    def outcomes(self, plan: str, numbers: Iterable[int]) -> dict[int, State]:
        """How these actions of a plan ended so far."""
        found: dict[int, State] = {}
        with translated(self._path), self._engine.connect() as db:
            for chunk in chunks(numbers):
                table = schema.outcome
                query = select(table.c.n, table.c.state).where(table.c.plan == plan, table.c.n.in_(chunk))
                found.update((row.n, State(row.state)) for row in db.execute(query))
        return found

    def tally(self, plan: str) -> dict[tuple[str, State, str], int]:
        """Counts of a plan's outcomes by (lane key, state, code)."""
        table = schema.outcome
        query = (
            select(schema.lane.c.key, table.c.state, table.c.code, func.count())
            .join(schema.lane, schema.lane.c.id == table.c.lane)
            .where(table.c.plan == plan)
            .group_by(schema.lane.c.key, table.c.state, table.c.code)
        )
        with translated(self._path), self._engine.connect() as db:
            return {(key, State(state), code): count for key, state, code, count in db.execute(query)}

    def pair_counts(self) -> dict[str, tuple[int, int]]:
        """Items and bytes stored so far, by lane key."""
        query = (
            select(schema.lane.c.key, func.count(), func.coalesce(func.sum(schema.pair.c.size), 0))
            .join(schema.pair, schema.pair.c.lane == schema.lane.c.id)
            .group_by(schema.lane.c.key)
        )
        with translated(self._path), self._engine.connect() as db:
            return {key: (count, size) for key, count, size in db.execute(query)}

    def open_intents(self) -> int:
        """Writes begun and never confirmed."""
        with translated(self._path), self._engine.connect() as db:
            return db.execute(select(func.count()).select_from(schema.intent)).scalar_one()
