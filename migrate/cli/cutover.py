"""``transhume cutover``: the last pass of a wave, proved, and the checklist of what people do after it."""

from __future__ import annotations

import click

from migrate.cli.options import common, one_wave, wave_of
from migrate.cli.output import Output
from migrate.cli.progress import progress
from migrate.config import load_project
from migrate.handover import cutover
from migrate.report import json, text


@click.command("cutover")
@common
@one_wave
@click.pass_obj
def command(output: Output, wave: str) -> int:
    """Plan, apply and verify a wave for the last time. Run again, it goes on, or takes what came late.

    Needs that somebody approved what does not follow (transhume approve).
    """
    project = load_project(output.directory)
    name = wave_of(project, wave)
    with progress(output) as observer:
        summary = cutover(project, name, observer)
    output.show(text.cutover(summary), json.cutover(summary))
    return summary.exit_code
