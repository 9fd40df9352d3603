"""Outlook mail: folders, messages listed by rounds of changes, bodies as the MIME that Exchange makes.

https://learn.microsoft.com/graph/outlook-get-mime-message
"""

from __future__ import annotations

import json
import tempfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO

from connectors.microsoft import mailrounds
from connectors.microsoft.batches import each
from connectors.microsoft.boundaries import steady
from connectors.microsoft.errors import not_the_api
from connectors.microsoft.http import BATCH, Api, Json, Part, segment
from connectors.microsoft.mailfolders import Folder, folders
from connectors.microsoft.message import MEDIA_TYPE, PARAMS, entry_of, received
from connectors.microsoft.settings import Settings
from connectors.microsoft.spool import IN_MEMORY, keep
from migrate.errors import AuthFailed, ConnectorError, CursorExpired, NotFound, Rejected, Retriable, Scope
from migrate.model import Capabilities, Change, Collection, Entry, Item, Skip

TOGETHER = BATCH // 2
"""Messages of a batch: each takes one part for what is known of it, and one for its body."""
BATCH_BYTES = 4 << 20
"""Bytes of bodies fetched at once, as Exchange estimates them."""
UNKNOWN_SIZE = 100 << 10
_ARCHIVE = Skip(
    code="archive-mailbox",
    reason="The online archive of this mailbox cannot be read by Graph: it stays until it is moved by other means.",
)
_UNREADABLE = Skip(
    code="unreadable-folder",
    reason="Exchange does not list this hidden folder, which programs use and people do not see.",
)


class MailReader:
    """Implements ``protocols.Reader``, ``SupportsGetMany`` and ``SupportsChanges``."""

    def __init__(self, api: Api, settings: Settings, spool: Path) -> None:
        self._api, self._spool = api, spool
        # Of each message what Graph says of it, and its bytes; the quota is of ten minutes.
        self.capabilities = Capabilities(items_per_minute=settings.mailbox_requests / 10 / 2)
        self._has_archive = api.account.casefold() in settings.archive_mailboxes
        self._folders: list[Folder] = []
        self._tokens: dict[str, str] | None = None
        """Where the next round of changes begins, once a round is over."""
        self._listed: BinaryIO | None = None
        """Rows of the round that ``cursor`` began, until ``entries`` gives them."""

    def collections(self) -> Iterator[Collection]:
        """Every mail folder, parents first; search folders are none."""
        self._folders = folders(self._api)
        yield from (folder.collection for folder in self._folders)

    def _tree(self) -> list[Folder]:
        """The folders that ``collections`` gave last: what is listed lies in them, and what is new waits."""
        self._folders = self._folders or folders(self._api)
        return self._folders

    def entries(self) -> Iterator[Entry]:
        """Every message once, deleted and junk ones with a label to leave them by."""
        seen: set[bytes] = set()
        for entry in self._kept() if self._listed is not None else self._everything({}):
            key = blake2b(entry.href.encode(), digest_size=12).digest()
            # A round repeats what changed under way, and a message that moved meanwhile is in two folders.
            if key not in seen:
                seen.add(key)
                yield entry

    def _everything(self, tokens: mailrounds.Tokens) -> Iterator[Entry]:
        tree = self._tree()
        for folder in tree:
            yield from self._within(folder, tokens)
        if self._has_archive and tree:
            yield Entry(href="archive-mailbox", collection=tree[0].collection.href, etag="", skip=_ARCHIVE)

    def _within(self, folder: Folder, tokens: mailrounds.Tokens) -> Iterator[Entry]:
        href = folder.collection.href
        try:
            for row in mailrounds.rows(self._api, href, tokens):
                if "@removed" not in row:
                    yield entry_of(row, href, folder.apart)
        except (NotFound, Rejected) as error:
            if not folder.hidden and isinstance(error, NotFound):
                self._folders = []
                raise Retriable("A folder went while the mailbox was listed.", scope=Scope.ACCOUNT) from error
            if not folder.hidden or error.scope > Scope.ITEM:
                raise
            yield Entry(href=f"folder/{href}", collection=href, etag="", skip=_UNREADABLE)

    def cursor(self) -> str:
        """Where changes go on from. Without a round behind it, the full listing is made now, and kept on disk."""
        if self._tokens is None:
            self._forget_listed()
            tokens: dict[str, str] = {}
            self._listed = tempfile.TemporaryFile(dir=self._spool, prefix="microsoft-")  # noqa: SIM115
            for entry in self._everything(tokens):
                _pack(self._listed, entry)
            self._tokens = tokens
        tokens, self._tokens = self._tokens, None
        return mailrounds.written(tokens)

    def _kept(self) -> Iterator[Entry]:
        """What ``cursor`` listed, once."""
        assert self._listed is not None
        listed, self._listed = self._listed, None
        with listed:
            listed.seek(0)
            while length := listed.read(4):
                yield _unpack(listed.read(int.from_bytes(length, "big")))

    def changes(self, cursor: str) -> Iterator[Change]:
        """Messages that came, changed, moved or went since. Raises CursorExpired."""
        tokens = mailrounds.read(cursor)
        tree = self._tree()
        if tokens.keys() - {folder.collection.href for folder in tree}:
            raise CursorExpired("A folder is gone, and with it what would tell of its messages.")
        gone: set[str] = set()
        there: set[str] = set()
        for folder in tree:
            for row in mailrounds.rows(self._api, folder.collection.href, tokens):
                identifier = str(row["id"])
                if "@removed" in row:
                    gone.add(identifier)
                    continue
                there.add(identifier)
                yield Change(href=identifier, entry=entry_of(row, folder.collection.href, folder.apart))
        # A message that moved is removed from one folder and new in another, in no order.
        yield from (Change(href=identifier, entry=None) for identifier in sorted(gone - there))
        self._tokens = dict(tokens)

    def get(self, entry: Entry) -> Item:
        """The message as it is now, in MIME. Raises NotFound, ConnectorError."""
        path = f"messages/{segment(entry.href)}"
        known = self._api.get(path, PARAMS)
        try:
            if entry.size is not None and entry.size <= IN_MEMORY:
                return self._item(known, keep(self._spool, self._api.content(f"{path}/$value")))
            return self._item(known, self._api.download(f"{path}/$value", self._spool))
        except AuthFailed as error:
            raise _withheld(error) from error

    def get_many(self, entries: Sequence[Entry]) -> Iterator[tuple[Entry, Item | ConnectorError]]:
        """Each message or its own error. Parts of a batch that fail are asked for again."""
        for group in _groups(entries):
            if len(group) == 1:
                yield group[0], self._alone(group[0])
            else:
                yield from self._together(group)

    def _alone(self, entry: Entry) -> Item | ConnectorError:
        try:
            return self.get(entry)
        except ConnectorError as error:
            if error.scope > Scope.ITEM:
                raise
            return error

    def _together(self, group: list[Entry]) -> Iterator[tuple[Entry, Item | ConnectorError]]:
        parts: dict[str, Part] = {}
        for index, entry in enumerate(group):
            path = f"messages/{segment(entry.href)}"
            parts[f"{index}"] = Part(path=path, params=PARAMS)
            parts[f"{index}v"] = Part(path=f"{path}/$value")
        answers: dict[str, Any] = {}
        for key, answer in each(self._api, parts):
            answers[key] = answer
            known = key.removesuffix("v")
            if known in answers and f"{known}v" in answers:
                yield group[int(known)], self._outcome(answers.pop(known), answers.pop(f"{known}v"))

    def _outcome(self, known: Any, body: Any) -> Item | ConnectorError:
        if isinstance(body, AuthFailed) and isinstance(known, Mapping):
            return _withheld(body)
        for answer in (known, body):
            if isinstance(answer, ConnectorError):
                if answer.scope > Scope.ITEM:
                    raise answer
                return answer
        if not isinstance(known, Mapping) or not isinstance(body, bytes):
            return not_the_api()
        return self._item(known, keep(self._spool, body))

    def _item(self, known: Json, body: bytes | Path) -> Item:
        entry = entry_of(known, str(known.get("parentFolderId") or ""), self._apart(known))
        return Item(
            entry=entry,
            body=steady(body, entry.href),
            media_type=MEDIA_TYPE,
            internal_date=received(known),
            flags=entry.flags,
        )

    def _apart(self, known: Json) -> str:
        """The label of a message's folder; the tree is read once for all of them."""
        tree = self._tree()
        home = known.get("parentFolderId")
        return next((folder.apart for folder in tree if folder.collection.href == home), "")

    def _forget_listed(self) -> None:
        if self._listed is not None:
            self._listed.close()
            self._listed = None

    def close(self) -> None:
        """Release the connection and what was kept."""
        self._forget_listed()
        self._api.close()


def _withheld(error: AuthFailed) -> Rejected:
    """What is known of a message could be read: the refusal is of its content alone (rights management)."""
    return Rejected(f"Exchange does not hand out the content of this message. {error.message}")


def _groups(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Messages to ask for at once: few enough, small enough; a large one alone."""
    group: list[Entry] = []
    total = 0
    for entry in entries:
        size = entry.size or UNKNOWN_SIZE
        if group and (len(group) == TOGETHER or total + size > BATCH_BYTES):
            yield group
            group, total = [], 0
        group.append(entry)
        total += size
    if group:
        yield group


def _pack(file: BinaryIO, entry: Entry) -> None:
    row = [entry.href, entry.collection, entry.etag, entry.uid, entry.size, sorted(entry.flags), entry.labels]
    skip = entry.skip.code if entry.skip else ""
    data = zlib.compress(json.dumps([*row, skip]).encode(), 1)
    file.write(len(data).to_bytes(4, "big") + data)


def _unpack(data: bytes) -> Entry:
    href, collection, etag, uid, size, flags, labels, skip = json.loads(zlib.decompress(data))
    return Entry(
        href=href,
        collection=collection,
        etag=etag,
        uid=uid,
        media_type="application/octet-stream" if skip else MEDIA_TYPE,
        size=size,
        size_exact=bool(skip),
        flags=frozenset(flags),
        labels=tuple(labels),
        skip=next((one for one in (_ARCHIVE, _UNREADABLE) if one.code == skip), None),
    )
