"""Progress for people: bars on a terminal, a line now and then where there is none (cron, a log)."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
from rich.table import Column
from rich.text import Text

from migrate.cli.output import Output
from migrate.observe import Observer
from migrate.report.units import count, duration, size

LINE_SECONDS = 10.0
_LIMIT_SECONDS = 5.0
"""For how long a wait is shown as what limits the speed, after it was over."""


@dataclass(slots=True)
class _Lane:
    """What is known of one lane's phase."""

    phase: str
    total: int | None
    items: int = 0
    bytes: int = 0
    task: TaskID | None = None


@dataclass(slots=True)
class Meter:
    """Adds up what the lanes tell: rate, time left, what limits now. Times in seconds of a monotonic clock."""

    started: float
    lanes: dict[str, _Lane] = field(default_factory=dict)
    limit: str = ""
    limit_until: float = 0.0

    @property
    def items(self) -> int:
        """Items through, over all lanes."""
        return sum(lane.items for lane in self.lanes.values())

    @property
    def total(self) -> int | None:
        """Items in all, when every lane told."""
        totals = [lane.total for lane in self.lanes.values()]
        known = [total for total in totals if total is not None]
        return sum(known) if totals and len(known) == len(totals) else None

    def line(self, now: float, *, ended: bool = False) -> str:
        """One line: ``apply: 120/500 items, 12.0/s, 3.4 MB, waits for …, 2 min left``."""
        elapsed = max(now - self.started, 0.001)
        rate = self.items / elapsed
        moved = sum(lane.bytes for lane in self.lanes.values())
        total = self.total
        phase = next(reversed(self.lanes.values())).phase if self.lanes else "working"
        parts = [f"{count(self.items)}{f'/{count(total)}' if total is not None else ''} items", f"{rate:.1f}/s"]
        if moved:
            parts.append(size(moved))
        if now < self.limit_until:
            parts.append(f"waits for {self.limit}")
        if total is not None and 0 < self.items < total and not ended:
            parts.append(f"{duration((total - self.items) / rate)} left")
        return f"{phase}: " + ", ".join(parts)


def _short(lane_key: str) -> str:
    """``mail ana@example.org``: what tells lanes apart comes first, a narrow terminal cuts the end."""
    _, _, rest = lane_key.partition("/")
    account, _, service = rest.rpartition("/")
    return f"{service} {account}"


class _Speed(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.1f}/s" if task.speed else "", style="progress.data.speed")


class _Left(ProgressColumn):
    def render(self, task: Task) -> Text:
        known = task.time_remaining is not None and task.remaining
        return Text(f"{duration(task.time_remaining or 0)} left" if known else "", style="progress.remaining")


class Reporter:
    """An Observer that draws. Locks: workers call it too."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._lock = threading.Lock()
        self._meter = Meter(time.monotonic())
        self._last_line = time.monotonic()
        self._bars = self._new_bars() if output.console.is_terminal else None
        self._all = self._bars.add_task("all", total=None, phase="") if self._bars else None

    def _new_bars(self) -> Progress:
        return Progress(
            TextColumn("{task.fields[phase]:<7}{task.description}", table_column=Column(no_wrap=True, max_width=40)),
            BarColumn(bar_width=10),
            MofNCompleteColumn(),
            _Speed(),
            _Left(),
            console=self._output.console,
            transient=True,
        )

    def start(self) -> None:
        """Begin to draw."""
        if self._bars:
            self._bars.start()

    def stop(self) -> None:
        """Leave one line where the bars were."""
        if self._bars:
            self._bars.stop()
        self._meter.limit_until = 0.0
        if self._meter.lanes:
            self._output.say(self._meter.line(time.monotonic(), ended=True))

    def lane_started(self, lane_key: str, phase: str, total_items: int | None, total_bytes: int | None) -> None:
        """See Observer."""
        with self._lock:
            lane = _Lane(phase, total_items)
            self._meter.lanes[lane_key] = lane
            if self._bars:
                # Shown once it moves: lanes that wait for a worker would fill the screen.
                lane.task = self._bars.add_task(_short(lane_key), total=total_items, phase=phase, visible=False)
                self._draw_all()

    def advanced(self, lane_key: str, items: int, bytes_: int) -> None:
        """See Observer."""
        with self._lock:
            lane = self._meter.lanes.setdefault(lane_key, _Lane("working", None))
            lane.items += items
            lane.bytes += bytes_
            if self._bars and lane.task is not None:
                self._bars.update(lane.task, advance=items, visible=True)
                self._draw_all()
            self._tick()

    def lane_finished(self, lane_key: str) -> None:
        """See Observer."""
        with self._lock:
            lane = self._meter.lanes.get(lane_key)
            if self._bars and lane and lane.task is not None:
                self._bars.update(lane.task, visible=False)
                self._bars.stop_task(lane.task)

    def waiting(self, lane_key: str, bucket: str, seconds: float) -> None:
        """See Observer."""
        with self._lock:
            self._meter.limit = bucket
            self._meter.limit_until = time.monotonic() + seconds + _LIMIT_SECONDS
            self._draw_all()
            self._tick()

    def message(self, level: str, text: str) -> None:
        """See Observer."""
        if level != "info" or self._output.verbose:
            self._output.say(f"{level}: {text}")
        self._output.emit({"type": "message", "level": level, "text": text})

    def _draw_all(self) -> None:
        if self._bars and self._all is not None:
            meter = self._meter
            phase = next(reversed(meter.lanes.values())).phase if meter.lanes else ""
            what = f"waits for {meter.limit}" if time.monotonic() < meter.limit_until else "all"
            self._bars.update(self._all, completed=meter.items, total=meter.total, phase=phase, description=what)

    def _tick(self) -> None:
        now = time.monotonic()
        if not self._bars and now - self._last_line >= LINE_SECONDS:
            self._last_line = now
            self._output.say(self._meter.line(now))


@contextmanager
def progress(output: Output) -> Iterator[Observer]:
    """An Observer that shows progress while the block runs."""
    reporter = Reporter(output)
    reporter.start()
    try:
        yield reporter
    finally:
        reporter.stop()
