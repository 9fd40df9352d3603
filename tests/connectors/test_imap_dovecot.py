"""The connector on a real Dovecot: hard messages, lost replies, refusals, French folders, errors."""

from __future__ import annotations

import random
import resource
import signal
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import imapclient
import pytest

from connectors.imap.literals import crlf
from connectors.imap.target import ImapTarget
from migrate.errors import (
    ConnectorError,
    EtagMismatch,
    LocalDiskFull,
    NotFound,
    QuotaExceeded,
    Rejected,
    Retriable,
    TooLarge,
    Uncertain,
)
from migrate.model import Collection, Item, Stored
from tests.connectors.imap_kit import ACCOUNT, PASSWORD, Proxy, item, message, opened
from tests.servers import FRENCH, DovecotServer

pytestmark = pytest.mark.server

EXTRA = """
mail_plugins = quota
protocol imap {
  mail_plugins = quota imap_quota
}
plugin {
  quota = count:User quota
  quota_rule = *:storage=20M
  quota_vsizes = yes
  quota_max_mail_size = 5M
}
"""
FOLDER = Collection(href="", path=("Reçus",))


@pytest.fixture(scope="module")
def server() -> Iterator[DovecotServer]:
    with DovecotServer(special=FRENCH) as server:
        yield server


@pytest.fixture
def account(server: DovecotServer) -> str:
    name = f"{uuid.uuid4().hex[:12]}@tilleuls.example"
    server.add_user(name, PASSWORD)
    return name


@pytest.fixture
def target(server: DovecotServer, account: str, tmp_path: Path) -> Iterator[ImapTarget]:
    with opened(server.port, tmp_path, account) as target:
        yield target


@pytest.fixture
def limited(tmp_path: Path) -> Iterator[ImapTarget]:
    with DovecotServer(extra=EXTRA) as server:
        server.add_user(ACCOUNT, PASSWORD)
        with opened(server.port, tmp_path) as target:
            yield target


def put_all(target: ImapTarget, folder: Collection, items: list[Item]) -> list[Stored | ConnectorError]:
    return list(target.put_many(folder, [("", one) for one in items]))


def bodies(target: ImapTarget, folder: Collection) -> list[bytes]:
    """What the folder holds, in the order of UIDs."""
    found = [entry for entry in target.entries() if entry.collection == folder.href]
    got = [one for _, one in target.get_many(found)]
    assert all(isinstance(one, Item) and isinstance(one.body, bytes) for one in got)
    return [one.body for one in got]  # type: ignore[misc, union-attr]


def hard(n: int) -> bytes:
    """The n-th of a family of messages that break mail software; synthetic, repeatable, without NUL."""
    chance = random.Random(n)
    noise = bytes(chance.choice(range(1, 256)) for _ in range(chance.randrange(200)))
    noise = noise.replace(b"\r", b"-")
    head = f"Message-ID: <hard-{n}@example.org>\r\n".encode()
    shapes = (
        lambda: noise or b"x",
        lambda: head + b"Subject: \xe9t\xe9 " + noise.replace(b"\n", b"") + b"\r\n\r\ncorps\r\n",
        lambda: b"From alice@example.org Mon Jan  1 00:00:00 2024\r\n" + head + b"\r\ncorps\r\n",
        lambda: head + b"\r\n" + b"L" * (10_000 + n) + b"\r\n",
        lambda: head + b"\r\nsans fin",
        lambda: head,
        lambda: b"\r\n" * (n % 5 + 1),
        lambda: head + b"\r\n.\r\n..\r\n" + noise,
        lambda: b"\xef\xbb\xbf" + head + b"\r\nBOM\r\n",
        lambda: head + b"\n\nfins de ligne Unix\n" + noise,
        lambda: head + b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n--x\r\n' + noise,
        lambda: head + head + b"\r\ndeux identifiants\r\n",
        lambda: b"Subject: sans identifiant\r\n\r\n" + noise,
        lambda: b": vide\r\n" + head + b"\r\n" + noise,
        lambda: b"Message-ID : <espace@example.org>\r\n\r\n" + noise,
        lambda: head + b"X: " + b"\r\n ".join([b"y" * 70] * 300) + b"\r\n\r\n" + noise,
        lambda: head + b"\r\n* 1 FETCH (UID 1)\r\na1 OK {3}\r\n" + noise,
        lambda: "Objet : été 🌳\r\n\r\nÀ bientôt\r\n".encode() + noise,
        lambda: head + b"\r\n" + bytes(range(1, 10)) + bytes(range(14, 256)),
        lambda: head + b"\r\n\r\n\r\n" + noise + b"\n",
    )
    return shapes[n % len(shapes)]()


def test_three_hundred_hard_messages_byte_for_byte(target: ImapTarget) -> None:
    folder = target.ensure(FOLDER)
    sent = [hard(n) for n in range(300)]
    chance = random.Random(1)
    span = int((datetime.now(UTC) - datetime(1970, 1, 2, tzinfo=UTC)).total_seconds())
    dates = [datetime(1970, 1, 2, tzinfo=UTC) + timedelta(seconds=chance.randrange(span)) for _ in sent]
    answers = put_all(target, folder, [item(body, date=date) for body, date in zip(sent, dates, strict=True)])
    assert all(isinstance(answer, Stored) for answer in answers)
    entries = [entry for entry in target.entries() if entry.collection == folder.href]
    got = [one for _, one in target.get_many(entries)]
    assert [one.body for one in got if isinstance(one, Item)] == [b"".join(crlf([body])) for body in sent]
    assert [one.internal_date for one in got if isinstance(one, Item)] == dates
    assert [(e.href, e.etag) for e in entries] == [(a.href, a.etag) for a in answers if isinstance(a, Stored)]
    for body, answer in zip(sent[::7], answers[::7], strict=True):
        assert isinstance(answer, Stored)
        assert answer.href in {stored.href for stored in target.find(folder, "", item(body), "")}


def test_what_dovecot_makes_of_bare_crs_is_recognised(target: ImapTarget) -> None:
    folder = target.ensure(FOLDER)
    sent = [message(n) + tail for n, tail in enumerate((b"a\rb\r\n", b"a\r\r\nb\r\n", b"fin\r", b"\r\r\n\r\r\n"))]
    answers = put_all(target, folder, [item(body) for body in sent])
    for body, answer in zip(sent, answers, strict=True):
        (found,) = target.find(folder, "", item(body), "")
        assert isinstance(answer, Stored)
        assert found.href == answer.href


@pytest.mark.parametrize(
    "hide",
    [
        {},
        {b"LITERAL+": b"LITERAL-"},
        {b"LITERAL+": b"XITERAL+"},
        {b"MULTIAPPEND": b"XULTIAPPEND"},
        {b"UIDPLUS": b"XIDPLUS", b"APPENDUID": b"XPPENDUID"},
        {b"UIDPLUS": b"XIDPLUS", b"APPENDUID": b"XPPENDUID", b"MULTIAPPEND": b"XULTIAPPEND", b"LITERAL+": b"XITERAL+"},
        {b"NAMESPACE": b"XAMESPACE", b"SPECIAL-USE": b"XPECIAL-USE", b"LIST-EXTENDED": b"XIST-EXTENDED"},
    ],
)
def test_with_extensions_hidden(server: DovecotServer, account: str, tmp_path: Path, hide: dict[bytes, bytes]) -> None:
    def answers(piece: bytes) -> bytes:
        for word, other in hide.items():
            piece = piece.replace(word, other)
        return piece

    with Proxy(server.port) as proxy:
        proxy.answers = answers
        with opened(proxy.port, tmp_path, account) as target:
            folder = target.ensure(Collection(href="", path=("Ailleurs",), role="\\Sent"))
            assert folder.path == ("Envoyés",)
            sent = [message(n, size) for n, size in enumerate((10, 5000, 1_500_000, 300_000, 10))]
            stored = put_all(target, folder, [item(body, "\\Seen", "$a") for body in sent])
            entries = [entry for entry in target.entries() if entry.collection == folder.href]
            assert [(e.href, e.etag) for e in entries] == [(s.href, s.etag) for s in stored if isinstance(s, Stored)]
            for entry, body in zip(entries, sent, strict=True):
                got = target.get(entry)
                assert (got.body if isinstance(got.body, bytes) else got.body.read_bytes()) == body
                got.discard()


def test_without_uidplus_someone_else_stores_at_the_same_time(
    server: DovecotServer, account: str, tmp_path: Path
) -> None:
    with Proxy(server.port) as proxy, opened(server.port, tmp_path, account) as other:
        inbox = other.ensure(Collection(href="", role="\\Inbox"))

        def answers(piece: bytes) -> bytes:
            if b"APPENDUID" in piece:
                other.put(inbox, "", item(message(99)), expects=None)
            return piece.replace(b"UIDPLUS", b"XIDPLUS").replace(b"APPENDUID", b"XPPENDUID")

        proxy.answers = answers
        with opened(proxy.port, tmp_path, account) as target:
            sent = [message(1), message(2), message(1)]
            stored = put_all(target, inbox, [item(body) for body in sent])
            assert len({one.href for one in stored if isinstance(one, Stored)}) == 3
            for one, body in zip(stored, sent, strict=True):
                assert isinstance(one, Stored)
                assert one.href in {found.href for found in target.find(inbox, "", item(body), "")}


def test_a_lost_reply_is_uncertain_and_the_messages_are_recognised(
    server: DovecotServer, account: str, tmp_path: Path
) -> None:
    items = [item(message(n)) for n in range(5)]
    with Proxy(server.port) as proxy, opened(proxy.port, tmp_path, account) as target:
        folder = target.ensure(FOLDER)
        target.put(folder, "", items[0], expects=None)
        mark = target.mark(folder)
        proxy.answers = lambda piece: None if b"APPENDUID" in piece else piece
        with pytest.raises(Uncertain):
            put_all(target, folder, items)
        with pytest.raises(Uncertain):
            target.put(folder, "", item(message(77)), expects=None)
        before = proxy.connections
        for one in items:
            (found,) = target.find(folder, "", one, mark)
            assert found.digest.startswith("sha256:")
        assert list(target.find(folder, "", item(message(77)), mark))
        assert not list(target.find(folder, "", item(message(78)), mark))
        assert len(bodies(target, folder)) == 7
        assert proxy.connections == before + 1


def test_a_batch_cut_while_it_is_sent_is_uncertain_and_nothing_is_found(
    server: DovecotServer, account: str, tmp_path: Path
) -> None:
    items = [item(message(n, 100_000)) for n in range(10)]
    with Proxy(server.port) as proxy, opened(proxy.port, tmp_path, account) as target:
        folder = target.ensure(FOLDER)
        mark = target.mark(folder)
        proxy.commands = lambda piece: None if b"<7@tilleuls" in piece else piece
        with pytest.raises(Uncertain):
            put_all(target, folder, items)
        proxy.commands = lambda piece: piece
        assert not [found for one in items for found in target.find(folder, "", one, mark)]
        assert all(isinstance(answer, Stored) for answer in put_all(target, folder, items))


def test_only_what_was_sent_is_uncertain(server: DovecotServer, account: str, tmp_path: Path) -> None:
    answered: list[int] = []

    def answers(piece: bytes) -> bytes | None:
        if b"APPENDUID" in piece:
            answered.append(1)
        return None if len(answered) == 2 else piece

    with Proxy(server.port) as proxy, opened(proxy.port, tmp_path, account) as target:
        folder = target.ensure(FOLDER)
        proxy.answers = answers
        got = put_all(target, folder, [item(message(n)) for n in range(250)])
        assert [type(one) for one in got] == [Stored] * 100 + [Uncertain] * 100 + [Retriable] * 50


def test_the_bad_message_of_a_batch_is_named(target: ImapTarget) -> None:
    folder = target.ensure(FOLDER)
    items = [item(message(n)) for n in range(60)]
    items[17] = item(message(17) + b"\0")
    items[31] = item(message(31), "k" * 60, "$ok", "\\Seen")
    items[44] = item(b"")
    answers = put_all(target, folder, items)
    assert [n for n, answer in enumerate(answers) if not isinstance(answer, Stored)] == [17, 44]
    without = answers[31]
    assert isinstance(without, Stored)
    assert without.refused_flags == {"k" * 60}
    assert {e.etag: e.flags for e in target.entries()}[without.etag] == {"$ok", "\\Seen"}
    assert all(isinstance(answers[n], Rejected) for n in (17, 44))
    assert len(bodies(target, folder)) == 58


@pytest.mark.parametrize("date", [datetime(1969, 12, 31, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC)])
def test_a_date_that_dovecot_would_change_is_told(target: ImapTarget, date: datetime) -> None:
    folder = target.ensure(FOLDER)
    stored = target.put(folder, "", item(message(1), date=date), expects=None)
    (entry,) = (e for e in target.entries() if e.href == stored.href)
    assert stored.redated is not None
    assert stored.redated == entry.created
    (found,) = target.find(folder, "", item(message(1), date=date), "")
    assert found.redated == entry.created


def test_the_longest_keyword_alone_is_refused_once_for_all(target: ImapTarget) -> None:
    folder = target.ensure(FOLDER)
    answers = put_all(target, folder, [item(message(n), "k" * 60, "court") for n in range(5)])
    assert all(isinstance(a, Stored) and a.refused_flags == {"k" * 60} for a in answers)
    assert {frozenset(e.flags) for e in target.entries()} == {frozenset({"court"})}


def test_too_large_and_over_quota(limited: ImapTarget) -> None:
    folder = limited.ensure(FOLDER)
    free = limited.capabilities.free_bytes
    assert free is not None
    assert 19_000_000 < free <= 20 * 1024 * 1024
    items = [item(message(0)), item(message(1, 6_000_000)), item(message(2))]
    answers = put_all(limited, folder, items)
    assert [type(one) for one in answers] == [Stored, TooLarge, Stored]
    answers = put_all(limited, folder, [item(message(n, 3_000_000)) for n in range(10, 20)])
    kinds = [type(one) for one in answers]
    assert kinds == [Stored] * 6 + [QuotaExceeded] * 4


def test_an_append_to_a_folder_that_is_gone(target: ImapTarget) -> None:
    gone = Collection(href="Disparu", path=("Disparu",))
    answers = put_all(target, gone, [item(message(n)) for n in range(3)])
    assert [type(one) for one in answers] == [NotFound] * 3


NAMES = [
    "Été", "日本語", "🌳", "a&b", "&", "a b", " devant", "derrière ", 'le "petit"', "[Gmail]", "a,b;c", "x=y#z?",
    "Sent", "INBOX bis", "a'b", "{3}", "(x)", "$money", "!", "|", "@", "^", "`", "+", "-", "a:b", "<x>", "ß",
    "e\u0301t", "ﬁ", "\u202eabc", "مرحبا", "a" * 120, "é" * 60, "nil", "NIL", "0123", "42",
]  # fmt: skip


def test_hard_folder_names(target: ImapTarget) -> None:
    paths = [(name,) for name in NAMES] + [("Parents", name) for name in NAMES]
    made = {path: target.ensure(Collection(href="", path=path)) for path in paths}
    assert len({one.href for one in made.values()}) == len(paths)
    listed = {one.href: one.path for one in target.collections()}
    for path, one in made.items():
        assert listed[one.href] == path
        target.put(one, "", item(message(1)), expects=None)
    assert sum(1 for _ in target.entries()) == len(paths)


@pytest.mark.parametrize("name", ["v1.2", "", "~root", "a" * 300])
def test_a_refused_folder_name_is_an_error_of_that_folder(target: ImapTarget, name: str) -> None:
    with pytest.raises(ConnectorError) as caught:
        target.ensure(Collection(href="", path=(name,)))
    assert caught.value.scope == 1
    assert not name or name not in caught.value.message


def test_french_special_use_folders(target: ImapTarget) -> None:
    roles = {one.role: one.path for one in target.collections() if one.role}
    assert roles == {role: (name,) for name, role in FRENCH.items()} | {"\\Inbox": ("INBOX",)}
    for name, role in FRENCH.items():
        assert target.ensure(Collection(href="", path=("Other",), role=role)).path == (name,)
    assert target.ensure(Collection(href="", path=("inbox",))).role == "\\Inbox"


def test_folders_are_subscribed_with_their_parents(target: ImapTarget, server: DovecotServer) -> None:
    target.ensure(Collection(href="", path=("A", "B", "C")))
    subscribed = next(server.base.glob("mail/*/Maildir/subscriptions"), None)
    assert [one.path for one in target.collections() if one.path[0] == "A"] == [("A",), ("A", "B"), ("A", "B", "C")]
    assert subscribed is not None


def test_reading_changes_nothing(target: ImapTarget) -> None:
    folder = target.ensure(FOLDER)
    target.put(folder, "", item(message(1)), expects=None)
    (entry,) = target.entries()
    target.get(entry)
    list(target.get_many([entry, entry]))
    (again,) = target.entries()
    assert again == entry
    assert "\\Seen" not in again.flags


def test_flags_are_updated_only_on_the_copy_listed(target: ImapTarget) -> None:
    folder = target.ensure(FOLDER)
    first = target.put(folder, "", item(message(1), "\\Seen"), expects=None)
    second = target.put(folder, "", item(message(1), "\\Seen", "\\Flagged", "$Forwarded"), expects=first.etag)
    (entry,) = target.entries()
    assert (entry.href, entry.etag) == (first.href, second.etag)
    assert entry.flags == {"\\Seen", "\\Flagged", "$Forwarded"}
    with pytest.raises(EtagMismatch):
        target.put(folder, "", item(message(1)), expects=first.etag)
    with pytest.raises(EtagMismatch):
        target.put(folder, "", item(message(2)), expects=second.etag)


def test_delete_spares_what_others_marked_deleted(target: ImapTarget) -> None:
    folder = target.ensure(FOLDER)
    put_all(target, folder, [item(message(1), "\\Deleted"), item(message(2))])
    kept, gone = target.entries()
    target.delete(gone, expects=gone.etag)
    assert [entry.href for entry in target.entries()] == [kept.href]


def test_a_folder_that_is_gone_is_said_by_each_of_its_messages(
    target: ImapTarget, server: DovecotServer, account: str
) -> None:
    folder = target.ensure(FOLDER)
    inbox = target.ensure(Collection(href="", role="\\Inbox"))
    put_all(target, folder, [item(message(1)), item(message(2))])
    target.put(inbox, "", item(message(3)), expects=None)
    entries = list(target.entries())
    with imapclient.IMAPClient(server.host, server.port, ssl=False) as client:
        client.login(account, PASSWORD)
        client.delete_folder("Reçus")
    got = [(entry.collection, type(one)) for entry, one in target.get_many(entries)]
    assert got == [(inbox.href, Item), (folder.href, NotFound), (folder.href, NotFound)]


def test_a_full_disk_leaves_no_half_spool_file(target: ImapTarget, tmp_path: Path) -> None:
    folder = target.ensure(FOLDER)
    target.put(folder, "", item(message(1, 3_000_000)), expects=None)
    (entry,) = target.entries()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, limits[1]))
    try:
        with pytest.raises(LocalDiskFull):
            target.get(entry)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    assert not list(tmp_path.glob("imap-*"))
    assert target.get(entry).size == entry.size


def test_a_folder_made_anew_is_not_the_same(target: ImapTarget) -> None:
    folder = target.ensure(FOLDER)
    mark = target.mark(folder)
    target.put(folder, "", item(message(1)), expects=None)
    (entry,) = target.entries()
    stale = entry.href.replace("UIDVALIDITY=", "UIDVALIDITY=1")
    for call in (target.get, lambda e: target.delete(e, expects=e.etag)):
        with pytest.raises(NotFound):
            call(type(entry)(**{name: getattr(entry, name) for name in entry.__slots__} | {"href": stale}))
    assert list(target.find(folder, "", item(message(1)), f"1{mark}"))


def test_sparse_uids_are_listed_whole(target: ImapTarget, server: DovecotServer, account: str) -> None:
    folder = target.ensure(FOLDER)
    put_all(target, folder, [item(message(n)) for n in range(4000)])
    hrefs = [entry.href for entry in target.entries()]
    assert len(hrefs) == 4000
    keep = {1, 999, 1000, 1001, 1002, 2500, 3999, 4000}
    with imapclient.IMAPClient(server.host, server.port, ssl=False) as client:
        client.login(account, PASSWORD)
        client.select_folder("Reçus")
        client.delete_messages([uid for uid in range(1, 4001) if uid not in keep], silent=True)
        client.expunge()
    assert [entry.href for entry in target.entries()] == [hrefs[uid - 1] for uid in sorted(keep)]
