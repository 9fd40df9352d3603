"""``transhume rollback``: take back what was made at the targets."""

from __future__ import annotations

from typing import Any

import click

from migrate.cli.options import common, filters, filters_of
from migrate.cli.output import Output
from migrate.cli.progress import progress
from migrate.config import load_project
from migrate.report import json, text
from migrate.rollback import rollback


@click.command("rollback")
@common
@filters
@click.option("--really", is_flag=True, help="Do it; without this, nothing changes and the list is shown.")
@click.pass_obj
def command(output: Output, /, really: bool, **asked: Any) -> int:
    """Take back what this project made at the targets and nobody touched since: shares, items, empty collections.

    What people changed there, and what was there before, stays. Sources are neither read nor written. Refused for a
    wave that is signed off.
    """
    project = load_project(output.directory)
    chosen = filters_of(project, **asked)
    with progress(output) as observer:
        summary = rollback(project, chosen, observer, really=really)
    output.show(text.rollback(summary), json.rollback(summary))
    return summary.exit_code
