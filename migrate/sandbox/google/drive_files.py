"""One Drive file as a resource: the world's own fields and those every Drive file has."""

from __future__ import annotations

from urllib.parse import urlencode

from migrate.sandbox.google.call import Call
from migrate.sandbox.google.discovery import Json
from migrate.sandbox.google.errors import not_found
from migrate.sandbox.world import DriveNode

FOLDER = "application/vnd.google-apps.folder"
NATIVE = "application/vnd.google-apps."
TITLE_FIELDS = "kind,id,name,mimeType"
EXTENSIONS = {
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
    "application/vnd.oasis.opendocument.presentation": "odp",
    "application/pdf": "pdf",
    "application/rtf": "rtf",
    "application/epub+zip": "epub",
    "application/zip": "zip",
    "text/plain": "txt",
    "text/html": "html",
    "text/markdown": "md",
    "text/csv": "csv",
    "text/tab-separated-values": "tsv",
    "image/png": "png",
    "image/jpeg": "jpeg",
    "image/svg+xml": "svg",
    "application/vnd.google-apps.script+json": "json",
}
"""``exportFormat`` words of export links."""


def find(call: Call, identifier: str) -> DriveNode:
    """A node by id, the root and its alias included. Raises GoogleError 404."""
    root_id = call.state.account.root_id
    if identifier in ("root", root_id):
        return DriveNode(resource=_root(root_id))
    node = call.state.file(identifier)
    if node is None:
        raise not_found(f"File not found: {identifier}.")
    return node


def resource(call: Call, node: DriveNode, *below: str) -> Json:
    """The ``drive#file`` at that place of the answer; what costs a look at the content is counted only when asked."""
    shown: Json = {"kind": "drive#file", **node.resource}
    if node.content and (call.wants(*below, "size") or call.wants(*below, "md5Checksum")):
        size, md5 = call.state.sums(node)
        shown |= {"size": str(size), "md5Checksum": md5}
    if node.exports and call.wants(*below, "exportLinks"):
        shown["exportLinks"] = {media_type: export_link(call, node, media_type) for media_type in node.exports}
    shown["capabilities"] = {"canDownload": True} | shown.get("capabilities", {})
    return shown


def export_link(call: Call, node: DriveNode, media_type: str) -> str:
    """Google's own path for exports, which has no size limit, on this stand-in."""
    query = urlencode({"id": node.resource["id"], "exportFormat": EXTENSIONS.get(media_type, media_type)})
    return f"{call.house.url}/feeds/download/documents/export/Export?{query}"


def _root(identifier: str) -> Json:
    return {"id": identifier, "name": "My Drive", "mimeType": FOLDER, "ownedByMe": True, "trashed": False}
