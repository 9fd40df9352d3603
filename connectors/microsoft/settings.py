"""The connector's options, the clouds they may name, and the permission each service needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from migrate.errors import ConfigError
from migrate.model import Service
from migrate.protocols import Option, Secret

GRAPH, AUTHORITY = "https://graph.microsoft.com", "https://login.microsoftonline.com"
AUTHORITIES: Mapping[str, str] = {
    GRAPH: AUTHORITY,
    "https://graph.microsoft.us": "https://login.microsoftonline.us",
    "https://dod-graph.microsoft.us": "https://login.microsoftonline.us",
    "https://microsoftgraph.chinacloudapi.cn": "https://login.partner.microsoftonline.cn",
}
"""Where each cloud gives tokens. https://learn.microsoft.com/graph/deployments"""
MAILBOX = 10_000
"""Requests of one application to one mailbox in ten minutes: https://learn.microsoft.com/graph/throttling-limits"""
SHARED = frozenset({"common", "organizations", "consumers"})
"""Not tenants: whoever signs in brings their own."""

OPTIONS = (
    Option(
        name="tenant", required=True, help="the tenant's id or domain; consumers for personal accounts (outlook.com)"
    ),
    Option(name="client_id", required=True, help="application (client) id of the registration made for this migration"),
    Option(
        name="certificate",
        secret=True,
        help="private key and certificate in PEM, or the path of the file; without it each person signs in",
    ),
    Option(name="graph_root", default=GRAPH, help="Microsoft Graph of another cloud, or a test host"),
    Option(name="authority", help="where tokens are given; by default that of graph_root's cloud"),
    Option(name="ca_file", help="certificates to trust, in PEM"),
    Option(name="territory", default="FR", help="FR or BE: which of a Windows time zone's places is meant"),
    Option(
        name="shared_mailboxes",
        help="shared mailboxes, separated by commas; who signs in for one, or for a site: box@… = person@…",
    ),
    Option(
        name="archive_mailboxes",
        help="addresses whose mailbox has an online archive, separated by commas: Graph cannot read those",
    ),
    Option(name="versions", type=bool, default=False, help="also move earlier versions of files, beside them"),
    Option(
        name="mailbox_requests",
        type=int,
        default=MAILBOX,
        help="requests in ten minutes to one mailbox: Microsoft's limit; less leaves room for other programs",
    ),
    Option(
        name="quota_factor",
        type=float,
        default=1.0,
        help="multiplies the quota of files: 2 above 1,000 licences, 3 above 5,000, 4 above 15,000, 5 above 50,000",
    ),
)

APPLICATION: Mapping[Service, str] = {
    Service.MAIL: "Mail.Read",
    Service.CALENDAR: "Calendars.Read",
    Service.CONTACTS: "Contacts.Read",
    Service.TASKS: "Tasks.Read.All",
    Service.FILES: "Files.Read.All",
}
"""Application permissions; RBAC for Applications and Sites.Selected narrow them (docs/microsoft.md)."""
DELEGATED: Mapping[Service, str] = {
    Service.MAIL: "Mail.Read",
    Service.CALENDAR: "Calendars.Read",
    Service.CONTACTS: "Contacts.Read",
    Service.TASKS: "Tasks.Read",
    Service.FILES: "Files.Read",
}
"""Delegated permissions, for whoever signs in."""
IDENTITY = "User.Read"
"""Delegated besides: tells who signed in."""
SITES = "Sites.Read.All"
"""Delegated besides, where someone signs in for a site."""
OUTLOOK = frozenset({Service.MAIL, Service.CALENDAR, Service.CONTACTS, Service.TASKS})
"""Services of a mailbox: they share its quota."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The options, read."""

    tenant: str
    client_id: str
    certificate: Secret | None
    graph_root: str
    authority: str
    ca_file: str
    territory: str
    shared_mailboxes: Mapping[str, str]
    """Addresses in lower case, each with that of who signs in for it ("" under application permissions)."""
    archive_mailboxes: frozenset[str]
    versions: bool
    mailbox_requests: int
    quota_factor: float

    @classmethod
    def read(cls, table: Mapping[str, Any]) -> Settings:
        """Check what only this connector can check. Raises ConfigError."""
        root = str(table.get("graph_root") or GRAPH).rstrip("/")
        settings = cls(
            tenant=str(table.get("tenant") or ""),
            client_id=str(table.get("client_id") or ""),
            certificate=table.get("certificate"),
            graph_root=root,
            authority=str(table.get("authority") or AUTHORITIES.get(root, AUTHORITY)).rstrip("/"),
            ca_file=str(table.get("ca_file") or ""),
            territory=str(table.get("territory") or "FR"),
            shared_mailboxes=_pairs(str(table.get("shared_mailboxes") or "")),
            archive_mailboxes=frozenset(_pairs(str(table.get("archive_mailboxes") or ""))),
            versions=bool(table.get("versions")),
            mailbox_requests=int(table.get("mailbox_requests") or MAILBOX),
            quota_factor=float(table.get("quota_factor") or 1.0),
        )
        settings._validate()
        return settings

    def _validate(self) -> None:
        for name, value in (("graph_root", self.graph_root), ("authority", self.authority)):
            if not _is_safe(value):
                raise ConfigError(f"{name} is an address such as https://host (http only on this machine).")
        if self.certificate is not None and self.tenant in SHARED:
            raise ConfigError(
                f"With a certificate, tenant names one tenant, not {self.tenant}.",
                advice="Write the tenant's id or domain, or leave the certificate out so that each person signs in.",
            )
        if "/" in self.tenant or "/" in self.client_id:
            raise ConfigError("tenant and client_id are ids or domains, without any slash.")
        if self.territory not in {"FR", "BE"}:
            raise ConfigError("territory is one of: FR, BE.")
        if self.quota_factor <= 0 or self.mailbox_requests < 100:
            raise ConfigError("quota_factor is a number above 0, mailbox_requests one of 100 or more.")

    @property
    def app_only(self) -> bool:
        """Whether the application itself has the permissions, rather than whoever signs in."""
        return self.certificate is not None

    @property
    def resource(self) -> str:
        """What tokens are asked for: the Graph of a cloud that Microsoft knows."""
        return self.graph_root if self.graph_root in AUTHORITIES else GRAPH

    def signer(self, account: str) -> str:
        """Who signs in for an account: the person, or whoever was named for a shared mailbox."""
        return self.shared_mailboxes.get(account.casefold()) or account

    def is_shared(self, account: str) -> bool:
        """Whether it is a mailbox of several people: without a drive and without tasks of its own."""
        return "@" in account and account.casefold() in self.shared_mailboxes


def _is_safe(value: str) -> bool:
    """TLS, unless it never leaves this machine; no user, no query."""
    url = urlsplit(value)
    if not url.hostname or url.query or url.fragment or url.username:
        return False
    return url.scheme == "https" or (url.scheme == "http" and is_loopback(url.hostname))


def is_loopback(host: str) -> bool:
    """Whether a host name is this machine."""
    return host in {"localhost", "::1"} or host.startswith("127.")


def _pairs(text: str) -> dict[str, str]:
    """``a@x = b@x, c@x`` to ``{"a@x": "b@x", "c@x": ""}``. Raises ConfigError for what is no address."""
    pairs = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        address, _, person = (word.strip() for word in part.partition("="))
        if not ("@" in address or address.startswith("site:")) or (person and "@" not in person):
            raise ConfigError("Mailboxes are named by their addresses, separated by commas.")
        pairs[address.casefold()] = person
    return pairs
