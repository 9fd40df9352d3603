"""How much of Microsoft's quota is used, and how often it is exceeded: one mailbox and one drive, ten minutes each.

Run by ``make bench``. The stand-in's clock and the pace run fast together; both count as Microsoft documents it.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import cycle, islice
from pathlib import Path

from connectors.microsoft import MicrosoftConnector, connector
from migrate.model import Entry, Item, Service
from migrate.pacing import Pacer
from migrate.protocols import Context, SupportsGetMany
from migrate.sandbox.clock import Clock
from migrate.sandbox.graph import GraphStandIn
from tests.connectors.microsoft_kit import Given
from tests.connectors.test_microsoft_files import world
from tests.sandbox.graph_world import ANNE, certificate, options

SPEED = 20.0
WARM_UP, MEASURED = 60.0, 600.0
"""Sandbox seconds: a first minute in which refusals are allowed, and the ten that count."""
LEAST = 0.95


@dataclass(frozen=True)
class Used:
    """What ten minutes saw."""

    units: float
    allowed: float
    refusals: int

    @property
    def enough(self) -> bool:
        """At least 95 % of the quota, without a refusal."""
        return self.units / self.allowed >= LEAST and not self.refusals


def connected(graph: GraphStandIn, spool: Path) -> MicrosoftConnector:
    """The connector with a pace on the stand-in's clock."""
    pace = Pacer(clock=graph.clock.now, wait=graph.clock.sleep)
    table = {**options(graph), "certificate": Given(graph.certificate.pem)}
    made = connector(Context(pace=pace, spool=spool, settings=table))
    assert isinstance(made, MicrosoftConnector)
    return made


def mail(graph: GraphStandIn, spool: Path) -> Used:
    """Messages of one mailbox, over and over."""
    reader = connected(graph, spool).reader(ANNE, Service.MAIL)
    assert isinstance(reader, SupportsGetMany)
    everything = cycle(list(reader.entries()))
    start = graph.clock.now()
    while graph.clock.now() < start + WARM_UP + MEASURED:
        for _, item in reader.get_many(list(islice(everything, 50))):
            _discard(item)
    reader.close()
    return _used(graph, start, "mailbox", float(graph.quota.mailbox))


def files(graph: GraphStandIn, spool: Path) -> Used:
    """Small files of one drive, over and over."""
    reader = connected(graph, spool).reader(ANNE, Service.FILES)
    found = [entry for entry in reader.entries() if not entry.skip and (entry.size or 0) < 1000]
    start = graph.clock.now()
    for entry in _until(graph, start + WARM_UP + MEASURED, found):
        _discard(reader.get(entry))
    reader.close()
    return _used(graph, start, "files", graph.quota.files_minute * MEASURED / 60)


def _until(graph: GraphStandIn, end: float, found: list[Entry]) -> Iterator[Entry]:
    for entry in cycle(found):
        if graph.clock.now() >= end:
            return
        yield entry


def _discard(item: object) -> None:
    assert isinstance(item, Item), item
    item.discard()


def _used(graph: GraphStandIn, start: float, service: str, allowed: float) -> Used:
    begin, end = start + WARM_UP, start + WARM_UP + MEASURED
    lines = [line for line in graph.log.lines if begin <= datetime.fromisoformat(line.time).timestamp() < end]
    wanted = [line for line in lines if str(line.operation).startswith("drives") == (service == "files")]
    refusals = sum(line.status in {429, 503} for line in wanted)
    return Used(sum(line.units for line in wanted), allowed, refusals)


def main() -> int:
    """Print the shares; returns 1 when less than 95 % is used or a request was refused after the first minute."""
    ok = True
    for name, run in (("requests to a mailbox", mail), ("units of files", files)):
        graph = GraphStandIn(world(), certificate=certificate(), clock=Clock(SPEED))
        with graph, tempfile.TemporaryDirectory(prefix="transhume-bench-") as spool:
            used = run(graph, Path(spool))
        print(
            f"{name}: {used.units:.0f} of {used.allowed:.0f} in ten minutes = {used.units / used.allowed:.1%}, "
            f"{used.refusals} refused after the first minute"
        )
        ok = ok and used.enough
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
