"""The limited process that opens documents: no network, no other program, no file written, bounded in all.

Run as ``python -m migrate.inventory.worker`` by ``examiner.py``, never by hand. Reads items on stdin, answers with
evidence on stdout; the operating system ends it when an item takes more than its limits.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path
from typing import IO, Any

from migrate.inventory.evidence import Evidence, Gap, to_json
from migrate.inventory.examine import Rules, examine
from migrate.inventory.extract import Limits, Part, Reason
from migrate.inventory.wire import receive, send

_REFUSED = (
    "socket.",
    "subprocess.",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.fork",
    "os.remove",
    "os.rename",
    "os.mkdir",
    "ctypes.dlopen",
    "shutil.",
    "urllib.",
    "http.",
    "ftplib.",
    "smtplib.",
)
"""Audit events (PEP 578) that reading a document never has a reason for."""


def forbid(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook: what a hostile document might make a parser do ends in an error instead."""
    if event.startswith(_REFUSED):
        raise PermissionError(event)
    if event == "open" and isinstance(mode := arguments[1], str) and set(mode) & set("wax+"):
        raise PermissionError(event)


def confine(limits: Limits) -> None:
    """Limits of the operating system: address space, files, core dumps; the time is set for each item."""
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, resource.getrlimit(resource.RLIMIT_NPROC)[1]))
    sys.addaudithook(forbid)


def allow(seconds: int) -> None:
    """So much more processor time, until the next item."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    spent = int(usage.ru_utime + usage.ru_stime) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (spent + seconds, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Answer until stdin ends. The first message holds the rules."""
    first = receive(requests)
    if first is None:
        return
    settings, key = first
    limits = Limits(**settings["limits"])
    rules = Rules(territory=settings["territory"], own_identity=settings["own"], key=key, limits=limits)
    confine(limits)
    while (message := receive(requests)) is not None:
        header, body = message
        allow(limits.cpu_seconds)
        answer, sound = _answer(header, body, rules)
        send(answers, to_json(answer) | {"last": not sound})
        if not sound:
            return  # memory was short: a fresh process takes the next item


def _answer(header: dict[str, Any], body: bytes, rules: Rules) -> tuple[Evidence, bool]:
    try:
        if header.get("path"):
            with Path(header["path"]).open("rb") as file:
                body = file.read(rules.limits.item_bytes + 1)
        part = Part(data=body, media_type=header["media_type"], name=header["name"])
        return examine(part, rules), True
    except MemoryError:
        gap = Gap(reason=Reason.LIMIT_MEMORY.value, media_type=header["media_type"], size=header["size"])
        return Evidence(gaps=[gap]), False


if __name__ == "__main__":
    sys.setrecursionlimit(1000)
    serve(sys.stdin.buffer, sys.stdout.buffer)
