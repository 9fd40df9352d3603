"""How fast an inventory reads inside, and that its memory does not grow with the mailbox: ratios of one run."""

from __future__ import annotations

import json
import mailbox
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random

from migrate.inventory.examine import Rules, examine
from migrate.inventory.extract import Budget, Part, Passage, extract
from migrate.sandbox.association import mime, texts
from tests.inventory import papers

SMALL, LARGE = 1_500, 12_000
CONFIG = """
[migration]
name = "Bench"
[source.src]
connector = "folder"
path = "box"
[target.dst]
connector = "memory"
"""


@dataclass(frozen=True)
class Run:
    """One inventory of a mailbox."""

    seconds: float
    peak_mb: float
    items: int
    megabytes: float


def letter(number: int) -> bytes:
    rng = Random(number)
    text = texts.paragraphs(rng, 6) + (texts.personal_record(rng) if number % 5 == 0 else "")
    part = mime.plain(text)
    if number % 20 == 0:
        sheet = papers.docx(papers.paragraph(texts.personal_record(rng)))
        part = mime.multipart("mixed", [part, mime.attachment("fiche.docx", "application/octet-stream", sheet)])
    headers = [("From", "a@ecole.example"), ("Subject", "s"), ("Message-ID", f"<{number}@bench.example>")]
    return mime.message(headers, part)


def project(folder: Path, count: int) -> Path:
    folder.mkdir(mode=0o700)
    (folder / "migration.toml").write_text(CONFIG)
    (folder / "accounts.csv").write_text("source,source_account,dst_account\nsrc,ana,ana\n")
    (folder / "box").mkdir(mode=0o700)
    box = mailbox.Maildir(folder / "box" / "mail", create=True)
    for number in range(count):
        box.add(letter(number))
    return folder


def inventory(folder: Path) -> Run:
    """In a process of its own, whose peak is its own too: the limited processes count apart."""
    arguments = [sys.executable, "-m", "tests.benchmarks.bench_inventory", str(folder)]
    start = time.monotonic()
    pid = os.posix_spawn(sys.executable, arguments, dict(os.environ))
    _, status, usage = os.wait4(pid, 0)
    if status:
        raise SystemExit(f"the inventory failed: {status}")
    document = next((folder / "reports").glob("inventory-*")) / "controller" / "inventory.json"
    scope = json.loads(document.read_text())["scope"]
    return Run(time.monotonic() - start, usage.ru_maxrss / 1024, scope["items"], scope["bytes"] / 1e6)


def extraction() -> tuple[float, float]:
    """MB of documents a second that come to text, and MB of text a second with detection, on one core."""
    data = [letter(number) for number in range(3000)]
    start = time.process_time()
    characters = 0
    for one in data:
        part = Part(data=one, media_type="message/rfc822")
        characters += sum(len(found.text) for found in extract(part, Budget()) if isinstance(found, Passage))
    extracting = time.process_time() - start
    start = time.process_time()
    rules = Rules()
    for one in data:
        examine(Part(data=one, media_type="message/rfc822"), rules)
    whole = time.process_time() - start
    return sum(map(len, data)) / 1e6 / extracting, characters / 1e6 / max(whole - extracting, 1e-9)


def main() -> None:
    speed, detecting = extraction()
    print(f"extraction of small mails: {speed:.1f} MB/s a core; detection of their text: {detecting:.1f} MB/s a core")
    with tempfile.TemporaryDirectory() as folder:
        small = inventory(project(Path(folder) / "small", SMALL))
        large = inventory(project(Path(folder) / "large", LARGE))
    for run in (small, large):
        rate = run.items / run.seconds
        print(
            f"{run.items} mails, {run.megabytes:.1f} MB: {run.seconds:.1f} s, {rate:.0f}/s, peak {run.peak_mb:.0f} MB"
        )
    growth = large.peak_mb / small.peak_mb
    print(f"{LARGE / SMALL:.0f} times the mails: {growth:.2f} times the memory")
    if growth > 1.6:
        raise SystemExit("memory grows with the mailbox")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        from migrate.cli import run

        sys.exit(run(["-C", sys.argv[1], "inventory", "--content"]))
    main()
