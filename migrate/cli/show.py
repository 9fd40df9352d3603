"""``transhume show``: a plan made earlier, applied or not."""

from __future__ import annotations

from pathlib import Path

import click

from migrate.cli.options import common, plan_path
from migrate.cli.output import Output
from migrate.config import load_project
from migrate.errors import TranshumeError
from migrate.plan import summarise
from migrate.planfile import PlanFile, newest
from migrate.report import json, text
from migrate.stale import stale


@click.command("show")
@common
@click.argument("plan", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.pass_obj
def command(output: Output, plan: Path | None) -> int:
    """Show PLAN, or the newest one, after checking that nobody altered it."""
    file = PlanFile(plan_path(output, plan) or newest(output.directory / "plans"))
    summary = summarise(file)
    output.show(text.plan(summary), json.plan(summary))
    _warn_if_stale(output, file)
    return 0


def _warn_if_stale(output: Output, file: PlanFile) -> None:
    """A plan can always be read, even when the project around it changed or cannot be read any more."""
    try:
        reasons = stale(load_project(output.directory), file)
    except TranshumeError as error:
        output.say(f"warning: this project's configuration cannot be read: {error.message}")
        return
    if reasons:
        output.say(f"warning: apply will refuse this plan: {'; '.join(reasons[:5])}.")
