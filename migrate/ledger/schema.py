"""The ledger's tables and the numbered steps that bring an older file up to date.

Business tables: ``pair`` (what was stored where), ``intent`` (a write that was begun), ``outcome`` (how each
action of a plan ended), ``lane``, ``run``. No message body, no token, no subject is ever stored.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Column, Connection, ForeignKey, Index, Integer, MetaData, String, Table, inspect, select
from sqlalchemy.engine import Engine

from migrate.errors import LedgerDamaged

metadata = MetaData()

meta = Table("meta", metadata, Column("key", String, primary_key=True), Column("value", String, nullable=False))

lane = Table(
    "lane",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String, nullable=False, unique=True),
    # Two source accounts may share one target account: what one stored, the other must not claim.
    Column("target", String, nullable=False, index=True),
)

run = Table(
    "run",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("command", String, nullable=False),
    Column("plan", String, nullable=False),
    Column("started", String, nullable=False),
    Column("ended", String),
    Column("exit_code", Integer),
)

pair = Table(
    "pair",
    metadata,
    Column("lane", ForeignKey("lane.id"), primary_key=True),
    Column("source_href", String, primary_key=True),
    Column("source_etag", String, nullable=False),
    Column("target_collection", String, nullable=False),
    Column("target_href", String, nullable=False),
    Column("target_etag", String, nullable=False),
    Column("media_type", String, nullable=False),
    Column("size", Integer, nullable=False),
    Column("digest", String, nullable=False),
    Column("flags", String, nullable=False),
    Column("date", Integer),
    Column("place", String),
    Column("name", String, nullable=False, server_default=""),
    Column("plan", String, nullable=False),
    Column("at", String, nullable=False),
    Index("pair_target", "target_href"),
    Index("pair_digest", "lane", "digest"),
    Index("pair_size", "lane", "size"),
)

intent = Table(
    "intent",
    metadata,
    Column("lane", ForeignKey("lane.id"), primary_key=True),
    Column("source_href", String, primary_key=True),
    Column("mark", String, nullable=False),
    Column("plan", String, nullable=False),
    Column("at", String, nullable=False),
)

outcome = Table(
    "outcome",
    metadata,
    Column("plan", String, primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("lane", ForeignKey("lane.id"), nullable=False),
    Column("state", String, nullable=False),
    Column("code", String, nullable=False),
    Column("at", String, nullable=False),
)

BUSINESS = (lane, run, pair, intent, outcome)


def _create_everything(connection: Connection) -> None:
    metadata.create_all(connection)


def _remember_places(connection: Connection) -> None:
    """Where each item was placed: what moves at the source is followed from then on."""
    _add(connection, pair.c.place)
    _add(connection, pair.c.name)


def _add(connection: Connection, column: Column[str]) -> None:
    """Add a column, unless step 1 made the table with it."""
    table = column.table.name
    if column.name not in {found["name"] for found in inspect(connection).get_columns(table)}:
        ending = " NOT NULL DEFAULT ''" if not column.nullable else ""
        connection.exec_driver_sql(f"ALTER TABLE {table} ADD COLUMN {column.name} VARCHAR{ending}")


STEPS: tuple[Callable[[Connection], None], ...] = (_create_everything, _remember_places)
"""Step *i* takes a ledger from version *i* to *i + 1*; each runs in the transaction that records it."""


def bring_up_to_date(engine: Engine) -> None:
    """Apply the missing steps. Raises LedgerDamaged when a newer version wrote this ledger."""
    with engine.connect() as connection:
        if _version(connection) == len(STEPS):
            return
    with engine.begin() as connection:
        # Said aloud: the sqlite3 module opens no transaction of its own before CREATE TABLE, and a run that is
        # killed in the middle must leave all of a step or nothing.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        version = _version(connection)
        if version > len(STEPS):
            raise LedgerDamaged(
                f"The ledger has schema {version}; this version of transhume knows up to {len(STEPS)}.",
                advice="Install the version of transhume that made it, or a later one.",
            )
        meta.create(connection, checkfirst=True)
        for step in STEPS[version:]:
            step(connection)
        connection.execute(meta.delete().where(meta.c.key == "schema"))
        connection.execute(meta.insert().values(key="schema", value=str(len(STEPS))))


def _version(connection: Connection) -> int:
    """How many steps a ledger has seen; 0 for a new one."""
    if not inspect(connection).has_table(meta.name):
        return 0
    return int(connection.execute(select(meta.c.value).where(meta.c.key == "schema")).scalar() or 0)
