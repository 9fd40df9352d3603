"""Progress: rate, what limits now, time left; bars on a terminal, lines elsewhere, nothing on stdout."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from migrate.cli.output import Output
from migrate.cli.progress import Meter, Reporter, _Lane, progress


def output(*, terminal: bool) -> tuple[Output, io.StringIO]:
    made, written = Output("1.0"), io.StringIO()
    made.console = Console(file=written, force_terminal=terminal, width=100, highlight=False)
    return made, written


def test_the_line_tells_rate_limit_and_time_left() -> None:
    meter = Meter(started=100.0, limit="google/gmail/user", limit_until=112.0)
    meter.lanes = {"a": _Lane("apply", 300, items=100, bytes=3_400_000), "b": _Lane("apply", 200)}
    told = "apply: 100/500 items, 10.0/s, 3.4 MB, waits for google/gmail/user, 40 s left"
    assert meter.line(110.0) == told
    assert "waits" not in meter.line(113.0)
    assert "left" not in meter.line(110.0, ended=True), "a run that has ended promises nothing"


def test_an_unknown_total_promises_nothing() -> None:
    meter = Meter(started=0.0, lanes={"a": _Lane("list", None, items=7), "b": _Lane("list", 9)})
    assert meter.total is None
    assert meter.line(1.0) == "list: 7 items, 7.0/s"


@pytest.mark.parametrize("terminal", [True, False])
def test_a_run_ends_with_one_line(terminal: bool, capsys: pytest.CaptureFixture[str]) -> None:
    made, written = output(terminal=terminal)
    with progress(made) as observer:
        observer.lane_started("src/ana/mail", "apply", 2, 20)
        observer.waiting("src/ana/mail", "quota", 0.1)
        observer.advanced("src/ana/mail", 2, 20)
        observer.lane_finished("src/ana/mail")
        observer.message("warning", "3 items wait")
        observer.message("info", "only with -v")
    assert "apply: 2/2 items" in written.getvalue()
    assert "warning: 3 items wait" in written.getvalue()
    assert "only with -v" not in written.getvalue()
    assert ("\x1b[" in written.getvalue()) is terminal
    assert capsys.readouterr().out == ""


def test_what_limits_stands_in_the_bars() -> None:
    made, written = output(terminal=True)
    reporter = Reporter(made)
    reporter.start()
    reporter.lane_started("src/ana/mail", "list", 4, None)
    reporter.advanced("src/ana/mail", 1, 0)
    reporter.waiting("src/ana/mail", "gmail quota", 2.0)
    reporter.stop()
    assert "waits for gmail quota" in written.getvalue()


def test_a_narrow_terminal_still_tells_the_services_apart() -> None:
    made, written = output(terminal=True)
    made.console = Console(file=written, force_terminal=True, width=80, highlight=False)
    reporter = Reporter(made)
    reporter.start()
    for service in ("mail", "calendar"):
        key = f"google/somebody.with.a.long.name@association.example.org/{service}"
        reporter.lane_started(key, "apply", 4, None)
        reporter.advanced(key, 1, 0)
    reporter.stop()
    assert "mail somebody" in written.getvalue()
    assert "calendar somebody" in written.getvalue()
