"""A drive item as Graph tells it: what is computed from its content, its place and its permissions."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from urllib.parse import quote

from migrate.sandbox.graph.call import Call
from migrate.sandbox.graph.hashes import hashes
from migrate.sandbox.graph.query import DOWNLOAD
from migrate.sandbox.graph.state import DriveState
from migrate.sandbox.tenant import CloudItem, Json

DOWNLOADS = "download"
_known: dict[tuple[str, str, str], tuple[int, dict[str, str]]] = {}
_lock = threading.Lock()


def shown(call: Call, drive: DriveState, item: CloudItem, *, place: bool = True) -> Json:
    """The item; ``place`` False leaves out its path, as a delta does."""
    resource = item.resource
    number = drive.journal.last_of(resource["id"])
    value: Json = {
        "createdDateTime": "2025-01-06T08:00:00Z",
        "lastModifiedDateTime": "2025-01-06T08:00:00Z",
        "size": 0,
        **resource,
        "eTag": f'"{{{resource["id"]}}},{number}"',
        "cTag": f'"c:{{{resource["id"]}}},{number}"',
        "webUrl": f"https://tilleuls-my.sharepoint.example/{quote(str(resource['name']))}",
        "parentReference": _parent(drive, item, place=place),
    }
    value.setdefault("fileSystemInfo", {name: value[name] for name in ("createdDateTime", "lastModifiedDateTime")})
    if "folder" in resource:
        value["folder"] = {"childCount": len(drive.children(resource["id"])), **resource["folder"]}
        value["size"] = sum(_sizes(drive, item))
    if item.content is not None and "file" in resource:
        size, sums = checked(drive, item)
        value["size"] = resource.get("size", size)
        value["file"] = {"hashes": sums, **resource["file"]}
        if "malware" not in resource:
            value[DOWNLOAD] = download(call, drive, item)
    elif "package" in resource:
        value["size"] = resource.get("size", 4096)
    return value | _shared(call, drive, item) | _relations(call, drive, item)


def checked(drive: DriveState, item: CloudItem) -> tuple[int, dict[str, str]]:
    """Size and checksums of the content; counted once a change."""
    key = (drive.id, str(item.resource["id"]), f"{drive.journal.last_of(item.resource['id'])}/{id(item.content)}")
    with _lock:
        known = _known.get(key)
    if known is None:
        content = item.content() if item.content else b""
        known = len(content), hashes(content, drive.kind)
        with _lock:
            _known[key] = known
    return known


def download(call: Call, drive: DriveState, item: CloudItem, version: str = "") -> str:
    """An address that gives the content to whoever has it, for a while."""
    token = call.house.cursors.issue([DOWNLOADS], [drive.id, item.resource["id"], version])
    return f"{call.house.downloads}/{DOWNLOADS}/{token}"


def ancestry(drive: DriveState, item: CloudItem) -> Iterator[CloudItem]:
    """The item and the folders above it, up to the root."""
    found: CloudItem | None = item
    while found is not None:
        yield found
        if "root" in found.resource:
            return
        found = drive.item(str(found.resource.get("parentReference", {}).get("id", "")))


def permissions(call: Call, drive: DriveState, item: CloudItem) -> list[Json]:
    """The owner's, those given on the item, and those inherited from the folders above."""
    found = [*_owner(call, drive), *item.permissions]
    for above in list(ancestry(drive, item))[1:]:
        origin = {"driveId": drive.id, "id": above.resource["id"], "path": path(drive, above)}
        found += [{**given, "inheritedFrom": origin} for given in above.permissions]
    return found


def path(drive: DriveState, item: CloudItem) -> str:
    """The item's place as ``parentReference`` writes it."""
    names = [str(one.resource["name"]) for one in ancestry(drive, item) if "root" not in one.resource]
    return f"/drives/{drive.id}/root:" + "".join(f"/{quote(name)}" for name in reversed(names))


def _parent(drive: DriveState, item: CloudItem, *, place: bool) -> Json:
    base: Json = {"driveId": drive.id, "driveType": drive.kind}
    if "root" in item.resource:
        return base
    above = drive.item(item.resource["parentReference"]["id"])
    if above is None:
        return base
    found = base | {"id": above.resource["id"], "name": above.resource["name"]}
    return found | {"path": path(drive, above)} if place else found


def _owner(call: Call, drive: DriveState) -> list[Json]:
    state = call.house.tenant.accounts.get(drive.owner)
    if state is None:
        return []
    user = state.account.user
    identity = {"id": user["id"], "displayName": user["displayName"], "email": user["mail"]}
    name = hashlib.sha256(f"owner/{drive.id}".encode()).hexdigest()[:20]
    return [{"id": name, "roles": ["owner"], "grantedToV2": {"user": identity}, "grantedTo": {"user": identity}}]


def _shared(call: Call, drive: DriveState, item: CloudItem) -> Json:
    """The facet of what is shared. With ``hierarchicalsharing`` a delta tells it only where sharing begins."""
    roots_only = call.operation.template.endswith("/delta") and "hierarchicalsharing" in call.prefer
    places = [item] if roots_only else list(ancestry(drive, item))
    given = [one for place in places for one in place.permissions]
    if not given:
        return {}
    scopes = {one.get("link", {}).get("scope", "users") for one in given}
    scope = next(name for name in ("anonymous", "organization", "users") if name in scopes)
    return {"shared": {"scope": scope}}


def _relations(call: Call, drive: DriveState, item: CloudItem) -> Json:
    identifier = str(item.resource["id"])
    return {
        "children": lambda: [shown(call, drive, child) for child in drive.children(identifier)],
        "permissions": lambda: permissions(call, drive, item),
    }


def _sizes(drive: DriveState, item: CloudItem) -> Iterator[int]:
    for child in drive.children(str(item.resource["id"])):
        if "folder" in child.resource:
            yield from _sizes(drive, child)
        elif child.content is not None:
            yield int(child.resource.get("size") or checked(drive, child)[0])
