"""Calendars of a mailbox: whose they are, how they are named, and who else may use them.

https://learn.microsoft.com/graph/api/resources/calendar
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from connectors.microsoft.http import Api, Json, segment
from migrate.errors import AuthFailed, NotFound
from migrate.model import Collection, Disposition, Entry, Grant, GrantKind, GrantRole, Skip

_COLORS = {
    "lightBlue": "#add8e6",
    "lightGreen": "#90ee90",
    "lightOrange": "#ffc680",
    "lightGray": "#d3d3d3",
    "lightYellow": "#ffffa8",
    "lightTeal": "#8fd8d2",
    "lightPink": "#ffb6c1",
    "lightBrown": "#c4a484",
    "lightRed": "#ff8080",
}
"""Colours that Outlook names; ``hexColor`` is empty until someone chooses another."""
_ROLES = {
    "freeBusyRead": GrantRole.FREEBUSY,
    "limitedRead": GrantRole.FREEBUSY,
    "custom": GrantRole.FREEBUSY,
    "read": GrantRole.READ,
    "write": GrantRole.WRITE,
    "delegateWithoutPrivateEventAccess": GrantRole.WRITE,
    "delegateWithPrivateEventAccess": GrantRole.WRITE,
}
"""https://learn.microsoft.com/graph/api/resources/calendarpermission — never more than what was granted."""
_FOREIGN = Skip(
    code="calendar-of-another",
    reason="A calendar of someone else's: it moves with its owner.",
    disposition=Disposition.EXCLUDED,
)
_GENERATED = Skip(
    code="calendar-read-only",
    reason="A calendar that Outlook makes itself or subscribes to: birthdays, holidays. Subscribe to it again.",
    disposition=Disposition.EXCLUDED,
)


@dataclass(frozen=True, slots=True)
class Calendar:
    """A calendar and what is known of it beside its events."""

    resource: Json
    group: str
    """Name of its group, empty for the group of the default calendar."""
    skip: Skip | None
    grants: tuple[Grant, ...] = ()

    @property
    def id(self) -> str:
        """Its id, which is its collection's href."""
        return str(self.resource["id"])

    @property
    def shared(self) -> str:
        """The most that anyone else may do with it: ``""``, ``read`` or ``write``."""
        roles = {grant.role for grant in self.grants}
        return "write" if GrantRole.WRITE in roles else "read" if GrantRole.READ in roles else ""

    @property
    def collection(self) -> Collection:
        """Its name, with its group's where there is one: groups have no equivalent."""
        name = str(self.resource.get("name") or self.id)
        color = str(self.resource.get("hexColor") or _COLORS.get(str(self.resource.get("color")), ""))
        return Collection(
            href=self.id,
            path=(f"{self.group} – {name}" if self.group else name,),
            role="primary" if self.resource.get("isDefaultCalendar") else "",
            properties={"color": color} if color else {},
            grants=self.grants,
        )

    def left_behind(self, home: str) -> Entry:
        """The whole of it, counted once in the calendar ``home``."""
        return Entry(href=f"calendar:{self.id}", collection=home, etag="", skip=self.skip)


def calendars(api: Api) -> list[Calendar]:
    """Every calendar, the default one first, those that are moved with their grants. Raises ConnectorError."""
    listed = list(api.values("calendars", {"$top": 100}))
    groups = _groups(api)
    default = next((row for row in listed if row.get("isDefaultCalendar")), None)
    home = groups.get(str(default["id"]), "") if default else ""
    own = {api.account.casefold(), _owner(default or {})} - {""}
    found = []
    for row in sorted(listed, key=lambda row: not row.get("isDefaultCalendar")):
        skip, group = _skip(row, own), groups.get(str(row["id"]), home)
        grants = () if skip else tuple(_grants(api, row, own))
        found.append(Calendar(row, "" if group == home else group, skip, grants))
    return found


def _groups(api: Api) -> dict[str, str]:
    """The name of each calendar's group. Personal accounts may have none."""
    try:
        groups = list(api.values("calendarGroups", {"$top": 100}))
    except NotFound:
        return {}
    names = {}
    for group in groups:
        for row in api.values(f"calendarGroups/{segment(str(group['id']))}/calendars", {"$select": "id", "$top": 100}):
            names[str(row["id"])] = str(group.get("name") or "")
    return names


def _owner(row: Json) -> str:
    return str((row.get("owner") or {}).get("address") or "").casefold()


def _skip(row: Json, own: set[str]) -> Skip | None:
    if row.get("isDefaultCalendar"):
        return None
    if _owner(row) and _owner(row) not in own:
        return _FOREIGN
    return _GENERATED if row.get("canEdit") is False and row.get("canShare") is False else None


def _grants(api: Api, row: Json, own: set[str]) -> Iterator[Grant]:
    """Who else may use it. Only its owner is told; whoever is not is given no grant to repeat."""
    path = f"calendars/{segment(str(row['id']))}/calendarPermissions"
    try:
        permissions = list(api.values(path, {"$top": 100}))
    except (AuthFailed, NotFound):
        return
    for permission in permissions:
        role = _ROLES.get(str(permission.get("role")))
        address = str((permission.get("emailAddress") or {}).get("address") or "")
        if role is None or address.casefold() in own:
            continue
        if "@" in address:
            yield Grant(kind=GrantKind.USER, role=role, principal=address)
        elif permission.get("isInsideOrganization"):
            yield Grant(kind=GrantKind.DOMAIN, role=role, principal=api.account.rpartition("@")[2])
        else:
            yield Grant(kind=GrantKind.PUBLIC, role=role)
