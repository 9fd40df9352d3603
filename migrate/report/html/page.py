"""A report as values, and the one function that makes a page of it.

Everything is escaped: names of files and folders are hostile input. A page holds its own style, asks for nothing from
any network, runs no script, and is the same bytes for the same values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from migrate.report.words import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under named columns; the first cell of a row names it."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers_from: int = 1
    """Columns from this one on are numbers, set to the right."""

    @property
    def kind(self) -> str:
        """For the template."""
        return "table"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """A chart of horizontal bars; whoever cannot see it reads the table beside it."""

    title: str
    bars: Sequence[tuple[str, int, str]]
    """Label, value, and the value as written."""

    @property
    def kind(self) -> str:
        """For the template."""
        return "bars"

    @property
    def scaled(self) -> list[tuple[int, str, int, str]]:
        """Offset from the top, label, length from 0 to 400, value as written."""
        most = max((value for _, value, _ in self.bars), default=0) or 1
        return [(n * 28, label, round(value * 400 / most), text) for n, (label, value, text) in enumerate(self.bars)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A message with its weight, told by a word and a sign besides the colour."""

    severity: str
    """``red``, ``amber``, ``blue`` or ``green``."""
    label: str
    title: str
    text: str = ""

    @property
    def kind(self) -> str:
        """For the template."""
        return "notice"

    @property
    def sign(self) -> str:
        """A shape for each weight."""
        return {"red": "■", "amber": "▲", "blue": "●", "green": "✓"}[self.severity]


def notice(w: Words, severity: str, title: str, text: str = "") -> Notice:
    """A message, its weight in words."""
    return Notice(severity=severity, label=w(f"severity-{severity}"), title=title, text=text)


Block = Table | Bars | Notice | str
"""A text is a paragraph."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A numbered part of the report."""

    id: str
    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A whole report in one language."""

    title: str
    subtitle: str
    id: str
    """Printed at the foot of every page."""
    sections: Sequence[Section]
    facts: Sequence[tuple[str, str]] = ()
    """Term and description pairs at the head."""


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("migrate.report.html", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(page: Page, words: Words) -> str:
    """The page as HTML."""
    return _environment().get_template("page.html.j2").render(page=page, w=words, css_id=_css_text(page.id))


def _css_text(text: str) -> str:
    """What may stand between quotes in a style sheet."""
    return "".join(letter for letter in text if letter.isalnum() or letter in " -_.")
