"""``transhume report``: pages about a migration, and the check of a bundle that was made."""

from __future__ import annotations

from pathlib import Path

import click

from migrate.cli.options import common
from migrate.cli.output import Output
from migrate.config import load_project
from migrate.errors import Exit, UsageError
from migrate.inventory.seal import MANIFEST, check
from migrate.pages import write_pages
from migrate.report import json, text
from migrate.summaries import SealSummary
from migrate.survey import survey


@click.group("report")
@common
def command() -> None:
    """Write pages about the migration, or check a report bundle."""


@command.command("migration")
@common
@click.option("--people", is_flag=True, help="Also a page for each person, about their account alone.")
@click.pass_obj
def migration(output: Output, *, people: bool) -> int:
    """Write where the migration stands, or its final report, as pages in French and English. Asks no server."""
    project = load_project(output.directory)
    output.pages(write_pages(project, survey(project), people=people))
    return Exit.DONE


@command.command("verify")
@common
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option("--key", default="", metavar="FINGERPRINT", help="The seal key's fingerprint, as its controller gave it.")
@click.pass_obj
def verify(output: Output, directory: Path, key: str) -> int:
    """Compare every file of a bundle with its manifest, its signature and its journal. Ends with 8 when one differs."""
    if not (directory / MANIFEST).is_file():
        raise UsageError(f"{directory} is not a report bundle: it has no {MANIFEST}.")
    verdict = check(directory, key)
    problems = tuple((one.file, one.problem) for one in verdict.problems)
    summary = SealSummary(path=directory, files=verdict.files, fingerprint=verdict.fingerprint, problems=problems)
    output.show(text.seal(summary), json.seal(summary))
    return Exit.DIFFERENCES if problems else Exit.DONE
