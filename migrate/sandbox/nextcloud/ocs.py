"""OCS, Nextcloud's own API: capabilities, the user, shares; JSON or XML (developer manual, "OCS APIs")."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

from migrate.sandbox.nextcloud.home_provider import HomeProvider
from migrate.sandbox.nextcloud.names import FORBIDDEN_CHARACTERS, FORBIDDEN_EXTENSIONS, FORBIDDEN_NAMES
from migrate.sandbox.nextcloud.shares import OcsError, Shares
from migrate.sandbox.nextcloud.wsgi import Reply, Request, text_reply

VERSION = {"major": 32, "minor": 0, "micro": 1, "string": "32.0.1", "edition": "", "extendedSupport": False}
STATUS = {
    "installed": True,
    "maintenance": False,
    "needsDbUpgrade": False,
    "version": "32.0.1.2",
    "versionstring": "32.0.1",
    "edition": "",
    "productname": "Nextcloud",
    "extendedSupport": False,
}
INVALID_QUERY = (
    "Invalid query, please check the syntax. API specifications are here: "
    "http://www.freedesktop.org/wiki/Specifications/open-collaboration-services.\n"
)
PUBLIC_CAPABILITIES = ("bruteforce", "theming")
"""What is told without a login."""
SHARES = "apps/files_sharing/api/v1/shares"


def status_page() -> Reply:
    """``/status.php``, public."""
    return text_reply(200, json.dumps(STATUS, separators=(",", ":")), "application/json")


def capabilities(base_url: str, brute_force_delay: float) -> dict[str, Any]:
    """What a Nextcloud 32 announces, as far as a migration asks."""
    return {
        "core": {"pollinterval": 60, "webdav-root": "remote.php/webdav", "mod-rewrite-working": True},
        "bruteforce": {"delay": int(brute_force_delay * 1000), "allow-listed": False},
        "dav": {"bulkupload": "1.0", "chunking": "1.0", "public_shares_chunking": False, "absence-supported": True},
        "files": {
            "bigfilechunking": True,
            "blacklisted_files": list(FORBIDDEN_NAMES),
            "forbidden_filenames": list(FORBIDDEN_NAMES),
            "forbidden_filename_basenames": [],
            "forbidden_filename_characters": list(FORBIDDEN_CHARACTERS),
            "forbidden_filename_extensions": list(FORBIDDEN_EXTENSIONS),
            "chunked_upload": {"max_size": 104_857_600, "max_parallel_count": 5},
            "windows_compatible_filenames": False,
            "undelete": True,
            "delete_from_trash": True,
            "versioning": True,
        },
        "files_sharing": {
            "api_enabled": True,
            "default_permissions": 31,
            "resharing": True,
            "sharebymail": {"enabled": True, "send_password_by_mail": True},
            "public": {
                "enabled": True,
                "password": {"enforced": False, "askForOptionalPassword": False},
                "expire_date": {"enabled": False},
                "upload": True,
            },
        },
        "theming": {"name": "Nextcloud", "url": base_url},
    }


class OcsHandler:
    """Answers below ``/ocs/v1.php/`` and ``/ocs/v2.php/``."""

    def __init__(self, homes: Mapping[str, HomeProvider], shares: Shares, emails: Mapping[str, str]) -> None:
        self._homes = homes
        self._shares = shares
        self._emails = emails

    def __call__(self, request: Request, rest: str, *, base_url: str, delay: float) -> Reply:
        """Answer; ``rest`` is the path below the version."""
        try:
            if not request.header("OCS-APIRequest"):
                return text_reply(412, '{"message":"CSRF check failed"}', "application/json; charset=utf-8")
            return self._render(request, 200, "OK", self._answer(request, rest.strip("/"), base_url, delay))
        except OcsError as error:
            for _ in request.blocks():
                pass
            return self._render(request, error.status, error.message, [], meta=error.meta)

    def unauthorised(self, request: Request) -> Reply:
        """The answer to a wrong password."""
        return self._render(request, 401, "Current user is not logged in", [], meta=997)

    def _answer(self, request: Request, path: str, base_url: str, delay: float) -> Any:
        if path == "cloud/capabilities":
            known = capabilities(base_url, delay)
            shown = known if request.user else {name: known[name] for name in PUBLIC_CAPABILITIES}
            return {"version": VERSION, "capabilities": shown}
        if not request.user:
            raise OcsError(401, "Current user is not logged in", meta=997)
        if path in ("cloud/user", f"cloud/users/{request.user}"):
            return self._user(request.user)
        if path == SHARES or path.startswith(SHARES + "/"):
            return self._shares.answer(request, path.removeprefix(SHARES).strip("/"), self._homes[request.user])
        raise OcsError(404, INVALID_QUERY, meta=998)

    def _user(self, user: str) -> dict[str, Any]:
        home = self._homes[user]
        used, total = home.tree.root.size, home.quota
        free = home.free
        relative = round(used * 100 / total, 2) if total > 0 else 0
        return {
            "enabled": True,
            "id": user,
            "quota": {"free": free, "used": used, "total": total, "relative": relative, "quota": total},
            "email": self._emails.get(user),
            "displayname": user,
            "display-name": user,
            "groups": [],
            "backend": "Database",
            "language": "fr",
            "locale": "",
        }

    def _render(self, request: Request, status: int, message: str, data: Any, *, meta: int = 0) -> Reply:
        first = request.path.startswith("/ocs/v1.php")
        code = 100 if first and status == 200 else meta or status
        envelope = {
            "ocs": {
                "meta": {"status": "ok" if status == 200 else "failure", "statuscode": code, "message": message},
                "data": data,
            }
        }
        http = 200 if first and status != 401 else status
        if request.query.get("format") == "json" or "application/json" in request.header("Accept"):
            return text_reply(http, json.dumps(envelope, separators=(",", ":")), "application/json; charset=utf-8")
        document = '<?xml version="1.0"?>\n' + _xml("ocs", envelope["ocs"])
        return text_reply(http, document, "application/xml; charset=utf-8")


def _xml(name: str, value: Any) -> str:
    if isinstance(value, Mapping):
        inner = "".join(_xml(str(key), item) for key, item in value.items())
    elif isinstance(value, list):
        inner = "".join(_xml("element", item) for item in value)
    elif isinstance(value, bool):
        inner = "1" if value else ""
    else:
        inner = "" if value is None else escape(str(value))
    return f"<{name}>{inner}</{name}>" if inner else f"<{name}/>"
