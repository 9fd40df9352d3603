"""The OCS share API: creation limited to 20 in 10 minutes, mails unless ``sendMail=false``.

After ``apps/files_sharing/lib/Controller/ShareAPIController.php``.
"""

from __future__ import annotations

import itertools
import json
import secrets
import threading
from typing import Any
from urllib.parse import parse_qsl

from migrate.sandbox.clock import Clock
from migrate.sandbox.nextcloud.home_provider import HomeProvider
from migrate.sandbox.nextcloud.limits import Limits, Window
from migrate.sandbox.nextcloud.names import split_path
from migrate.sandbox.nextcloud.outbox import Mail, MailKind, Outbox
from migrate.sandbox.nextcloud.wsgi import Request

USER, GROUP, LINK, EMAIL = 0, 1, 3, 4
READ, UPDATE, CREATE, DELETE, RESHARE = 1, 2, 4, 8, 16


class OcsError(Exception):
    """A refusal in OCS form."""

    def __init__(self, status: int, message: str, *, meta: int = 0) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.meta = meta or status


class Shares:
    """The shares of every account."""

    def __init__(
        self, users: frozenset[str], emails: dict[str, str], outbox: Outbox, clock: Clock, limits: Limits
    ) -> None:
        self._users = users
        self._emails = emails
        self._outbox = outbox
        self._clock = clock
        self._window = Window(limits.shares_created, limits.shares_period)
        self._shares: dict[str, dict[str, Any]] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def answer(self, request: Request, identifier: str, home: HomeProvider) -> Any:
        """GET, POST and DELETE of the share resources."""
        match (request.method, identifier):
            case ("POST", ""):
                return self._create(request, home)
            case ("GET", ""):
                path = request.query.get("path")
                return [share for share in self._own(request.user) if path in (None, share["path"])]
            case ("GET", _):
                return [self._find(request.user, identifier)]
            case ("DELETE", _) if identifier:
                del self._shares[self._find(request.user, identifier)["id"]]
                return []
        raise OcsError(405, "Method not allowed")

    def _own(self, user: str) -> list[dict[str, Any]]:
        return [share for share in reversed(list(self._shares.values())) if share["uid_owner"] == user]

    def _find(self, user: str, identifier: str) -> dict[str, Any]:
        share = self._shares.get(identifier)
        if share is None or share["uid_owner"] != user:
            raise OcsError(404, "Wrong share ID, share does not exist")
        return share

    def _create(self, request: Request, home: HomeProvider) -> dict[str, Any]:
        form = _form(request)
        if not self._window.admit(request.user, self._clock.now()):
            raise OcsError(429, "")
        path = form.get("path", "")
        node = home.tree.find(split_path(path))
        if not path or node is None:
            message = "Wrong path, file/folder does not exist" if path else "Please specify a file or folder path"
            raise OcsError(404, message)
        kind = int(form.get("shareType", -1))
        recipient = form.get("shareWith", "")
        self._check_recipient(kind, recipient)
        permissions = int(form.get("permissions") or (READ | RESHARE if kind == LINK else 31))
        if not node.folder:
            permissions &= ~(CREATE | DELETE)
        token = secrets.token_urlsafe(11) if kind in (LINK, EMAIL) else None
        share = {
            "id": str(next(self._numbers)),
            "share_type": kind,
            "uid_owner": request.user,
            "permissions": permissions,
            "stime": home.now(),
            "path": "/" + "/".join(node.path()),
            "item_type": "folder" if node.folder else "file",
            "file_source": node.file_id,
            "share_with": recipient or None,
            "token": token,
            "url": f"http://{request.header('Host')}/s/{token}" if token else None,
            "item_source": node.file_id,
            "item_size": node.size,
            "expiration": form.get("expireDate") or None,
            "note": form.get("note", ""),
            "label": form.get("label", ""),
            "mail_send": 1 if form.get("sendMail", "true") not in ("false", "0") else 0,
        }
        with self._lock:
            self._shares[str(share["id"])] = share
        self._mail(share)
        return share

    def _check_recipient(self, kind: int, recipient: str) -> None:
        if kind not in (USER, GROUP, LINK, EMAIL):
            raise OcsError(400, "Unknown share type")
        if kind == USER and recipient not in self._users:
            raise OcsError(404, "Please specify a valid account to share with")
        if kind == EMAIL and "@" not in recipient:
            raise OcsError(404, "Please specify a valid email address")

    def _mail(self, share: dict[str, Any]) -> None:
        """``sharing.enable_share_mail`` is on by default: only ``sendMail=false`` keeps the server quiet."""
        if not share["mail_send"] or share["share_type"] == LINK:
            return
        recipient = share["share_with"] or ""
        self._outbox.add(
            Mail(
                kind=MailKind.SHARE,
                sender=share["uid_owner"],
                recipient=self._emails.get(recipient, recipient),
                href=share["path"],
            )
        )


def _form(request: Request) -> dict[str, str]:
    body = request.body()
    if "application/json" in request.header("Content-Type"):
        return {key: _text(value) for key, value in json.loads(body or b"{}").items()} | request.query
    return dict(parse_qsl(body.decode(), keep_blank_values=True)) | request.query


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
