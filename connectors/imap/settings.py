"""The connector's table of ``migration.toml`` as values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from migrate.errors import ConfigError
from migrate.protocols import Option, Secret

OPTIONS: Sequence[Option] = (
    Option(name="host", help="name of the IMAP server", required=True),
    Option(name="port", help="993 with tls, 143 otherwise", type=int),
    Option(name="security", help="tls, starttls or none (only for a server on this machine)", default="tls"),
    Option(name="password", help="password of each account; {account} stands for its name", required=True, secret=True),
    Option(name="master_user", help="login name of an administrator, e.g. {account}*admin (Dovecot master user)"),
    Option(name="ca_file", help="PEM file of the private authority that signed the server's certificate"),
    Option(name="prefix", help="namespace prefix, where the server does not tell it, e.g. INBOX."),
    Option(
        name="gmail_labels",
        help="at Gmail: each message once, with its labels (true), or every folder as it shows them (false)",
        type=bool,
        default=True,
    ),
    Option(name="timeout", help="seconds to wait for an answer", type=float, default=120.0),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the server is and how to log in."""

    host: str
    port: int
    security: str
    password: Secret
    master_user: str
    ca_file: str
    prefix: str | None
    timeout: float
    gmail_labels: bool = True

    @classmethod
    def parse(cls, table: Mapping[str, Any]) -> Settings:
        """The table as values. Raises ConfigError."""
        security = table.get("security") or "tls"
        if security not in {"tls", "starttls", "none"}:
            raise ConfigError(f"imap: security is tls, starttls or none, not {security!r}")
        master = table.get("master_user") or ""
        if master and "{account}" not in master:
            raise ConfigError("imap: master_user holds {account}, e.g. '{account}*admin'")
        return cls(
            host=table["host"],
            port=table.get("port") or (993 if security == "tls" else 143),
            security=security,
            password=table["password"],
            master_user=master,
            ca_file=table.get("ca_file") or "",
            prefix=table.get("prefix"),
            timeout=float(table.get("timeout") or 120),
            gmail_labels=bool(table.get("gmail_labels", True)),
        )

    def login_name(self, account: str) -> str:
        """The name given to LOGIN."""
        return self.master_user.replace("{account}", account) if self.master_user else account
