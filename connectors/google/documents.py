"""Drive files as entries: native documents with the form they are exported to, and what cannot follow.

https://developers.google.com/workspace/drive/api/guides/ref-export-formats
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from migrate.model import Disposition, Entry, Loss, Skip

NATIVE = "application/vnd.google-apps."
FOLDER = f"{NATIVE}folder"
_OFFICE = "application/vnd.openxmlformats-officedocument."
_ODF = "application/vnd.oasis.opendocument."
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Export:
    """A form a native document is delivered in."""

    media_type: str
    extension: str


_EXPORTS: Mapping[str, Mapping[str, Export]] = {
    "ooxml": {
        "document": Export(f"{_OFFICE}wordprocessingml.document", ".docx"),
        "spreadsheet": Export(f"{_OFFICE}spreadsheetml.sheet", ".xlsx"),
        "presentation": Export(f"{_OFFICE}presentationml.presentation", ".pptx"),
    },
    "odf": {
        "document": Export(f"{_ODF}text", ".odt"),
        "spreadsheet": Export(f"{_ODF}spreadsheet", ".ods"),
        "presentation": Export(f"{_ODF}presentation", ".odp"),
    },
}
_BOTH = {
    "drawing": Export("image/svg+xml", ".svg"),
    "script": Export("application/vnd.google-apps.script+json", ".json"),
}
_UNEXPORTABLE = {
    "form": "A form has no file form; export its answers to a spreadsheet first.",
    "site": "A site has no file form.",
    "map": "A map has no file form here; export it to KML by hand.",
    "fusiontable": "Fusion tables ended; there is nothing to export.",
    "shortcut": "A shortcut points to a file that moves with its owner.",
    "jam": "Jamboard ended; there is nothing to export.",
    "vid": "A Vids project is only delivered by hand.",
    "drive-sdk": "The file belongs to another application, which alone can export it.",
}
_LOSSES = (
    Loss(field="format", reason="A Google document becomes an office file: layout and live functions may differ."),
    Loss(field="comments", reason="Comments and suggestions follow only as far as the export writes them."),
    Loss(field="revisions", reason="Earlier versions are not moved."),
)


def export_of(media_type: str, documents: str) -> Export | None:
    """What a native document becomes; None when it has no export."""
    kind = media_type.removeprefix(NATIVE)
    return _EXPORTS[documents].get(kind) or _BOTH.get(kind)


def is_native(file: Json) -> bool:
    """Whether Drive holds it in a form of its own."""
    return str(file.get("mimeType", "")).startswith(NATIVE)


def entry_of(file: Json, collection: str, documents: str, skip: Skip | None = None) -> Entry:
    """A ``drive#file`` as a row of the listing."""
    media_type = str(file.get("mimeType") or "application/octet-stream")
    native = is_native(file)
    export = export_of(media_type, documents) if native else None
    size = None if native or "size" not in file else int(file["size"])
    return Entry(
        href=file["id"],
        collection=collection,
        etag=_etag(file, documents),
        name=_named(str(file.get("name", "")), export),
        media_type=export.media_type if export else media_type.partition(";")[0].strip(),
        size=size,
        modified=moment(file.get("modifiedTime")),
        created=moment(file.get("createdTime")),
        digest="" if native else _digest(file),
        losses=_LOSSES if export else (),
        skip=skip or _skip(file, export),
    )


def _named(name: str, export: Export | None) -> str:
    if export is None or name.casefold().endswith(export.extension):
        return name
    return name + export.extension


def _digest(file: Json) -> str:
    """SHA-256 may be missing on files of before 2018; MD5 is always there for a blob."""
    for algorithm in ("sha256", "md5"):
        if file.get(f"{algorithm}Checksum"):
            return f"{algorithm}:{file[f'{algorithm}Checksum']}"
    return ""


def _etag(file: Json, documents: str) -> str:
    """Content, name, place and dates. Not ``version``, which grows with changes that nobody sees."""
    content = file.get("md5Checksum") or file.get("headRevisionId") or documents
    parts = (content, file.get("name"), *(file.get("parents") or ()), file.get("modifiedTime"), file.get("createdTime"))
    return hashlib.sha256("\0".join(map(str, parts)).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _skip(file: Json, export: Export | None) -> Skip | None:
    kind = str(file.get("mimeType", "")).removeprefix(NATIVE).partition(".")[0]
    if is_native(file) and export is None:
        return Skip(code=kind, reason=_UNEXPORTABLE.get(kind, "This kind of Google document has no export."))
    if (file.get("capabilities") or {}).get("canDownload") is False:
        return Skip(
            code="download-forbidden",
            reason="Downloads of this file are forbidden; lift the restriction to move it.",
            disposition=Disposition.BLOCKED,
        )
    return None


def moment(value: str | None) -> datetime | None:
    """An RFC 3339 moment; None for one that cannot be read."""
    try:
        return datetime.fromisoformat(value) if value else None
    except ValueError:
        return None
