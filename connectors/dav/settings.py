"""The connector's table of ``migration.toml`` as values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from migrate.errors import ConfigError
from migrate.protocols import Option, Secret

LOCAL = frozenset({"127.0.0.1", "::1", "localhost"})

OPTIONS: Sequence[Option] = (
    Option(name="url", help="address of the host, or of its CalDAV or CardDAV service", required=True),
    Option(name="password", help="password of each account; {account} stands for its name", required=True, secret=True),
    Option(name="user", help="login name; {account} stands for the account's name", default="{account}"),
    Option(name="ca_file", help="PEM file of the private authority that signed the host's certificate"),
    Option(name="timeout", help="seconds to wait for an answer", type=float, default=60.0),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where the host is and how to log in."""

    url: str
    password: Secret = field(repr=False)
    user: str
    ca_file: str
    timeout: float

    @classmethod
    def read(cls, table: Mapping[str, Any]) -> Settings:
        """The table as values. Raises ConfigError."""
        url = str(table["url"])
        parts = urlsplit(url)
        if parts.scheme not in {"https", "http"} or not parts.hostname:
            raise ConfigError("dav: url must begin with https://")
        if parts.scheme == "http" and parts.hostname not in LOCAL:
            raise ConfigError("dav: a password is not sent without encryption: url must begin with https://")
        return cls(
            url=url,
            password=table["password"],
            user=table.get("user") or "{account}",
            ca_file=table.get("ca_file") or "",
            timeout=float(table.get("timeout") or 60),
        )
