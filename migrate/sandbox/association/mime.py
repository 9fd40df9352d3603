"""MIME written by hand, so that the same message is the same bytes on every Python (RFC 5322, 2045 to 2047)."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

Header = tuple[str, str | bytes]
"""A name and a value; text is encoded by RFC 2047 where needed, bytes are written as they are."""

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Part:
    """A MIME entity: its own headers and its encoded body, lines ended by CRLF."""

    headers: tuple[Header, ...]
    body: bytes


def encoded(text: str) -> str:
    """A header value; words of RFC 2047 when it is not ASCII, each at most 75 characters, folded."""
    if text.isascii():
        return text
    chunks, chunk = [], ""
    for letter in text:
        if len((chunk + letter).encode()) > 42:
            chunks.append(chunk)
            chunk = ""
        chunk += letter
    words = (base64.b64encode(part.encode()).decode() for part in [*chunks, chunk])
    return "\r\n ".join(f"=?UTF-8?B?{word}?=" for word in words)


def mailbox(name: str, address: str) -> str:
    """A display name and an address, for From and To."""
    display = encoded(name) if not name.isascii() else f'"{name}"'
    return f"{display} <{address}>"


def date(moment: datetime) -> str:
    """RFC 5322 §3.3, in the words of the standard whatever the locale."""
    return (
        f"{_DAYS[moment.weekday()]}, {moment.day:02d} {_MONTHS[moment.month - 1]} {moment.year:04d} "
        f"{moment:%H:%M:%S %z}"
    )


def plain(text: str) -> Part:
    """``text/plain`` in 8-bit UTF-8."""
    headers = (("Content-Type", "text/plain; charset=UTF-8"), ("Content-Transfer-Encoding", "8bit"))
    return Part(headers, crlf(text))


def html(text: str) -> Part:
    """``text/html`` in quoted-printable."""
    body = binascii.b2a_qp(text.encode(), istext=True).replace(b"\n", b"\r\n")
    headers = (("Content-Type", "text/html; charset=UTF-8"), ("Content-Transfer-Encoding", "quoted-printable"))
    return Part(headers, body)


def attachment(name: str, media_type: str, data: bytes, *, inline: bool = False) -> Part:
    """A file in base64, its name by RFC 2231 when it is not ASCII."""
    disposition = "inline" if inline else "attachment"
    headers = (
        ("Content-Type", media_type),
        ("Content-Transfer-Encoding", "base64"),
        ("Content-Disposition", f"{disposition}; {_file_name(name)}"),
    )
    return Part(headers, base64.encodebytes(data).replace(b"\n", b"\r\n"))


def calendar(text: str, method: str) -> Part:
    """An invitation (RFC 6047): ``text/calendar`` with its method."""
    headers = (
        ("Content-Type", f"text/calendar; charset=UTF-8; method={method}"),
        ("Content-Transfer-Encoding", "8bit"),
    )
    return Part(headers, crlf(text))


def enclosed(message: bytes) -> Part:
    """A forwarded message as it was."""
    return Part((("Content-Type", "message/rfc822"),), message)


def multipart(subtype: str, parts: Sequence[Part]) -> Part:
    """Several entities behind a boundary drawn from their contents."""
    boundary = "=_" + hashlib.sha256(b"".join(part.body for part in parts)).hexdigest()[:24]
    delimiter = f"--{boundary}".encode()
    pieces = [delimiter + b"\r\n" + _headers(part.headers) + b"\r\n" + part.body + b"\r\n" for part in parts]
    body = b"".join(pieces) + delimiter + b"--\r\n"
    return Part((("Content-Type", f'multipart/{subtype}; boundary="{boundary}"'),), body)


def message(headers: Sequence[Header], part: Part) -> bytes:
    """A whole message."""
    return _headers((*headers, ("MIME-Version", "1.0"), *part.headers)) + b"\r\n" + part.body


def crlf(text: str) -> bytes:
    """Text as UTF-8 with lines ended by CRLF."""
    return text.replace("\r\n", "\n").replace("\n", "\r\n").encode()


def _headers(headers: Sequence[Header]) -> bytes:
    lines = []
    for name, value in headers:
        raw = value if isinstance(value, bytes) else encoded(value).encode() if not value.isascii() else value.encode()
        lines.append(name.encode() + b": " + raw + b"\r\n")
    return b"".join(lines)


def _file_name(name: str) -> str:
    if name.isascii():
        return f'filename="{name}"'
    quoted = "".join(chr(b) if (chr(b).isalnum() and b < 128) or b in b"._-" else f"%{b:02X}" for b in name.encode())
    return f"filename*=UTF-8''{quoted}"
