"""``transhume report``: what to do with a bundle that was made."""

from __future__ import annotations

from pathlib import Path

import click

from migrate.cli.options import common
from migrate.cli.output import Output
from migrate.errors import Exit, UsageError
from migrate.inventory.seal import MANIFEST, check
from migrate.report import json, text
from migrate.summaries import SealSummary


@click.group("report")
@common
def command() -> None:
    """Check a report bundle."""


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
