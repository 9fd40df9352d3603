"""What a rollback reads in the ledger, and what it strikes out once it is gone from the target."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import delete, func, insert, select, update

from migrate.ledger import schema
from migrate.ledger.database import translated
from migrate.ledger.ledger import Ledger, chunks
from migrate.model import Grant, GrantKind, GrantRole


def made_collections(ledger: Ledger, lane: int | None) -> list[tuple[str, tuple[str, ...]]]:
    """(href, path) of the collections that were made for a lane, the deepest first."""
    query = select(schema.made.c.href, schema.made.c.path).where(schema.made.c.lane == lane)
    with translated(ledger.path), ledger.engine.connect() as db:
        found = [(href, tuple(json.loads(path))) for href, path in db.execute(query)]
    return sorted(found, key=lambda one: (-len(one[1]), one[1]))


def unmake(ledger: Ledger, lane: int | None, href: str) -> None:
    """A collection that was made is gone."""
    table = schema.made
    with translated(ledger.path), ledger.engine.begin() as db:
        db.execute(delete(table).where(table.c.lane == lane, table.c.href == href))


def grants_made(ledger: Ledger, lane: int | None) -> list[tuple[str, Grant]]:
    """(href, grant) of what was shared for a lane."""
    table = schema.granted
    query = select(table).where(table.c.lane == lane).order_by(table.c.id)
    with translated(ledger.path), ledger.engine.connect() as db:
        return [
            (
                row.href,
                Grant(
                    kind=GrantKind(row.kind),
                    role=GrantRole(row.role),
                    principal=row.principal,
                    expires=datetime.fromisoformat(row.expires) if row.expires else None,
                ),
            )
            for row in db.execute(query)
        ]


def keep_grant(ledger: Ledger, lane: int, href: str, grant: Grant) -> None:
    """Record, before it is made, that this share is ours to end."""
    values = {
        "lane": lane,
        "href": href,
        "kind": grant.kind.value,
        "role": grant.role.value,
        "principal": grant.principal,
        "expires": grant.expires.isoformat() if grant.expires else "",
    }
    with translated(ledger.path), ledger.engine.begin() as db:
        db.execute(insert(schema.granted).prefix_with("OR REPLACE"), [values])


def ungrant(ledger: Ledger, lane: int | None, href: str, grant: Grant) -> None:
    """A share that was made has ended."""
    table = schema.granted
    place = (table.c.lane == lane, table.c.href == href)
    with translated(ledger.path), ledger.engine.begin() as db:
        db.execute(delete(table).where(*place, table.c.kind == grant.kind, table.c.principal == grant.principal))


def forget_pairs(ledger: Ledger, lane: int | None, hrefs: Sequence[str]) -> None:
    """These items are no longer at the target: nothing is known of them."""
    with translated(ledger.path), ledger.engine.begin() as db:
        for chunk in chunks(hrefs):
            for table in (schema.pair, schema.intent):
                db.execute(delete(table).where(table.c.lane == lane, table.c.source_href.in_(chunk)))


def unconfirmed(ledger: Ledger, lane: int | None) -> int:
    """How many writes of a lane were begun and never confirmed."""
    table = schema.intent
    query = select(func.count()).select_from(table).where(table.c.lane == lane)
    known = select(schema.pair.c.source_href).where(schema.pair.c.lane == lane)
    with translated(ledger.path), ledger.engine.connect() as db:
        return db.execute(query.where(table.c.source_href.not_in(known))).scalar_one()


def roll_back(ledger: Ledger, lane: int | None) -> None:
    """Before anything is removed: plans made until now are of no use for this lane any more."""
    moment = datetime.now(UTC)
    stamp = f"{moment:%Y%m%dT%H%M%S}{moment.microsecond // 1000:03}Z"
    with translated(ledger.path), ledger.engine.begin() as db:
        db.execute(update(schema.lane).where(schema.lane.c.id == lane).values(rolled_back=stamp))
        db.execute(delete(schema.outcome).where(schema.outcome.c.lane == lane))


def rolled_back_since(ledger: Ledger, plan: str) -> list[str]:
    """Keys of the lanes that were rolled back after the plan of this id was made."""
    table = schema.lane
    query = select(table.c.key).where(table.c.rolled_back >= plan.partition("-")[0]).order_by(table.c.key)
    with translated(ledger.path), ledger.engine.connect() as db:
        return list(db.execute(query).scalars())
