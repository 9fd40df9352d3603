"""SharePoint sites as accounts: ``site:<host>/sites/<name>``, or with ``#<library>`` one of its libraries.

https://learn.microsoft.com/graph/api/site-getbypath
"""

from __future__ import annotations

from dataclasses import dataclass

from connectors.microsoft.http import Api, Json
from migrate.errors import ConfigError

PREFIX = "site:"


@dataclass(frozen=True, slots=True)
class Site:
    """What the accounts file calls a site."""

    host: str
    path: str
    """From the host on, ``/sites/bureau``; "" for the host's root site."""
    library: str
    """The one library that is meant, "" for all."""


def is_site(account: str) -> bool:
    """Whether an account of the accounts file is a site."""
    return account.startswith(PREFIX)


def parse(account: str) -> Site:
    """Raises ConfigError."""
    address, _, library = account.removeprefix(PREFIX).strip().partition("#")
    host, _, path = address.removeprefix("https://").rstrip("/").partition("/")
    if not host or " " in host or "?" in path:
        raise ConfigError(
            "A SharePoint site is written site:<host>/sites/<name>, with #<library> for one of its libraries."
        )
    return Site(host, f"/{path}" if path else "", library.strip())


def site_of(api: Api) -> Json:
    """The site's id. Raises NotFound, AuthFailed, ConfigError."""
    site = parse(api.account)
    return api.get(f"/sites/{site.host}:{site.path}" if site.path else f"/sites/{site.host}", {"$select": "id"})
