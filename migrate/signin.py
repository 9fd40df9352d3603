"""Signing in to systems that ask each person, and the accounts file that a directory proposes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from migrate.config import Filters, Project, SystemConfig, routes
from migrate.doctor import checks_of
from migrate.errors import ConnectorError, UsageError
from migrate.model import Account, Check
from migrate.pacing import Pacer
from migrate.protocols import Dialogue, SupportsLetter, SupportsPeople, SupportsSignIn
from migrate.session import open_connector


def find(project: Project, name: str) -> tuple[str, SystemConfig]:
    """The system of that name, with its full name: ``google`` or ``source.google``. Raises UsageError."""
    known = {f"source.{key}": system for key, system in project.sources.items()}
    known |= {f"target.{key}": system for key, system in project.targets.items()}
    found = [key for key in known if name in (key, key.partition(".")[2])]
    if len(found) == 1:
        return found[0], known[found[0]]
    if found:
        raise UsageError(f"There is both a source and a target {name!r}.", advice=f"Say which: {' or '.join(found)}")
    raise UsageError(f"There is no system {name!r} in this project.", advice=f"Known: {', '.join(known)}")


def accounts_of(project: Project, system: SystemConfig, filters: Filters) -> Sequence[str]:
    """That system's own names for the accounts asked for, each once."""
    lanes = [lane for lane in routes(project) if filters.accept(lane)]
    names = [lane.source_account for lane in lanes if lane.source is system]
    names += [lane.target_account for lane in lanes if lane.target is system]
    return tuple(dict.fromkeys(names))


def sign_in(
    project: Project, name: str, system: SystemConfig, accounts: Sequence[str], dialogue: Dialogue
) -> Iterator[tuple[str, Check]]:
    """Sign each account in, then make the system's checks for those that did. Raises UsageError where nobody can."""
    connector = open_connector(project, system, Pacer())
    if not isinstance(connector, SupportsSignIn):
        raise UsageError(
            f"Nobody signs in to {name}: its settings hold what it needs.", advice="Check them: transhume doctor"
        )
    signed = []
    for account in accounts:
        try:
            connector.sign_in(account, dialogue)
        except ConnectorError as error:
            detail = f"{account}: {error.message}"
            code = int(error.exit_code)
            yield name, Check(subject="sign-in", passed=False, detail=detail, advice=error.advice, exit_code=code)
        else:
            signed.append(account)
    yield from checks_of(project, name, system, signed)


def forget(project: Project, system: SystemConfig, accounts: Iterable[str]) -> None:
    """Remove what sign-ins of these accounts left on this machine. Raises ConfigError."""
    for account in accounts:
        project.tokens.forget(f"{system.connector}/{account}")


def letter(project: Project, name: str, system: SystemConfig) -> str:
    """What the administrator of that system is asked for. Raises UsageError where nobody is."""
    connector = open_connector(project, system, Pacer())
    if not isinstance(connector, SupportsLetter):
        raise UsageError(f"No administrator consents for {name}.", advice="See what is missing: transhume doctor")
    return connector.letter(project.language, project.name)


def people(project: Project, name: str, system: SystemConfig) -> Iterator[Account]:
    """Everyone in the system's directory. Raises UsageError for a system that has none, ConnectorError."""
    connector = open_connector(project, system, Pacer())
    if not isinstance(connector, SupportsPeople):
        raise UsageError(f"{name} has no directory to read.", advice="Write accounts.csv by hand.")
    yield from connector.people()


def proposed_csv(project: Project, system: str, accounts: Iterable[Account]) -> Iterator[str]:
    """Lines of an accounts file: each account with its own address as proposal for every target, wave 1."""
    yield _line(["source", "source_account", *(f"{target}_account" for target in project.targets), "wave"])
    for account in accounts:
        yield _line([system.partition(".")[2], account.id, *(account.id for _ in project.targets), "1"])


def _line(cells: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()
