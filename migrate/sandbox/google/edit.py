"""Change the world while it is served, so that history, sync tokens and change lists notice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from migrate.sandbox.clock import Clock
from migrate.sandbox.edits import put
from migrate.sandbox.google.discovery import Json
from migrate.sandbox.google.state import AccountState
from migrate.sandbox.world import Calendar, DriveNode, Message


class Edit:
    """Edits by account address. Each raises KeyError for an account, calendar or item that does not exist."""

    def __init__(self, states: Mapping[str, AccountState], clock: Clock) -> None:
        self._states = states
        self._clock = clock

    def add_message(self, address: str, message: Message) -> None:
        """A message arrives: newest first."""
        state = self._states[address]
        with state.lock:
            state.account.messages.insert(0, message)
            self._journal_message(state, "message-added", message)

    def remove_message(self, address: str, identifier: str) -> None:
        """A message is deleted for good."""
        state = self._states[address]
        with state.lock:
            message = self._message(state, identifier)
            state.account.messages.remove(message)
            self._journal_message(state, "message-deleted", message)

    def relabel(self, address: str, identifier: str, *, add: Iterable[str] = (), remove: Iterable[str] = ()) -> None:
        """Labels come and go."""
        state = self._states[address]
        with state.lock:
            message = self._message(state, identifier)
            added = tuple(label for label in add if label not in message.label_ids)
            gone = set(remove)
            removed = tuple(label for label in message.label_ids if label in gone)
            message.label_ids = tuple(label for label in message.label_ids if label not in gone) + added
            for kind, delta in (("labels-added", added), ("labels-removed", removed)):
                if delta:
                    self._journal_message(state, kind, message, delta)

    def add_label(self, address: str, label: Json) -> None:
        """A user label is made."""
        state = self._states[address]
        with state.lock:
            state.account.labels.append(label)
            state.changed()

    def put_event(self, address: str, calendar_id: str, event: Json) -> None:
        """An event is made, or replaced by id. ``updated`` and ``etag`` are set as Google would."""
        state = self._states[address]
        with state.lock:
            calendar = _calendar(state, calendar_id)
            number = state.journal.record("event", event["id"], within=calendar.list_entry["id"])
            stamped = {**event, "updated": self._now(), "etag": f'"{number}"'}
            put(calendar.events, stamped, lambda known: known["id"] == event["id"])
            state.changed()

    def cancel_event(self, address: str, calendar_id: str, identifier: str) -> None:
        """An event is deleted: it stays as ``status: cancelled``."""
        state = self._states[address]
        events = _calendar(state, calendar_id).events
        event = next((known for known in events if known["id"] == identifier), None)
        if event is None:
            raise KeyError(identifier)
        self.put_event(address, calendar_id, {**event, "status": "cancelled"})

    def add_calendar(self, address: str, calendar: Calendar) -> None:
        """A calendar is made."""
        state = self._states[address]
        with state.lock:
            state.account.calendars.append(calendar)
            state.journal.record("calendar", calendar.list_entry["id"])
            state.changed()

    def put_contact(self, address: str, person: Json) -> None:
        """A contact is made, or replaced by resource name."""
        state, name = self._states[address], person["resourceName"]
        with state.lock:
            number = state.journal.record("contact", name)
            put(state.account.contacts, {**person, "etag": f"%{number}"}, lambda known: known["resourceName"] == name)
            state.changed()

    def remove_contact(self, address: str, name: str) -> None:
        """A contact is deleted."""
        state = self._states[address]
        with state.lock:
            state.account.contacts[:] = [one for one in state.account.contacts if one["resourceName"] != name]
            state.journal.record("contact", name)
            state.changed()

    def put_task(self, address: str, tasklist: str, task: Json) -> None:
        """A task is made, or replaced by id; ``deleted`` deletes it. ``updated`` is set as Google would."""
        lists = self._states[address].account.task_lists
        tasks = next((one.tasks for one in lists if one.resource["id"] == tasklist), None)
        if tasks is None:
            raise KeyError(tasklist)
        put(tasks, {**task, "updated": self._now()}, lambda known: known["id"] == task["id"])

    def put_file(self, address: str, node: DriveNode) -> None:
        """A file or folder is made, or replaced by id. ``modifiedTime`` is set unless the resource has one anew."""
        state = self._states[address]
        identifier = node.resource["id"]
        with state.lock:
            number = state.journal.record("file", identifier)
            node = replace(node, resource={"modifiedTime": self._now(), **node.resource, "version": str(number)})
            put(state.account.files, node, lambda known: known.resource["id"] == identifier)
            state.changed()

    def remove_file(self, address: str, identifier: str) -> None:
        """A file is deleted for good, or is no longer shared."""
        state = self._states[address]
        with state.lock:
            kept = [known for known in state.account.files if known.resource["id"] != identifier]
            if len(kept) == len(state.account.files):
                raise KeyError(identifier)
            state.account.files[:] = kept
            state.journal.record("file", identifier)
            state.changed()

    def _message(self, state: AccountState, identifier: str) -> Message:
        message = state.message(identifier)
        if message is None:
            raise KeyError(identifier)
        return message

    def _journal_message(self, state: AccountState, kind: str, message: Message, delta: tuple[str, ...] = ()) -> None:
        state.journal.record(kind, message.id, within=message.thread_id, labels=message.label_ids, delta=delta)
        state.changed()

    def _now(self) -> str:
        moment = datetime.fromtimestamp(self._clock.now(), UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _calendar(state: AccountState, identifier: str) -> Calendar:
    calendar = state.calendar(identifier)
    if calendar is None:
        raise KeyError(identifier)
    return calendar
