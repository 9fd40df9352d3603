"""How long a plan should take: the range, and which limit is named."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from migrate.estimate import MARGIN, Load, Speed, of_lane, together
from migrate.summaries import Estimate

LOADS = st.builds(
    Load,
    items=st.integers(0, 10**6),
    size=st.integers(0, 10**12),
    source_per_minute=st.none() | st.floats(1, 1e5),
    target_per_minute=st.none() | st.floats(1, 1e5),
    grants=st.integers(0, 10**4),
    grants_per_hour=st.none() | st.integers(1, 1000),
)
SPEEDS = st.none() | st.builds(Speed, st.integers(1, 10**6), st.integers(0, 10**12), st.floats(1, 1e6, allow_nan=False))


def test_before_anything_was_measured_the_range_is_wide_and_says_so() -> None:
    found = of_lane(Load(items=1000, size=10_000_000), None)
    assert (found.low, found.high) == (20.0, 210.0)
    assert "not measured yet" in found.limit


def test_after_a_pass_its_speed_counts() -> None:
    found = of_lane(Load(items=1000, size=10_000_000), Speed(500, 10_000_000, 100))
    assert (found.low, found.high) == (100 / MARGIN, 200 * MARGIN)
    assert found.limit == "the speed measured so far, 5.0 items a second for one account"


def test_a_quota_that_binds_is_named() -> None:
    found = of_lane(Load(items=30_000, size=1, source_per_minute=300.0), Speed(1000, 1, 10))
    assert found.low == found.high == 6000.0
    assert found.limit == "the source's quota, 300 items a minute for one account"
    other = of_lane(Load(items=30_000, size=1, source_per_minute=300.0, target_per_minute=100.0), None)
    assert other.limit == "the target's quota, 100 items a minute for one account"


def test_shares_come_after_the_items_and_are_named_when_they_take_longer() -> None:
    found = of_lane(Load(items=10, size=1000, grants=260, grants_per_hour=120), None)
    assert found.low == 0.2 + 7200
    assert 7800 < found.high < 7810
    assert found.limit == "the target's limit of 120 shares an hour"
    few = of_lane(Load(items=10, size=1000, grants=20, grants_per_hour=120), None)
    assert (few.low, "not measured" in few.limit) == (0.2, True)


def test_accounts_run_side_by_side_and_the_longest_counts() -> None:
    short, long = Estimate(low=10, high=20, limit="a"), Estimate(low=100, high=300, limit="b")
    assert together([short] * 4 + [long], 4) == Estimate(low=100, high=300, limit="b")
    assert together([short] * 100, 4) == Estimate(low=250, high=500, limit="a")
    assert together([Estimate(low=0, high=0, limit="a")], 4) is None


@given(load=LOADS, speed=SPEEDS)
def test_a_range_is_a_range_and_no_quota_is_beaten(load: Load, speed: Speed | None) -> None:
    found = of_lane(load, speed)
    assert 0 <= found.low <= found.high
    assert found.limit
    for rate in (load.source_per_minute, load.target_per_minute):
        assert rate is None or found.low * rate / 60 >= load.items * 0.999


@given(load=LOADS, speed=SPEEDS, more=st.integers(1, 1000))
def test_more_items_never_take_less(load: Load, speed: Speed | None, more: int) -> None:
    larger = Load(
        items=load.items + more,
        size=load.size,
        source_per_minute=load.source_per_minute,
        target_per_minute=load.target_per_minute,
        grants=load.grants,
        grants_per_hour=load.grants_per_hour,
    )
    before, after = of_lane(load, speed), of_lane(larger, speed)
    assert after.low >= before.low
    assert after.high >= before.high
