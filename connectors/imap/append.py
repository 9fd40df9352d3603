"""The append writer: MULTIAPPEND (RFC 3502) with non-synchronising literals (RFC 7888), refusals narrowed down.

A batch is all or nothing, so a refused one is cut in halves until the refused message stands alone. Whatever
happens each message gets its own answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from connectors.imap.answers import refusal
from connectors.imap.literals import CHUNK, Message
from connectors.imap.session import Session
from migrate.errors import ConnectorError, QuotaExceeded, Rejected, Retriable, Scope, Uncertain

BATCH = 100
BATCH_BYTES = 4 * 1024 * 1024
_MINUS_LIMIT = 4096
"""Largest literal that LITERAL- lets pass without asking (RFC 7888 §5)."""
_PLUS_LIMIT = 1024 * 1024
"""Above it the server is asked first even with LITERAL+: a refusal then costs no upload."""
_APPENDUID = re.compile(rb"\[APPENDUID (\d+) ([\d:,]+)\]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Appended:
    """A stored message; both 0 when the server did not tell (no UIDPLUS, RFC 4315)."""

    uidvalidity: int = 0
    uid: int = 0
    refused: frozenset[str] = frozenset()
    """Flags that it was stored without."""


Answer = Appended | ConnectorError


class Appender:
    """Appends messages over one session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._refused: set[str] = set()
        """Keywords that this server did not take."""

    def append(self, wire: str, messages: Sequence[Message]) -> list[Answer]:
        """Store the messages; one answer each, in order. A keyword that the server refuses is left out."""
        many = self._session.has("MULTIAPPEND")
        answers: list[Answer] = []
        for batch in windows(messages, BATCH if many else 1):
            stop = _stopping(answers)
            answers += [stop] * len(batch) if stop else self._store(wire, [self._lightened(m) for m in batch])
        return answers

    def _lightened(self, message: Message) -> Message:
        """Without the keywords that were refused before."""
        return message.without(*self._refused & set(message.flags))

    def _store(self, wire: str, batch: Sequence[Message]) -> list[Answer]:
        try:
            status, text = self._command(wire, batch)
        except ConnectorError as error:
            return [error] * len(batch)
        if status == "OK":
            refusals = (message.refused for message in batch)
            return [replace(a, refused=r) for a, r in zip(_uids(text, len(batch)), refusals, strict=True)]
        refused = refusal("APPEND", text.decode("ascii", "replace"))
        if _concerns_all(refused):
            return [refused] * len(batch)
        if len(batch) == 1:
            return [self._without_keyword(wire, batch[0], refused)]
        middle = len(batch) // 2
        answers = self._store(wire, batch[:middle])
        stop = _stopping(answers)
        return answers + ([stop] * (len(batch) - middle) if stop else self._store(wire, batch[middle:]))

    def _without_keyword(self, wire: str, message: Message, refused: ConnectorError) -> Answer:
        """The message once more without the keyword that is refused; the refusal when keywords are not its cause."""
        keywords = sorted((flag for flag in message.flags if not flag.startswith("\\")), key=len, reverse=True)
        if type(refused) is not Rejected or not keywords:
            return refused
        lighter = [message.without(keyword) for keyword in keywords]
        if len(keywords) > 1:
            lighter.append(message.without(*keywords))
        try:
            for one in lighter:
                status, text = self._command(wire, [one])
                if status == "OK":
                    left_out = one.refused - message.refused
                    self._refused |= left_out if len(left_out) == 1 else frozenset()
                    return replace(next(_uids(text, 1)), refused=one.refused)
        except ConnectorError as error:
            return error
        return refused

    def _command(self, wire: str, batch: Sequence[Message]) -> tuple[str, bytes]:
        """Send one APPEND and wait for its tagged answer. Raises Uncertain when the connection breaks."""
        with self._session.talking("APPEND", sent=True) as client:
            imap = client._imap
            imap.untagged_responses.clear()
            tag: bytes = imap._new_tag()
            status, lines = self._send(imap, tag, wire, batch) or imap._get_tagged_response(tag)
        return status, lines[0] or b""

    def _send(self, imap: Any, tag: bytes, wire: str, batch: Sequence[Message]) -> Any:
        """Write the command; returns the tagged answer when the server refused before its end."""
        out = bytearray(b"%s APPEND %s" % (tag, _quoted(wire)))
        for message in batch:
            waits = not self._passes(message.size)
            out += b" %s {%d%s}\r\n" % (message.prefix(), message.size, b"" if waits else b"+")
            if waits:
                imap.send(out)
                out.clear()
                if answer := _refused_early(imap, tag):
                    return answer
            for chunk in message.chunks():
                out += chunk
                if len(out) >= CHUNK:
                    imap.send(out)
                    out.clear()
        imap.send(out + b"\r\n")
        return None

    def _passes(self, size: int) -> bool:
        if "LITERAL+" in self._session.capabilities:
            return size <= _PLUS_LIMIT
        return "LITERAL-" in self._session.capabilities and size <= _MINUS_LIMIT


def windows(messages: Sequence[Message], count: int) -> Iterator[Sequence[Message]]:
    """Runs of messages bounded by count and by bytes; a message over the bound travels alone."""
    start, size = 0, 0
    for end, message in enumerate(messages):
        if end > start and (end - start == count or size + message.size > BATCH_BYTES):
            yield messages[start:end]
            start, size = end, 0
        size += message.size
    if start < len(messages):
        yield messages[start:]


def _refused_early(imap: Any, tag: bytes) -> Any:
    """Wait for ``+``; returns the tagged answer when that came instead."""
    while imap._get_response() is not None:
        if imap.tagged_commands[tag] is not None:
            return imap.tagged_commands.pop(tag)
    return None


def _concerns_all(error: ConnectorError) -> bool:
    """Whether cutting the batch is useless. A full mailbox may still take the smaller half."""
    return isinstance(error, Retriable) or (error.scope > Scope.ITEM and not isinstance(error, QuotaExceeded))


def _stopping(answers: Sequence[Answer]) -> ConnectorError | None:
    """What to answer for messages not sent, once something reached further than one message."""
    for answer in answers:
        if isinstance(answer, Uncertain):
            return Retriable("not sent: the connection broke before its turn")
        if isinstance(answer, ConnectorError) and (answer.scope > Scope.ITEM or isinstance(answer, Retriable)):
            return answer
    return None


def _uids(text: bytes, count: int) -> Iterator[Appended]:
    found = _APPENDUID.search(text)
    uids = list(expand(found.group(2).decode("ascii"))) if found else []
    for index in range(count):
        known = found is not None and len(uids) == count
        yield Appended(int(found.group(1)), uids[index]) if known and found else Appended()


def expand(uid_set: str) -> Iterator[int]:
    """The numbers of a UID set: ``3,5:7`` gives 3, 5, 6, 7."""
    for part in uid_set.split(","):
        first, _, last = part.partition(":")
        yield from range(int(first), int(last or first) + 1)


def _quoted(wire: str) -> bytes:
    return b'"%s"' % wire.replace("\\", "\\\\").replace('"', '\\"').encode("ascii")
