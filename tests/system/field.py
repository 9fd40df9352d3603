"""A sandbox in a process of its own, and the command as a person types it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

COMMAND = [sys.executable, "-c", "from migrate.cli import main; main()"]


@dataclass
class Field:
    """A running sandbox and its project folder."""

    directory: Path
    facts: dict[str, Any]

    def run(self, *arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Run transhume on the project."""
        return transhume("-C", str(self.directory), *arguments, env=env)

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start transhume on the project, in a process group of its own."""
        return subprocess.Popen(
            [*COMMAND, "-C", str(self.directory), *arguments],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def log(self, server: str) -> list[dict[str, Any]]:
        """The requests that a stand-in received."""
        text = requests.get(self.facts[server]["control"] + "log", timeout=60).text
        return [json.loads(line) for line in text.splitlines()]

    def faults(self, server: str, rules: list[dict[str, Any]]) -> None:
        """Order faults on a stand-in."""
        reply = requests.put(self.facts[server]["control"] + "faults", json=rules, timeout=60)
        assert reply.ok, reply.text


def transhume(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command; its output is text."""
    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, timeout=280, env={**os.environ, **(env or {})}
    )


@contextmanager
def sandbox(directory: Path, profile: str = "small", speed: float = 600.0) -> Iterator[Field]:
    """Start the sandbox and stop it."""
    options = {"--directory": str(directory), "--profile": profile, "--speed": str(speed)}
    process = subprocess.Popen(
        [sys.executable, "-m", "migrate.sandbox", *(word for pair in options.items() for word in pair)],
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        ready = process.stdout.readline()
        assert json.loads(ready)["type"] == "ready", ready
        yield Field(directory, json.loads((directory / "sandbox.json").read_text("utf-8")))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        if process.stdout is not None:
            process.stdout.close()
