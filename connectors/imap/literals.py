"""A message's bytes as IMAP takes them: CRLF line ends, no NUL, size known before the first byte is sent."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from migrate.errors import Rejected
from migrate.model import Item

CHUNK = 256 * 1024
_BARE_LF = re.compile(rb"(?<!\r)\n")
_BARE_CR = re.compile(rb"\r(?!\n)")
_MESSAGE_ID = re.compile(rb"^message-id[ \t]*:\s*(<[^>\r\n]*>)", re.IGNORECASE | re.MULTILINE)
_HEADER_END = re.compile(rb"\r?\n\r?\n")
# RFC 9051: flag-keyword is an atom; the system flags that a client may set.
_KEYWORD = re.compile(r"[^\x00-\x20\x7f-\U0010ffff(){%*\"\\\]]+")
_SETTABLE = frozenset({"\\answered", "\\flagged", "\\deleted", "\\seen", "\\draft"})
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Message:
    """One message ready to be sent."""

    body: bytes | Path = field(repr=False)
    size: int
    """Bytes on the wire, after line ends were made CRLF."""
    flags: tuple[str, ...]
    date: datetime | None

    def chunks(self) -> Iterator[bytes]:
        """The bytes on the wire."""
        return crlf(pieces(self.body))

    def prefix(self) -> bytes:
        """Flags and date as APPEND takes them (RFC 3501 §6.3.11), English months whatever the locale."""
        parts = ["(" + " ".join(self.flags) + ")"]
        if self.date is not None:
            utc = self.date.astimezone(UTC)
            parts.append(f'"{utc.day:02d}-{_MONTHS[utc.month - 1]}-{utc.year:04d} {utc:%H:%M:%S} +0000"')
        return " ".join(parts).encode("ascii")


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What makes two stored copies the same message: all bytes but CR, which servers add and drop."""

    smallest: int
    largest: int
    """Sizes a faithful copy may have: servers drop some bare CRs (Dovecot: CR CR LF, a last CR)."""
    message_id: bytes
    digest: str


def prepare(item: Item, flags: Iterable[str]) -> Message:
    """The message to send. Raises Rejected for what servers would store altered, or cannot store."""
    size = 0
    for chunk in crlf(pieces(item.body)):
        if b"\0" in chunk:
            raise Rejected("the message holds a NUL byte, which IMAP cannot carry (RFC 3501 §4.3)")
        size += len(chunk)
    if size == 0:
        raise Rejected("the message is empty, which means 'cancel' in an APPEND (RFC 3502 §6.3.11)")
    date = item.internal_date
    if date is not None and date.tzinfo is None:
        raise Rejected("the internal date has no time zone")
    return Message(item.body, size, _valid(flags), date)


def _valid(flags: Iterable[str]) -> tuple[str, ...]:
    kept = sorted(flag for flag in flags if flag.lower() != "\\recent")
    for flag in kept:
        if flag.lower() not in _SETTABLE and not _KEYWORD.fullmatch(flag):
            raise Rejected("a flag of this message is not an IMAP flag: not ASCII, or with a reserved character")
    return tuple(kept)


def pieces(body: bytes | Path) -> Iterator[bytes]:
    """A body in pieces: small ones as they are, spool files by 256 KiB."""
    if isinstance(body, bytes):
        yield body
        return
    with body.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            yield chunk


def crlf(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes with every bare LF made CRLF; bare CRs are left alone."""
    after_cr = False
    for chunk in chunks:
        out = chunk
        if chunk.count(b"\n") != chunk.count(b"\r\n"):
            out = _BARE_LF.sub(b"\r\n", chunk)
            if after_cr and chunk.startswith(b"\n"):
                out = out[1:]
        if chunk:
            after_cr = chunk.endswith(b"\r")
            yield out


def fingerprint(body: bytes | Path) -> Fingerprint:
    """Read a body once for what recognises it again on a server."""
    digest, size, bare, head, after_cr = hashlib.sha256(), 0, 0, b"", False
    for chunk in crlf(pieces(body)):
        head = head or chunk
        size += len(chunk)
        bare += len(_BARE_CR.findall(chunk)) - (1 if after_cr and chunk.startswith(b"\n") else 0)
        after_cr = chunk.endswith(b"\r")
        digest.update(chunk.replace(b"\r", b""))
    return Fingerprint(size - max(bare, 0), size, message_id(head), digest.hexdigest())


def message_id(head: bytes) -> bytes:
    """The first Message-ID of a header block, or nothing."""
    found = _MESSAGE_ID.search(_HEADER_END.split(head, maxsplit=1)[0])
    return found.group(1) if found else b""
