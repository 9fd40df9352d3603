"""How a command ends: the one place where an error becomes a message, an advice and an exit code."""

from __future__ import annotations

import errno
import os
import re
import traceback
from dataclasses import dataclass

import click

from migrate.errors import Exit, LocalDiskFull, TranshumeError

_FULL = (errno.ENOSPC, errno.EDQUOT)
_CLOSED = (errno.EACCES, errno.EPERM, errno.EROFS)
_WRITABLE = "Give the project's folder and its files to the user who runs transhume, on a disk that can be written."
_SECRETS = re.compile(
    r"(?i)((?:bearer|basic)\s+|(?:password|passwd|secret|token|assertion|key)\W{1,4}|//[^/\s:@]*:)[^\s'\",@]+"
)


@dataclass(frozen=True, slots=True)
class Ending:
    """An exit code and what to tell about it."""

    code: int
    message: str = ""
    advice: str = ""
    trace: str = ""


def ending_of(error: BaseException, *, verbose: bool = False) -> Ending:
    """What an error means for the person at the terminal."""
    if isinstance(error, TranshumeError):
        return Ending(error.exit_code, error.message, error.advice)
    if isinstance(error, click.exceptions.Exit):
        return Ending(error.exit_code)
    if isinstance(error, (KeyboardInterrupt, click.Abort)):
        return Ending(Exit.INTERRUPTED, "Interrupted.", "Run the same command again to go on.")
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return Ending(Exit.USAGE, trace=error.format_message())
    if isinstance(error, click.ClickException):
        return Ending(Exit.USAGE, error.format_message(), _usage(error))
    if isinstance(error, BrokenPipeError):
        return Ending(Exit.UNEXPECTED)
    if isinstance(error, OSError) and error.errno in _FULL:
        return Ending(LocalDiskFull.exit_code, "This machine's disk is full.", "Make room, then run it again.")
    if isinstance(error, OSError) and error.errno in _CLOSED and isinstance(error.filename, str | os.PathLike):
        return Ending(Exit.USAGE, f"{os.fspath(error.filename)}: {error.strerror}.", _WRITABLE)
    return _unexpected(error, verbose=verbose)


def _usage(error: click.ClickException) -> str:
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f"See: {context.command_path} --help" if context else ""


def _unexpected(error: BaseException, *, verbose: bool) -> Ending:
    # The error's own text may quote data or a header: it is shown only when asked for, and then without secrets.
    place = traceback.extract_tb(error.__traceback__)[-1:]
    where = f" in {place[0].name}" if place else ""
    detail = "".join(traceback.format_exception(error)) if verbose else ""
    return Ending(
        Exit.UNEXPECTED,
        f"Unexpected error: {type(error).__name__}{where}. What was done is recorded.",
        "Run the same command again; if it comes back, report it with the output of -v.",
        _SECRETS.sub(r"\1…", detail),
    )
