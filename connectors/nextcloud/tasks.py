"""Tasks of one account: VTODO objects in calendars of their own (RFC 5545 §3.6.2), a target and a reader.

Written as events are, silencing headers included. The server mails nobody about tasks; nothing is lost by saying so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from connectors.nextcloud.calendar_home import CalendarHome
from connectors.nextcloud.calendars import NextcloudCalendars
from connectors.nextcloud.dav import Dav
from connectors.nextcloud.multistatus import CALDAV, DAV, Row
from migrate.model import Collection

KIND = "VTODO"
CONTENT_TYPE = f"{DAV}getcontenttype"
COMPONENTS = f"{CALDAV}supported-calendar-component-set"


def is_task(row: Row) -> bool:
    """Whether a calendar's member is a task, by the component that its media type names."""
    return "component=vtodo" in row.text(CONTENT_TYPE).lower()


class TaskHome(CalendarHome):
    """The account's own calendars that hold tasks: lists made for tasks alone, and others with a task in them.

    Every calendar made without a word about its components may hold tasks, the default one included. Those without
    any are no task lists to anyone, and none is written to.
    """

    component = KIND

    def collections(self) -> Iterator[Collection]:
        """Lists of tasks alone first. None has a role: Nextcloud has no default list."""
        mixed = []
        for row in self.rows():
            if _tasks_alone(row):
                yield replace(self._collection(row), role="")
            elif self._holds_a_task(row.path):
                mixed.append(replace(self._collection(row), role=""))
        yield from mixed

    def _holds_a_task(self, path: str) -> bool:
        return any(is_task(row) for row in self._dav.propfind(path, (CONTENT_TYPE,), depth=1))

    def ensure(self, wanted: Collection) -> Collection:
        """By name among the lists of tasks alone; else a new one. Raises LimitReached, Rejected."""
        return super().ensure(replace(wanted, role="", path=wanted.path or ("Tasks",)))

    def candidates(self) -> Iterator[Collection]:
        """What an existing list is looked for in."""
        return (replace(self._collection(row), role="") for row in self.rows() if _tasks_alone(row))


class NextcloudTasks(NextcloudCalendars):
    """A :class:`migrate.protocols.Target` of tasks, with ``get_many``."""

    def __init__(self, dav: Dav) -> None:
        super().__init__(dav)
        self._home = TaskHome(dav)

    def holds(self, row: Row) -> bool:
        """Tasks only: events of the same calendar are the calendar service's."""
        return is_task(row)


def _tasks_alone(row: Row) -> bool:
    return [component.get("name") for component in row.found.get(COMPONENTS, ())] == [KIND]
