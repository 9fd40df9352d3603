"""Doctor: every system's own checks, for the accounts that will be moved. Reads only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from migrate.config import Filters, Project, SystemConfig, routes
from migrate.errors import ConfigError, ConnectorError
from migrate.model import Check
from migrate.pacing import Pacer
from migrate.session import open_connector


def diagnose(project: Project, filters: Filters) -> Iterator[tuple[str, Check]]:
    """Each check with the name of its system (``source.google``), as it is made."""
    lanes = [lane for lane in routes(project) if filters.accept(lane)]
    for name, system in project.sources.items():
        accounts = [lane.source_account for lane in lanes if lane.source is system]
        yield from checks_of(project, f"source.{name}", system, accounts)
    for name, system in project.targets.items():
        accounts = [lane.target_account for lane in lanes if lane.target is system]
        yield from checks_of(project, f"target.{name}", system, accounts)


def checks_of(
    project: Project, name: str, system: SystemConfig, accounts: Sequence[str]
) -> Iterator[tuple[str, Check]]:
    """The checks of one system for these accounts, as they are made."""
    everyone = tuple(dict.fromkeys(accounts))
    if not everyone:
        return
    try:
        for check in open_connector(project, system, Pacer()).check(everyone):
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
