"""``transhume plan``: list both sides and write down what apply would do."""

from __future__ import annotations

from typing import Any

import click

from migrate.cli.options import common, filters, filters_of
from migrate.cli.output import Output
from migrate.cli.progress import progress
from migrate.config import load_project
from migrate.errors import Exit
from migrate.plan import make_plan
from migrate.report import json, text


@click.command("plan")
@common
@filters
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 10 when the plan holds changes, 0 when it is empty.")
@click.pass_obj
def command(output: Output, /, detailed_exitcode: bool, **asked: Any) -> int:
    """Write a plan: every item in one class, with its reason. Changes nothing on either side."""
    project = load_project(output.directory)
    chosen = filters_of(project, **asked)
    with progress(output) as observer:
        summary = make_plan(project, chosen, observer)
    output.show(text.plan(summary), json.plan(summary))
    if summary.changes:
        output.say("Apply it with: transhume apply")
    if summary.exit_code == 0 and not summary.sums_check:
        return Exit.UNEXPECTED
    if summary.exit_code == 0 and detailed_exitcode and summary.changes:
        return Exit.CHANGES
    return summary.exit_code
