"""Mail as Maildir++, which Dovecot, Courier, mutt and Python's ``mailbox`` read.

A message's date (INTERNALDATE) is its file's date, its flags are in its file's name after ``:2,``. Bytes stay as they
came, line ends included. The href leaves the flags out, for mail programs change them and move ``new`` to ``cur``.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from connectors.folder import sidecar
from connectors.folder.failures import translated
from connectors.folder.keywords import LIST, MORE, Keywords
from connectors.folder.mailnames import INBOX, INBOX_PATH, ROLES, decoded, encoded, shortened
from connectors.folder.room import Path_, Room, decodable, moment_of, rows_of, skipped
from connectors.folder.tree import Tree
from migrate.errors import EtagMismatch, NotFound, Rejected
from migrate.model import Collection, Entry, Item, NameRules, Stored

MEDIA_TYPE = "message/rfc822"
FLAGS = ":2,"
_OURS = re.compile(r"\.Q(\d+)R[0-9a-f]{8}\.transhume,")
PLACES = ("new", "cur")


@dataclass(slots=True)
class Index:
    """One mailbox as it was last seen."""

    files: dict[str, tuple[str, str]]
    """The place and the file name of each message, by what comes before its flags."""
    keywords: Keywords
    next: int = field(default=1)
    """A number that no message written here had."""


class Maildir(Room):
    """Mailboxes and messages."""

    accepts = MEDIA_TYPE
    names = NameRules(max_bytes=1000, forbidden_characters="")

    def __init__(self, tree: Tree, base: Path_, spool: Path, *, create: bool) -> None:
        super().__init__(tree, base, spool, create=create)
        self._seen: tuple[str, Index] | None = None

    def collections(self) -> Iterator[Collection]:
        """Every mailbox, parents first. Raises ConnectorError."""
        with translated():
            if not self._present():
                return
            rows = [row for row, skip in rows_of(self._tree, self._base) if row.kind == "folder" and skip is None]
            found = [self._mailbox(row.name) for row in rows if row.name.startswith(".") and self._holds(row.name)]
            if any(row.name == "cur" for row in rows):
                found.append(Collection(href=INBOX, path=INBOX_PATH, role="\\Inbox"))
        yield from sorted(found, key=lambda mailbox: (mailbox.path != INBOX_PATH, mailbox.path))

    def _holds(self, name: str) -> bool:
        return any(row.name == "cur" and row.kind == "folder" for row in self._tree.rows((*self._base, name)))

    def _mailbox(self, name: str) -> Collection:
        kept = sidecar.read(self._tree, (*self._base, name))
        path = decoded(kept.get("name") or name)
        role = kept.get("role") or (ROLES.get(path[0], "") if len(path) == 1 else "")
        return Collection(href=name, path=path, role=role)

    def entries(self) -> Iterator[Entry]:
        """Every message, with its size, date and flags."""
        for mailbox in self.collections():
            with translated():
                index = self._index(mailbox.href, again=True)
                yield from self._left_behind(mailbox.href)
                for base, (place, name) in sorted(index.files.items()):
                    try:
                        status = self._tree.status((*self._folder(mailbox.href), place), name)
                    except FileNotFoundError:
                        continue  # Removed since, or renamed by a mail program: the next listing tells.
                    yield _entry(mailbox.href, base, status, index.keywords.flags(base, _letters(name)))

    def _left_behind(self, mailbox: str) -> Iterator[Entry]:
        for place in PLACES:
            for row, skip in rows_of(self._tree, (*self._folder(mailbox), place)):
                if skip is not None and not row.name.startswith("."):
                    yield skipped(mailbox, f"{mailbox}/{row.name}", row, skip)

    def get(self, entry: Entry) -> Item:
        """The message as it is now. Raises NotFound."""
        mailbox, base = _split(entry.href)
        with translated():
            path, name, now = self._current(mailbox, base)
            body = self._body(path, name)
        return Item(entry=now, body=body, media_type=MEDIA_TYPE, internal_date=now.modified, flags=now.flags)

    def _current(self, mailbox: str, base: str) -> tuple[Path_, str, Entry]:
        """Where the message lies and what it is. Its file may have been renamed since it was seen: look twice."""
        for again in (False, True):
            index = self._index(mailbox, again=again)
            if base not in index.files:
                continue
            place, name = index.files[base]
            path = (*self._folder(mailbox), place)
            try:
                status = self._tree.status(path, name)
            except FileNotFoundError:
                continue
            return path, name, _entry(mailbox, base, status, index.keywords.flags(base, _letters(name)))
        raise NotFound("the message is gone")

    def _place(self, entry: Entry) -> tuple[Path_, str]:
        return self._current(*_split(entry.href))[:2]

    def _folder(self, mailbox: str) -> Path_:
        return self._base if mailbox == INBOX else (*self._base, mailbox)

    def _index(self, mailbox: str, *, again: bool = False) -> Index:
        """One mailbox is remembered at a time: memory is that of the largest one's names."""
        if self._seen is None or self._seen[0] != mailbox or again:
            folder = self._folder(mailbox)
            index = Index(files={}, keywords=Keywords(self._small(folder, LIST), self._small(folder, MORE)))
            for place in PLACES:
                for row in self._tree.rows((*folder, place)):
                    if row.kind == "file" and decodable(row.name) and not row.name.startswith("."):
                        index.files[row.name.partition(FLAGS)[0]] = (place, row.name)
                        ours = _OURS.search(row.name)
                        index.next = max(index.next, int(ours[1]) + 1 if ours else 1)
            self._seen = (mailbox, index)
        return self._seen[1]

    def _small(self, folder: Path_, name: str) -> bytes:
        try:
            return self._tree.read(folder, name)
        except FileNotFoundError:
            return b""

    def ensure(self, collection: Collection) -> Collection:
        """By special use, then by path. Makes what a crash left unmade."""
        path = INBOX_PATH if collection.role == "\\Inbox" or collection.path == () else collection.path
        if len(path) == 1 and path[0].upper() == "INBOX":
            path = INBOX_PATH
        known = list(self.collections())
        for found in known:
            if collection.role and found.role == collection.role:
                return found
        for found in known:
            if found.path == path:
                return found
        with translated():
            return self._made(path, collection.role)

    def _made(self, path: Path_, role: str) -> Collection:
        whole = encoded(path)
        name = shortened(whole)
        folder = self._folder(name)
        self._tree.make(folder)
        if name == INBOX:
            made = Collection(href=INBOX, path=INBOX_PATH, role="\\Inbox")
        else:
            facts = {"role": role, "name": whole if name != whole else ""}
            self._describe(folder, {key: text for key, text in facts.items() if text})
            made = self._mailbox(name)
        # "cur" last: a folder without it is no mailbox yet.
        for place in ("tmp", *PLACES):
            self._tree.make((*folder, place))
        return made

    def _describe(self, folder: Path_, facts: dict[str, str]) -> None:
        incoming = self._incoming()
        sidecar.write(self._tree, incoming, folder, "maildirfolder", "")
        if facts:
            sidecar.write(self._tree, incoming, folder, sidecar.NAME, sidecar.dump(facts))

    def mark(self, collection: Collection) -> str:
        """The number of the next message written here."""
        with translated():
            return str(self._index(collection.href).next)

    def find(self, collection: Collection, name: str, item: Item, mark: str) -> Iterator[Stored]:
        """Messages of the same bytes, among those written here since the mark."""
        with translated():
            index = self._index(collection.href)
            for base, (place, file) in sorted(index.files.items()):
                if _since(base, mark) and self._same((*self._folder(collection.href), place), file, item):
                    yield self._stored(collection.href, base)

    def put(self, collection: Collection, name: str, item: Item, *, expects: str | None) -> Stored:
        """Deliver a message. Raises QuotaExceeded, Rejected."""
        if expects is not None:
            raise Rejected("a message is never replaced")
        with translated():
            folder, index = self._folder(collection.href), self._index(collection.href)
            base = f"{int(time.time())}.Q{index.next}R{secrets.token_hex(4)}.transhume,S={item.size}"
            letters = self._letters(folder, index, base, item.flags)
            place, file = ("cur", f"{base}{FLAGS}{letters}") if letters else ("new", base)
            self._write((*folder, "tmp"), item, item.internal_date, (*folder, place), file)
            index.next += 1
            index.files[base] = (place, file)
            return self._stored(collection.href, base, item.internal_date)

    def _letters(self, folder: Path_, index: Index, base: str, flags: frozenset[str]) -> str:
        """The letters of a new message; the list of keywords is on disk before a name needs it."""
        before = index.keywords.listed()
        letters, left = index.keywords.letters(flags)
        if index.keywords.listed() != before:
            sidecar.write(self._tree, (*folder, "tmp"), folder, LIST, index.keywords.listed())
        index.keywords.remember(base, left, lambda line: self._tree.append(folder, MORE, line.encode()))
        return letters

    def _stored(self, mailbox: str, base: str, asked: datetime | None = None) -> Stored:
        _, _, now = self._current(mailbox, base)
        other = asked is not None and now.modified is not None and int(now.modified.timestamp()) != _seconds(asked)
        return Stored(href=now.href, etag=now.etag, redated=now.modified if other else None)

    def delete(self, entry: Entry, *, expects: str) -> None:
        """Remove a message that did not change."""
        mailbox, base = _split(entry.href)
        with translated():
            path, name, now = self._current(mailbox, base)
            if now.etag != expects:
                raise EtagMismatch("the message changed")
            self._tree.remove(path, name)
            self._index(mailbox).files.pop(base, None)


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp() // 1)


def _entry(mailbox: str, base: str, status: os.stat_result, flags: frozenset[str]) -> Entry:
    marks = "\0".join((base, str(status.st_size), *sorted(flags)))
    return Entry(
        href=f"{mailbox}/{base}",
        collection=mailbox,
        etag=hashlib.sha256(marks.encode()).hexdigest()[:24],
        media_type=MEDIA_TYPE,
        size=status.st_size,
        modified=moment_of(status),
        flags=flags,
    )


def _letters(name: str) -> str:
    return name.partition(FLAGS)[2]


def _since(base: str, mark: str) -> bool:
    if not mark:
        return True
    ours = _OURS.search(base)
    return ours is not None and int(ours[1]) >= int(mark)


def _split(href: str) -> tuple[str, str]:
    mailbox, _, base = href.partition("/")
    return mailbox, base
