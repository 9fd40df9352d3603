"""A sample of the places of ``tests/machine/kills.py``; run as a program it tries every one."""

from __future__ import annotations

import os
import random

import pytest

from tests.machine.kills import KINDS, field_of_kills, try_place

SAMPLE = int(os.environ.get("KILLS", "4"))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_killed_anywhere_and_resumed_nothing_is_lost_nor_there_twice() -> None:
    chance = random.Random()
    with field_of_kills() as (base, folder, wanted, places, items):
        assert items > 800
        assert set(places) == set(KINDS), "some kind of place was never passed"
        for place in sorted(chance.sample(range(1, places.total() + 1), SAMPLE)):
            one = try_place(base, folder, place, wanted, chance)
            assert one.died, one
            assert (one.lost, one.double, one.silent, one.bad) == (0, 0, 0, ""), one
