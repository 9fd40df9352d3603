"""``transhume verify``: prove what arrived."""

from __future__ import annotations

from typing import Any

import click

from migrate.cli.options import common, filters, filters_of
from migrate.cli.output import Output
from migrate.cli.progress import progress
from migrate.config import load_project
from migrate.errors import Exit
from migrate.pages import write_findings_pages
from migrate.report import json, text
from migrate.verify import LEVELS, verify


@click.command("verify")
@common
@filters
@click.option("--level", type=click.Choice(LEVELS), default="hash", show_default=True,
              help="How deep: how many there are; which ones; a sample of the content; all of it.")  # fmt: skip
@click.option("--html", is_flag=True, help="Also write what was found as pages in French and English.")
@click.pass_obj
def command(output: Output, /, level: str, html: bool, **asked: Any) -> int:
    """Compare both sides and the ledger, item by item. Reads only."""
    project = load_project(output.directory)
    chosen = filters_of(project, **asked)
    with progress(output) as observer:
        summary = verify(project, chosen, level, observer)
    output.show(text.verify(summary), json.verify(summary))
    if html:
        output.pages(write_findings_pages(project.reports, summary))
    return summary.exit_code or (Exit.DIFFERENCES if summary.differences else Exit.DONE)
