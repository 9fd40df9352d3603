"""The large profile through the whole road: items a second, peak memory, the limit that binds.

Run by ``make bench``. The stand-in's clock runs fast, so that Google's quota is not the limit and what is
measured is the tool and the servers of this machine. The ratio is against the quota of one real project.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path

from tests.system.field import Field, sandbox

LIMIT_MB = 200
QUOTA_PER_SECOND = 5.0
"""Gmail messages a second that one mailbox of a new project may fetch: 6,000 units a minute, 20 a message."""


def measured(field: Field, *arguments: str) -> tuple[float, float, int]:
    """Seconds, peak MB of the process, exit code."""
    started = time.monotonic()
    process = field.start(*arguments)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return time.monotonic() - started, usage.ru_maxrss / 1024, process.returncode


def main(profile: str = "large", speed: float = 60.0) -> int:
    """Print the table; returns 1 when memory is over the limit or the result is not whole."""
    with (
        tempfile.TemporaryDirectory(prefix="transhume-bench-") as folder,
        sandbox(Path(folder) / "project", profile, speed) as field,
    ):
        rows = [(step, *measured(field, step)) for step in ("plan", "apply")]
        status = [json.loads(line) for line in field.run("--json", "status").stdout.splitlines()]
    items = sum(row.get("done", 0) for row in status)
    ok = True
    print(f"profile {profile}: {items} items moved")
    for step, seconds, peak, code in rows:
        rate = items / seconds
        print(f"{step:6} {seconds:8.1f} s {rate:8.1f} items/s  peak {peak:6.1f} MB of {LIMIT_MB}  exit {code}")
        ok = ok and code == 0 and peak < LIMIT_MB
    pace = items / rows[1][1] / (QUOTA_PER_SECOND * 6)
    print(f"apply runs at {pace:.1f} times what Google's quota gives six mailboxes: the quota binds, not this machine")
    return 0 if ok else 1


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:2]))
