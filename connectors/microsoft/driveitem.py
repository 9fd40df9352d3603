"""A driveItem as a row of the listing: what is no file, what stays with its owner, what never comes. Pure.

https://learn.microsoft.com/graph/api/resources/driveitem
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from connectors.microsoft.http import Json
from connectors.microsoft.message import moment_of
from migrate.model import Disposition, Entry, Grant, Loss, Skip

FIELDS = (
    "id,name,size,cTag,eTag,file,folder,package,remoteItem,malware,bundle,root,deleted,shared,parentReference,"
    "fileSystemInfo,createdDateTime,lastModifiedDateTime"
)
OFFICE = frozenset(
    {"doc", "docx", "docm", "dot", "dotx", "xls", "xlsx", "xlsm", "xlsb", "xltx"}
    | {"ppt", "pptx", "pptm", "pps", "ppsx", "potx", "vsd", "vsdx", "pub"}
)
"""Endings of files that SharePoint rewrites when they are stored: their listed size and hash may be of before."""
_NOTEBOOK = frozenset({"one", "onetoc2"})
_SKIPS: Mapping[str, Skip] = {
    "onenote": Skip(
        code="onenote", reason="A OneNote notebook is no file; export it from OneNote, to PDF for instance."
    ),
    "package": Skip(code="package", reason="This kind of package is no file and has no export."),
    "malware": Skip(code="malware", reason="Microsoft holds this file to be malware and does not hand it out."),
    "remote-item": Skip(
        code="remote-item",
        reason="A shortcut to something of someone else's, which moves with its owner.",
        disposition=Disposition.EXCLUDED,
    ),
    "album": Skip(code="album", reason="An album only names pictures, which move from where they lie."),
}
VERSIONS = Loss(field="versions", reason="Earlier versions, where there are any, are not moved.")
SHARING = Loss(field="grants", reason="It is shared, and Microsoft does not tell this application with whom.")


def skip_of(item: Json) -> Skip | None:
    """Why an item is not fetched."""
    if "remoteItem" in item:
        return _SKIPS["remote-item"]
    if "package" in item:
        is_notebook = str((item["package"] or {}).get("type", "")).lower() == "onenote"
        return _SKIPS["onenote" if is_notebook else "package"]
    if "malware" in item:
        return _SKIPS["malware"]
    if "bundle" in item:
        return _SKIPS["album"]
    return _SKIPS["onenote"] if ending(str(item.get("name") or "")) in _NOTEBOOK else None


def is_folder(item: Json) -> bool:
    """Whether it holds others: the root does, a package or an album does not."""
    return ("folder" in item or "root" in item) and not item.keys() & {"package", "remoteItem", "bundle"}


def ending(name: str) -> str:
    """What stands after a name's last dot, in lower case."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def name_of(item: Json) -> str:
    """As people see it."""
    return str(item.get("name") or "_")


def parent_of(item: Json) -> str:
    """The id of the folder it lies in."""
    return str((item.get("parentReference") or {}).get("id") or "")


def hashes_of(item: Json) -> Mapping[str, str]:
    """The hashes that Graph tells: quickXorHash on business drives, others on personal ones, or none."""
    hashes = (item.get("file") or {}).get("hashes") or {}
    return {name: str(value) for name, value in hashes.items() if value}


def entry_of(item: Json, drive: str, collection: str, grants: tuple[Grant, ...] = ()) -> Entry:
    """``collection``: the href of the folder it is shown in."""
    times = item.get("fileSystemInfo") or {}
    media_type = str((item.get("file") or {}).get("mimeType") or "application/octet-stream")
    sha256 = hashes_of(item).get("sha256Hash", "").lower()
    name, skip = name_of(item), skip_of(item)
    return Entry(
        href=href(drive, str(item["id"])),
        collection=collection,
        etag=etag_of(item),
        name=name,
        media_type=media_type.partition(";")[0].strip(),
        size=None if skip else int(item.get("size") or 0),
        size_exact=ending(name) not in OFFICE,
        modified=moment_of(times.get("lastModifiedDateTime") or item.get("lastModifiedDateTime")),
        created=moment_of(times.get("createdDateTime") or item.get("createdDateTime")),
        digest=f"sha256:{sha256}" if sha256 and ending(name) not in OFFICE else "",
        grants=grants,
        skip=skip,
    )


def href(drive: str, identifier: str) -> str:
    """Ids are unique within a drive."""
    return f"{drive}/{identifier}"


def split(name: str) -> tuple[str, str]:
    """Drive and id."""
    drive, _, identifier = name.partition("/")
    return drive, identifier


def etag_of(item: Json) -> str:
    """Content and dates: names and places are compared by themselves, and moving a file within a target sends nothing.

    Not ``eTag``, which changes with things that nobody moves.
    """
    times = item.get("fileSystemInfo") or {}
    parts = (
        item.get("cTag") or item.get("eTag") or "",
        times.get("lastModifiedDateTime") or item.get("lastModifiedDateTime"),
        times.get("createdDateTime") or item.get("createdDateTime"),
    )
    return hashlib.sha256("\0".join(map(str, parts)).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def versions_told(item: Json) -> bool:
    """Whether the content may have changed since it was first stored: SharePoint counts in ``cTag`` (``"c:{…},7"``)."""
    count = str(item.get("cTag") or "").strip('"').rpartition(",")[2]
    return count.isdigit() and int(count) > 1
