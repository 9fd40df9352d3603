"""``accounts.csv``: who goes where. Every row is validated, and all problems are told at once, with their line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from migrate.errors import ConfigError

_SUFFIX = "_account"
_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """One person: an account of a source, and where it goes on each target."""

    line: int
    source: str
    """The name of a ``[source.…]`` table."""
    source_account: str
    targets: Mapping[str, str]
    """Account by name of a ``[target.…]`` table, from the column ``<target>_account``; empty cells left out."""
    wave: str = "1"


def read_accounts(path: Path, sources: Set[str], targets: Sequence[str]) -> tuple[AccountRow, ...]:
    """The rows of the file, in order. Raises ConfigError, listing every problem found.

    Separators ``,``, ``;`` and tab are understood, as is the byte order mark that spreadsheets write.
    """
    table = _table(path)
    if not table:
        raise ConfigError(f"{path}:1: the file is empty.", advice=f"First line: {_header(targets)}")
    head_line, head = table[0]
    columns = [name.strip().lower() for name in head]
    problems = [f"{path}:{head_line}: {text}" for text in _column_problems(columns, targets)]
    if not problems:
        checked = _Rows(sources, targets)
        rows = [row for line, cells in table[1:] if (row := checked.row(line, columns, cells))]
        problems = [f"{path}:{line}: {text}" for line, text in checked.problems]
        if not rows and not problems:
            problems = [f"{path}:{head_line}: there is no account below the header"]
    if problems:
        raise ConfigError(_listed(problems), advice=f"Columns: {_header(targets)}")
    return tuple(rows)


class _Rows:
    """Validates row after row, remembering what was seen."""

    def __init__(self, sources: Set[str], targets: Sequence[str]) -> None:
        self._sources = sources
        self._targets = targets
        self._seen: dict[tuple[str, str], int] = {}
        self.problems: list[tuple[int, str]] = []

    def row(self, line: int, columns: Sequence[str], cells: Sequence[str]) -> AccountRow | None:
        if len(cells) != len(columns):
            self.problems.append((line, f"{len(cells)} cells where the header has {len(columns)}"))
            return None
        named = dict(zip(columns, (cell.strip() for cell in cells), strict=True))
        row = AccountRow(
            line=line,
            source=named["source"],
            source_account=named["source_account"],
            targets={name: account for name in self._targets if (account := named.get(name + _SUFFIX, ""))},
            wave=named.get("wave", "1"),
        )
        found = list(self._problems(row))
        self.problems += ((line, text) for text in found)
        return None if found else row

    def _problems(self, row: AccountRow) -> Iterator[str]:
        if not row.source:
            yield "the cell 'source' is empty"
        elif row.source not in self._sources:
            yield f"there is no [source.{row.source}] in the configuration{_hint(row.source, self._sources)}"
        if not row.source_account:
            yield "the cell 'source_account' is empty"
        if not row.wave:
            yield "the cell 'wave' is empty"
        if not row.targets:
            yield "no target account: every target's cell is empty"
        values = (row.source, row.source_account, row.wave, *row.targets.values())
        if any(not value.isprintable() for value in values):
            yield "a cell holds a control character or a line break"
        if row.source_account:
            first = self._seen.setdefault((row.source, row.source_account.casefold()), row.line)
            if first != row.line:
                yield f"the same source account as on line {first}"


def _table(path: Path) -> list[tuple[int, list[str]]]:
    """Rows that are not blank, with the line each begins on."""
    text = _text(path)
    first = text.partition("\n")[0]
    delimiter = max(";,\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows, before = [], 0
    try:
        for cells in reader:
            line, before = before + 1, reader.line_num
            if any(cell.strip() for cell in cells):
                rows.append((line, cells))
    except csv.Error as error:
        raise ConfigError(f"{path}:{reader.line_num}: this line is not CSV: {error}.") from None
    return rows


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"{path}: the accounts file cannot be read: {error.strerror}.",
            advice="Write a template with: transhume init, or correct 'accounts' in migration.toml.",
        ) from None
    try:
        if b"\0" in data:  # UTF-16 without its mark decodes, letter by letter apart
            raise UnicodeDecodeError("utf-8", data, data.index(b"\0"), data.index(b"\0") + 1, "a zero byte")
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            f"{path}:{line}: the file is not UTF-8 text.",
            advice="Save it again from the spreadsheet as CSV with the character set Unicode (UTF-8).",
        ) from None


def _column_problems(columns: Sequence[str], targets: Sequence[str]) -> Iterator[str]:
    allowed = ["source", "source_account", *(name + _SUFFIX for name in targets), "wave"]
    for name in ("source", "source_account"):
        if name not in columns:
            yield f"the column {name!r} is missing"
    for name in dict.fromkeys(columns):
        if name not in allowed:
            yield f"unknown column {name!r}{_hint(name, allowed)}"
        elif columns.count(name) > 1:
            yield f"the column {name!r} appears twice"
    if not any(name + _SUFFIX in columns for name in targets):
        yield f"no column names a target account: {', '.join(name + _SUFFIX for name in targets)}"


def _header(targets: Sequence[str]) -> str:
    return ",".join(["source", "source_account", *(name + _SUFFIX for name in targets), "wave"])


def _hint(name: str, known: Sequence[str] | Set[str]) -> str:
    close = get_close_matches(name, sorted(known), 1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _listed(problems: Sequence[str]) -> str:
    more = len(problems) - _SHOWN
    return "\n".join([*problems[:_SHOWN], *([f"… and {more} more problems"] if more > 0 else [])])
