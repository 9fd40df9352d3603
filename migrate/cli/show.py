"""``transhume show``: a plan made earlier, applied or not, and what an id in it stands for."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import click

from migrate.cli.options import common, plan_path
from migrate.cli.output import Output
from migrate.config import load_project
from migrate.errors import TranshumeError, UsageError
from migrate.pages import write_plan_pages
from migrate.plan import summarise
from migrate.planfile import PlanFile, newest, plans
from migrate.report import json, text
from migrate.stale import stale


@click.command("show")
@common
@click.argument("plan", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--html", is_flag=True, help="Also write it as pages in French and English.")
@click.option(
    "--item", default="", metavar="ID", help="Say instead what this id, of a plan or a comparison, stands for."
)
@click.option("--schema", is_flag=True, help="Print instead the JSON Schema of a line of show --json.")
@click.pass_obj
def command(output: Output, plan: Path | None, html: bool, item: str, schema: bool) -> int:
    """Show PLAN, or the newest one, after checking that nobody altered it."""
    if schema:
        click.echo(files("migrate.report").joinpath("show.schema.json").read_text("utf-8"), nl=False)
        return 0
    if item:
        return _name(output, item)
    file = PlanFile(plan_path(output, plan) or newest(output.directory / "plans"))
    summary = summarise(file)
    output.show(text.plan(summary), json.plan(summary))
    if html:
        output.pages(write_plan_pages(output.directory / "reports", summary))
    _warn_if_stale(output, file)
    return 0


def _name(output: Output, item: str) -> int:
    """Search every plan, the newest first: only they tie an id to a name."""
    for path in plans(output.directory / "plans"):
        if (found := PlanFile(path).named(item)) is not None:
            lane, href, name = found
            row = {"type": "item", "item": item, "lane": lane, "href": href, "name": name, "plan": path.stem}
            output.show(f"{item} in {lane}: {name or 'no name of its own'}\n  address at the source: {href}", [row])
            return 0
    raise UsageError(
        f"No plan of this project knows the item {item!r}.",
        advice="An id has 16 characters from 0-9 and a-f, as in the file of a plan or a comparison.",
    )


def _warn_if_stale(output: Output, file: PlanFile) -> None:
    """A plan can always be read, even when the project around it changed or cannot be read any more."""
    try:
        reasons = stale(load_project(output.directory), file)
    except TranshumeError as error:
        output.say(f"warning: this project's configuration cannot be read: {error.message}")
        return
    if reasons:
        output.say(f"warning: apply will refuse this plan: {'; '.join(reasons[:5])}.")
