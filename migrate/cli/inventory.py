"""``transhume inventory``: which personal data lie where, who can see them, and the bundle that keeps it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import click

from migrate.cli.options import common, filters, filters_of
from migrate.cli.output import Output
from migrate.cli.progress import progress
from migrate.config import load_project
from migrate.inventory.bundle import write_bundle
from migrate.inventory.take import Request, take_inventory
from migrate.report import json, text


@click.command("inventory")
@common
@filters
@click.option("--content", is_flag=True, help="Read inside every item too; without it, only what listings tell.")
@click.option("--with-target", is_flag=True, help="List the targets too, to compare who can see what before and after.")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="The day that ages are counted from (default: today).")
@click.pass_obj
def command(output: Output, /, content: bool, with_target: bool, as_of: datetime | None, **asked: Any) -> int:
    """Count which personal data lie where and who can see them, and write a sealed bundle. Reads only."""
    project = load_project(output.directory)
    chosen = filters_of(project, **asked)
    reference = as_of.date() if as_of else date.today()  # noqa: DTZ011 - this machine's calendar
    request = Request(filters=chosen, content=content, after=with_target, reference=reference)
    with progress(output) as observer:
        taken = take_inventory(project, request, observer)
    summary = write_bundle(taken)
    output.show(text.inventory(summary), json.inventory(summary))
    return summary.exit_code
