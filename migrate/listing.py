"""Lists both sides of many lanes at once, for planning and verifying."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial

from mappings.gmail_labels import LabelPolicy
from migrate.config import Lane, Project
from migrate.discover import Anew, Scanned, Sources, Targets, scan_lane
from migrate.errors import ConnectorError, Scope, TranshumeError
from migrate.ledger import Scan
from migrate.observe import Observer, interrupted
from migrate.pacing import Pacer
from migrate.session import Session, workers_for
from migrate.workers import Channel, JobFailed, Workers


@dataclass(slots=True)
class Listing:
    """What the workers told of the lanes so far."""

    scan: Scan
    observer: Observer
    scanned: dict[str, Scanned] = field(default_factory=dict)
    errors: dict[str, TranshumeError] = field(default_factory=dict)

    def handle(self, message: object) -> None:
        """Receive one message in the main thread. Raises what concerns the whole run."""
        if isinstance(message, Anew):
            self.scan.forget_sources(message.lane)
        elif isinstance(message, Sources):
            self.scan.add_sources(message.lane, message.rows)
            self.scan.remove_sources(message.lane, message.gone)
            self.observer.advanced(message.lane, len(message.rows), 0)
        elif isinstance(message, Targets):
            self.scan.add_targets(message.lane, message.rows)
        elif isinstance(message, Scanned):
            self.scan.keep(message.lane, message.known)
            self.scanned[message.lane] = message
            self.observer.lane_finished(message.lane)
        elif isinstance(message, JobFailed):
            self._failed(message)

    def _failed(self, message: JobFailed) -> None:
        error, lane = message.error, lane_of(message.job)
        if not isinstance(error, ConnectorError) or error.scope is Scope.RUN:
            raise error
        self.errors[lane] = error
        self.observer.lane_finished(lane)


@dataclass(frozen=True, slots=True)
class LaneJob:
    """Work on one lane, for a worker."""

    lane: Lane
    work: Callable[[Lane, Channel], None]

    def __call__(self, channel: Channel) -> None:
        """Do it."""
        self.work(self.lane, channel)


def lane_of(job: object) -> str:
    """The key of the lane that a job works on."""
    return job.lane.key if isinstance(job, LaneJob) else ""


def list_lanes(
    project: Project,
    session: Session,
    pacer: Pacer,
    lanes: Iterable[Lane],
    scan: Scan,
    observer: Observer,
    *,
    whole: bool = True,
) -> Listing:
    """List both sides of every lane that has a target into the scan; not ``whole``: by what changed, where told."""
    policy = label_policy(project)
    lanes = list(lanes)
    known = {} if whole else {lane.key: scan.known(lane.key) for lane in lanes}

    def work(lane: Lane, channel: Channel) -> None:
        source, target = session.source(lane), session.target_reader(lane)
        try:
            scan_lane(lane.key, lane.service, source, target, policy, channel, known.get(lane.key))
        finally:
            source.close()
            target.close()

    listing = Listing(scan=scan, observer=observer)
    jobs = [LaneJob(lane, work) for lane in lanes if lane.target is not None]
    for job in jobs:
        observer.lane_started(job.lane.key, "list", None, None)
    hurry = partial(interrupted, observer)
    Workers(workers_for(len(jobs)), on_stop=pacer.stop, on_interrupt=hurry).run(jobs, listing.handle)
    return listing


def label_policy(project: Project) -> LabelPolicy:
    """The mail policy, as the mapping wants it."""
    return LabelPolicy(**project.mail.model_dump())
