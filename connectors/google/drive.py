"""Google Drive: owned folders as a tree, owned files in one listing, native documents exported.

https://developers.google.com/workspace/drive/api/reference/rest/v3/files
"""

from __future__ import annotations

from collections.abc import Collection as Collection_
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from connectors.google.acl import permissions_of
from connectors.google.documents import FOLDER, entry_of, export_of, is_native
from connectors.google.download import CONTENT_UNITS, Download
from connectors.google.http import Api
from connectors.google.settings import Settings
from migrate.errors import NotFound, Rejected, Retriable, Scope
from migrate.model import Capabilities, Collection, Disposition, Entry, Grant, Item, Skip

LIST_UNITS, GET_UNITS = 100, 5
PAGE = 1000
ORPHANS = "orphans"
"""The collection of owned files that lie in no folder of the owner's."""
_FIELDS = (
    "id,name,mimeType,size,md5Checksum,sha256Checksum,headRevisionId,parents,trashed,ownedByMe,"
    "createdTime,modifiedTime,capabilities/canDownload"
)
_WHO = (
    "permissions(type,role,emailAddress,domain,allowFileDiscovery,expirationTime,deleted,view,"
    "permissionDetails(inherited))"
)
_FOLDER_FIELDS = "id,name,mimeType,parents,trashed,ownedByMe"
_OWNED = "'me' in owners and trashed = false"
_FOLDERS = f"{_OWNED} and mimeType = '{FOLDER}'"
_FILES = f"{_OWNED} and mimeType != '{FOLDER}'"
_TRASHED = f"'me' in owners and trashed = true and mimeType != '{FOLDER}'"
_SHARED = "sharedWithMe = true and trashed = false"
_IN_TRASH = Skip(code="trashed", reason="It lies in the trash.", disposition=Disposition.EXCLUDED)
_OF_ANOTHER = Skip(
    code="owned-by-another",
    reason="It belongs to someone else and moves with its owner.",
    disposition=Disposition.EXCLUDED,
)


class DriveReader:
    """Implements ``protocols.Reader``."""

    def __init__(self, api: Api, settings: Settings, spool: Path) -> None:
        self._api, self._settings = api, settings
        per_minute = settings.quota_of(api.endpoint).user / CONTENT_UNITS
        self.capabilities = Capabilities(items_per_minute=per_minute, tells_everyone=settings.shares)
        self._who = f",{_WHO}" if settings.shares else ""
        self._download = Download(api, spool)
        self._root = ""

    def collections(self) -> Iterator[Collection]:
        """My Drive and its folders, parents first; and a folder for owned files that lie in none."""
        root, folders = self._root_id(), self._folders()
        yield Collection(href=root)
        known = {root}
        for collection in _tree(root, folders):
            known.add(collection.href)
            yield collection
        if self._has_orphans(known):
            yield Collection(href=ORPHANS, path=("Orphans",), parent=root, role=ORPHANS)
            yield from _lost(root, folders, known)

    def _has_orphans(self, known: set[str]) -> bool:
        listed = self._listed(_OWNED, "id,parents,trashed,ownedByMe")
        return any(not _home(file, known) for file in listed if file["id"] not in known and _is_here(file))

    def _root_id(self) -> str:
        if not self._root:
            try:
                answer = self._api.call(lambda: self._files.get(fileId="root", fields="id"), GET_UNITS)
                self._root = answer["id"]
            except NotFound:  # of a host without that alias: what lies at the top has it as parent
                self._root = "root"
        return self._root

    def _folders(self) -> dict[str, dict[str, Any]]:
        listed = self._listed(_FOLDERS, _FOLDER_FIELDS + self._who)
        return {folder["id"]: folder for folder in listed if folder.get("mimeType") == FOLDER and _is_here(folder)}

    def _listed(self, query: str, fields: str) -> Iterator[dict[str, Any]]:
        """Files a search finds. Raises Retriable when Google says that it did not search everything."""

        def page(token: str | None) -> Any:
            return self._files.list(
                q=query,
                corpora="user",
                spaces="drive",
                pageSize=PAGE,
                pageToken=token,
                fields=f"nextPageToken,incompleteSearch,files({fields})",
            )

        for answer in self._api.pages(page, LIST_UNITS):
            if answer.get("incompleteSearch"):
                raise Retriable("Drive did not search everything: the listing is not whole.", scope=Scope.ACCOUNT)
            yield from answer.get("files", ())

    @property
    def _files(self) -> Any:
        return self._api.at("files")

    def entries(self) -> Iterator[Entry]:
        """Owned files; those in the trash and those of others with the reason why they stay."""
        root = self._root_id()
        tree = self._folders()
        folders = {root, *tree}
        # What a search should not have found is left out here too: a host may not understand every search.
        for file in self._listed(_FILES, _FIELDS + self._who):
            if file.get("mimeType") != FOLDER and _is_here(file):
                home = _home(file, folders)
                above = permissions_of(tree[home]) if home in tree else ()
                yield replace(self._entry(file, home or ORPHANS), grants=permissions_of(file, above))
        for file in self._listed(_TRASHED, _FIELDS):
            if file.get("mimeType") != FOLDER and file.get("trashed") and file.get("ownedByMe") is not False:
                yield self._entry(file, root, _IN_TRASH)
        for file in self._listed(_SHARED, _FIELDS):
            if not file.get("ownedByMe") and not file.get("trashed"):
                yield self._entry(file, root, _OF_ANOTHER)

    def _entry(self, file: Mapping[str, Any], collection: str, skip: Skip | None = None) -> Entry:
        return entry_of(file, collection, self._settings.documents, skip)

    def get(self, entry: Entry) -> Item:
        """The file's content, or its export. Raises NotFound, Rejected, Retriable, LocalDiskFull."""
        file = self._metadata(entry.href)
        current = self._entry(file, entry.collection)
        if current.skip is not None:
            raise Rejected(current.skip.reason)
        export = export_of(file["mimeType"], self._settings.documents) if is_native(file) else None
        if export is not None:
            body = self._download.export(entry.href, export.media_type)
        else:
            body = self._download.content(entry.href, int(file.get("size", 0)), file.get("md5Checksum", ""))
        return Item(entry=current, body=body, media_type=current.media_type)

    def _metadata(self, identifier: str) -> dict[str, Any]:
        file = self._api.call(lambda: self._files.get(fileId=identifier, fields=_FIELDS), GET_UNITS)
        if file.get("trashed"):
            raise NotFound("The file was put into the trash.")
        return file

    def close(self) -> None:
        """Release the connection."""
        self._api.close()


def _is_here(file: Mapping[str, Any]) -> bool:
    """Owned, and not in the trash."""
    return file.get("ownedByMe") is not False and not file.get("trashed")


def _home(file: Mapping[str, Any], folders: Collection_[str]) -> str:
    """The first parent that is a folder of the account's ("" for none): files of before 2020 may have several."""
    return next((parent for parent in file.get("parents") or () if parent in folders), "")


def _name(folder: Mapping[str, Any]) -> str:
    return str(folder.get("name") or "")


def _tree(root: str, folders: Mapping[str, Mapping[str, Any]]) -> Iterator[Collection]:
    """Folders below the root, parents first, in a fixed order."""
    yield from _below(root, (), _children(root, folders), {root})


def _lost(root: str, folders: Mapping[str, Mapping[str, Any]], known: set[str]) -> Iterator[Collection]:
    """Owned folders that hang from nothing of the owner's, with what is in them.

    Folders that lie in one another hang from the first of them.
    """
    children, seen = _children(root, folders), set(known)
    tops = [folder["id"] for folder in children.get("", ())]
    for identifier in (*tops, *sorted(folders)):
        if identifier in seen:
            continue
        path = ("Orphans", _name(folders[identifier]))
        seen.add(identifier)
        yield Collection(href=identifier, path=path, parent=ORPHANS, grants=permissions_of(folders[identifier]))
        for collection in _below(identifier, path, children, seen, permissions_of(folders[identifier])):
            seen.add(collection.href)
            yield collection


def _children(root: str, folders: Mapping[str, Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """Folders by the one they are shown in, in a fixed order; "" for what hangs from nothing that is listed."""
    children: dict[str, list[Mapping[str, Any]]] = {}
    known = {root, *folders}
    for identifier in sorted(folders):
        children.setdefault(_home(folders[identifier], known), []).append(folders[identifier])
    return children


def _below(
    top: str,
    path: tuple[str, ...],
    children: Mapping[str, list[Mapping[str, Any]]],
    seen: Collection_[str] = (),
    grants: tuple[Grant, ...] = (),
) -> Iterator[Collection]:
    """What lies below a folder, parents first; nothing that was seen."""
    waiting: list[tuple[str, tuple[str, ...], tuple[Grant, ...]]] = [(top, path, grants)]
    while waiting:
        parent, above, grants = waiting.pop()
        for folder in children.get(parent, ()):
            if folder["id"] in seen:
                continue
            below = (*above, _name(folder))
            yield Collection(href=folder["id"], path=below, parent=parent, grants=permissions_of(folder, grants))
            waiting.append((folder["id"], below, permissions_of(folder)))
