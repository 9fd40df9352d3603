"""What the stand-ins serve: an association's data as values, made in ``association/``, served by ``google/``.

Bodies are thunks, so that a large profile is generated as it is read. Resources are the provider's own JSON.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from migrate.sandbox.tenant import Bytes, Json, Tenant

__all__ = ["Bytes", "Calendar", "DriveNode", "GoogleAccount", "Json", "Message", "Person", "World"]


@dataclass(slots=True, kw_only=True)
class Message:
    """A Gmail message. ``id`` is 16 lower-case hex digits, unique in its mailbox."""

    id: str
    thread_id: str
    label_ids: tuple[str, ...]
    """Label ids: ``INBOX``, ``UNREAD``, ``Label_12``… Empty when archived without label."""
    internal_date_ms: int
    size_estimate: int
    raw: Bytes


@dataclass(slots=True, kw_only=True)
class DriveNode:
    """A Drive file or folder. ``resource`` is a ``drive#file``; ``exports`` by media type for native documents."""

    resource: Json
    content: Bytes | None = None
    exports: Mapping[str, Bytes] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Calendar:
    """A calendar of one person: its ``calendar#calendarListEntry`` and its ``calendar#event`` resources."""

    list_entry: Json
    events: list[Json]
    """Masters, exceptions (``recurringEventId``, ``originalStartTime``) and cancelled instances, as events.list."""
    acl: list[Json] = field(default_factory=list)
    """Its ``calendar#aclRule`` resources."""


@dataclass(slots=True, kw_only=True)
class TaskList:
    """A ``tasks#taskList`` and its ``tasks#task`` resources, deleted and hidden ones included."""

    resource: Json
    tasks: list[Json]


@dataclass(slots=True, kw_only=True)
class GoogleAccount:
    """Everything one person holds at Google. ``messages`` is newest first, as messages.list answers."""

    address: str
    display_name: str
    labels: list[Json]
    """User labels as ``users.labels`` resources (``id``, ``name``, ``type: user``); system labels are implied."""
    messages: list[Message]
    calendars: list[Calendar]
    files: list[DriveNode]
    root_id: str
    """The id of the My Drive root folder, which is not in ``files``."""
    contacts: list[Json] = field(default_factory=list)
    """``Person`` resources; the ``url`` of a photo is a key of ``photos``."""
    contact_groups: list[Json] = field(default_factory=list)
    """The person's own ``ContactGroup`` resources; the system's are implied."""
    other_contacts: list[Json] = field(default_factory=list)
    """``Person`` resources that Gmail collected by itself."""
    photos: dict[str, bytes] = field(default_factory=dict)
    task_lists: list[TaskList] = field(default_factory=list)
    aliases: tuple[str, ...] = ()
    suspended: bool = False
    admin: bool = False
    """Whether the directory of the organisation is open to it."""


@dataclass(slots=True, kw_only=True)
class Person:
    """One row of the accounts CSV, and the passwords of the targets' accounts."""

    source_account: str
    cloud_account: str
    cloud_password: str = field(repr=False)
    mail_account: str
    mail_password: str = field(repr=False)
    wave: str
    display_name: str
    source: str = "google"
    """The source of the project that holds the person's data: ``google`` or ``microsoft``."""


@dataclass(slots=True, kw_only=True)
class World:
    """One association."""

    name: str
    people: Sequence[Person]
    """Those at Google."""
    google: Mapping[str, GoogleAccount]
    """By lower-case address."""
    colleagues: Sequence[Person] = ()
    """Those at Microsoft."""
    microsoft: Tenant = field(default_factory=Tenant)

    @property
    def everyone(self) -> list[Person]:
        """The rows of the accounts file."""
        return [*self.people, *self.colleagues]
