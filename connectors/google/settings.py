"""The connector's options, and what they mean for each API: address, scopes, quota, prices."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from connectors.google.endpoints import ACLS, MAIL, MAIN, OTHERS, QUOTAS, Endpoint, Quota
from migrate.errors import ConfigError
from migrate.model import Service
from migrate.protocols import Option, Secret

OPTIONS = (
    Option(
        name="service_account",
        help="key of a service account with domain-wide delegation: JSON, or the path of the file",
        secret=True,
    ),
    Option(
        name="impersonate",
        help="address of such a service account of which no key exists: it is spoken for through IAM",
    ),
    Option(
        name="impersonator",
        help="credential that may sign for it, JSON or a path; by default this machine's own",
        secret=True,
    ),
    Option(
        name="client",
        help="OAuth desktop client: the JSON file of Google's console, or its path; then: transhume auth",
        secret=True,
    ),
    Option(
        name="authorized_user",
        help="consent of one user, as JSON or a path; {account} in the reference stands for the account",
        secret=True,
    ),
    Option(name="api_root", help="another host for every Google API, e.g. http://127.0.0.1:9001"),
    Option(name="quota_factor", help="multiplies every quota (a granted increase)", type=float, default=1.0),
    Option(name="quota", help="2026, or legacy for projects of before May 2026", default="2026"),
    Option(name="documents", help="native documents become ooxml or odf", default="ooxml"),
    Option(name="admin", help="an administrator's address, to read the directory with"),
    Option(name="shares", help="read who else may use calendars and files", type=bool, default=True),
    Option(name="other_contacts", help="addresses collected by Gmail: count, move, or off", default="count"),
    Option(name="ca_file", help="certificates to trust, in PEM"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The options, read."""

    service_account: Secret | None
    impersonate: str
    impersonator: Secret | None
    client: Secret | None
    authorized_user: Secret | None
    api_root: str
    quota_factor: float
    quota: str
    documents: str
    admin: str
    shares: bool
    other_contacts: str
    ca_file: str

    @classmethod
    def read(cls, table: Mapping[str, Any]) -> Settings:
        """Check what only this connector can check. Raises ConfigError."""
        settings = cls(
            service_account=table.get("service_account"),
            impersonate=str(table.get("impersonate") or ""),
            impersonator=table.get("impersonator"),
            client=table.get("client"),
            authorized_user=table.get("authorized_user"),
            api_root=str(table.get("api_root") or "").rstrip("/"),
            quota_factor=float(table.get("quota_factor") or 1.0),
            quota=str(table.get("quota") or "2026"),
            documents=str(table.get("documents") or "ooxml"),
            admin=str(table.get("admin") or ""),
            shares=table.get("shares") is not False,
            other_contacts=str(table.get("other_contacts") or "count"),
            ca_file=str(table.get("ca_file") or ""),
        )
        settings._validate()
        return settings

    def _validate(self) -> None:
        ways = (self.service_account, self.impersonate or None, self.client, self.authorized_user)
        if sum(way is not None for way in ways) != 1:
            raise ConfigError(
                "The google source wants one of service_account, impersonate, client and authorized_user.",
                advice='Write for instance: service_account = "file:service-account.json"; see docs/google.md',
            )
        root = urlsplit(self.api_root)
        if self.api_root and not (root.scheme in {"http", "https"} and root.hostname and not root.query):
            raise ConfigError("api_root is an address such as https://host or http://127.0.0.1:9001.")
        for name, value, words in (
            ("quota", self.quota, tuple(QUOTAS)),
            ("documents", self.documents, ("ooxml", "odf")),
            ("other_contacts", self.other_contacts, ("count", "move", "off")),
        ):
            if value not in words:
                raise ConfigError(f"{name} is one of: {', '.join(words)}.")
        if self.quota_factor <= 0:
            raise ConfigError("quota_factor is a number above 0.")

    def endpoints(self, services: Collection[Service]) -> tuple[Endpoint, ...]:
        """Every API and scope that these services need, and nothing more, in a fixed order."""
        wanted = [MAIN[service] for service in Service if service in services and service in MAIN]
        if Service.CALENDAR in services and self.shares:
            wanted.append(ACLS)
        if Service.CONTACTS in services and self.other_contacts != "off":
            wanted.append(OTHERS)
        return tuple(wanted)

    @property
    def delegates(self) -> bool:
        """Whether a service account speaks for everyone, so that nobody signs in."""
        return self.service_account is not None or bool(self.impersonate)

    def quota_of(self, endpoint: Endpoint) -> Quota:
        """Units a minute, multiplied."""
        quota = QUOTAS[self.quota][endpoint.name]
        return Quota(quota.user * self.quota_factor, quota.project * self.quota_factor)

    @property
    def message_cost(self) -> int:
        """Units of one ``messages.get``."""
        return 5 if self.quota == "legacy" else 20

    @property
    def message_batch(self) -> int:
        """Messages asked for at once: few where the quota is the limit, so that no minute is overdrawn."""
        return max(1, min(25, int(self.quota_of(MAIL).user / self.message_cost / 30)))

    def root_of(self, endpoint: Endpoint) -> str:
        """Scheme and host of an API."""
        return self.api_root or endpoint.host
