"""Who may use what, from one system's principals to another's: folded into folders, never wider than it was.

Pure. What cannot be carried over without reaching more people, or letting them do more, is a listed loss.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from migrate.model import Grant, GrantKind, GrantRole, Loss, Service

RANK = {role: rank for rank, role in enumerate(GrantRole)}
Who = tuple[GrantKind, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A folder, a calendar or an item that the source tells the grants of."""

    id: str
    """The caller's own name for it."""
    parent: str = ""
    """``id`` of the folder that it lies in; empty at the top."""
    folder: bool = False
    grants: tuple[Grant, ...] = ()
    """As the source tells them, inherited ones included where it does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A grant to make, in the target's own names."""

    id: str
    grant: Grant


@dataclass(frozen=True, slots=True)
class Directory:
    """Whom the source's names stand for on the target."""

    people: Mapping[str, str]
    """Source address in lower case: target user."""
    groups: Mapping[str, str]
    """Source group or domain in lower case: target group that the operator named for it."""
    owner: str
    """The target user who owns what is shared."""


def shared(
    service: Service, everything: Sequence[Held], directory: Directory, now: datetime, *, complete: bool = False
) -> tuple[list[Wanted], list[tuple[str, Loss]]]:
    """The grants to make, parents first, and what will not follow, each with the id of what it concerns.

    ``complete``: the source tells of each thing everyone who may use it.
    """
    wanted: list[Wanted] = []
    losses: list[tuple[str, Loss]] = []
    for held in everything:
        for grant in held.grants:
            if grant.inherited:
                continue
            for made in translated(service, held, grant, directory, now):
                if isinstance(made, Loss):
                    losses.append((held.id, made))
                else:
                    wanted.append(Wanted(id=held.id, grant=made))
    wanted, refused = _without_widening(everything, wanted, directory, complete=complete)
    losses += refused
    return _uncovered(everything, _folded(everything, wanted)), losses


def translated(
    service: Service, held: Held, grant: Grant, directory: Directory, now: datetime
) -> Iterator[Grant | Loss]:
    """One grant in the target's names, and what it loses; nothing for the owner's own."""
    if grant.expires is not None and grant.expires <= now:
        yield _loss("it has expired; it is not made again")
        return
    if grant.role is GrantRole.FREEBUSY:
        yield _loss("times without contents cannot be shared there; nothing is shared")
        return
    principal = _principal(service, grant, directory)
    if isinstance(principal, Loss):
        yield principal
        return
    if grant.kind is GrantKind.USER and principal == directory.owner:
        return
    role, narrowed = _role(grant)
    if narrowed is not None:
        yield narrowed
    kind = GrantKind.GROUP if grant.kind is GrantKind.DOMAIN else grant.kind
    yield replace(grant, kind=kind, principal=principal, role=role)


def _principal(service: Service, grant: Grant, directory: Directory) -> str | Loss:
    """Whom it goes to there."""
    name = grant.principal.lower()
    match grant.kind:
        case GrantKind.USER:
            return directory.people.get(name) or _loss("the person has no account there; nothing is shared")
        case GrantKind.GROUP:
            return directory.groups.get(name) or _loss("no group of the target was named for it; nothing is shared")
        case GrantKind.DOMAIN:
            return directory.groups.get(name) or _loss("a whole domain: no group of the target was named for it")
        case GrantKind.LINK if service is Service.FILES:
            return ""
        case GrantKind.LINK:
            return _loss("a calendar is not published to whoever has an address")
    return _loss("it was open to everyone and to search engines; it is not published again")


def _role(grant: Grant) -> tuple[GrantRole, Loss | None]:
    if grant.role is GrantRole.COMMENT:
        return GrantRole.READ, _loss("those who could comment can read")
    if grant.role is GrantRole.MANAGE and grant.kind is GrantKind.LINK:
        return GrantRole.WRITE, None
    return grant.role, None


def _loss(reason: str) -> Loss:
    return Loss(field="sharing", reason=reason)


def _without_widening(
    everything: Sequence[Held], wanted: Sequence[Wanted], directory: Directory, *, complete: bool
) -> tuple[list[Wanted], list[tuple[str, Loss]]]:
    """Refuse a folder's grant that would reach something in it that was kept from the same person at the source.

    A folder's share reaches all that it holds; a source may end the inheritance below. That shows only where the
    source tells inherited grants too: there, what lies in a shared folder names everyone of the folder again.
    """
    tells = complete or any(grant.inherited for held in everything for grant in held.grants)
    if not tells:
        return list(wanted), []
    children = _children(everything)
    kept: list[Wanted] = []
    losses: list[tuple[str, Loss]] = []
    for want in wanted:
        if _narrower_below(want, children, directory):
            losses.append((want.id, _loss("something in it is kept from them, and would not be there; refused")))
        else:
            kept.append(want)
    return kept, losses


def _children(everything: Iterable[Held]) -> Mapping[str, list[Held]]:
    found: defaultdict[str, list[Held]] = defaultdict(list)
    for held in everything:
        if held.parent:
            found[held.parent].append(held)
    return found


def _narrower_below(want: Wanted, children: Mapping[str, list[Held]], directory: Directory) -> bool:
    """Whether something below the shared folder lacks the person, or lets them do less."""
    waiting = list(children.get(want.id, ()))
    while waiting:
        held = waiting.pop()
        known = [g for g in held.grants if _same_person(g, want.grant, directory)]
        if not any(RANK[_role(g)[0]] >= RANK[want.grant.role] for g in known):
            return True
        waiting += children.get(held.id, ())
    return False


def _same_person(source: Grant, made: Grant, directory: Directory) -> bool:
    if source.kind in {GrantKind.LINK, GrantKind.PUBLIC}:
        return made.kind is source.kind
    known = directory.people if source.kind is GrantKind.USER else directory.groups
    return known.get(source.principal.lower()) == made.principal


def _folded(everything: Sequence[Held], wanted: Sequence[Wanted]) -> list[Wanted]:
    """One share of a folder in place of one for each thing in it, where all of them are read by the same person.

    Only reading is folded: who may write in each file may not, for that, add to the folder. Links stay where they
    are, since each has an address of its own. The deepest folders come first, so that folds fold again.
    """
    made = {(want.id, _who(want.grant)): want for want in wanted}
    parents = {held.id: held.parent for held in everything}
    children = _children(everything)
    depth = {held.id: _depth(held.id, parents) for held in everything}
    for folder in sorted((h for h in everything if h.folder), key=lambda h: -depth[h.id]):
        inside = children.get(folder.id, ())
        if len(inside) < 2:
            continue
        for who in {_who(made[key].grant) for key in list(made) if parents.get(key[0]) == folder.id}:
            each = [made.get((child.id, who)) for child in inside]
            if (folder.id, who) in made or who[0] is GrantKind.LINK or not _alike(each):
                continue
            first = made[inside[0].id, who]
            for child in inside:
                del made[child.id, who]
            made[folder.id, who] = replace(first, id=folder.id)
    order = {held.id: number for number, held in enumerate(everything)}
    return sorted(made.values(), key=lambda want: (order[want.id], _who(want.grant)))


def _alike(each: Sequence[Wanted | None]) -> bool:
    grants = {want.grant if want is not None else None for want in each}
    return len(grants) == 1 and all(grant is not None and grant.role is GrantRole.READ for grant in grants)


def _uncovered(everything: Sequence[Held], wanted: Sequence[Wanted]) -> list[Wanted]:
    """Without what a share of a folder above gives already, to the same person and for as long."""
    parents = {held.id: held.parent for held in everything}
    made = {(want.id, _who(want.grant)): want.grant for want in wanted}
    return [want for want in wanted if not _covered(want, parents, made)]


def _covered(want: Wanted, parents: Mapping[str, str], made: Mapping[tuple[str, Who], Grant]) -> bool:
    if want.grant.kind is GrantKind.LINK:
        return False
    above = parents.get(want.id, "")
    while above:
        grant = made.get((above, _who(want.grant)))
        if grant and RANK[grant.role] >= RANK[want.grant.role] and grant.expires in {None, want.grant.expires}:
            return True
        above = parents.get(above, "")
    return False


def _who(grant: Grant) -> Who:
    return grant.kind, grant.principal


def _depth(name: str, parents: Mapping[str, str]) -> int:
    depth = 0
    while name := parents.get(name, ""):
        depth += 1
    return depth
