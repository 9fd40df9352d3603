"""``/remote.php/dav/files/<uid>/``: uploads, hashes and name rules here; everything else is WsgiDAV's.

After ``apps/dav/lib/Connector/Sabre/{File,Directory,FilesPlugin,QuotaPlugin,ChecksumUpdatePlugin}.php``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from wsgidav.error_printer import ErrorPrinter
from wsgidav.request_resolver import RequestResolver
from wsgidav.wsgidav_app import WsgiDAVApp

from migrate.sandbox.nextcloud.dav_errors import SABRE, DavError
from migrate.sandbox.nextcloud.home_provider import EARLIEST_MTIME, HREF_BASE, HomeProvider, media_type
from migrate.sandbox.nextcloud.names import check_name, split_path
from migrate.sandbox.nextcloud.preconditions import check_preconditions
from migrate.sandbox.nextcloud.spool import Spool, Spooled, algorithms_asked, file_digest, hash_headers
from migrate.sandbox.nextcloud.tree import Node
from migrate.sandbox.nextcloud.wsgi import Reply, Request, delegate, empty_reply

PHP_HASHES = frozenset(("md5", "sha1", "sha224", "sha256", "sha384", "sha512"))
FILES_CLASSES = (
    "1, 3, extended-mkcol, access-control, calendarserver-principal-property-search, nc-paginate, "
    "nextcloud-checksum-update, nc-calendar-search, nc-enable-birthday-calendar"
)
LEGACY_CLASSES = "1, 3, extended-mkcol, nextcloud-checksum-update"
ALLOW = "OPTIONS, GET, HEAD, DELETE, PROPFIND, PUT, PROPPATCH, COPY, MOVE, REPORT"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request points: whose home, which names, under which address the client sees it."""

    home: HomeProvider
    parts: tuple[str, ...]
    base: str

    @property
    def node(self) -> Node | None:
        """What lies there."""
        return self.home.tree.find(self.parts)


class FilesHandler:
    """Answers requests below a home."""

    def __init__(self, homes: Mapping[str, HomeProvider], spool: Spool) -> None:
        self._homes = homes
        self._spool = spool
        self._dav = WsgiDAVApp(_configuration(homes))
        self._verbs: dict[str, Callable[[Request, Place], Reply]] = {
            "PUT": self._put,
            "PATCH": self._patch,
            "MKCOL": self._mkcol,
            "MOVE": self._transfer,
            "COPY": self._transfer,
            "GET": self._get,
            "HEAD": self._get,
            "DELETE": self._delete,
            "PROPFIND": self._propfind,
            "PROPPATCH": self._pass_on,
        }

    def __call__(self, request: Request, rest: str, base: str) -> Reply:
        """Answer; ``rest`` is the path below the home, ``base`` the home's own path."""
        place = Place(self._homes[request.user], split_path(rest), base)
        verb = self._verbs.get(request.method)
        if request.method == "REPORT":
            raise DavError(415, "", exception=SABRE + "ReportNotSupported")
        if verb is None:
            raise not_implemented(request.method)
        node = place.node
        check_preconditions(request, node.etag if node else None)
        return verb(request, place)

    def home(self, user: str) -> HomeProvider:
        """The home of an account."""
        return self._homes[user]

    def store(self, request: Request, place: Place, body: Spooled) -> Reply:
        """Put a received body in place, with what the headers say of it. Shared by PUT and the MOVE of chunks."""
        parent = self._parent(place)
        check_name(place.parts[-1])
        tree, now = place.home.tree, place.home.now()
        node, created = tree.store(parent, place.parts[-1], body.path, now)
        headers = hash_headers(body.digests)
        headers += _times(request, place, node)
        node.checksum = request.header("OC-Checksum").strip()
        headers += [("ETag", f'"{node.etag}"'), ("OC-ETag", f'"{node.etag}"'), ("OC-FileId", node.dav_id)]
        return empty_reply(201 if created else 204, *headers)

    def check_quota(self, place: Place, length: int) -> None:
        """507 when that many bytes do not fit."""
        free = place.home.free
        if 0 <= free < length:
            path = "/".join(place.parts)
            raise DavError(507, f"Insufficient space in {path}, {length} required, {free} available")

    @contextmanager
    def writing(self, place: Place) -> Iterator[None]:
        """Hold a path for one writer; a second one gets 423."""
        tree = place.home.tree
        with tree.lock:
            if place.parts in tree.busy:
                raise DavError(423, f'"{"/".join(("files", *place.parts))}" is locked')
            tree.busy.add(place.parts)
        try:
            yield
        finally:
            with tree.lock:
                tree.busy.discard(place.parts)

    def _put(self, request: Request, place: Place) -> Reply:
        node = place.node
        if node is not None and node.folder:
            raise DavError(409, "PUT is not allowed on non-files.")
        if request.header("X-NC-WebDAV-Auto-Mkcol") == "1":
            self._make_parents(place)
        if node is None:
            self._parent(place)
            check_name(place.parts[-1])
        self.check_quota(place, _announced(request))
        with self.writing(place):
            body = self._receive(request)
            try:
                return self.store(request, place, body)
            finally:
                body.discard()

    def _receive(self, request: Request) -> Spooled:
        asked = algorithms_asked(request.header("X-Hash"))
        if request.chunked:
            for _ in request.blocks():
                pass  # PHP behind FastCGI sees no body here: the file is created empty (server #7995)
            return self._spool.receive((), asked)
        body = self._spool.receive(request.blocks(), asked)
        if request.length is not None and body.size != request.length:
            body.discard()
            raise DavError(
                400,
                f"Expected filesize of {request.length} bytes but read (from Nextcloud client) and wrote "
                f"(to Nextcloud storage) {body.size} bytes. Could either be a network problem on the sending side "
                "or a problem writing to the storage on the server side.",
            )
        return body

    def _patch(self, request: Request, place: Place) -> Reply:
        node = self._existing(place)
        algorithm = request.header("X-Recalculate-Hash").lower()
        if node.folder:
            raise not_implemented("PATCH")
        if algorithm not in PHP_HASHES:
            message = "hash_file(): Argument #1 ($algo) must be a valid hashing algorithm"
            raise DavError(500, message, exception="ValueError")
        node.checksum = f"{algorithm.upper()}:{file_digest(place.home.tree.disk(node), algorithm)}"
        return empty_reply(204, ("OC-Checksum", node.checksum))

    def _mkcol(self, request: Request, place: Place) -> Reply:
        if place.node is not None or (place.parts and place.parts[-1].lower().endswith(".part")):
            raise DavError(405, "The resource you tried to create already exists", headers=[("Allow", ALLOW)])
        self._parent(place, 409, "Parent node does not exist")
        if request.length and "xml" not in request.header("Content-Type"):
            raise DavError(415, "The request body for the MKCOL request must have an xml Content-Type")
        check_name(place.parts[-1])
        if place.home.free == 0:
            raise DavError(507, f"Insufficient space in {'/'.join(place.parts)}. 0 available. Cannot create directory")
        reply = self._pass_on(request, place)
        made = place.home.tree.find(place.parts)
        return empty_reply(reply.status, ("OC-FileId", made.dav_id)) if made else reply

    def _transfer(self, request: Request, place: Place) -> Reply:
        node = self._existing(place)
        target = self.destination(request, place)
        self._parent(target, 409, "The destination node is not found")
        check_name(target.parts[-1])
        if target.parts == place.parts:
            raise DavError(403, "Source and destination uri are identical.")
        if target.node is not None and request.header("Overwrite") == "F":
            raise DavError(412, "The destination node already exists, and the overwrite header is set to false")
        if target.parts[: len(place.parts)] == place.parts:
            raise DavError(409, "The destination may not be part of the same subtree as the source path.")
        if request.method == "COPY":
            self.check_quota(target, node.size)
        request.environ["HTTP_DESTINATION"] = quote("/" + "/".join((place.home.tree.user, *target.parts)))
        reply = self._pass_on(request, place)
        moved = target.node
        if moved is not None:
            reply.headers.append(("OC-FileId", moved.dav_id))
        if moved is not None and request.method == "MOVE":
            reply.headers += [("ETag", f'"{moved.etag}"'), ("OC-ETag", f'"{moved.etag}"')]
        return reply

    def destination(self, request: Request, place: Place) -> Place:
        """Where the Destination header points, in the same home."""
        path = request.destination()
        if not path.startswith(place.base + "/"):
            raise DavError(403, "The destination lies outside of this home")
        return Place(place.home, split_path(path.removeprefix(place.base)), place.base)

    def _get(self, request: Request, place: Place) -> Reply:
        node = self._existing(place)
        if node.folder:
            return empty_reply(200)
        reply = self._pass_on(request, place)
        reply.drop("Accept-Ranges", "Content-Type")
        kind = media_type(node.name)
        name = quote(node.name)
        reply.headers += [
            ("Content-Type", f"{kind};charset=UTF-8" if kind.startswith("text/") else kind),
            ("Content-Disposition", f"attachment; filename*=UTF-8''{name}; filename=\"{name}\""),
            ("OC-ETag", f'"{node.etag}"'),
        ]
        if node.checksum:
            reply.headers.append(("OC-Checksum", node.checksum))
        return reply

    def _propfind(self, request: Request, place: Place) -> Reply:
        reply = self._pass_on(request, place)
        reply.headers.append(("DAV", LEGACY_CLASSES if place.base.endswith("webdav") else FILES_CLASSES))
        return reply

    def _delete(self, request: Request, place: Place) -> Reply:
        node = self._existing(place)
        if node.parent is None:
            raise DavError(403, "Permission denied to delete this folder")
        return self._pass_on(request, place)

    def _pass_on(self, request: Request, place: Place) -> Reply:
        if request.method != "MKCOL":
            self._existing(place)
        environ = request.environ
        environ["SCRIPT_NAME"] = ""
        path = "/" + "/".join((place.home.tree.user, *place.parts))
        environ["PATH_INFO"] = path.encode().decode("latin-1")
        environ[HREF_BASE] = place.base
        environ["wsgidav.auth.user_name"] = request.user
        reply = delegate(self._dav, environ)
        if reply.status >= 400:
            reply.discard_body()
            raise DavError(reply.status, "")
        if reply.status in (201, 204):
            reply.discard_body()
            return empty_reply(reply.status)
        return reply

    def _existing(self, place: Place) -> Node:
        node = place.node
        if node is None:
            raise not_found(place.parts)
        return node

    def _parent(self, place: Place, status: int = 404, message: str = "") -> Node:
        if not place.parts:
            raise DavError(405, "The resource you tried to create already exists")
        node = place.home.tree.root
        for depth, name in enumerate(place.parts[:-1], 1):
            child = node.children.get(name)
            if child is None and not message:
                raise not_found(place.parts[:depth])
            if child is None or not child.folder:
                raise DavError(status, message or f"Node with name '{name}' could not be found")
            node = child
        return node

    def _make_parents(self, place: Place) -> None:
        tree = place.home.tree
        node = tree.root
        for name in place.parts[:-1]:
            check_name(name)
            with tree.lock:
                node = node.children.get(name) or tree.make_folder(node, name, place.home.now())


def not_found(parts: tuple[str, ...]) -> DavError:
    """404 in the original's words."""
    slash = "/" if len(parts) > 1 else "//"
    return DavError(404, f"File with name {slash}{'/'.join(parts)} could not be located")


def not_implemented(method: str) -> DavError:
    """501 in the original's words."""
    return DavError(501, f"There was no plugin in the system that was willing to handle this {method} method.")


def sanitize_time(value: str) -> int:
    """A client's time in whole seconds. Raises DavError 500 as the original does for the first day of 1970."""
    try:
        seconds = int(float(value))
    except ValueError:
        message = f'X-OC-MTime header must be a valid integer (unix timestamp), got "{value}".'
        raise DavError(500, message, exception="InvalidArgumentException") from None
    if seconds <= EARLIEST_MTIME:
        message = f'X-OC-MTime header must be a valid positive unix timestamp greater than one day, got "{value}".'
        raise DavError(500, message, exception="InvalidArgumentException")
    return seconds


def _times(request: Request, place: Place, node: Node) -> list[tuple[str, str]]:
    headers = []
    if mtime := request.header("X-OC-MTime"):
        place.home.tree.set_mtime(node, sanitize_time(mtime))
        headers.append(("X-OC-MTime", "accepted"))
    ctime = request.header("X-OC-CTime")
    if ctime not in ("", "0"):  # PHP takes "0" for nothing
        node.created = sanitize_time(ctime)
        headers.append(("X-OC-CTime", "accepted"))
    return headers


def _announced(request: Request) -> int:
    lengths = [request.header(name) for name in ("X-Expected-Entity-Length", "Content-Length", "OC-Total-Length")]
    return max((int(length) for length in lengths if length.isdigit()), default=0)


def _configuration(homes: Mapping[str, HomeProvider]) -> dict[str, Any]:
    return {
        "provider_mapping": {f"/{user}": home for user, home in homes.items()},
        "middleware_stack": [ErrorPrinter, RequestResolver],
        "verbose": 0,
        "logging": {"enable": False},
        "property_manager": None,
        "lock_storage": None,
        "hotfixes": {"re_encode_path_info": True},
        "http_authenticator": {"domain_controller": None},
    }
