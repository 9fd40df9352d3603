"""What an inventory found, in the project's folder: a listing of each lane, and evidence that later runs take up.

Both are JSON lines, one item each, written as they come: nothing grows in memory, and a run that was cut short has
lost nothing that it read. Mode 0600: the listings name folders.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

Row = dict[str, Any]


def private_file(path: Path, mode: str = "w") -> IO[str]:
    """A text file that its owner alone can read, for writing or appending."""
    flags = os.O_WRONLY | os.O_CREAT | (os.O_APPEND if mode == "a" else os.O_TRUNC)
    return os.fdopen(os.open(path, flags, 0o600), mode, encoding="utf-8")


@dataclass(slots=True)
class LaneStore:
    """The two files of one lane."""

    directory: Path
    lane: str
    rules: str
    """Digest of everything that evidence depends on besides the item: other rules, other evidence."""
    _seen: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    _writing: IO[str] | None = None
    _evidence: IO[str] | None = None

    @property
    def _stem(self) -> str:
        return hashlib.blake2b(self.lane.encode(), digest_size=12).hexdigest()

    @property
    def listing(self) -> Path:
        """Collections, then items."""
        return self.directory / f"{self._stem}.listing.jsonl"

    @property
    def _known(self) -> Path:
        return self.directory / f"{self._stem}.evidence.jsonl"

    def begin(self) -> None:
        """Begin a new listing; the old one stays until this one is whole."""
        self._writing = private_file(self.listing.with_suffix(".new"))

    def add(self, row: Mapping[str, Any]) -> None:
        """One row of the listing."""
        if self._writing is None:
            raise ValueError("no listing was begun")
        self._writing.write(json.dumps(row, separators=(",", ":")) + "\n")

    def end(self) -> None:
        """The listing is whole."""
        if self._writing is not None:
            self._writing.close()
            self._writing = None
            self.listing.with_suffix(".new").replace(self.listing)

    def close(self) -> None:
        """Close what is open; a listing that did not end is none."""
        for file in (self._writing, self._evidence):
            if file is not None:
                file.close()
        self._writing = self._evidence = None

    def rows(self) -> Iterator[Row]:
        """The listing, streamed."""
        with self.listing.open(encoding="utf-8") as file:
            for line in file:
                yield json.loads(line)

    def load_evidence(self) -> None:
        """Index what was read before under the same rules; a last line that a crash cut is left out."""
        self._seen.clear()
        if not self._known.exists():
            return
        with self._known.open("rb") as file:
            at = 0
            for line in file:
                try:
                    row = json.loads(line)
                except ValueError:
                    row = {}
                if row.get("rules") == self.rules and not row.get("again"):
                    self._seen[row["href"], row["etag"]] = (at, len(line))
                at += len(line)

    def has_evidence(self, row: Row) -> bool:
        """Whether this very version of an item was read before."""
        return (row["href"], row["etag"]) in self._seen

    def keep_evidence(self, row: Row, evidence: Mapping[str, Any], *, again: bool) -> None:
        """Keep what an item held; ``again``: it could not be had this time, a later run tries once more."""
        if self._evidence is None:
            if self._known.exists() and self._known.read_bytes()[-1:] not in (b"\n", b""):
                with private_file(self._known, "a") as file:
                    file.write("\n")
            self._evidence = private_file(self._known, "a")
        line = {"href": row["href"], "etag": row["etag"], "rules": self.rules, "again": again, "evidence": evidence}
        text = json.dumps(line, separators=(",", ":")) + "\n"
        at = self._evidence.tell()
        self._evidence.write(text)
        self._seen[row["href"], row["etag"]] = (at, len(text))

    def evidence(self) -> Iterator[tuple[Row, Row | None]]:
        """Every item of the listing with what it held, None for what was not read."""
        if self._evidence is not None:
            self._evidence.flush()
        known = self._known.open("rb") if self._known.exists() else None
        try:
            for row in self.rows():
                place = self._seen.get((row.get("href", ""), row.get("etag", "")))
                if place is None or known is None:
                    yield row, None
                else:
                    known.seek(place[0])
                    yield row, json.loads(known.read(place[1]))["evidence"]
        finally:
            if known is not None:
                known.close()
