"""How a database is opened: SQLite in WAL mode, every commit on disk, errors in our words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import StaticPool

from migrate.errors import LedgerDamaged, LocalDiskFull, ProjectLocked, UsageError

PATIENCE = 30.0
"""Seconds to wait for another program's hold on the file: a copy being made, `status` beside `apply`."""


def open_sqlite(path: Path, *, durable: bool) -> Engine:
    """An engine on one connection. ``durable``: each commit survives a power cut (synchronous=FULL)."""
    path.touch(mode=0o600, exist_ok=True)
    arguments = {"check_same_thread": True, "timeout": PATIENCE}
    engine = create_engine(f"sqlite:///{path}", poolclass=StaticPool, connect_args=arguments)

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA journal_mode={'WAL' if durable else 'OFF'}")
        cursor.execute(f"PRAGMA synchronous={'FULL' if durable else 'OFF'}")
        cursor.execute("PRAGMA foreign_keys=ON")
        # Bounded page cache: memory must not grow with the number of items.
        cursor.execute("PRAGMA cache_size=-8192")
        cursor.close()

    return engine


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn a database error into ours, without any value of a statement.

    Raises LocalDiskFull, ProjectLocked, UsageError (not writable), LedgerDamaged.
    """
    try:
        yield
    except DatabaseError as error:
        text = str(error.orig)
        if "full" in text or "disk I/O" in text:
            raise LocalDiskFull(
                f"No room left on the disk that holds {path.name}.",
                advice="Free some space, then run the same command again: nothing is lost.",
            ) from None
        if "locked" in text:
            raise ProjectLocked(
                f"Another program holds {path}: a transhume command, a copy being made, or a database browser.",
                advice="Wait for it to end or close it, then run the same command again.",
            ) from None
        if "readonly" in text or "unable to open" in text:
            raise UsageError(
                f"{path} cannot be written: {text}.",
                advice="Give the project's folder and its files to the user who runs transhume, writable.",
            ) from None
        raise LedgerDamaged(
            f"{path} cannot be used as a database: {text}.",
            advice="Restore the project folder from its last copy, or move the file away and verify.",
        ) from None
