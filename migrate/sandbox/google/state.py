"""One account as the stand-in serves it: the world's data, its journal, and indexes made when first asked for."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

from migrate.sandbox.clock import Clock
from migrate.sandbox.journal import Journal
from migrate.sandbox.world import Calendar, DriveNode, GoogleAccount, Message

T = TypeVar("T")


class AccountState:
    """Indexes live until the next edit; an edit through :mod:`migrate.sandbox.google.edit` drops them."""

    def __init__(self, account: GoogleAccount, clock: Clock) -> None:
        self.account = account
        self.journal = Journal(clock)
        self.lock = threading.RLock()
        self._listings: dict[tuple[str, object], Sequence[object]] = {}
        self._messages: dict[str, Message] | None = None
        self._labels: dict[str, list[Message]] | None = None
        self._files: dict[str, DriveNode] | None = None
        self._sums: dict[str, tuple[str, int, str]] = {}

    def message(self, identifier: str) -> Message | None:
        """A message by id."""
        with self.lock:
            if self._messages is None:
                self._messages = {message.id: message for message in self.account.messages}
            return self._messages.get(identifier)

    def labelled(self, label: str) -> Sequence[Message]:
        """Messages carrying a label, newest first."""
        with self.lock:
            if self._labels is None:
                self._labels = {}
                for message in self.account.messages:
                    for name in message.label_ids:
                        self._labels.setdefault(name, []).append(message)
            return self._labels.get(label, ())

    def file(self, identifier: str) -> DriveNode | None:
        """A Drive node by id."""
        with self.lock:
            if self._files is None:
                self._files = {node.resource["id"]: node for node in self.account.files}
            return self._files.get(identifier)

    def calendar(self, identifier: str) -> Calendar | None:
        """A calendar by id, ``primary`` included."""
        primary = identifier == "primary"
        return next(
            (
                calendar
                for calendar in self.account.calendars
                if calendar.list_entry["id"] == identifier or (primary and calendar.list_entry.get("primary"))
            ),
            None,
        )

    def listing(self, kind: str, query: object, make: Callable[[], Sequence[T]]) -> Sequence[T]:
        """The result of a query, computed once until the next edit, so that pages cost no scan each."""
        with self.lock:
            known = self._listings.get((kind, query))
            if known is None:
                known = self._listings[kind, query] = make()
            return known  # type: ignore[return-value]  # one kind of listing holds one type

    def sums(self, node: DriveNode) -> tuple[int, str]:
        """Size and MD5 of a file's content, as Drive always knows them; counted once a revision."""
        resource = node.resource
        if "size" in resource and "md5Checksum" in resource:
            return int(resource["size"]), resource["md5Checksum"]
        revision = f"{resource.get('headRevisionId')} {resource.get('modifiedTime')}"
        known = self._sums.get(resource["id"])
        if known is None or known[0] != revision:
            content = node.content() if node.content else b""
            known = (revision, len(content), hashlib.md5(content, usedforsecurity=False).hexdigest())
            self._sums[resource["id"]] = known
        return known[1:]

    def changed(self) -> None:
        """Drop the indexes. The caller holds the lock."""
        self._listings.clear()
        self._messages = self._labels = self._files = None
        self._sums.clear()
