"""Who can see an item: grants to classes, from the widest. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from migrate.model import Grant, GrantKind


class Reach(StrEnum):
    """The widest reach of an item, widest first. The values are stable."""

    PUBLIC = "public"
    LINK = "link"
    DOMAIN = "domain"
    OUTSIDE = "outside"  # persons or groups of other organisations
    INSIDE = "inside"  # persons or groups of this one
    OWNER = "owner"


ORDER = tuple(Reach)


@dataclass(frozen=True, slots=True)
class Exposure:
    """What the grants of an item come to."""

    reach: Reach
    outside_domains: frozenset[str] = frozenset()
    writable_outside: bool = False
    """Somebody outside, or anyone with the address, may change it."""
    expires: bool = False
    """Every grant beyond the organisation ends by itself."""


def domain_of(address: str) -> str:
    """The domain of an address, in lower case; empty when it is none."""
    return address.rpartition("@")[2].lower() if "@" in address else ""


def expose(grants: Iterable[Grant], own_domains: frozenset[str]) -> Exposure:
    """The exposure that all these grants together make."""
    listed = list(grants)
    reach = min((_reach(grant, own_domains) for grant in listed), key=ORDER.index, default=Reach.OWNER)
    beyond = [grant for grant in listed if _reach(grant, own_domains) in _BEYOND]
    return Exposure(
        reach=reach,
        outside_domains=frozenset(
            domain_of(g.principal) for g in listed if _reach(g, own_domains) is Reach.OUTSIDE and "@" in g.principal
        ),
        writable_outside=any(grant.role in ("write", "manage") for grant in beyond),
        expires=bool(beyond) and all(grant.expires is not None for grant in beyond),
    )


_BEYOND = (Reach.PUBLIC, Reach.LINK, Reach.OUTSIDE)
_WIDE: Mapping[GrantKind, Reach] = {GrantKind.PUBLIC: Reach.PUBLIC, GrantKind.LINK: Reach.LINK}


def _reach(grant: Grant, own_domains: frozenset[str]) -> Reach:
    if grant.kind in _WIDE:
        return _WIDE[grant.kind]
    if grant.kind is GrantKind.DOMAIN:
        return Reach.DOMAIN if grant.principal.lower() in own_domains or not grant.principal else Reach.OUTSIDE
    domain = domain_of(grant.principal)
    return Reach.INSIDE if not domain or domain in own_domains else Reach.OUTSIDE
