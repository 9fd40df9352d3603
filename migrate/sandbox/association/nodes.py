"""Drive resources (``drive.v3`` ``File``) of one owner: folders, blobs, native documents, shortcuts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from migrate.sandbox.association import documents
from migrate.sandbox.association.documents import Digests
from migrate.sandbox.association.identity import file_id, root_id
from migrate.sandbox.association.people import Member
from migrate.sandbox.world import Bytes, DriveNode, Json

FOLDER = "application/vnd.google-apps.folder"
SHORTCUT = "application/vnd.google-apps.shortcut"
DOCUMENT = "application/vnd.google-apps.document"
SHEET = "application/vnd.google-apps.spreadsheet"
SLIDES = "application/vnd.google-apps.presentation"
DRAWING = "application/vnd.google-apps.drawing"
FORM = "application/vnd.google-apps.form"

_EXPORTS: Mapping[str, tuple[str, ...]] = {
    DOCUMENT: (documents.DOCX, documents.ODT, documents.PDF, documents.TEXT),
    SHEET: (documents.XLSX, documents.ODS, documents.PDF, documents.CSV),
    SLIDES: (documents.PPTX, documents.ODP, documents.PDF),
    DRAWING: (documents.PNG, documents.SVG, documents.PDF),
    FORM: (),
}
_FIRST = datetime(2009, 3, 2, 10, 15, tzinfo=UTC)
_SPAN_HOURS = 24 * 6400


@dataclass(frozen=True, slots=True)
class Shelf:
    """Makes the nodes of one owner. Each node is known by a key, unique for the owner; names need not be."""

    owner: Member

    def id(self, key: str) -> str:
        """The Drive id of the node with that key; ``""`` is the root."""
        return file_id(self.owner, key) if key else root_id(self.owner)

    def folder(self, key: str, name: str, parent: str | None = "", **more: Any) -> DriveNode:
        """A folder. ``parent`` is a key, None for none at all."""
        return DriveNode(resource=self._resource(key, name, FOLDER, parent, more))

    def blob(
        self, key: str, name: str, media_type: str, data: bytes, parent: str | None = "", **more: Any
    ) -> DriveNode:
        """A file with small contents, kept in memory."""
        return self.lazy(key, name, media_type, lambda: data, documents.digests(data), parent, **more)

    def lazy(
        self, key: str, name: str, media_type: str, content: Bytes, known: Digests, parent: str | None = "", **more: Any
    ) -> DriveNode:
        """A file whose contents are made when read; ``known`` must be theirs."""
        facts: Json = {
            "size": str(known.size),
            "quotaBytesUsed": str(known.size),
            "md5Checksum": known.md5,
            "sha1Checksum": known.sha1,
            "sha256Checksum": known.sha256,
            "headRevisionId": f"0B{known.md5[:24]}",
            "originalFilename": name,
            "fileExtension": name.rpartition(".")[2] if "." in name else "",
        }
        return DriveNode(resource=self._resource(key, name, media_type, parent, facts | more), content=content)

    def native(
        self, key: str, name: str, media_type: str, text: str, parent: str | None = "", **more: Any
    ) -> DriveNode:
        """A Google document, with every export its kind has (none for a form)."""
        exports = {kind: partial(_export, kind, text) for kind in _EXPORTS[media_type]}
        return DriveNode(resource=self._resource(key, name, media_type, parent, more), exports=exports)

    def shortcut(self, key: str, name: str, target: DriveNode, parent: str | None = "") -> DriveNode:
        """A shortcut to a node of anyone."""
        details = {"targetId": target.resource["id"], "targetMimeType": target.resource["mimeType"]}
        return DriveNode(resource=self._resource(key, name, SHORTCUT, parent, {"shortcutDetails": details}))

    def _resource(self, key: str, name: str, media_type: str, parent: str | None, more: Json) -> Json:
        identifier = self.id(key)
        draw = int(hashlib.sha256(identifier.encode()).hexdigest()[:8], 16)
        created = _FIRST + timedelta(hours=draw % _SPAN_HOURS, milliseconds=draw % 1000)
        modified = created + timedelta(hours=draw % 500, seconds=draw % 60)
        return {
            "kind": "drive#file",
            "id": identifier,
            "name": name,
            "mimeType": media_type,
            "spaces": ["drive"],
            "version": str(1 + draw % 90),
            "createdTime": _rfc3339(created),
            "modifiedTime": _rfc3339(modified),
            "starred": False,
            "trashed": False,
            "explicitlyTrashed": False,
            "shared": False,
            "ownedByMe": True,
            "owners": [_user(self.owner.address, self.owner.name, me=True)],
            "permissions": [_permission(self.owner.address, "owner")],
            "capabilities": _capabilities(download=True, edit=True),
            "webViewLink": f"https://drive.google.com/open?id={identifier}",
            "writersCanShare": True,
            **({} if parent is None else {"parents": [self.id(parent)]}),
            **more,
        }


def shared(node: DriveNode, *readers: str, role: str = "reader") -> DriveNode:
    """The owner's node, now shared with these addresses."""
    permissions = [*node.resource["permissions"], *(_permission(address, role) for address in readers)]
    node.resource |= {"shared": True, "permissions": permissions}
    return node


def hand_down(tree: Iterable[DriveNode]) -> None:
    """Name on each node those of the folders above too, as Drive does; parents come before what lies in them."""
    known: dict[str, list[Json]] = {}
    for node in tree:
        above = [one for parent in node.resource.get("parents", ()) for one in known.get(parent, ())]
        if above:
            handed = [one | {"permissionDetails": [_detail(one["role"], inherited=True)]} for one in above]
            node.resource |= {"shared": True, "permissions": [*node.resource["permissions"], *handed]}
        known[node.resource["id"]] = [one for one in node.resource["permissions"] if one["role"] != "owner"]


def _detail(role: str, *, inherited: bool) -> Json:
    return {"permissionType": "file", "role": role, "inherited": inherited}


def shared_with_me(node: DriveNode, *, download: bool = True) -> DriveNode:
    """How a reader's list shows somebody else's node: not owned, without a parent, without its permissions."""
    owner = {**node.resource["owners"][0], "me": False}
    mine = {name: value for name, value in node.resource.items() if name not in ("permissions", "parents", "starred")}
    mine |= {
        "starred": False,
        "ownedByMe": False,
        "shared": True,
        "owners": [owner],
        "sharingUser": owner,
        "sharedWithMeTime": node.resource["modifiedTime"],
        "capabilities": _capabilities(download=download, edit=False),
        "copyRequiresWriterPermission": not download,
    }
    return DriveNode(resource=mine, content=node.content, exports=node.exports)


def trashed(node: DriveNode, *, explicitly: bool = True) -> DriveNode:
    """The node in the bin: put there itself, or with its folder."""
    node.resource |= {"trashed": True, "explicitlyTrashed": explicitly}
    if explicitly:
        node.resource["trashedTime"] = "2026-10-30T08:00:00.000Z"
    return node


def _export(media_type: str, text: str) -> bytes:
    makers: Mapping[str, Callable[[str], bytes]] = {
        documents.PDF: lambda words: documents.pdf(words.replace("\n", " ")),
        documents.TEXT: str.encode,
        documents.CSV: lambda words: f"Texte\r\n{words.splitlines()[0]}\r\n".encode(),
        documents.PNG: lambda words: documents.png(len(words)),
        documents.SVG: documents.svg,
    }
    make = makers.get(media_type)
    return make(text) if make else documents.office(media_type, text)


def _rfc3339(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def _user(address: str, name: str, *, me: bool) -> Json:
    return {
        "kind": "drive#user",
        "displayName": name,
        "me": me,
        "permissionId": _permission_id(address),
        "emailAddress": address,
    }


def _permission(address: str, role: str) -> Json:
    return {
        "kind": "drive#permission",
        "id": _permission_id(address),
        "type": "user",
        "emailAddress": address,
        "role": role,
        "deleted": False,
        "permissionDetails": [_detail(role, inherited=False)],
    }


def _permission_id(address: str) -> str:
    return f"{int(hashlib.sha256(address.encode()).hexdigest()[:15], 16):020d}"


def _capabilities(*, download: bool, edit: bool) -> Json:
    return {"canDownload": download, "canCopy": download, "canEdit": edit, "canShare": edit, "canReadRevisions": edit}
