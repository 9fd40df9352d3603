"""Drive v3, reads: about, files, exports, changes, permissions.

https://developers.google.com/workspace/drive/api/reference/rest/v3
"""

from __future__ import annotations

from collections.abc import Sequence

from migrate.sandbox.google import drive_query
from migrate.sandbox.google.call import Call, Handlers
from migrate.sandbox.google.discovery import Json
from migrate.sandbox.google.drive_content import EXPORT_FORMATS, download, export
from migrate.sandbox.google.drive_files import TITLE_FIELDS, find, resource
from migrate.sandbox.google.errors import GoogleError, Reply, bad_request
from migrate.sandbox.world import DriveNode

DEFAULT_FIELDS = {
    "drive.files.list": f"kind,incompleteSearch,nextPageToken,files({TITLE_FIELDS})",
    "drive.files.get": TITLE_FIELDS,
    "drive.changes.list": (
        f"kind,nextPageToken,newStartPageToken,changes(kind,removed,changeType,type,time,fileId,file({TITLE_FIELDS}))"
    ),
    "drive.permissions.list": "kind,nextPageToken,permissions(kind,id,type,role)",
}
"""What comes back without ``fields``, by method."""
QUOTA_BYTES = 15 * 2**30


def get_about(call: Call) -> Json:
    """about.get, which demands ``fields``."""
    if call["fields"] is None:
        raise bad_request("The 'fields' parameter is required for this method.", location="fields", reason="required")
    account = call.state.account
    user = {"kind": "drive#user", "displayName": account.display_name, "me": True, "emailAddress": account.address}
    answer: Json = {
        "kind": "drive#about",
        "user": user,
        "exportFormats": EXPORT_FORMATS,
        "importFormats": {},
        "maxImportSizes": {},
        "maxUploadSize": str(5 * 2**40),
        "appInstalled": False,
        "canCreateDrives": False,
        "folderColorPalette": [],
    }
    if call.wants("storageQuota"):
        owned = [node for node in account.files if drive_query.owned(node.resource)]
        used = sum(call.state.sums(node)[0] for node in owned if node.content)
        answer["storageQuota"] = {"limit": str(QUOTA_BYTES), "usage": str(used), "usageInDrive": str(used)}
    return answer


def list_files(call: Call) -> Json:
    """files.list over what the person owns or was given; no shared drives in this world."""
    _refuse_unserved(call)
    text = call["q"] or ""
    found = call.state.listing("files", text, lambda: _search(call, text))
    part, token = call.page(found, call["pageSize"], lambda node: str(node.resource["id"]), [text])
    answer: Json = {"kind": "drive#fileList", "incompleteSearch": False}
    if call.wants("files"):
        answer["files"] = [resource(call, node, "files") for node in part.items]
    return answer | ({"nextPageToken": token} if token else {})


def get_file(call: Call) -> Json | Reply:
    """files.get: the resource, or with ``alt=media`` the bytes."""
    node = find(call, call["fileId"])
    return download(call, node) if call["alt"] == "media" else resource(call, node)


def export_file(call: Call) -> Reply:
    """files.export of a native document."""
    return export(call, find(call, call["fileId"]))


def get_start_page_token(call: Call) -> Json:
    """changes.getStartPageToken: take it before the first listing."""
    return {"kind": "drive#startPageToken", "startPageToken": str(call.state.journal.current)}


def list_changes(call: Call) -> Json:
    """changes.list: each changed file once, as it is now; ``removed`` also when access was lost."""
    token: str = call["pageToken"]
    start, _, end = token.partition(".")
    journal = call.state.journal
    if not (start.isdigit() and (end or "0").isdigit()) or call.forget_cursors or not journal.remembers(int(start)):
        raise bad_request("Invalid Value", location="pageToken", reason="invalid")
    until = int(end) if end else journal.current
    latest = {
        change.id: change for change in journal.since(int(start)) if change.kind == "file" and change.number <= until
    }
    changes = sorted(latest.values(), key=lambda change: change.number)
    part = changes[: call["pageSize"]]
    answer: Json = {"kind": "drive#changeList", "changes": []}
    for change in part:
        shown = _change(call, change.id, change.time)
        if call["includeRemoved"] or not shown["removed"]:
            answer["changes"].append(shown)
    if len(part) < len(changes):
        return answer | {"nextPageToken": f"{part[-1].number}.{until}"}
    return answer | {"newStartPageToken": str(until)}


def list_permissions(call: Call) -> Json:
    """permissions.list, for those who may share the file."""
    node = find(call, call["fileId"])
    if not drive_query.owned(node.resource) and "permissions" not in node.resource:
        raise GoogleError(
            403, "insufficientFilePermissions", "The user does not have sufficient permissions for this file."
        )
    shown = [{"kind": "drive#permission", **permission} for permission in node.resource.get("permissions", [])]
    return {"kind": "drive#permissionList", "permissions": shown}


def _refuse_unserved(call: Call) -> None:
    for name in ("orderBy", "corpus", "teamDriveId", "driveId", "includeLabels"):
        if call[name] is not None:
            raise bad_request(f"The stand-in does not serve {name}.", location=name)
    if call["corpora"] not in (None, "user") or call["spaces"] != "drive":
        raise bad_request("The stand-in serves the user's own corpus and the space drive only.", location="corpora")
    if call["includeItemsFromAllDrives"] and not call["supportsAllDrives"]:
        raise bad_request(
            "The supportsAllDrives parameter must be set to true if includeItemsFromAllDrives is.",
            location="supportsAllDrives",
        )


def _search(call: Call, text: str) -> Sequence[DriveNode]:
    files = call.state.account.files
    if not text:
        return list(files)
    test = drive_query.parse(text, root_id=call.state.account.root_id)
    return [node for node in files if test(node.resource)]


def _change(call: Call, identifier: str, seconds: float) -> Json:
    node = call.state.file(identifier)
    shown: Json = {
        "kind": "drive#change",
        "type": "file",
        "changeType": "file",
        "time": call.house.timestamp(seconds),
        "fileId": identifier,
        "removed": node is None,
    }
    return shown if node is None else shown | {"file": resource(call, node, "changes", "file")}


HANDLERS: Handlers = {
    "drive.about.get": get_about,
    "drive.files.list": list_files,
    "drive.files.get": get_file,
    "drive.files.export": export_file,
    "drive.changes.getStartPageToken": get_start_page_token,
    "drive.changes.list": list_changes,
    "drive.permissions.list": list_permissions,
}
