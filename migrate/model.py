"""The nouns of a migration: frozen values, no I/O.

What moves keeps its open form (``message/rfc822``, ``text/calendar``, ``text/vcard``, bytes); these classes
carry it and say where it lies. Words follow the protocols: *href* is a server's name for a thing, *etag*
changes whenever the thing does, *UID* names it everywhere (RFC 4791, RFC 5545), *collection* is what holds
items: a mailbox, a calendar, an address book, a task list, a folder (RFC 4918).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path


class Service(StrEnum):
    """A kind of data, as the command line and the configuration name it."""

    MAIL = "mail"
    CALENDAR = "calendar"
    CONTACTS = "contacts"
    TASKS = "tasks"
    FILES = "files"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One person's account on one system."""

    id: str
    """The system's name for it: an address, a login or a uid."""
    display_name: str = ""
    aliases: tuple[str, ...] = ()
    """Its other addresses."""
    suspended: bool = False


class Disposition(StrEnum):
    """The class of a discovered item in a plan: exactly one each."""

    PLANNED = "planned"
    PRESENT = "present"
    EXCLUDED = "excluded"
    UNSUPPORTED = "unsupported"
    BLOCKED = "blocked"
    GONE = "gone"
    """Moved by an earlier pass, and no longer at the source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Skip:
    """Why an item cannot be moved. A value with a reason, never a silence.

    ``code`` is a stable kebab-case word that programs may test; ``reason`` is a sentence without any title.
    """

    code: str
    reason: str
    disposition: Disposition = Disposition.UNSUPPORTED
    """EXCLUDED when a rule leaves it behind, UNSUPPORTED when no form of it exists, BLOCKED when it can be lifted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """Something that will not follow an item: which field, and what is done instead. Holds no value found."""

    field: str
    reason: str


class GrantKind(StrEnum):
    """Whom a grant reaches, from the narrowest to the widest."""

    USER = "user"
    GROUP = "group"
    DOMAIN = "domain"
    LINK = "link"
    """Anyone who has the address."""
    PUBLIC = "public"
    """Anyone, and search engines list it."""


class GrantRole(StrEnum):
    """What a grant allows, from the least to the most."""

    FREEBUSY = "freebusy"
    """Calendars: when, not what."""
    READ = "read"
    COMMENT = "comment"
    WRITE = "write"
    MANAGE = "manage"
    """Write, and share with others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Who else may use a collection or an item, the owner left out."""

    kind: GrantKind
    role: GrantRole
    principal: str = ""
    """Address of the user or the group, or name of the domain; empty for links and the public."""
    expires: datetime | None = None
    inherited: bool = False
    """It comes from a folder above, which is listed with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """A mailbox, a calendar, an address book, a task list or a folder."""

    href: str
    """The system's name for it; opaque to everyone but its connector."""
    path: tuple[str, ...] = ()
    """Names from the root down, as people see them; ``()`` is the root itself."""
    parent: str = ""
    """``href`` of the collection it lies in, where names alone do not tell (two folders of one name)."""
    role: str = ""
    """A special use (RFC 6154: ``\\\\Sent``, ``\\\\Drafts``…), ``\\\\Inbox``; ``primary`` for the default calendar."""
    properties: Mapping[str, str] = field(default_factory=dict)
    """``color`` (#rrggbb), ``timezone`` (IANA), ``description``… where the system has them."""
    grants: tuple[Grant, ...] = ()
    """Who else may use it, where the system tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A row of a listing: what can be known of an item without fetching it."""

    href: str
    collection: str
    """``Collection.href``."""
    etag: str
    """Changes when the content or what is moved with it changes; equal etags mean an equal item."""
    name: str = ""
    """The last segment of a file's path (with the extension ``get`` will deliver). Empty for mail and events."""
    uid: str = ""
    """Message-ID or iCalendar UID when the listing tells it."""
    media_type: str = "application/octet-stream"
    """Of the body that ``get`` delivers, parameters left out."""
    size: int | None = None
    """Bytes of that body; None when only fetching tells."""
    size_exact: bool = True
    """False when ``size`` is an estimate."""
    modified: datetime | None = None
    created: datetime | None = None
    digest: str = ""
    """``sha256:<hex>`` or ``md5:<hex>`` of the body when the system itself computed it."""
    flags: frozenset[str] = frozenset()
    """IMAP system flags and keywords (RFC 9051: ``\\\\Seen``, ``\\\\Flagged``, ``$Forwarded``…)."""
    labels: tuple[str, ...] = ()
    """Gmail labels in X-GM-LABELS form: ``\\\\Inbox``, ``\\\\Sent``…, or the user's own ``Projets/2026``."""
    losses: tuple[Loss, ...] = ()
    """What the connector already knows will not follow."""
    grants: tuple[Grant, ...] = ()
    """Who else may use it, where the system tells; those of its collection left out."""
    skip: Skip | None = None
    """Set when the item cannot be fetched or has no portable form: it is counted, never fetched."""
    inline: bytes | None = field(default=None, repr=False, compare=False)
    """The body itself where the listing carried it (calendar events), so that planning needs no second request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One step of a delta: an item that came or changed, or one that is gone."""

    href: str
    entry: Entry | None
    """As a full listing would give it now; None when it is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An item with its body. Large bodies lie in a spool file, which whoever receives the item discards."""

    entry: Entry
    body: bytes | Path = field(repr=False)
    media_type: str
    internal_date: datetime | None = None
    """IMAP INTERNALDATE: aware, UTC."""
    flags: frozenset[str] = frozenset()

    @property
    def size(self) -> int:
        """Bytes of the body."""
        return len(self.body) if isinstance(self.body, bytes) else self.body.stat().st_size

    def discard(self) -> None:
        """Remove the spool file, if there is one."""
        if isinstance(self.body, Path):
            self.body.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """What a mapping returns: the translated item and what was lost on the way."""

    item: Item
    losses: tuple[Loss, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where an item goes on the target, decided before anything moves."""

    path: tuple[str, ...]
    """Names of the target collection, by the target's own rules."""
    role: str = ""
    """Its special use, when it has one: the target may name it otherwise."""
    name: str = ""
    """The item's own name in it (files: file name; calendars: resource name; mail: empty, the server numbers)."""
    flags: frozenset[str] = frozenset()
    losses: tuple[Loss, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NameRules:
    """What a target accepts in a name (Nextcloud: capabilities ``files``; IMAP: separator and namespaces)."""

    max_bytes: int = 250
    forbidden_characters: str = "/\\"
    forbidden_names: frozenset[str] = frozenset()
    """Whole names refused, compared without case."""
    forbidden_extensions: frozenset[str] = frozenset()
    """Endings refused (``.part``), compared without case."""
    forbidden_basenames: frozenset[str] = frozenset()
    """Names refused whatever their extension (Windows' ``con``, ``nul``), compared without case."""
    trim_trailing: str = ""
    """Characters a name may not end with (Windows: space and dot)."""
    case_sensitive: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What one account of one system can do, probed rather than assumed."""

    accepts: frozenset[str] = frozenset()
    """Media types that ``put`` takes; ``*/*`` for any. Empty for a source that is never written."""
    max_item_size: int | None = None
    """Bytes; None when the server announces no limit."""
    keywords: bool = True
    """Mail: whether the server keeps user-defined flags."""
    names: NameRules = NameRules()
    free_bytes: int | None = None
    """Space left for the account; None when unknown or unlimited."""
    max_connections: int = 1
    """How many readers, or targets, of one service of this account may be used at once."""
    grants_per_hour: int | None = None
    """How many grants the server takes from the account; None when as many as one likes."""
    tells_everyone: bool = False
    """The source tells of each item everyone who may use it, those of the folders above included: whoever an item does
    not name is kept from it."""
    batch: int = 1
    """How many items ``put_many`` takes at once."""
    moves: bool = False
    """The target can move an item to another collection or name (``SupportsMove``)."""
    reflags: bool = False
    """The target can set and clear flags of a message that it holds (``SupportsFlags``)."""
    items_per_minute: float | None = None
    """What the system's own quota lets one account read or write; None when it tells none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What a target answered to a write, or what was found there."""

    href: str
    etag: str
    digest: str = ""
    """``sha256:<hex>`` when the server proved what it holds; empty when only reading back tells."""
    refused_flags: frozenset[str] = frozenset()
    """Flags of the item that the server does not take: the message is stored without them."""
    redated: datetime | None = None
    """The date that it was given, where its own is one that the server would change (IMAP: before 1970, to come)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of ``doctor``."""

    subject: str
    """``login``, ``scopes``, ``capabilities``, ``quota``, ``clock``…"""
    passed: bool
    detail: str
    advice: str = ""
    exit_code: int = 5
    """The exit code when it did not pass: 5 authentication or consent, 9 preflight veto."""


class Verb(StrEnum):
    """What an action of a plan does."""

    CREATE = "create"
    UPDATE = "update"
    MOVE = "move"
    """What was stored for it goes to another collection or name; its content stays."""
    REPLACE = "replace"
    """Stored anew in its new place, then the older copy is removed: for targets that cannot move."""
    ASIDE = "aside"
    """Its copy is moved to a name of its own for a while: two items change names. Its MOVE or REPLACE follows."""
    FLAGS = "flags"
    """Flags of a message that is there are set and cleared, one by one."""
    DELETE = "delete"
    """Our own untouched copy of what is gone from the source is removed, on demand only."""


class State(StrEnum):
    """How a planned action ended."""

    DONE = "done"
    FAILED = "failed"
    DRIFTED = "drifted"


class Fate(StrEnum):
    """What a rollback does with an item that was stored."""

    REMOVED = "removed"
    TOUCHED = "touched"
    """Somebody changed it at the target since: it stays."""
    THEIRS = "theirs"
    """It was at the target before: it stays."""
    GONE = "gone"
    """No longer at the target."""
    FAILED = "failed"
    """The target did not remove it."""


class FindingKind(StrEnum):
    """What verify says of one item."""

    MATCH = "match"
    DIFFERS = "differs"
    MISSING = "missing"
    NOT_MOVED = "not-moved"
    DOUBLE = "double"
    UNREADABLE = "unreadable"
    EDITED = "edited"
    """Somebody changed it at the target since it was stored: theirs to keep."""
    DELETED = "deleted"
    """Gone from the target since it was stored, and a person approved that such items stay away."""

    @property
    def quiet(self) -> bool:
        """Whether it is no difference."""
        return self in (FindingKind.MATCH, FindingKind.NOT_MOVED, FindingKind.EDITED, FindingKind.DELETED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One result of a comparison between a source, the ledger and a target. Ids only, never a title."""

    kind: FindingKind
    account: str
    service: Service
    href: str
    detail: str = ""
