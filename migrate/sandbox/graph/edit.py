"""Change the tenant while it is served, so that deltas notice."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, TypeVar

from migrate.sandbox.clock import Clock
from migrate.sandbox.edits import put
from migrate.sandbox.graph.state import AccountState, DriveState, TenantState
from migrate.sandbox.tenant import (
    CloudItem,
    ContactFolder,
    Json,
    MailFolder,
    OutlookCalendar,
    OutlookMessage,
    TaskList,
)


class Edit:
    """Edits by principal name or drive id. Each raises KeyError for what does not exist."""

    def __init__(self, tenant: TenantState, clock: Clock) -> None:
        self._tenant = tenant
        self._clock = clock

    def add_message(self, address: str, message: OutlookMessage) -> None:
        """A message arrives: newest first."""
        state = self._tenant.accounts[address]
        with state.lock:
            state.account.messages.insert(0, message)
            self._told(state, "message", message.id, message.folder)

    def change_message(self, address: str, identifier: str, **properties: Any) -> None:
        """A message is read, flagged, filed under a category…"""
        state = self._tenant.accounts[address]
        with state.lock:
            message = _message(state, identifier)
            message.resource |= properties
            self._told(state, "message", message.id, message.folder)

    def move_message(self, address: str, identifier: str, folder: str) -> None:
        """A message goes to another folder: it leaves one and comes to the other."""
        state = self._tenant.accounts[address]
        with state.lock:
            message = _message(state, identifier)
            before, message.folder = message.folder, folder
            for place in (before, folder):
                self._told(state, "message", message.id, place)

    def remove_message(self, address: str, identifier: str) -> None:
        """A message is deleted for good."""
        state = self._tenant.accounts[address]
        with state.lock:
            message = _message(state, identifier)
            state.account.messages.remove(message)
            self._told(state, "message", message.id, message.folder)

    def put_folder(self, address: str, folder: MailFolder) -> None:
        """A mail folder is made, or replaced by id."""
        state = self._tenant.accounts[address]
        with state.lock:
            put(state.account.folders, folder, lambda known: known.resource["id"] == folder.resource["id"])
            self._told(state, "folder", folder.resource["id"], "")

    def put_event(self, address: str, calendar_id: str, event: Json) -> None:
        """An event is made, or replaced by id."""
        state = self._tenant.accounts[address]
        calendar = _found(state.account.calendars, calendar_id)
        self._put(state, "event", calendar.events, event, calendar_id)

    def remove_event(self, address: str, calendar_id: str, identifier: str) -> None:
        """An event is deleted."""
        state = self._tenant.accounts[address]
        calendar = _found(state.account.calendars, calendar_id)
        self._remove(state, "event", calendar.events, identifier, calendar_id)

    def put_contact(self, address: str, folder_id: str, contact: Json) -> None:
        """A contact is made, or replaced by id."""
        state = self._tenant.accounts[address]
        folder: ContactFolder = _found(state.account.contact_folders, folder_id)
        self._put(state, "contact", folder.contacts, contact, folder_id)

    def remove_contact(self, address: str, folder_id: str, identifier: str) -> None:
        """A contact is deleted."""
        state = self._tenant.accounts[address]
        folder: ContactFolder = _found(state.account.contact_folders, folder_id)
        self._remove(state, "contact", folder.contacts, identifier, folder_id)

    def put_task(self, address: str, list_id: str, task: Json) -> None:
        """A task is made, or replaced by id."""
        state = self._tenant.accounts[address]
        found: TaskList = _found(state.account.task_lists, list_id)
        self._put(state, "task", found.tasks, task, list_id)

    def remove_task(self, address: str, list_id: str, identifier: str) -> None:
        """A task is deleted."""
        state = self._tenant.accounts[address]
        found: TaskList = _found(state.account.task_lists, list_id)
        self._remove(state, "task", found.tasks, identifier, list_id)

    def put_item(self, drive_id: str, item: CloudItem) -> None:
        """A file or folder is made, or replaced by id."""
        drive = self._tenant.drives[drive_id.lower()]
        with drive.lock:
            item.resource = {**item.resource, "lastModifiedDateTime": self._now()}
            put(drive.drive.items, item, lambda known: known.resource["id"] == item.resource["id"])
            drive.journal.record("item", item.resource["id"])
            drive.changed()

    def remove_item(self, drive_id: str, identifier: str) -> None:
        """A file or folder is deleted, with what lies below it."""
        drive = self._tenant.drives[drive_id.lower()]
        with drive.lock:
            gone = list(_below(drive, identifier))
            drive.drive.items[:] = [known for known in drive.drive.items if known.resource["id"] not in gone]
            for name in gone:
                drive.journal.record("item", name)
            drive.changed()

    def _put(self, state: AccountState, kind: str, items: list[Json], item: Json, within: str) -> None:
        with state.lock:
            put(items, {**item, "lastModifiedDateTime": self._now()}, lambda known: known["id"] == item["id"])
            self._told(state, kind, item["id"], within)

    def _remove(self, state: AccountState, kind: str, items: list[Json], identifier: str, within: str) -> None:
        with state.lock:
            kept = [item for item in items if item["id"] != identifier]
            if len(kept) == len(items):
                raise KeyError(identifier)
            items[:] = kept
            self._told(state, kind, identifier, within)

    def _told(self, state: AccountState, kind: str, identifier: str, within: str) -> None:
        state.journal.record(kind, identifier, within=within)
        state.changed()

    def _now(self) -> str:
        return datetime.fromtimestamp(self._clock.now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _message(state: AccountState, identifier: str) -> OutlookMessage:
    message = state.message(identifier)
    if message is None:
        raise KeyError(identifier)
    return message


Holder = TypeVar("Holder", OutlookCalendar, ContactFolder, TaskList)


def _found(holders: list[Holder], identifier: str) -> Holder:
    found = next((one for one in holders if one.resource["id"] == identifier), None)
    if found is None:
        raise KeyError(identifier)
    return found


def _below(drive: DriveState, identifier: str) -> list[str]:
    if drive.item(identifier) is None:
        raise KeyError(identifier)
    found = [identifier]
    for child in drive.children(identifier):
        found += _below(drive, str(child.resource["id"]))
    return found
