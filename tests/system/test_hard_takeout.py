"""Hard messages from an archive into a real Dovecot: each arrives byte for byte or is named with the reason."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from pathlib import Path

import pytest

from migrate.apply import apply_plan
from migrate.config import Filters, load_project
from migrate.model import FindingKind
from migrate.plan import make_plan
from migrate.verify import verify
from tests.connectors.takeout_kit import ALICE, ALL_MAIL, HELLO, export, message
from tests.servers import DovecotServer
from tests.system.observers import mailbox

pytestmark = pytest.mark.server

DAY = "Mon Jan 05 09:30:00 +0000 2026"
HARD: tuple[tuple[str, bytes, str], ...] = (
    ("no header", b"\r\nonly a body\r\n", DAY),
    ("a bare CR", b"A: b\r\n\r\none\rtwo\r\n", DAY),
    ("8-bit headers", b"Subject: \xe9t\xe9 \xff\r\nFrom: \xc3\xa9@x.example\r\n\r\na\r\n", DAY),
    ("a line of 200 kB", b"A: b\r\n\r\n" + b"x" * 200_000 + b"\r\n", DAY),
    ("no Message-ID", b"Subject: none\r\n\r\na\r\n", DAY),
    ("a duplicate", HELLO, DAY),
    ("From lines", b"A: b\r\n\r\n>From me\r\n>>From you\r\n", DAY),
    ("of 1900", b"A: 1900\r\n\r\nb\r\n", "Mon Jan 01 00:00:00 +0000 1900"),
    ("of 1970", b"A: 1970\r\n\r\nb\r\n", "Thu Jan 01 00:00:01 +0000 1970"),
    ("of 2038", b"A: 2038\r\n\r\nb\r\n", "Tue Jan 19 03:14:08 +0000 2038"),
    ("of 2106", b"A: 2106\r\n\r\nb\r\n", "Sun Feb 07 06:28:16 +0000 2106"),
    ("36 MB", b"A: b\r\n\r\n" + b"0123456789abcdef" * 4 * 9_000 * 62 + b"\r\n", DAY),
)
CHANGED = (("a bare LF", b"A: b\r\n\r\none\ntwo\r\n", DAY),)
"""Stored by every IMAP server with CRLF: equal to what was sent in its normal form, and said so in docs."""
REFUSED = {"NulByte": b"A: b\r\n\r\na\x00b\r\n", "EmptyMessage": b""}


def project(folder: Path, server: DovecotServer) -> Path:
    server.add_user(ALICE, "secret")
    texts = {
        "migration.toml": '[migration]\nname = "Essai"\n[source.archives]\nconnector = "takeout"\n'
        'archives = "takeout/{account}"\n[target.mail]\nconnector = "imap"\nhost = "127.0.0.1"\n'
        f'port = {server.port}\nsecurity = "none"\npassword = "file:word"\n',
        "accounts.csv": f"source,source_account,mail_account,wave\narchives,{ALICE},{ALICE},1\n",
        "word": "secret",
    }
    folder.chmod(0o700)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
        (folder / name).chmod(0o600)
    return folder


def test_hard_messages_arrive_or_are_named(tmp_path: Path) -> None:
    everything = [(body, date) for _, body, date in (*HARD, *CHANGED)] + [(body, DAY) for body in REFUSED.values()]
    # A message twice under two numbers is two messages.
    everything.append((HELLO, DAY))
    quoted = [(body.replace(b"\r\n>", b"\r\n>>"), date) for body, date in everything]
    export(tmp_path, {ALL_MAIL: b"".join(message(n, body, date=date) for n, (body, date) in enumerate(quoted, 1))})
    with DovecotServer() as server:
        loaded = load_project(project(tmp_path, server))
        plan = make_plan(loaded)
        assert sum(lane.discovered for lane in plan.lanes) == len(everything)
        applied = apply_plan(loaded)
        assert {failure.code: failure.count for failure in applied.failures} == dict.fromkeys(REFUSED, 1)
        assert applied.done == len(everything) - len(REFUSED)
        counts = verify(loaded, Filters(), "hash").counts
        assert counts[FindingKind.MATCH] == applied.done
        assert counts[FindingKind.MISSING] == len(REFUSED)
        seen = mailbox("127.0.0.1", server.port, ALICE, "secret")
        assert apply_plan(loaded).done == applied.done, "again: nothing twice"
        assert len(mailbox("127.0.0.1", server.port, ALICE, "secret")) == len(seen)
    wanted = (
        [body for _, body, _ in HARD] + [HELLO] + [body.replace(b"one\ntwo", b"one\r\ntwo") for _, body, _ in CHANGED]
    )
    assert Counter(one.digest for one in seen) == Counter(hashlib.sha256(body).hexdigest() for body in wanted)
    dates = {one.digest: one.date for one in seen}
    by_year = {year: dates[hashlib.sha256(b"A: %d\r\n\r\nb\r\n" % year).hexdigest()] for year in (1970, 1900, 2038)}
    assert by_year[1970] == 1
    assert by_year[1900] == 0, "the nearest that the server keeps, and told"
    assert by_year[2038] <= time.time() + 60, "the server calls what is to come now, and that is told too"
    assert {one.code for one in applied.altered} == {"stored-redated"}
