"""``transhume apply``: do exactly what a plan says."""

from __future__ import annotations

from pathlib import Path

import click

from migrate.apply import apply_plan
from migrate.cli.options import common, plan_path
from migrate.cli.output import Output
from migrate.cli.progress import progress
from migrate.config import load_project
from migrate.errors import Exit
from migrate.report import json, text


@click.command("apply")
@common
@click.argument("plan", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.pass_obj
def command(output: Output, plan: Path | None) -> int:
    """Apply PLAN, or the newest one. Passing a plan is the approval: nothing is asked.

    It takes no option that changes what is written. Items that changed since the plan are set aside.
    """
    project = load_project(output.directory)
    with progress(output) as observer:
        summary = apply_plan(project, plan_path(output, plan), observer)
    output.show(text.apply(summary), json.apply(summary))
    return summary.exit_code or (Exit.ITEMS_FAILED if summary.done < summary.planned else Exit.DONE)
