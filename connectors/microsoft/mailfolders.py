"""A mailbox's folders: the whole tree, hidden ones too, their special uses by well-known name, never by title.

https://learn.microsoft.com/graph/api/user-list-mailfolders · https://learn.microsoft.com/graph/api/resources/mailfolder
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from connectors.microsoft.batches import each
from connectors.microsoft.errors import not_the_api
from connectors.microsoft.http import Api, Json, Part, segment
from migrate.errors import ConnectorError, NotFound
from migrate.model import Collection

PAGE = 100
ROLES: Mapping[str, str] = {
    "inbox": "\\Inbox",
    "drafts": "\\Drafts",
    "sentitems": "\\Sent",
    "deleteditems": "\\Trash",
    "junkemail": "\\Junk",
    "archive": "\\Archive",
}
"""Well-known names with a special use in IMAP (RFC 6154); other folders are as any."""
APART: Mapping[str, str] = {"\\Trash": "\\Trash", "\\Junk": "\\Spam"}
"""Folders that move only when the project asks for it, with all below them: the label their messages carry."""
_PARAMS: Mapping[str, str | int] = {
    "includeHiddenFolders": "true",
    "$select": "id,displayName,parentFolderId,isHidden",
    "$top": PAGE,
}
_SEARCH = "#microsoft.graph.mailSearchFolder"


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that holds messages."""

    collection: Collection
    hidden: bool
    apart: str
    """``\\Trash`` or ``\\Spam`` where its messages are set apart, else empty."""


def folders(api: Api) -> list[Folder]:
    """Every folder but search folders, parents first. Raises ConnectorError: the tree is whole or it is not given."""
    roles = _roles(api)
    level = [_folder(one, None, roles) for one in api.values("mailFolders", _PARAMS) if _holds(one)]
    found: list[Folder] = []
    while level:
        found += level
        below = _children(api, level)
        level = [_folder(one, parent, roles) for parent, ones in below for one in ones]
    return found


def _children(api: Api, parents: list[Folder]) -> Iterator[tuple[Folder, list[Json]]]:
    """What lies in each folder, by batches: a folder's count does not tell of hidden ones."""
    by_id = {parent.collection.href: parent for parent in parents}
    parts = {key: Part(path=f"mailFolders/{segment(key)}/childFolders", params=_PARAMS) for key in by_id}
    for key, answer in sorted(each(api, parts), key=lambda one: one[0]):
        if isinstance(answer, ConnectorError):
            raise answer
        if not isinstance(answer, Mapping) or not isinstance(answer.get("value"), list):
            raise not_the_api()
        ones = list(answer["value"])
        if answer.get("@odata.nextLink"):
            ones += api.values(str(answer["@odata.nextLink"]))
        yield by_id[key], [one for one in ones if _holds(one)]


def _holds(folder: Json) -> bool:
    """A search folder shows messages that lie elsewhere."""
    return folder.get("@odata.type") != _SEARCH


def _roles(api: Api) -> dict[str, str]:
    """The special use of each folder that has one, by id. Not every mailbox has an archive folder."""
    parts = {name: Part(path=f"mailFolders/{name}", params={"$select": "id"}) for name in ROLES}
    roles = {}
    for name, answer in each(api, parts):
        if isinstance(answer, Mapping):
            roles[str(answer["id"])] = ROLES[name]
        elif not isinstance(answer, NotFound):
            raise answer if isinstance(answer, ConnectorError) else not_the_api()
    return roles


def _folder(folder: Json, parent: Folder | None, roles: Mapping[str, str]) -> Folder:
    identifier = str(folder["id"])
    role = roles.get(identifier, "")
    name = "INBOX" if role == "\\Inbox" and parent is None else str(folder.get("displayName") or "_")
    collection = Collection(
        href=identifier,
        path=(*(parent.collection.path if parent else ()), name),
        parent=parent.collection.href if parent else "",
        role=role,
    )
    apart = APART.get(role) or (parent.apart if parent else "")
    return Folder(collection, folder.get("isHidden") is True, apart)
