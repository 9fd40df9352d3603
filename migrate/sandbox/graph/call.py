"""What a handler receives and gives: one request, already matched, allowed, typed and paid for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from migrate.sandbox.clock import Clock
from migrate.sandbox.cursors import Cursors
from migrate.sandbox.graph.errors import GraphError
from migrate.sandbox.graph.oauth import Grant
from migrate.sandbox.graph.query import Query
from migrate.sandbox.graph.state import AccountState, TenantState, default_id
from migrate.sandbox.replies import Reply
from migrate.sandbox.tenant import Json

LISTING = frozenset({"$select", "$filter", "$top", "$skip", "$orderby", "$count", "$expand", "$skiptoken"})
ONE = frozenset({"$select", "$expand"})
DELTA = frozenset({"$select", "$expand", "$top", "$skiptoken", "$deltatoken"})


def words(text: str) -> frozenset[str]:
    """A set of words written in one line."""
    return frozenset(text.split())


@dataclass(slots=True)
class House:
    """What every request of one stand-in shares."""

    clock: Clock
    cursors: Cursors
    tenant: TenantState
    url: str = ""
    downloads: str = ""
    """Where contents come from: another host than Graph's, so that clients leave their Authorization behind."""
    rebuilds_mime: bool = True
    """Exchange does not keep messages as MIME: each ``$value`` has boundaries and headers of its own."""
    downloads_live: float = 3600.0
    """Seconds that a download address works."""

    def timestamp(self, seconds: float | None = None) -> str:
        """A sandbox moment as Graph writes it; the present one when None."""
        moment = datetime.fromtimestamp(self.clock.now() if seconds is None else seconds, UTC)
        return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One GET of the API. ``template`` is its path with ``{parameters}``."""

    template: str
    kind: str
    """The type of the answer, or of what it lists."""
    run: Handler
    access: Access
    options: frozenset[str] = ONE
    expands: frozenset[str] = frozenset()
    service: str = "mailbox"
    """Whose limits it spends: mailbox, files or directory."""
    page: int = 10
    page_most: int = 1000
    units: int = 1
    """Resource units, for files."""
    unfiltered: frozenset[str] = frozenset()
    """Properties that this listing cannot filter by."""


@dataclass(frozen=True, slots=True)
class Access:
    """Permissions any one of which opens an operation, delegated and for the application."""

    delegated: frozenset[str]
    application: frozenset[str]
    refusal: str = "ErrorAccessDenied"


@dataclass(frozen=True, slots=True)
class Call:
    """One request of an operation."""

    operation: Operation
    parameters: Mapping[str, str]
    query: Query
    grant: Grant
    prefer: Mapping[str, str]
    house: House
    state: AccountState | None = None
    """Of the user named in the path, when there is one."""
    path: str = ""
    """The raw path, for the addresses of pages."""
    headers: Mapping[str, str] = field(default_factory=dict)
    forget_cursors: bool = False
    """A fault was ordered: every token is too old."""

    def __getitem__(self, name: str) -> str:
        return self.parameters[name]

    @property
    def account(self) -> AccountState:
        """The account of the path. Raises GraphError where there is none, which is a defect of the routes."""
        if self.state is None:
            raise GraphError(500, "generalException", "This path names no user.")
        return self.state

    @property
    def immutable(self) -> bool:
        """Whether immutable ids were asked for."""
        return self.prefer.get("idtype", "").lower() == "immutableid"

    def shown(self, identifier: str, container: str) -> str:
        """An Outlook item's id in the form asked for."""
        return identifier if self.immutable else default_id(identifier, container)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Items to be filtered, sorted, paged and shown."""

    items: Sequence[Any]
    key: Callable[[Any], str]
    show: Callable[[Any], Json]
    """The whole resource. Navigation properties may be functions, called when expanded."""
    brief: Callable[[Any], Json] | None = None
    """A cheaper resource for filters and sorting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """A listing with a memory: at first everything, then what changed since."""

    items: Sequence[Any]
    key: Callable[[Any], str]
    show: Callable[[Any], Json]
    current: int
    """The journal's number now."""
    since: Callable[[int], Sequence[tuple[str, Any]] | None]
    """After a number: ids and items, None for one that is gone; None when the number is forgotten."""
    removed: Callable[[str], Json] = field(default=lambda identifier: {"id": identifier})
    names: tuple[str, str] = ("$skiptoken", "$deltatoken")
    """What the tokens of a next page and of a next round are called."""


Answer = Json | Listing | Delta | Reply
Handler = Callable[[Call], Answer]
