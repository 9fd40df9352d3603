"""Tables of one listing of both sides: what is too much for memory.

Planning and verifying write here and nowhere else. The scratch file is removed with the object; plans keep the
source's half in a file of its own, with the provider's cursor, so that the next listing is a delta. That file is a
cache: without it, or when it is damaged, the source is listed again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import (
    Column,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    delete,
    func,
    insert,
    select,
)
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DatabaseError

from migrate.errors import LedgerDamaged
from migrate.ledger.database import open_sqlite, translated
from migrate.ledger.ledger import CHUNK, chunks
from migrate.model import Collection, Disposition, Loss, Skip
from migrate.rows import Known, SourceRow, TargetRow

SHAPE = "1"
"""Of the kept file: another one is made anew."""

_metadata = MetaData()
_sources_metadata = MetaData()

_listing = Table(
    "listing",
    _sources_metadata,
    Column("lane", String, primary_key=True),
    Column("shape", String, nullable=False),
    Column("cursor", String, nullable=False),
    Column("ground", String, nullable=False),
    Column("homes", String, nullable=False),
    Column("places", String, nullable=False),
)

_source = Table(
    "source",
    _sources_metadata,
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
    Column("date", Integer),
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
    """A scratch database, with the kept half of the sources where there is one. Used by one thread."""

    def __init__(self, path: Path, kept: Path | None = None) -> None:
        """Create it, replacing what a killed run left there. ``kept``: the file that holds sources between runs."""
        self._path = path
        self._sources_path = kept or path
        path.unlink(missing_ok=True)
        with translated(path):
            self._engine = open_sqlite(path, durable=False)
            _metadata.create_all(self._engine)
        self._sources = self._engine if kept is None else _open_kept(kept)
        if kept is None:
            with translated(path):
                _sources_metadata.create_all(self._sources)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _value: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._engine.dispose()
        self._sources.dispose()
        self._path.unlink(missing_ok=True)

    def known(self, lane: str) -> Known | None:
        """What the last whole listing of this source left, if it can be gone on from."""
        query = select(_listing).where(_listing.c.lane == lane, _listing.c.shape == SHAPE)
        with translated(self._sources_path), self._sources.connect() as db:
            row = db.execute(query).first()
        if row is None:
            return None
        places = {key: _collection(plain) for key, plain in json.loads(row.places).items()}
        return Known(cursor=row.cursor, ground=row.ground, homes=json.loads(row.homes), places=places)

    def keep(self, lane: str, known: Known) -> None:
        """The listing of this source is whole: the next one may begin at its cursor."""
        plain = {key: _plain_collection(place) for key, place in known.places.items()}
        values = {"lane": lane, "shape": SHAPE, "cursor": known.cursor, "ground": known.ground}
        values |= {"homes": json.dumps(dict(known.homes)), "places": json.dumps(plain)}
        with translated(self._sources_path), self._sources.begin() as db:
            db.execute(insert(_listing).prefix_with("OR REPLACE"), [values])

    def forget_sources(self, lane: str) -> None:
        """Begin a source's listing anew."""
        with translated(self._sources_path), self._sources.begin() as db:
            db.execute(delete(_listing).where(_listing.c.lane == lane))
            db.execute(delete(_source).where(_source.c.lane == lane))

    def remove_sources(self, lane: str, hrefs: Iterable[str]) -> None:
        """These items are no longer at the source."""
        with translated(self._sources_path):
            for chunk in chunks(hrefs):
                with self._sources.begin() as db:
                    db.execute(delete(_source).where(_source.c.lane == lane, _source.c.href.in_(chunk)))

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
                "date": row.date,
            }
            for row in rows
        ]
        if values:
            with translated(self._sources_path), self._sources.begin() as db:
                db.execute(insert(_source).prefix_with("OR REPLACE"), values)

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
        if values:
            with translated(self._path), self._engine.begin() as db:
                db.execute(insert(_target).prefix_with("OR REPLACE"), values)

    def sources(self, lane: str) -> Iterator[SourceRow]:
        """Every source row of a lane, streamed by (collection, sort, href)."""
        key = [_source.c.collection, _source.c.sort, _source.c.href]
        query = select(_source).where(_source.c.lane == lane).order_by(*key)
        with translated(self._sources_path), self._sources.connect() as db:
            for row in db.execution_options(yield_per=CHUNK).execute(query):
                yield _source_row(row._mapping)

    def listed(self, lane: str, hrefs: Iterable[str]) -> dict[str, SourceRow]:
        """The source rows of these hrefs."""
        found: dict[str, SourceRow] = {}
        with translated(self._sources_path), self._sources.connect() as db:
            for chunk in chunks(hrefs):
                query = select(_source).where(_source.c.lane == lane, _source.c.href.in_(chunk))
                for row in db.execute(query):
                    found[row.href] = _source_row(row._mapping)
        return found

    def listed_hrefs(self, lane: str, hrefs: Iterable[str]) -> set[str]:
        """Which of these source hrefs are listed."""
        found: set[str] = set()
        with translated(self._sources_path), self._sources.connect() as db:
            for chunk in chunks(hrefs):
                query = select(_source.c.href).where(_source.c.lane == lane, _source.c.href.in_(chunk))
                found.update(db.execute(query).scalars())
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
        with translated(self._sources_path), self._sources.connect() as db:
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
        with translated(self._sources_path), self._sources.connect() as db:
            return db.execute(select(func.count()).select_from(_source).where(_source.c.lane == lane)).scalar_one()


def _open_kept(path: Path) -> Engine:
    """The kept sources; a file that cannot be read is replaced."""
    for _ in range(2):
        engine = open_sqlite(path, durable=True)
        try:
            _sources_metadata.create_all(engine)
            with engine.connect() as db:
                db.execute(select(_source).limit(1)).all()
                db.execute(select(_listing).limit(1)).all()
        except DatabaseError as error:
            engine.dispose()
            if any(word in str(error.orig) for word in ("full", "disk I/O", "locked", "readonly", "unable to open")):
                with translated(path):
                    raise
            for one in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
                one.unlink(missing_ok=True)
        else:
            return engine
    raise LedgerDamaged(f"{path.name} cannot be made anew.", advice=f"Remove it: {path}")


def _plain_collection(place: Collection) -> dict[str, object]:
    return {"path": place.path, "role": place.role, "properties": dict(place.properties)}


def _collection(plain: dict[str, object]) -> Collection:
    return Collection(href="", **{**plain, "path": tuple(plain["path"])})  # type: ignore[arg-type]


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
