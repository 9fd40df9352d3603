"""The ledger's tables and the numbered steps that bring an older file up to date.

Business tables: ``pair`` (what was stored where), ``intent`` (a write that was begun), ``outcome`` (how each
action of a plan ended), ``lane``, ``run``. No message body, no token, no subject is ever stored.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    inspect,
    select,
)
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
    Column("ground", String, nullable=False, server_default=""),
    # When it was rolled back last, as plan ids begin: older plans are refused.
    Column("rolled_back", String, nullable=False, server_default=""),
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
    Column("adopted", Integer, nullable=False, server_default="0"),
    Column("plan", String, nullable=False),
    Column("at", String, nullable=False),
    Index("pair_target", "target_href"),
    Index("pair_digest", "lane", "digest"),
    Index("pair_size", "lane", "size"),
)

wave = Table(
    "wave",
    metadata,
    Column("name", String, primary_key=True),
    Column("state", String, nullable=False),
    Column("deltas", Integer, nullable=False),
    Column("at", String, nullable=False),
    Column("approved", String, nullable=False),
    Column("approved_by", String, nullable=False),
    Column("approved_at", String, nullable=False),
    Column("signed_by", String, nullable=False),
)

event = Table(
    "event",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("wave", String, nullable=False),
    Column("what", String, nullable=False),
    Column("detail", String, nullable=False),
    Column("at", String, nullable=False),
)

made = Table(
    "made",
    metadata,
    Column("lane", ForeignKey("lane.id"), primary_key=True),
    Column("href", String, primary_key=True),
    Column("path", String, nullable=False),
)

granted = Table(
    "granted",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("lane", ForeignKey("lane.id"), nullable=False),
    Column("href", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("role", String, nullable=False),
    Column("principal", String, nullable=False),
    Column("expires", String, nullable=False),
    UniqueConstraint("lane", "href", "kind", "principal"),
)

speed = Table(
    "speed",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("lane", ForeignKey("lane.id"), nullable=False),
    Column("items", Integer, nullable=False),
    Column("bytes", Integer, nullable=False),
    Column("seconds", Integer, nullable=False),
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

BUSINESS = (lane, run, pair, intent, outcome, wave, event, made, granted, speed)


def _create_everything(connection: Connection) -> None:
    metadata.create_all(connection)


def _remember_places(connection: Connection) -> None:
    """Where each item was placed: what moves at the source is followed from then on."""
    _add(connection, pair.c.place)
    _add(connection, pair.c.name)


def _waves(connection: Connection) -> None:
    """Waves, what they stand on, what was made for them, and who made what lies at the target."""
    metadata.create_all(connection, tables=[wave, event, made, speed], checkfirst=True)
    _add(connection, lane.c.ground)
    if _add(connection, pair.c.adopted):
        # Which items of a lane were found there, and not made by us, was not recorded: a rollback removes none of them.
        connection.exec_driver_sql(
            "UPDATE pair SET adopted = 1 WHERE lane IN (SELECT lane FROM outcome WHERE code = 'found-there')"
        )


def _rollback(connection: Connection) -> None:
    """What was granted, so that it can be ended; shares made before this step are not ended by a rollback."""
    metadata.create_all(connection, tables=[granted], checkfirst=True)
    _add(connection, lane.c.rolled_back)


def _add(connection: Connection, column: Column[Any]) -> bool:
    """Add a column, unless step 1 made the table with it; tells whether it was added."""
    table = column.table.name
    if column.name in {found["name"] for found in inspect(connection).get_columns(table)}:
        return False
    kind, empty = ("INTEGER", "0") if isinstance(column.type, Integer) else ("VARCHAR", "''")
    ending = "" if column.nullable else f" NOT NULL DEFAULT {empty}"
    connection.exec_driver_sql(f"ALTER TABLE {table} ADD COLUMN {column.name} {kind}{ending}")
    return True


STEPS: tuple[Callable[[Connection], None], ...] = (_create_everything, _remember_places, _waves, _rollback)
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
