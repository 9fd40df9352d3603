"""The project's systems, opened: connectors by name, lent a pace and a spool, wrapped for retries."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import cast

from connectors.wrappers import ReadOnly, Retrying
from migrate import __version__
from migrate.config import Lane, Project, SystemConfig, services_of
from migrate.errors import ConfigError
from migrate.pacing import Pacer
from migrate.protocols import Connector, Context, Reader, Target, TargetConnector
from migrate.registry import load


class Session:
    """Connectors of a project, one instance each. Readers and targets are made for one thread at a time."""

    def __init__(self, project: Project, pacer: Pacer) -> None:
        """Import and configure every connector. Makes no request. Raises ConfigError."""
        self._pacer = pacer
        self.spool = project.spool
        self.spool.mkdir(mode=0o700, parents=True, exist_ok=True)
        everyone: Mapping[str, SystemConfig] = {
            **{f"source.{name}": system for name, system in project.sources.items()},
            **{f"target.{name}": system for name, system in project.targets.items()},
        }
        self._connectors = {key: open_connector(project, system, pacer) for key, system in everyone.items()}

    def source(self, lane: Lane) -> Reader:
        """A reader of the lane's source."""
        connector = self._connectors[f"source.{lane.source.name}"]
        return Retrying(connector.reader(lane.source_account, lane.service), self._pacer)

    def target_reader(self, lane: Lane) -> Reader:
        """A reader of the lane's target: what planning and verifying are given."""
        connector, account = self._target(lane)
        return Retrying(ReadOnly(connector.reader(account, lane.service)), self._pacer)

    def target(self, lane: Lane) -> Target:
        """The lane's target, to write to: what only apply asks for."""
        connector, account = self._target(lane)
        writable = cast(TargetConnector, connector)
        return Retrying(writable.target(account, lane.service), self._pacer)

    def _target(self, lane: Lane) -> tuple[Connector, str]:
        if lane.target is None:
            raise ConfigError(f"{lane.key} has no target account.")
        return self._connectors[f"target.{lane.target.name}"], lane.target_account

    def sweep(self) -> None:
        """Remove what a killed run left in the spool. Called under the project's lock."""
        for path in self.spool.iterdir():
            if path.is_file():
                path.unlink()


def open_connector(project: Project, system: SystemConfig, pacer: Pacer) -> Connector:
    """One system's connector, configured. Makes no request. Raises ConfigError."""
    project.spool.mkdir(mode=0o700, parents=True, exist_ok=True)
    context = Context(
        pace=pacer,
        spool=project.spool,
        settings=system.settings,
        user_agent=f"transhume/{__version__}",
        services=services_of(project, system),
        tokens=project.tokens,
    )
    return load(system.connector)(context)


def target_key(lane: Lane) -> str:
    """Names the account that a lane writes to, across lanes."""
    name = lane.target.name if lane.target else ""
    return f"{name}/{lane.target_account}/{lane.service}"


def workers_for(lanes: int) -> int:
    """How many lanes run at once: providers count per user, so lanes of different people do not disturb each other."""
    return max(1, min(lanes, 8, 4 * (os.cpu_count() or 1)))
