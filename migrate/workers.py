"""The only threads: a bounded pool of jobs that talk to the main thread, which alone owns ledger and output.

A job is a function of its :class:`Channel`. It ``tell``s what it did (a bounded queue: a slow main thread slows
the jobs down) and ``ask``s what only the main thread can answer. Ctrl-C once lets jobs finish what is in flight;
twice aborts.
"""

from __future__ import annotations

import queue
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from migrate.errors import Interrupted

POLL = 0.1
"""Seconds between looks at what a signal or a failure changed."""


class Abandoned(BaseException):
    """Raised in a job at its next message once the run has failed. Not an Exception: jobs must not catch it."""


@dataclass(frozen=True, slots=True)
class JobFailed:
    """Given to ``handle`` when a job raised; everything it told before has been handled."""

    job: Job
    error: BaseException


@dataclass(slots=True)
class _Envelope:
    """A message on its way to the main thread, and its answer."""

    message: object
    reply: Any = None
    answered: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True, slots=True)
class _Ended:
    """The last message of a job."""

    thread: threading.Thread


class Channel:
    """What a job holds of the main thread."""

    def __init__(self, workers: Workers, inbox: queue.Queue[_Envelope | _Ended]) -> None:
        self._workers = workers
        self._inbox = inbox

    @property
    def stopping(self) -> bool:
        """True once jobs should finish what is in flight and return."""
        return self._workers.stopping

    def tell(self, message: object) -> None:
        """Hand over a message; waits while the queue is full."""
        self._post(_Envelope(message))

    def ask(self, message: object) -> Any:
        """Hand over a message and wait for what ``handle`` returned for it."""
        envelope = _Envelope(message)
        self._post(envelope)
        while not envelope.answered.wait(POLL):
            self._workers.raise_if_abandoned()
        return envelope.reply

    def end(self) -> None:
        """The job has returned; said by the pool, once."""
        self._post(_Ended(threading.current_thread()))

    def _post(self, envelope: _Envelope | _Ended) -> None:
        while True:
            self._workers.raise_if_abandoned()
            try:
                self._inbox.put(envelope, timeout=POLL)
            except queue.Full:
                continue
            return


Job = Callable[[Channel], None]


class Workers:
    """Runs jobs, at most ``count`` at once."""

    def __init__(
        self,
        count: int,
        *,
        queue_size: int = 64,
        on_stop: Callable[[], None] | None = None,
        on_interrupt: Callable[[], None] | None = None,
        grace: float = 30.0,
    ) -> None:
        """``on_stop`` is called once when jobs should end (wakes those that wait, ``Pacer.stop``).

        ``on_interrupt`` is called once after the first Ctrl-C: a person waits for what is in flight.

        ``grace`` is how long, in seconds, a failed run waits for its jobs before it leaves them behind.
        """
        if count < 1 or queue_size < 1:
            raise ValueError("count and queue_size are at least 1")
        self._count = count
        self._queue_size = queue_size
        self._on_stop = on_stop
        self._on_interrupt = on_interrupt
        self._grace = grace
        self._interrupts = 0
        self._stop = False
        self._stop_told = False
        self._abandoned = False

    @property
    def stopping(self) -> bool:
        """True after Ctrl-C or :meth:`stop`."""
        return self._stop or self._interrupts > 0

    def stop(self) -> None:
        """Start no new job and let those that run finish what is in flight; ``run`` then returns."""
        self._stop = True

    def raise_if_abandoned(self) -> None:
        """For channels: end this job, nobody listens any more."""
        if self._abandoned:
            raise Abandoned

    def run(self, jobs: Iterable[Job], handle: Callable[[object], object]) -> None:
        """Run every job; ``handle`` gets each message, in this thread, in the order a job sent them.

        ``jobs`` is drawn from here too, as places become free. Raises Interrupted after Ctrl-C once all jobs have
        returned, KeyboardInterrupt after a second one at once, and whatever ``handle`` or ``jobs`` raised.
        """
        inbox: queue.Queue[_Envelope | _Ended] = queue.Queue(self._queue_size)
        threads: set[threading.Thread] = set()
        with self._signals():
            try:
                self._loop(iter(jobs), handle, inbox, threads)
            except BaseException as error:
                self._abandon(threads, grace=0.0 if isinstance(error, KeyboardInterrupt) else self._grace)
                raise
        if self._interrupts:
            raise Interrupted(
                "interrupted; what was in flight is finished and recorded", advice="Run the same command again."
            )

    def _loop(
        self,
        jobs: Iterator[Job],
        handle: Callable[[object], object],
        inbox: queue.Queue[_Envelope | _Ended],
        threads: set[threading.Thread],
    ) -> None:
        """Start jobs as places become free and handle messages until none is left."""
        more = True
        while True:
            while more and not self.stopping and len(threads) < self._count:
                more = self._start(jobs, inbox, threads)
            if not threads:
                return
            self._tell_stop()
            try:
                envelope = inbox.get(timeout=POLL)
            except queue.Empty:
                continue
            if isinstance(envelope, _Ended):
                envelope.thread.join()
                threads.discard(envelope.thread)
            else:
                envelope.reply = handle(envelope.message)
                envelope.answered.set()

    def _start(
        self, jobs: Iterator[Job], inbox: queue.Queue[_Envelope | _Ended], threads: set[threading.Thread]
    ) -> bool:
        """Start the next job; False when there is none."""
        job = next(jobs, None)
        if job is None:
            return False
        thread = threading.Thread(target=self._work, args=(job, Channel(self, inbox)), name="job", daemon=True)
        threads.add(thread)
        thread.start()
        return True

    def _work(self, job: Job, channel: Channel) -> None:
        """The body of a thread."""
        try:
            try:
                job(channel)
            except Interrupted as error:
                if not self.stopping:
                    channel.tell(JobFailed(job, error))
            except Abandoned:
                raise
            except BaseException as error:
                channel.tell(JobFailed(job, error))
            channel.end()
        except Abandoned:
            return

    def _tell_stop(self) -> None:
        """Call ``on_stop`` once. Not from the signal handler: it may take locks that this thread holds."""
        if self.stopping and not self._stop_told:
            self._stop_told = True
            if self._on_stop is not None:
                self._on_stop()
            if self._interrupts == 1 and self._on_interrupt is not None:
                self._on_interrupt()

    def _abandon(self, threads: set[threading.Thread], *, grace: float) -> None:
        """Have every job end at its next message or wait; leave behind what does not within ``grace`` seconds."""
        self._abandoned = True
        self.stop()
        self._tell_stop()
        deadline = time.monotonic() + grace
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """Count SIGINT while running; one that the parent process ignores stays ignored."""
        if (
            threading.current_thread() is not threading.main_thread()
            or signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        ):
            yield
            return
        previous = signal.signal(signal.SIGINT, self._interrupted)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, previous)

    def _interrupted(self, _signum: int, _frame: FrameType | None) -> None:
        self._interrupts += 1
        if self._interrupts > 1:
            raise KeyboardInterrupt
