"""Outlook mail on the stand-in: what is listed, what is fetched, what changed, how faults are taken."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest

from connectors.contract import ReaderContract
from connectors.microsoft import boundaries
from connectors.wrappers import Retrying
from migrate.errors import ConnectorError, CursorExpired, NotFound, Rejected, Retriable, Scope
from migrate.model import Entry, Item, Service
from migrate.protocols import Reader, SupportsChanges, SupportsGetMany
from migrate.sandbox.faults import Rule
from migrate.sandbox.graph import GraphStandIn
from tests.connectors.microsoft_kit import MakeReader, Patience, body_of, by_href, connect, graph, make
from tests.sandbox.graph_world import ANNE, BRUNO, message

__all__ = ["graph", "make"]


class TestMail(ReaderContract):
    @pytest.fixture
    def reader(self, make: MakeReader) -> Reader:
        return make(Service.MAIL)

    def vanished(self, reader: Reader) -> Entry:
        return Entry(href="AAkALgAA99999999", collection="inbox", etag="e", media_type="message/rfc822")


def number(href: str) -> int:
    return int(href.removeprefix("AAkALgAA"))


def test_every_folder_but_search_folders_with_its_role(make: MakeReader) -> None:
    collections = {c.href: c for c in make(Service.MAIL).collections()}
    assert len(collections) == 8 + 4 + 1
    assert "search" not in collections
    assert collections["hidden"].path == ("Conversation Action",)
    assert collections["p2026"].path == ("INBOX", "Projets", "2026")
    assert collections["p2026"].parent == "projects"
    roles = {c.role: c.href for c in collections.values() if c.role}
    assert roles == {
        "\\Inbox": "inbox",
        "\\Drafts": "drafts",
        "\\Sent": "sent",
        "\\Trash": "deleted",
        "\\Junk": "junk",
        "\\Archive": "archive",
    }


def test_flags_categories_sizes_and_ids_come_with_the_listing(make: MakeReader, graph: GraphStandIn) -> None:
    entries = {number(entry.href): entry for entry in make(Service.MAIL).entries()}
    assert sorted(entries) == [*range(23), *range(30, 36)]
    assert sorted(entries[0].flags) == []
    assert sorted(entries[1].flags) == ["\\Seen"]
    assert sorted(entries[30].flags) == ["\\Answered", "\\Seen"]
    assert sorted(entries[31].flags) == ["\\Draft", "\\Seen"]
    assert sorted(entries[32].flags) == ["$Forwarded", "\\Flagged", "\\Seen"]
    assert entries[32].labels == ("Rouge",)
    assert (entries[33].labels, entries[34].labels) == (("\\Spam",), ("\\Trash",))
    assert entries[1].size == len(message(1, "inbox").raw())
    assert entries[1].uid == "<1@example.org>"
    asked = [line.operation for line in graph.log.lines]
    assert not any("{message}" in str(operation) for operation in asked)


def test_a_message_with_its_date_in_mime(make: MakeReader) -> None:
    reader = make(Service.MAIL)
    entry = by_href(reader.entries())["AAkALgAA00000005"]
    item = reader.get(entry)
    assert (item.entry.etag, item.entry.collection) == (entry.etag, "inbox")
    assert item.internal_date == datetime(2026, 3, 2, 9, tzinfo=UTC) - timedelta(days=5)
    body = body_of(item)
    assert b"<5@example.org>" in body
    assert b"JVBERg==" in body
    assert body == body_of(reader.get(entry)), "Exchange makes other boundaries each time"


PARTS = (
    b'Content-Type: multipart/mixed;\r\n\tboundary="_004_%s_"\r\n\r\n--_004_%s_\r\n'
    b"Content-Type: multipart/alternative; boundary=_004_%s_in_\r\n\r\n--_004_%s_in_\r\n\r\na _004_\r\n"
    b"--_004_%s_in_--\r\n--_004_%s_--\r\n"
)


def test_invented_boundaries_depend_on_the_message_alone(tmp_path: Path) -> None:
    first, second = (PARTS.replace(b"%s", name) for name in (b"AM0PR04MB1234", b"VI1PR08MB9876"))
    made = boundaries.steady(first, "id")
    assert made == boundaries.steady(second, "id") != boundaries.steady(first, "other")
    assert len(made) == len(first)
    parsed = [message_from_bytes(one) for one in (first, made)]  # type: ignore[arg-type]
    leaves = [[part.get_payload() for part in one.walk() if not part.is_multipart()] for one in parsed]
    assert leaves[0] == leaves[1] == ["a _004_"]
    path = tmp_path / "large"
    path.write_bytes(first)
    assert boundaries.steady(path, "id") == path
    assert path.read_bytes() == made


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"Subject: x\r\n\r\nboundary",
        b'Content-Type: multipart/mixed; boundary="----=_Part_1"\r\n\r\n------=_Part_1--\r\n',
        b"Content-Type: Multipart/Signed; boundary=_000_AM0PR04MB1234_\r\n\r\n--_000_AM0PR04MB1234_--\r\n",
    ],
)
def test_other_boundaries_and_signed_messages_stay_as_they_are(text: bytes, tmp_path: Path) -> None:
    assert boundaries.steady(text, "id") == text
    path = tmp_path / "file"
    path.write_bytes(text)
    boundaries.steady(path, "id")
    assert path.read_bytes() == text


def test_a_large_message_goes_to_disk(make: MakeReader, graph: GraphStandIn) -> None:
    big = message(40, "inbox")
    body = big.raw() + b"x" * (3 << 20)
    big.raw, big.size = lambda: body, len(body)
    graph.tenant.accounts[ANNE].messages.append(big)
    graph.state.accounts[ANNE].changed()
    graph.house.rebuilds_mime = False
    reader = make(Service.MAIL)
    entry = by_href(reader.entries())[big.id]
    item = reader.get(entry)
    assert isinstance(item.body, Path)
    assert body_of(item) == body
    graph.faults.add(Rule(kind="cut-during", path=r"\$value$", times=2))
    assert body_of(reader.get(entry)) == body


def fetched(reader: Reader) -> dict[str, Item | ConnectorError]:
    assert isinstance(reader, SupportsGetMany)
    return {entry.href: item for entry, item in reader.get_many(list(reader.entries()))}


def all_items(found: dict[str, Item | ConnectorError]) -> bool:
    return len(found) == 29 and all(isinstance(item, Item) for item in found.values())


FAULTS = {
    "throttled whole": [Rule(kind="status", status=429, retry_after=2, path=r"\$batch$", times=3)],
    "throttled parts": [Rule(kind="status", status=429, retry_after=2, path="/messages/", probability=0.3, times=60)],
    "busy parts": [Rule(kind="status", status=503, path="/messages/", probability=0.3, times=60, seed=1)],
    "gateways": [Rule(kind="status", status=504, path=r"mailFolders|\$batch$", probability=0.3, times=10)],
    "cut": [Rule(kind="cut-during", path="mailFolders", times=3), Rule(kind="cut-after", path=r"\$batch$", times=3)],
    "token refused": [Rule(kind="status", status=401, path="/messages", times=1)],
    "token refused within a batch": [Rule(kind="status", status=401, path=r"/messages/.+/\$value$", times=4)],
}


@pytest.mark.parametrize("name", FAULTS)
def test_no_message_is_lost_to_faults(make: MakeReader, graph: GraphStandIn, name: str) -> None:
    for rule in FAULTS[name]:
        graph.faults.add(rule)
    assert all_items(fetched(make(Service.MAIL)))


def test_a_message_that_is_gone_concerns_itself_alone(make: MakeReader, graph: GraphStandIn) -> None:
    graph.faults.add(Rule(kind="status", status=404, reason="ErrorItemNotFound", path=r"00000007/\$value$", times=None))
    found = fetched(make(Service.MAIL))
    assert isinstance(found["AAkALgAA00000007"], NotFound)
    assert sum(isinstance(item, Item) for item in found.values()) == 28


def test_the_end_of_patience_is_an_error_and_no_short_listing(graph: GraphStandIn, tmp_path: Path) -> None:
    graph.faults.add(Rule(kind="status", status=503, path="/inbox/messages", times=None))
    reader = connect(graph, tmp_path).reader(ANNE, Service.MAIL)
    with pytest.raises(ConnectorError) as caught:
        list(reader.entries())
    assert ANNE not in str(caught.value)
    assert graph.url not in str(caught.value)
    reader.close()


def test_the_pauses_are_those_that_graph_asks_for(graph: GraphStandIn, tmp_path: Path) -> None:
    pace = Patience()
    graph.faults.add(Rule(kind="status", status=429, retry_after=17, path="/inbox/messages"))
    reader = connect(graph, tmp_path, pace=pace).reader(ANNE, Service.MAIL)
    list(reader.entries())
    assert 17 in pace.pauses
    reader.close()


# Changes


def changed(reader: Reader, cursor: str) -> dict[int, Any]:
    assert isinstance(reader, SupportsChanges)
    return {number(change.href): change.entry for change in reader.changes(cursor)}


def test_what_came_changed_moved_and_went(make: MakeReader, graph: GraphStandIn) -> None:
    reader = make(Service.MAIL)
    assert isinstance(reader, SupportsChanges)
    cursor = reader.cursor()
    assert ANNE not in cursor
    assert len(list(reader.entries())) == 29
    assert changed(reader, cursor) == {}
    graph.edit.add_message(ANNE, message(50, "inbox"))
    graph.edit.change_message(ANNE, "AAkALgAA00000001", isRead=False)
    graph.edit.move_message(ANNE, "AAkALgAA00000002", "archive")
    graph.edit.remove_message(ANNE, "AAkALgAA00000003")
    found = changed(reader, reader.cursor())
    assert {key: entry.collection if entry else None for key, entry in found.items()} == {
        50: "inbox",
        1: "inbox",
        2: "archive",
        3: None,
    }
    assert "\\Seen" not in found[1].flags
    assert changed(reader, reader.cursor()) == {}


def test_a_cursor_that_graph_forgot_asks_for_everything_again(make: MakeReader, graph: GraphStandIn) -> None:
    reader = make(Service.MAIL)
    assert isinstance(reader, SupportsChanges)
    cursor = reader.cursor()
    graph.faults.add(Rule(kind="expire-cursors", path="/delta"))
    with pytest.raises(CursorExpired):
        list(reader.changes(cursor))
    with pytest.raises(CursorExpired):
        list(reader.changes("12345"))
    assert len(list(reader.entries())) == 29


def test_a_mailbox_without_messages(make: MakeReader) -> None:
    reader = make(Service.MAIL, BRUNO)
    assert list(reader.entries()) == []
    assert len(list(reader.collections())) == 13


def test_an_archive_is_a_named_gap(make: MakeReader) -> None:
    reader = make(Service.MAIL, archive_mailboxes=f"{ANNE.upper()}, {BRUNO}")
    assert isinstance(reader, SupportsChanges)
    reader.cursor()
    skipped = [entry.skip.code for entry in reader.entries() if entry.skip]
    assert skipped == ["archive-mailbox"]


def test_a_hidden_folder_that_cannot_be_listed_is_counted(make: MakeReader, graph: GraphStandIn) -> None:
    graph.faults.add(Rule(kind="status", status=404, reason="ErrorItemNotFound", path="/hidden/messages", times=None))
    entries = list(make(Service.MAIL).entries())
    assert [entry.skip.code for entry in entries if entry.skip] == ["unreadable-folder"]
    assert len(entries) == 30


def test_a_folder_that_goes_meanwhile_makes_the_listing_begin_again(make: MakeReader, graph: GraphStandIn) -> None:
    graph.faults.add(Rule(kind="status", status=404, reason="ErrorItemNotFound", path="/extra1/messages"))
    reader = make(Service.MAIL)
    with pytest.raises(Retriable):
        list(reader.entries())
    assert len(list(Retrying(reader, Patience()).entries())) == 29


def test_an_account_without_a_mailbox_says_so(make: MakeReader) -> None:
    with pytest.raises(Rejected, match="MailboxNotEnabledForRESTAPI") as caught:
        list(make(Service.MAIL, "sans@tilleuls.onmicrosoft.example").entries())
    assert caught.value.scope is Scope.ACCOUNT


def test_all_services_of_a_mailbox_together_have_four_requests_under_way(graph: GraphStandIn, tmp_path: Path) -> None:
    connector = connect(graph, tmp_path)
    graph.faults.add(Rule(kind="slow", path="mailFolders", seconds=0.05, times=None))
    failures: list[BaseException] = []

    def read() -> None:
        reader = connector.reader(ANNE, Service.MAIL)
        try:
            fetched(reader)
        except BaseException as error:
            failures.append(error)
        reader.close()

    threads = [threading.Thread(target=read) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert 2 <= graph.quota.most[ANNE] <= 4
    assert not any(line.status == 429 for line in graph.log.lines)


def test_a_message_that_is_withheld_concerns_itself_alone(make: MakeReader, graph: GraphStandIn) -> None:
    rule = Rule(kind="status", status=403, reason="ErrorAccessDenied", path=r"00000007/\$value$", times=None)
    graph.faults.add(rule)
    reader = make(Service.MAIL)
    found = fetched(reader)
    assert isinstance(found["AAkALgAA00000007"], Rejected)
    assert sum(isinstance(item, Item) for item in found.values()) == 28
    with pytest.raises(Rejected):
        reader.get(by_href(reader.entries())["AAkALgAA00000007"])
