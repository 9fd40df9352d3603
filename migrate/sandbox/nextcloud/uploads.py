"""Chunked upload v2, ``/remote.php/dav/uploads/<uid>/`` (Nextcloud developer manual, "Chunked file upload").

MKCOL makes an upload folder, PUT stores chunks 1 to 10000, MOVE of ``.file`` assembles them; a folder untouched
for 24 hours is gone. Assembly answers as PUT does, with ``X-Hash`` and the rest.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from migrate.sandbox.clock import Clock
from migrate.sandbox.nextcloud.dav_errors import DavError
from migrate.sandbox.nextcloud.files import ALLOW, FilesHandler, Place, not_found, not_implemented
from migrate.sandbox.nextcloud.home_provider import HomeProvider
from migrate.sandbox.nextcloud.limits import Limits
from migrate.sandbox.nextcloud.multistatus import Found, asked_properties, multistatus
from migrate.sandbox.nextcloud.names import split_path
from migrate.sandbox.nextcloud.spool import Spool, algorithms_asked
from migrate.sandbox.nextcloud.wsgi import BLOCK, Reply, Request, empty_reply

CHUNKS = range(1, 10_001)
ASSEMBLED = ".file"
RESOURCE_TYPE = "{DAV:}resourcetype"
LENGTH = "{DAV:}getcontentlength"


@dataclass(slots=True)
class Upload:
    """One upload folder."""

    touched: float
    chunks: dict[int, Path] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    """As the client wrote them: ``00001``."""


class UploadsHandler:
    """Answers requests below the upload folder of an account."""

    def __init__(
        self, homes: Mapping[str, HomeProvider], files: FilesHandler, spool: Spool, clock: Clock, limits: Limits
    ) -> None:
        self._homes = homes
        self._files = files
        self._spool = spool
        self._clock = clock
        self._limits = limits
        self._uploads: dict[tuple[str, str], Upload] = {}
        self._lock = threading.Lock()

    def __call__(self, request: Request, rest: str) -> Reply:
        """Answer; ``rest`` is the path below the account's upload folder."""
        self._expire()
        match (request.method, split_path(rest)):
            case ("MKCOL", (name,)):
                return self._create(request, name)
            case ("PUT", (name, chunk)):
                return self._put(request, name, chunk)
            case ("MOVE", (name, last)) if last == ASSEMBLED:
                return self._assemble(request, name)
            case ("DELETE", (name,)):
                self._forget(request.user, self._find(request.user, name), name)
                return empty_reply(204)
            case ("DELETE", (name, chunk)):
                self._chunk(request.user, name, chunk).unlink()
                del self._find(request.user, name).chunks[int(chunk)]
                return empty_reply(204)
            case ("PROPFIND", parts):
                return self._list(request, parts)
        raise not_implemented(request.method)

    def _create(self, request: Request, name: str) -> Reply:
        key = (request.user, name)
        with self._lock:
            if key in self._uploads:
                raise DavError(405, "The resource you tried to create already exists", headers=[("Allow", ALLOW)])
            self._uploads[key] = Upload(self._clock.now())
        return empty_reply(201)

    def _put(self, request: Request, name: str, chunk: str) -> Reply:
        upload = self._find(request.user, name)
        if not chunk.isdigit() or int(chunk) not in CHUNKS:
            raise DavError(400, "Invalid chunk name, must be numeric between 1 and 10000")
        total = request.header("OC-Total-Length") or request.header("Content-Length")
        if total.isdigit():
            self._files.check_quota(Place(self._homes[request.user], (name,), ""), int(total))
        body = self._spool.receive(() if request.chunked else request.blocks())
        if body.size > self._limits.max_chunk_bytes:
            body.discard()
            raise DavError(413, "Chunk too large", exception="Sabre\\DAV\\Exception\\EntityTooLarge")
        with self._lock:
            created = int(chunk) not in upload.chunks
            if not created:
                upload.chunks[int(chunk)].unlink()
            upload.chunks[int(chunk)] = body.path
            upload.names[int(chunk)] = chunk
            upload.touched = self._clock.now()
        return empty_reply(201 if created else 204)

    def _assemble(self, request: Request, name: str) -> Reply:
        upload = self._find(request.user, name)
        home = self._homes[request.user]
        base = f"/remote.php/dav/files/{request.user}"
        place = self._files.destination(request, Place(home, (), base))
        if place.node is not None and place.node.folder:
            raise DavError(400, f"The given destination {'/'.join(place.parts)} is a directory.")
        size = self._check_sizes(request, upload)
        self._files.check_quota(place, size)
        with self._files.writing(place):
            body = self._spool.receive(_joined(upload), algorithms_asked(request.header("X-Hash")))
            try:
                reply = self._files.store(request, place, body)
            finally:
                body.discard()
        self._forget(request.user, upload, name)
        return reply

    def _check_sizes(self, request: Request, upload: Upload) -> int:
        sizes = [upload.chunks[number].stat().st_size for number in sorted(upload.chunks)]
        expected = request.header("OC-Total-Length")
        if expected and expected != str(sum(sizes)):
            raise DavError(400, f"Chunks on server do not sum up to {expected} but to {sum(sizes)} bytes")
        if any(size < self._limits.min_chunk_bytes for size in sizes[:-1]):
            raise DavError(400, "Your proposed upload is smaller than the minimum allowed size")
        return sum(sizes)

    def _list(self, request: Request, parts: tuple[str, ...]) -> Reply:
        base = f"/remote.php/dav/uploads/{request.user}/"
        found = [Found(base + "".join(f"{part}/" for part in parts), {RESOURCE_TYPE: "<d:collection/>"})]
        if parts:
            upload = self._find(request.user, parts[0])
            sizes = {number: path.stat().st_size for number, path in sorted(upload.chunks.items())}
            files = [
                (ASSEMBLED, sum(sizes.values())),
                *((upload.names[number], size) for number, size in sizes.items()),
            ]
            found += [Found(f"{base}{parts[0]}/{name}", {LENGTH: str(size), RESOURCE_TYPE: ""}) for name, size in files]
        asked = asked_properties(request.body())
        return multistatus(found if request.header("Depth") != "0" else found[:1], asked)

    def _find(self, user: str, name: str) -> Upload:
        upload = self._uploads.get((user, name))
        if upload is None:
            raise not_found((name,))
        return upload

    def _chunk(self, user: str, name: str, chunk: str) -> Path:
        path = self._find(user, name).chunks.get(int(chunk) if chunk.isdigit() else 0)
        if path is None:
            raise DavError(404, f"File with name {chunk} could not be located")
        return path

    def _forget(self, user: str, upload: Upload, name: str) -> None:
        with self._lock:
            self._uploads.pop((user, name), None)
        for path in upload.chunks.values():
            path.unlink(missing_ok=True)

    def _expire(self) -> None:
        horizon = self._clock.now() - self._limits.upload_lifetime
        with self._lock:
            old = [(key, upload) for key, upload in self._uploads.items() if upload.touched < horizon]
        for (user, name), upload in old:
            self._forget(user, upload, name)


def _joined(upload: Upload) -> Iterator[bytes]:
    for number in sorted(upload.chunks):
        with upload.chunks[number].open("rb") as file:
            while block := file.read(BLOCK):
                yield block
