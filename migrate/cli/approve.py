"""``transhume approve``: a person signs off what does not follow."""

from __future__ import annotations

import click

from migrate.cli.options import common, one_wave, wave_of
from migrate.cli.output import Output
from migrate.config import load_project
from migrate.errors import Exit
from migrate.handover import approve
from migrate.report import json, text


@click.command("approve")
@common
@one_wave
@click.option("--by", default="", metavar="NAME", help="Record that this person read the list and agrees.")
@click.pass_obj
def command(output: Output, wave: str, by: str) -> int:
    """List what does not follow in a wave, person by person; with --by, sign it off. Asks no server."""
    project = load_project(output.directory)
    summary = approve(project, wave_of(project, wave), by.strip())
    output.show(text.approval(summary, by.strip()), json.approval(summary))
    return Exit.DONE
