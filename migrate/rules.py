"""Which items a plan leaves out on demand: by date, size, folder, or for a trial. Pure; each rule has a name."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from fnmatch import fnmatchcase

from migrate.rows import SourceRow

TRIAL_ITEMS = 10
"""Items of a folder that a trial moves at most."""
TRIAL_BYTES = 1_000_000
"""Size above which a trial leaves an item out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What was asked for; the default leaves nothing out."""

    since: date | None = None
    """First day, in UTC: messages by arrival, everything else by its last change."""
    until: date | None = None
    """Last day, in UTC."""
    max_size: int | None = None
    """Bytes."""
    folders: tuple[str, ...] = ()
    """Globs over target paths joined by ``/``, without case; a folder brings what lies below it."""
    without: tuple[str, ...] = ()
    trial: bool = False

    @property
    def active(self) -> bool:
        """Whether anything can be left out."""
        return self != Rules()

    def plain(self) -> dict[str, object]:
        """As the plan's first row tells it."""
        named: dict[str, object] = {
            "since": self.since.isoformat() if self.since else "",
            "until": self.until.isoformat() if self.until else "",
            "max_size": self.max_size,
            "folders": list(self.folders),
            "without": list(self.without),
            "trial": self.trial,
        }
        return {key: value for key, value in named.items() if value}


@dataclass(slots=True)
class Sieve:
    """Applies rules to the rows of one lane, in their order."""

    rules: Rules
    separator: str
    taken: Counter[str] = field(default_factory=Counter)
    """Items of a collection that a trial took."""

    def leaves_out(self, row: SourceRow) -> tuple[str, str] | None:
        """(code, sentence) of the rule that leaves the item out; None when none does."""
        rules = self.rules
        if not rules.active or row.skip is not None:
            return None
        path = row.collection.replace(self.separator, "/")
        if rules.folders and not _under(path, rules.folders):
            return "filter-folder", "not in a folder that was asked for (--folder)"
        if _under(path, rules.without):
            return "filter-without", "in a folder that was left out (--without)"
        if row.date is not None and rules.since and row.date < _first_second(rules.since):
            return "filter-since", f"older than {rules.since} (--since)"
        if row.date is not None and rules.until and row.date >= _first_second(rules.until) + 86_400:
            return "filter-until", f"later than {rules.until} (--until)"
        if rules.max_size is not None and (row.size or 0) > rules.max_size:
            return "filter-size", f"over {rules.max_size} bytes (--max-size)"
        return self._trial(row) if rules.trial else None

    def _trial(self, row: SourceRow) -> tuple[str, str] | None:
        if (row.size or 0) > TRIAL_BYTES or self.taken[row.collection] >= TRIAL_ITEMS:
            return "trial", f"a trial moves at most {TRIAL_ITEMS} small items of a folder (--trial)"
        self.taken[row.collection] += 1
        return None


def _first_second(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp())


def _under(path: str, globs: tuple[str, ...]) -> bool:
    """Whether the path, or a folder above it, matches one of the globs."""
    folded = path.casefold()
    above = [folded]
    while "/" in folded:
        folded = folded.rpartition("/")[0]
        above.append(folded)
    return any(fnmatchcase(one, glob.casefold().strip("/")) for one in above for glob in globs)
