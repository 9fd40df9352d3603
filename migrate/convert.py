"""Where an item goes and in what form: chooses the mapping, collects the losses, talks to nobody."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from mappings import (
    canonical,
    gmail_labels,
    google_calendar,
    google_people,
    graph_calendar,
    graph_contact,
    graph_todo,
    mail_folders,
    paths,
    takeout_tasks,
)
from migrate.model import (
    Capabilities,
    Collection,
    Disposition,
    Entry,
    Item,
    Loss,
    Mapped,
    NameRules,
    Placement,
    Service,
    Skip,
)

Mapping_ = Callable[[Item], Mapped]

MAPPINGS: Mapping[str, tuple[str, Mapping_]] = {
    google_calendar.MEDIA_TYPE: ("text/calendar", google_calendar.to_icalendar),
    google_people.MEDIA_TYPE: ("text/vcard", google_people.to_vcard),
    graph_calendar.MEDIA_TYPE: ("text/calendar", graph_calendar.to_icalendar),
    graph_contact.MEDIA_TYPE: ("text/vcard", graph_contact.to_vcard),
    graph_todo.MEDIA_TYPE: ("text/calendar", graph_todo.to_icalendar),
    takeout_tasks.MEDIA_TYPE: ("text/calendar", takeout_tasks.to_icalendar),
}
"""Media type in: (media type out, mapping)."""

SEPARATOR = "\x1f"
"""Joins the names of a path into a key; no name on any system holds it."""


def key_of(path: Sequence[str]) -> str:
    """One string for a path."""
    return SEPARATOR.join(path)


def place_collections(service: Service, collections: Sequence[Collection], rules: NameRules) -> dict[str, Collection]:
    """The target collection of each source collection, by source href; two of one name get two names.

    A mailbox that is not a folder (path ``()``: Gmail) has none: its labels place each message.
    """
    placed: dict[str, Collection] = {}
    for parent, children in _families(collections).items():
        base = placed[parent].path if parent in placed else ()
        names = paths.distinct([(child.href, _clean(child.path[-1], rules)) for child in children], rules)
        for child in children:
            placed[child.href] = replace(child, href="", path=(*base, names[child.href]))
    for root in (c for c in collections if not c.path):
        placed[root.href] = replace(root, href="")
    return placed


def _families(collections: Sequence[Collection]) -> dict[str, list[Collection]]:
    """Collections by the href of their parent, each family after its parent's own."""
    by_path = {c.path: c.href for c in reversed(collections)}
    families: dict[str, list[Collection]] = {}
    for collection in collections:
        if collection.path:
            parent = collection.parent or by_path.get(collection.path[:-1], "")
            families.setdefault(parent, []).append(collection)
    return families


def _clean(name: str, rules: NameRules) -> str:
    return paths.clean(name, rules)[0]


def place(
    service: Service, entry: Entry, home: Collection, capabilities: Capabilities, policy: gmail_labels.LabelPolicy
) -> Placement | Skip:
    """Where one item goes, or why it does not."""
    if entry.skip is not None:
        return entry.skip
    refusal = _refusal(entry, capabilities)
    if refusal is not None:
        return refusal
    if service is Service.MAIL and not home.path:
        return gmail_labels.place(entry, policy, capabilities.names)
    if service is Service.MAIL:
        return mail_folders.place(entry, home, policy)
    if service is Service.FILES:
        name, losses = paths.clean(entry.name, capabilities.names)
        return Placement(path=home.path, role=home.role, name=name, losses=losses)
    return Placement(path=home.path, role=home.role, name=resource_name(service, entry))


def resource_name(service: Service, entry: Entry) -> str:
    """The name of a calendar or address book resource: a digest of its UID, which may itself hold any character."""
    ending = ".vcf" if service is Service.CONTACTS else ".ics"
    return hashlib.sha256((entry.uid or entry.href).encode()).hexdigest()[:40] + ending


def _refusal(entry: Entry, capabilities: Capabilities) -> Skip | None:
    out = target_type(entry.media_type, capabilities)
    if out is None:
        return Skip(code="no-mapping", reason="there is no mapping from its form to one that the target takes")
    limit = capabilities.max_item_size
    if limit is not None and entry.size is not None and entry.size_exact and entry.size > limit:
        return Skip(
            code="too-large", reason=f"over the target's limit of {limit} bytes", disposition=Disposition.BLOCKED
        )
    return None


def target_type(media_type: str, capabilities: Capabilities) -> str | None:
    """The form that the target will receive; None when there is none."""
    if media_type in capabilities.accepts:
        return media_type
    if media_type in MAPPINGS and MAPPINGS[media_type][0] in capabilities.accepts:
        return MAPPINGS[media_type][0]
    return media_type if "*/*" in capabilities.accepts else None


def convert(item: Item, capabilities: Capabilities) -> Mapped:
    """The item in the form that the target takes. Raises MappingError."""
    if item.media_type in capabilities.accepts or item.media_type not in MAPPINGS:
        return Mapped(item=item)
    return MAPPINGS[item.media_type][1](item)


def digest(item: Item) -> str:
    """``sha256:<hex>`` of the item's normal form, by which two sides are compared."""
    if isinstance(item.body, Path):
        return canonical.digest_file(item.media_type, item.body)
    return canonical.digest(item.media_type, item.body)


def renamed(name: str, key: str, rules: NameRules) -> tuple[str, Loss]:
    """Another name for the second of two items that cannot share one, the same at every pass."""
    loss = Loss(field="name", reason="another item of the folder has this name: a suffix is added")
    return paths.suffixed(name, key, rules), loss


def fold(name: str, rules: NameRules) -> str:
    """What two names have in common when they cannot stand in one folder."""
    return paths.fold(name, rules)
