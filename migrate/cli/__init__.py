"""The command line: parse, call, render, exit. People read stderr, programs read stdout."""

from __future__ import annotations

import ctypes
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
    bound_memory()
    sys.exit(run(sys.argv[1:]))


def bound_memory() -> None:
    """Have glibc give memory back: each thread's own arena would otherwise keep what large messages once took.

    mallopt(3): at most two arenas, and blocks from 128 KiB up are returned to the system when freed. Other C
    libraries have no such knobs, and no such arenas.
    """
    m_mmap_threshold, m_arena_max = -3, -8
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(m_arena_max, 2)
        mallopt(m_mmap_threshold, 128 * 1024)


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
