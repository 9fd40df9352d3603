"""A plan of a million messages, and an empty delta over them: memory stays flat, time grows with the number.

Each step runs in a process of its own, whose peak memory is what counts. Sizes on the command line replace the usual
250,000 and 1,000,000.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LIMIT_MB = 200
SLACK = 1.35
"""How much longer an item may take among many than among few."""

CONFIG = """
[migration]
name = "Million"
[source.src]
connector = "generated"
items = {items}
[target.dst]
connector = "generated"
copies = true
items = {copies}
"""


def prepare(folder: Path, items: int, copies: int) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / "migration.toml").write_text(CONFIG.format(items=items, copies=copies), encoding="utf-8")
    (folder / "accounts.csv").write_text("source,source_account,dst_account,wave\nsrc,ana,ana,1\n", encoding="utf-8")


def step(folder: Path, name: str, items: int) -> None:
    """One step, in this process."""
    from migrate import registry, session, settings
    from migrate.cli import bound_memory
    from tests.benchmarks import generated

    bound_memory()
    for module in (registry, session, settings.registry):
        module.load = lambda _name: generated.connector  # type: ignore[attr-defined, assignment]
    if name == "moved":
        fill(folder, items)
        return
    from migrate.config import load_project
    from migrate.plan import make_plan

    started = time.monotonic()
    summary = make_plan(load_project(folder))
    wanted = items if name == "plan" else 0
    if (summary.discovered, summary.steps > 0, summary.sums_check) != (items, wanted > 0, True):
        raise SystemExit(f"not the plan that was expected: {summary.discovered} found, {summary.steps} steps")
    print(time.monotonic() - started)


def fill(folder: Path, items: int) -> None:
    """The ledger as it is once all have moved."""
    from migrate.ledger import Ledger, Result, chunks
    from migrate.model import State
    from migrate.rows import Pair
    from tests.benchmarks.generated import FOLDER, source_entry, target_entry

    with Ledger(folder / "ledger.sqlite3") as ledger:
        lane = ledger.lane("src/ana/mail", "dst/ana/mail")
        for numbers in chunks(range(items), 20_000):
            results = []
            for number in numbers:
                source, target = source_entry(number), target_entry(number)
                pair = Pair(
                    source_href=source.href,
                    source_etag=source.etag,
                    target_collection=FOLDER,
                    target_href=target.href,
                    target_etag=target.etag,
                    media_type="message/rfc822",
                    size=source.size or 0,
                    digest=f"sha256:{number:064x}",
                    flags=("\\Seen",),
                    place="INBOX",
                )
                results.append(Result(n=number, source_href=source.href, state=State.DONE, code="stored", pair=pair))
            ledger.record("p", lane, results)


def measured(folder: Path, name: str, items: int) -> tuple[float, float]:
    """Seconds and peak MB of a step in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.bench_million", "--step", name, str(folder), str(items)],
        stdout=subprocess.PIPE,
        text=True,
    )
    text = process.stdout.read() if process.stdout else ""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.stdout:
        process.stdout.close()
    if process.returncode:
        raise SystemExit(f"{name} of {items}: exit {process.returncode}")
    return float(text or 0), usage.ru_maxrss / 1024


def main(*sizes: str) -> int:
    """Print the table; returns 1 when memory is over the limit or time grows faster than the number of items."""
    counts = [int(size) for size in sizes] or [250_000, 1_000_000]
    ok, each = True, {}
    for items in counts:
        with tempfile.TemporaryDirectory(prefix="transhume-bench-") as name:
            folder = Path(name) / "project"
            prepare(folder, items, 0)
            rows = {"plan": measured(folder, "plan", items)}
            measured(folder, "moved", items)
            prepare(folder, items, items)
            rows["delta"] = measured(folder, "delta", items)
        for what, (seconds, peak) in rows.items():
            each[what, items] = seconds / items
            rate = f"{seconds:7.1f} s {items / seconds:9,.0f} items/s"
            print(f"{items:9,} {what:6} {rate}  peak {peak:6.1f} of {LIMIT_MB} MB", flush=True)
            ok = ok and peak < LIMIT_MB
    for what in ("plan", "delta"):
        ratio = each[what, counts[-1]] / each[what, counts[0]]
        print(f"{what}: an item of {counts[-1]:,} takes {ratio:.2f} times as long as one of {counts[0]:,}")
        ok = ok and ratio < SLACK
    return 0 if ok else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["--step"]:
        step(Path(sys.argv[3]), sys.argv[2], int(sys.argv[4]))
    else:
        raise SystemExit(main(*sys.argv[1:]))
