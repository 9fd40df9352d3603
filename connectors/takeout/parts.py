"""The files of one export: found in a folder, put in order, refused when one of them is missing.

Google names them ``takeout-<UTC stamp>-<number>.zip`` or ``.tgz``, since 2024 with the number of a group between
the two (``takeout-20260102T030405Z-2-001.zip``). How many there are is told nowhere in them: a gap is found, the
absence of the last one is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from migrate.errors import ConnectorError, Scope

_NAME = re.compile(
    r"(?:^|[^a-z])takeout-(?P<stamp>\d{8}T\d{6}Z)(?:-(?P<group>\d{1,2}))?-(?P<number>\d{3,})(?: ?\(\d+\))?"
    r"\.(?P<kind>zip|tgz|tar\.gz)$",
    re.IGNORECASE,
)
ACCOUNT = "{account}"
ADVICE = "Put every file of one export there, and nothing of another; download again what is missing or damaged."


class ArchiveError(ConnectorError):
    """An archive that cannot be read as a whole: its account stops, others go on."""

    scope = Scope.ACCOUNT

    def __init__(self, message: str, *, advice: str = ADVICE) -> None:
        super().__init__(message, advice=advice)


@dataclass(frozen=True, slots=True, order=True)
class Part:
    """One file of an export."""

    stamp: str
    group: str
    number: int
    path: Path

    @property
    def label(self) -> str:
        """Its number, as messages name it."""
        return f"{self.group}-{self.number:03d}" if self.group else f"{self.number:03d}"

    @property
    def zipped(self) -> bool:
        """A zip, not a compressed tar."""
        return self.path.suffix.lower() == ".zip"


def parts_of(archives: str, account: str, directory: Path) -> Sequence[Part]:
    """The parts of an account's export, in order. Raises ArchiveError: none, a gap, one twice, two exports.

    ``archives`` is a folder or a pattern of file names, ``{account}`` in it replaced, relative to ``directory``.
    """
    found = sorted(filter(None, map(_part, _candidates(archives, account, directory))))
    if not found:
        raise ArchiveError(f"No file takeout-…-001.zip or .tgz was found for {account}.")
    stamps = {part.stamp for part in found}
    if len(stamps) > 1:
        raise ArchiveError(
            f"The files of {len(stamps)} different exports lie together for {account}.",
            advice="Keep one export there, the latest; move the files of the others to another folder.",
        )
    for group in sorted({part.group for part in found}):
        _check_numbers([part for part in found if part.group == group])
    return found


def _candidates(archives: str, account: str, directory: Path) -> Iterator[Path]:
    if "/" in account or "\\" in account or account in {"", ".", ".."}:
        raise ArchiveError("This account's name cannot name a folder.", advice="Correct it in the accounts file.")
    base = directory / Path(archives.replace(ACCOUNT, account)).expanduser()
    if base.is_dir():
        yield from (path for path in base.iterdir() if path.is_file())
        return
    pattern = Path(archives).name.replace(ACCOUNT, re.sub(r"([\[*?])", r"[\1]", account))
    if base.parent.is_dir():
        yield from (path for path in base.parent.iterdir() if path.is_file() and fnmatchcase(path.name, pattern))


def _part(path: Path) -> Part | None:
    match = _NAME.search(path.name)
    if match is None:
        return None
    return Part(match["stamp"].upper(), match["group"] or "", int(match["number"]), path)


def _check_numbers(parts: Sequence[Part]) -> None:
    numbers = [part.number for part in parts]
    twice = sorted({number for number in numbers if numbers.count(number) > 1})
    if twice:
        raise ArchiveError(
            f"Part {_words(twice)} of the export is there twice.", advice="Keep one file of each number."
        )
    missing = sorted(set(range(1, max(numbers) + 1)) - set(numbers))
    if missing:
        raise ArchiveError(f"Part {_words(missing)} of the export is missing.")


def _words(numbers: Sequence[int]) -> str:
    return ", ".join(f"{number:03d}" for number in numbers[:10]) + (" …" if len(numbers) > 10 else "")
