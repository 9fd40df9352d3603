"""Every way a command can end becomes one message, one advice and one documented exit code."""

from __future__ import annotations

import errno
import subprocess
import sys

import click
import pytest

from migrate import errors
from migrate.cli.ending import ending_of
from migrate.errors import Exit, TranshumeError


def every(kind: type[TranshumeError]) -> list[type[TranshumeError]]:
    return [kind, *(found for child in kind.__subclasses__() for found in every(child))]


@pytest.mark.parametrize("kind", every(TranshumeError), ids=lambda kind: kind.__name__)
def test_expected_errors_show_message_and_advice(kind: type[TranshumeError]) -> None:
    ending = ending_of(kind("what happened", advice="what to do"), verbose=True)
    assert (ending.message, ending.advice, ending.trace) == ("what happened", "what to do", "")
    assert ending.code in set(Exit) - {Exit.DONE, Exit.CHANGES}


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (KeyboardInterrupt(), 130),
        (click.Abort(), 130),
        (click.UsageError("no"), 2),
        (OSError(errno.ENOSPC, "No space left on device"), 6),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), 6),
        (OSError(errno.EIO, "Input/output error"), 1),
        (OSError(errno.EROFS, "Read-only file system", "plans"), 2),
        (PermissionError(errno.EACCES, "Permission denied", "plans"), 2),
        (ValueError("x"), 1),
        (MemoryError(), 1),
    ],
)
def test_codes(error: BaseException, code: int) -> None:
    assert ending_of(error).code == code


def test_an_unexpected_error_quotes_nothing_and_verbose_keeps_secrets_out() -> None:
    told = "Authorization: Bearer abc.def-ghi https://user:hunter2@example.org password='swordfish' Basic dXNlcg=="
    quiet = ending_of(ValueError(told))
    assert "Bearer" not in quiet.message + quiet.advice + quiet.trace
    loud = ending_of(ValueError(told), verbose=True)
    assert "ValueError" in loud.trace
    for secret in ("abc.def", "hunter2", "swordfish", "dXNlcg"):
        assert secret not in loud.trace


def test_all_errors_have_a_code_of_the_list() -> None:
    assert all(isinstance(kind.exit_code, Exit) for kind in every(errors.TranshumeError))


def test_a_reader_that_leaves_early_is_no_traceback() -> None:
    program = "from migrate.cli import main; main()"
    run = subprocess.run(
        ["bash", "-c", f'"{sys.executable}" -c "{program}" --json connectors | true; echo ${{PIPESTATUS[0]}}'],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Traceback" not in run.stderr
    assert "Exception ignored" not in run.stderr
