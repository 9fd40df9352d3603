"""What the whole mailbox says about its calendars, contacts and tasks: its time zone and the colours of categories.

Both need ``MailboxSettings.Read``, which is not asked for: without it, the project's territory decides the zone.
https://learn.microsoft.com/graph/api/user-get-mailboxsettings
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from connectors.microsoft.http import Api, Json
from migrate.errors import AuthFailed, NotFound

_NAMESPACE = uuid.UUID("5a9d7d52-6f1c-5c0e-8a7b-3f1f6f0b2e11")


def head(api: Api) -> dict[str, str]:
    """What mappings are told of the mailbox: ``territory``, and ``timeZone`` where it may be read."""
    try:
        zone = str(api.get("mailboxSettings", {"$select": "timeZone"}).get("timeZone") or "")
    except (AuthFailed, NotFound):
        zone = ""
    return {"territory": api.settings.territory, **({"timeZone": zone} if zone else {})}


def colors(api: Api) -> dict[str, str]:
    """The colour of each category, where they may be read."""
    try:
        rows = list(api.values("outlook/masterCategories"))
    except (AuthFailed, NotFound):
        return {}
    return {str(row.get("displayName")): str(row.get("color")) for row in rows}


def uid(kind: str, identifier: str) -> str:
    """A UID that stays the same over all runs, for what has none at Microsoft."""
    return f"urn:uuid:{uuid.uuid5(_NAMESPACE, f'{kind}/{identifier}')}"


def packed(body: Mapping[str, Any]) -> bytes:
    """JSON, the same bytes for the same values."""
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def only(row: Json, names: str) -> dict[str, Any]:
    """The properties that were asked for, without OData's own."""
    return {name: row[name] for name in names.split(",") if name in row}
