"""Bytes on the wire, names, answers: what needs no server."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.imap.answers import login_refusal, refusal
from connectors.imap.append import BATCH_BYTES, expand, windows
from connectors.imap.literals import Message, crlf, fingerprint, prepare
from connectors.imap.names import (
    Folder,
    Namespace,
    decode,
    folder_href,
    folder_of,
    message_href,
    message_of,
    path_of,
    wire_of,
    with_usual_roles,
)
from migrate.errors import AuthFailed, NotFound, QuotaExceeded, Rejected, Retriable, Scope, Throttled, TooLarge
from tests.connectors.imap_kit import item, message

LINES = st.lists(st.sampled_from([b"\r", b"\n", b"a", b"\r\n", b"\xc3\xa9"]), max_size=30).map(b"".join)


@given(LINES, st.integers(1, 5))
def test_crlf_does_not_depend_on_how_the_body_is_cut(body: bytes, width: int) -> None:
    cut = [body[i : i + width] for i in range(0, len(body), width)]
    whole = b"".join(crlf([body]))
    assert b"".join(crlf(cut)) == whole
    assert whole.replace(b"\r", b"") == body.replace(b"\r", b"")
    assert whole.count(b"\n") == whole.count(b"\r\n")


@given(LINES.filter(bool))
def test_a_file_and_its_bytes_are_sent_alike(tmp_path_factory: pytest.TempPathFactory, body: bytes) -> None:
    path = tmp_path_factory.mktemp("spool") / "body"
    path.write_bytes(body)
    one, two = prepare(item(body), ()), prepare(item(path), ())
    assert b"".join(one.chunks()) == b"".join(two.chunks())
    assert one.size == two.size == len(b"".join(one.chunks()))
    assert fingerprint(body) == fingerprint(path)


@given(LINES)
def test_a_fingerprint_spans_what_servers_make_of_bare_crs(body: bytes) -> None:
    found = fingerprint(body)
    sent = b"".join(crlf([body]))
    assert found.smallest <= len(sent.replace(b"\r\r\n", b"\r\n").rstrip(b"\r")) + body.count(b"\r")
    assert found.largest == len(sent)
    assert found.digest == hashlib.sha256(body.replace(b"\r", b"")).hexdigest()


@pytest.mark.parametrize("body", [b"", b"Subject: x\r\n\r\na\0b\r\n"])
def test_what_imap_cannot_carry_is_refused_before_it_is_sent(body: bytes) -> None:
    with pytest.raises(Rejected):
        prepare(item(body), ())


@pytest.mark.parametrize("flag", ["é", "a b", "a)", "x]", "\\Custom", "", "a\r\nA1 LOGOUT"])
def test_a_flag_that_would_break_the_command_is_left_out_and_told(flag: str) -> None:
    ready = prepare(item(message(1), flag, "\\Seen"), [flag, "\\Seen"])
    assert (ready.flags, ready.refused) == (("\\Seen",), {flag})


@pytest.mark.parametrize(
    ("date", "sent"),
    [
        (datetime(1900, 1, 1, tzinfo=UTC), b"01-Jan-1970 00:00:00"),
        (datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC), b"01-Jan-1970 00:00:00"),
        (datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC), b"01-Jan-1970 00:00:01"),
    ],
)
def test_a_date_before_1970_is_moved_to_1970(date: datetime, sent: bytes) -> None:
    ready = prepare(item(message(1), date=date), [])
    assert sent in ready.prefix()
    assert ready.redated is (date.year < 1970)


def test_a_date_to_come_is_now() -> None:
    ready = prepare(item(message(1), date=datetime(2999, 1, 1, tzinfo=UTC)), [])
    assert ready.redated
    assert ready.date is not None
    assert abs((datetime.now(UTC) - ready.date).total_seconds()) < 60


def test_flags_and_date_as_append_takes_them() -> None:
    date = datetime(2024, 3, 1, 0, 30, 5, tzinfo=timezone(timedelta(hours=1)))
    made = prepare(item(message(1), date=date), ["\\Seen", "\\Recent", "$Forwarded"])
    assert made.prefix() == b'($Forwarded \\Seen) "29-Feb-2024 23:30:05 +0000"'
    with pytest.raises(Rejected):
        prepare(item(message(1), date=datetime(2024, 3, 1)), ())  # noqa: DTZ001 -- the point of the test
    assert prepare(item(message(1), date=None), ()).prefix() == b"()"


def test_the_message_id_is_read_folded_and_only_in_the_header() -> None:
    assert fingerprint(b"A: b\r\nMessage-Id:\r\n <x@y>\r\n\r\nbody").message_id == b"<x@y>"
    assert fingerprint(b"A: b\r\n\r\nMessage-ID: <x@y>\r\n").message_id == b""


def test_windows_are_bounded_by_count_and_by_bytes() -> None:
    small = Message(b"x", 10, (), None)
    large = Message(b"x", BATCH_BYTES + 1, (), None)
    half = Message(b"x", BATCH_BYTES // 2 + 1, (), None)
    assert [len(w) for w in windows([small] * 250, 100)] == [100, 100, 50]
    assert [len(w) for w in windows([small, large, small, half, half], 100)] == [1, 1, 2, 1]
    assert list(windows([], 100)) == []
    assert list(expand("3,5:7")) == [3, 5, 6, 7]


@pytest.mark.parametrize(
    ("wire", "namespace", "path"),
    [
        ("INBOX", Namespace("", "/"), ("INBOX",)),
        ("inbox/Projets", Namespace("", "/"), ("INBOX", "Projets")),
        ("INBOX.Envoy&AOk-s", Namespace("INBOX.", "."), ("Envoyés",)),
        ("A&-B/&ZeVnLIqe-", Namespace("", "/"), ("A&B", "日本語")),
        ("Flat", Namespace("", ""), ("Flat",)),
    ],
)
def test_paths(wire: str, namespace: Namespace, path: tuple[str, ...]) -> None:
    assert path_of(wire, namespace) == path
    assert path_of(wire_of(path, namespace), namespace) == path


@given(st.lists(st.text(st.characters(exclude_characters="/", exclude_categories=["Cs"]), min_size=1), min_size=1))
def test_any_path_survives_the_wire(parts: list[str]) -> None:
    path = tuple(parts)
    wire = wire_of(path, Namespace("", "/"))
    assert wire.isascii()
    assert wire.isprintable()
    assert path[0].upper() == "INBOX" or path_of(wire, Namespace("", "/")) == path
    assert folder_of(folder_href(wire)) == wire
    assert message_of(message_href(wire, 7, 9)) == (wire, 7, 9)


def test_a_name_that_is_no_modified_utf7_stays_as_it_is() -> None:
    assert decode("&/-") == "&/-"
    with pytest.raises(Rejected):
        wire_of(("a/b",), Namespace("", "/"))
    with pytest.raises(NotFound):
        message_of("folder;UID=3")


def test_roles_by_french_and_english_names_once_each() -> None:
    names = ["Éléments envoyés", "Sent", "brouillons", "CORBEILLE", "Projets", "Spam"]
    folders = [Folder(f"w{n}", (name,)) for n, name in enumerate(names)]
    folders += [
        Folder("w7", ("Projets", "Archives")),
        Folder("w8", ("Junk",), "\\Junk"),
        Folder("w9", ("INBOX", "Archives")),
    ]
    roles = {f.path[-1] + str(len(f.path)): f.role for f in with_usual_roles(folders) if f.role}
    assert roles == {
        "Sent1": "\\Sent",
        "brouillons1": "\\Drafts",
        "CORBEILLE1": "\\Trash",
        "Junk1": "\\Junk",
        "Archives2": "\\Archive",
    }


@pytest.mark.parametrize(
    ("answer", "kind", "scope"),
    [
        ("[OVERQUOTA] Quota exceeded", QuotaExceeded, Scope.ACCOUNT),
        ("[LIMIT] too long", TooLarge, Scope.ITEM),
        ("[TOOBIG] x", TooLarge, Scope.ITEM),
        ("[INUSE] x", Retriable, Scope.COLLECTION),
        ("[TRYCREATE] Mailbox doesn't exist: Secret", NotFound, Scope.COLLECTION),
        ("append failed: Invalid keyword: 'Secret'", Rejected, Scope.ITEM),
    ],
)
def test_refusals(answer: str, kind: type[Exception], scope: Scope) -> None:
    error = refusal("APPEND", answer)
    assert type(error) is kind
    assert error.scope == scope
    assert "Secret" not in error.message


def test_login_refusals() -> None:
    assert isinstance(login_refusal("[AUTHENTICATIONFAILED] no"), AuthFailed)
    assert isinstance(login_refusal("LOGIN failed"), AuthFailed)
    assert isinstance(login_refusal("[UNAVAILABLE] later"), Throttled)


def test_a_spool_file_is_left_to_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "body"
    path.write_bytes(message(1, 2_000_000))
    assert b"".join(prepare(item(path, date=datetime.now(UTC)), ()).chunks()) == path.read_bytes()
    assert path.exists()
