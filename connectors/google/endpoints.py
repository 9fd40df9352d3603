"""Each Google API that is read: its address, its read-only scope, its quota, what is asked of whom.

Quotas: the ``…/workspace/<api>/…/quota`` pages, 2026. People and Tasks publish none a minute; theirs are careful.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from migrate.model import Service

_AUTH = "https://www.googleapis.com/auth/"
_CLOUD = "https://www.googleapis.com"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One API under one scope: its name and version in discovery, its path below a root."""

    name: str
    version: str
    path: str
    host: str
    scope: str
    kind: str
    """What it is called in ``doctor``."""
    reason: str
    """Why the scope is asked for, for the person who grants it."""


MAIL = Endpoint(
    "gmail", "v1", "/", "https://gmail.googleapis.com", f"{_AUTH}gmail.readonly", "mail", "messages, labels, filters"
)
CALENDAR = Endpoint(
    "calendar", "v3", "/calendar/v3/", _CLOUD, f"{_AUTH}calendar.readonly", "calendar", "calendars and events"
)
ACLS = Endpoint(
    "calendar",
    "v3",
    "/calendar/v3/",
    _CLOUD,
    f"{_AUTH}calendar.acls.readonly",
    "calendar",
    "who else may use a calendar",
)
FILES = Endpoint("drive", "v3", "/drive/v3/", _CLOUD, f"{_AUTH}drive.readonly", "files", "files, folders, shares")
CONTACTS = Endpoint(
    "people",
    "v1",
    "/",
    "https://people.googleapis.com",
    f"{_AUTH}contacts.readonly",
    "contacts",
    "contacts and their groups",
)
OTHERS = Endpoint(
    "people",
    "v1",
    "/",
    "https://people.googleapis.com",
    f"{_AUTH}contacts.other.readonly",
    "contacts",
    "addresses that Gmail collected by itself: counted, moved only when asked for",
)
TASKS = Endpoint("tasks", "v1", "/", "https://tasks.googleapis.com", f"{_AUTH}tasks.readonly", "tasks", "task lists")
DIRECTORY = Endpoint(
    "admin",
    "directory_v1",
    "/",
    "https://admin.googleapis.com",
    f"{_AUTH}admin.directory.user.readonly",
    "directory",
    "the list of accounts",
)

MAIN: Mapping[Service, Endpoint] = {
    Service.MAIL: MAIL,
    Service.CALENDAR: CALENDAR,
    Service.CONTACTS: CONTACTS,
    Service.TASKS: TASKS,
    Service.FILES: FILES,
}


@dataclass(frozen=True, slots=True)
class Quota:
    """Units a minute for one user and for the whole project."""

    user: float
    project: float


_COMMON = {
    "calendar": Quota(600, 10_000),
    "people": Quota(90, 1_800),
    "tasks": Quota(300, 3_000),
    "admin": Quota(600, 2_400),
}
QUOTAS: Mapping[str, Mapping[str, Quota]] = {
    "2026": {"gmail": Quota(6_000, 1_200_000), "drive": Quota(325_000, 1_000_000), **_COMMON},
    # Drive: 12,000 requests a minute, in units of the dearest request.
    "legacy": {"gmail": Quota(15_000, 1_200_000), "drive": Quota(12_000 * 200, 12_000 * 200), **_COMMON},
}
"""By the option ``quota``, then by the API's name."""
