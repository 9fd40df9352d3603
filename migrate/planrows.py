"""What a plan holds, row by row: values, and the one function that hides a name."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from migrate.model import Collection, Disposition, Grant, Loss, Verb

FORMAT = "2.1"
"""A minor number only adds fields; a major one is refused by older versions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One write that apply will do, or will not do."""

    n: int
    verb: Verb
    href: str
    """The source's href."""
    etag: str
    """Precondition: the source item still has this etag."""
    size: int | None
    collection: int
    """Number of the target collection in its lane."""
    media_type: str = "application/octet-stream"
    """Of the source's item."""
    home: str = ""
    """``href`` of the source collection."""
    name: str = ""
    flags: tuple[str, ...] = ()
    losses: tuple[Loss, ...] = ()
    replaces: str = ""
    """The target's href of what is updated or moved; empty for what stepped aside before: the ledger knows."""
    expects: str | None = None
    """Precondition: the etag that the target item still has; None: there is no such item, or its copy stepped aside
    and is as that step left it. Of a create: the etag of
    what lies under its name already and may be equal; it is never overwritten."""
    since: str = ""
    """Of what was stored before: the source etag that the ledger had for it. Another plan came first if it differs."""
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    """Flags to set and to clear; ``flags`` are those that the source has."""
    former: tuple[tuple[str, str], ...] = ()
    """Source hrefs that are gone, each with its copy's etag: one of these copies, if equal, is moved here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A target collection of a lane. ``n`` is its step number when the target lacks it, else 0."""

    number: int
    n: int
    collection: Collection


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """One grant to make, once the items of every lane are there."""

    n: int
    collection: int
    """Number of the target collection that is shared, or that holds the item."""
    href: str
    """The source's href of the item; empty when the collection itself is shared."""
    grant: Grant


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """One item that does not move, in one class, with the code of the reason."""

    disposition: Disposition
    code: str
    href: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What a lane adds up to."""

    discovered: int
    """Items listed, counted apart from the classes."""
    counts: Mapping[str, int]
    bytes_planned: int
    bytes_exact: bool
    reasons: tuple[tuple[str, str, str, int], ...]
    """(disposition, code, sentence, count)."""
    losses: tuple[tuple[str, str, int], ...]
    """(field, what is done instead, count)."""
    verbs: Mapping[str, int] = field(default_factory=dict)
    """Planned items by what is done with them."""
    grants: int = 0
    """Shares to make."""
    grants_per_hour: int | None = None
    """How many of them the target takes; None when as many as one likes."""
    seconds: tuple[float, float] = (0.0, 0.0)
    """How long it should take alone, at least and at most."""
    limit: str = ""
    """What sets its pace."""
    error: str = ""
    exit_code: int = 0
    """When the lane cannot be applied: why, and the code that it gives to the command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Where a lane lies in both files."""

    lane: str
    account: str
    service: str
    target: str
    route: str = ""
    """Digest of where the lane goes."""
    wave: str = ""
    offset: int = 0
    names_offset: int = 0
    actions: int = 0
    steps: int = 0
    """Actions and collections to create."""
    blocked: int = 0
    grants: int = 0
    totals: Totals | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a plan says of itself."""

    id: str
    made_at: str
    tool: str
    project: str
    """Fingerprint of the configuration that it was made for."""
    filters: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    """Digests of the settings that it stands on, by name (``migrate/ground.py``)."""


def anonymous(lane: str, href: str) -> str:
    """A stable id for an item that tells nothing of its name."""
    return hashlib.blake2b(f"{lane}\0{href}".encode(), digest_size=8).hexdigest()
