"""Scratch tables of one listing of both sides: what is too much for memory and of no use afterwards.

Planning and verifying write here and nowhere else; the file is removed with the object.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Column, Index, Integer, MetaData, String, Table, UniqueConstraint, func, insert, select

from migrate.ledger.database import open_sqlite, translated
from migrate.ledger.ledger import CHUNK, chunks
from migrate.model import Disposition, Loss, Skip
from migrate.rows import SourceRow, TargetRow

_metadata = MetaData()

_source = Table(
    "source",
    _metadata,
    Column("lane", String, primary_key=True),
    Column("collection", String, primary_key=True),
    Column("sort", String, primary_key=True),
    Column("href", String, primary_key=True),
    Column("etag", String, nullable=False),
    Column("size", Integer),
    Column("exact", Integer, nullable=False),
    Column("name", String, nullable=False),
    Column("media_type", String, nullable=False),
    Column("home", String, nullable=False),
    Column("flags", String, nullable=False),
    Column("losses", String, nullable=False),
    Column("skip", String, nullable=False),
    Column("fold", String, nullable=False),
    UniqueConstraint("lane", "href"),
)

_target = Table(
    "target",
    _metadata,
    Column("lane", String, primary_key=True),
    Column("href", String, primary_key=True),
    Column("collection", String, nullable=False),
    Column("name", String, nullable=False),
    Column("etag", String, nullable=False),
    Column("size", Integer),
    Column("flags", String, nullable=False),
    Column("date", Integer),
    Column("home", String, nullable=False),
    Index("target_name", "lane", "name"),
)


class Scan:
    """A scratch database. Used by one thread."""

    def __init__(self, path: Path) -> None:
        """Create it, replacing what a killed run left there."""
        self._path = path
        path.unlink(missing_ok=True)
        with translated(path):
            self._engine = open_sqlite(path, durable=False)
            _metadata.create_all(self._engine)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _value: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._engine.dispose()
        self._path.unlink(missing_ok=True)

    def add_sources(self, lane: str, rows: Iterable[SourceRow]) -> None:
        """Keep rows of a source's listing; a row listed twice is kept once."""
        values: list[dict[str, object]] = [
            {
                "lane": lane,
                "collection": row.collection,
                "sort": row.sort,
                "href": row.href,
                "etag": row.etag,
                "size": row.size,
                "exact": int(row.exact),
                "name": row.name,
                "media_type": row.media_type,
                "home": row.home,
                "flags": json.dumps(row.flags),
                "losses": json.dumps([[loss.field, loss.reason] for loss in row.losses]),
                "skip": json.dumps([row.skip.code, row.skip.reason, row.skip.disposition]) if row.skip else "",
                "fold": row.fold,
            }
            for row in rows
        ]
        self._insert(_source, values)

    def add_targets(self, lane: str, rows: Iterable[TargetRow]) -> None:
        """Keep rows of a target's listing."""
        values: list[dict[str, object]] = [
            {
                "lane": lane,
                "href": row.href,
                "collection": row.collection,
                "name": row.name,
                "etag": row.etag,
                "size": row.size,
                "flags": json.dumps(row.flags),
                "date": row.date,
                "home": row.home,
            }
            for row in rows
        ]
        self._insert(_target, values)

    def _insert(self, table: Table, values: list[dict[str, object]]) -> None:
        if values:
            with translated(self._path), self._engine.begin() as db:
                db.execute(insert(table).prefix_with("OR REPLACE"), values)

    def sources(self, lane: str) -> Iterator[SourceRow]:
        """Every source row of a lane, streamed by (collection, sort, href)."""
        key = [_source.c.collection, _source.c.sort, _source.c.href]
        query = select(_source).where(_source.c.lane == lane).order_by(*key)
        with translated(self._path), self._engine.connect() as db:
            for row in db.execution_options(yield_per=CHUNK).execute(query):
                yield _source_row(row._mapping)

    def listed(self, lane: str, hrefs: Iterable[str]) -> dict[str, SourceRow]:
        """The source rows of these hrefs."""
        found: dict[str, SourceRow] = {}
        with translated(self._path), self._engine.connect() as db:
            for chunk in chunks(hrefs):
                query = select(_source).where(_source.c.lane == lane, _source.c.href.in_(chunk))
                for row in db.execute(query):
                    found[row.href] = _source_row(row._mapping)
        return found

    def clashes(self, lane: str) -> dict[tuple[str, str], list[SourceRow]]:
        """Rows whose names cannot stand together, by (collection, fold), the elder first."""
        crowd = (
            select(_source.c.collection, _source.c.fold)
            .where(_source.c.lane == lane, _source.c.fold != "", _source.c.skip == "")
            .group_by(_source.c.collection, _source.c.fold)
            .having(func.count() > 1)
            .subquery()
        )
        query = (
            select(_source)
            .join(crowd, (crowd.c.collection == _source.c.collection) & (crowd.c.fold == _source.c.fold))
            .where(_source.c.lane == lane, _source.c.skip == "")
            .order_by(_source.c.collection, _source.c.fold, _source.c.sort, _source.c.href)
        )
        found: dict[tuple[str, str], list[SourceRow]] = {}
        with translated(self._path), self._engine.connect() as db:
            for row in db.execute(query):
                source = _source_row(row._mapping)
                found.setdefault((source.collection, source.fold), []).append(source)
        return found

    def occupants(self, lane: str, places: Iterable[tuple[str, str]]) -> dict[tuple[str, str], TargetRow]:
        """What the target holds at these (collection, name) places."""
        found: dict[tuple[str, str], TargetRow] = {}
        wanted = set(places)
        with translated(self._path), self._engine.connect() as db:
            for chunk in chunks(sorted({name for _, name in wanted})):
                query = select(_target).where(_target.c.lane == lane, _target.c.name.in_(chunk))
                for row in db.execute(query):
                    if (row.collection, row.name) in wanted:
                        found[row.collection, row.name] = _target_row(row._mapping)
        return found

    def targets(self, lane: str, hrefs: Iterable[str]) -> dict[str, TargetRow]:
        """The target rows of these hrefs."""
        found: dict[str, TargetRow] = {}
        with translated(self._path), self._engine.connect() as db:
            for chunk in chunks(hrefs):
                query = select(_target).where(_target.c.lane == lane, _target.c.href.in_(chunk))
                for row in db.execute(query):
                    found[row.href] = _target_row(row._mapping)
        return found

    def targets_after(self, lane: str, href: str) -> list[TargetRow]:
        """The next target rows of a lane, in the order of hrefs; empty at the end."""
        query = select(_target).where(_target.c.lane == lane, _target.c.href > href)
        with translated(self._path), self._engine.connect() as db:
            return [_target_row(row._mapping) for row in db.execute(query.order_by(_target.c.href).limit(CHUNK))]

    def target_count(self, lane: str, collections: Iterable[str]) -> int:
        """How many items the target holds in these collections."""
        total = 0
        with translated(self._path), self._engine.connect() as db:
            for chunk in chunks(collections):
                query = select(func.count()).select_from(_target)
                query = query.where(_target.c.lane == lane, _target.c.collection.in_(chunk))
                total += db.execute(query).scalar_one()
        return total

    def source_count(self, lane: str) -> int:
        """How many distinct source items were listed."""
        with translated(self._path), self._engine.connect() as db:
            return db.execute(select(func.count()).select_from(_source).where(_source.c.lane == lane)).scalar_one()


def _source_row(mapping: object) -> SourceRow:
    row = dict(mapping)  # type: ignore[call-overload]
    row.pop("lane")
    row["exact"] = bool(row["exact"])
    row["flags"] = tuple(json.loads(row["flags"]))
    row["losses"] = tuple(Loss(field=f, reason=r) for f, r in json.loads(row["losses"]))
    row["skip"] = _skip(*json.loads(row["skip"])) if row["skip"] else None
    return SourceRow(**row)


def _skip(code: str, reason: str, disposition: str) -> Skip:
    return Skip(code=code, reason=reason, disposition=Disposition(disposition))


def _target_row(row: object) -> TargetRow:
    fields = dict(row)  # type: ignore[call-overload]
    fields.pop("lane")
    fields["flags"] = tuple(json.loads(fields["flags"]))
    return TargetRow(**fields)
