"""``transhume plan``: list both sides and write down what apply would do."""

from __future__ import annotations

from typing import Any

import click

from migrate.cli.options import common, filters, filters_of, limit_of, rules, rules_of
from migrate.cli.output import Output
from migrate.cli.progress import progress
from migrate.config import load_project
from migrate.errors import Exit
from migrate.plan import make_plan
from migrate.planlane import Deletions
from migrate.report import json, text


@click.command("plan")
@common
@filters
@rules
@click.option(
    "--propagate-deletions",
    is_flag=True,
    help="Plan to remove our untouched copies of what is gone from the source, up to the maximum.",
)
@click.option(
    "--max-deletions",
    default="100,5%",
    show_default=True,
    metavar="N,P%",
    help="Remove nothing of a service when more items, or more percent of it, are gone.",
)
@click.option(
    "--accept-settings",
    is_flag=True,
    help="Go on although a system's address or an account changed since items were moved there.",
)
@click.option("--relist", is_flag=True, help="List every source anew, also those that tell what changed.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 10 when the plan holds changes, 0 when it is empty.")
@click.pass_obj
def command(
    output: Output,
    /,
    detailed_exitcode: bool,
    propagate_deletions: bool,
    max_deletions: str,
    relist: bool,
    accept_settings: bool,
    **asked: Any,
) -> int:
    """Write a plan: every item in one class, with its reason. Changes nothing on either side."""
    project = load_project(output.directory)
    most, percent = limit_of(max_deletions)
    deletions = Deletions(propagate=propagate_deletions, most=most, percent=percent)
    left_out = rules_of(asked)
    chosen = filters_of(project, **asked)
    with progress(output) as observer:
        summary = make_plan(
            project, chosen, observer, rules=left_out, deletions=deletions, whole=relist, accept=accept_settings
        )
    output.show(text.plan(summary), json.plan(summary))
    if summary.changes:
        output.say("Apply it with: transhume apply")
    if summary.exit_code == 0 and not summary.sums_check:
        return Exit.UNEXPECTED
    if summary.exit_code == 0 and detailed_exitcode and summary.changes:
        return Exit.CHANGES
    return summary.exit_code
