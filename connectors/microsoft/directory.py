"""The tenant's people, to propose the accounts file.

https://learn.microsoft.com/graph/api/user-list
"""

from __future__ import annotations

from collections.abc import Iterator

from connectors.microsoft.http import Api, Json
from migrate.errors import AuthFailed
from migrate.model import Account

PAGE = 999
_FIELDS = "id,displayName,mail,userPrincipalName,proxyAddresses,accountEnabled,userType"


def people(api: Api) -> Iterator[Account]:
    """Members of the tenant, guests left out; shared mailboxes are among them. Raises AuthFailed."""
    if not api.settings.app_only:
        raise AuthFailed(
            "Only the application itself, with a certificate, may read the directory.",
            advice="Write accounts.csv by hand, or export it from the tenant's list of users.",
        )
    for user in api.values("/users", {"$select": _FIELDS, "$top": PAGE}):
        if user.get("userType") != "Guest":
            yield _account(user)


def _account(user: Json) -> Account:
    main = str(user.get("mail") or user["userPrincipalName"])
    found = [str(address)[5:] for address in user.get("proxyAddresses") or () if str(address)[:5].lower() == "smtp:"]
    others = dict.fromkeys([*found, str(user["userPrincipalName"])])
    return Account(
        id=main,
        display_name=str(user.get("displayName") or ""),
        aliases=tuple(sorted(address for address in others if address.casefold() != main.casefold())),
        suspended=user.get("accountEnabled") is False,
    )
