"""OCS, Nextcloud's own API: who the account is and what the server can do (developer manual, "OCS APIs")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from connectors.nextcloud.dav import Dav
from migrate.errors import Rejected
from migrate.model import NameRules

MAX_NAME_BYTES = 250  # lib/private/Files/FilenameValidator.php
DOTS = frozenset("." * count for count in range(1, 11))  # names that no path can address


def ocs(dav: Dav, path: str) -> Mapping[str, Any]:
    """``data`` of an OCS answer. Raises ConnectorError."""
    response = dav.send("GET", f"{dav.site.url}/ocs/v2.php/{path}?format=json", headers={"OCS-APIRequest": "true"})
    try:
        data = response.json()["ocs"]["data"]
    except (ValueError, KeyError, TypeError):
        data = None
    if not isinstance(data, dict):
        raise Rejected("the server's answer is not that of a Nextcloud", advice="check url")
    return data


def answered(dav: Dav, method: str, path: str, fields: Mapping[str, Any]) -> Any:
    """``data`` of an OCS answer, whatever its shape; ``fields`` go in the query or the form. Raises ConnectorError."""
    url = f"{dav.site.url}/ocs/v2.php/{path}?format=json"
    headers = {"OCS-APIRequest": "true"}
    if method == "GET":
        response = dav.send(method, f"{url}&{urlencode(fields)}", headers=headers)
    else:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        response = dav.send(method, url, headers=headers | form, data=urlencode(fields).encode())
    try:
        return response.json()["ocs"]["data"]
    except (ValueError, KeyError, TypeError):
        raise Rejected("the server's answer is not that of a Nextcloud", advice="check url") from None


def user_id(dav: Dav) -> str:
    """The account's uid, which its DAV paths need: a login may be an address instead."""
    return str(ocs(dav, "cloud/user")["id"])


def capabilities(dav: Dav) -> Mapping[str, Any]:
    """What the server announces to this account."""
    found = ocs(dav, "cloud/capabilities").get("capabilities")
    return found if isinstance(found, dict) else {}


def name_rules(announced: Mapping[str, Any]) -> NameRules:
    """Names the server takes (capabilities ``files.forbidden_*``, since Nextcloud 30)."""
    files = announced.get("files") or {}
    characters = set(files.get("forbidden_filename_characters") or ()) | {"/", "\\"}
    return NameRules(
        max_bytes=MAX_NAME_BYTES,
        forbidden_characters="".join(sorted(characters | {chr(code) for code in range(32)})),
        forbidden_names=frozenset(files.get("forbidden_filenames") or {".htaccess"}) | DOTS,
        forbidden_extensions=frozenset(files.get("forbidden_filename_extensions") or {".part", ".filepart"}),
        forbidden_basenames=frozenset(files.get("forbidden_filename_basenames") or ()),
        trim_trailing=" ." if files.get("windows_compatible_filenames") else "",
    )


def chunk_limit(announced: Mapping[str, Any]) -> int:
    """The largest chunk in bytes (capability ``files.chunked_upload.max_size``); 0 when none are taken."""
    files = announced.get("files") or {}
    if not (files.get("bigfilechunking") or files.get("chunked_upload")):
        return 0
    return int((files.get("chunked_upload") or {}).get("max_size") or 100 * 1024 * 1024)


def takes_bulk(announced: Mapping[str, Any]) -> bool:
    """Whether ``POST /remote.php/dav/bulk`` is offered (capability ``dav.bulkupload``)."""
    return bool((announced.get("dav") or {}).get("bulkupload"))
