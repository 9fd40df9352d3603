"""The connector's options, and what they mean for each API: address, scope, quota, prices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

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
        name="authorized_user",
        help="consent of one user, as JSON or a path; {account} in the reference stands for the account",
        secret=True,
    ),
    Option(name="api_root", help="another host for every Google API, e.g. http://127.0.0.1:9001"),
    Option(name="quota_factor", help="multiplies every quota (a granted increase)", type=float, default=1.0),
    Option(name="quota", help="2026, or legacy for projects of before May 2026", default="2026"),
    Option(name="documents", help="native documents become ooxml or odf", default="ooxml"),
    Option(name="ca_file", help="certificates to trust, in PEM"),
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One API: its name and version in discovery, its path below a root, its read-only scope."""

    name: str
    version: str
    path: str
    host: str
    scope: str


ENDPOINTS: Mapping[Service, Endpoint] = {
    Service.MAIL: Endpoint(
        "gmail", "v1", "/", "https://gmail.googleapis.com", "https://www.googleapis.com/auth/gmail.readonly"
    ),
    Service.CALENDAR: Endpoint(
        "calendar",
        "v3",
        "/calendar/v3/",
        "https://www.googleapis.com",
        "https://www.googleapis.com/auth/calendar.readonly",
    ),
    Service.FILES: Endpoint(
        "drive", "v3", "/drive/v3/", "https://www.googleapis.com", "https://www.googleapis.com/auth/drive.readonly"
    ),
}


@dataclass(frozen=True, slots=True)
class Quota:
    """Units a minute for one user and for the whole project (``…/workspace/<api>/…/quota`` pages, 2026)."""

    user: float
    project: float


_QUOTAS: Mapping[str, Mapping[Service, Quota]] = {
    "2026": {
        Service.MAIL: Quota(6_000, 1_200_000),
        Service.CALENDAR: Quota(600, 10_000),
        Service.FILES: Quota(325_000, 1_000_000),
    },
    "legacy": {
        Service.MAIL: Quota(15_000, 1_200_000),
        Service.CALENDAR: Quota(600, 10_000),
        # 12,000 requests a minute, in units of the dearest request.
        Service.FILES: Quota(12_000 * 200, 12_000 * 200),
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The options, read."""

    service_account: Secret | None
    authorized_user: Secret | None
    api_root: str
    quota_factor: float
    quota: str
    documents: str
    ca_file: str

    @classmethod
    def read(cls, table: Mapping[str, Any]) -> Settings:
        """Check what only this connector can check. Raises ConfigError."""
        settings = cls(
            service_account=table.get("service_account"),
            authorized_user=table.get("authorized_user"),
            api_root=str(table.get("api_root") or "").rstrip("/"),
            quota_factor=float(table.get("quota_factor") or 1.0),
            quota=str(table.get("quota") or "2026"),
            documents=str(table.get("documents") or "ooxml"),
            ca_file=str(table.get("ca_file") or ""),
        )
        settings._validate()
        return settings

    def _validate(self) -> None:
        if (self.service_account is None) == (self.authorized_user is None):
            raise ConfigError(
                "The google source wants either service_account or authorized_user.",
                advice='Write for instance: service_account = "file:service-account.json"',
            )
        root = urlsplit(self.api_root)
        if self.api_root and not (root.scheme in {"http", "https"} and root.hostname and not root.query):
            raise ConfigError("api_root is an address such as https://host or http://127.0.0.1:9001.")
        if self.quota not in _QUOTAS:
            raise ConfigError(f"quota is one of: {', '.join(_QUOTAS)}.")
        if self.documents not in {"ooxml", "odf"}:
            raise ConfigError("documents is one of: ooxml, odf.")
        if self.quota_factor <= 0:
            raise ConfigError("quota_factor is a number above 0.")

    def quota_of(self, service: Service) -> Quota:
        """Units a minute, multiplied."""
        quota = _QUOTAS[self.quota][service]
        return Quota(quota.user * self.quota_factor, quota.project * self.quota_factor)

    @property
    def message_cost(self) -> int:
        """Units of one ``messages.get``."""
        return 5 if self.quota == "legacy" else 20

    @property
    def message_batch(self) -> int:
        """Messages asked for at once: few where the quota is the limit, so that no minute is overdrawn."""
        return max(1, min(25, int(self.quota_of(Service.MAIL).user / self.message_cost / 30)))

    def root_of(self, service: Service) -> str:
        """Scheme and host of an API."""
        return self.api_root or ENDPOINTS[service].host
