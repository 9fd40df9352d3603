"""Google's rules of access as grants: calendars' ACL and Drive's permissions, the owner left out.

https://developers.google.com/workspace/calendar/api/v3/reference/acl ·
https://developers.google.com/workspace/drive/api/reference/rest/v3/permissions
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from migrate.model import Grant, GrantKind, GrantRole

Json = Mapping[str, Any]

_CALENDAR_ROLES = {
    "freeBusyReader": GrantRole.FREEBUSY,
    "reader": GrantRole.READ,
    "writerWithoutPrivateAccess": GrantRole.WRITE,
    "writer": GrantRole.WRITE,
    "owner": GrantRole.MANAGE,
}
_SCOPES = {
    "default": GrantKind.PUBLIC,
    "user": GrantKind.USER,
    "group": GrantKind.GROUP,
    "domain": GrantKind.DOMAIN,
}
_DRIVE_ROLES = {
    "reader": GrantRole.READ,
    "commenter": GrantRole.COMMENT,
    "writer": GrantRole.WRITE,
    "fileOrganizer": GrantRole.MANAGE,
    "organizer": GrantRole.MANAGE,
    "owner": GrantRole.MANAGE,
}


def grants_of(rules: Iterable[Json], own: Collection[str]) -> tuple[Grant, ...]:
    """A calendar's ``acl#rule`` resources. ``own``: the calendar's id and its owner's addresses, in lower case."""
    grants = []
    for rule in rules:
        scope, role = rule.get("scope") or {}, _CALENDAR_ROLES.get(str(rule.get("role")))
        kind, principal = _SCOPES.get(str(scope.get("type"))), str(scope.get("value") or "")
        if role is None or kind is None or principal.casefold() in own:
            continue
        grants.append(Grant(kind=kind, role=role, principal="" if kind is GrantKind.PUBLIC else principal))
    return tuple(grants)


def permissions_of(file: Json, above: Collection[Grant] = ()) -> tuple[Grant, ...]:
    """A file's ``drive#permission`` resources; deleted accounts and views (of a name alone) left out.

    Drive names on each item everyone who may use it. ``above``: the grants of the folder it lies in, by which those
    that come from there are told, where Drive does not say.
    """
    found = (
        grant
        for permission in file.get("permissions") or ()
        if permission.get("role") != "owner"
        and not permission.get("deleted")
        and not permission.get("view")
        and (grant := _permission(permission)) is not None
    )
    known = {(one.kind, one.principal.casefold(), one.role) for one in above}
    return tuple(
        replace(one, inherited=one.inherited or (one.kind, one.principal.casefold(), one.role) in known)
        for one in found
    )


def _permission(permission: Json) -> Grant | None:
    role, kind = _DRIVE_ROLES.get(str(permission.get("role"))), _drive_kind(permission)
    if role is None or kind is None:
        return None
    principal = {GrantKind.DOMAIN: "domain", GrantKind.USER: "emailAddress", GrantKind.GROUP: "emailAddress"}.get(kind)
    details = permission.get("permissionDetails") or ()
    return Grant(
        kind=kind,
        role=role,
        principal=str(permission.get(principal) or "") if principal else "",
        expires=_moment(permission.get("expirationTime")),
        inherited=bool(details) and all(detail.get("inherited") for detail in details),
    )


def _drive_kind(permission: Json) -> GrantKind | None:
    if permission.get("type") == "anyone":
        return GrantKind.PUBLIC if permission.get("allowFileDiscovery") else GrantKind.LINK
    kinds = {"user": GrantKind.USER, "group": GrantKind.GROUP, "domain": GrantKind.DOMAIN}
    return kinds.get(str(permission.get("type")))


def _moment(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(value)) if value else None
    except ValueError:
        return None
