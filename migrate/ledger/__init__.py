"""The only room with SQL: the ledger (what happened), the scan (scratch), the lock."""

from migrate.ledger.ledger import Ledger, Result, RunRow, chunks
from migrate.ledger.lock import project_lock
from migrate.ledger.scan import Scan

__all__ = ["Ledger", "Result", "RunRow", "Scan", "chunks", "project_lock"]
