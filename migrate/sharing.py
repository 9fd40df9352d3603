"""Grants on their way to a plan: collected while both sides are listed, then steps of a lane.

Only a whole listing plans grants: a delta does not tell who may use what did not change, and what lies beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from mappings.shares import Directory, Held, Wanted, shared
from migrate.convert import key_of
from migrate.model import Collection, Entry, Grant, Loss, Service
from migrate.planrows import Sharing
from migrate.protocols import ListsGrants, Reader

_BETWEEN = "\x1e"
"""Between the key of a collection and an item's name; no name on any system holds it."""


def spot(key: str, name: str = "") -> str:
    """One string for a collection, or for an item in it."""
    return f"{key}{_BETWEEN}{name}"


@dataclass(slots=True)
class Holdings:
    """What a whole listing of a source tells of grants. Its memory grows with what is shared."""

    service: Service
    complete: bool
    """Whether the source tells everyone (``Capabilities.tells_everyone``)."""
    _collections: dict[str, Held] = field(default_factory=dict)
    _items: dict[str, Held] = field(default_factory=dict)
    hrefs: dict[str, str] = field(default_factory=dict)
    """Source href of each shared item, by spot."""
    _unshared: set[str] = field(default_factory=set)
    """Folders with an item that nobody else may use: it keeps shares from being folded."""

    def place(self, collection: Collection, key: str, path: Sequence[str]) -> None:
        """A collection of the source, and where it goes."""
        files = self.service is Service.FILES
        parent = spot(key_of(path[:-1])) if files and path else ""
        # The root is no folder to share: what other sources bring lies in it too.
        self._collections[spot(key)] = Held(
            id=spot(key), parent=parent, folder=files and bool(path), grants=collection.grants
        )

    def add(self, entry: Entry, key: str, name: str) -> None:
        """An item that is to be moved there."""
        if self.service is not Service.FILES:
            return
        if not entry.grants:
            self._unshared.add(spot(key))
            return
        where = spot(key, name or entry.href)
        self._items[where] = Held(id=where, parent=spot(key), grants=entry.grants)
        self.hrefs[where] = entry.href

    def everything(self) -> list[Held]:
        """All that counts, folders before what they hold; empty when nothing is shared."""
        if not self._items and not any(held.grants for held in self._collections.values()):
            return []
        others = [Held(id=f"{folder}{_BETWEEN}", parent=folder) for folder in sorted(self._unshared)]
        folders = [self._collections[name] for name in sorted(self._collections)]
        return [*folders, *(self._items[name] for name in sorted(self._items)), *others]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What the source shares, and what of it the target shares already."""

    service: Service
    complete: bool = False
    held: Sequence[Held] = ()
    hrefs: Mapping[str, str] = field(default_factory=dict)
    granted: Mapping[str, frozenset[Grant]] = field(default_factory=dict)


def granted_there(target: Reader, holdings: Holdings, have: Mapping[str, str], items: Mapping[str, str]) -> Shared:
    """With what the target grants on the same places: hrefs by key, and by spot for items. Raises ConnectorError."""
    held = holdings.everything()
    if not held or not isinstance(target, ListsGrants):
        return Shared(service=holdings.service)
    hrefs = {spot(key): href for key, href in have.items()} | dict(items)
    granted = {one.id: frozenset(target.grants(hrefs[one.id])) for one in held if one.id in hrefs}
    return Shared(
        service=holdings.service, complete=holdings.complete, held=held, hrefs=holdings.hrefs, granted=granted
    )


def to_make(
    found: Shared, people: Mapping[str, str], owner: str, now: datetime
) -> tuple[list[Wanted], list[tuple[str, Loss]]]:
    """The grants that the target lacks, and what will not follow."""
    directory = Directory(people=people, groups={}, owner=owner)
    wanted, losses = shared(found.service, found.held, directory, now, complete=found.complete)
    return [want for want in wanted if not _there(want.grant, found.granted.get(want.id, frozenset()))], losses


def _there(wanted: Grant, granted: frozenset[Grant]) -> bool:
    """Links are told by their kind alone: each has another address."""
    return any((g.kind, g.principal, g.role) == (wanted.kind, wanted.principal, wanted.role) for g in granted)


def steps_of(
    wanted: Sequence[Wanted], hrefs: Mapping[str, str], numbers: Mapping[str, int], first: int
) -> Iterator[Sharing]:
    """Grants as numbered steps; those of places that the plan does not have are left out."""
    n = first
    for want in wanted:
        key = want.id.partition(_BETWEEN)[0]
        if key in numbers:
            yield Sharing(n=n, collection=numbers[key], href=hrefs.get(want.id, ""), grant=want.grant)
            n += 1
