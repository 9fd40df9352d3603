"""What reports say, in French and in English: one place, one key for both, nothing said in one language alone."""

from __future__ import annotations

from collections.abc import Mapping

from migrate.report.words_inventory import INVENTORY
from migrate.report.words_migration import MIGRATION
from migrate.report.words_plan import PLAN
from migrate.report.words_sentences import french

PAGE: Mapping[str, tuple[str, str]] = {
    "page-skip": ("Aller au contenu", "Skip to the content"),
    "page-contents": ("Sommaire", "Contents"),
    "page-nothing": ("Rien.", "Nothing."),
    "yes": ("oui", "yes"),
    "no": ("non", "no"),
    "withheld": ("masqué", "withheld"),
    "unknown": ("inconnu", "unknown"),
    "total": ("Total", "Total"),
}
ALL = {**PAGE, **INVENTORY, **MIGRATION, **PLAN}
LANGUAGES = ("fr", "en")


class Words:
    """The words of one language: ``w("key", count=3)``. Raises KeyError for a key that is in no table."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._index = LANGUAGES.index(language)

    def __call__(self, key: str, **values: object) -> str:
        """The text of a key, its ``{places}`` filled in."""
        text = ALL[key][self._index]
        return text.format(**values) if values else text

    def remedy(self, code: str) -> str:
        """What would unblock what is blocked for this reason; empty where nobody knows."""
        return ALL[f"unblock-{code}"][self._index] if f"unblock-{code}" in ALL else ""

    def either(self, prefix: str, name: str) -> str:
        """The text of ``prefix-name``, or the name itself where it is nobody's word (a media type, a code)."""
        return ALL[f"{prefix}-{name}"][self._index] if f"{prefix}-{name}" in ALL else name

    def sentence(self, text: str) -> str:
        """A sentence of a connector or a mapping, which write English."""
        return french(text) if self.language == "fr" else text

    def number(self, count: int | None) -> str:
        """A count as people write it here; a word where it is withheld."""
        if count is None:
            return self("withheld")
        return f"{count:,}".replace(",", "\u202f" if self.language == "fr" else ",")

    def size(self, bytes_: int) -> str:
        """Bytes in powers of 1000."""
        value, unit = float(bytes_), 0
        units = ("o", "ko", "Mo", "Go", "To") if self.language == "fr" else ("B", "kB", "MB", "GB", "TB")
        while value >= 999.5 and unit < 4:
            value, unit = value / 1000, unit + 1
        text = f"{value:.1f}" if unit and value < 99.95 else f"{value:.0f}"
        return f"{text.replace('.', ',') if self.language == 'fr' else text} {units[unit]}"

    def yes(self, flag: bool) -> str:
        """Yes or no."""
        return self("yes") if flag else self("no")
