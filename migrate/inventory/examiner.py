"""Examiners: limited processes, one item at a time each; one that dies is replaced, and its item is a gap.

No value leaves such a process: what comes back are kinds, masks and fingerprints.
"""

from __future__ import annotations

import os
import queue
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

from migrate.inventory import wire
from migrate.inventory.evidence import Evidence, Gap, from_json
from migrate.inventory.examine import Rules
from migrate.inventory.extract.parts import Reason

ITEMS_A_PROCESS = 1000
"""After so many a process is replaced: what parsers keep for themselves does not add up."""
_COMMAND = (sys.executable, "-I", "-B", "-m", "migrate.inventory.worker")


class Examiner:
    """One limited process, started when first needed. Used by one thread at a time."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._process: subprocess.Popen[bytes] | None = None
        self._served = 0

    def examine(self, body: bytes | Path, media_type: str, name: str = "") -> Evidence:
        """The evidence of one item, or a gap with the reason why there is none."""
        size = len(body) if isinstance(body, bytes) else body.stat().st_size
        if size > self._rules.limits.item_bytes:
            return _gap(Reason.OVERSIZE, media_type, size)
        header = {"media_type": media_type, "name": name, "size": size}
        process = self._started()
        try:
            if isinstance(body, Path):
                _send(process, header | {"path": str(body.absolute())}, b"")
            else:
                _send(process, header, body)
            answer = self._answer(process)
        except (BrokenPipeError, EOFError, ValueError):
            return _gap(self._buried(), media_type, size)
        if answer is None:
            process.kill()
            self._buried()
            return _gap(Reason.LIMIT_TIME, media_type, size)
        return answer

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is not None and (self._served >= ITEMS_A_PROCESS or self._process.poll() is not None):
            self.close()
        if self._process is None:
            self._process = subprocess.Popen(
                _COMMAND,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # a parser's last words may quote what it read
                env={"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8"},
                start_new_session=True,  # Ctrl-C is for the inventory, which lets the item in hand end
            )
            self._served = 0
            rules = self._rules
            settings = {"territory": rules.territory, "own": list(rules.own_identity), "limits": asdict(rules.limits)}
            _send(self._process, settings, rules.key)
        self._served += 1
        return self._process

    def _answer(self, process: subprocess.Popen[bytes]) -> Evidence | None:
        """None when no answer came in time."""
        if process.stdout is None:
            raise EOFError
        deadline = time.monotonic() + self._rules.limits.wall_seconds
        if not select.select([process.stdout], [], [], max(0.0, deadline - time.monotonic()))[0]:
            return None
        message = wire.receive(process.stdout)
        if message is None:
            raise EOFError
        if message[0]["last"]:
            self._buried()
        return from_json(message[0])

    def _buried(self) -> Reason:
        """Why the process ended."""
        process, self._process = self._process, None
        if process is None:
            return Reason.CRASHED
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                _close(stream.close)
        try:
            code = process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        return Reason.LIMIT_TIME if code in (-signal.SIGXCPU, -signal.SIGKILL) else Reason.CRASHED

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._buried()


def _close(close: object) -> None:
    try:
        close()  # type: ignore[operator]
    except OSError:
        return  # what was not yet sent to a dead process


def _send(process: subprocess.Popen[bytes], header: Mapping[str, Any], body: bytes) -> None:
    if process.stdin is None:
        raise BrokenPipeError
    wire.send(process.stdin, header, body)


def _gap(reason: Reason, media_type: str, size: int) -> Evidence:
    return Evidence(gaps=[Gap(reason=reason.value, media_type=media_type, size=size)])


class Examiners:
    """A few examiners, lent to whoever needs one: as many as there are processors, however many lanes run."""

    def __init__(self, rules: Rules, count: int | None = None) -> None:
        self._all = [Examiner(rules) for _ in range(count or max(1, os.cpu_count() or 1))]
        self._free: queue.LifoQueue[Examiner] = queue.LifoQueue()
        for one in self._all:
            self._free.put(one)

    @contextmanager
    def lent(self) -> Iterator[Examiner]:
        """An examiner, back when the block ends."""
        one = self._free.get()
        try:
            yield one
        finally:
            self._free.put(one)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for one in self._all:
            one.close()
