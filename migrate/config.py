"""``migration.toml`` and the accounts file, read into one frozen Project. No secret is read here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from migrate.accounts import AccountRow, read_accounts
from migrate.errors import ConfigError
from migrate.model import Service
from migrate.secrets import Reference
from migrate.settings import SystemConfig, read_systems
from migrate.tokens import Tokens
from migrate.toml_file import TomlFile

__all__ = [
    "AccountRow",
    "Filters",
    "Lane",
    "MailPolicy",
    "Project",
    "SystemConfig",
    "load_project",
    "routes",
    "services_of",
]

FILE = "migration.toml"


class MailPolicy(BaseModel):
    """The table ``[mail]``: which Gmail mailboxes follow, and whether INBOX comes before the user's labels."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    spam: bool = Field(default=False, description="also move the spam folder")
    trash: bool = Field(default=False, description="also move the bin")
    chats: bool = Field(default=False, description="also move chat histories kept as mail")
    inbox_first: bool = Field(default=False, description="a message in the inbox and under a label goes to the inbox")


class Migration(BaseModel):
    """The table ``[migration]``."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    name: str = Field(min_length=1, description="the association, for reports")
    language: Literal["fr", "en"] = Field(default="fr", description="of the reports")
    territory: Literal["FR", "BE"] = Field(default="FR", description="for time zones, phone numbers, identifiers")
    accounts: str = Field(default="accounts.csv", min_length=1, description="the accounts file, beside this one")
    tokens: Literal["auto", "keyring", "encrypted", "plaintext"] = Field(
        default="auto", description="where sign-ins are kept"
    )
    tokens_passphrase: str = Field(default="", description="secret: opens sign-ins kept in encrypted files")


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """One migration: its folder, its systems, its accounts."""

    directory: Path
    name: str
    language: str
    territory: str
    sources: Mapping[str, SystemConfig]
    targets: Mapping[str, SystemConfig]
    """In the order of the file, which decides where a service goes."""
    accounts: tuple[AccountRow, ...]
    mail: MailPolicy
    tokens: Tokens = field(compare=False, repr=False)
    """Where sign-ins are kept; opened when first used."""
    fingerprint: str
    """``sha256:<hex>`` of all that decides what a plan contains, secrets left out."""

    @property
    def ledger(self) -> Path:
        """The database of what was done."""
        return self.directory / "ledger.sqlite3"

    @property
    def listings(self) -> Path:
        """What sources last listed, with their cursors: a cache, made anew when it is missing."""
        return self.directory / "listings.sqlite3"

    @property
    def plans(self) -> Path:
        """The folder of plan files."""
        return self.directory / "plans"

    @property
    def reports(self) -> Path:
        """The folder of findings and reports."""
        return self.directory / "reports"

    @property
    def spool(self) -> Path:
        """The folder of bodies in flight."""
        return self.directory / "spool"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One service of one account, and where it goes."""

    key: str
    """``<source>/<account>/<service>``: unique in a project, the same in every run."""
    source: SystemConfig
    source_account: str
    service: Service
    target: SystemConfig | None
    """None when no target of this project takes that service for this account."""
    target_account: str
    wave: str
    row: AccountRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What part of a project a command works on; empty means all."""

    waves: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()
    """Source accounts, compared without case."""
    services: frozenset[Service] = frozenset()

    def accept(self, lane: Lane) -> bool:
        """Whether the lane is asked for."""
        return (
            (not self.waves or lane.wave in self.waves)
            and (not self.accounts or lane.source_account.casefold() in {name.casefold() for name in self.accounts})
            and (not self.services or lane.service in self.services)
        )


def routes(project: Project) -> Sequence[Lane]:
    """Every service of every account with its target: the first, in file order, that takes it for that person."""
    return [
        _lane(project, row, service)
        for row in project.accounts
        for service in Service
        if service in project.sources[row.source].services
    ]


def services_of(project: Project, system: SystemConfig) -> frozenset[Service]:
    """The services that a system is read or written for in this project: what a sign-in asks consent for.

    Everything the system can, as long as no account is listed.
    """
    if not project.accounts:
        return system.services
    return frozenset(lane.service for lane in routes(project) if lane.target and system in (lane.source, lane.target))


def _lane(project: Project, row: AccountRow, service: Service) -> Lane:
    takes = (one for one in project.targets.values() if service in one.services and one.name in row.targets)
    target = next(takes, None)
    return Lane(
        key=f"{row.source}/{row.source_account}/{service}",
        source=project.sources[row.source],
        source_account=row.source_account,
        service=service,
        target=target,
        target_account=row.targets[target.name] if target else "",
        wave=row.wave,
        row=row,
    )


def load_project(directory: Path, *, accounts: bool = True) -> Project:
    """Read and validate a project's folder. Raises ConfigError naming file and line.

    Without ``accounts``, its accounts file is not read: it may still be to be written.
    """
    directory = directory.absolute()
    file = TomlFile(directory / FILE)
    check_private(directory)
    file.refuse_unknown((), file.tables.keys(), {"migration", "mail", "source", "target"}, what="section")
    migration = file.model(Migration, ("migration",))
    sources = read_systems(file, "source")
    targets = read_systems(file, "target")
    mail = file.model(MailPolicy, ("mail",))
    rows = read_accounts(directory / migration.accounts, sources.keys(), tuple(targets)) if accounts else ()
    return Project(
        directory=directory,
        name=migration.name,
        language=migration.language,
        territory=migration.territory,
        sources=sources,
        targets=targets,
        accounts=rows,
        mail=mail,
        tokens=Tokens(directory, migration.tokens, _passphrase(file, migration)),
        fingerprint=_fingerprint(migration, sources, targets, rows, mail),
    )


def _passphrase(file: TomlFile, migration: Migration) -> Reference | None:
    if not migration.tokens_passphrase:
        return None
    try:
        return Reference.parse(migration.tokens_passphrase, file.path.parent)
    except ConfigError as error:
        where = ("migration", "tokens_passphrase")
        raise file.error(where, f"'tokens_passphrase': {error.message}.", error.advice) from None


def check_private(directory: Path) -> None:
    """Raise ConfigError when anyone but its owner can enter the project's folder: it holds personal data."""
    if directory.stat().st_mode & 0o077:
        raise ConfigError(
            f"{directory}: other users of this machine can enter the project's folder, which holds personal data.",
            advice=f"Close it: chmod 700 {directory}",
        )


def _fingerprint(
    migration: Migration,
    sources: Mapping[str, SystemConfig],
    targets: Mapping[str, SystemConfig],
    rows: Sequence[AccountRow],
    mail: MailPolicy,
) -> str:
    effective = {
        "migration": migration.model_dump(exclude={"accounts", "tokens", "tokens_passphrase"}),
        "mail": mail.model_dump(),
        "sources": dict(_plain(sources)),
        "targets": list(_plain(targets)),
        "accounts": sorted([row.source, row.source_account, dict(row.targets), row.wave] for row in rows),
    }
    text = json.dumps(effective, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode("ascii")).hexdigest()


def _plain(systems: Mapping[str, SystemConfig]) -> Iterator[tuple[str, Any]]:
    for name, system in systems.items():
        open_settings = {key: value for key, value in system.settings.items() if not isinstance(value, Reference)}
        yield name, [system.connector, open_settings]
