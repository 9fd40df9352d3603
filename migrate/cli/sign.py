"""``transhume sign``: a person takes a verified wave over."""

from __future__ import annotations

import click

from migrate.cli.options import common, one_wave, wave_of
from migrate.cli.output import Output
from migrate.config import load_project
from migrate.errors import Exit, UsageError
from migrate.handover import sign
from migrate.report import json


@click.command("sign")
@common
@one_wave
@click.option("--by", required=True, metavar="NAME", help="The person who takes it over.")
@click.pass_obj
def command(output: Output, wave: str, by: str) -> int:
    """Sign a verified wave off: after that nothing of it is written any more."""
    if not by.strip():
        raise UsageError("--by is empty.", advice="Give the name of the person who takes the wave over.")
    project = load_project(output.directory)
    signed = sign(project, wave_of(project, wave), by.strip())
    output.show(f"Wave {signed.name} is signed off by {signed.signed_by}.", [json.wave(signed)])
    return Exit.DONE
