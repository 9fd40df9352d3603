"""Several workers on one lane: each batch once, and what must be looked for is left to the last."""

from __future__ import annotations

import threading
from collections import Counter

import pytest

from migrate.crew import Crew, crew_size
from migrate.errors import LimitReached, QuotaExceeded, Scope
from migrate.lanework import batches
from migrate.model import Collection, Verb
from migrate.planrows import Action, Section, Totals


def action(n: int) -> Action:
    return Action(n=n, verb=Verb.CREATE, href=f"h{n}", etag="1", size=10, collection=1, media_type="message/rfc822")


def opened(size: int = 3, count: int = 95, limit: int = 4) -> Crew:
    crew = Crew(size)
    crew.begin(batches(map(action, range(count)), 10), limit)
    return crew


def test_each_action_goes_to_one_worker() -> None:
    crew, seen, last = opened(), Counter[int](), []

    def work(number: int) -> None:
        if number and not crew.join(number, 5):
            return
        while (batch := crew.next()) is not None:
            seen.update(a.n for a in batch)
            crew.set_aside(batch[:1])
        last.append(crew.leave())

    threads = [threading.Thread(target=work, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == Counter(range(95))
    (left,) = [rest for rest in last if rest is not None]
    assert sorted(a.n for a in left) == list(range(0, 95, 10))
    assert crew.alone
    assert crew.gone


def test_nobody_joins_before_the_first_has_looked_nor_beyond_the_limit() -> None:
    crew = Crew(4)
    assert crew.join(1, 0.0) is None
    crew.begin(iter(()), 2)
    assert crew.join(1, 0.0) is True
    assert crew.join(2, 0.0) is False


def test_a_failure_ends_the_work_of_all() -> None:
    crew = opened()
    assert crew.join(1, 0.0)
    crew.fail()
    assert crew.next() is None
    assert not crew.gone
    assert crew.leave() is None
    assert crew.gone
    assert crew.join(2, 0.0) is False


def test_a_refused_collection_is_asked_for_once_and_a_full_account_stops_the_lane() -> None:
    crew, asked = opened(), []

    def refuse() -> Collection:
        asked.append(1)
        raise LimitReached("no more", scope=Scope.COLLECTION)

    def full() -> Collection:
        raise QuotaExceeded("full")

    assert crew.home("a", refuse) is crew.home("a", refuse)
    assert len(asked) == len(crew.refusals()) == 1
    with pytest.raises(QuotaExceeded):
        crew.home("b", full)


def section(actions: int, *verbs: str) -> Section:
    totals = Totals(
        discovered=0,
        counts={},
        bytes_planned=0,
        bytes_exact=True,
        reasons=(),
        losses=(),
        verbs=dict.fromkeys(verbs, 1),
    )
    return Section(lane="l", account="a", service="mail", target="t", actions=actions, totals=totals)


def test_a_short_lane_has_one_worker_and_so_has_one_where_the_order_counts() -> None:
    assert [crew_size(section(n, "create")) for n in (0, 1, 399, 400, 10_000)] == [1, 1, 1, 2, 4]
    assert crew_size(section(10_000, "create", "move")) == 1
