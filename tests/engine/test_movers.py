"""The order in which copies follow to new names: no step lands on something, and who stays has a reason."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from migrate.movers import Mover, Order, Turn, Where, order

SPOTS = [("c", name) for name in "abcdefgh"]


def mover(copy: str, goes: Where | None, *, may: bool = True, steps_aside: bool = True) -> Mover:
    return Mover(copy=copy, goes=goes, may=may, steps_aside=steps_aside)


def turns(found: Order) -> list[str]:
    return [f"{turn.href}{' aside' if turn.aside else ''}" for turn in found.turns]


def test_the_last_of_a_chain_goes_first() -> None:
    movers = {"draft": mover("1", ("c", "final")), "final": mover("2", ("c", "old"))}
    assert turns(order(movers, {("c", "final"): "2"})) == ["final", "draft"]


def test_two_change_names_by_one_stepping_aside() -> None:
    movers = {"a": mover("1", ("c", "b"), steps_aside=False), "b": mover("2", ("c", "a"))}
    found = order(movers, {("c", "b"): "2", ("c", "a"): "1"})
    assert turns(found) == ["b aside", "a", "b"]
    assert not found.stay


def test_a_cycle_where_nobody_steps_aside_stays_and_so_do_those_behind() -> None:
    movers = {
        "a": mover("1", ("c", "b"), steps_aside=False),
        "b": mover("2", ("c", "a"), steps_aside=False),
        "free": mover("3", ("c", "z")),
    }
    found = order(movers, {("c", "b"): "2", ("c", "a"): "1"})
    assert found.stay == {"a", "b"}
    assert turns(found) == ["free"]


def test_what_may_not_follow_holds_back_those_that_want_its_place() -> None:
    movers = {"a": mover("1", ("c", "b")), "b": mover("2", ("c", "z"), may=False), "x": mover("3", ("c", "a"))}
    found = order(movers, {("c", "b"): "2", ("c", "a"): "1"})
    assert found.stay == {"a", "b", "x"}


def test_what_people_moved_there_already_waits_for_nothing() -> None:
    found = order({"a": mover("1", ("c", "b"))}, {("c", "b"): "1"})
    assert turns(found) == ["a"]


@given(data=st.data())
def test_every_step_lands_on_a_free_place_and_everyone_arrives_or_has_a_reason_to_stay(data: st.DataObject) -> None:
    holders = data.draw(st.lists(st.sampled_from(SPOTS), unique=True, min_size=1), label="occupied places")
    at = {where: f"copy of {where[1]}" for where in holders}
    moving = data.draw(st.lists(st.sampled_from(holders), unique=True), label="moving")
    goals = data.draw(st.permutations(SPOTS), label="goals")
    movers = {
        f"item {where[1]}": mover(at[where], goal, may=data.draw(st.booleans()), steps_aside=data.draw(st.booleans()))
        for where, goal in zip(moving, goals, strict=False)
    }
    found = order(movers, at)
    assert {turn.href for turn in found.turns} == movers.keys() - found.stay
    assert len([turn for turn in found.turns if not turn.aside]) == len(movers) - len(found.stay)
    after = carried_out(found.turns, movers, at)
    for href, one in movers.items():
        there = after.get(one.goes) if one.goes is not None else None
        if href not in found.stay:
            assert there == one.copy
        else:
            in_the_way = there is not None and there != one.copy
            assert not one.may or in_the_way
    assert set(after.values()) == set(at.values())


def carried_out(steps: tuple[Turn, ...], movers: dict[str, Mover], at: dict[Where, str]) -> dict[Where, str]:
    """The places after these steps; fails where one lands on something."""
    now = dict(at)
    for step in steps:
        one = movers[step.href]
        here = next(where for where, copy in now.items() if copy == one.copy)
        goes = ("aside", step.href) if step.aside else one.goes
        assert goes is not None
        assert now.get(goes, one.copy) == one.copy
        assert not step.aside or one.steps_aside
        del now[here]
        now[goes] = one.copy
    return now
