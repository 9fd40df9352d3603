"""One WSGI application out of the parts: routes, authentication, errors."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from wsgiref.types import StartResponse, WSGIEnvironment

from migrate.sandbox.nextcloud.auth import Authenticator
from migrate.sandbox.nextcloud.bulk import bulk_upload
from migrate.sandbox.nextcloud.calendars import BOOK_CLASSES, CALENDAR_CLASSES, GroupwareHandler
from migrate.sandbox.nextcloud.dav_errors import DavError
from migrate.sandbox.nextcloud.discovery import DiscoveryHandler
from migrate.sandbox.nextcloud.files import ALLOW, FILES_CLASSES, FilesHandler
from migrate.sandbox.nextcloud.multistatus import Found, asked_properties, multistatus
from migrate.sandbox.nextcloud.ocs import OcsHandler, status_page
from migrate.sandbox.nextcloud.spool import Spool
from migrate.sandbox.nextcloud.uploads import UploadsHandler
from migrate.sandbox.nextcloud.wsgi import Reply, Request, empty_reply, error_reply, respond
from migrate.sandbox.requestlog import ACCOUNT

DAV = "/remote.php/dav/"
LEGACY = "/remote.php/webdav"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What answers what."""

    authenticator: Authenticator
    files: FilesHandler
    uploads: UploadsHandler
    groupware: GroupwareHandler
    discovery: DiscoveryHandler
    ocs: OcsHandler
    spool: Spool
    users: frozenset[str]


class NextcloudApp:
    """The WSGI application."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        try:
            request = Request(environ)
            reply = self._answer(request)
        except DavError as error:
            _drain(environ)
            reply = error_reply(error)
        if environ["REQUEST_METHOD"] == "HEAD":
            reply.discard_body()
        return respond(reply, start_response)

    def _answer(self, request: Request) -> Reply:
        if request.path == "/status.php":
            return status_page()
        if request.path in ("/.well-known/caldav", "/.well-known/carddav"):
            return empty_reply(301, ("Location", f"{_base_url(request)}{DAV}"))
        if request.path.startswith("/ocs/"):
            return self._ocs(request)
        if request.path.startswith("/remote.php/"):
            self._login(request)
            return self._dav(request)
        raise DavError(404, "Page not found")

    def _login(self, request: Request) -> None:
        request.user = self._parts.authenticator.login(request)
        request.environ[ACCOUNT] = request.user

    def _ocs(self, request: Request) -> Reply:
        delay = self._parts.authenticator.delay(request.remote)
        if request.credentials() is not None:
            try:
                self._login(request)
            except DavError as error:
                if error.status != 401:
                    raise
                return self._parts.ocs.unauthorised(request)
        rest = request.path.split("/", 3)[3] if request.path.count("/") >= 3 else ""
        return self._parts.ocs(request, rest, base_url=_base_url(request), delay=delay)

    def _dav(self, request: Request) -> Reply:
        if request.method == "OPTIONS":
            return self._options(request)
        path = request.path
        if path == LEGACY or path.startswith(LEGACY + "/"):
            return self._parts.files(request, path.removeprefix(LEGACY), LEGACY)
        kind, _, rest = path.removeprefix(DAV).partition("/")
        match kind:
            case "files":
                user, _, below = rest.partition("/")
                if user != request.user and user in self._parts.users:
                    return _foreign(request, user, below)
                below = _own(request, rest)
                return self._parts.files(request, below, f"{DAV}files/{request.user}")
            case "uploads":
                return self._parts.uploads(request, _own(request, rest))
            case "bulk" if request.method == "POST":
                return bulk_upload(request, self._parts.files.home(request.user), self._parts.spool)
            case "calendars" | "addressbooks":
                return self._parts.groupware(request)
        return self._parts.discovery(request)

    def _options(self, request: Request) -> Reply:
        classes, allow = FILES_CLASSES, ALLOW
        if request.path.startswith(DAV + "calendars"):
            classes = CALENDAR_CLASSES
        elif request.path.startswith(DAV + "addressbooks"):
            classes = BOOK_CLASSES
        return empty_reply(200, ("DAV", classes), ("Allow", allow), ("Accept-Ranges", "bytes"))


def _foreign(request: Request, user: str, below: str) -> Reply:
    """Another account's home: an empty folder to look at, nothing to write to."""
    if request.method == "PROPFIND" and not below.strip("/"):
        found = Found(f"{DAV}files/{user}/", {"{DAV:}resourcetype": "<d:collection/>"})
        return multistatus([found], asked_properties(request.body()))
    if request.method == "PUT":
        raise DavError(403, f"Permission denied to create file (filename {below})")
    raise DavError(404, f"File not found: {below} in '{user}'")


def _own(request: Request, rest: str) -> str:
    user, _, below = rest.partition("/")
    if user != request.user:
        raise DavError(404, f"Principal with name {user} not found")
    return below


def _base_url(request: Request) -> str:
    return f"http://{request.header('Host')}"


def _drain(environ: WSGIEnvironment) -> None:
    """Read what is left of the body, so that the connection can carry another request."""
    left = getattr(environ["wsgi.input"], "remaining", 0)
    while left > 0:
        block = environ["wsgi.input"].read(min(left, 1 << 16))
        if not block:
            return
        left = environ["wsgi.input"].remaining
