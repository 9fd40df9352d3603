"""Where output goes: text for people on stderr, JSON lines for programs on stdout."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rich.console import Console

from migrate.cli.ending import Ending
from migrate.report import json as messages


class Output:
    """One command's output and the options that every command has."""

    def __init__(self, version: str) -> None:
        self.directory = Path()
        self.json = False
        self.verbose = False
        self.console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._version: messages.Message | None = messages.version(version)

    def say(self, text: str) -> None:
        """Tell people; what a person pipes elsewhere arrives unwrapped and without colours."""
        self.console.print(text, markup=False, emoji=False)

    def emit(self, *rows: messages.Message) -> None:
        """Tell programs, when they asked for it."""
        if self.json:
            self._write(rows)

    def show(self, text: str, rows: Iterable[messages.Message]) -> None:
        """The result of a command: text for people, messages for programs when they asked."""
        if self.json:
            self._write(rows)
        self.say(text)

    def pages(self, paths: Iterable[Path]) -> None:
        """Pages that were written."""
        paths = list(paths)
        self.show("\n".join(f"Page: {path}" for path in paths), [{"type": "file", "path": str(p)} for p in paths])

    def end(self, ending: Ending) -> None:
        """Tell how the command ended."""
        if ending.trace:
            self.say(ending.trace)
        if ending.message:
            self.say(f"transhume: {ending.message}")
        if ending.advice:
            self.say(f"  → {ending.advice}")
        if self.json:
            error = {"message": ending.message, "advice": ending.advice} if ending.message else {}
            self._write([{"type": "exit", "code": int(ending.code), **error}])
        sys.stdout.flush()

    def _write(self, rows: Iterable[dict[str, Any]]) -> None:
        if self._version:
            first, self._version = self._version, None
            self._write([first])
        for row in rows:  # ASCII, so that no locale can refuse it
            sys.stdout.write(json.dumps(row) + "\n")
        sys.stdout.flush()
