"""Folders on disk: Maildir, vdir and plain files, which other programs read as they are."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from connectors.folder.files import Files
from connectors.folder.maildir import Maildir
from connectors.folder.settings import OPTIONS, SUBFOLDERS, Settings
from connectors.folder.tree import Tree
from connectors.folder.vdir import Vdir
from migrate.errors import ConfigError
from migrate.model import Check, Service
from migrate.protocols import Context, Option

SERVICES = frozenset(SUBFOLDERS)
_VETO = 9
_VDIR = {
    Service.CALENDAR: (".ics", "text/calendar"),
    Service.TASKS: (".ics", "text/calendar"),
    Service.CONTACTS: (".vcf", "text/vcard"),
}
Place: TypeAlias = Files | Maildir | Vdir


class Folder:
    """One configured place on disk, a folder for each account."""

    name = "folder"
    services = SERVICES

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def check(self, accounts: Sequence[str]) -> Iterator[Check]:
        """Whether each account's folder is there and can be used, and the room left."""
        for account in accounts:
            tree = Tree(self._settings.root(account))
            yield self._usable(tree)
            free = tree.free_bytes()
            if free is not None:
                yield Check(subject="quota", passed=True, detail=f"{free} bytes are free on the disk")

    def _usable(self, tree: Tree) -> Check:
        if not tree.exists():
            return Check(
                subject="folder",
                passed=self._settings.create,
                detail="there is no folder yet" + (": it will be made" if self._settings.create else ""),
                advice="" if self._settings.create else "Correct the option path, or set create = true.",
                exit_code=_VETO,
            )
        passed = os.access(tree.root, os.R_OK | os.X_OK)
        advice = "" if passed else "Check who owns the folder."
        detail = "the folder can be read" if passed else "the folder cannot be read"
        return Check(subject="folder", passed=passed, detail=detail, advice=advice, exit_code=_VETO)

    def reader(self, account: str, service: Service) -> Place:
        """A reader of what the account's folder holds of a service."""
        return self.target(account, service)

    def target(self, account: str, service: Service) -> Place:
        """A target for the same. Raises ConfigError for a service that is not offered."""
        settings = self._settings
        if service not in settings.subfolders:
            raise ConfigError(f"folder does not offer {service}")
        tree, base, spool = Tree(settings.root(account)), settings.subfolders[service], settings.spool
        if service is Service.FILES:
            return Files(tree, base, spool, create=settings.create)
        if service is Service.MAIL:
            return Maildir(tree, base, spool, create=settings.create)
        ending, accepts = _VDIR[service]
        return Vdir(tree, base, spool, create=settings.create, ending=ending, accepts=accepts)


class FolderFactory:
    """The entry point ``folder``."""

    summary = "Folders on this machine: Maildir, vdir (.ics, .vcf) and plain files"
    sources = SERVICES
    targets = SERVICES
    options: Sequence[Option] = OPTIONS

    def __call__(self, context: Context) -> Folder:
        """The connector, configured. Touches no file."""
        return Folder(Settings.of(context))


connector = FolderFactory()

__all__ = ["Folder", "FolderFactory", "connector"]
