"""Kill an apply at every place there is, resume it, and compare: nothing lost, nothing twice, nothing in silence.

The demo association is read once through its own connectors, then lies in two memory twins whose journals outlive a
process. Places are counted: before and after every commit of the ledger, before every request to either side, after
every change that the target stored. For each place a process of its own applies the plan and is killed there (SIGKILL);
for half of them the process that resumes is killed too, at a place drawn by chance. Then the same command runs to its
end, both sides are compared byte for byte, it runs again, and a new plan is made: neither may find anything to do.

    python -m tests.machine.kills [EVERY [FIRST]]    every place, or each EVERY-th from FIRST on
"""

from __future__ import annotations

import os
import pickle
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy.engine.default import DefaultDialect

import migrate.apply
from connectors.memory import STORES, MemoryReader, store
from connectors.memory_store import Held, Store
from migrate.apply import apply_plan
from migrate.config import Lane, load_project, routes
from migrate.fetch import fetch_all
from migrate.model import Item
from migrate.pacing import Pacer
from migrate.plan import make_plan
from migrate.protocols import Reader
from migrate.sandbox.runner import Sandbox
from migrate.session import Session
from migrate.verify import verify

CONFIG = """
[migration]
name = "Kills"
[source.src]
connector = "memory"
snapshot = "{source}"
[target.dst]
connector = "memory"
snapshot = "{folder}/target.journal"
"""
KINDS = ("before a commit", "after a commit", "before a request", "after a change was stored")
TOLD = ("tried", "killed", "twice", "lost", "double", "silent", "unwell")
Everything = Counter[tuple[object, ...]]


# Places


@dataclass
class Places:
    """Counts the places that a process passes, and kills it at one of them."""

    at: int = 0
    """The place to die at, from 1 on; 0: live."""
    passed: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def reach(self, kind: str) -> None:
        """One more place."""
        with self.lock:
            self.passed[kind] += 1
            if self.passed.total() == self.at:
                os.kill(os.getpid(), signal.SIGKILL)


def watch(places: Places) -> None:
    """Have this process report its places, one lane after the other so that they come in one order."""
    commit, meet = DefaultDialect.do_commit, MemoryReader._meet

    def do_commit(self: Any, connection: Any) -> None:
        places.reach("before a commit")
        commit(self, connection)
        places.reach("after a commit")

    def request(self: Any, method: str, href: str = "") -> Any:
        places.reach("before a request")
        return meet(self, method, href)

    def stored(name: str) -> Callable[..., Any]:
        inner = getattr(Store, name)

        def change(self: Any, *args: Any) -> Any:
            answer = inner(self, *args)
            places.reach("after a change was stored")
            return answer

        return change

    DefaultDialect.do_commit = do_commit  # type: ignore[method-assign]
    MemoryReader._meet = request  # type: ignore[method-assign]
    for name in ("keep", "remove", "add_collection", "share"):
        setattr(Store, name, stored(name))
    migrate.apply.workers_for = lambda _lanes: 1


# The two sides


def gather(folder: Path) -> int:
    """Read the demo association, at Google and at Microsoft, into the source's journal. Returns how many items."""
    with Sandbox("small", folder / "sandbox", speed=600.0) as sandbox:
        project = load_project(sandbox.directory)
        session, kept = Session(project, Pacer()), Store(folder / "source.journal")
        lanes = [lane for lane in routes(project) if lane.target is not None]
        with ThreadPoolExecutor(8) as pool:
            count = sum(pool.map(lambda lane: copied(lane, session.source(lane), kept), lanes))
    shutil.rmtree(folder / "sandbox")
    people = sorted({lane.source_account for lane in lanes})
    rows = ["source,source_account,dst_account,wave", *(f"src,{person},{person},1" for person in people)]
    (folder / "accounts.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return count


def copied(lane: Lane, reader: Reader, kept: Store) -> int:
    """Keep all that a reader tells. Returns how many items."""
    with kept.space(lane.source_account, lane.service) as space:
        space.collections.clear()
    hrefs = {}
    for collection in reader.collections():
        made = kept.add_collection(lane.source_account, lane.service, collection)
        hrefs[collection.href] = made.href
    listed = {entry.href: entry for entry in reader.entries()}
    wanted = [entry for entry in listed.values() if entry.skip is None]
    got: dict[str, Item] = {entry.href: _sound(answer) for entry, answer in fetch_all(reader, wanted)}
    for href, entry in listed.items():
        with kept.space(lane.source_account, lane.service):
            placed = replace(entry, collection=hrefs[entry.collection])
            kept.keep(lane.source_account, lane.service, _held(kept.version(), placed, got.get(href)))
    reader.close()
    return len(listed)


def _sound(answer: object) -> Item:
    assert isinstance(answer, Item), answer
    return answer


def _held(number: int, entry: Any, item: Item | None) -> Held:
    if item is None:
        return Held(number=number, entry=replace(entry, inline=None), body=b"")
    body = item.body if isinstance(item.body, bytes) else item.body.read_bytes()
    item.discard()
    exact = replace(entry, inline=None, size=len(body), size_exact=True, etag=item.entry.etag, flags=item.flags)
    return Held(number=number, entry=exact, body=body, internal_date=item.internal_date)


def prepare(folder: Path, source: Path) -> None:
    """A project on the twins, planned. In this process, which so has all in memory that its children begin with."""
    (folder / "migration.toml").write_text(CONFIG.format(folder=folder, source=source), encoding="utf-8")
    for file in folder.iterdir():
        file.chmod(0o600)
    plan = make_plan(load_project(folder))
    assert plan.exit_code == 0
    assert plan.sums_check
    forget_target(folder)


def forget_target(folder: Path) -> None:
    """Each child reads the target's journal from its beginning."""
    del STORES[str(folder / "target.journal")]


def content(folder: Path) -> Everything:
    """All that the target holds: place, name, bytes, flags, date, and who may use what."""
    held_there, found = store("", str(folder / "target.journal")), Counter[tuple[object, ...]]()
    for lane in routes(load_project(folder)):
        with held_there.space(lane.target_account, lane.service) as space:
            where = (lane.target_account, lane.service.value)
            for held in space.items.values():
                entry = held.entry
                flags = (tuple(sorted(entry.flags)), held.internal_date, entry.modified)
                found[(*where, entry.collection, entry.name, held.body, *flags)] += 1
            found.update((*where, collection) for collection in space.collections)
            for href, grants in space.granted.items():
                named = "" if href in space.collections else space.items[href].entry.name
                found.update((*where, named or href, repr(grant)) for grant in grants)
    return found


# One kill


@dataclass(frozen=True)
class Outcome:
    """What was seen after one kill."""

    place: int
    died: bool
    twice: bool
    lost: int = 0
    double: int = 0
    silent: int = 0
    bad: str = ""


def forked(work: Callable[[], object]) -> tuple[int, object]:
    """Run it in a process of its own: the signal that ended it (0: none), and what it returned."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        answer: object = None
        try:
            answer = work()
        except BaseException as error:
            answer = error
        try:
            with os.fdopen(writing, "wb") as pipe:
                pickle.dump(answer, pipe)
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        data = pipe.read()
    _, status = os.waitpid(child, 0)
    return (os.WTERMSIG(status), None) if os.WIFSIGNALED(status) else (0, pickle.loads(data))


def apply_until(folder: Path, at: int) -> tuple[int, Counter[str]]:
    """Apply, and be killed at that place (0: never). Returns the signal and the places passed, when it lived."""

    def work() -> Counter[str]:
        places = Places(at)
        watch(places)
        apply_plan(load_project(folder))
        return places.passed

    ended, answer = forked(work)
    if isinstance(answer, BaseException):
        raise answer
    return ended, answer if isinstance(answer, Counter) else Counter()


def finish(folder: Path, wanted: Everything) -> tuple[int, int, list[str]]:
    """Resume to the end, compare, run again, plan again: (lost, double, what else should not have been found)."""

    def work() -> tuple[int, int, list[str]]:
        project, wrong = load_project(folder), []
        first = apply_plan(project)
        if first.exit_code or first.done != first.planned:
            wrong.append(f"exit {first.exit_code}, {first.done} of {first.planned} done")
        there, journal = content(folder), (folder / "target.journal").stat().st_size
        again = apply_plan(project)
        if (folder / "target.journal").stat().st_size != journal or again.already != again.planned:
            wrong.append("a second apply did something")
        if make_plan(project).changes:
            wrong.append("a new plan found something to do")
        return (wanted - there).total(), (there - wanted).total(), wrong

    ended, answer = forked(work)
    assert ended == 0, f"resuming died of signal {ended}"
    if isinstance(answer, BaseException):
        raise answer
    return answer  # type: ignore[return-value]


def try_place(base: Path, folder: Path, place: int, wanted: Everything, chance: random.Random) -> Outcome:
    """Kill at that place, then go on."""
    restore(base, folder)
    ended, _ = apply_until(folder, place)
    died, twice = ended == signal.SIGKILL, False
    if place // 2 % 2 == 0:
        twice = apply_until(folder, chance.randrange(1, 2 * len(wanted)))[0] == signal.SIGKILL
    lost, double, wrong = finish(folder, wanted)
    silent = lost if not wrong else 0
    return Outcome(place, died, twice, lost, double, silent, "; ".join(wrong))


def restore(base: Path, folder: Path) -> None:
    """The project as it was before the first apply."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(base, folder)


@contextmanager
def field_of_kills() -> Iterator[tuple[Path, Path, Everything, Counter[str], int]]:
    """(base, folder, what the target holds in the end, places, items)."""
    with tempfile.TemporaryDirectory(prefix="kills-") as top:
        folder, base, source = Path(top) / "project", Path(top) / "base", Path(top) / "source.journal"
        folder.mkdir(mode=0o700)
        items = forked(lambda: gather(folder))[1]
        assert isinstance(items, int), items
        (folder / "source.journal").rename(source)
        prepare(folder, source)
        shutil.copytree(folder, base)
        ended, places = apply_until(folder, 0)
        assert ended == 0
        proof = forked(lambda: verify(load_project(folder)).exit_code)[1]
        assert proof == 0, "without any kill both sides already differ"
        wanted = content(folder)
        forget_target(folder)
        yield base, folder, wanted, places, items


def main(every: int = 1, first: int = 1) -> int:
    """Every place; returns 0 when nothing was lost, doubled or silent."""
    started, chance = time.monotonic(), random.Random(first)
    totals: Counter[str] = Counter()
    with field_of_kills() as (base, folder, wanted, places, items):
        print(f"{items} items; {places.total()} places: {', '.join(f'{places[kind]} {kind}' for kind in KINDS)}")
        for place in range(first, places.total() + 1, every):
            one = try_place(base, folder, place, wanted, chance)
            totals.update(tried=1, killed=one.died, twice=one.twice, lost=one.lost, double=one.double)
            totals.update(silent=one.silent, unwell=bool(one.bad))
            if one.lost or one.double or one.bad or not one.died:
                print(f"place {place}: {one}", flush=True)
            if totals["tried"] % 100 == 0:
                print(f"{totals['tried']} tried, {time.monotonic() - started:.0f} s", flush=True)
    print(
        ", ".join(f"{totals[key]} {key}" for key in ("tried", "killed", "twice", "lost", "double", "silent", "unwell"))
    )
    print(f"{time.monotonic() - started:.0f} s")
    return int(any(totals[key] for key in TOLD[3:]) or totals["killed"] < totals["tried"])


if __name__ == "__main__":
    sys.exit(main(*(int(word) for word in sys.argv[1:])))
