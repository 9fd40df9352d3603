"""Doctor: every system's own checks, for the accounts that will be moved. Reads only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from migrate import __version__
from migrate.config import Filters, Project, SystemConfig, routes
from migrate.errors import ConfigError, ConnectorError
from migrate.model import Check
from migrate.pacing import Pacer
from migrate.protocols import Connector, Context
from migrate.registry import load


def diagnose(project: Project, filters: Filters) -> Iterator[tuple[str, Check]]:
    """Each check with the name of its system (``source.google``), as it is made."""
    lanes = [lane for lane in routes(project) if filters.accept(lane)]
    for name, system in project.sources.items():
        accounts = [lane.source_account for lane in lanes if lane.source is system]
        yield from _checks(project, f"source.{name}", system, accounts)
    for name, system in project.targets.items():
        accounts = [lane.target_account for lane in lanes if lane.target is system]
        yield from _checks(project, f"target.{name}", system, accounts)


def _checks(project: Project, name: str, system: SystemConfig, accounts: Sequence[str]) -> Iterator[tuple[str, Check]]:
    everyone = tuple(dict.fromkeys(accounts))
    if not everyone:
        return
    try:
        for check in _open(project, system).check(everyone):
            yield name, check
    except (ConnectorError, ConfigError) as error:
        yield (
            name,
            Check(
                subject="connector",
                passed=False,
                detail=error.message,
                advice=error.advice,
                exit_code=error.exit_code,
            ),
        )


def _open(project: Project, system: SystemConfig) -> Connector:
    project.spool.mkdir(mode=0o700, exist_ok=True)
    context = Context(
        pace=Pacer(), spool=project.spool, settings=system.settings, user_agent=f"transhume/{__version__}"
    )
    return load(system.connector)(context)
