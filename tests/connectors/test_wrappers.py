"""Wrappers keep the interface, refuse writes, try again what may be tried again, and count."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from connectors.memory import MemoryConnector, seed
from connectors.memory_store import FaultKind, Store
from connectors.samples import MAIL, sample
from connectors.wrappers import ReadOnly, Recording, Retrying, WriteForbidden
from migrate.errors import (
    AuthFailed,
    ConnectorError,
    QuotaExceeded,
    Retriable,
    Throttled,
    Uncertain,
    Unreachable,
)
from migrate.model import Capabilities, Collection, Entry, Item, Service, Stored
from migrate.pacing import Pacer
from migrate.protocols import SupportsDigest, SupportsGetMany, SupportsPutMany, Target

ALICE = "alice@example.org"


class Clock:
    def __init__(self) -> None:
        self.now = 0.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pacer(clock: Clock) -> Pacer:
    return Pacer(clock=clock, wait=clock.wait)


@pytest.fixture
def store() -> Store:
    store = Store()
    for n in range(6):
        seed(store, ALICE, Service.FILES, f"fichier-{n}.txt", b"%d" % n)
    return store


def target_of(store: Store, tmp_path: Path, *, batched: bool = True) -> Target:
    store.batched = batched
    return MemoryConnector(store, tmp_path).target(ALICE, Service.FILES)


@pytest.fixture
def target(store: Store, tmp_path: Path) -> Target:
    return target_of(store, tmp_path)


@pytest.fixture
def retrying(target: Target, pacer: Pacer) -> Target:
    return Retrying(target, pacer)


ROOT = Collection(href="/")


@pytest.mark.parametrize("batched", [True, False])
def test_abilities_are_those_of_the_inner_one(store: Store, tmp_path: Path, pacer: Pacer, batched: bool) -> None:
    inner = target_of(store, tmp_path, batched=batched)
    reader = MemoryConnector(store, tmp_path).reader(ALICE, Service.FILES)
    for ability in (Target, SupportsGetMany, SupportsPutMany, SupportsDigest):
        for given in (inner, reader):
            for wrapped in (ReadOnly(given), Retrying(given, pacer), Recording(given, Counter())):
                assert isinstance(wrapped, ability) is isinstance(given, ability)
                assert isinstance(Retrying(ReadOnly(wrapped), pacer), ability) is isinstance(given, ability)


def test_read_only_reads_and_does_not_write(store: Store, target: Target) -> None:
    safe = ReadOnly(target)
    (entry, *_) = safe.entries()
    assert safe.get(entry).body == b"0"
    assert safe.capabilities == target.capabilities
    assert [c.href for c in safe.collections()] == ["/"]
    item = sample("text/plain", 9)
    assert isinstance(safe, SupportsPutMany)
    for write in (
        lambda: safe.put(ROOT, *item, expects=None),
        lambda: safe.ensure(ROOT),
        lambda: safe.delete(entry, expects=entry.etag),
        lambda: safe.put_many(ROOT, [item]),
        lambda: safe.mark(ROOT),
        lambda: safe.find(ROOT, *item, ""),
    ):
        with pytest.raises(WriteForbidden):
            write()
    assert store.writes() == []
    safe.close()


def test_recording_counts_names_alone(target: Target) -> None:
    calls: Counter[str] = Counter()
    recorded = Recording(target, calls)
    for entry in list(recorded.entries())[:2]:
        recorded.get(entry)
    assert recorded.capabilities
    assert calls == {"entries": 1, "get": 2, "capabilities": 1}


def test_the_servers_pause_is_kept(store: Store, retrying: Target, clock: Clock) -> None:
    store.order("put", FaultKind.THROTTLED, count=3, retry_after=7)
    retrying.put(ROOT, *sample("text/plain", 9), expects=None)
    assert clock.waits == [7, 7, 7]


def test_without_a_named_pause_it_grows(store: Store, retrying: Target, clock: Clock) -> None:
    store.order("ensure", FaultKind.RETRIABLE, count=4)
    retrying.ensure(ROOT)
    assert [1 <= w / 2**n <= 1.5 for n, w in enumerate(clock.waits)] == [True] * 4


def test_attempts_come_to_an_end(store: Store, target: Target, pacer: Pacer, clock: Clock) -> None:
    store.order("get", FaultKind.RETRIABLE, count=99)
    with pytest.raises(Retriable):
        Retrying(target, pacer, attempts=3).get(Entry(href="/#1", collection="/", etag=""))
    assert len(clock.waits) == 2


def test_a_very_long_pause_is_not_waited_for(store: Store, retrying: Target, clock: Clock) -> None:
    store.order("get", FaultKind.THROTTLED, retry_after=86_400)
    with pytest.raises(Throttled):
        retrying.get(Entry(href="/#1", collection="/", etag=""))
    assert clock.waits == []


@pytest.mark.parametrize("kind", [FaultKind.UNSENT, FaultKind.LOST, FaultKind.FULL])
def test_what_is_uncertain_or_refused_is_never_sent_again(
    store: Store, retrying: Target, clock: Clock, kind: FaultKind
) -> None:
    store.order("put", kind)
    with pytest.raises(QuotaExceeded if kind is FaultKind.FULL else Uncertain):
        retrying.put(ROOT, *sample("text/plain", 9), expects=None)
    assert clock.waits == []
    assert [call.method for call in store.writes()] == ["put"]


def test_the_first_look_at_capabilities_is_tried_again(store: Store, retrying: Target, clock: Clock) -> None:
    store.order("capabilities", FaultKind.RETRIABLE)
    assert retrying.capabilities.accepts == {"*/*"}
    assert len(clock.waits) == 1


def test_a_broken_listing_is_begun_again_without_repeating(store: Store, retrying: Target, clock: Clock) -> None:
    for skip in (2, 2, 4):
        store.order("row", FaultKind.RETRIABLE, skip=skip)
    store.order("entries", FaultKind.THROTTLED, retry_after=3)
    store.order("collections", FaultKind.RETRIABLE)
    assert [entry.name for entry in retrying.entries()] == [f"fichier-{n}.txt" for n in range(6)]
    assert len(list(retrying.collections())) == 1
    assert len(clock.waits) == 5


def test_a_listing_that_never_ends_well_raises(store: Store, retrying: Target) -> None:
    store.order("row", FaultKind.RETRIABLE, skip=1, count=99)
    rows = retrying.entries()
    assert next(rows).name == "fichier-0.txt"
    with pytest.raises(Retriable):
        list(rows)


def test_find_is_tried_again(store: Store, retrying: Target) -> None:
    stored = retrying.put(ROOT, *sample("text/plain", 9), expects=None)
    store.order("find", FaultKind.RETRIABLE, count=2)
    assert [s.href for s in retrying.find(ROOT, *sample("text/plain", 9), "")] == [stored.href]


def test_get_many_asks_again_for_what_is_missing(store: Store, retrying: Target, clock: Clock) -> None:
    assert isinstance(retrying, SupportsGetMany)
    store.order("get_many", FaultKind.THROTTLED, retry_after=2)
    store.order("get", FaultKind.RETRIABLE, skip=1, count=2)
    store.order("get", FaultKind.GONE, skip=3)
    entries = list(retrying.entries())
    answers = list(retrying.get_many(entries))
    assert sorted(entry.href for entry, _ in answers) == sorted(entry.href for entry in entries)
    assert sum(isinstance(answer, Item) for _, answer in answers) == 5
    assert sum(isinstance(answer, ConnectorError) for _, answer in answers) == 1
    assert len(clock.waits) == 2


def test_get_many_gives_up_on_one_item_alone(store: Store, target: Target, pacer: Pacer) -> None:
    retrying = Retrying(target, pacer, attempts=2)
    assert isinstance(retrying, SupportsGetMany)
    entries = list(retrying.entries())[:1]
    store.order("get", FaultKind.RETRIABLE, count=2)
    ((_, answer),) = retrying.get_many(entries)
    assert isinstance(answer, Retriable)


def test_put_many_sends_again_only_what_was_refused(store: Store, retrying: Target, clock: Clock) -> None:
    assert isinstance(retrying, SupportsPutMany)
    store.order("put_many", FaultKind.THROTTLED, retry_after=2)
    store.order("put", FaultKind.THROTTLED, skip=1, count=2, retry_after=1)
    store.order("put", FaultKind.UNSENT, skip=2)
    items = [sample("text/plain", n) for n in range(10, 16)]
    answers = retrying.put_many(ROOT, items)
    assert [type(answer) for answer in answers] == [Stored, Stored, Stored, Stored, Uncertain, Stored]
    names = {answer.href for answer in answers if isinstance(answer, Stored)}
    assert len(names) == 5
    assert clock.waits == [2, 1]


def test_a_resend_without_reply_does_not_hide_what_was_stored(store: Store, retrying: Target) -> None:
    assert isinstance(retrying, SupportsPutMany)
    store.order("put", FaultKind.RETRIABLE, skip=1)
    store.order("put_many", FaultKind.LOST, skip=1)
    answers = retrying.put_many(ROOT, [sample("text/plain", n) for n in (10, 11)])
    assert [type(answer) for answer in answers] == [Stored, Uncertain]


class Failing:
    """A reader whose every use fails as told."""

    def __init__(self, error: ConnectorError) -> None:
        self.error = error
        self.uses = 0

    @property
    def capabilities(self) -> Capabilities:
        self.uses += 1
        raise self.error

    def collections(self) -> None: ...
    def entries(self) -> None: ...
    def get(self, entry: Entry) -> None: ...
    def close(self) -> None: ...


@pytest.mark.parametrize(("error", "uses"), [(Unreachable("no route"), 3), (AuthFailed("no"), 1), (Retriable("x"), 6)])
def test_how_often_each_failure_is_tried(pacer: Pacer, error: ConnectorError, uses: int) -> None:
    inner = Failing(error)
    with pytest.raises(type(error)):
        _ = Retrying(inner, pacer).capabilities  # type: ignore[type-var]
    assert inner.uses == uses


def test_mail_is_wrapped_like_the_rest(tmp_path: Path, pacer: Pacer) -> None:
    store = Store()
    mail = Retrying(MemoryConnector(store, tmp_path).target(ALICE, Service.MAIL), pacer)
    inbox = next(iter(mail.collections()))
    assert mail.mark(inbox) == "1"
    mail.put(inbox, *sample(MAIL, 1), expects=None)
    assert len(list(mail.entries())) == 1
