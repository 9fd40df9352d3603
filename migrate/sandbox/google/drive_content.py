"""Drive's bytes: downloads with ranges, exports with their limit, and the refusals clients must tell apart.

https://developers.google.com/workspace/drive/api/guides/manage-downloads
"""

from __future__ import annotations

import base64
import hashlib
import re

from migrate.sandbox.google.call import Call
from migrate.sandbox.google.drive_files import EXTENSIONS, FOLDER, NATIVE
from migrate.sandbox.google.drive_query import owned
from migrate.sandbox.google.errors import GoogleError, Reply
from migrate.sandbox.world import DriveNode

EXPORT_LIMIT = 10 * 2**20
_METADATA_ONLY = frozenset(
    {
        "https://www.googleapis.com/auth/drive.metadata",
        "https://www.googleapis.com/auth/drive.metadata.readonly",
    }
)


def _types(*extensions: str) -> list[str]:
    return [media_type for media_type, extension in EXTENSIONS.items() if extension in extensions]


EXPORT_FORMATS = {
    f"{NATIVE}document": _types("docx", "odt", "rtf", "pdf", "txt", "zip", "epub", "md"),
    f"{NATIVE}spreadsheet": _types("xlsx", "ods", "pdf", "zip", "csv", "tsv"),
    f"{NATIVE}presentation": _types("pptx", "odp", "pdf", "txt"),
    f"{NATIVE}drawing": _types("pdf", "png", "jpeg", "svg"),
    f"{NATIVE}script": _types("json"),
}
"""``about.exportFormats``."""


def download(call: Call, node: DriveNode) -> Reply:
    """The bytes of a blob, whole or the range asked for. Raises GoogleError 403 when they cannot be had."""
    if not (call.scopes & call.method.scopes) - _METADATA_ONLY:
        raise GoogleError(403, "insufficientPermissions", "Request had insufficient authentication scopes.")
    if node.content is None or str(node.resource["mimeType"]).startswith(NATIVE):
        raise GoogleError(
            403,
            "fileNotDownloadable",
            "Only files with binary content can be downloaded. Use Export with Docs Editors files.",
            location="alt",
        )
    _downloadable(node)
    if node.resource["id"] in call.house.abusive and not (call["acknowledgeAbuse"] and owned(node.resource)):
        raise GoogleError(
            403,
            "cannotDownloadAbusiveFile",
            "This file has been identified as malware or spam and cannot be downloaded.",
        )
    return _ranged(node.content(), str(node.resource["mimeType"]), call.range)


def export(call: Call, node: DriveNode) -> Reply:
    """A native document as another type, at most 10 MB. Raises GoogleError 400, 403."""
    body = exported(node, call["mimeType"])
    if len(body) > EXPORT_LIMIT:
        raise GoogleError(403, "exportSizeLimitExceeded", "This file is too large to be exported.")
    return Reply(200, body, call["mimeType"])


def exported(node: DriveNode, media_type: str) -> bytes:
    """A native document as another type, of any size. Raises GoogleError 400, 403."""
    native = str(node.resource["mimeType"])
    if not native.startswith(NATIVE) or native == FOLDER:
        raise GoogleError(403, "fileNotExportable", "Export only supports Docs Editors files.")
    _downloadable(node)
    make = node.exports.get(media_type)
    if make is None:
        raise GoogleError(400, "badRequest", "The requested conversion is not supported.", location="convertTo")
    return make()


def _downloadable(node: DriveNode) -> None:
    if not node.resource.get("capabilities", {}).get("canDownload", True):
        raise GoogleError(403, "cannotDownloadFile", "This file cannot be downloaded by the user.")


def _ranged(body: bytes, media_type: str, asked: str) -> Reply:
    digest = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
    headers = (("Accept-Ranges", "bytes"), ("X-Goog-Hash", f"md5={digest}"))
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", asked)
    if match is None or match.group(1) == match.group(2) == "":
        return Reply(200, body, media_type, headers)
    total = len(body)
    if match.group(1):
        start, end = int(match.group(1)), min(int(match.group(2) or total - 1), total - 1)
    else:
        start, end = max(0, total - int(match.group(2))), total - 1
    if start > end:
        raise GoogleError(416, "requestedRangeNotSatisfiable", "Request range not satisfiable", location="Range")
    content_range = ("Content-Range", f"bytes {start}-{end}/{total}")
    return Reply(206, body[start : end + 1], media_type, (*headers, content_range))
