"""Waves, what lanes stand on and how fast they went: the ledger's smaller tables."""

from __future__ import annotations

import json
from collections.abc import Mapping

from sqlalchemy import func, insert, select, update

from migrate.ledger import schema
from migrate.ledger.database import translated
from migrate.ledger.ledger import Ledger, now
from migrate.waves import Wave, WaveState


def waves(ledger: Ledger) -> dict[str, Wave]:
    """Every wave that anything happened to, by name."""
    with translated(ledger.path), ledger.engine.connect() as db:
        rows = [dict(row._mapping) for row in db.execute(select(schema.wave))]
    return {
        row["name"]: Wave(
            **row | {"state": WaveState(row["state"]), "approved": frozenset(json.loads(row["approved"]))}
        )
        for row in rows
    }


def wave(ledger: Ledger, name: str) -> Wave:
    """One wave; planned when nothing happened to it yet."""
    return waves(ledger).get(name, Wave(name=name))


def keep_wave(ledger: Ledger, one: Wave, what: str, detail: str = "") -> None:
    """Record a wave and what brought it there, in one transaction."""
    values = {
        "name": one.name,
        "state": one.state.value,
        "deltas": one.deltas,
        "at": one.at or now(),
        "approved": json.dumps(sorted(one.approved)),
        "approved_by": one.approved_by,
        "approved_at": one.approved_at,
        "signed_by": one.signed_by,
    }
    with translated(ledger.path), ledger.engine.begin() as db:
        db.execute(insert(schema.wave).prefix_with("OR REPLACE"), [values])
        db.execute(insert(schema.event).values(wave=one.name, what=what, detail=detail, at=now()))


def happened(ledger: Ledger, name: str, what: str, detail: str) -> bool:
    """Whether that was recorded of a wave already."""
    table = schema.event
    query = select(table.c.id).where(table.c.wave == name, table.c.what == what, table.c.detail == detail).limit(1)
    with translated(ledger.path), ledger.engine.connect() as db:
        return db.execute(query).first() is not None


def ground(ledger: Ledger, lane: str) -> dict[str, str]:
    """What a lane stood on when something was last written for it; empty when nothing was, or not recorded."""
    with translated(ledger.path), ledger.engine.connect() as db:
        text = db.execute(select(schema.lane.c.ground).where(schema.lane.c.key == lane)).scalar()
    return dict(json.loads(text)) if text else {}


def keep_ground(ledger: Ledger, lane: int, settings: Mapping[str, str]) -> None:
    """Record what a lane stands on, before anything is written for it."""
    text = json.dumps(dict(settings), sort_keys=True)
    with translated(ledger.path), ledger.engine.begin() as db:
        db.execute(update(schema.lane).where(schema.lane.c.id == lane).values(ground=text))


def keep_speed(ledger: Ledger, lane: int, items: int, size: int, seconds: float) -> None:
    """Record how fast a lane went."""
    values = {"lane": lane, "items": items, "bytes": size, "seconds": max(1, round(seconds))}
    with translated(ledger.path), ledger.engine.begin() as db:
        db.execute(insert(schema.speed), [values])


def speeds(ledger: Ledger) -> dict[str, tuple[int, int, int]]:
    """Items, bytes and seconds so far, by service, over all lanes and runs."""
    table, found = schema.speed, dict[str, tuple[int, int, int]]()
    query = select(schema.lane.c.key, *(func.sum(table.c[name]) for name in ("items", "bytes", "seconds")))
    query = query.join(schema.lane, schema.lane.c.id == table.c.lane).group_by(schema.lane.c.key)
    with translated(ledger.path), ledger.engine.connect() as db:
        for key, items, size, seconds in db.execute(query):
            service = key.rpartition("/")[2]
            a, b, c = found.get(service, (0, 0, 0))
            found[service] = (a + items, b + size, c + seconds)
    return found
