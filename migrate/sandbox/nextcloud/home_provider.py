"""WsgiDAV over a :class:`~migrate.sandbox.nextcloud.tree.FileTree`: one provider per user.

WsgiDAV answers PROPFIND, PROPPATCH, GET, DELETE, MKCOL, COPY, MOVE, LOCK; uploads are in ``files.py``.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Callable
from datetime import UTC, datetime
from typing import IO, Any
from wsgiref.types import WSGIEnvironment

from lxml import etree
from wsgidav.dav_error import HTTP_FORBIDDEN, HTTP_INTERNAL_ERROR, HTTP_NOT_FOUND, DAVError
from wsgidav.dav_provider import DAVCollection, DAVNonCollection, DAVProvider

from migrate.sandbox.clock import Clock
from migrate.sandbox.nextcloud.tree import FileTree, Node
from migrate.sandbox.nextcloud.wsgi import encode_path

OC = "{http://owncloud.org/ns}"
NC = "{http://nextcloud.org/ns}"
DAV = "{DAV:}"
HREF_BASE = "transhume.href_base"
"""Environ key: the path under which this request sees the home."""
EARLIEST_MTIME = 86_400
"""``MtimeSanitizer``: times of the first day of 1970 are refused."""
UNLIMITED = -3

Getter = Callable[["_Resource"], Any]


def media_type(name: str) -> str:
    """By extension, as the original detects it."""
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


class _Resource:
    """What files and folders share: properties of a node."""

    node: Node
    provider: HomeProvider
    environ: WSGIEnvironment

    def get_display_name(self) -> str:
        """The last segment; of a home, the account."""
        return self.node.name or self.provider.tree.user

    def get_etag(self) -> str:
        """Unquoted."""
        return self.node.etag

    def get_last_modified(self) -> int:
        """Seconds since the epoch."""
        return self.node.mtime

    def get_href(self) -> str:
        """The path under which the client sees it."""
        path = "/".join((str(self.environ[HREF_BASE]), *self.node.path()))
        return encode_path(path + "/" if self.node.folder else path)

    def get_property_value(self, name: str) -> Any:
        """Raises DAVError 404 for what the node has not."""
        getter = LIVE.get(name)
        if getter is not None:
            return getter(self)
        if name in self.node.properties:
            return etree.fromstring(self.node.properties[name])
        if name in PLAIN:
            return super().get_property_value(name)  # type: ignore[misc]  # the WsgiDAV half of the class
        raise DAVError(HTTP_NOT_FOUND)

    def set_property_value(self, name: str, value: Any, dry_run: bool = False) -> None:
        """Raises DAVError 403 for what only the server sets."""
        if name in PROTECTED:
            raise DAVError(HTTP_FORBIDDEN)
        if name == DAV + "lastmodified" and int(value.text or 0) <= EARLIEST_MTIME:
            raise DAVError(HTTP_INTERNAL_ERROR)
        if not dry_run:
            self._apply(name, value)

    def _apply(self, name: str, value: Any) -> None:
        text = (value.text or "") if value is not None else ""
        if name == DAV + "lastmodified":
            self.provider.tree.set_mtime(self.node, int(text))
        elif name == DAV + "getetag":
            self.node.etag = text
        elif name == DAV + "getcontenttype":
            return  # accepted and lost
        elif name == NC + "creation_time":
            self.node.created = int(text)
        elif name == DAV + "creationdate":
            self.node.created = int(datetime.fromisoformat(text).timestamp())
        elif name == OC + "favorite":
            self.node.favorite = text in ("1", "true")
        elif name.startswith((OC, NC)):
            return  # accepted and lost: the original guards only the reading of its own namespaces
        elif value is None:
            self.node.properties.pop(name, None)
        else:
            self.node.properties[name] = etree.tostring(value)

    def get_properties(self, mode: str, *, name_list: list[str] | None = None) -> Any:
        """An empty list of names is ``propname``: the original answers as to allprop."""
        if mode == "named" and not name_list:  # propname: the original answers as to allprop
            mode, name_list = "allprop", None
        return super().get_properties(mode, name_list=name_list)  # type: ignore[misc]  # the WsgiDAV half

    def get_property_names(self, *, is_allprop: bool) -> list[str]:
        """What allprop shows."""
        names = [name for name in ALLPROP if name not in FILE_ONLY or not self.node.folder]
        return names + list(self.node.properties)


class FileResource(_Resource, DAVNonCollection):  # type: ignore[misc]  # WsgiDAV ships no types
    """A file."""

    def __init__(self, path: str, environ: WSGIEnvironment, provider: HomeProvider, node: Node) -> None:
        super().__init__(path, environ)
        self.node, self.provider = node, provider
        self.name = node.name

    def get_content_length(self) -> int:
        """Bytes."""
        return self.node.size

    def get_content_type(self) -> str:
        """By extension."""
        return media_type(self.node.name)

    def support_etag(self) -> bool:
        """Yes."""
        return True

    def support_ranges(self) -> bool:
        """Yes."""
        return True

    def support_recursive_move(self, dest_path: str) -> bool:
        """A move is one rename."""
        return True

    def get_content(self) -> IO[bytes]:
        """The body, for WsgiDAV to close."""
        return self.provider.tree.disk(self.node).open("rb")

    def delete(self) -> None:
        """Remove it."""
        self.provider.remove(self)

    def move_recursive(self, dest_path: str) -> None:
        """To a free place."""
        self.provider.move(self, dest_path)

    def copy_move_single(self, dest_path: str, *, is_move: bool) -> None:
        """Copy this node alone."""
        self.provider.copy(self, dest_path)


class FolderResource(_Resource, DAVCollection):  # type: ignore[misc]  # WsgiDAV ships no types
    """A folder."""

    def __init__(self, path: str, environ: WSGIEnvironment, provider: HomeProvider, node: Node) -> None:
        super().__init__(path, environ)
        self.node, self.provider = node, provider
        self.name = node.name

    def get_member_names(self) -> list[str]:
        """Sorted."""
        return sorted(self.node.children)

    def get_member(self, name: str) -> Any:
        """By name."""
        return self.provider.get_resource_inst(f"{self.path.rstrip('/')}/{name}", self.environ)

    def create_collection(self, name: str) -> None:
        """MKCOL."""
        self.provider.tree.make_folder(self.node, name, self.provider.now())

    def support_recursive_delete(self) -> bool:
        """A folder goes with all it holds."""
        return True

    def support_recursive_move(self, dest_path: str) -> bool:
        """A move is one rename."""
        return True

    def delete(self) -> None:
        """Remove it."""
        self.provider.remove(self)

    def move_recursive(self, dest_path: str) -> None:
        """To a free place."""
        self.provider.move(self, dest_path)

    def copy_move_single(self, dest_path: str, *, is_move: bool) -> None:
        """Copy this node alone."""
        self.provider.copy(self, dest_path)


class HomeProvider(DAVProvider):  # type: ignore[misc]  # WsgiDAV ships no types
    """The files of one user."""

    def __init__(self, tree: FileTree, clock: Clock, quota: int | None) -> None:
        super().__init__()
        self.tree = tree
        self._clock = clock
        self._quota = quota
        self.readonly = False

    def now(self) -> int:
        """Whole seconds, as the original stores times."""
        return int(self._clock.now())

    @property
    def free(self) -> int:
        """Bytes left, -3 when unlimited."""
        return UNLIMITED if self._quota is None else max(0, self._quota - self.tree.root.size)

    @property
    def quota(self) -> int:
        """Bytes allowed, -3 when unlimited."""
        return UNLIMITED if self._quota is None else self._quota

    def get_resource_inst(self, path: str, environ: WSGIEnvironment) -> Any:
        """The resource at a decoded path, None when there is none."""
        node = self.tree.find([part for part in path.split("/") if part])
        if node is None:
            return None
        kind = FolderResource if node.folder else FileResource
        return kind(path, environ, self, node)

    def remove(self, resource: _Resource) -> None:
        """DELETE."""
        self.tree.remove(resource.node, self.now())

    def move(self, resource: _Resource, dest_path: str) -> None:
        """MOVE, the destination being free."""
        parent, name = self._place(dest_path)
        self.tree.move(resource.node, parent, name, self.now())

    def copy(self, resource: _Resource, dest_path: str) -> None:
        """COPY of one node."""
        parent, name = self._place(dest_path)
        if resource.node.folder and name in parent.children:
            return
        self.tree.copy(resource.node, parent, name, self.now())

    def _place(self, dest_path: str) -> tuple[Node, str]:
        *folders, name = [part for part in dest_path.split("/") if part]
        parent = self.tree.find(folders)
        if parent is None or not parent.folder:
            raise DAVError(HTTP_NOT_FOUND)
        return parent, name


def _checksums(resource: _Resource) -> Any:
    if not resource.node.checksum:
        raise DAVError(HTTP_NOT_FOUND)
    element = etree.Element(OC + "checksums")
    etree.SubElement(element, OC + "checksum").text = resource.node.checksum
    return element


def _folder_only(value: Callable[[_Resource], int]) -> Getter:
    def get(resource: _Resource) -> str:
        if not resource.node.folder:
            raise DAVError(HTTP_NOT_FOUND)
        return str(value(resource))

    return get


def _upload_time(resource: _Resource) -> str:
    if resource.node.folder:
        raise DAVError(HTTP_NOT_FOUND)
    return str(resource.node.uploaded)


def _has_preview(resource: _Resource) -> str:
    shown = not resource.node.folder and media_type(resource.node.name).startswith(("text/", "image/"))
    return "true" if shown else "false"


def _created(resource: _Resource) -> str:
    return datetime.fromtimestamp(resource.node.created, UTC).isoformat()


LIVE: dict[str, Getter] = {
    OC + "id": lambda resource: resource.node.dav_id,
    OC + "fileid": lambda resource: str(resource.node.file_id),
    OC + "size": lambda resource: str(resource.node.size),
    OC + "permissions": lambda resource: resource.node.permissions,
    OC + "favorite": lambda resource: "1" if resource.node.favorite else "0",
    OC + "owner-id": lambda resource: resource.provider.tree.user,
    OC + "owner-display-name": lambda resource: resource.provider.tree.user,
    OC + "checksums": _checksums,
    NC + "creation_time": lambda resource: str(resource.node.created),
    NC + "upload_time": _upload_time,
    NC + "has-preview": _has_preview,
    DAV + "creationdate": _created,
    DAV + "getetag": lambda resource: f'"{resource.node.etag}"',
    DAV + "quota-used-bytes": _folder_only(lambda resource: resource.node.size),
    DAV + "quota-available-bytes": _folder_only(lambda resource: resource.provider.free),
}
PLAIN = frozenset(
    DAV + name
    for name in (
        "resourcetype",
        "getcontentlength",
        "getcontenttype",
        "getlastmodified",
        "displayname",
    )
)
PROTECTED = frozenset(LIVE) - {OC + "favorite", NC + "creation_time", DAV + "creationdate", DAV + "getetag"} | {
    DAV + name for name in ("resourcetype", "displayname", "getcontentlength", "getlastmodified")
}
FILE_ONLY = frozenset({DAV + "getcontentlength", DAV + "getcontenttype"})
ALLPROP = tuple(
    DAV + name for name in ("getlastmodified", "getcontentlength", "resourcetype", "getcontenttype", "getetag")
)
