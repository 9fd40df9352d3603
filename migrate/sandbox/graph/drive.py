"""OneDrive and SharePoint: drives, items, changes, contents, permissions, versions, sites.

https://learn.microsoft.com/en-us/graph/api/resources/onedrive
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import unquote
from wsgiref.types import WSGIEnvironment

from migrate.sandbox.cursors import BadCursor, ExpiredCursor
from migrate.sandbox.graph import access
from migrate.sandbox.graph.call import LISTING, ONE, Access, Call, Delta, House, Listing, Operation, words
from migrate.sandbox.graph.drive_item import DOWNLOADS, ancestry, checked, download, permissions, shown
from migrate.sandbox.graph.errors import GraphError, bad_request, no_file
from migrate.sandbox.graph.state import DriveState, changes
from migrate.sandbox.replies import Reply
from migrate.sandbox.tenant import CloudItem, Json, SharePointSite

BY_PATH = "path:"
"""Begins the item parameter of a path that names an item by where it lies."""


def list_drives(call: Call) -> Listing:
    """GET …/drives of a user or a site."""
    drives = list(call.house.tenant.libraries(site(call))) if "site" in call.parameters else [drive(call)]
    return Listing(items=drives, key=lambda one: one.id, show=lambda one: show_drive(call, one))


def get_drive(call: Call) -> Json:
    """GET …/drive and /drives/{id}."""
    return show_drive(call, drive(call))


def get_item(call: Call) -> Json:
    """GET …/items/{id} and …/root."""
    found = drive(call)
    return shown(call, found, item(call, found))


def list_children(call: Call) -> Listing:
    """GET …/children."""
    found = drive(call)
    parent = item(call, found)
    return Listing(
        items=found.children(str(parent.resource["id"])),
        key=lambda child: str(child.resource["id"]),
        show=lambda child: shown(call, found, child),
    )


def delta(call: Call) -> Delta:
    """GET …/root/delta: every item, the root too, some of them more than once; then what changed."""
    found = drive(call)
    if "item" in call.parameters and "root" not in item(call, found).resource:
        raise bad_request("Delta is only supported on the root of the drive.", "notSupported")
    items = found.drive.items
    return Delta(
        items=[*items, *items[1:2]],
        key=lambda one: str(one.resource["id"]),
        show=lambda one: shown(call, found, one, place=False),
        current=found.journal.current,
        since=lambda number: changes(found.journal, number, "item", "", found.item),
        removed=lambda name: {"id": name, "deleted": {"state": "deleted"}},
        names=("token", "token"),
    )


def get_content(call: Call) -> Reply:
    """GET …/content: the address of the bytes."""
    found = drive(call)
    wanted = item(call, found)
    _check_content(wanted)
    return Reply(302, b"", headers=(("Location", download(call, found, wanted)),))


def list_permissions(call: Call) -> Listing:
    """GET …/permissions."""
    found = drive(call)
    rows = permissions(call, found, item(call, found))
    return Listing(items=rows, key=lambda row: str(row["id"]), show=dict)


def list_versions(call: Call) -> Listing:
    """GET …/versions: the current one first."""
    found = drive(call)
    wanted = item(call, found)
    now = {
        "id": f"{len(wanted.versions) + 1}.0",
        "lastModifiedDateTime": wanted.resource.get("lastModifiedDateTime", "2025-01-06T08:00:00Z"),
        "size": checked(found, wanted)[0],
    }
    rows = [now, *(dict(version.resource) for version in wanted.versions)]
    return Listing(items=rows, key=lambda row: str(row["id"]), show=dict)


def get_version_content(call: Call) -> Reply:
    """GET …/versions/{id}/content: of earlier ones only."""
    found = drive(call)
    wanted = item(call, found)
    version = next((one for one in wanted.versions if one.resource["id"] == call["version"]), None)
    if version is None:
        raise bad_request("You cannot get the content of the current version.", "invalidRequest")
    return Reply(302, b"", headers=(("Location", download(call, found, wanted, call["version"])),))


def list_sites(call: Call) -> Listing:
    """GET /sites?search=…"""
    wanted = call.query.text.get("search", "").strip("*").lower()
    sites = call.house.tenant.tenant.sites
    found = [one for one in sites if wanted in str(one.resource.get("displayName", "")).lower()]
    return Listing(items=found, key=lambda one: str(one.resource["id"]), show=lambda one: show_site(one))


def get_site(call: Call) -> Json:
    """GET /sites/{id}."""
    return show_site(site(call))


def site(call: Call) -> SharePointSite:
    """The site of the path; ``root`` is the first. Raises GraphError 404."""
    sites = call.house.tenant.sites
    found = next(iter(sites.values()), None) if call["site"] == "root" else sites.get(call["site"].lower())
    if found is None:
        raise no_file()
    return found


def drive(call: Call) -> DriveState:
    """The drive of the path. Raises GraphError 404."""
    tenant = call.house.tenant
    if "drive" in call.parameters:
        found = tenant.drives.get(call["drive"].lower())
    elif "site" in call.parameters:
        found = next(iter(tenant.libraries(site(call))), None)
    else:
        found = tenant.drive_of(call.account)
    if found is None:
        raise GraphError(404, "ResourceNotFound", "User's mysite not found.")
    if found.owner not in ("", call.grant.account) and not call.grant.application:
        _check_sharing(call, found)
    return found


def item(call: Call, found: DriveState) -> CloudItem:
    """The item of the path, by id or by place; the root where the path names none. Raises GraphError 404."""
    name = call.parameters.get("item", "root")
    if name == "root":
        return found.root
    wanted = _at(found, name.removeprefix(BY_PATH)) if name.startswith(BY_PATH) else found.item(name)
    if wanted is None:
        raise no_file()
    return wanted


def show_drive(call: Call, found: DriveState) -> Json:
    """A drive with its owner and what it holds."""
    state = call.house.tenant.accounts.get(found.owner)
    user = {name: state.account.user[name] for name in ("id", "displayName")} if state else None
    used = sum(checked(found, one)[0] for one in found.drive.items if one.content is not None)
    quota = {"total": 2**40, "used": used, "remaining": 2**40 - used, "deleted": 0, "state": "normal"}
    return {
        "name": "OneDrive",
        "createdDateTime": "2024-01-08T08:00:00Z",
        "lastModifiedDateTime": "2026-01-08T08:00:00Z",
        "webUrl": "https://tilleuls-my.sharepoint.example/Documents",
        "quota": quota,
        **({"owner": {"user": user}} if user else {}),
        **found.drive.resource,
        "root": lambda: shown(call, found, found.root),
    }


def show_site(found: SharePointSite) -> Json:
    """A site."""
    base = {"createdDateTime": "2024-01-08T08:00:00Z", "lastModifiedDateTime": "2026-01-08T08:00:00Z", "root": {}}
    return {**base, **found.resource}


def serve_download(house: House, environ: WSGIEnvironment, token: str) -> Reply:
    """GET of a download address: whoever has it, for a while, and without any Authorization. Raises GraphError."""
    if environ.get("HTTP_AUTHORIZATION"):
        raise GraphError(401, "unauthenticated", "The address is its own authorization.")
    try:
        drive_id, name, version = house.cursors.read([DOWNLOADS], token, lives=house.downloads_live)
    except (BadCursor, ExpiredCursor) as error:
        raise GraphError(401, "unauthenticated", "The address has expired.") from error
    found = house.tenant.drives[str(drive_id).lower()].item(name)
    if found is None:
        raise no_file()
    return _ranged(_bytes(found, version), environ.get("HTTP_RANGE", ""))


def _bytes(found: CloudItem, version: str) -> bytes:
    if version:
        return next(one.content() for one in found.versions if one.resource["id"] == version)
    content = found.served or found.content
    return content() if content else b""


def _ranged(content: bytes, wanted: str) -> Reply:
    whole = Reply(200, content, "application/octet-stream", (("Accept-Ranges", "bytes"),))
    first, dash, last = wanted.removeprefix("bytes=").partition("-")
    if not wanted.startswith("bytes=") or not dash or not first.isdigit():
        return whole
    start, end = int(first), min(int(last) if last.isdigit() else len(content) - 1, len(content) - 1)
    if start > end:
        raise GraphError(416, "invalidRange", "The range is not satisfiable.",
                         headers=(("Content-Range", f"bytes */{len(content)}"),))  # fmt: skip
    span = (("Content-Range", f"bytes {start}-{end}/{len(content)}"), *whole.headers)
    return replace(whole, status=206, body=content[start : end + 1], headers=span)


def _check_content(wanted: CloudItem) -> None:
    if "malware" in wanted.resource:
        raise GraphError(403, "malwareDetected", "Malware was detected in the requested resource.")
    if "package" in wanted.resource:
        raise GraphError(503, "serviceNotAvailable", "The package cannot be downloaded.")
    if wanted.content is None:
        raise bad_request("You cannot get content for a folder.", "invalidRequest")


def _check_sharing(call: Call, found: DriveState) -> None:
    """A person sees of another's drive what was shared with them, with a permission for all files."""
    wanted = item(call, found)
    given = [one for place in ancestry(found, wanted) for one in place.permissions]
    shared = any(_is_for(one, call.grant.account) for one in given)
    if not shared or not call.grant.scopes & words("Files.Read.All Files.ReadWrite.All Sites.Read.All"):
        raise GraphError(403, "accessDenied", "The caller does not have permission to perform the action.")


def _is_for(given: Json, account: str) -> bool:
    people = [given.get("grantedToV2", {}), *given.get("grantedToIdentitiesV2", ())]
    if given.get("link", {}).get("scope") in ("anonymous", "organization"):
        return True
    return any(str(person.get("user", {}).get("email", "")).lower() == account for person in people)


def _at(found: DriveState, place: str) -> CloudItem | None:
    here: CloudItem | None = found.root
    for name in filter(None, unquote(place).split("/")):
        children = found.children(str(here.resource["id"])) if here else []
        here = next((child for child in children if str(child.resource["name"]).lower() == name.lower()), None)
    return here


_CHANGES = words("$select $expand $top token")


def _operation(
    template: str,
    kind: str,
    run: Callable[[Call], Any],
    options: frozenset[str],
    units: int = 1,
    opened: Access = access.FILES,
) -> Operation:
    return Operation(
        template=template, kind=kind, run=run, access=opened, options=options, service="files", units=units,
        expands=words("children permissions root") if kind in ("drive", "driveItem") else frozenset(),
        page=200, page_most=999, unfiltered=words("size file folder parentReference"),
    )  # fmt: skip


def _of(prefix: str) -> tuple[Operation, ...]:
    """The operations of one drive."""
    below = f"{prefix}/items/{{item}}"
    return (
        _operation(f"{prefix}/root", "driveItem", get_item, ONE),
        _operation(f"{prefix}/root/children", "driveItem", list_children, LISTING, 2),
        _operation(f"{prefix}/root/delta", "driveItem", delta, _CHANGES, 2),
        _operation(below, "driveItem", get_item, ONE),
        _operation(f"{below}/children", "driveItem", list_children, LISTING, 2),
        _operation(f"{below}/delta", "driveItem", delta, _CHANGES, 2),
        _operation(f"{below}/content", "driveItem", get_content, frozenset()),
        _operation(f"{below}/permissions", "permission", list_permissions, words("$select $top $skiptoken"), 5),
        _operation(f"{below}/versions", "driveItemVersion", list_versions, words("$select $top $skiptoken"), 2),
        _operation(f"{below}/versions/{{version}}/content", "driveItemVersion", get_version_content, frozenset()),
    )


_SEARCH = words("$select $top $skiptoken search")
OPERATIONS = (
    _operation("users/{user}/drive", "drive", get_drive, ONE),
    _operation("users/{user}/drives", "drive", list_drives, LISTING, 2),
    _operation("drives/{drive}", "drive", get_drive, ONE),
    *_of("users/{user}/drive"),
    *_of("drives/{drive}"),
    _operation("sites", "site", list_sites, _SEARCH, 2, access.SITES),
    _operation("sites/{site}", "site", get_site, ONE, 1, access.SITES),
    _operation("sites/{site}/drive", "drive", get_drive, ONE, 1, access.SITES),
    _operation("sites/{site}/drives", "drive", list_drives, LISTING, 2, access.SITES),
)
