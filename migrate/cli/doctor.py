"""``transhume doctor``: can every account be read and written, before anything is planned?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from migrate.cli.options import common, filters, filters_of
from migrate.cli.output import Output
from migrate.config import Filters, Project, load_project
from migrate.doctor import diagnose
from migrate.errors import Exit
from migrate.report import json, text


@click.command("doctor")
@common
@filters
@click.pass_obj
def command(output: Output, /, **asked: Any) -> int:
    """Check login, scopes, capabilities, quota and clock of each side. Reads only."""
    project = load_project(output.directory)
    return report(output, project, filters_of(project, **asked))


def report(output: Output, project: Project, chosen: Filters) -> int:
    """Show every check as it is made; returns the worst exit code."""
    people, systems = len(project.accounts), len(project.sources) + len(project.targets)
    output.say(f"PASS  configuration: {people} accounts, {systems} systems")
    codes: list[int] = []
    for system, check in diagnose(project, chosen):
        output.show(text.check(system, check), [json.check(system, check)])
        if not check.passed:
            codes.append(check.exit_code)
    output.say(f"{len(codes)} checks failed." if codes else "All checks passed.")
    return worst(codes)


def worst(codes: Sequence[int]) -> int:
    """The exit code of several failed checks: a refused login explains what fails after it."""
    return Exit.AUTH if Exit.AUTH in codes else max(codes, default=0)
