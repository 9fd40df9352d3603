"""Bodies too large for memory, on disk in the engine's spool folder."""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Iterable
from pathlib import Path

from migrate.errors import LocalDiskFull

IN_MEMORY = 1 << 20
"""Bytes up to which a body stays in memory."""


def keep(folder: Path, pieces: Iterable[bytes], size: int) -> bytes | Path:
    """The body in memory when it is small, else the file it was written to. Raises LocalDiskFull."""
    if size <= IN_MEMORY:
        return b"".join(pieces)
    path: Path | None = None
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix="takeout-", delete=False) as stream:
            path = Path(stream.name)
            for piece in pieces:
                stream.write(piece)
        return path
    except BaseException as error:
        if path is not None:
            path.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise LocalDiskFull("There is no room left for the spool.", advice="Free some space, run again.") from error
        raise
