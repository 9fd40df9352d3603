"""Token buckets, on a clock that the test turns, and a few seconds of real threads."""

from __future__ import annotations

import math
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.errors import Interrupted
from migrate.pacing import Pacer


class Clock:
    """A clock that moves only by waiting."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waits: list[tuple[str, float]] = []

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds

    def pacer(self) -> Pacer:
        return Pacer(clock=self, wait=self.wait, jitter=lambda: 0.0, on_wait=lambda b, s: self.waits.append((b, s)))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pacer(clock: Clock) -> Pacer:
    return clock.pacer()


def test_a_burst_is_free_and_then_the_rate_holds(clock: Clock, pacer: Pacer) -> None:
    pacer.limit("user", per_minute=60, burst=10)
    for _ in range(10):
        pacer.spend({"user": 1})
    assert clock.now == 1000
    pacer.spend({"user": 1})
    assert clock.now == pytest.approx(1001)
    pacer.spend({"user": 5})
    assert clock.now == pytest.approx(1006)
    assert clock.waits[0] == ("user", pytest.approx(1))


@given(st.lists(st.floats(0.5, 400), min_size=1, max_size=300))
def test_no_minute_exceeds_the_quota(costs: list[float]) -> None:
    clock = Clock()
    pacer = clock.pacer()
    pacer.limit("user", per_minute=6000)
    spent: list[tuple[float, float]] = []
    for cost in costs:
        pacer.spend({"user": min(cost, 100)})
        spent.append((clock.now, min(cost, 100)))
    for start, _ in spent:
        assert sum(cost for when, cost in spent if start <= when < start + 60) <= 6000 + 1e-6


def test_a_cost_above_the_burst_leaves_a_debt(clock: Clock, pacer: Pacer) -> None:
    pacer.limit("user", per_minute=60, burst=10)
    pacer.spend({"user": 40})
    assert clock.now == 1000
    pacer.spend({"user": 1})
    assert clock.now == pytest.approx(1031)


def test_all_buckets_must_have_their_units(clock: Clock, pacer: Pacer) -> None:
    pacer.limit("project", per_minute=600, burst=1)
    pacer.limit("user", per_minute=60, burst=1)
    for _ in range(11):
        pacer.spend({"project": 1, "user": 1})
    assert clock.now == pytest.approx(1010)
    stats = pacer.stats()
    assert stats["user"].waited == pytest.approx(10)
    assert stats["project"].waited == 0
    assert stats["user"].units == stats["project"].units == 11


def test_an_undeclared_bucket_has_no_limit_until_refused(clock: Clock, pacer: Pacer) -> None:
    pacer.spend({"server": 1e9})
    assert clock.now == 1000
    assert pacer.refused(["server"], retry_after=5) == 5
    pacer.spend({"server": 1})
    assert clock.now == pytest.approx(1005)
    assert pacer.stats()["server"].declared == math.inf


def test_retry_after_is_obeyed(clock: Clock, pacer: Pacer) -> None:
    pacer.limit("user", per_minute=600, burst=10)
    assert pacer.refused(["user"], retry_after=30) == 30
    pacer.spend({"user": 1})
    assert clock.now >= 1030


def test_without_retry_after_the_pause_doubles(clock: Clock, pacer: Pacer) -> None:
    pacer.limit("user", per_minute=600, burst=10)
    pauses = []
    for _ in range(9):
        pauses.append(pacer.refused(["user"]))
        pacer.spend({"user": 1})
    assert pauses == pytest.approx([1, 2, 4, 8, 16, 32, 64, 64, 64])


def test_after_calm_the_pause_is_short_again(clock: Clock, pacer: Pacer) -> None:
    pacer.limit("user", per_minute=600)
    assert [pacer.refused(["user"]), pacer.sleep(1), pacer.refused(["user"])] == [1, None, 2]
    clock.now += 100
    assert pacer.refused(["user"]) == 1


def test_a_pause_is_never_under_a_second_and_is_jittered() -> None:
    clock = Clock()
    pacer = Pacer(clock=clock, wait=clock.wait, jitter=lambda: 0.5)
    assert pacer.refused(["a"]) == pytest.approx(1.5)
    assert pacer.refused(["b"], retry_after=0) == 1
    assert pacer.refused([], retry_after=3) == 3


def test_refusals_of_one_pause_count_once(clock: Clock, pacer: Pacer) -> None:
    pacer.limit("user", per_minute=600, burst=600)
    for _ in range(5):
        pacer.refused(["user"], retry_after=10)
    stats = pacer.stats()["user"]
    assert stats.current == pytest.approx(300)
    assert stats.refusals == 5


def test_the_rate_halves_and_climbs_back_to_what_was_declared(clock: Clock, pacer: Pacer) -> None:
    pacer.limit("user", per_minute=600, burst=1)
    pacer.refused(["user"], retry_after=1)
    assert pacer.stats()["user"].current == pytest.approx(300)
    clock.now += 1 + 150
    assert pacer.stats()["user"].current == pytest.approx(450)
    clock.now += 1000
    assert pacer.stats()["user"].current == pytest.approx(600)


def test_refusals_never_stop_a_bucket(clock: Clock, pacer: Pacer) -> None:
    pacer.limit("user", per_minute=600, burst=1)
    for _ in range(30):
        clock.now += pacer.refused(["user"], retry_after=1)
    assert pacer.stats()["user"].current >= 600 / 32


def test_declaring_again_keeps_what_was_learnt(clock: Clock, pacer: Pacer) -> None:
    pacer.limit("user", per_minute=600, burst=10)
    pacer.refused(["user"], retry_after=1)
    pacer.limit("user", per_minute=600, burst=10)
    assert pacer.stats()["user"].current == pytest.approx(300)
    pacer.limit("user", per_minute=120, burst=10)
    assert pacer.stats()["user"].current == pytest.approx(120)


@pytest.mark.parametrize(("per_minute", "burst"), [(0, None), (-1, None), (60, 0)])
def test_a_quota_is_positive(pacer: Pacer, per_minute: float, burst: float | None) -> None:
    with pytest.raises(ValueError, match="positive"):
        pacer.limit("user", per_minute=per_minute, burst=burst)


def test_a_tiny_quota_still_flows(clock: Clock, pacer: Pacer) -> None:
    pacer.limit("user", per_minute=1)
    for _ in range(3):
        pacer.spend({"user": 1})
    assert clock.now == pytest.approx(1240)


def test_stop_interrupts_waits_of_now_and_later() -> None:
    pacer = Pacer()
    pacer.limit("user", per_minute=60, burst=1)
    pacer.spend({"user": 1})
    interrupted: list[str] = []

    def waiting(what: str) -> None:
        try:
            pacer.sleep(60) if what == "sleep" else pacer.spend({"user": 30})
        except Interrupted:
            interrupted.append(what)

    threads = [threading.Thread(target=waiting, args=(what,)) for what in ("sleep", "spend", "spend")]
    for thread in threads:
        thread.start()
    time.sleep(0.05)
    pacer.stop()
    for thread in threads:
        thread.join(5)
    assert sorted(interrupted) == ["sleep", "spend", "spend"]
    with pytest.raises(Interrupted):
        pacer.sleep(1)
    pacer.spend({"elsewhere": 1})


def test_threads_share_a_bucket() -> None:
    pacer = Pacer()
    pacer.limit("user", per_minute=60 * 500, burst=50)
    start = time.monotonic()

    def spend() -> None:
        for _ in range(50):
            pacer.spend({"user": 1})

    threads = [threading.Thread(target=spend) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    elapsed = time.monotonic() - start
    assert pacer.stats()["user"].units == 400
    assert 0.69 <= elapsed < 5
