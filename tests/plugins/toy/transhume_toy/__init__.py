"""A connector for transhume: one folder on disk holds the files of everyone, a subfolder each."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from migrate.model import Check, Service
from migrate.protocols import Context, Option
from transhume_toy.folder import FolderReader, FolderTarget


class Toy:
    """The connector: one configured folder."""

    name = "toy"
    services = frozenset({Service.FILES})

    def __init__(self, root: Path) -> None:
        self.root = root

    def check(self, accounts: Sequence[str]) -> Iterator[Check]:
        for account in accounts:
            there = os.access(self.root / account, os.R_OK | os.X_OK)
            yield Check(
                subject="login",
                passed=there,
                detail=f"the folder of {account} {'can' if there else 'cannot'} be read",
                advice="" if there else "create it, or correct the option root",
                exit_code=9,
            )

    def reader(self, account: str, service: Service) -> FolderReader:
        return FolderReader(self.root / account)

    def target(self, account: str, service: Service) -> FolderTarget:
        return FolderTarget(self.root / account)


class Factory:
    """What the entry point names: it says what the connector can do, and makes it."""

    summary = "A folder on disk, one subfolder an account (the example of docs/plugins.md)"
    sources = frozenset({Service.FILES})
    targets = frozenset({Service.FILES})
    options = (Option(name="root", help="The folder that holds the accounts' folders", required=True),)

    def __call__(self, context: Context) -> Toy:
        return Toy(Path(context.settings["root"]))


connector = Factory()
