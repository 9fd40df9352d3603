"""Gmail by IMAP: every message once, with its labels, instead of one copy a folder.

Gmail shows each label as a folder, so that a message under three labels is there three times and once more in All
Mail. Read from All Mail, Spam and the bin alone, with Gmail's own extensions, each message comes once, under the
number that its API gives it too. https://developers.google.com/workspace/gmail/imap/imap-extensions
"""

from __future__ import annotations

import hashlib
import time
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from connectors.imap.names import decode
from connectors.imap.reader import MEDIA_TYPE, ImapReader, Place, Row, flags_of, utc
from connectors.imap.session import Session
from migrate.errors import ConnectorError, LimitReached, NotFound, QuotaExceeded, Rejected, Scope
from migrate.model import Collection, Entry, Item
from migrate.protocols import Pace

EXTENSION = "X-GM-EXT-1"
MAILBOX = "mailbox"
DAILY_BYTES = 2_500 * 1000 * 1000
"""What one account may download in a day (Google Workspace help, “Gmail bandwidth limits”: 2,500 MB)."""
SOURCES = (("\\All", ""), ("\\Junk", "\\Spam"), ("\\Trash", "\\Trash"))
"""Folders that hold every message once between them, by special use, and the label that lying there means."""
LOOK_AGAIN = 60.0
"""Seconds after which a message that is not where it was is looked for elsewhere."""
_OWN = ("\\Inbox", "\\Sent", "\\Drafts", "\\Starred", "\\Important", "\\Spam", "\\Trash", "\\Chat")
_WORDS = {word.lower(): word for word in _OWN} | {
    "\\draft": "\\Drafts", "\\junk": "\\Spam", "\\flagged": "\\Starred", "\\all": "", "\\allmail": "",
}  # fmt: skip


class GmailReader(ImapReader):
    """Implements ``protocols.Reader`` and ``SupportsGetMany`` with Gmail's extensions. Used by one thread."""

    _listed = "UID FLAGS INTERNALDATE RFC822.SIZE X-GM-MSGID X-GM-LABELS"

    def __init__(self, session: Session, spool: Path, pace: Pace, account: str) -> None:
        super().__init__(session, spool)
        self._pace = pace
        self._bucket = f"imap/gmail/download/{account}"
        self._labels: dict[str, str] = {}
        self._places: Places | None = None
        # The allowance of a day may be spent at once; it then flows back through the next day.
        pace.limit(self._bucket, per_minute=DAILY_BYTES / 1440, burst=DAILY_BYTES)

    def collections(self) -> Iterator[Collection]:
        """The mailbox: Gmail has labels, not folders."""
        yield Collection(href=MAILBOX)

    def entries(self) -> Iterator[Entry]:
        """Every message of All Mail, Spam and the bin, with the labels to leave the latter by.

        Raises ConnectorError, LimitReached when the day's allowance is spent.
        """
        places = Places()
        with _allowance():
            for wire, _ in self._sources():
                opened = self._session.reopen(wire)
                for rows in self._rows(opened, 1, f"({self._listed})"):
                    for row in rows:
                        place = Place(wire, opened.uidvalidity, row[b"UID"])
                        places.add(_number(row), place)
                        yield self._entry(place, row)
        self._places = places.sealed()

    def _sources(self) -> list[tuple[str, str]]:
        """The folders to read and the label of each. Raises ConnectorError when All Mail is hidden."""
        by_role = {folder.role: folder.wire for folder in self._folders.all(fresh=True) if folder.selectable}
        if "\\All" not in by_role:
            raise ConnectorError(
                "Gmail does not show All Mail by IMAP, the one folder that holds each message once.",
                advice="In Gmail: Settings, Labels, All Mail, tick “Show in IMAP”. Then run the same command again.",
                scope=Scope.ACCOUNT,
            )
        found = [(by_role[role], label) for role, label in SOURCES if role in by_role]
        self._labels = dict(found)
        return found

    def _entry(self, place: Place, row: Row) -> Entry:
        words = {label_of(word) for word in row.get(b"X-GM-LABELS") or ()}
        labels = tuple(sorted((words | {self._labels.get(place.wire, "")}) - {""}))
        flags = flags_of(row)
        href = f"{_number(row):016x}"
        marks = "\0".join((href, *labels, "", *sorted(flags)))
        return Entry(
            href=href,
            collection=MAILBOX,
            etag=hashlib.sha256(marks.encode("utf-8", "surrogatepass")).hexdigest()[:24],
            media_type=MEDIA_TYPE,
            size=row[b"RFC822.SIZE"],
            created=utc(row.get(b"INTERNALDATE")),
            flags=flags,
            labels=labels,
        )

    def _place(self, entry: Entry) -> Place:
        try:
            number = int(entry.href, 16)
        except ValueError as error:
            raise NotFound("not the href of a Gmail message") from error
        place = self._index().find(number)
        if place is None:
            raise NotFound("the message is gone")
        return place

    def _index(self) -> Places:
        """Where each message lies, asked once: 40 bytes a message."""
        if self._places is None:
            places = Places()
            for wire, _ in self._sources():
                opened = self._session.reopen(wire)
                for rows in self._rows(opened, 1, "(UID FLAGS X-GM-MSGID)"):
                    for row in rows:
                        places.add(_number(row), Place(wire, opened.uidvalidity, row[b"UID"]))
            self._places = places.sealed()
        return self._places

    def get(self, entry: Entry) -> Item:
        """The message as it is now, also when it was moved to or from the bin since. Raises NotFound."""
        with _allowance():
            self._pace.spend({self._bucket: float(entry.size or 0)})
            try:
                return super().get(entry)
            except NotFound:
                if self._index().age < LOOK_AGAIN:
                    raise
            self._places = None
            return super().get(entry)

    def get_many(self, entries: Sequence[Entry]) -> Iterator[tuple[Entry, Item | ConnectorError]]:
        """Each message with its labels as they are now, or its own error."""
        with _allowance():
            self._index()
            yield from super().get_many(entries)

    def _get_group(self, group: Sequence[Entry]) -> Iterator[tuple[Entry, Item | ConnectorError]]:
        self._pace.spend({self._bucket: float(sum(entry.size or 0 for entry in group))})
        return super()._get_group(group)


@contextmanager
def _allowance() -> Iterator[None]:
    """Gmail says ``OVERQUOTA`` to whoever read too much in a day: a limit of time, not of room."""
    try:
        yield
    except QuotaExceeded as error:
        raise LimitReached(
            "Gmail lets no more be read by IMAP today: about 2,500 MB an account and day.",
            advice="Run the same command again tomorrow: it goes on where it stopped.",
        ) from error


def _number(row: Row) -> int:
    try:
        return int(row[b"X-GM-MSGID"])
    except (KeyError, TypeError, ValueError) as error:
        raise Rejected("Gmail's answer does not hold the message's number.", scope=Scope.ACCOUNT) from error


def label_of(word: bytes | str | int) -> str:
    r"""A word of X-GM-LABELS in the words of the mail policy; "" for one that says nothing more.

    Labels are astrings in modified UTF-7. A user's label that begins like one of Gmail's gets an empty segment in
    front, which leaves its path as it is.
    """
    text = word.decode("ascii", "surrogateescape") if isinstance(word, bytes) else str(word)
    if text.startswith("\\"):
        return _WORDS.get(text.lower(), f"/{decode(text)}")
    return decode(text)


class Places:
    """Where each message lies, by Gmail's number: packed, so that a million messages take 40 MB at the most."""

    def __init__(self) -> None:
        self._numbers = array("Q")
        self._where = array("H")
        self._uids = array("L")
        self._folders: list[tuple[str, int]] = []
        self._made = time.monotonic()

    @property
    def age(self) -> float:
        """Seconds since the listing began."""
        return time.monotonic() - self._made

    def add(self, number: int, place: Place) -> None:
        """Keep one; those of a folder follow each other."""
        folder = (place.wire, place.uidvalidity)
        if not self._folders or self._folders[-1] != folder:
            self._folders.append(folder)
        self._numbers.append(number)
        self._where.append(len(self._folders) - 1)
        self._uids.append(place.uid)

    def sealed(self) -> Places:
        """Sorted, ready to be asked."""
        order = sorted(range(len(self._numbers)), key=self._numbers.__getitem__)
        self._numbers = array("Q", (self._numbers[n] for n in order))
        self._where = array("H", (self._where[n] for n in order))
        self._uids = array("L", (self._uids[n] for n in order))
        return self

    def find(self, number: int) -> Place | None:
        """Where that message lies."""
        at = bisect_left(self._numbers, number)
        if at == len(self._numbers) or self._numbers[at] != number:
            return None
        wire, uidvalidity = self._folders[self._where[at]]
        return Place(wire, uidvalidity, self._uids[at])
