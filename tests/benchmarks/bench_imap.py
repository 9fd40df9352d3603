"""Messages a second from one IMAP account to another, over the whole road: this tool, mbsync, imapsync, bare APPENDs.

Run: ``python -m tests.benchmarks.bench_imap [messages] [bytes each] [rounds]``. Both accounts are on one Dovecot, first
at once, then behind a line of 20 ms. ``plan`` and ``apply`` are counted together where the other program does both.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.kit import Goal, interleaved, project, show, slow_line, timed, transhume
from tests.connectors.imap_kit import PASSWORD, message, opened
from tests.servers import DovecotServer

SOURCE = "source@tilleuls.example"
TRIP = 0.02


class Bench:
    """One Dovecot, one full account, and a new account for each run."""

    def __init__(self, server: DovecotServer, folder: Path, messages: list[bytes]) -> None:
        self.server, self.folder, self.messages = server, folder, messages
        self.count = 0
        (folder / "password").write_text(PASSWORD, encoding="utf-8")
        (folder / "password").chmod(0o600)
        server.add_user(SOURCE, PASSWORD)
        bare(server.port, SOURCE, messages, 500)

    def account(self) -> str:
        """A new account of its own for a run."""
        self.count += 1
        name = f"target{self.count}@tilleuls.example"
        self.server.add_user(name, PASSWORD)
        return name

    def held(self, account: str) -> None:
        """Fails unless everything arrived once."""
        with opened(self.server.port, self.folder, account) as target:
            assert sum(1 for _ in target.entries()) == len(self.messages), "messages were lost or doubled"

    def ours(self, port: int, *, planned: bool) -> float:
        """Plan and apply; ``planned``: apply alone is counted."""
        account = self.account()
        table = f'host = "127.0.0.1"\nport = {port}\nsecurity = "none"\npassword = "file:{self.folder}/password"\n'
        where = project(
            self.folder / f"project{self.count}",
            f'[source.old]\nconnector = "imap"\n{table}',
            f'[target.new]\nconnector = "imap"\n{table}',
            f"old,{SOURCE},{account},1\n",
        )
        plan = transhume(where, "plan")
        took = transhume(where, "apply")
        self.held(account)
        return took if planned else plan + took

    def mbsync(self, port: int) -> float:
        """IMAP to IMAP, without a local copy of what is there."""
        account = self.account()
        config = self.folder / f"mbsyncrc{self.count}"
        text = ""
        for name, user in (("far", account), ("near", SOURCE)):
            text += f'IMAPAccount {name}\nHost 127.0.0.1\nPort {port}\nUser {user}\nPass "{PASSWORD}"\n'
            text += f"SSLType None\nAuthMechs LOGIN\n\nIMAPStore {name}\nAccount {name}\n\n"
        text += "Channel c\nFar :far:\nNear :near:\nPatterns Bench\nCreate Far\nSync Push\nCopyArrivalDate yes\n"
        state = self.folder / f"state{self.count}"
        state.mkdir()
        config.write_text(text + f"SyncState {state}/\n", encoding="utf-8")
        took = timed(lambda: subprocess.run(["mbsync", "-q", "-c", str(config), "c"], check=True, timeout=3600))
        self.held(account)
        return took

    def imapsync(self, port: int) -> float:
        """As its manual has it, without TLS."""
        account = self.account()
        command = ["imapsync", "--nolog", "--nossl1", "--nossl2", "--notls1", "--notls2"]
        for side, user in (("1", SOURCE), ("2", account)):
            command += [f"--host{side}", "127.0.0.1", f"--port{side}", str(port)]
            command += [f"--user{side}", user, f"--password{side}", PASSWORD]
        took = timed(lambda: subprocess.run(command, check=True, timeout=3600, capture_output=True))
        self.held(account)
        return took

    def bare(self, port: int) -> float:
        """The writing alone, from memory."""
        account = self.account()
        return timed(lambda: bare(port, account, self.messages, 100))


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


def main() -> int:
    """Measure and print; 1 when a goal is missed."""
    given = [int(word) for word in sys.argv[1:]]
    count, size, rounds = (given + [5000, 10_000, 3][len(given) :])[:3]
    messages = [message(n, size) for n in range(count)]
    met = True
    with DovecotServer() as server, tempfile.TemporaryDirectory(prefix="transhume-bench-") as folder:
        bench = Bench(server, Path(folder), messages)
        for trip, wanted in ((0.0, 2.5), (TRIP, 10.0)):
            met &= _measure(bench, trip, wanted, rounds if trip == 0 else 1)
    return 0 if met else 1


def _measure(bench: Bench, trip: float, wanted: float, rounds: int) -> bool:
    with slow_line(bench.server.port, trip) as slow:
        port = slow if trip else bench.server.port
        runs: dict[str, Callable[[int], float]] = {
            "transhume apply": lambda _: bench.ours(port, planned=True),
            "bare MULTIAPPEND": lambda _: bench.bare(port),
        }
        if shutil.which("mbsync"):
            runs["mbsync"] = lambda _: bench.mbsync(port)
        if shutil.which("imapsync"):
            runs["imapsync"] = lambda _: bench.imapsync(port)
        runs["transhume plan + apply"] = lambda _: bench.ours(port, planned=False)
        took = interleaved(rounds, runs)
    ours = took["transhume apply"]
    goals = [Goal("of bare MULTIAPPEND", took["bare MULTIAPPEND"] / ours, 0.7)]
    if "mbsync" in took:
        goals += [Goal("mbsync", took["mbsync"] / ours, wanted)]
        goals += [Goal("mbsync, the plan counted too", took["mbsync"] / took["transhume plan + apply"], 1.0)]
    if "imapsync" in took:
        goals += [Goal("imapsync", took["imapsync"] / ours, 4.0)]
    title = f"{len(bench.messages)} messages of {len(bench.messages[0])} bytes, IMAP to IMAP, {trip * 1000:.0f} ms"
    return show(title, "messages", len(bench.messages), took, goals)


if __name__ == "__main__":
    raise SystemExit(main())
