"""Calendars, task lists and address books as vdir: one folder each, one file an item.

https://vdirsyncer.pimutils.org/en/stable/vdir.html: the files ``displayname``, ``color`` and ``description`` beside
the items are the collection's; names that begin with a dot are nobody's.
"""

from __future__ import annotations

import hashlib
import os
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from connectors.folder import sidecar
from connectors.folder.failures import translated
from connectors.folder.room import Path_, Room, moment_of, rows_of, skipped
from connectors.folder.tree import Row, Tree
from migrate.errors import EtagMismatch, Rejected
from migrate.model import Collection, Entry, Item, NameRules, Stored

UID = re.compile(rb"^UID(?:;[^:\r\n]*)?:[ \t]*([^\r\n]+(?:\r?\n[ \t][^\r\n]*)*)", re.IGNORECASE | re.MULTILINE)
METADATA = ("color", "description")
KEPT = ("role", "timezone", "order")
_UNSAFE = re.compile(r"[^\w .,()'+@&=-]")
SEPARATOR = " / "


class Vdir(Room):
    """Collections of ``.ics`` or ``.vcf`` files. An etag is the digest of the content."""

    names = NameRules(max_bytes=1000, forbidden_characters="")

    def __init__(self, tree: Tree, base: Path_, spool: Path, *, create: bool, ending: str, accepts: str) -> None:
        super().__init__(tree, base, spool, create=create)
        self._ending = ending
        self.accepts = accepts

    def collections(self) -> Iterator[Collection]:
        """Every folder of the service. Raises ConnectorError."""
        with translated():
            if not self._present():
                return
            for row, skip in rows_of(self._tree, self._base):
                if row.kind == "folder" and skip is None and not row.name.startswith("."):
                    yield self._collection(row.name)

    def _collection(self, name: str) -> Collection:
        kept = sidecar.read(self._tree, (*self._base, name))
        facts = {key: kept[key] for key in KEPT if kept.get(key)}
        facts |= {key: text for key in METADATA if (text := self._text(name, key))}
        role = facts.pop("role", "")
        return Collection(href=name, path=(self._text(name, "displayname") or name,), role=role, properties=facts)

    def _text(self, name: str, key: str) -> str:
        try:
            return self._tree.read((*self._base, name), key).decode("utf-8", "replace").strip("\r\n")
        except FileNotFoundError:
            return ""

    def entries(self) -> Iterator[Entry]:
        """Every item with its body."""
        for collection in self.collections():
            with translated():
                for row, skip in rows_of(self._tree, (*self._base, collection.href)):
                    if row.name.startswith(".") or not self._is_item(row):
                        continue
                    href = f"{collection.href}/{row.name}"
                    if skip is not None:
                        yield skipped(collection.href, href, row, skip)
                    else:
                        yield self._entry(collection.href, row.name)

    def _is_item(self, row: Row) -> bool:
        return row.kind != "folder" and row.name.lower().endswith(self._ending)

    def _entry(self, home: str, name: str) -> Entry:
        with self._tree.opened((*self._base, home), name) as file, os.fdopen(os.dup(file), "rb") as stream:
            body, status = stream.read(), os.fstat(file)
        uid = UID.search(body)
        digest = hashlib.sha256(body).hexdigest()
        return Entry(
            href=f"{home}/{name}",
            collection=home,
            etag=digest,
            name=name,
            uid=_unfolded(uid[1]) if uid else "",
            media_type=self.accepts,
            size=len(body),
            modified=moment_of(status),
            digest=f"sha256:{digest}",
            inline=body,
        )

    def get(self, entry: Entry) -> Item:
        """The item as it is now. Raises NotFound."""
        with translated():
            now = self._entry(*_split(entry.href))
        return Item(entry=replace(now, inline=None), body=now.inline or b"", media_type=now.media_type)

    def ensure(self, collection: Collection) -> Collection:
        """By role, then by name; a new folder holds its name and colour."""
        name = SEPARATOR.join(collection.path)
        known = list(self.collections())
        for found in known:
            if collection.role and found.role == collection.role:
                return found
        for found in known:
            if found.path == (name,):
                return found
        with translated():
            return self._made(name, collection, {found.href for found in known})

    def _made(self, name: str, collection: Collection, taken: set[str]) -> Collection:
        folder = (*self._base, _folder_name(name, taken))
        self._tree.make(folder)
        facts = {"role": collection.role, **{key: collection.properties.get(key, "") for key in KEPT[1:]}}
        self._describe(folder, {key: text for key, text in facts.items() if text}, collection.properties)
        # Last: until then a crash leaves a folder of another name, and the next run begins again.
        sidecar.write(self._tree, self._incoming(), folder, "displayname", name)
        return self._collection(folder[-1])

    def _describe(self, folder: Path_, facts: Mapping[str, str], properties: Mapping[str, str]) -> None:
        incoming = self._incoming()
        if facts:
            sidecar.write(self._tree, incoming, folder, sidecar.NAME, sidecar.dump(facts))
        for key in METADATA:
            if properties.get(key):
                sidecar.write(self._tree, incoming, folder, key, properties[key])

    def mark(self, collection: Collection) -> str:
        """None is needed: a name tells whether the item is there."""
        return ""

    def find(self, collection: Collection, name: str, item: Item, mark: str) -> Iterator[Stored]:
        """The item of that name, if it is the same."""
        with translated():
            try:
                same = self._same((*self._base, collection.href), self._named(name), item)
            except FileNotFoundError:
                return
            if same:
                yield self._stored(collection.href, self._named(name))

    def put(self, collection: Collection, name: str, item: Item, *, expects: str | None) -> Stored:
        """Store an item. Raises AlreadyExists, EtagMismatch, QuotaExceeded, Rejected."""
        name = self._named(name)
        with translated():
            if expects is not None:
                self._expect(collection.href, name, expects)
            path = (*self._base, collection.href)
            self._publish(item, item.entry.modified, path, name, replace=expects is not None)
            return self._stored(collection.href, name)

    def delete(self, entry: Entry, *, expects: str) -> None:
        """Remove an item that did not change."""
        home, name = _split(entry.href)
        with translated():
            self._expect(home, name, expects)
            self._tree.remove((*self._base, home), name)

    def _expect(self, home: str, name: str, etag: str) -> None:
        if self._entry(home, name).etag != etag:
            raise EtagMismatch("the item changed")

    def _stored(self, home: str, name: str) -> Stored:
        digest = self._tree.digest((*self._base, home), name)
        return Stored(href=f"{home}/{name}", etag=digest.removeprefix("sha256:"), digest=digest)

    def _named(self, name: str) -> str:
        if name.startswith("."):
            raise Rejected("a name that begins with a dot is hidden from those who read the folder")
        return name if name.lower().endswith(self._ending) else name + self._ending

    def _place(self, entry: Entry) -> tuple[Path_, str]:
        home, name = _split(entry.href)
        return (*self._base, home), name


def _folder_name(name: str, taken: set[str]) -> str:
    """A plain name that reads like the collection's, whatever that holds."""
    plain = _UNSAFE.sub("_", name).strip(" .")
    short = plain.encode()[:120].decode("utf-8", "ignore").rstrip(" .")
    if short and short == name and short not in taken:
        return short
    return f"{short or 'collection'}-{zlib.crc32(name.encode()):08x}"


def _unfolded(value: bytes) -> str:
    return re.sub(rb"\r?\n[ \t]", b"", value).strip().decode("utf-8", "replace")


def _split(href: str) -> tuple[str, str]:
    home, _, name = href.partition("/")
    return home, name
