"""One Nextcloud server as the configuration describes it, shared by every account's connection."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from migrate.errors import ConfigError
from migrate.protocols import Context, Option, Pace, Secret

OPTIONS = (
    Option(name="url", help="Address of the server, e.g. https://cloud.example.org", required=True),
    Option(
        name="password",
        help="App password of each account; {account} in the reference is replaced",
        required=True,
        secret=True,
    ),
    Option(
        name="folder",
        help="Folder that every migrated file is written below; empty: the account's root",
        default="Import",
    ),
    Option(name="ca_file", help="Certificate authority of the server, a PEM file", default=""),
    Option(name="timeout", help="Seconds to wait for an answer", type=float, default=60.0),
)
REQUESTS_PER_MINUTE = 6000.0  # no quota of the server's: a bucket that slows down when it answers 429


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where the server is and how to talk to it."""

    url: str
    """Without a final slash; the folder it is installed in, if any, included."""
    password: Secret = field(repr=False)
    folder: tuple[str, ...]
    ca_file: str
    timeout: float
    """Seconds."""
    pace: Pace = field(repr=False)
    spool: Path
    user_agent: str
    bulk: threading.Lock = field(default_factory=threading.Lock, repr=False)
    """Held during a bulk upload: two at a time are no faster (measured) and hold twice the memory on the server."""

    shares: dict[str, Any] = field(default_factory=dict, repr=False)
    """By account: how many shares it made lately (``shares.Limit``)."""

    @classmethod
    def of(cls, context: Context) -> Site:
        """From a connector's settings. Raises ConfigError for an address that is not http or https."""
        settings = {option.name: option.default for option in OPTIONS} | dict(context.settings)
        url = str(settings["url"]).rstrip("/")
        if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
            raise ConfigError("nextcloud: url must begin with https:// or http://")
        return cls(
            url=url,
            password=settings["password"],
            folder=tuple(part for part in str(settings["folder"] or "").split("/") if part),
            ca_file=str(settings["ca_file"] or ""),
            timeout=float(settings["timeout"]),
            pace=context.pace,
            spool=context.spool,
            user_agent=context.user_agent,
        )

    @property
    def bucket(self) -> str:
        """The pace's name for this server's requests."""
        return f"nextcloud/{urlsplit(self.url).netloc}"
