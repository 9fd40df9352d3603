"""The ledger's tables and the numbered steps that bring an older file up to date.

Business tables: ``pair`` (what was stored where), ``intent`` (a write that was begun), ``outcome`` (how each
action of a plan ended), ``lane``, ``run``. No message body, no token, no subject is ever stored.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Column, Connection, ForeignKey, Index, Integer, MetaData, String, Table, select
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


STEPS: tuple[Callable[[Connection], None], ...] = (_create_everything,)
"""Step *i* takes a ledger from version *i* to *i + 1*; each runs in the transaction that records it."""


def bring_up_to_date(engine: Engine) -> None:
    """Apply the missing steps. Raises LedgerDamaged when a newer version wrote this ledger."""
    with engine.begin() as connection:
        meta.create(connection, checkfirst=True)
        found = connection.execute(select(meta.c.value).where(meta.c.key == "schema")).scalar()
        version = int(found or 0)
        if version > len(STEPS):
            raise LedgerDamaged(
                f"The ledger has schema {version}; this version of transhume knows up to {len(STEPS)}.",
                advice="Install the version of transhume that made it, or a later one.",
            )
        if version == len(STEPS):
            return
        for step in STEPS[version:]:
            step(connection)
        connection.execute(meta.delete().where(meta.c.key == "schema"))
        connection.execute(meta.insert().values(key="schema", value=str(len(STEPS))))
