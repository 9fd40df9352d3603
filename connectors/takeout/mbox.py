"""Mailboxes as Takeout writes them: split into messages, each brought back to what it was.

A message begins at a line ``From <number>@xxx <day> <month> dd hh:mm:ss +0000 yyyy``; another program's mailbox, at
a line of the usual form (RFC 4155) after an empty one. Three things are undone:

* ``>From `` quoting: one ``>`` is taken from each line of ``>`` signs and ``From `` (mboxrd);
* the two lines that Takeout puts on top, ``X-GM-THRID`` and ``X-Gmail-Labels``, once each and only there;
* the empty line after the message. Where Takeout's own lines end with LF alone, so does all: CRLF is put back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

LINE = 1 << 20
"""Bytes of a line that are waited for; a longer one is passed on in pieces."""
HEAD = 1 << 18
"""Bytes in which the two lines on top must lie."""
_GOOGLE = re.compile(
    rb"From (?P<id>\d+)@xxx \w{3} (?P<month>\w{3}) (?P<day>[ \d]\d) (?P<time>\d\d:\d\d:\d\d) (?P<zone>[+-]\d{4}) "
    rb"(?P<year>\d{4})\r?\n"
)
_OTHER = re.compile(
    rb"From (?P<id>\S*) +\w{3} (?P<month>\w{3}) +(?P<day>\d{1,2}) (?P<time>\d\d:\d\d:\d\d)(?: (?P<zone>[+-]\d{4}))? "
    rb"(?P<year>\d{4})(?: [+-]\d{4})?\r?\n"
)
_QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)
_BARE_LF = re.compile(rb"(?<!\r)\n")
_ADDED = (b"x-gm-thrid:", b"x-gmail-labels:")
_MONTHS = b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


@dataclass(frozen=True, slots=True)
class Start:
    """A message begins: where, its number at Google ("" elsewhere), when it was received."""

    offset: int
    number: str
    received: datetime | None


def split(chunks: Iterable[bytes]) -> Iterator[Start | bytes]:
    """Starts of messages, each followed by its bytes in pieces that begin with a line, one very long aside.

    Raises ValueError when something else than a message comes first.
    """
    reader = _Splitter()
    for piece in lines(chunks):
        yield from reader.feed(piece)


def lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes cut after a line, or deep within a line that is longer than LINE."""
    rest = b""
    for chunk in chunks:
        rest += chunk
        cut = rest.rfind(b"\n") + 1
        if not cut and len(rest) > LINE:
            cut = len(rest) - 1
        if cut:
            yield rest[:cut]
            rest = rest[cut:]
    if rest:
        yield rest


@dataclass(slots=True)
class _Splitter:
    offset: int = 0
    google: bool = True
    """Whether the file is one of Google's: then only their form of separator counts."""
    begun: bool = False
    at_line: bool = True
    empty_before: bool = True

    def feed(self, piece: bytes) -> Iterator[Start | bytes]:
        begin = 0
        for at, match in self._separators(piece):
            if at > begin:
                yield self._content(piece[begin:at])
            yield Start(self.offset + match.end(), _number(match, self.google), moment(match))
            self.begun, begin = True, match.end()
        if begin < len(piece):
            yield self._content(piece[begin:])
        self.offset += len(piece)
        self.at_line = piece.endswith(b"\n")
        self.empty_before = piece.endswith((b"\n\n", b"\n\r\n")) or (self.at_line and not piece.strip(b"\r\n"))

    def _content(self, piece: bytes) -> bytes:
        if not self.begun:
            raise ValueError("not an mbox")
        return piece

    def _separators(self, piece: bytes) -> Iterator[tuple[int, re.Match[bytes]]]:
        at = piece.find(b"From ")
        while at >= 0:
            match = self._separator(piece, at)
            if match is not None:
                yield at, match
            at = piece.find(b"From ", at + 5)

    def _separator(self, piece: bytes, at: int) -> re.Match[bytes] | None:
        if not (piece[at - 1 : at] == b"\n" if at else self.at_line):
            return None
        match = _GOOGLE.match(piece, at)
        if match is not None and self.google:
            return match
        if not self.begun and self.offset + at == 0:
            self.google = match is not None
        if self.google:
            return None
        empty = piece[:at].endswith((b"\n\n", b"\n\r\n")) if at > 1 else self.empty_before
        return _OTHER.match(piece, at) if empty else None


def _number(match: re.Match[bytes], google: bool) -> str:
    return match["id"].decode() if google else ""


def moment(match: re.Match[bytes]) -> datetime | None:
    """The date of a separator, in UTC; None when it is none."""
    try:
        hour, minute, second = (int(part) for part in match["time"].split(b":"))
        local = datetime(
            int(match["year"]), _MONTHS.index(match["month"]) + 1, int(match["day"]), hour, minute, second, tzinfo=UTC
        )
        zone = match["zone"] or b"+0000"
        ahead = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:5]))
        return local + ahead if zone.startswith(b"-") else local - ahead
    except (ValueError, OverflowError):
        return None


@dataclass(slots=True)
class Restored:
    """One message brought back, piece by piece: ``feed`` all of it, then ``end``."""

    labels: bytes = b""
    """The value of X-Gmail-Labels, as it stands."""
    _head: bytes | None = b""
    """What has come before it is known where Takeout's lines end; None afterwards."""
    _lf: bool = False
    _last: bytes = b""
    _at_line: bool = True

    def feed(self, piece: bytes) -> bytes:
        """More of the message as it lies in the mailbox; what can be given out of it as it was."""
        if self._head is not None:
            self._head += piece
            if len(self._head) < HEAD and not _beyond(self._head):
                return b""
            piece = self._behead()
        return self._restore(piece)

    def end(self) -> bytes:
        """The rest, without the empty line that closes it."""
        given = self._restore(self._behead()) if self._head is not None else b""
        last = self._last
        for ending in (b"\r\n", b"\n"):
            if last.endswith(ending):
                before = last[: -len(ending)]
                last = before if not before or before.endswith(b"\n") else last
                break
        return given + last

    def _behead(self) -> bytes:
        """Take off Takeout's lines."""
        head, self._head = self._head or b"", None
        left = list(_ADDED)
        while (name := next((name for name in left if head[: len(name)].lower() == name), None)) is not None:
            left.remove(name)
            end = _end_of_field(head)
            if name == _ADDED[1]:
                self.labels = head[len(name) : end]
            self._lf = not head[:end].endswith(b"\r\n")
            head = head[end:]
        return head

    def _restore(self, piece: bytes) -> bytes:
        """One piece is held back: the last one ends with the empty line."""
        if not piece:
            return b""
        if b">From " in piece:
            # What continues a line is no line's beginning.
            cut = 0 if self._at_line else piece.find(b"\n") + 1 or len(piece)
            piece = piece[:cut] + _QUOTED.sub(rb"\1", piece[cut:])
        self._at_line = piece.endswith(b"\n")
        if self._lf:
            piece = _BARE_LF.sub(b"\r\n", piece)
        given, self._last = self._last, piece
        return given


def _beyond(head: bytes) -> bool:
    """Whether a line that is not Takeout's has begun, so that theirs are whole."""
    at = 0
    while head[at : at + len(_ADDED[1])].lower().startswith(_ADDED):
        at += _end_of_field(head[at:])
    return at < len(head) - len(_ADDED[1]) or b"\n" in head[at:]


def _end_of_field(head: bytes) -> int:
    """Where a header field ends, the lines that continue it included (RFC 5322 §2.2.3)."""
    at = head.find(b"\n") + 1 or len(head)
    while head[at : at + 1] in {b" ", b"\t"}:
        at = head.find(b"\n", at) + 1 or len(head)
    return at
