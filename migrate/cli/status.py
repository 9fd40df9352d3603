"""``transhume status``: where every account stands, from the ledger alone."""

from __future__ import annotations

import click

from migrate.cli.options import common
from migrate.cli.output import Output
from migrate.config import load_project
from migrate.errors import Exit
from migrate.report import json, text
from migrate.status import status


@click.command("status")
@common
@click.pass_obj
def command(output: Output) -> int:
    """Show what is done, failed and open for each account, and the last commands. Contacts no server."""
    summary = status(load_project(output.directory))
    output.show(text.status(summary), json.status(summary))
    return Exit.ITEMS_FAILED if any(lane.failed or lane.drifted for lane in summary.lanes) else Exit.DONE
