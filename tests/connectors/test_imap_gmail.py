"""Gmail by IMAP: each message once with its labels, the same as the API gives, within the day's allowance."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from imapclient import imap_utf7

from connectors.imap.gmail import GmailReader, Places, label_of
from connectors.imap.reader import Place
from migrate.errors import ConnectorError, LimitReached, NotFound, QuotaExceeded
from migrate.model import Entry, Item, Service
from migrate.protocols import Reader, SupportsGetMany
from migrate.sandbox.association import association
from migrate.sandbox.gmail_imap import GmailImapStandIn
from migrate.sandbox.google import GoogleStandIn
from tests.connectors.google_kit import connect
from tests.connectors.imap_kit import Plain, connector

WORLD = association("small")
ADDRESS = next(iter(WORLD.google))
PASSWORD = "abcd efgh ijkl mnop"


@pytest.fixture
def door() -> Iterator[GmailImapStandIn]:
    with GmailImapStandIn(WORLD.google, dict.fromkeys(WORLD.google, PASSWORD)) as running:
        yield running


def reader(door: GmailImapStandIn, spool: Path, **settings: object) -> Reader:
    return connector(door.port, spool, password=Plain(PASSWORD), **settings).reader(ADDRESS, Service.MAIL)


def body(item: Item) -> str:
    data = item.body if isinstance(item.body, bytes) else item.body.read_bytes()
    item.discard()
    return hashlib.sha256(data).hexdigest()


def test_each_message_comes_once_as_the_api_gives_it(door: GmailImapStandIn, tmp_path: Path) -> None:
    by_imap = reader(door, tmp_path)
    (home,) = by_imap.collections()
    entries = list(by_imap.entries())
    assert home.path == ()
    assert {entry.collection for entry in entries} == {home.href}
    account = WORLD.google[ADDRESS]
    mail = {message.id: message for message in account.messages if "CHAT" not in message.label_ids}
    assert sorted(entry.href for entry in entries) == sorted(mail), "each once, under the API's own number"
    with GoogleStandIn(WORLD) as google:
        api = connect(google, tmp_path).reader(ADDRESS, Service.MAIL)
        expected = {entry.href: entry for entry in api.entries()}
        api.close()
    for entry in entries:
        tabs = {label for label in expected[entry.href].labels if label.startswith("\\Category/")}
        assert set(entry.labels) == set(expected[entry.href].labels) - tabs
        assert entry.flags == expected[entry.href].flags
        assert entry.size == len(mail[entry.href].raw())
        assert entry.size_exact
    assert isinstance(by_imap, SupportsGetMany)
    got = dict(by_imap.get_many(entries))
    for entry, answer in got.items():
        assert isinstance(answer, Item)
        assert answer.entry.etag == entry.etag
        assert int(answer.internal_date.timestamp()) == mail[entry.href].internal_date_ms // 1000  # type: ignore[union-attr]
        assert body(answer) == hashlib.sha256(mail[entry.href].raw()).hexdigest()
    by_imap.close()
    assert not {"SELECT", "STORE", "UID STORE", "APPEND", "EXPUNGE"} & set(door.commands), "Gmail is only read"


def test_another_run_finds_messages_by_their_number(door: GmailImapStandIn, tmp_path: Path) -> None:
    first = reader(door, tmp_path)
    entries = list(first.entries())
    first.close()
    later = reader(door, tmp_path)
    assert body(later.get(entries[3])) == hashlib.sha256(by_id(entries[3].href).raw()).hexdigest()
    gone = Entry(href="ffffffffffffffff", collection="mailbox", etag="")
    with pytest.raises(NotFound):
        later.get(gone)
    assert [type(answer) for _, answer in later.get_many([gone, entries[0]])] == [NotFound, Item]  # type: ignore[attr-defined]
    later.close()


def read_all(by_imap: Reader, entries: list[Entry]) -> None:
    for entry in entries:
        by_imap.get(entry).discard()


def by_id(identifier: str):  # type: ignore[no-untyped-def]
    return next(message for message in WORLD.google[ADDRESS].messages if message.id == identifier)


def test_spam_and_bin_are_told_apart(door: GmailImapStandIn, tmp_path: Path) -> None:
    by_imap = reader(door, tmp_path)
    for entry in by_imap.entries():
        ids = by_id(entry.href).label_ids
        assert ("\\Spam" in entry.labels) == ("SPAM" in ids)
        assert ("\\Trash" in entry.labels) == ("TRASH" in ids)
    by_imap.close()


def test_folders_as_gmail_shows_them_on_demand(door: GmailImapStandIn, tmp_path: Path) -> None:
    by_imap = reader(door, tmp_path, gmail_labels=False)
    assert {"\\All", "\\Sent", "\\Inbox"} <= {collection.role for collection in by_imap.collections()}
    assert len(list(by_imap.entries())) > len(WORLD.google[ADDRESS].messages)
    by_imap.close()


def test_a_hidden_folder_of_all_mail_is_an_error_and_not_an_empty_mailbox(tmp_path: Path) -> None:
    hidden = frozenset({"[Gmail]/Tous les messages"})
    with GmailImapStandIn(WORLD.google, dict.fromkeys(WORLD.google, PASSWORD), hidden=hidden) as door:
        by_imap = reader(door, tmp_path)
        with pytest.raises(ConnectorError, match="All Mail") as caught:
            list(by_imap.entries())
        assert "Show in IMAP" in caught.value.advice
        by_imap.close()


def test_the_days_allowance_is_a_limit_of_time_and_not_of_room(tmp_path: Path) -> None:
    with GmailImapStandIn(WORLD.google, dict.fromkeys(WORLD.google, PASSWORD), daily_bytes=20_000) as door:
        by_imap = reader(door, tmp_path)
        entries = list(by_imap.entries())
        with pytest.raises(LimitReached) as caught:
            read_all(by_imap, entries)
        assert not isinstance(caught.value, QuotaExceeded)
        assert caught.value.exit_code == 6
        assert "tomorrow" in caught.value.advice
        by_imap.close()


def test_bytes_are_asked_of_the_pace(door: GmailImapStandIn, tmp_path: Path) -> None:
    spent: list[float] = []

    class Counting:
        def limit(self, bucket: str, *, per_minute: float, burst: float | None = None) -> None:
            assert burst == 2_500_000_000
            assert ADDRESS in bucket

        def spend(self, costs: dict[str, float]) -> None:
            spent.extend(costs.values())

    inner = connector(door.port, tmp_path, password=Plain(PASSWORD))
    mine = GmailReader(inner._session(ADDRESS, Service.MAIL), tmp_path, Counting(), ADDRESS)  # type: ignore[arg-type]
    entries = list(mine.entries())[:9]
    for _, answer in mine.get_many(entries):
        assert isinstance(answer, Item)
        answer.discard()
    assert sum(spent) == sum(entry.size or 0 for entry in entries)
    mine.close()


@pytest.mark.parametrize(
    ("word", "label"),
    [
        (b"\\Inbox", "\\Inbox"),
        (b"\\Draft", "\\Drafts"),
        (b"\\Starred", "\\Starred"),
        (b"\\Muted", "/\\Muted"),
        (b"R&AOk-unions/2026", "Réunions/2026"),
        (b"A&-B", "A&B"),
        (2026, "2026"),
    ],
)
def test_labels_in_the_words_of_the_policy(word: bytes | int, label: str) -> None:
    assert label_of(word) == label


@given(st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1).filter(lambda name: name[0] != "\\"))
def test_any_label_comes_back(name: str) -> None:
    assert label_of(imap_utf7.encode(name)) == name


@given(st.dictionaries(st.integers(0, 2**64 - 1), st.integers(1, 2**32 - 1), max_size=50))
def test_places_are_found_again(uids: dict[int, int]) -> None:
    places = Places()
    for number, uid in uids.items():
        places.add(number, Place("[Gmail]/All", 7, uid))
    places.sealed()
    assert {number: place.uid for number in uids if (place := places.find(number))} == uids
    assert all(places.find(number + 1) is None for number in uids if number + 1 not in uids and number < 2**64 - 1)
