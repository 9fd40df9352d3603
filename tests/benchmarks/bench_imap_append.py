"""Messages a second into Dovecot: this connector, a bare MULTIAPPEND loop and mbsync, in one run.

Run: ``python -m tests.benchmarks.bench_imap_append [messages] [bytes each]``. Rates depend on the machine; the
ratios, taken in the same run, are what to compare.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from connectors.imap.target import ImapTarget
from migrate.model import Collection, Stored
from tests.connectors.imap_kit import PASSWORD, item, message, opened
from tests.servers import DovecotServer

ACCOUNTS = ("ours", "bare", "bare500", "mbsync")


def connector(target: ImapTarget, messages: list[bytes]) -> None:
    """As apply does: runs of ``capabilities.batch`` items, each answer looked at."""
    folder = target.ensure(Collection(href="", path=("Bench",)))
    batch = target.capabilities.batch
    for start in range(0, len(messages), batch):
        answers = target.put_many(folder, [("", item(body, "\\Seen")) for body in messages[start : start + batch]])
        assert all(isinstance(answer, Stored) for answer in answers)


def bare(port: int, account: str, messages: list[bytes], batch: int) -> None:
    """The fastest that can be written: one socket, LITERAL+, nothing checked but OK."""
    with socket.create_connection(("127.0.0.1", port)) as wire, wire.makefile("rb") as answers:
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        answers.readline()

        def command(data: bytes) -> None:
            wire.sendall(data)
            while not (line := answers.readline()).startswith(b"t "):
                assert line
            assert line.startswith(b"t OK"), line

        command(f't LOGIN "{account}" "{PASSWORD}"\r\n'.encode())
        command(b"t CREATE Bench\r\n")
        for start in range(0, len(messages), batch):
            parts = [
                b' (\\Seen) "29-Feb-2024 23:59:58 +0000" {%d+}\r\n%s' % (len(m), m) for m in messages[start:][:batch]
            ]
            command(b"t APPEND Bench" + b"".join(parts) + b"\r\n")


def mbsync(port: int, account: str, messages: list[bytes], folder: Path) -> Callable[[], None]:
    """mbsync from a Maildir; the Maildir is written before the clock starts."""
    box = folder / "Bench"
    for name in ("cur", "new", "tmp"):
        (box / name).mkdir(parents=True)
    for n, body in enumerate(messages):
        (box / "cur" / f"1700000000.{n}.bench:2,S").write_bytes(body.replace(b"\r\n", b"\n"))
    config = folder / "mbsyncrc"
    config.write_text(
        f'IMAPAccount a\nHost 127.0.0.1\nPort {port}\nUser {account}\nPass "{PASSWORD}"\nSSLType None\n'
        "AuthMechs LOGIN\n\nIMAPStore far\nAccount a\n\n"
        f"MaildirStore near\nPath {folder}/\nInbox {folder}/Inbox\n\n"
        "Channel c\nFar :far:\nNear :near:\nPatterns Bench\nCreate Both\nSync Push\nSyncState *\n"
    )
    return lambda: subprocess.run(["mbsync", "-q", "-c", str(config), "c"], check=True, timeout=600) and None


def held(port: int, account: str, spool: Path) -> int:
    """How many messages arrived."""
    with opened(port, spool, account) as target:
        return sum(1 for _ in target.entries())


def read_back(port: int, spool: Path, count: int) -> tuple[float, float]:
    """Seconds to list everything, and to fetch everything."""
    with opened(port, spool, "ours") as target:
        start = time.perf_counter()
        entries = list(target.entries())
        listed = time.perf_counter()
        fetched = sum(1 for _ in target.get_many(entries))
        assert len(entries) == fetched == count
        return listed - start, time.perf_counter() - listed


def main() -> None:
    """Measure and print."""
    count, size = (int(a) for a in (sys.argv[1:] + ["5000", "10000"][len(sys.argv) - 1 :])[:2])
    messages = [message(n, size) for n in range(count)]
    rates: dict[str, float] = {}
    with DovecotServer() as server, tempfile.TemporaryDirectory() as folder:
        spool = Path(folder)
        for account in ACCOUNTS:
            server.add_user(account, PASSWORD)

        def timed(name: str, account: str, run: Callable[[], None]) -> None:
            start = time.perf_counter()
            run()
            rates[name] = count / (time.perf_counter() - start)
            assert held(server.port, account, spool) == count, f"{name} lost messages"

        with opened(server.port, spool, "ours") as target:
            timed("connector", "ours", lambda: connector(target, messages))
        timed("bare MULTIAPPEND, 100", "bare", lambda: bare(server.port, "bare", messages, 100))
        timed("bare MULTIAPPEND, 500", "bare500", lambda: bare(server.port, "bare500", messages, 500))
        if shutil.which("mbsync"):
            timed("mbsync", "mbsync", mbsync(server.port, "mbsync", messages, spool / "maildir"))
        listing, fetching = read_back(server.port, spool, count)
    print(f"{count} messages of {len(messages[0])} bytes")
    for name, rate in rates.items():
        print(f"{name:24} {rate:7.0f} messages/s   connector/it {rates['connector'] / rate:.2f}")
    print(f"{'listing':24} {count / listing:7.0f} messages/s")
    print(f"{'fetching':24} {count / fetching:7.0f} messages/s")


if __name__ == "__main__":
    main()
