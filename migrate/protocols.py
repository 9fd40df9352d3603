"""The verbs: what a connector offers and what the engine lends it.

A plugin implements :class:`Connector` and registers it under the entry point group ``transhume.connectors``
(``docs/plugins.md``). Abilities beyond the required ones are one-method protocols found by ``isinstance``: a
connector that cannot do a thing abstains. Readers and targets are used by one thread at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from migrate.errors import ConnectorError
from migrate.model import (
    Account,
    Capabilities,
    Change,
    Check,
    Collection,
    Entry,
    Grant,
    Item,
    Service,
    Stored,
)


class Pace(Protocol):
    """Lent by the engine: waits so that a provider's quota is used and not exceeded (``migrate/pacing.py``)."""

    def limit(self, bucket: str, *, per_minute: float, burst: float | None = None) -> None:
        """Declare a token bucket, e.g. ``google/gmail/user/<account>`` with 6,000 units a minute. Idempotent."""

    def spend(self, costs: Mapping[str, float]) -> None:
        """Block until every named bucket has that many units, then take them."""

    def refused(self, buckets: Iterable[str], *, retry_after: float | None = None) -> float:
        """Tell of a 429 or a rate 403: the buckets slow down and pause. Returns the pause in seconds."""

    def sleep(self, seconds: float) -> None:
        """Wait, unless the run is interrupted (raises Interrupted then)."""


class TokenStore(Protocol):
    """Lent by the engine: refresh tokens and app passwords that ``auth`` obtained, kept as the operator chose.

    A name is ``<system>/<account>``. Raises ConfigError when the store cannot be opened.
    """

    def load(self, name: str) -> str | None:
        """The text kept under that name."""

    def save(self, name: str, text: str) -> None:
        """Keep it, replacing what was there."""

    def forget(self, name: str) -> None:
        """Remove it; harmless when there is none."""


class Dialogue(Protocol):
    """Lent by ``transhume auth``: the person at the terminal."""

    def say(self, text: str) -> None:
        """Show a line, or an address to open."""

    def ask(self, question: str) -> str:
        """One line that the person types or pastes; empty when they only pressed return."""

    def open(self, url: str) -> None:
        """Open the person's browser there when this machine has one, and show the address in any case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the engine lends to a connector."""

    pace: Pace
    spool: Path
    """A folder, mode 0700, for bodies too large for memory. Files in it are the engine's to remove."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """The table of ``migration.toml``, validated against ``Connector.options``; secrets are Secret objects."""
    user_agent: str = "transhume"
    services: frozenset[Service] = frozenset(Service)
    """Those that the project moves: what a sign-in asks consent for, and nothing more."""
    tokens: TokenStore | None = None
    """Where sign-ins keep what they obtain; None where nobody can sign in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A setting a connector understands, declared so that configuration errors are found before any request."""

    name: str
    help: str
    type: type = str
    """``str``, ``int``, ``float`` or ``bool``."""
    required: bool = False
    secret: bool = False
    """Given by reference only (``env:``, ``file:``, ``command:``, ``keyring:``); arrives as a Secret."""
    default: Any = None


class Secret(Protocol):
    """A reference to a secret, resolved when used and never printed."""

    def reveal(self, account: str = "") -> str:
        """The secret's text. ``{account}`` in the reference is replaced first. Raises ConfigError."""


class Reader(Protocol):
    """Reads one service of one account. Every source, and the reading half of every target."""

    @property
    def capabilities(self) -> Capabilities:
        """Probed on first use. Raises ConnectorError."""

    def collections(self) -> Iterator[Collection]:
        """Every collection, parents before children. Raises ConnectorError."""

    def entries(self) -> Iterator[Entry]:
        """Every item of every collection once, streamed in any order.

        A listing that cannot be completed raises: an error is never an empty or a short listing.
        """

    def get(self, entry: Entry) -> Item:
        """The item as it is now, with its current etag in ``item.entry``. Raises NotFound when it is gone."""

    def close(self) -> None:
        """Release connections; further calls are errors."""


class Writer(Protocol):
    """Writes one service of one account. Only apply ever receives one."""

    def ensure(self, collection: Collection) -> Collection:
        """Create it if missing (by role first, then by path) and return it as this system names it.

        ``collection.href`` of the argument is ignored. Nothing existing is changed.
        """

    def mark(self, collection: Collection) -> str:
        """A token that separates what is there now from what comes later (IMAP: UIDVALIDITY and UIDNEXT)."""

    def find(self, collection: Collection, name: str, item: Item, mark: str) -> Iterator[Stored]:
        """What the collection already holds that equals this item, among what came since ``mark``.

        ``mark`` "" means: among everything. Asked after a lost reply or a crash, so that nothing is stored twice.
        """

    def put(self, collection: Collection, name: str, item: Item, *, expects: str | None) -> Stored:
        """Store the item. ``expects`` None: create only (If-None-Match: *); else the etag to replace (If-Match).

        Raises AlreadyExists, EtagMismatch, Rejected, QuotaExceeded, Retriable; Uncertain when sent without a reply.
        """

    def delete(self, entry: Entry, *, expects: str) -> None:
        """Remove an item whose etag is still ``expects``, without a mail to anyone."""


@runtime_checkable
class Target(Reader, Writer, Protocol):
    """Both halves. A target is a reader too."""


class Connector(Protocol):
    """One configured system, made by the factory that the entry point names."""

    name: str
    services: frozenset[Service]
    """What this connector can read, or write, or both."""

    def check(self, accounts: Sequence[str]) -> Iterator[Check]:
        """For ``doctor``: login, scopes, capabilities, quota, clock; reads only."""

    def reader(self, account: str, service: Service) -> Reader:
        """A reader of that account. No request is made before its first use."""


class TargetConnector(Connector, Protocol):
    """A connector that can also be written to."""

    def target(self, account: str, service: Service) -> Target:
        """A target for that account. No request is made before its first use."""


class ConnectorFactory(Protocol):
    """What an entry point of the group ``transhume.connectors`` loads."""

    summary: str
    """One line for ``transhume connectors``."""
    sources: frozenset[Service]
    """Services it can read as a source."""
    targets: frozenset[Service]
    """Services it can write as a target."""
    options: Sequence[Option]

    def __call__(self, context: Context) -> Connector:
        """The connector, configured. Makes no request."""


@runtime_checkable
class SupportsGetMany(Protocol):
    """Fetches several items for fewer requests (calendars: one listing; Gmail: a batch)."""

    def get_many(self, entries: Sequence[Entry]) -> Iterator[tuple[Entry, Item | ConnectorError]]:
        """Each entry asked for, once each, with its item or the error that concerns it alone."""


@runtime_checkable
class SupportsPutMany(Protocol):
    """Stores several items of one collection at once (MULTIAPPEND, bulk upload)."""

    def put_many(self, collection: Collection, items: Sequence[tuple[str, Item]]) -> Sequence[Stored | ConnectorError]:
        """One answer per item, in order; create only. Raises Uncertain when no reply came for any of them."""


@runtime_checkable
class SupportsDigest(Protocol):
    """Has the server recompute the hash of what it holds, without a download."""

    def digest(self, entry: Entry) -> str:
        """``sha256:<hex>`` of the stored bytes, read again by the server."""


@runtime_checkable
class SupportsChanges(Protocol):
    """Tells what changed since a moment, for less than a full listing (Gmail history, sync tokens, Graph delta)."""

    def cursor(self) -> str:
        """A cursor of now, taken before a full listing; opaque, and without a name in it."""

    def changes(self, cursor: str) -> Iterator[Change]:
        """What changed since; the last word of each href counts. Raises CursorExpired: list everything again.

        ``cursor()`` asked after the iteration has ended gives where to go on from.
        """


@runtime_checkable
class SupportsMove(Protocol):
    """A target that moves what it holds without sending it again (IMAP MOVE, WebDAV MOVE)."""

    def move(self, entry: Entry, collection: Collection, name: str, *, expects: str) -> Stored:
        """Give an item whose etag is still ``expects`` another place, never over anything.

        ``name`` as in ``put``. Raises NotFound, EtagMismatch, AlreadyExists; Uncertain when sent without a reply.
        """


@runtime_checkable
class SupportsFlags(Protocol):
    """A target that changes flags of a message one by one, so that others' flags survive."""

    def set_flags(self, entry: Entry, add: frozenset[str], remove: frozenset[str]) -> Stored:
        """Set some, clear some, leave the others. Harmless twice. Raises NotFound."""


@runtime_checkable
class SupportsPrune(Protocol):
    """A target that removes a collection which holds nothing, for a rollback."""

    def prune(self, collection: Collection) -> bool:
        """Remove it if it is empty, its child collections counted; False when it is not. Harmless twice."""


@runtime_checkable
class ListsGrants(Protocol):
    """A target that tells who may use what it holds."""

    def grants(self, href: str) -> Iterator[Grant]:
        """What is granted on this collection or item itself, as the server says."""


@runtime_checkable
class SupportsGrants(ListsGrants, Protocol):
    """A target that can let others use what it holds, without a mail to anyone."""

    def grant(self, href: str, grant: Grant) -> None:
        """Grant it; ``principal`` is this system's own name. Harmless twice. Raises LimitReached, Rejected."""


@runtime_checkable
class SupportsRevoke(Protocol):
    """A target that can end what it granted, for a rollback, without a mail to anyone."""

    def revoke(self, href: str, grant: Grant) -> bool:
        """End exactly that grant; False when it is not there, or another one by now. Raises NotFound, Rejected."""


@runtime_checkable
class SupportsPeople(Protocol):
    """A connector whose directory proposes the accounts file."""

    def people(self) -> Iterator[Account]:
        """Every account of the organisation. Raises AuthFailed when the directory may not be read."""


@runtime_checkable
class SupportsSignIn(Protocol):
    """A connector to which people sign in by themselves, once each, with ``transhume auth``."""

    def sign_in(self, account: str, dialogue: Dialogue) -> None:
        """Have that person consent and keep the token. Raises AuthFailed, also when another account signed in."""


@runtime_checkable
class SupportsLetter(Protocol):
    """A connector whose permissions an administrator grants, who is told what for."""

    def letter(self, language: str, association: str) -> str:
        """A page in Markdown, ``fr`` or ``en``: where to consent, to what, why, and how to end it."""
