"""Pages on disk, one a language: the migration's, on demand one for each person; a plan's; a comparison's."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from migrate.config import Project
from migrate.model import Finding, FindingKind, Service
from migrate.overview import Overview
from migrate.report.findings_page import findings_page
from migrate.report.html import Page, render
from migrate.report.migration_page import migration_page
from migrate.report.plan_page import plan_page
from migrate.report.words import LANGUAGES, Words
from migrate.summaries import PlanSummary, VerifySummary

PAGES = {"fr": "migration.fr.html", "en": "migration.en.html"}


def write_pages(project: Project, facts: Overview, *, people: bool = False) -> list[Path]:
    """Write them below ``reports/``, mode 0600, over those of an earlier day. Raises LocalDiskFull."""
    project.reports.mkdir(mode=0o700, exist_ok=True)
    written = []
    for language in LANGUAGES:
        w = Words(language)
        written.append(_write(project.reports / PAGES[language], render(migration_page(facts, w), w)))
    return written + (list(_people(project.reports / "people", facts)) if people else [])


def write_plan_pages(reports: Path, plan: PlanSummary) -> list[Path]:
    """Write a plan's pages. Raises LocalDiskFull."""
    return _written(reports, f"plan-{plan.plan_id}", lambda w: plan_page(plan, w))


def write_findings_pages(reports: Path, summary: VerifySummary) -> list[Path]:
    """Write a comparison's pages, from its file of findings. Raises LocalDiskFull."""
    if summary.path is None:
        raise ValueError("a comparison without its file")
    found = list(_differences(summary.path))
    return _written(reports, summary.path.stem, lambda w: findings_page(summary, found, w))


def _written(reports: Path, stem: str, page: Callable[[Words], Page]) -> list[Path]:
    reports.mkdir(mode=0o700, exist_ok=True)
    words = [Words(language) for language in LANGUAGES]
    return [_write(reports / f"{stem}.{w.language}.html", render(page(w), w)) for w in words]


def _differences(path: Path) -> Iterator[tuple[Finding, int]]:
    """The differences in a file of findings; ``href`` is the item's id."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if row["type"] == "finding" and not FindingKind(row["kind"]).quiet:
                finding = Finding(
                    kind=FindingKind(row["kind"]),
                    account=row["account"],
                    service=Service(row["service"]),
                    href=row["item"],
                    detail=row["detail"],
                )
                yield finding, row["count"]


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
