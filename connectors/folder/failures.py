"""What the operating system refuses, in transhume's words. No message holds a file's name."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from migrate.errors import AlreadyExists, ConnectorError, NotFound, QuotaExceeded, Rejected, Scope, TooLarge

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
IN_THE_WAY = frozenset({errno.ELOOP, errno.ENOTDIR, errno.EISDIR})


@contextmanager
def translated() -> Iterator[None]:
    """Turn an OSError into the ConnectorError that says how far it reaches."""
    try:
        yield
    except OSError as error:
        raise _translation(error) from error


def _translation(error: OSError) -> ConnectorError:
    if isinstance(error, FileNotFoundError):
        return NotFound("the file or its folder is gone")
    if isinstance(error, FileExistsError):
        return AlreadyExists("the name is taken")
    if error.errno in FULL:
        return QuotaExceeded("the disk of the folder is full", advice="Free some space and run the same command again.")
    if error.errno == errno.EFBIG:
        return TooLarge("the file is larger than this file system allows")
    if error.errno == errno.ENAMETOOLONG:
        return Rejected("the name is longer than this file system allows")
    if error.errno in IN_THE_WAY:
        return Rejected("a symbolic link or a file of another kind is in the way")
    words = os.strerror(error.errno or 0)
    return ConnectorError(
        f"the folder cannot be used ({words})", advice="Check who owns it and its disk.", scope=Scope.ACCOUNT
    )
