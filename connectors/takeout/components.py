"""Components of a text stream (RFC 5545 §3.4, RFC 6350 §3.3) by their lines, whatever breaks and folds they have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

LIMIT = 75
"""Octets of a line without its break."""


def unfolded(body: bytes) -> Iterator[bytes]:
    """Logical lines, without their breaks."""
    octets = body.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\n ", b"").replace(b"\n\t", b"")
    return (line for line in octets.split(b"\n") if line.strip())


def name_of(line: bytes) -> str:
    """A property's name in upper case, without its group."""
    head = line.partition(b":")[0].partition(b";")[0]
    return head.rpartition(b".")[2].strip().upper().decode("ascii", "replace")


def value_of(line: bytes) -> str:
    """What stands after the colon that ends the name and the parameters, quoted ones left aside."""
    quoted = False
    for at, octet in enumerate(line):
        if octet == 0x22:
            quoted = not quoted
        elif octet == 0x3A and not quoted:
            return line[at + 1 :].decode("utf-8", "replace").strip()
    return ""


def text_of(line: bytes) -> str:
    """A TEXT value (RFC 5545 §3.3.11), unescaped."""
    plain, value = [], iter(value_of(line))
    for char in value:
        if char != "\\":
            plain.append(char)
            continue
        escaped = next(value, "")
        plain.append("\n" if escaped in {"n", "N"} else escaped)
    return "".join(plain)


def joined(lines: Sequence[bytes]) -> bytes:
    """The lines folded at 75 octets, never inside a UTF-8 character, with CRLF."""
    return b"".join(_folded(line) for line in lines)


def _folded(line: bytes) -> bytes:
    parts, start, room = [], 0, LIMIT
    while len(line) - start > room:
        end = start + room
        while end > start + 1 and line[end] & 0xC0 == 0x80:
            end -= 1
        parts.append(line[start:end])
        start, room = end, LIMIT - 1
    parts.append(line[start:])
    return b"\r\n ".join(parts) + b"\r\n"
