"""The command line: parse, call, render, exit. People read stderr, programs read stdout."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from migrate import __version__
from migrate.cli.commands import transhume
from migrate.cli.ending import Ending, ending_of
from migrate.cli.output import Output

__all__ = ["main", "run"]


def main() -> None:
    """The ``transhume`` program."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command; returns its exit code (``docs/exit-codes.md``)."""
    output = Output(__version__)
    try:
        result = transhume.main(list(arguments), prog_name="transhume", standalone_mode=False, obj=output)
        ending = Ending(int(result or 0))
    except (Exception, KeyboardInterrupt) as error:
        ending = ending_of(error, verbose=output.verbose)
    except click.exceptions.Exit as error:
        ending = Ending(error.exit_code)
    try:
        output.end(ending)
    except BrokenPipeError:
        sys.stderr.close()
        return ending.code or 1
    return ending.code
