"""What a migration of a world must find, counted from the world alone: no connector and no engine is asked."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from hashlib import sha256

from migrate.sandbox.association.nodes import FOLDER
from migrate.sandbox.world import Calendar, DriveNode, GoogleAccount, Json, Message, World

ASIDE = frozenset({"SPAM", "TRASH", "CHAT"})
"""Labels of messages that are counted apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """One person's figures."""

    messages: int
    """Outside spam, trash and chat."""
    aside: dict[str, int]
    """Messages in spam, trash and chat."""
    distinct_messages: int
    """Different bytes among ``messages``: exact duplicates count once here."""
    calendars: int
    """Owned ones; those of others are read-only in the list."""
    calendar_objects: int
    """Series and single events in owned calendars, by iCalUID: one iCalendar object each. Birthdays included."""
    birthdays: int
    """Of those, the ones made from contacts."""
    folders: int
    """Owned, not in the bin, the root not counted."""
    files: int
    """Owned, not in the bin, with contents or an export."""
    file_bytes: int
    """Contents of ``files`` that are blobs."""
    unsupported_files: int
    """Owned, not in the bin, without contents or export: forms and shortcuts."""
    trashed_files: int
    """Owned nodes in the bin."""
    shared_with_me: int
    """Nodes of others."""
    contacts: int
    """Cards, addresses collected by Gmail left out."""
    other_contacts: int
    """Those addresses."""
    task_lists: int
    tasks: int
    """Open and finished ones, hidden ones included."""


def expected(world: World, *, read_bodies: bool = True) -> dict[str, Expected]:
    """The figures by address. ``read_bodies`` False leaves ``distinct_messages`` 0, for large worlds."""
    return {address: _account(account, read_bodies) for address, account in world.google.items()}


def is_folder(resource: Json) -> bool:
    """Whether a Drive resource is a folder."""
    return bool(resource["mimeType"] == FOLDER)


def calendar_objects(calendar: Calendar) -> dict[str, list[Json]]:
    """The events of each iCalUID; a cancelled instance has only its master's id to tell where it belongs."""
    uids = {event["id"]: event["iCalUID"] for event in calendar.events if "iCalUID" in event}
    objects: dict[str, list[Json]] = {}
    for event in calendar.events:
        uid = event.get("iCalUID") or uids[event["recurringEventId"]]
        objects.setdefault(uid, []).append(event)
    return objects


def _account(account: GoogleAccount, read_bodies: bool) -> Expected:
    kept = [message for message in account.messages if not ASIDE & set(message.label_ids)]
    owned_calendars = [calendar for calendar in account.calendars if calendar.list_entry["accessRole"] == "owner"]
    objects = [series for calendar in owned_calendars for series in calendar_objects(calendar).values()]
    owned = [node for node in account.files if node.resource["ownedByMe"]]
    present = [node for node in owned if not node.resource["trashed"]]
    files = [node for node in present if node.content or node.exports]
    return Expected(
        messages=len(kept),
        aside=_aside(account.messages),
        distinct_messages=len({sha256(message.raw()).digest() for message in kept}) if read_bodies else 0,
        calendars=len(owned_calendars),
        calendar_objects=len(objects),
        birthdays=sum(series[0].get("eventType") == "birthday" for series in objects),
        folders=sum(is_folder(node.resource) for node in present),
        files=len(files),
        file_bytes=sum(int(node.resource.get("size", 0)) for node in files),
        unsupported_files=sum(_has_no_form(node) for node in present),
        trashed_files=len(owned) - len(present),
        shared_with_me=len(account.files) - len(owned),
        contacts=len(account.contacts),
        other_contacts=len(account.other_contacts),
        task_lists=len(account.task_lists),
        tasks=sum(not task.get("deleted") for one in account.task_lists for task in one.tasks),
    )


def _aside(messages: list[Message]) -> dict[str, int]:
    return dict(Counter(label for message in messages for label in message.label_ids if label in ASIDE))


def _has_no_form(node: DriveNode) -> bool:
    return not node.content and not node.exports and node.resource["mimeType"] != FOLDER
