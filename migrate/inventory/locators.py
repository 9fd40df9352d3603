"""The controller's own tables: where each thing lies. No value; ids and places that hold one are withheld."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path

from migrate.inventory.detect import detect
from migrate.inventory.exposure import Reach
from migrate.inventory.seal import write
from migrate.inventory.totals import Line
from migrate.report.sheets import Cell, csv_bytes, csv_line

WITHHELD = "…"
"""In place of a name that holds an identifier; the item's id still finds it in the plan and in the project's files."""
DATA = ("account", "service", "item", "source_id", "folder", "activity", "place", "identifier", "level", "mask",
        "fingerprint", "times", "quoted", "own")  # fmt: skip
GAPS = ("account", "service", "item", "source_id", "folder", "place", "reason", "media_type", "times", "bytes")
EXPOSED = (
    "account",
    "service",
    "item",
    "source_id",
    "folder",
    "reach",
    "writable_beyond",
    "expires",
    "outside_domains",
)
ACCOUNTS = ("account", "service", "items", "bytes", "read", "oldest", "newest")


@lru_cache(maxsize=4096)
def discreet(text: str) -> str:
    """A name, unless it holds an identifier."""
    return WITHHELD if detect(text) else text


TABLES = {"locators": DATA, "unread-items": GAPS, "exposed-items": EXPOSED, "accounts": ACCOUNTS}


class Annex:
    """Writes the tables lane by lane, each sorted: a listing has no order of its own. Holds one lane's lines."""

    def __init__(self, folder: Path, language: str) -> None:
        self._folder = folder
        self._language = language
        self.digests: dict[str, tuple[int, str]] = {}
        """Items of each lane, and a digest of their versions, for the journal."""
        for name, columns in TABLES.items():
            write(folder / f"{name}.csv", csv_bytes([columns], language))

    def add(self, lines: Iterable[Line]) -> None:
        """Every line of every lane, lanes one after the other."""
        for lane, group in groupby(lines, key=lambda line: line.lane):
            found: dict[str, list[str]] = {name: [] for name in TABLES}
            versions: list[str] = []
            account = _Account()
            for line in group:
                self._line(line, found)
                versions.append(f"{line.row['id']} {line.row['etag']}")
                account.add(line)
            found["accounts"].append(csv_line(account.row(), self._language))
            for name, rows in found.items():
                with (self._folder / f"{name}.csv").open("ab") as file:
                    file.writelines(row.encode() for row in sorted(rows))
            self.digests[lane] = (len(versions), hashlib.sha256("\n".join(sorted(versions)).encode()).hexdigest())

    def _line(self, line: Line, found: dict[str, list[str]]) -> None:
        for name, rows in (("locators", _data(line)), ("unread-items", _gaps(line)), ("exposed-items", _exposed(line))):
            found[name].extend(csv_line(row, self._language) for row in rows)


@dataclass(slots=True)
class _Account:
    """One account's volumes of one service."""

    name: tuple[str, str] = ("", "")
    items: int = 0
    bytes: int = 0
    read: int = 0
    oldest: str = ""
    newest: str = ""

    def add(self, line: Line) -> None:
        self.name = (line.account, line.service)
        self.items += 1
        self.bytes += line.size
        self.read += not line.gap and line.evidence is not None and line.evidence.characters > 0
        if day := line.day:
            self.oldest = min(self.oldest or day, day)
            self.newest = max(self.newest, day)

    def row(self) -> Sequence[Cell]:
        return (*self.name, self.items, self.bytes, self.read, self.oldest, self.newest)


def _head(line: Line) -> tuple[str, str, str, str, str]:
    folder = "/".join(discreet(name) for name in line.path)
    return line.account, line.service, line.row["id"], discreet(line.row["href"]), folder


def _data(line: Line) -> Iterator[Sequence[Cell]]:
    for one in line.evidence.data if line.evidence and not line.gap else ():
        yield (
            *_head(line),
            line.activity,
            one.where,
            one.kind,
            one.level,
            one.mask,
            one.fingerprint,
            one.times,
            "quoted" if one.quoted else "",
            "own" if one.own else "",
        )


def _gaps(line: Line) -> Iterator[Sequence[Cell]]:
    if line.gap or line.evidence is None:
        if line.gap != "metadata-only":
            yield (*_head(line), "", line.gap or "not-fetched", line.row["type"], 1, line.size)
        return
    for gap in line.evidence.gaps:
        yield (*_head(line), gap.where, gap.reason, gap.media_type, gap.times, gap.size)


def _exposed(line: Line) -> Iterator[Sequence[Cell]]:
    one = line.exposure
    if one.reach in (Reach.OWNER, Reach.INSIDE):
        return
    yield (
        *_head(line),
        one.reach.value,
        "yes" if one.writable_outside else "",
        "yes" if one.expires else "",
        " ".join(sorted(one.outside_domains)),
    )
