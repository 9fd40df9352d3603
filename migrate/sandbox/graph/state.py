"""One account, drive or tenant as the stand-in serves it: the world's data, its journal, and indexes."""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from migrate.sandbox.clock import Clock
from migrate.sandbox.journal import Journal
from migrate.sandbox.tenant import CloudDrive, CloudItem, Json, MicrosoftAccount, OutlookMessage, SharePointSite, Tenant


def default_id(identifier: str, container: str) -> str:
    """The id an Outlook item has where nobody asks for immutable ones: another one after a move."""
    digest = hashlib.sha256(f"{container}/{identifier}".encode()).digest()
    return "AAMkAD" + base64.urlsafe_b64encode(digest + digest[:8]).decode().rstrip("=") + "AAA="


def change_key(number: int, identifier: str) -> str:
    """A change key: another one after each change."""
    return "CQAA" + base64.b64encode(hashlib.sha256(f"{number}/{identifier}".encode()).digest()[:15]).decode()


class AccountState:
    """Indexes live until the next edit; an edit through :mod:`migrate.sandbox.graph.edit` drops them."""

    def __init__(self, account: MicrosoftAccount, clock: Clock) -> None:
        self.account = account
        self.journal = Journal(clock)
        self.lock = threading.RLock()
        self._messages: dict[str, OutlookMessage] = {}
        self._by_folder: dict[str, list[OutlookMessage]] | None = None
        self._events: dict[str, tuple[str, Json]] = {}

    def message(self, identifier: str) -> OutlookMessage | None:
        """A message by either of its ids."""
        with self.lock:
            self._index()
            return self._messages.get(identifier)

    def in_folder(self, folder: str) -> list[OutlookMessage]:
        """Messages of a folder, newest first."""
        with self.lock:
            return self._index().get(folder, [])

    def _index(self) -> Mapping[str, list[OutlookMessage]]:
        if self._by_folder is None:
            self._by_folder, self._messages = {}, {}
            for message in self.account.messages:
                self._by_folder.setdefault(message.folder, []).append(message)
                self._messages[message.id] = message
                self._messages[default_id(message.id, message.folder)] = message
        return self._by_folder

    def changed(self) -> None:
        """Drop the indexes. The caller holds the lock."""
        self._by_folder = None


class DriveState:
    """A drive: OneDrive of one person, or a library of a site."""

    def __init__(self, drive: CloudDrive, clock: Clock, owner: str = "", site: str = "") -> None:
        self.drive = drive
        self.owner = owner
        """The principal name of the person, or empty for a library."""
        self.site = site
        self.journal = Journal(clock)
        self.lock = threading.RLock()
        self._items: dict[str, CloudItem] | None = None
        self._children: dict[str, list[CloudItem]] = {}

    @property
    def id(self) -> str:
        """The drive's id."""
        return str(self.drive.resource["id"])

    @property
    def kind(self) -> str:
        """``personal``, ``business`` or ``documentLibrary``."""
        return str(self.drive.resource["driveType"])

    @property
    def root(self) -> CloudItem:
        """The root folder."""
        return self.drive.items[0]

    def item(self, identifier: str) -> CloudItem | None:
        """An item by id. OneDrive's ids do not care for case."""
        with self.lock:
            return self._index().get(identifier.lower())

    def children(self, identifier: str) -> list[CloudItem]:
        """What lies in a folder, by name."""
        with self.lock:
            self._index()
            return self._children.get(identifier.lower(), [])

    def _index(self) -> dict[str, CloudItem]:
        if self._items is None:
            self._items, self._children = {}, {}
            for item in self.drive.items:
                self._items[item.resource["id"].lower()] = item
                parent = item.resource.get("parentReference", {}).get("id")
                if parent and "root" not in item.resource:
                    self._children.setdefault(parent.lower(), []).append(item)
            for items in self._children.values():
                items.sort(key=lambda item: str(item.resource["name"]).lower())
        return self._items

    def changed(self) -> None:
        """Drop the indexes. The caller holds the lock."""
        self._items = None


@dataclass(slots=True)
class TenantState:
    """The tenant, indexed."""

    tenant: Tenant
    accounts: dict[str, AccountState] = field(default_factory=dict)
    """By lower-case principal name."""
    drives: dict[str, DriveState] = field(default_factory=dict)
    """By lower-case id."""
    sites: dict[str, SharePointSite] = field(default_factory=dict)
    """By lower-case id."""

    def account(self, name: str) -> AccountState | None:
        """An account by principal name, mail address or id."""
        wanted = name.lower()
        found = self.accounts.get(wanted)
        return found or next((state for state in self.accounts.values() if wanted in _names(state.account.user)), None)

    def drive_of(self, state: AccountState) -> DriveState | None:
        """The OneDrive of an account."""
        drive = state.account.drive
        return self.drives.get(str(drive.resource["id"]).lower()) if drive else None

    def libraries(self, site: SharePointSite) -> Iterator[DriveState]:
        """The document libraries of a site."""
        return (self.drives[str(drive.resource["id"]).lower()] for drive in site.libraries)


def indexed(tenant: Tenant, clock: Clock) -> TenantState:
    """The state of a tenant at its start."""
    state = TenantState(tenant)
    for name, account in tenant.accounts.items():
        state.accounts[name.lower()] = AccountState(account, clock)
        if account.drive:
            state.drives[account.drive.resource["id"].lower()] = DriveState(account.drive, clock, owner=name.lower())
    for site in tenant.sites:
        state.sites[site.resource["id"].lower()] = site
        for drive in site.libraries:
            made = DriveState(drive, clock, site=site.resource["id"])
            state.drives[made.id.lower()] = made
    return state


def _names(user: Json) -> Iterable[str]:
    return (str(user.get(name) or "").lower() for name in ("id", "mail", "userPrincipalName"))


def changes(
    journal: Journal, number: int, kind: str, within: str, find: Callable[[str], Any]
) -> list[tuple[str, Any]] | None:
    """Ids of a kind changed since, each once, with what they are now; None when that number is forgotten."""
    if not journal.remembers(number):
        return None
    found = (change for change in journal.since(number) if (change.kind, change.within) == (kind, within))
    return [(identifier, find(identifier)) for identifier in dict.fromkeys(change.id for change in found)]
