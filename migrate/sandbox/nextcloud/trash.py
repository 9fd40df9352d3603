"""Deleted calendar objects stay in a trash bin for 30 days, and are in the way.

Seen on Nextcloud 32.0.1: a UID in the trash cannot be stored again in the same calendar (500, the unique index of the
database), and an object cannot be deleted while the trash holds one of the same name (403).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import PurePosixPath

from migrate.sandbox.nextcloud.dav_errors import DavError


class Trash:
    """Names and UIDs deleted from each calendar."""

    def __init__(self) -> None:
        self._deleted: dict[tuple[str, ...], dict[str, str]] = {}
        self._objects: dict[int, tuple[tuple[str, ...], str, bytes]] = {}
        self._last = 0
        self._lock = threading.Lock()

    def check_name(self, calendar: tuple[str, ...], name: str) -> None:
        """Raise 403 when this name cannot be moved into the trash."""
        if name in self._deleted.get(calendar, {}):
            path = PurePosixPath(name)
            raise DavError(
                403,
                f"A calendar object with URI {path.stem}-deleted{path.suffix} already exists in this calendar, "
                "therefore this object can't be moved into the trashbin",
            )

    def check_uid(self, calendar: tuple[str, ...], uid: str) -> None:
        """Raise 500 when this UID lies in the trash."""
        if uid in self._deleted.get(calendar, {}).values():
            raise duplicate_uid()

    def add(self, calendar: tuple[str, ...], name: str, uid: str, body: bytes) -> None:
        """An object was deleted."""
        with self._lock:
            self._deleted.setdefault(calendar, {})[name] = uid
            self._last += 1
            self._objects[self._last] = (calendar, name, body)

    def objects(self, user: str) -> Iterator[tuple[str, str, bytes]]:
        """What a user's bin holds: its name there (``12.ics``), the calendar it lay in, its body."""
        with self._lock:
            kept = list(self._objects.items())
        yield from ((f"{number}.ics", calendar[1], body) for number, (calendar, _, body) in kept if calendar[0] == user)

    def purge(self, user: str, name: str) -> None:
        """Delete for good. Raise 404 when the bin holds no such name."""
        number = int(name.removesuffix(".ics")) if name.removesuffix(".ics").isdigit() else 0
        with self._lock:
            if self._objects.get(number, (("",), "", b""))[0][0] != user:
                raise DavError(404, f"Node with name '{name}' could not be found")
            calendar, old, _ = self._objects.pop(number)
            self._deleted.get(calendar, {}).pop(old, None)

    def forget(self, calendar: tuple[str, ...]) -> None:
        """A calendar was deleted."""
        with self._lock:
            self._deleted.pop(calendar, None)
            self._objects = {number: held for number, held in self._objects.items() if held[0] != calendar}


def duplicate_uid() -> DavError:
    """The database's refusal of a second row with the same UID."""
    message = (
        "An exception occurred while executing a query: SQLSTATE[23000]: Integrity constraint violation: "
        "1062 Duplicate entry for key 'calobjects_by_uid_index'"
    )
    return DavError(500, message, exception="OC\\DB\\Exceptions\\DbalException")
