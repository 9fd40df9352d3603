"""The project folder of a sandbox: the configuration an operator would write, and every address and credential."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from migrate.errors import UsageError
from migrate.sandbox.graph.oauth import CLIENT_ID
from migrate.sandbox.world import Json, World

CONFIGURATION = "migration.toml"
KEY_FILE = "google-service-account.json"
CERTIFICATE_FILE = "microsoft-application.pem"
CA_FILE = "microsoft-ca.pem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """Where the running servers are."""

    google_url: str
    google_key: Mapping[str, str] = field(repr=False)
    """The service account's key file."""
    microsoft_url: str
    microsoft_certificate: str = field(repr=False)
    """The application's private key and certificate."""
    microsoft_ca: str
    """What to trust when speaking to the Graph stand-in."""
    nextcloud_url: str
    imap_host: str
    imap_port: int
    speed: float
    """Of the providers' clocks: their quotas renew that many times as fast."""


def claim(directory: Path) -> None:
    """Create the folder, mode 0700. Raises UsageError when it already holds a project."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if (directory / CONFIGURATION).exists():
        raise UsageError(
            f"{directory} already holds a migration project.", advice="Give the sandbox a folder of its own."
        )
    directory.chmod(0o700)


def write_project(directory: Path, world: World, servers: Servers, profile: str) -> None:
    """Write the configuration, the accounts, the secrets and ``sandbox.json``, each readable by its owner alone."""
    for folder in ("secrets", "secrets/cloud", "secrets/mail"):
        (directory / folder).mkdir(mode=0o700, exist_ok=True)
    for name, text in _files(directory, world, servers, profile):
        _write_private(directory / name, text)


def _files(directory: Path, world: World, servers: Servers, profile: str) -> Iterator[tuple[str, str]]:
    yield CONFIGURATION, _configuration(directory, world, servers)
    yield "accounts.csv", _accounts(world)
    yield KEY_FILE, _json(dict(servers.google_key))
    yield CERTIFICATE_FILE, servers.microsoft_certificate
    yield CA_FILE, servers.microsoft_ca
    for person in world.everyone:
        yield f"secrets/cloud/{person.cloud_account}", person.cloud_password
        yield f"secrets/mail/{person.mail_account}", person.mail_password
    yield "sandbox.json", _json(_directory_of(world, servers, profile))


def _configuration(directory: Path, world: World, servers: Servers) -> str:
    return f"""\
# The sandbox's own project: every server below runs on this machine and ends with the sandbox.
[migration]
name = {json.dumps(world.name, ensure_ascii=False)}
language = "fr"
territory = "FR"
accounts = "accounts.csv"

[source.google]
connector = "google"
service_account = "file:{KEY_FILE}"
api_root = "{servers.google_url}"
quota_factor = {servers.speed:.1f}  # the stand-in's clock runs that many times as fast, and so do its quotas

[source.microsoft]
connector = "microsoft"
tenant = "{world.microsoft.id}"
client_id = "{CLIENT_ID}"
certificate = "file:{CERTIFICATE_FILE}"
graph_root = "{servers.microsoft_url}"
authority = "{servers.microsoft_url}"
ca_file = {json.dumps(str((directory / CA_FILE).absolute()))}
quota_factor = {servers.speed:.1f}

[target.cloud]
connector = "nextcloud"
url = "{servers.nextcloud_url}"
password = "file:secrets/cloud/{{account}}"

[target.mail]
connector = "imap"
host = "{servers.imap_host}"
port = {servers.imap_port}
security = "none"  # loopback
password = "file:secrets/mail/{{account}}"
"""


def _accounts(world: World) -> str:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["source", "source_account", "cloud_account", "mail_account", "wave"])
    for person in world.everyone:
        writer.writerow([person.source, person.source_account, person.cloud_account, person.mail_account, person.wave])
    return buffer.getvalue()


def _directory_of(world: World, servers: Servers, profile: str) -> Json:
    return {
        "profile": profile,
        "pid": os.getpid(),
        "speed": servers.speed,
        "google": {
            "url": servers.google_url,
            "control": f"{servers.google_url}/_sandbox/",
            "service_account": dict(servers.google_key),
            "accounts": [person.source_account for person in world.people],
        },
        "microsoft": {
            "url": servers.microsoft_url,
            "control": f"{servers.microsoft_url}/_sandbox/",
            "tenant": world.microsoft.id,
            "client_id": CLIENT_ID,
            "certificate": servers.microsoft_certificate,
            "ca": servers.microsoft_ca,
            "accounts": [person.source_account for person in world.colleagues],
        },
        "nextcloud": {
            "url": servers.nextcloud_url,
            "control": f"{servers.nextcloud_url}/_sandbox/",
            "users": {person.cloud_account: person.cloud_password for person in world.everyone},
        },
        "imap": {
            "host": servers.imap_host,
            "port": servers.imap_port,
            "security": "none",
            "users": {person.mail_account: person.mail_password for person in world.everyone},
        },
    }


def _json(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def _write_private(path: Path, text: str) -> None:
    # O_EXCL: a secret is never written through a link that someone else put there.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
