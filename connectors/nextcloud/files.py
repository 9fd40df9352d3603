"""Files of one account: a target below one folder, and a reader of it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import requests

from connectors.nextcloud import bulk, ocs
from connectors.nextcloud.dav import BLOCK, IN_MEMORY, Dav, etag_of, strong
from connectors.nextcloud.failures import broken
from connectors.nextcloud.integrity import recalculated, received, sha256_of
from connectors.nextcloud.multistatus import DAV
from connectors.nextcloud.shares import PER_HOUR, FileShares
from connectors.nextcloud.tree import FOLDER, ROOT, Tree, child, collection_of, entry_of, nfc
from connectors.nextcloud.upload import CHUNK, put_chunked, put_whole
from migrate.errors import (
    AlreadyExists,
    ConnectorError,
    EtagMismatch,
    NotFound,
    PreconditionFailed,
    Rejected,
    Retriable,
    Uncertain,
)
from migrate.model import Capabilities, Collection, Entry, Grant, Item, Stored

CONNECTIONS = 3  # beyond it the server's processor is the limit (measured)


class NextcloudFiles:
    """A :class:`migrate.protocols.Target` of plain files, with ``put_many`` and ``digest``."""

    def __init__(self, dav: Dav) -> None:
        self._dav = dav
        self._tree = Tree(dav)
        self._capabilities: Capabilities | None = None
        self._said: Mapping[str, Any] | None = None

    @property
    def capabilities(self) -> Capabilities:
        """Probed once, free space included. Raises ConnectorError."""
        if self._capabilities is None:
            announced = self._announced()
            self._capabilities = Capabilities(
                accepts=frozenset({"*/*"}),
                names=ocs.name_rules(announced),
                free_bytes=self._tree.free_bytes(),
                max_connections=CONNECTIONS,
                grants_per_hour=PER_HOUR,
                batch=bulk.MAX_FILES if ocs.takes_bulk(announced) else 1,
                moves=True,
            )
        return self._capabilities

    def _announced(self) -> Mapping[str, Any]:
        if self._said is None:
            self._said = ocs.capabilities(self._dav)
        return self._said

    def collections(self) -> Iterator[Collection]:
        """The root folder and every folder below it; nothing while the root was never made."""
        for folder, href, row in self._tree.walk():
            if FOLDER in row.types():
                yield collection_of(folder, href)

    def entries(self) -> Iterator[Entry]:
        """Every file, folder by folder."""
        for folder, href, row in self._tree.walk():
            if FOLDER not in row.types():
                yield entry_of(folder, href, row)

    def get(self, entry: Entry) -> Item:
        """The file as it is now; above 1 MiB its body lies in a spool file."""
        with self._dav.send("GET", self._dav.url(self._tree.path(entry.href)), stream=True) as response:
            body = self._receive(response)
            etag = etag_of(response.headers) or entry.etag
        size = len(body) if isinstance(body, bytes) else body.stat().st_size
        return Item(entry=replace(entry, etag=etag, size=size), body=body, media_type=entry.media_type)

    def _receive(self, response: requests.Response) -> bytes | Path:
        """A body in memory up to 1 MiB, else in the spool. Raises Retriable when it is cut."""
        blocks: list[bytes] = []
        stream = response.iter_content(BLOCK)
        try:
            while sum(map(len, blocks)) <= IN_MEMORY:
                block = next(stream, b"")
                if not block:
                    return b"".join(blocks)
                blocks.append(block)
            return self._spool(blocks, stream)
        except requests.RequestException as lost:
            raise broken(lost, uncertain=False) from None

    def _spool(self, blocks: list[bytes], stream: Iterator[bytes]) -> Path:
        with tempfile.NamedTemporaryFile(dir=self._dav.site.spool, prefix="nextcloud-", delete=False) as kept:
            path = Path(kept.name)
            try:
                kept.writelines(blocks)
                kept.writelines(stream)
            except BaseException:
                path.unlink(missing_ok=True)
                raise
        return path

    def ensure(self, collection: Collection) -> Collection:
        """The folder, made with its parents where missing. Raises AlreadyExists when a file bears its name."""
        href = self._tree.make(collection.path)
        parent = href.rpartition("/")[0] or ROOT
        return replace(collection, href=href, parent="" if href == ROOT else parent)

    def mark(self, collection: Collection) -> str:
        """Nothing to remember: a file is found by its name."""
        return ""

    def find(self, collection: Collection, name: str, item: Item, mark: str) -> Iterator[Stored]:
        """The file of that name, when its size and the hash the server computes again are the item's."""
        href = child(collection.href, name)
        try:
            row = self._tree.row(href)
            if FOLDER in row.types() or row.number(f"{DAV}getcontentlength") != item.size:
                return
            digest = recalculated(self._dav, self._tree.path(href))
        except NotFound:
            return
        if digest and digest == sha256_of(item):
            yield Stored(href=href, etag=strong(row.text(f"{DAV}getetag")), digest=digest)

    def put(self, collection: Collection, name: str, item: Item, *, expects: str | None) -> Stored:
        """Store the file, and have the server prove what it received.

        A file created with other bytes than those sent is removed and raises Retriable. One *replaced* so is left,
        because removing it would take the older content with it: the error tells.
        """
        href = child(collection.href, name)
        path = self._tree.path(href)
        try:
            response = self._upload(path, item, expects)
        except NotFound:
            self._tree.forget()
            raise
        return self._proved(href, path, item, response, created=expects is None)

    def _upload(self, path: str, item: Item, expects: str | None) -> requests.Response:
        if item.size > CHUNK and (limit := ocs.chunk_limit(self._announced())):
            return put_chunked(self._dav, path, item, expects=expects, limit=limit)
        return put_whole(self._dav, path, item, expects=expects)

    def _proved(self, href: str, path: str, item: Item, response: requests.Response, *, created: bool) -> Stored:
        digest = received(response.headers) or recalculated(self._dav, path)
        etag = etag_of(response.headers) or strong(self._tree.row(href).text(f"{DAV}getetag"))
        if digest and digest != sha256_of(item):
            if created:
                self._remove(path, etag)
            raise Retriable("the server received other bytes than those sent")
        return Stored(href=href, etag=etag, digest=digest)

    def _remove(self, path: str, etag: str) -> None:
        """What was just written, unless someone wrote over it since."""
        try:
            self._dav.send("DELETE", self._dav.url(path), headers={"If-Match": etag})
        except PreconditionFailed:
            return

    def put_many(self, collection: Collection, items: Sequence[tuple[str, Item]]) -> Sequence[Stored | ConnectorError]:
        """Small files by bulk upload where the name is free, the others one by one; see :mod:`.bulk`.

        What bulk upload refuses goes by PUT too, which says why.
        """
        answers: dict[int, Stored | ConnectorError] = {}
        parts = self._parts(collection, items)
        for batch in bulk.batches(list(parts.values())):
            answers.update(self._send(parts, batch))
        if len(answers) == len(items) and all(isinstance(answer, Uncertain) for answer in answers.values()):
            raise Uncertain("no answer came to the bulk upload: some files may be stored")
        for number, (name, item) in enumerate(items):
            if number not in answers:
                answers[number] = self._one(collection, name, item, look=number in parts)
        return [answers[number] for number in range(len(items))]

    def _parts(self, collection: Collection, items: Sequence[tuple[str, Item]]) -> dict[int, bulk.Part]:
        """What bulk upload may take: of a name that nothing bears, neither there nor in this batch."""
        if not (self.capabilities.batch > 1 and len(items) > 1):
            return {}
        taken = {href for href, _ in self._tree.members(collection.href)}
        parts: dict[int, bulk.Part] = {}
        for number, (name, item) in enumerate(items):
            href = child(collection.href, name)
            if href not in taken and bulk.fits(name, item, self.capabilities.names):
                parts[number] = (href, self._tree.path(href).removeprefix(self._tree.home), item)
            taken.add(href)
        return parts

    def _send(self, parts: dict[int, bulk.Part], batch: list[bulk.Part]) -> dict[int, Stored | ConnectorError]:
        """Answers by number; none for what is to go one by one."""
        numbers = {part[0]: number for number, part in parts.items()}
        try:
            said = bulk.send(self._dav, batch)
        except (NotFound, Rejected):
            return {}
        except ConnectorError as error:
            return {numbers[href]: error for href, _, _ in batch}
        return {numbers[part[0]]: answer for part, answer in zip(batch, said, strict=True) if answer is not None}

    def _one(self, collection: Collection, name: str, item: Item, *, look: bool) -> Stored | ConnectorError:
        """By PUT; ``look``: a bulk upload may have stored it without saying so."""
        try:
            found = next(self.find(collection, name, item, ""), None) if look else None
            return found or self.put(collection, name, item, expects=None)
        except ConnectorError as error:
            return error

    def move(self, entry: Entry, collection: Collection, name: str, *, expects: str) -> Stored:
        """MOVE, never over a file (RFC 4918 §9.9, ``Overwrite: F``: 412 when the name is taken)."""
        row = self._tree.row(nfc(entry.href))
        if strong(row.text(f"{DAV}getetag")) != expects:
            raise EtagMismatch("the file changed since it was listed")
        href = child(collection.href, name)
        destination = self._dav.url(self._tree.path(href))
        headers = {"Destination": destination, "Overwrite": "F"}
        url = self._dav.url(self._tree.path(nfc(entry.href)))
        if self._dav.send("MOVE", url, headers=headers, allow={412}, uncertain=True).status_code == 412:
            raise AlreadyExists("the name is taken")
        return Stored(href=href, etag=strong(self._tree.row(href).text(f"{DAV}getetag")))

    def prune(self, collection: Collection) -> bool:
        """Remove a folder that holds nothing; into the account's bin, as the server does."""
        if collection.href == ROOT:
            return False
        try:
            if next(self._tree.members(collection.href), None) is not None:
                return False
        except NotFound:
            return True
        self._dav.send("DELETE", self._dav.url(self._tree.path(collection.href)), allow={404}, uncertain=True)
        self._tree.forget()
        return True

    def delete(self, entry: Entry, *, expects: str) -> None:
        """Into the account's bin, when its etag is still ``expects``."""
        url = self._dav.url(self._tree.path(entry.href))
        self._dav.send("DELETE", url, headers={"If-Match": expects}, uncertain=True)

    def digest(self, entry: Entry) -> str:
        """``sha256:<hex>`` of the stored file, read again by the server. Raises NotFound, Retriable."""
        found = recalculated(self._dav, self._tree.path(nfc(entry.href)))
        if not found:
            raise Retriable("the server does not compute hashes again")
        return found

    def grants(self, href: str) -> Iterator[Grant]:
        """What the account granted on this file or folder."""
        return FileShares(self._dav).of(self._shared_path(href))

    def grant(self, href: str, grant: Grant) -> None:
        """Share it, without a mail. Waits for the server's limit of 20 in 10 minutes. Raises LimitReached, Rejected."""
        folder = FOLDER in self._tree.row(href).types()
        FileShares(self._dav).make(self._shared_path(href), grant, folder=folder)

    def revoke(self, href: str, grant: Grant) -> bool:
        """End it, without a mail."""
        return FileShares(self._dav).end(self._shared_path(href), grant)

    def _shared_path(self, href: str) -> str:
        """From the account's root, as OCS names it."""
        return self._tree.path(href).removeprefix(self._tree.home)

    def close(self) -> None:
        """Release the connection."""
        self._dav.close()
