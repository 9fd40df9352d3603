"""The memory twin passes the contract suite, in every service, with and without its optional abilities."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.contract import ReaderContract, TargetContract
from connectors.memory import MemoryConnector, connector, seed, store
from connectors.memory_store import FaultKind, Store
from connectors.samples import CALENDAR, MAIL, VCARD, body_of, sample
from migrate.errors import (
    AlreadyExists,
    EtagMismatch,
    NotFound,
    QuotaExceeded,
    Rejected,
    Retriable,
    Throttled,
    TooLarge,
    Uncertain,
)
from migrate.model import Capabilities, Collection, Item, Service, Skip, Stored
from migrate.protocols import (
    Context,
    Reader,
    SupportsDigest,
    SupportsGetMany,
    SupportsPutMany,
    Target,
)

ALICE = "alice@example.org"


class MemoryContract(TargetContract):
    service = Service.FILES
    batched = True

    @pytest.fixture
    def target(self, tmp_path: Path) -> Iterator[Target]:
        system = Store(tmp_path / "snapshot.jsonl" if self.batched else None)
        system.batched = self.batched
        target = MemoryConnector(system, tmp_path / "spool").target(ALICE, self.service)
        yield target
        target.close()


class TestFiles(MemoryContract):
    media_type = "text/plain"


class TestFilesOneByOne(TestFiles):
    batched = False


class TestMail(MemoryContract):
    service = Service.MAIL
    media_type = MAIL

    def make_bad_item(self, n: int) -> tuple[str, Item] | None:
        return sample("text/plain", n)


class TestMailOneByOne(TestMail):
    batched = False


class TestCalendar(MemoryContract):
    service = Service.CALENDAR
    media_type = CALENDAR


class TestContacts(MemoryContract):
    service = Service.CONTACTS
    media_type = VCARD


class TestSource(ReaderContract):
    @pytest.fixture
    def reader(self, tmp_path: Path) -> Iterator[Reader]:
        system = Store()
        for n in range(3):
            seed(system, ALICE, Service.MAIL, "", body_of(sample(MAIL, n)[1]), labels=("\\Inbox", "Projets/2026"))
        seed(system, ALICE, Service.MAIL, "", b"", skip=Skip(code="chat", reason="a chat is not a message"))
        reader = MemoryConnector(system, tmp_path).reader(ALICE, Service.MAIL)
        yield reader
        reader.close()


@pytest.fixture
def system() -> Store:
    return Store()


@pytest.fixture
def target(system: Store, tmp_path: Path) -> Any:
    return MemoryConnector(system, tmp_path).target(ALICE, Service.FILES)


@pytest.fixture
def folder(target: Target) -> Collection:
    return target.ensure(Collection(href="", path=("Comptes",)))


def put(target: Target, folder: Collection, n: int = 1, expects: str | None = None) -> Stored:
    return target.put(folder, *sample("text/plain", n), expects=expects)


def names(target: Target) -> list[str]:
    return [entry.name for entry in target.entries()]


def test_optional_abilities_are_optional(system: Store, tmp_path: Path) -> None:
    system.batched = False
    plain = MemoryConnector(system, tmp_path).target(ALICE, Service.FILES)
    assert isinstance(plain, Target)
    assert not isinstance(plain, SupportsGetMany | SupportsPutMany | SupportsDigest)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (FaultKind.THROTTLED, Throttled),
        (FaultKind.RETRIABLE, Retriable),
        (FaultKind.FULL, QuotaExceeded),
        (FaultKind.UNSENT, Uncertain),
        (FaultKind.STALE, EtagMismatch),
    ],
)
def test_faults_strike_once_before_the_deed(
    system: Store, target: Target, folder: Collection, kind: FaultKind, error: type[Exception]
) -> None:
    system.order("put", kind, retry_after=7)
    with pytest.raises(error) as raised:
        put(target, folder)
    assert getattr(raised.value, "retry_after", 7) in {7, None}
    assert names(target) == []
    put(target, folder)
    assert names(target) == ["fichier-1.txt"]


def test_a_lost_reply_stores(system: Store, target: Target, folder: Collection) -> None:
    system.order("put", FaultKind.LOST)
    with pytest.raises(Uncertain):
        put(target, folder)
    (found,) = target.find(folder, *sample("text/plain", 1), "")
    assert found.href == next(iter(target.entries())).href


def test_half_a_batch_is_stored(system: Store, target: Target, folder: Collection) -> None:
    assert isinstance(target, SupportsPutMany)
    system.order("put_many", FaultKind.PARTIAL)
    with pytest.raises(Uncertain):
        target.put_many(folder, [sample("text/plain", n) for n in range(4)])
    assert names(target) == ["fichier-0.txt", "fichier-1.txt"]


def test_one_item_of_a_batch_fails(system: Store, target: Target, folder: Collection) -> None:
    assert isinstance(target, SupportsPutMany)
    system.order("put", FaultKind.THROTTLED, skip=1)
    answers = target.put_many(folder, [sample("text/plain", n) for n in range(3)])
    assert [type(answer) for answer in answers] == [Stored, Throttled, Stored]


def test_faults_wait_their_turn_and_know_their_account(system: Store, target: Target, folder: Collection) -> None:
    system.order("put", FaultKind.FULL, skip=1, count=2)
    system.order("get", FaultKind.GONE, account="bruno@example.org")
    put(target, folder, 1)
    for _ in range(2):
        with pytest.raises(QuotaExceeded):
            put(target, folder, 2)
    put(target, folder, 2)
    target.get(next(iter(target.entries())))
    assert len(system.faults) == 1


def test_a_listing_breaks_in_the_middle(system: Store, target: Target, folder: Collection) -> None:
    for n in range(3):
        put(target, folder, n)
    system.order("row", FaultKind.RETRIABLE, skip=2)
    rows = target.entries()
    assert [next(rows).name, next(rows).name] == ["fichier-0.txt", "fichier-1.txt"]
    with pytest.raises(Retriable):
        next(rows)
    assert len(names(target)) == 3


def test_slowness(system: Store, target: Target) -> None:
    system.order("collections", FaultKind.SLOW, seconds=0.05)
    start = time.monotonic()
    list(target.collections())
    assert time.monotonic() - start >= 0.05


def test_limits_are_kept(system: Store, target: Target, folder: Collection) -> None:
    system.capabilities[Service.FILES] = Capabilities(accepts=frozenset({"*/*"}), max_item_size=100, free_bytes=40)
    with pytest.raises(TooLarge):
        target.put(folder, "grand.txt", sample("text/plain", 1, size=100)[1], expects=None)
    put(target, folder, 1)
    assert (target.capabilities.free_bytes or 0) < 40
    with pytest.raises(QuotaExceeded):
        put(target, folder, 2)


def test_media_types_are_checked(system: Store, tmp_path: Path) -> None:
    mail = MemoryConnector(system, tmp_path).target(ALICE, Service.MAIL)
    with pytest.raises(Rejected):
        mail.put(next(iter(mail.collections())), *sample("text/plain", 1), expects=None)


def test_flags_of_a_message_are_updated(system: Store, tmp_path: Path) -> None:
    mail = MemoryConnector(system, tmp_path).target(ALICE, Service.MAIL)
    inbox = next(iter(mail.collections()))
    _, item = sample(MAIL, 1)
    first = mail.put(inbox, "", item, expects=None)
    seen = Item(entry=item.entry, body=item.body, media_type=MAIL, flags=frozenset({"\\Seen"}))
    second = mail.put(inbox, "", seen, expects=first.etag)
    assert (second.href, second.etag) != (first.href, first.etag)
    (entry,) = mail.entries()
    assert (entry.href, entry.flags) == (first.href, {"\\Seen"})
    with pytest.raises(EtagMismatch):
        mail.put(inbox, "", seen, expects=first.etag)


def test_every_call_is_recorded(system: Store, target: Target, folder: Collection) -> None:
    put(target, folder)
    assert [call.method for call in system.writes()] == ["ensure", "put"]
    before = len(system.writes())
    seed(system, ALICE, Service.FILES, "semis.txt", b"x")
    target.get(next(iter(target.entries())))
    assert len(system.writes()) == before
    assert {"entries", "get"} <= {call.method for call in system.calls}


def test_missing_collection_and_use_after_close(target: Target) -> None:
    with pytest.raises(NotFound):
        put(target, Collection(href="/nulle-part"))
    target.close()
    with pytest.raises(ValueError, match="close"):
        list(target.collections())


def test_seeding_again_edits(system: Store, target: Target) -> None:
    first = seed(system, ALICE, Service.FILES, "a.txt", b"1")
    second = seed(system, ALICE, Service.FILES, "a.txt", b"2")
    assert first.entry.href == second.entry.href
    assert first.entry.etag != second.entry.etag
    assert [entry.size for entry in target.entries()] == [1]


def context(tmp_path: Path, **settings: str) -> Context:
    from migrate.pacing import Pacer

    return Context(pace=Pacer(), spool=tmp_path, settings=settings)


def test_the_factory_shares_stores_by_name(tmp_path: Path) -> None:
    one = connector(context(tmp_path, name="test-shared"))
    two = connector(context(tmp_path, name="test-shared"))
    assert one.store is two.store is store("test-shared")
    assert connector(context(tmp_path, name="test-other")).store is not one.store
    assert all(check.passed for check in one.check([ALICE]))


def write_numbers(journal: Path, numbers: list[int]) -> None:
    target = MemoryConnector(Store(journal), journal.parent).target(ALICE, Service.FILES)
    folder = target.ensure(Collection(href="", path=("Commun",)))
    for n in numbers:
        put(target, folder, n)


def test_a_snapshot_is_shared_between_processes(tmp_path: Path) -> None:
    journal = tmp_path / "store.jsonl"
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=write_numbers, args=(journal, list(range(k, 40, 2)))) for k in (0, 1)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    target = MemoryConnector(Store(journal), tmp_path).target(ALICE, Service.FILES)
    entries = list(target.entries())
    assert sorted(entry.name for entry in entries) == sorted(f"fichier-{n}.txt" for n in range(40))
    assert len({entry.href for entry in entries}) == len({entry.etag for entry in entries}) == 40
    with pytest.raises(AlreadyExists):
        write_numbers(journal, [7])


def test_a_snapshot_keeps_everything_and_drops_a_cut_line(tmp_path: Path) -> None:
    journal = tmp_path / "store.jsonl"
    first = Store(journal)
    kept = seed(
        first,
        ALICE,
        Service.MAIL,
        "",
        b"Message-ID: <a@example.org>\r\n\r\n",
        flags=frozenset({"\\Seen"}),
        labels=("\\Inbox",),
        skip=Skip(code="chat", reason="not a message"),
        internal_date=sample(MAIL, 1)[1].internal_date,
    )
    with journal.open("ab") as file:
        file.write(b'{"version": 9, "do": "it')
    again = Store(journal)
    with again.space(ALICE, Service.MAIL) as space:
        assert space.items == {kept.entry.href: kept}
    seed(again, ALICE, Service.MAIL, "", b"second")
    with Store(journal).space(ALICE, Service.MAIL) as space:
        assert len(space.items) == 2
        assert kept.entry.uid == "<a@example.org>"
