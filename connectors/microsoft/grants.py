"""Permissions of a driveItem as grants. Pure.

https://learn.microsoft.com/graph/api/resources/permission
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from connectors.microsoft.http import Json
from connectors.microsoft.message import moment_of
from migrate.model import Grant, GrantKind, GrantRole

_ROLES = {
    "read": GrantRole.READ,
    "write": GrantRole.WRITE,
    "owner": GrantRole.MANAGE,
    "sp.full control": GrantRole.MANAGE,
}
_LINKS = {"view": GrantRole.READ, "embed": GrantRole.READ, "edit": GrantRole.WRITE}
_ORDER = list(GrantRole)


def grants_of(permissions: Iterable[Json], owner: str) -> tuple[Grant, ...]:
    """Who else may use it; ``owner``: the address whose drive it is. What is inherited lies with the folder above."""
    found: dict[tuple[GrantKind, str], Grant] = {}
    for permission in permissions:
        if permission.get("inheritedFrom"):
            continue
        for grant in _of(permission, owner):
            key = (grant.kind, grant.principal.casefold())
            before = found.get(key)
            if before is None or _ORDER.index(before.role) < _ORDER.index(grant.role):
                found[key] = grant
    return tuple(found[key] for key in sorted(found))


def _of(permission: Json, owner: str) -> Iterator[Grant]:
    link = permission.get("link")
    role = _role(permission)
    if role is None:
        return
    expires = moment_of(permission.get("expirationDateTime"))
    scope = str((link or {}).get("scope") or "")
    if link and scope == "anonymous":
        yield Grant(kind=GrantKind.LINK, role=role, expires=expires)
    elif link and scope == "organization":
        yield Grant(kind=GrantKind.DOMAIN, role=role, principal=owner.rpartition("@")[2], expires=expires)
    else:
        for identities in _identities(permission):
            yield from _to(identities, role, expires, owner)


def _role(permission: Json) -> GrantRole | None:
    """The most that it allows; None for roles that are not known to allow anything (SharePoint's limited access)."""
    link = permission.get("link") or {}
    if link.get("type") in _LINKS:
        return _LINKS[str(link["type"])]
    roles = [_ROLES[role] for role in permission.get("roles") or () if role in _ROLES]
    return max(roles, key=_ORDER.index, default=None)


def _identities(permission: Json) -> Iterator[Json]:
    """Of a link, those who were given it; else the one, or whoever is invited and has not come yet."""
    many = permission.get("grantedToIdentitiesV2") or permission.get("grantedToIdentities") or ()
    if many or permission.get("link"):
        yield from many
        return
    one = permission.get("grantedToV2") or permission.get("grantedTo")
    email = (permission.get("invitation") or {}).get("email")
    if one:
        yield one
    elif email:
        yield {"user": {"email": email}}


def _to(identities: Json, role: GrantRole, expires: datetime | None, owner: str) -> Iterator[Grant]:
    for kind, names in ((GrantKind.USER, ("user", "siteUser")), (GrantKind.GROUP, ("group", "siteGroup"))):
        principal = next((found for name in names if (found := _principal(identities.get(name)))), "")
        if principal and principal.casefold() != owner.casefold():
            yield Grant(kind=kind, role=role, principal=principal, expires=expires)
            return


def _principal(identity: object) -> str:
    """An address where there is one, else the name that SharePoint logs it in with, else its title."""
    if not isinstance(identity, Mapping):
        return ""
    login = str(identity.get("loginName") or "").rpartition("|")[2]
    address = identity.get("email") or identity.get("userPrincipalName") or (login if "@" in login else "")
    return str(address or identity.get("displayName") or "")
