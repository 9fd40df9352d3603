"""The pool: order, back-pressure, failures on both sides, one Ctrl-C and two."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from migrate.errors import Interrupted
from migrate.workers import Channel, Job, JobFailed, Workers

pytestmark = pytest.mark.timeout(30)
ROOT = Path(__file__).parent.parent


def telling(*messages: object) -> Job:
    def job(channel: Channel) -> None:
        for message in messages:
            channel.tell(message)

    return job


def no_jobs_are_left() -> bool:
    return not [t for t in threading.enumerate() if t.name == "job"]


def test_every_message_is_handled_once_and_in_order() -> None:
    seen: list[tuple[int, int]] = []
    jobs = [telling(*[(k, n) for n in range(50)]) for k in range(10)]
    Workers(4, queue_size=3).run(jobs, lambda m: seen.append(m))  # type: ignore[arg-type]
    assert sorted(seen) == [(k, n) for k in range(10) for n in range(50)]
    for k in range(10):
        assert [n for j, n in seen if j == k] == list(range(50))
    assert no_jobs_are_left()


def test_handle_runs_in_the_calling_thread_and_answers() -> None:
    answers: list[object] = []
    callers: set[threading.Thread] = set()

    def job(channel: Channel) -> None:
        answers.extend(channel.ask(n) for n in range(5))

    def handle(message: Any) -> int:
        callers.add(threading.current_thread())
        return int(message) * 2

    Workers(2).run([job], handle)
    assert answers == [0, 2, 4, 6, 8]
    assert callers == {threading.current_thread()}


def test_no_job_no_thread() -> None:
    Workers(3).run([], lambda m: m)
    assert no_jobs_are_left()


def test_at_most_count_jobs_at_once_and_jobs_are_drawn_as_places_become_free() -> None:
    lock, running, most = threading.Lock(), 0, 0
    drawn = 0

    def job(channel: Channel) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        channel.tell("in")
        time.sleep(0.01)
        with lock:
            running -= 1

    def jobs() -> Iterator[Job]:
        nonlocal drawn
        for _ in range(12):
            drawn += 1
            assert drawn - 12 <= running
            yield job

    Workers(3).run(jobs(), lambda m: m)
    assert most == 3
    assert drawn == 12


def test_a_slow_main_thread_slows_the_jobs_down() -> None:
    told = 0
    ahead: list[int] = []

    def job(channel: Channel) -> None:
        nonlocal told
        for n in range(40):
            channel.tell(n)
            told += 1

    def handle(message: Any) -> None:
        time.sleep(0.002)
        ahead.append(told - message)

    Workers(1, queue_size=5).run([job], handle)
    assert max(ahead) <= 7


def test_a_failed_job_is_told_after_its_messages_and_the_others_go_on() -> None:
    seen: list[object] = []

    def failing(channel: Channel) -> None:
        channel.tell("before")
        raise LookupError("broken")

    Workers(1).run([failing, telling("after")], seen.append)
    assert seen[0] == "before"
    assert isinstance(seen[1], JobFailed)
    assert seen[1].job is failing
    assert isinstance(seen[1].error, LookupError)
    assert seen[2] == "after"


def test_interrupted_in_a_job_without_interruption_is_a_failure() -> None:
    seen: list[Any] = []

    def job(channel: Channel) -> None:
        raise Interrupted("odd")

    Workers(1).run([job], seen.append)
    assert isinstance(seen[0].error, Interrupted)


def test_an_error_in_handle_reaches_the_caller_and_nobody_hangs() -> None:
    swallowed = 0

    def stubborn(channel: Channel) -> None:
        nonlocal swallowed
        while True:
            try:
                channel.ask("?")
                channel.tell("!")
            except Exception:  # what jobs do with errors must not keep them alive
                swallowed += 1

    def handle(message: object) -> None:
        if message == "!":
            raise ZeroDivisionError

    woken = threading.Event()
    with pytest.raises(ZeroDivisionError):
        Workers(4, queue_size=1, on_stop=woken.set).run([stubborn] * 8, handle)
    assert swallowed == 0
    assert woken.is_set()
    assert no_jobs_are_left()


def test_an_error_in_the_jobs_iterator_reaches_the_caller() -> None:
    def jobs() -> Iterator[Job]:
        yield telling("one")
        raise KeyError("listing")

    with pytest.raises(KeyError):
        Workers(2).run(jobs(), lambda m: m)
    assert no_jobs_are_left()


def test_a_job_that_hangs_is_left_behind() -> None:
    release = threading.Event()

    def hanging(channel: Channel) -> None:
        channel.tell("in")
        release.wait()

    start = time.monotonic()
    with pytest.raises(ZeroDivisionError):
        Workers(1, grace=0.2).run([hanging], lambda m: 1 // 0)
    assert time.monotonic() - start < 2
    release.set()


def test_stop_starts_no_new_job_and_lets_the_others_finish() -> None:
    seen: list[object] = []
    workers = Workers(1, on_stop=lambda: seen.append("on_stop"))

    def job(channel: Channel) -> None:
        channel.ask("begun")
        while not channel.stopping:
            time.sleep(0.001)
        channel.tell("finished")

    def handle(message: object) -> None:
        seen.append(message)
        workers.stop()

    workers.run([job, job], handle)
    assert seen == ["begun", "on_stop", "finished"]


def test_the_handler_of_sigint_is_put_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    Workers(1).run([telling(1)], lambda m: m)
    assert signal.getsignal(signal.SIGINT) is before


def test_it_runs_outside_the_main_thread_too() -> None:
    seen: list[object] = []
    thread = threading.Thread(target=lambda: Workers(2).run([telling(1), telling(2)], seen.append))
    thread.start()
    thread.join()
    assert sorted(seen, key=str) == [1, 2]


def test_sizes_are_checked() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Workers(0)


def child(program: str) -> subprocess.Popen[str]:
    """A process that says ``ready`` when it is time for a signal."""
    head = """
        import sys, threading, time
        from migrate.errors import Interrupted
        from migrate.workers import Workers
        def say(text):
            print(text, flush=True)
        """
    code = textwrap.dedent(head) + textwrap.dedent(program)
    return subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_one_ctrl_c_finishes_what_is_in_flight() -> None:
    process = child(
        """
        def job(channel):
            channel.tell("ready")
            while not channel.stopping:
                time.sleep(0.01)
            time.sleep(0.2)
            channel.tell("in flight finished")
        def never(channel):
            channel.tell("a new job")
        try:
            Workers(2, on_interrupt=lambda: say("wait")).run([job, job, never], say)
        except Interrupted as error:
            say(f"exit {int(error.exit_code)}")
        """
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        assert process.stdout.readline() == "ready\n"
        os.kill(process.pid, signal.SIGINT)
        assert process.stdout.read() == "wait\nin flight finished\nin flight finished\nexit 130\n"
    assert process.returncode == 0


def test_two_ctrl_c_abort_at_once() -> None:
    process = child(
        """
        def job(channel):
            channel.tell("ready")
            while not channel.stopping:
                time.sleep(0.01)
            channel.tell("stopping")
            time.sleep(60)
        try:
            Workers(1).run([job], say)
        except KeyboardInterrupt:
            say("aborted")
        """
    )
    start = time.monotonic()
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        os.kill(process.pid, signal.SIGINT)
        assert process.stdout.readline() == "stopping\n"
        os.kill(process.pid, signal.SIGINT)
        assert process.stdout.read() == "aborted\n"
    assert process.returncode == 0
    assert time.monotonic() - start < 10


def test_ctrl_c_wakes_what_waits() -> None:
    process = child(
        """
        from migrate.pacing import Pacer
        pacer = Pacer()
        def job(channel):
            channel.tell("ready")
            pacer.sleep(60)
        try:
            Workers(3, on_stop=pacer.stop).run([job] * 3, say)
        except Interrupted:
            say("interrupted")
        """
    )
    with process:
        assert process.stdout is not None
        assert [process.stdout.readline() for _ in range(3)] == ["ready\n"] * 3
        os.kill(process.pid, signal.SIGINT)
        assert process.stdout.read() == "interrupted\n"
    assert process.returncode == 0
