"""One mbox of 5 GB in a Takeout archive, into Dovecot: memory, speed beside the target's own, a kill in the middle.

Run: ``python -m tests.benchmarks.bench_takeout [messages] [bytes each]``. Needs four times the mbox's size of disk.
"""

from __future__ import annotations

import base64
import os
import random
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from migrate.model import Collection, Stored
from migrate.sandbox.takeout_mail import entry
from migrate.sandbox.takeout_parts import Parts
from migrate.sandbox.world import Message
from tests.benchmarks.bench_large import measured
from tests.connectors.imap_kit import PASSWORD, item, opened
from tests.servers import DovecotServer
from tests.system.field import Field

ACCOUNT = "alice@tilleuls.example"
LIMIT_MB = 200
SAMPLE = 2_000
"""Messages sent by the target alone into the same mailbox afterwards, for the ratio: servers slow down as it grows."""
MADE = datetime(2026, 11, 1, tzinfo=UTC)


def bodies(count: int, size: int) -> Iterator[bytes]:
    """Messages that no compression makes much smaller, as attachments are."""
    noise = base64.encodebytes(random.Random(5).randbytes(4 << 20)).replace(b"\n", b"\r\n")
    for n in range(count):
        head = f"Message-ID: <{n}@tilleuls.example>\r\nFrom: a@example.org\r\nSubject: n {n}\r\n\r\n".encode()
        start = 78 * (n * 997 % (len(noise) // 78 - size // 78 - 2))
        yield head + noise[start : start + size]


def write_archive(folder: Path, count: int, size: int) -> int:
    """The archive, written as a stream. Returns the bytes of its mbox."""
    folder.mkdir(parents=True)
    total = 0

    def mbox() -> Iterator[bytes]:
        nonlocal total
        for n, body in enumerate(bodies(count, size)):
            identifier = f"{0x1700000000000000 + n:016x}"
            message = Message(
                id=identifier,
                thread_id=identifier,
                label_ids=("INBOX",) if n % 2 else ("INBOX", "UNREAD"),
                internal_date_ms=1_700_000_000_000 + n * 1000,
                size_estimate=len(body),
                raw=lambda body=body: body,  # type: ignore[misc]
            )
            text = entry(message, ["Inbox", "Opened"] if n % 2 else ["Inbox", "Unread"])
            total += len(text)
            yield text

    with Parts(folder, MADE, "zip", 64 << 30) as parts:
        parts.turn()
        parts.stream("Takeout/Mail/All mail Including Spam and Trash.mbox", mbox(), MADE)
    return total


def project(folder: Path, port: int) -> Field:
    """A project from the archive to Dovecot."""
    (folder / "migration.toml").write_text(
        '[migration]\nname = "Banc"\n[source.archives]\nconnector = "takeout"\narchives = "takeout/{account}"\n'
        f'[target.mail]\nconnector = "imap"\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\n'
        'password = "file:password"\n'
    )
    (folder / "accounts.csv").write_text(f"source,source_account,mail_account,wave\narchives,{ACCOUNT},{ACCOUNT},1\n")
    (folder / "password").write_text(PASSWORD)
    for file in folder.iterdir():
        file.chmod(0o700 if file.is_dir() else 0o600)
    return Field(folder, {})


def killed(field: Field, after: int) -> tuple[float, int]:
    """Start an apply, kill it once so many items are stored: seconds and items stored."""
    started = time.monotonic()
    process = field.start("apply")
    while process.poll() is None and stored(field) < after:
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(30)
    return time.monotonic() - started, stored(field)


def stored(field: Field) -> int:
    """Items that the ledger says are stored."""
    path = field.directory / "ledger.sqlite3"
    if not path.exists():
        return 0
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as db:
        return int(db.execute("select count(*) from pair").fetchone()[0])


def target_alone(port: int, spool: Path, size: int) -> float:
    """Bytes a second of the IMAP target, fed from memory by batches as large as apply's."""
    messages = [item(body, "\\Seen") for body in bodies(SAMPLE, size)]
    batch = max(1, (2 << 20) // size)
    with opened(port, spool, ACCOUNT) as target:
        home = target.ensure(Collection(href="", path=("INBOX",), role="\\Inbox"))
        started = time.monotonic()
        for start in range(0, SAMPLE, batch):
            answers = target.put_many(home, [("", one) for one in messages[start : start + batch]])
            assert all(isinstance(answer, Stored) for answer in answers)
        return sum(one.size for one in messages) / (time.monotonic() - started)


def main() -> int:
    """Print the table; returns 1 when something is missing, double or over the limit."""
    count, size = (int(a) for a in (sys.argv[1:] + ["50000", "100000"][len(sys.argv) - 1 :])[:2])
    with DovecotServer() as server, tempfile.TemporaryDirectory(prefix="transhume-bench-") as name:
        folder = Path(name)
        server.add_user(ACCOUNT, PASSWORD)
        total = write_archive(folder / "takeout" / ACCOUNT, count, size)
        field = project(folder, server.port)
        plan = measured(field, "plan")
        spent, half = killed(field, count // 2)
        rest = measured(field, "apply")
        verify = measured(field, "verify")
        again = measured(field, "plan", "--detailed-exitcode")
        with opened(server.port, folder, ACCOUNT) as target:
            held = [entry.size for entry in target.entries()]
        # Last: a child's peak counts what its parent held when it was started.
        alone = target_alone(server.port, folder, size)
    speed = (count - half) * size / rest[0]
    print(f"{count} messages, one mbox of {total / 1e9:.2f} GB; killed after {spent:.0f} s with {half} stored")
    for step, (seconds, peak, code) in (("plan", plan), ("apply", rest), ("verify", verify), ("plan again", again)):
        print(f"{step:11} {seconds:7.1f} s  peak {peak:6.1f} MB of {LIMIT_MB}  exit {code}")
    print(f"index: {total / plan[0] / 1e6:.0f} MB/s; read again from it in {again[0] / plan[0]:.2f} of that time")
    print(f"apply {speed / 1e6:.1f} MB/s, the target alone {alone / 1e6:.1f} MB/s: ratio {speed / alone:.2f}")
    print(f"{len(held)} messages at the target")
    codes = [plan[2], rest[2], verify[2], again[2]] == [0, 0, 0, 0]
    flat = max(plan[1], rest[1], verify[1], again[1]) < LIMIT_MB
    return 0 if codes and flat and len(held) == count else 1


if __name__ == "__main__":
    raise SystemExit(main())
