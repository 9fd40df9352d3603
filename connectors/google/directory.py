"""The Workspace directory: every account, its aliases, and whether it is suspended.

https://developers.google.com/workspace/admin/directory/reference/rest/v1/users/list
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from connectors.google.http import Api
from migrate.model import Account

PAGE = 500
UNITS = 1
_FIELDS = "nextPageToken,users(primaryEmail,name/fullName,aliases,nonEditableAliases,suspended,archived)"


def everyone(api: Api) -> Iterator[Account]:
    """Everyone of the administrator's organisation. Raises AuthFailed when the directory may not be read."""

    def page(token: str | None) -> Any:
        return api.at("users").list(
            customer="my_customer", maxResults=PAGE, orderBy="email", pageToken=token, fields=_FIELDS
        )

    for answer in api.pages(page, UNITS):
        for user in answer.get("users", ()):
            aliases = (*(user.get("aliases") or ()), *(user.get("nonEditableAliases") or ()))
            yield Account(
                id=user["primaryEmail"],
                display_name=(user.get("name") or {}).get("fullName", ""),
                aliases=tuple(dict.fromkeys(aliases)),
                suspended=bool(user.get("suspended") or user.get("archived")),
            )
