"""One command at a time on a project."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from migrate.errors import ProjectLocked


@contextmanager
def project_lock(directory: Path) -> Iterator[None]:
    """Hold the project for the time of a command; the kernel lets go of it if the process dies.

    Raises ProjectLocked when another process holds it.
    """
    descriptor = os.open(directory / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
            raise ProjectLocked(
                f"Another transhume command is running on this project (process {holder or 'unknown'}).",
                advice="Wait for it to end, or follow it with: transhume status",
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
        yield
    finally:
        os.close(descriptor)
