"""The migration's pages on disk: one a language for the association, and on demand one for each person."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from migrate.config import Project
from migrate.overview import Overview
from migrate.report.html import render
from migrate.report.migration_page import migration_page
from migrate.report.words import LANGUAGES, Words

PAGES = {"fr": "migration.fr.html", "en": "migration.en.html"}


def write_pages(project: Project, facts: Overview, *, people: bool = False) -> list[Path]:
    """Write them below ``reports/``, mode 0600, over those of an earlier day. Raises LocalDiskFull."""
    project.reports.mkdir(mode=0o700, exist_ok=True)
    written = []
    for language in LANGUAGES:
        w = Words(language)
        written.append(_write(project.reports / PAGES[language], render(migration_page(facts, w), w)))
    return written + (list(_people(project.reports / "people", facts)) if people else [])


def _people(folder: Path, facts: Overview) -> Iterator[Path]:
    folder.mkdir(mode=0o700, exist_ok=True)
    for number, person in enumerate(facts.people, 1):
        for language in LANGUAGES:
            w = Words(language)
            page = migration_page(facts.of(person.account), w, person=True)
            yield _write(folder / f"{number:03d}-{_plain(person.account)}.{language}.html", render(page, w))


def _plain(account: str) -> str:
    """An account as part of a file's name; the number before it keeps two alike apart."""
    return re.sub(r"[^A-Za-z0-9@._-]", "_", account).lstrip(".")[:100]


def _write(path: Path, text: str) -> Path:
    fresh = path.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    return fresh.replace(path)
