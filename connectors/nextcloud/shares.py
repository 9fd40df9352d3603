"""Shares of files and folders by OCS, of calendars and address books by DAV: made without a mail, read back, and ended.

Sources: developer manual, "OCS Share API"; apps/files_sharing ShareAPIController.php (``sendMail`` defaults to
sending; 20 shares in 10 minutes), apps/dav/lib/DAV/Sharing/Plugin.php.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from lxml import etree

from connectors.nextcloud.dav import Dav
from connectors.nextcloud.multistatus import DAV, OWNCLOUD, XML, serialised
from connectors.nextcloud.ocs import answered
from migrate.errors import LimitReached, NotFound, Rejected, Throttled
from migrate.model import Grant, GrantKind, GrantRole

SHARES = "apps/files_sharing/api/v1/shares"
KINDS = {GrantKind.USER: 0, GrantKind.GROUP: 1, GrantKind.LINK: 3}
READ, UPDATE, CREATE, DELETE, SHARE = 1, 2, 4, 8, 16
WINDOW, MOST = 605.0, 20
"""Seconds, and shares that the server takes in them from one account (RateLimitingMiddleware.php); five for safety."""
PER_HOUR = 120
PATIENCE = 2
"""Refused windows in a row that are waited out: another program may have used up the first."""
LIMIT_ADVICE = "the server takes 20 shares in 10 minutes of one account: run the same command later"
PRINCIPALS = {GrantKind.USER: "principals/users/", GrantKind.GROUP: "principals/groups/"}
INVITE = f"{OWNCLOUD}invite"


class Limit:
    """When one account made its last shares, so that the server's limit is waited for, not met."""

    def __init__(self) -> None:
        self._made: deque[float] = deque(maxlen=MOST)

    def wait(self, dav: Dav) -> None:
        """Until one more is allowed, and count it. Raises Interrupted."""
        if len(self._made) == MOST and (left := self._made[0] + WINDOW - time.monotonic()) > 0:
            dav.site.pace.sleep(left)
        self._made.append(time.monotonic())


class FileShares:
    """Shares of what lies at a path below the account's root."""

    def __init__(self, dav: Dav) -> None:
        self._dav = dav
        self._limit = dav.site.shares.setdefault(dav.account, Limit())

    def of(self, path: str) -> Iterator[Grant]:
        """What the account itself granted on exactly that path. Raises ConnectorError."""
        for row in answered(self._dav, "GET", SHARES, {"path": path, "reshares": "false"}):
            if grant := _grant(row):
                yield grant

    def make(self, path: str, grant: Grant, *, folder: bool) -> None:
        """Grant it unless it is there already. Raises LimitReached, Rejected when the server made another one."""
        if any(same(grant, known) for known in self.of(path)):
            return
        row = self._post(path, grant, permissions(grant.role, folder=folder))
        made = _grant(row)
        if made is None or not same(grant, made):
            raise Rejected("the server made another share than the one asked for", advice=f"look at share {row['id']}")
        if not any(same(grant, known) for known in self.of(path)):
            raise Rejected("the server does not list the share that it said it made")

    def end(self, path: str, grant: Grant) -> bool:
        """End exactly that share; False when the path has none like it. The server mails nobody about it."""
        for row in answered(self._dav, "GET", SHARES, {"path": path, "reshares": "false"}):
            known = _grant(row)
            if known is not None and same(grant, known):
                answered(self._dav, "DELETE", f"{SHARES}/{row['id']}", {})
                return True
        return False

    def _post(self, path: str, grant: Grant, bits: int) -> Mapping[str, Any]:
        form = {"path": path, "shareType": KINDS[grant.kind], "permissions": bits, "sendMail": "false"}
        if grant.principal:
            form["shareWith"] = grant.principal
        # Empty: no end at all. Left out, the administrator's default would set one.
        form["expireDate"] = grant.expires.astimezone(UTC).date().isoformat() if grant.expires else ""
        for attempt in range(PATIENCE + 1):
            self._limit.wait(self._dav)
            try:
                return dict(answered(self._dav, "POST", SHARES, form))
            except Throttled:
                if attempt < PATIENCE:
                    self._dav.site.pace.sleep(WINDOW)
        raise LimitReached("the server takes no more shares for now", advice=LIMIT_ADVICE)


def permissions(role: GrantRole, *, folder: bool) -> int:
    """The bits of a role; files can neither be created in nor deleted (the server takes these bits off)."""
    if role not in {GrantRole.WRITE, GrantRole.MANAGE}:
        return READ
    bits = READ | UPDATE | (CREATE | DELETE if folder else 0)
    return bits | (SHARE if role is GrantRole.MANAGE else 0)


def _grant(row: Mapping[str, Any]) -> Grant | None:
    """A row of the server's answer; None for kinds that are never made here (mail, federated)."""
    kind = next((kind for kind, number in KINDS.items() if number == int(row.get("share_type", -1))), None)
    if kind is None:
        return None
    bits, ends = int(row.get("permissions", 0)), str(row.get("expiration") or "")
    role = GrantRole.WRITE if bits & UPDATE else GrantRole.READ
    if role is GrantRole.WRITE and bits & SHARE and kind is not GrantKind.LINK:
        role = GrantRole.MANAGE
    return Grant(
        kind=kind,
        role=role,
        principal="" if kind is GrantKind.LINK else str(row.get("share_with") or ""),
        expires=datetime.fromisoformat(ends).replace(tzinfo=UTC) if ends else None,
    )


def same(wanted: Grant, known: Grant) -> bool:
    """Whether what is there is what is wanted: the same person, the same role, the same last day."""
    roles = {wanted.role, known.role}
    return (
        (wanted.kind, wanted.principal) == (known.kind, known.principal)
        and len(roles) == 1
        and _day(wanted) == _day(known)
    )


def _day(grant: Grant) -> str:
    return grant.expires.astimezone(UTC).date().isoformat() if grant.expires else ""


class CollectionShares:
    """Shares of calendars and address books. They have two roles and no end."""

    def __init__(self, dav: Dav) -> None:
        self._dav = dav

    def of(self, href: str) -> Iterator[Grant]:
        """What is granted on a calendar or an address book. Raises NotFound."""
        for row in self._dav.propfind(href, (INVITE,), depth=0):
            for user in row.found.get(INVITE, ()):
                name = user.findtext(f"{DAV}href", "").removeprefix("principal:").strip("/")
                writes = user.find(f"{OWNCLOUD}access/{OWNCLOUD}read-write") is not None
                for kind, prefix in PRINCIPALS.items():
                    if name.startswith(prefix):
                        role = GrantRole.WRITE if writes else GrantRole.READ
                        yield Grant(kind=kind, role=role, principal=name.removeprefix(prefix))
            return
        raise NotFound("it is not there")

    def make(self, href: str, grant: Grant) -> None:
        """Grant it, and look that it is so. Raises Rejected."""
        if grant.kind not in PRINCIPALS or grant.expires is not None:
            raise Rejected("a calendar is shared with people and groups, without an end")
        wanted = _plain(grant)
        if wanted in set(self.of(href)):
            return
        self._dav.send("POST", self._dav.url(href), headers={"Content-Type": XML}, data=_share(wanted))
        if wanted not in set(self.of(href)):
            raise Rejected("the server does not list the share that was asked for: the person may not exist there")

    def end(self, href: str, grant: Grant) -> bool:
        """End it, and look that it is so; False when it is not there. Raises NotFound, Rejected."""
        known = _plain(grant)
        if known not in set(self.of(href)):
            return False
        self._dav.send("POST", self._dav.url(href), headers={"Content-Type": XML}, data=_unshare(known))
        if known in set(self.of(href)):
            raise Rejected("the server still lists the share that was to end")
        return True


def _plain(grant: Grant) -> Grant:
    """With one of the two roles that there are."""
    role = GrantRole.WRITE if grant.role in {GrantRole.WRITE, GrantRole.MANAGE} else GrantRole.READ
    return Grant(kind=grant.kind, role=role, principal=grant.principal)


def _unshare(grant: Grant) -> bytes:
    root = etree.Element(f"{OWNCLOUD}share", nsmap={"d": "DAV:", "o": OWNCLOUD.strip("{}")})
    wish = etree.SubElement(root, f"{OWNCLOUD}remove")
    etree.SubElement(wish, f"{DAV}href").text = f"principal:{PRINCIPALS[grant.kind]}{grant.principal}"
    return serialised(root)


def _share(grant: Grant) -> bytes:
    root = etree.Element(f"{OWNCLOUD}share", nsmap={"d": "DAV:", "o": OWNCLOUD.strip("{}")})
    wish = etree.SubElement(root, f"{OWNCLOUD}set")
    etree.SubElement(wish, f"{DAV}href").text = f"principal:{PRINCIPALS[grant.kind]}{grant.principal}"
    if grant.role is GrantRole.WRITE:
        etree.SubElement(wish, f"{OWNCLOUD}read-write")
    return serialised(root)
