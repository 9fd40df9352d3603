"""New files that only their owner can read."""

from __future__ import annotations

import os
from pathlib import Path

from migrate.errors import UsageError


def write_new(path: Path, content: str) -> None:
    """Create a file of mode 0600 and write it. Raises UsageError when there is one already."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise UsageError(f"{path} exists already.", advice="Nothing was written. Choose another name.") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
