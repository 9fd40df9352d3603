"""The sandbox as a guest of the command line: its servers are an extra that may not be installed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from migrate.errors import TranshumeError, UsageError

PROFILES = ("small", "medium", "large")
_OURS = ("migrate", "connectors", "mappings")


def runner() -> Any:
    """The module that runs the sandbox. Raises UsageError when its servers are not installed."""
    try:
        return import_module("migrate.sandbox.runner")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in _OURS:
            raise
        raise UsageError(
            f"The sandbox's servers are not installed ({error.name} is missing).",
            advice="Install them: pipx install 'transhume[demo]', or pip install 'transhume[demo]'",
        ) from None


def end_on_sigterm() -> None:
    """Let SIGTERM end this program as Ctrl-C does, so that the servers it started are stopped."""
    signal.signal(signal.SIGTERM, _interrupt)


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


@contextmanager
def running(profile: str, directory: Path, speed: float) -> Iterator[Mapping[str, Any]]:
    """A sandbox in a process of its own, so that it shares neither memory nor Ctrl-C; gives its addresses."""
    runner()
    command = [sys.executable, "-m", "migrate.sandbox", "--profile", profile, "--directory", str(directory)]
    with subprocess.Popen(
        [*command, "--speed", str(speed)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        try:
            line = process.stdout.readline() if process.stdout else b""
            if not line:
                raise TranshumeError(f"The sandbox did not start (code {process.wait()}).")
            yield json.loads(line)
        finally:
            process.send_signal(signal.SIGTERM)
