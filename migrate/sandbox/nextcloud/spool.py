"""Bodies on their way to disk, hashed as they pass; nothing of a file's size stays in memory."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

ALGORITHMS = ("md5", "sha1", "sha256")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spooled:
    """A received body."""

    path: Path
    size: int
    digests: Mapping[str, str]
    """Lower-case hexadecimal, by algorithm."""

    def discard(self) -> None:
        """Remove it, unless it was moved into place."""
        self.path.unlink(missing_ok=True)


class Spool:
    """A folder for bodies not yet in place. Must lie on the file system of the homes, for renames."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count()
        folder.mkdir(parents=True, exist_ok=True)

    def receive(self, blocks: Iterable[bytes], algorithms: Iterable[str] = ()) -> Spooled:
        """Write the blocks to a new file."""
        hashes = {name: hashlib.new(name, usedforsecurity=False) for name in algorithms}
        path = self._folder / f"body-{next(self._numbers)}"
        size = 0
        with path.open("wb") as file:
            for block in blocks:
                file.write(block)
                size += len(block)
                for running in hashes.values():
                    running.update(block)
        return Spooled(path=path, size=size, digests={name: running.hexdigest() for name, running in hashes.items()})


def algorithms_asked(header: str) -> tuple[str, ...]:
    """What an ``X-Hash`` request header asks for: one algorithm, ``all``, or nothing known."""
    if header == "all":
        return ALGORITHMS
    return (header,) if header in ALGORITHMS else ()


def hash_headers(digests: Mapping[str, str]) -> list[tuple[str, str]]:
    """``X-Hash-…`` reply headers."""
    return [(f"X-Hash-{name.upper()}", digest) for name, digest in digests.items()]


def file_digest(path: Path, algorithm: str) -> str:
    """The hash of a stored file, read again."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()
