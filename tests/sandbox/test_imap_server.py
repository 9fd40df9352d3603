"""The sandbox's IMAP server, seen by ordinary IMAP clients."""

from __future__ import annotations

import imaplib
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from imapclient import IMAPClient
from imapclient.exceptions import LoginError

from migrate.sandbox.association import hard_messages
from migrate.sandbox.imap import USUAL_MAILBOXES, ImapServer

USER, PASSWORD = "zoe@example.org", "un mot de passe"
MESSAGE = (
    b"From: a@example.org\r\nMessage-ID: <1@example.org>\r\nSubject: =?UTF-8?Q?=C3=A9t=C3=A9?=\r\n\r\nBonjour.\r\n"
)


@pytest.fixture(scope="module")
def server() -> Iterator[ImapServer]:
    with ImapServer({USER: PASSWORD, "other@example.org": "x"}) as running:
        yield running


@pytest.fixture
def client(server: ImapServer) -> Iterator[IMAPClient]:
    with connect(server) as connected:
        yield connected


def connect(server: ImapServer) -> IMAPClient:
    client = IMAPClient(server.host, server.port, ssl=False)
    client.login(USER, PASSWORD)
    return client


def test_what_it_offers(client: IMAPClient) -> None:
    offered = set(client.capabilities())
    assert {b"UIDPLUS", b"MULTIAPPEND", b"LITERAL+", b"MOVE"} <= offered
    assert {name for _, _, name in client.list_folders()} >= {"INBOX", *USUAL_MAILBOXES}
    assert b"\\*" in client.select_folder("INBOX")[b"PERMANENTFLAGS"]


def test_wrong_password(server: ImapServer) -> None:
    client = IMAPClient(server.host, server.port, ssl=False)
    with pytest.raises(LoginError):
        client.login(USER, "faux")
    client.shutdown()


def test_mail_survives_its_client_and_keeps_all_it_had(server: ImapServer) -> None:
    when = datetime(1998, 5, 20, 14, 30, tzinfo=UTC)
    with connect(server) as first:
        first.create_folder("Projets/2026/Été 🌳")
        first.append("Projets/2026/Été 🌳", MESSAGE, [b"\\Seen", b"$Important", b"Relances"], when)
    with connect(server) as second:
        second.normalise_times = False
        second.select_folder("Projets/2026/Été 🌳", readonly=True)
        (data,) = second.fetch(second.search(), ["BODY.PEEK[]", "FLAGS", "INTERNALDATE", "RFC822.SIZE"]).values()
    assert data[b"BODY[]"] == MESSAGE
    assert set(data[b"FLAGS"]) == {b"\\Seen", b"$Important", b"Relances"}
    assert data[b"INTERNALDATE"] == when
    assert data[b"RFC822.SIZE"] == len(MESSAGE)


def test_keywords_may_be_stored_later(client: IMAPClient) -> None:
    client.create_folder("Mots")
    client.append("Mots", MESSAGE)
    client.select_folder("Mots")
    (uid,) = client.search()
    client.add_flags([uid], [b"Nouveau"])
    assert b"Nouveau" in client.get_flags([uid])[uid]


def test_search_by_header_and_structure(client: IMAPClient) -> None:
    client.create_folder("Recherche")
    client.append("Recherche", MESSAGE)
    client.select_folder("Recherche", readonly=True)
    (uid,) = client.search(["HEADER", "Message-ID", "<1@example.org>"])
    assert client.search(["HEADER", "Message-ID", "<2@example.org>"]) == []
    data = client.fetch([uid], ["ENVELOPE", "BODYSTRUCTURE", "BODY.PEEK[HEADER.FIELDS (SUBJECT)]"])[uid]
    assert data[b"ENVELOPE"].message_id == b"<1@example.org>"
    assert data[b"BODYSTRUCTURE"][0] == b"text"
    assert data[b"BODY[HEADER.FIELDS (SUBJECT)]"].startswith(b"Subject: ")


def test_copy_move_and_expunge(client: IMAPClient) -> None:
    for name in ("De", "Vers"):
        client.create_folder(name)
    client.append("De", MESSAGE)
    client.append("De", MESSAGE)
    client.select_folder("De")
    first, second = client.search()
    client.copy([first], "Vers")
    client.move([second], "Vers")
    client.delete_messages([first])
    client.expunge()
    assert client.search() == []
    client.select_folder("Vers")
    bodies = client.fetch(client.search(), ["BODY.PEEK[]"]).values()
    assert [data[b"BODY[]"] for data in bodies] == [MESSAGE, MESSAGE]


def multiappend(client: IMAPClient, folder: str, messages: list[bytes]) -> bytes:
    sock = client.socket()
    parts = [b" () {%d+}\r\n%s" % (len(message), message) for message in messages]
    sock.sendall(b"M1 APPEND " + folder.encode() + b"".join(parts) + b"\r\n")
    answer = b""
    while b"M1 " not in answer:
        data = sock.recv(65536)
        if not data:
            return answer
        answer += data
    return answer


def test_multiappend_of_hard_messages_keeps_their_bytes(client: IMAPClient) -> None:
    client.create_folder("Durs")
    hard = [raw for raw in hard_messages().values() if raw]
    assert b"APPENDUID" in multiappend(client, "Durs", hard)
    client.select_folder("Durs", readonly=True)
    stored = client.fetch(client.search(), ["BODY.PEEK[]"])
    assert [stored[uid][b"BODY[]"] for uid in sorted(stored)] == hard


def test_a_lost_reply_is_stored_and_a_cut_is_not(server: ImapServer) -> None:
    with connect(server) as client:
        client.create_folder("Pannes")
    for order, count in (({"lost_replies": 1}, 1), ({"cut": 1}, 1)):
        server.order(**order)
        client = connect(server)
        with pytest.raises((OSError, imaplib.IMAP4.abort)):
            client.append("Pannes", MESSAGE)
        client.shutdown()
        with connect(server) as after:
            assert after.folder_status("Pannes")[b"MESSAGES"] == count


def test_append_limit() -> None:
    with ImapServer({USER: PASSWORD}, append_limit=100) as server, connect(server) as client:
        assert b"APPENDLIMIT=100" in client.capabilities()
        with pytest.raises(imaplib.IMAP4.error):
            client.append("INBOX", MESSAGE + b"x" * 200)


def test_stop_twice_and_a_dead_server() -> None:
    server = ImapServer({USER: PASSWORD}).start()
    server.stop()
    server.stop()
    with pytest.raises(RuntimeError, match="not running"):
        server.order(cut=1)
