"""The writing half: folders made, messages appended, recognised, flagged, and removed one by one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from connectors.imap.append import Answer, Appended, Appender
from connectors.imap.folders import collection as as_collection
from connectors.imap.index import HEADER, ITEMS, FolderIndex
from connectors.imap.literals import Fingerprint, Message, fingerprint, message_id, pieces, prepare, storable
from connectors.imap.names import folder_of, message_href, message_of
from connectors.imap.reader import ImapReader, Place, etag_of, utc
from connectors.imap.session import Selected, Session
from migrate.errors import ConnectorError, EtagMismatch, NotFound, Rejected, Uncertain
from migrate.model import Collection, Entry, Item, Stored


class ImapTarget(ImapReader):
    """Both halves of one account."""

    _may_select = True

    def __init__(self, session: Session, spool: Path) -> None:
        super().__init__(session, spool)
        self._appender = Appender(session)
        self._indexes: dict[str, FolderIndex] = {}

    def ensure(self, collection: Collection) -> Collection:
        """The folder of that role, else of that path, created and subscribed when there is none."""
        return as_collection(self._folders.ensure(collection.role, collection.path))

    def mark(self, collection: Collection) -> str:
        """``uidvalidity:uidnext``: what comes later has a UID from there on."""
        uidvalidity, uidnext = self._session.status(folder_of(collection.href))
        return f"{uidvalidity}:{uidnext}"

    def find(self, collection: Collection, name: str, item: Item, mark: str) -> Iterator[Stored]:
        """Messages with the same bytes (line ends aside) among those that came since ``mark``."""
        redated = storable(item.internal_date) != item.internal_date
        for place, flags, digest in self._matches(folder_of(collection.href), fingerprint(item.body), mark):
            lower = {flag.lower() for flag in flags}
            yield replace(
                _stored(place, flags, digest),
                refused_flags=frozenset(f for f in item.flags if not f.startswith("\\") and f.lower() not in lower),
                redated=self._date(place) if redated else None,
            )

    def _date(self, place: Place) -> datetime | None:
        return utc(self._row(place, "(UID FLAGS INTERNALDATE)").get(b"INTERNALDATE"))

    def put(self, collection: Collection, name: str, item: Item, *, expects: str | None) -> Stored:
        """Append the message, or with ``expects`` set the flags of the copy that has this etag.

        Bare LF become CRLF; nothing else is altered: what would be (a NUL byte) is Rejected. Flags that the server
        does not take are left out, and dates that it would change replaced by the nearest it keeps: the answer says so.
        """
        if expects is not None:
            return self._update(folder_of(collection.href), item, expects)
        answer = self.put_many(collection, [(name, item)])[0]
        if isinstance(answer, ConnectorError):
            raise answer
        return answer

    def put_many(self, collection: Collection, items: Sequence[tuple[str, Item]]) -> Sequence[Stored | ConnectorError]:
        """Append messages by batches; one answer each. Raises Uncertain when no reply came for any of them."""
        wire = folder_of(collection.href)
        self._session.wake()
        prepared = [self._prepared(item) for _, item in items]
        messages = [message for message in prepared if isinstance(message, Message)]
        before = (0, 0) if self._session.has("UIDPLUS") else self._session.status(wire)
        if index := self._indexes.get(wire):
            index.outdate()
        answers = self._appender.append(wire, messages)
        if answers and all(isinstance(answer, Uncertain) for answer in answers):
            raise Uncertain("the connection broke before the server answered an APPEND")
        if before[1]:
            answers = self._numbered(wire, messages, answers, before)
        following = iter(answers)
        return [_answer(wire, p, next(following)) if isinstance(p, Message) else p for p in prepared]

    def _prepared(self, item: Item) -> Message | ConnectorError:
        """The message to send. A server without user-defined flags is sent none: the plan listed that loss."""
        flags = item.flags if self.capabilities.keywords else [f for f in item.flags if f.startswith("\\")]
        try:
            return prepare(item, flags)
        except Rejected as error:
            return error

    def _numbered(
        self, wire: str, messages: Sequence[Message], answers: Sequence[Answer], before: tuple[int, int]
    ) -> list[Answer]:
        """Without UIDPLUS: the new UIDs in order when there are exactly as many, else each found by its bytes."""
        uidvalidity, uidnext = self._session.status(wire)
        stored = [answer for answer in answers if isinstance(answer, Appended)]
        if uidvalidity == before[0] and uidnext - before[1] == len(stored):
            uids = iter(range(before[1], uidnext))
            known = ((a, next(uids)) if isinstance(a, Appended) else (a, 0) for a in answers)
            return [replace(a, uidvalidity=uidvalidity, uid=n) if isinstance(a, Appended) else a for a, n in known]
        mark = f"{before[0]}:{before[1]}"
        taken: set[int] = set()
        return [
            self._located(wire, message, answer, mark, taken) if isinstance(answer, Appended) else answer
            for message, answer in zip(messages, answers, strict=True)
        ]

    def _located(self, wire: str, message: Message, answer: Appended, mark: str, taken: set[int]) -> Answer:
        for place, _, _ in self._matches(wire, fingerprint(message.body), mark):
            if place.uid not in taken:
                taken.add(place.uid)
                return replace(answer, uidvalidity=place.uidvalidity, uid=place.uid)
        return Uncertain("stored, but the server did not tell under which number")

    def delete(self, entry: Entry, *, expects: str) -> None:
        r"""Remove one message whose flags are still those of ``expects``: ``\Deleted`` and UID EXPUNGE of it alone."""
        if not self._session.has("UIDPLUS"):
            raise Rejected("this server cannot remove one message alone (no UIDPLUS)")
        place = Place(*message_of(entry.href))
        self._select(place)
        if etag_of(place.uidvalidity, self._flags(place)) != expects:
            raise EtagMismatch("the flags of the message changed")
        with self._session.talking("STORE") as client:
            client.add_flags([place.uid], [b"\\Deleted"], silent=True)
        with self._session.talking("UID EXPUNGE") as client:
            client.uid_expunge([place.uid])

    def set_flags(self, entry: Entry, add: frozenset[str], remove: frozenset[str]) -> Stored:
        r"""Store +FLAGS and -FLAGS of one message; what the server does not take is told. Raises NotFound."""
        place = Place(*message_of(entry.href))
        opened = self._select(place)
        before = self._flags(place)  # a STORE of a UID that is gone would be answered OK
        wished = add if self.capabilities.keywords else {flag for flag in add if flag.startswith("\\")}
        with self._session.talking("STORE") as client:
            if wished:
                client.add_flags([place.uid], [flag.encode("ascii") for flag in sorted(wished)], silent=True)
            if remove:
                client.remove_flags([place.uid], [flag.encode("ascii") for flag in sorted(remove)], silent=True)
        flags = self._flags(place) if wished or remove else before
        refused = frozenset(flag for flag in add if flag.lower() not in {one.lower() for one in flags})
        return Stored(href=entry.href, etag=etag_of(opened.uidvalidity, flags), refused_flags=refused)

    def move(self, entry: Entry, collection: Collection, name: str, *, expects: str) -> Stored:
        """UID MOVE (RFC 6851) of a message whose flags are still those of ``expects``; COPYUID tells its new UID."""
        if not self._session.has("MOVE"):
            raise Rejected("this server cannot move a message (no MOVE)")
        place, wire = Place(*message_of(entry.href)), folder_of(collection.href)
        self._select(place)
        flags = self._flags(place)
        if etag_of(place.uidvalidity, flags) != expects:
            raise EtagMismatch("the flags of the message changed")
        validity, uid = self._session.status(wire)
        with self._session.talking("MOVE", sent=True) as client:
            client._imap.untagged_responses.pop("COPYUID", None)
            client.move([place.uid], wire)
            told = client._imap.untagged_responses.pop("COPYUID", [b""])
        self._indexes.pop(wire, None)
        numbers = bytes(told[-1] or b"").split()
        if len(numbers) == 3:
            validity, uid = int(numbers[0]), int(numbers[2])
        elif self._session.status(wire) != (validity, uid + 1):
            raise Uncertain("moved, but the server did not tell under which number")
        return _stored(Place(wire, validity, uid), flags, "")

    def prune(self, collection: Collection) -> bool:
        """Remove a folder that holds no message and no folder. INBOX stays."""
        wire = folder_of(collection.href)
        if wire.upper() == "INBOX":
            return False
        separator = self._session.namespace().separator
        if any(folder.wire.startswith(wire + separator) for folder in self._folders.all(fresh=True)):
            return False
        if self._session.reopen(wire).exists:
            return False
        self._session.reopen("INBOX")  # no folder can be deleted while it is open
        with self._session.talking("DELETE") as client:
            client.delete_folder(wire)
            client.unsubscribe_folder(wire)
        self._folders.all(fresh=True)
        return True

    def _update(self, wire: str, item: Item, expects: str) -> Stored:
        """Set the flags of the copy with these bytes and that etag."""
        message = self._prepared(item)
        if isinstance(message, ConnectorError):
            raise message
        for place, flags, digest in self._matches(wire, fingerprint(item.body), ""):
            if etag_of(place.uidvalidity, flags) == expects:
                self._select(place)
                with self._session.talking("STORE") as client:
                    client.set_flags([place.uid], [flag.encode("ascii") for flag in message.flags], silent=True)
                return _stored(place, frozenset(message.flags), digest)
        raise EtagMismatch("no copy of this message has the flags it was listed with")

    def _select(self, place: Place) -> Selected:
        opened = self._session.open(place.wire, write=True)
        if opened.uidvalidity != place.uidvalidity:
            raise NotFound("the folder was rebuilt since the listing (UIDVALIDITY)")
        return opened

    def _matches(self, wire: str, wanted: Fingerprint, mark: str) -> Iterator[tuple[Place, frozenset[str], str]]:
        """Place, flags and SHA-256 of each copy, read back from the server."""
        validity, _, uidnext = mark.partition(":")
        opened = self._session.open(wire)
        start = int(uidnext) if mark and int(validity) == opened.uidvalidity else 1
        index = self._index(wire, start)
        for uid, size in list(index.candidates(wanted, start)):
            place = Place(wire, index.uidvalidity, uid)
            try:
                flags, body = self._flags(place), self._body(place, size)
            except NotFound:
                continue
            try:
                if fingerprint(body).digest == wanted.digest:
                    yield place, flags, _sha256(body)
            finally:
                if isinstance(body, Path):
                    body.unlink(missing_ok=True)

    def _index(self, wire: str, start: int) -> FolderIndex:
        """The folder's index, brought up to date."""
        index = self._indexes.get(wire)
        if index is not None and index.covers(self._session.open(wire).uidvalidity, start) and not index.stale():
            return index
        opened = self._session.reopen(wire)
        if index is None or not index.covers(opened.uidvalidity, start):
            index = self._indexes[wire] = FolderIndex(opened.uidvalidity, start, start)
        for rows in self._rows(opened, index.next, ITEMS):
            index.add((r[b"UID"], r[b"RFC822.SIZE"], message_id(r.get(HEADER) or b"")) for r in rows if HEADER in r)
        index.refreshed(opened.uidnext)
        return index


def _answer(wire: str, message: Message, answer: Answer) -> Stored | ConnectorError:
    if isinstance(answer, ConnectorError):
        return answer
    stored = _stored(Place(wire, answer.uidvalidity, answer.uid), frozenset(message.flags) - answer.refused, "")
    return replace(stored, refused_flags=answer.refused, redated=message.date if message.redated else None)


def _stored(place: Place, flags: frozenset[str], digest: str) -> Stored:
    href = message_href(place.wire, place.uidvalidity, place.uid)
    return Stored(href=href, etag=etag_of(place.uidvalidity, flags), digest=digest)


def _sha256(body: bytes | Path) -> str:
    digest = hashlib.sha256()
    for piece in pieces(body):
        digest.update(piece)
    return f"sha256:{digest.hexdigest()}"
