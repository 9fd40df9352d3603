"""Rows of a listing and of the ledger, as the deciding rooms see them: values without a database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from migrate.model import Collection, Loss, Skip

COLLECTION = "collection"
"""The outcome code of a step that made a collection rather than an item."""


GRANT = "grant"
"""The outcome code of a step that shared something; with a dash and more when it failed."""


ASIDE = "aside"
"""The outcome code of a step that moved something out of another's way; with a dash and more when it failed."""


def is_item(code: str) -> bool:
    """Whether an outcome with this code is that of an item."""
    return code != COLLECTION and code.partition("-")[0] not in (GRANT, ASIDE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A source item and what was stored for it. Without a digest: verify found that it is not what was sent."""

    source_href: str
    source_etag: str
    target_collection: str
    target_href: str
    target_etag: str
    media_type: str
    size: int
    digest: str
    """``sha256:<hex>`` of the normal form of what was sent (``mappings/canonical.py``)."""
    flags: tuple[str, ...] = ()
    date: int | None = None
    """Seconds since 1970: IMAP INTERNALDATE, or a file's modification time."""
    place: str | None = None
    """Key of the collection that it was placed in, by which a later move is seen; None: not recorded then."""
    name: str = ""
    """The name that it was stored under; empty for mail."""
    adopted: bool = False
    """It was at the target already and equal: not ours to remove."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow:
    """One source item with the place it was given."""

    collection: str
    """Key of the placed collection in its lane."""
    sort: str
    """Orders items of one collection: the elder keeps a name that two want."""
    href: str
    etag: str
    size: int | None
    exact: bool
    name: str
    media_type: str = "application/octet-stream"
    home: str = ""
    """``href`` of the source collection, for the connector's own use."""
    fold: str = ""
    """What two names have in common when they cannot both stand in one folder; empty when items have no name."""
    flags: tuple[str, ...] = ()
    losses: tuple[Loss, ...] = ()
    skip: Skip | None = None
    date: int | None = None
    """Seconds since 1970, by which filters and moved mail are told: a message's arrival, else the last change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is kept of a source's listing beside its rows, so that the next one may be a delta."""

    cursor: str
    """The provider's; empty where it has none."""
    ground: str
    """Fingerprint of what else the rows depend on."""
    homes: Mapping[str, str]
    """Key of the placed collection by href of the source's."""
    places: Mapping[str, Collection]
    """Every placed collection by key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRow:
    """One item that the target holds."""

    href: str
    collection: str
    name: str
    etag: str
    size: int | None
    flags: tuple[str, ...] = ()
    date: int | None = None
    home: str = ""
    """``href`` of its collection, for the connector's own use."""
