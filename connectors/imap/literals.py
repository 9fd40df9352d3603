"""A message's bytes as IMAP takes them: CRLF line ends, no NUL, size known before the first byte is sent."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from migrate.errors import Rejected
from migrate.model import Item

CHUNK = 256 * 1024
OLDEST = datetime(1970, 1, 1, tzinfo=UTC)
_BARE_LF = re.compile(rb"(?<!\r)\n")
_BARE_CR = re.compile(rb"\r(?!\n)")
_MESSAGE_ID = re.compile(rb"^message-id[ \t]*:\s*(<[^>\r\n]*>)", re.IGNORECASE | re.MULTILINE)
_HEADER_END = re.compile(rb"\r?\n\r?\n")
# RFC 9051: flag-keyword is an atom; the system flags that a client may set.
_KEYWORD = re.compile(r"[^\x00-\x20\x7f-\U0010ffff(){%*\"\\\]]+")
_SETTABLE = frozenset({"\\answered", "\\flagged", "\\deleted", "\\seen", "\\draft"})
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class NulByte(Rejected):
    """A message with a NUL byte: Dovecot would store 0x80 in its place, of the same size, without a word."""


class EmptyMessage(Rejected):
    """A message without a byte."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message ready to be sent."""

    body: bytes | Path = field(repr=False)
    size: int
    """Bytes on the wire, after line ends were made CRLF."""
    flags: tuple[str, ...]
    date: datetime | None
    refused: frozenset[str] = frozenset()
    """Flags of the item that are left out, because no server, or not this one, takes them."""
    redated: bool = False
    """Whether ``date`` is not the item's own."""

    def without(self, *flags: str) -> Message:
        """The same message without these flags."""
        return replace(self, flags=tuple(f for f in self.flags if f not in flags), refused=self.refused.union(flags))

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
            raise NulByte("the message holds a NUL byte, which IMAP cannot carry (RFC 3501 §4.3)")
        size += len(chunk)
    if size == 0:
        raise EmptyMessage("the message is empty, which means 'cancel' in an APPEND (RFC 3502 §6.3.11)")
    date = storable(item.internal_date)
    wanted = {flag for flag in flags if flag.lower() != "\\recent"}
    valid = {flag for flag in wanted if flag.lower() in _SETTABLE or _KEYWORD.fullmatch(flag)}
    refused = frozenset(item.flags) - valid - {"\\Recent"}
    return Message(item.body, size, tuple(sorted(valid)), date, refused, date != item.internal_date)


def storable(date: datetime | None) -> datetime | None:
    """The date, or the nearest one that servers keep: Dovecot wraps those before 1970 and makes those to come "now".

    Raises Rejected for a date without a time zone.
    """
    if date is None:
        return None
    if date.tzinfo is None:
        raise Rejected("the internal date has no time zone")
    return min(max(date, OLDEST), max(date.now(UTC).replace(microsecond=0), OLDEST))


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
