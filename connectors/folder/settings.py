"""The connector's table of ``migration.toml`` as values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from connectors.folder.tree import INCOMING
from migrate.errors import ConfigError
from migrate.model import Service
from migrate.protocols import Context, Option

ACCOUNT = "{account}"
SUBFOLDERS = {
    Service.MAIL: "mail",
    Service.CALENDAR: "calendars",
    Service.CONTACTS: "contacts",
    Service.TASKS: "tasks",
    Service.FILES: "files",
}
"""Where each service lies below the account's folder, unless the settings say otherwise."""

OPTIONS: Sequence[Option] = (
    Option(name="path", help="the folder of each account; {account} stands for its name", required=True),
    Option(name="create", help="make the account's folder when there is none", type=bool, default=False),
    *(
        Option(name=service.value, help=f"where {service.value} lies below it, or .", default=default)
        for service, default in SUBFOLDERS.items()
    ),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """Where everything lies."""

    path: str
    directory: Path
    """Relative paths start here: the project's folder."""
    spool: Path
    create: bool
    subfolders: Mapping[Service, tuple[str, ...]]

    @classmethod
    def of(cls, context: Context) -> Settings:
        """The settings of the table. Raises ConfigError."""
        table = context.settings
        return cls(
            path=str(table["path"]),
            directory=context.spool.absolute().parent,
            spool=context.spool,
            create=bool(table.get("create") or False),
            subfolders={service: _subfolder(service, table) for service in SUBFOLDERS},
        )

    def root(self, account: str) -> Path:
        """The account's folder. Raises ConfigError when its name cannot be part of a path."""
        if account in {"", ".", ".."} or "/" in account or "\0" in account or account == INCOMING:
            raise ConfigError("folder: the name of an account cannot be the name of a folder")
        return self.directory / Path(self.path.replace(ACCOUNT, account)).expanduser()


def _subfolder(service: Service, table: Mapping[str, Any]) -> tuple[str, ...]:
    given = str(table.get(service.value) or SUBFOLDERS[service])
    path = PurePosixPath(given)
    if path.is_absolute() or ".." in path.parts:
        raise ConfigError(f"folder: {service.value} names a folder below the account's own")
    return path.parts
