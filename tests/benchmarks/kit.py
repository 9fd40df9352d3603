"""What the benchmarks share: a project on disk, the command in a process of its own, a slow line, ratios in a chart.

A benchmark measures several programs in one run and judges by the ratio of their medians; runs are interleaved, so
that whatever else this machine does disturbs all of them alike.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.system.field import COMMAND

WIDTH = 40
"""Characters of the longest bar."""


@dataclass(frozen=True)
class Goal:
    """One line of the result: how much faster than another program this one has to be, and is."""

    name: str
    ratio: float
    wanted: float

    @property
    def met(self) -> bool:
        """Whether the goal is reached."""
        return self.ratio >= self.wanted


def interleaved(rounds: int, runs: Mapping[str, Callable[[int], float]]) -> dict[str, float]:
    """Median seconds of each run; each is called with the number of the round and returns its seconds."""
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(rounds):
        for name, run in runs.items():
            taken[name].append(run(number))
    return {name: statistics.median(seconds) for name, seconds in taken.items()}


def timed(run: Callable[[], object]) -> float:
    """Seconds it takes."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def show(title: str, unit: str, count: float, seconds: Mapping[str, float], goals: list[Goal]) -> bool:
    """Print rates as bars, and the goals; True when all are met."""
    print(f"\n{title}")
    rates = {name: count / took for name, took in seconds.items()}
    most = max(rates.values())
    for name, rate in rates.items():
        print(f"  {name:26} {bar(rate / most):{WIDTH}} {rate:9.1f} {unit}/s {seconds[name]:7.2f} s")
    for goal in goals:
        print(f"  {goal.name:44} {goal.ratio:6.2f} x   wanted {goal.wanted:5.2f}   {'ok' if goal.met else 'MISSED'}")
    _keep(title, unit, rates, goals)
    return all(goal.met for goal in goals)


def bar(part: float) -> str:
    """That part of the longest bar."""
    return "█" * max(1, round(part * WIDTH))


def _keep(title: str, unit: str, rates: Mapping[str, float], goals: list[Goal]) -> None:
    """For the table of ``make bench``: one JSON line in the file that BENCH_RESULTS names."""
    if path := os.environ.get("BENCH_RESULTS"):
        row = {
            "title": title,
            "unit": unit,
            "rates": dict(rates),
            "goals": [[goal.name, goal.ratio, goal.wanted] for goal in goals],
        }
        with Path(path).open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(row) + "\n")


def project(folder: Path, source: str, target: str, account: str) -> Path:
    """A migration project: the two tables in TOML, and the row of the one account."""
    folder.mkdir(parents=True, mode=0o700)
    head = '[migration]\nname = "Mesure"\nlanguage = "fr"\nterritory = "FR"\naccounts = "accounts.csv"\n'
    text = f"{head}{source}\n{target}\n"
    (folder / "migration.toml").write_text(text, encoding="utf-8")
    (folder / "migration.toml").chmod(0o600)
    header = "source,source_account,new_account,wave\n"
    (folder / "accounts.csv").write_text(header + account, encoding="utf-8")
    (folder / "accounts.csv").chmod(0o600)
    return folder


def transhume(folder: Path, *arguments: str) -> float:
    """Seconds of one command in a process of its own, the interpreter's start included."""
    command = [*COMMAND, "-C", str(folder), *arguments]

    def run() -> None:
        done = subprocess.run(command, capture_output=True, text=True, timeout=3600, check=False)
        if done.returncode:
            raise SystemExit(f"{arguments} ended with {done.returncode}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")

    return timed(run)


@contextmanager
def slow_line(port: int, round_trip: float) -> Iterator[int]:
    """A port that leads to ``port`` over a line with that latency (seconds there and back), in another process."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        entrance: int = probe.getsockname()[1]
    command = [sys.executable, "-m", "tests.benchmarks.kit", str(entrance), str(port), str(round_trip / 2)]
    process = subprocess.Popen(command)
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", entrance)) == 0:
                    break
            time.sleep(0.02)
        yield entrance
    finally:
        process.terminate()
        process.wait(10)


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float) -> None:
    """Each piece leaves ``delay`` seconds after it came, in order; the line itself is as wide as the machine's."""
    loop = asyncio.get_running_loop()
    waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(4096)

    async def deliver() -> None:
        while True:
            due, piece = await waiting.get()
            if (left := due - loop.time()) > 0:
                await asyncio.sleep(left)
            if not piece:
                break
            writer.write(piece)
            await writer.drain()
        writer.close()

    delivery = asyncio.create_task(deliver())
    try:
        while piece := await reader.read(1 << 16):
            await waiting.put((loop.time() + delay, piece))
    except ConnectionError:
        pass
    await waiting.put((loop.time() + delay, b""))
    try:
        await delivery
    except ConnectionError:
        writer.close()


async def _serve(entrance: int, port: int, delay: float) -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        for one in (writer, far_writer):
            one.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.gather(_carry(reader, far_writer, delay), _carry(far_reader, writer, delay))

    server = await asyncio.start_server(connected, "127.0.0.1", entrance)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
