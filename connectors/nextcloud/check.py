"""``doctor`` for Nextcloud: what can be known of a server and its accounts without writing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests

from connectors.nextcloud import ocs
from connectors.nextcloud.dav import Dav
from connectors.nextcloud.site import Site
from connectors.nextcloud.tree import Tree
from migrate.errors import ConnectorError, Scope, TranshumeError
from migrate.model import Check

UNBEARABLE = 5_000
"""Milliseconds that each login waits: a few wrong passwords more and the server refuses this address."""
MAX_SKEW = 60.0  # seconds: beyond, dates of new items and of the report disagree
APP_PASSWORD = re.compile(r"[A-Za-z0-9]{72}|[A-Za-z0-9]{5}(-[A-Za-z0-9]{5}){4}")
APP_ADVICE = "an app password is several times faster and works with two-factor login: Settings, Security"


def check(site: Site, accounts: Sequence[str]) -> Iterator[Check]:
    """The server once, then each account once and one after the other: failed logins slow a whole network down."""
    try:
        yield from _server(site)
    except ConnectorError as error:
        yield _failed("server", error)
        return
    for account in accounts:
        try:
            yield from _account(site, account)
        except ConnectorError as error:
            yield _failed(f"login {account}", error)
            if error.scope >= Scope.RUN:
                return
        except TranshumeError as error:
            yield _failed(f"login {account}", error)


def _failed(subject: str, error: TranshumeError) -> Check:
    return Check(subject=subject, passed=False, detail=error.message, advice=error.advice, exit_code=5)


def _server(site: Site) -> Iterator[Check]:
    """``status.php``, public, and the clock by the answer's Date."""
    with Anonymous(site) as dav:
        response = dav.send("GET", f"{site.url}/status.php")
    try:
        status = response.json()
    except ValueError:
        status = None
    if not isinstance(status, dict) or not status.get("installed"):
        yield Check(
            subject="server", passed=False, detail="no Nextcloud answers there", advice="check url", exit_code=9
        )
        return
    ready = not status.get("maintenance") and not status.get("needsDbUpgrade")
    yield Check(
        subject="server",
        passed=ready,
        detail=f"{status.get('productname', 'Nextcloud')} {status.get('versionstring', '')}".strip(),
        advice="" if ready else "end the maintenance or the upgrade first",
        exit_code=9,
    )
    yield _clock(response)


def _clock(response: requests.Response) -> Check:
    try:
        there = parsedate_to_datetime(response.headers.get("Date", ""))
    except ValueError:
        return Check(subject="clock", passed=True, detail="the server tells no time")
    skew = (there - datetime.now(UTC)).total_seconds()
    near = abs(skew) <= MAX_SKEW
    detail = f"{abs(skew):.0f} s {'ahead' if skew > 0 else 'behind'}"
    return Check(
        subject="clock", passed=near, detail=detail, advice="" if near else "set both clocks by NTP", exit_code=9
    )


def _account(site: Site, account: str) -> Iterator[Check]:
    dav = Dav(site, account)
    try:
        ocs.user_id(dav)
        shaped = bool(APP_PASSWORD.fullmatch(site.password.reveal(account)))
        detail = "app password" if shaped else "accepted; it looks like the login password"
        yield Check(subject=f"login {account}", passed=True, detail=detail, advice="" if shaped else APP_ADVICE)
        announced = ocs.capabilities(dav)
        yield _abilities(account, announced)
        yield from _brute_force(announced)
        yield _quota(account, Tree(dav).free_bytes())
    finally:
        dav.close()


def _abilities(account: str, announced: Mapping[str, Any]) -> Check:
    chunks = ocs.chunk_limit(announced)
    words = [
        f"chunks of {chunks // 1_048_576} MiB" if chunks else "no chunked upload",
        "bulk upload" if ocs.takes_bulk(announced) else "no bulk upload",
    ]
    return Check(subject=f"capabilities {account}", passed=True, detail=", ".join(words))


def _brute_force(announced: Mapping[str, Any]) -> Iterator[Check]:
    """The server already delays logins from this address (capability ``bruteforce``)."""
    delay = (announced.get("bruteforce") or {}).get("delay") or 0
    if delay:
        advice = "wait half an hour, or allow-list this address (Settings, Administration, Security)"
        bearable = delay < UNBEARABLE
        yield Check(
            subject="brute force", passed=bearable, detail=f"logins wait {delay} ms", advice=advice, exit_code=9
        )


def _quota(account: str, free: int | None) -> Check:
    if free is None:
        return Check(subject=f"quota {account}", passed=True, detail="unlimited or not told")
    detail = f"{free / 1_000_000:.0f} MB free"
    return Check(
        subject=f"quota {account}",
        passed=free > 0,
        detail=detail,
        advice="" if free else "raise the quota",
        exit_code=9,
    )


class Anonymous(Dav):
    """A connection without a password, for what is public."""

    def __init__(self, site: Site) -> None:
        super().__init__(site, "anonymous")

    def _password(self) -> str:
        return ""

    def __enter__(self) -> Anonymous:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
