"""What the Graph stand-in serves: a Microsoft 365 tenant as values, in Graph's own JSON.

Resources are held to Microsoft's schema when the stand-in starts. Bodies are thunks, made when read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Json = dict[str, Any]
Bytes = Callable[[], bytes]


@dataclass(slots=True, kw_only=True)
class OutlookMessage:
    """A message in Exchange. ``id`` is the immutable one; the default id is made from it and the folder."""

    id: str
    folder: str
    """The id of its folder."""
    received: datetime
    raw: Bytes
    size: int
    """Bytes, as ``Integer 0x0E08`` tells them."""
    resource: Json = field(default_factory=dict)
    """``message`` properties that the bytes do not tell: isRead, isDraft, flag, categories, importance…"""
    last_verb: int | None = None
    """``Integer 0x1081``: 102 replied, 103 replied to all, 104 forwarded."""


@dataclass(slots=True, kw_only=True)
class MailFolder:
    """A ``mailFolder`` (``id``, ``displayName``, ``parentFolderId``, ``isHidden``), or a ``mailSearchFolder``."""

    resource: Json
    well_known: str = ""
    """The name it answers to in any language: ``inbox``, ``sentitems``, ``archive``…"""


@dataclass(slots=True, kw_only=True)
class OutlookCalendar:
    """A calendar. ``events`` are singles and masters; a master holds ``exceptionOccurrences`` and
    ``cancelledOccurrences`` (dates, ``yyyy-MM-dd``), any event its ``attachments``. The rest is computed."""

    resource: Json
    events: list[Json] = field(default_factory=list)
    permissions: list[Json] = field(default_factory=list)
    group: str = ""
    """The id of its calendar group; empty for the default one."""


@dataclass(slots=True, kw_only=True)
class ContactFolder:
    """A ``contactFolder`` with its contacts and their photographs by contact id."""

    resource: Json
    contacts: list[Json] = field(default_factory=list)
    photos: dict[str, bytes] = field(default_factory=dict)
    default: bool = False


@dataclass(slots=True, kw_only=True)
class TaskList:
    """A ``todoTaskList``; its tasks hold ``checklistItems``, ``linkedResources`` and ``attachments``."""

    resource: Json
    tasks: list[Json] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Version:
    """An earlier state of a file."""

    resource: Json
    content: Bytes


@dataclass(slots=True, kw_only=True)
class CloudItem:
    """A ``driveItem`` without hashes, addresses and counts, which are computed. ``parentReference`` needs its id.

    ``permissions`` are those given on the item itself; what lies below inherits them.
    """

    resource: Json
    content: Bytes | None = None
    served: Bytes | None = None
    """What a download gives where SharePoint keeps other bytes than it lists; ``content`` when None."""
    permissions: list[Json] = field(default_factory=list)
    versions: list[Version] = field(default_factory=list)
    """Earlier ones, newest first; the current one is computed."""


@dataclass(slots=True, kw_only=True)
class CloudDrive:
    """A ``drive`` and everything in it, its root (facet ``root``) included and first."""

    resource: Json
    items: list[CloudItem] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class SharePointSite:
    """A ``site`` and its document libraries."""

    resource: Json
    libraries: list[CloudDrive] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class MicrosoftAccount:
    """Everything one person, or one shared mailbox, holds at Microsoft."""

    user: Json
    """The ``user``: ``id`` (a GUID), ``userPrincipalName``, ``displayName``, ``mail``, ``accountEnabled``…"""
    settings: Json = field(default_factory=dict)
    """``mailboxSettings``."""
    folders: list[MailFolder] = field(default_factory=list)
    messages: list[OutlookMessage] = field(default_factory=list)
    """Newest first."""
    calendar_groups: list[Json] = field(default_factory=list)
    calendars: list[OutlookCalendar] = field(default_factory=list)
    """The default one first."""
    categories: list[Json] = field(default_factory=list)
    """``outlookCategory``: names and colours."""
    contact_folders: list[ContactFolder] = field(default_factory=list)
    task_lists: list[TaskList] = field(default_factory=list)
    drive: CloudDrive | None = None
    delegates: frozenset[str] = frozenset()
    """Principal names of who may open this mailbox besides, as a shared mailbox allows."""
    mailbox: bool = True
    """False: a user without a mailbox (no licence)."""

    @property
    def address(self) -> str:
        """The user's principal name, lower case."""
        return str(self.user["userPrincipalName"]).lower()


@dataclass(slots=True, kw_only=True)
class Tenant:
    """One tenant of Microsoft 365."""

    id: str = "7e1e7715-0000-4000-8000-000000000001"
    domain: str = "tilleuls.onmicrosoft.example"
    accounts: Mapping[str, MicrosoftAccount] = field(default_factory=dict)
    """By lower-case principal name."""
    groups: list[Json] = field(default_factory=list)
    members: Mapping[str, list[str]] = field(default_factory=dict)
    """Principal names by group id."""
    sites: list[SharePointSite] = field(default_factory=list)
