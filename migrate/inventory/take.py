"""Take an inventory: list every lane through its Reader, read inside when asked, and keep it in the project."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from migrate.config import Filters, Lane, Project, routes
from migrate.errors import ConnectorError, Exit, Scope
from migrate.inventory import detect
from migrate.inventory.census import Ended, Listed, Read, Wanted, list_lane, read_lane
from migrate.inventory.evidence import to_json
from migrate.inventory.examine import Rules
from migrate.inventory.examiner import Examiners
from migrate.inventory.exposure import domain_of
from migrate.inventory.extract import Limits
from migrate.inventory.register import FILE, TEMPLATE, Register, read_register
from migrate.inventory.store import LaneStore, private_file
from migrate.ledger import project_lock
from migrate.listing import LaneJob, lane_of
from migrate.observe import Observer, Silent, interrupted
from migrate.pacing import Pacer
from migrate.session import Session, workers_for
from migrate.workers import Channel, JobFailed, Workers

PAGE = 40
"""Items a worker fetches between two looks at whether it should stop."""
SIDES = ("source", "target")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What an inventory is asked for."""

    filters: Filters = field(default_factory=Filters)
    content: bool = False
    """Read inside; otherwise only what listings tell."""
    after: bool = False
    """List the targets too, to compare who can see what."""
    reference: date = field(default_factory=date.today)
    """The day that ages are counted from."""
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """An inventory in the project's folder, for ``totals`` to add up."""

    project: Project
    request: Request
    register: Register
    rule_pack: str
    key: bytes = field(repr=False)
    lanes: Sequence[Lane]
    stores: dict[str, LaneStore]
    """Of the sources, by lane key; and of the targets, by ``target:`` and lane key."""
    listed: set[str] = field(default_factory=set)
    """Which of them were listed to the end."""
    errors: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Class of the error and its exit code, by the same keys."""

    @property
    def exit_code(self) -> int:
        """The worst that happened to a lane; 0 when all were listed and read to the end."""
        return max((code for _, code in self.errors.values()), default=Exit.DONE)


def inventory_folder(project: Project) -> Path:
    """Where listings, evidence, keys and the journal lie."""
    return project.directory / "inventory"


def rule_pack() -> str:
    """A name for these detectors, which changes with them: totals taken under two names are not compared."""
    whole = hashlib.sha256()
    for path in sorted(Path(detect.__file__).parent.rglob("*.py")):
        whole.update(path.read_bytes())
    return whole.hexdigest()[:16]


def own_domains(project: Project, register: Register) -> frozenset[str]:
    """Domains of the source accounts, and those that the register adds."""
    named = {domain.lower() for domain in register.scope.own_domains}
    return frozenset({domain_of(row.source_account) for row in project.accounts} - {""} | named)


def own_identity(project: Project, register: Register) -> list[str]:
    """The organisation's own values, its mail addresses included: they would drown everybody else's."""
    return sorted({*register.scope.own_identity, *(f"@{one}" for one in own_domains(project, register))})


def fingerprint_key(folder: Path) -> bytes:
    """The project's key of fingerprints, made on first use; it stays outside every bundle."""
    path = folder / "fingerprint.key"
    if not path.exists():
        with private_file(path) as file:
            file.write(secrets.token_hex(32) + "\n")
    return bytes.fromhex(path.read_text(encoding="ascii").strip())


def prepare(project: Project) -> Path:
    """The inventory's folder and, on first use, a commented ``register.toml``. Returns the register's path."""
    inventory_folder(project).mkdir(mode=0o700, exist_ok=True)
    path = project.directory / FILE
    if not path.exists():
        with private_file(path) as file:
            file.write(TEMPLATE)
    return path


def take_inventory(project: Project, request: Request, observer: Observer | None = None) -> Taken:
    """List, and read inside when asked. Restarting takes up what was read before.

    Raises ConfigError, ProjectLocked, Unreachable, LocalDiskFull, Interrupted.
    """
    observer = observer or Silent()
    with project_lock(project.directory):
        register = read_register(prepare(project))
        folder = inventory_folder(project)
        taken = _empty(project, request, register, fingerprint_key(folder), folder)
        pacer = Pacer(on_wait=lambda bucket, seconds: observer.waiting("", bucket, seconds))
        session = Session(project, pacer)
        session.sweep()
        with ExitStack() as stack:
            for store in taken.stores.values():
                stack.callback(store.close)
            _list(taken, session, pacer, observer)
            if request.content:
                _read(taken, session, pacer, observer)
        return taken


def _empty(project: Project, request: Request, register: Register, key: bytes, folder: Path) -> Taken:
    lanes = [lane for lane in routes(project) if request.filters.accept(lane)]
    pack = rule_pack()
    facts = [pack, project.territory, own_identity(project, register), asdict(request.limits), key.hex()]
    rules = hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]
    keys = [lane.key for lane in lanes]
    keys += [f"target:{lane.key}" for lane in lanes if request.after and lane.target is not None]
    return Taken(
        project=project,
        request=request,
        register=register,
        rule_pack=pack,
        key=key,
        lanes=lanes,
        stores={name: LaneStore(folder, name, rules) for name in keys},
    )


@dataclass(slots=True)
class _Clerk:
    """The main thread's side: owns the files."""

    taken: Taken
    observer: Observer
    prefix: str = ""
    pages: dict[str, Iterator[list[dict[str, Any]]]] = field(default_factory=dict)

    def handle(self, message: object) -> object:
        """One message of a worker."""
        if isinstance(message, Listed):
            for row in message.rows:
                self.taken.stores[message.lane].add(row)
            self.observer.advanced(message.lane, message.items, 0)
        elif isinstance(message, Ended):
            self.taken.stores[message.lane].end()
            self.taken.listed.add(message.lane)
        elif isinstance(message, Wanted):
            return next(self.pages[message.lane], [])
        elif isinstance(message, Read):
            store = self.taken.stores[message.lane]
            store.keep_evidence(message.row, to_json(message.evidence), again=message.again)
            self.observer.advanced(message.lane, 1, message.row["size"] or 0)
        elif isinstance(message, JobFailed):
            self._failed(message)
        return None

    def _failed(self, message: JobFailed) -> None:
        error, key = message.error, self.prefix + lane_of(message.job)
        if not isinstance(error, ConnectorError) or error.scope is Scope.RUN:
            raise error
        self.taken.errors[key] = (type(error).__name__, int(error.exit_code))
        self.observer.message("error", f"{key}: {error.told}")


def _run(jobs: Sequence[LaneJob], clerk: _Clerk, pacer: Pacer) -> None:
    hurry = partial(interrupted, clerk.observer)
    Workers(workers_for(len(jobs)), on_stop=pacer.stop, on_interrupt=hurry).run(jobs, clerk.handle)
    for job in jobs:
        clerk.observer.lane_finished(clerk.prefix + job.lane.key)


def _list(taken: Taken, session: Session, pacer: Pacer, observer: Observer) -> None:
    for side in SIDES if taken.request.after else SIDES[:1]:
        prefix = "" if side == "source" else "target:"
        opened = session.source if side == "source" else session.target_reader

        def work(lane: Lane, channel: Channel, prefix: str = prefix, opened: Any = opened) -> None:
            reader = opened(lane)
            try:
                list_lane(prefix + lane.key, reader, channel)
            finally:
                reader.close()

        jobs = [LaneJob(lane, work) for lane in taken.lanes if prefix + lane.key in taken.stores]
        for job in jobs:
            taken.stores[prefix + job.lane.key].begin()
            observer.lane_started(prefix + job.lane.key, "list", None, None)
        _run(jobs, _Clerk(taken, observer, prefix), pacer)


def _read(taken: Taken, session: Session, pacer: Pacer, observer: Observer) -> None:
    clerk = _Clerk(taken, observer)
    rules = Rules(
        territory=taken.project.territory,
        own_identity=own_identity(taken.project, taken.register),
        key=taken.key,
        limits=taken.request.limits,
    )
    with Examiners(rules) as examiners:

        def work(lane: Lane, channel: Channel) -> None:
            reader = session.source(lane)
            try:
                read_lane(lane, reader, examiners, channel)
            finally:
                reader.close()

        jobs = [LaneJob(lane, work) for lane in taken.lanes if lane.key not in taken.errors]
        for job in jobs:
            store = taken.stores[job.lane.key]
            store.load_evidence()
            wanted = [row["size"] or 0 for page in _pages(taken, store) for row in page]
            observer.lane_started(job.lane.key, "read", len(wanted), sum(wanted))
            clerk.pages[job.lane.key] = _pages(taken, store)
        _run(jobs, clerk, pacer)


def _pages(taken: Taken, store: LaneStore) -> Iterator[list[dict[str, Any]]]:
    """What is to be read inside and was not yet, a page at a time."""
    private: dict[int, bool] = {}
    page: list[dict[str, Any]] = []
    for row in store.rows():
        if "collection" in row:
            private[row["collection"]] = taken.register.private(row["path"])
        elif not store.has_evidence(row) and not gap_of(row, taken.register, private, taken.request):
            page.append(row)
            if len(page) >= PAGE:
                yield page
                page = []
    if page:
        yield page


def gap_of(row: dict[str, Any], register: Register, private: dict[int, bool], request: Request) -> str:
    """Why an item is not read inside at all; empty when it is to be."""
    if row["skip"]:
        return "not-fetched"
    labels = [name for label in row["labels"] for name in label.split("/")]
    if private.get(row["home"], False) or register.private(labels):
        return "private-folder"
    if not request.content:
        return "metadata-only"
    size = row["size"]
    return "oversize" if size is not None and size > 2 * request.limits.item_bytes else ""
