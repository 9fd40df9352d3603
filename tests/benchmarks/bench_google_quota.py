"""What Gmail's quota is spent on: units for each message planned, moved, and in a delta; and how much of it is used.

Run by ``make bench``: ``python -m tests.benchmarks.bench_google_quota [messages]``. The stand-in's clock and the pace
run fast together; both count as Google documents it (6,000 units a minute for one user, 20 for a message).
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from connectors.google import connector
from migrate.model import Item, Service
from migrate.pacing import Pacer
from migrate.protocols import Context
from migrate.sandbox.clock import Clock
from migrate.sandbox.google import GoogleStandIn
from tests.connectors.google_kit import AMINA, Given, message, world

SPEED = 20.0
FAST = 2_000.0
"""For what is only counted, not timed."""
WARM_UP, MEASURED = 60.0, 600.0
"""Sandbox seconds: a first minute in which refusals are allowed, and the ten that count."""
LEAST = 0.95
LABELS = (("INBOX", "UNREAD"), ("INBOX", "Label_1"), ("SENT",), ())


@contextmanager
def mailbox(count: int, speed: float) -> Iterator[tuple[GoogleStandIn, Any]]:
    """A stand-in whose one mailbox holds so many messages, and a way to make readers of it."""
    people = world()
    people.google[AMINA].messages[:] = [message(n, LABELS[n % len(LABELS)]) for n in range(count)]
    with (
        GoogleStandIn(people, clock=Clock(speed)) as google,
        tempfile.TemporaryDirectory(prefix="transhume-bench-") as spool,
    ):
        pace = Pacer(clock=google.clock.now, wait=google.clock.sleep)
        key = Given(json.dumps(google.service_account()))
        table = {"api_root": google.url, "service_account": key}
        made = connector(Context(pace=pace, spool=Path(spool), settings=table))
        yield google, lambda: made.reader(AMINA, Service.MAIL)


def spent(google: GoogleStandIn) -> int:
    """Units so far."""
    return int(sum(line.units for line in google.log.lines))


def counted(count: int) -> bool:
    """Print what a plan, a delta and the messages themselves cost; whether each is as cheap as it can be."""
    with mailbox(count, FAST) as (google, new):
        reader = new()
        cursor = reader.cursor()
        entries = list(reader.entries())
        planned = spent(google)
        changed = count // 100
        for n in range(changed):
            if n % 2:
                google.edit.add_message(AMINA, message(count + n, ("INBOX", "UNREAD")))
            else:
                google.edit.relabel(AMINA, message(n * 50, ()).id, add=["STARRED"])
        found = sum(1 for _ in new().changes(cursor))
        delta = spent(google) - planned
        for _, item in reader.get_many(entries[:1000]):
            discard(item)
        moved = spent(google) - planned - delta
        reader.close()
    print(f"{count:,} messages planned: {planned:,} units, {planned / count:.4f} for each")
    print(f"a delta with {found:,} changed: {delta:,} units, {delta / count:.4f} for each message of the mailbox")
    print(f"moved: {moved / 1000:.2f} units for each")
    return found == changed and planned < count * 0.1 and delta < planned / 2 and moved == 20_000


def used() -> bool:
    """Print how much of the quota ten minutes of fetching use; whether it is enough and nothing was refused."""
    with mailbox(2_000, SPEED) as (google, new):
        reader = new()
        everything = cycle(list(reader.entries()))
        start = google.clock.now()
        while google.clock.now() < start + WARM_UP + MEASURED:
            for _, item in reader.get_many(list(islice(everything, 50))):
                discard(item)
        reader.close()
        begin, end = start + WARM_UP, start + WARM_UP + MEASURED
        lines = [one for one in google.log.lines if begin <= datetime.fromisoformat(one.time).timestamp() < end]
    units = sum(line.units for line in lines)
    refusals = sum(line.status in {403, 429, 503} for line in lines)
    allowed = 6_000 * MEASURED / 60
    print(
        f"fetching: {units:.0f} of {allowed:.0f} units in ten minutes = {units / allowed:.1%}, "
        f"{refusals} refused after the first minute"
    )
    return units / allowed >= LEAST and not refusals


def discard(item: object) -> None:
    assert isinstance(item, Item), item
    item.discard()


def main() -> int:
    """Print the figures; returns 1 when one is missed."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    results = [counted(count), used()]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
