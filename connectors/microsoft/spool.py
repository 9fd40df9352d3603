"""Bodies too large for memory, on disk in the engine's spool folder."""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from migrate.errors import LocalDiskFull

IN_MEMORY = 1 << 20
"""Bytes up to which a body stays in memory."""


def keep(folder: Path, body: bytes) -> bytes | Path:
    """The body itself, or the file it was written to. Raises LocalDiskFull."""
    if len(body) <= IN_MEMORY:
        return body
    with spooled(folder) as (stream, path):
        stream.write(body)
    return path


@contextmanager
def spooled(folder: Path) -> Iterator[tuple[BinaryIO, Path]]:
    """A new file to write to, removed again when the block fails. Raises LocalDiskFull."""
    path: Path | None = None
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix="microsoft-", delete=False) as stream:
            path = Path(stream.name)
            yield stream.file, path  # type: ignore[misc]
    except BaseException as error:
        if path is not None:
            path.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise LocalDiskFull("There is no room left for the spool.", advice="Free some space, run again.") from error
        raise
