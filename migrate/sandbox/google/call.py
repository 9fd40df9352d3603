"""What a handler receives: one request, already matched, typed, allowed and paid for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from migrate.sandbox.clock import Clock
from migrate.sandbox.cursors import BadCursor, Cursors, ExpiredCursor, Page, page
from migrate.sandbox.google import fields
from migrate.sandbox.google.discovery import Json, Method
from migrate.sandbox.google.errors import Reply, bad_request
from migrate.sandbox.google.state import AccountState
from migrate.sandbox.world import GoogleAccount

T = TypeVar("T")
PAGE_TOKEN_LIVES = 86400.0


@dataclass(slots=True)
class House:
    """What every request of one stand-in shares."""

    clock: Clock
    cursors: Cursors
    url: str = ""
    accounts: Sequence[GoogleAccount] = ()
    """Everyone of the organisation."""
    abusive: set[str] = field(default_factory=set)
    """Ids of files Drive holds for malware or spam: only their owner may download them, on demand."""

    def timestamp(self, seconds: float) -> str:
        """A sandbox moment as Google writes it."""
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Call:
    """One request of an API method."""

    method: Method
    parameters: Json
    """Typed, with the documents' defaults."""
    mask: fields.Mask
    state: AccountState
    scopes: frozenset[str]
    house: House
    range: str = ""
    """The Range header."""
    forget_cursors: bool = False
    """A fault was ordered: every cursor is too old."""

    def __getitem__(self, name: str) -> Any:
        return self.parameters.get(name)

    def replaced(self, **parameters: Any) -> Call:
        """The same call with other parameters."""
        return replace(self, parameters=self.parameters | parameters)

    def wants(self, *path: str) -> bool:
        """Whether the response keeps that field."""
        mask: fields.Mask | None = self.mask
        for name in path:
            mask = fields.below(mask, name) if mask is not None else None
        return mask is not None

    def cursor(self, listing: Sequence[Any], token: str, *, lives: float = PAGE_TOKEN_LIVES) -> Any:
        """A token's data. Raises BadCursor, ExpiredCursor."""
        if self.forget_cursors:
            raise ExpiredCursor
        return self.house.cursors.read(listing, token, lives=lives)

    def page(
        self, items: Sequence[T], limit: int, key: Callable[[T], str], listing: Sequence[Any]
    ) -> tuple[Page[T], str]:
        """The part of ``items`` that pageToken asks for, and the next token or "". Raises GoogleError 400."""
        token, after = self["pageToken"], None
        listing = [self.method.id, self.state.account.address, *listing]
        if token is not None:
            try:
                offset, last = self.cursor(listing, token)
            except (BadCursor, ExpiredCursor) as error:
                raise bad_request("Invalid pageToken", location="pageToken") from error
            after = (offset, last)
        part = page(items, limit, after, key)
        return part, self.house.cursors.issue(listing, part.position) if part.position else ""


Handler = Callable[[Call], Json | Reply]
Handlers = Mapping[str, Handler]
