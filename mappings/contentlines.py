"""Content lines of iCalendar (RFC 5545 §3.1): written, folded, unfolded and parsed.

Ours rather than a library's, because the bytes must be the same on every run and with every library version.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

LIMIT = 75
"""Octets of a line without its break (RFC 5545 §3.1)."""

_ESCAPES = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})
_CONTROLS = dict.fromkeys((*range(9), *range(11, 32), 127, 0xFFFE, 0xFFFF))
"""What no text may hold (RFC 5545 §3.1, and XML, in which servers hand objects over)."""
_BREAKS = dict.fromkeys((*_CONTROLS, 10))
_NEEDS_QUOTES = frozenset(",;:")
_WORD_LISTS = frozenset({"FEATURE"})
"""Parameters whose comma separates words (RFC 7986 §6.3) and is not part of one text."""


@dataclass(frozen=True, slots=True)
class Line:
    """One property: name, parameters in order, and the value as it stands on the wire."""

    name: str
    value: str
    params: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        params = "".join(f";{name}={_parameter_value(name, value)}" for name, value in self.params.items())
        return f"{self.name}{params}:{self.value}"


def text(value: str) -> str:
    """A TEXT value (RFC 5545 §3.3.11): escaped, line breaks as ``\\n``, other control characters left out."""
    plain = value.replace("\r\n", "\n").replace("\r", "\n").translate(_CONTROLS)
    return plain.translate(_ESCAPES)


def quoted(value: str) -> str:
    """A parameter value, in RFC 6868 form, between double quotes where RFC 5545 §3.2 asks for them."""
    encoded = value.replace("\r\n", "\n").replace("\r", "\n").replace("^", "^^").replace('"', "^'").replace("\n", "^n")
    encoded = encoded.translate(_CONTROLS)
    return f'"{encoded}"' if _NEEDS_QUOTES & set(encoded) else encoded


def _parameter_value(name: str, value: str) -> str:
    return value if name in _WORD_LISTS else quoted(value)


def fold(line: str) -> bytes:
    """The line folded at 75 octets, never inside a UTF-8 character, with its final CRLF."""
    # A break inside a value (an address, a rule) would begin a property of its own.
    octets = line.translate(_BREAKS).encode("utf-8", "replace")
    parts: list[bytes] = []
    start, room = 0, LIMIT
    while len(octets) - start > room:
        end = start + room
        while octets[end] & 0xC0 == 0x80:
            end -= 1
        parts.append(octets[start:end])
        start, room = end, LIMIT - 1
    parts.append(octets[start:])
    return b"\r\n ".join(parts) + b"\r\n"


def component(name: str, lines: Iterable[Line], children: Iterable[bytes] = ()) -> bytes:
    """A component's bytes: BEGIN, its properties in the order given, its children, END."""
    parts = [fold(f"BEGIN:{name}"), *(fold(str(line)) for line in lines), *children, fold(f"END:{name}")]
    return b"".join(parts)


def unfold(body: bytes) -> Iterator[str]:
    """Logical lines of a stream, whatever its line breaks. Raises UnicodeDecodeError when it is not UTF-8."""
    octets = body.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\n ", b"").replace(b"\n\t", b"")
    return (line for line in octets.decode("utf-8").split("\n") if line.strip("\r"))


def parse(line: str) -> Line:
    """Name in upper case, parameters unquoted, value untouched. Raises ValueError when it is no content line."""
    head, value = split_value(line)
    name, *params = split_unquoted(head, ";")
    if not name or not name.replace("-", "").isalnum():
        raise ValueError("not a content line")
    return Line(name.upper(), value, dict(_parameter(param) for param in params))


def split_value(line: str) -> tuple[str, str]:
    """What stands before the first colon outside quotes, and after it. Raises ValueError when there is none."""
    inside = False
    for index, character in enumerate(line):
        if character == '"':
            inside = not inside
        elif character == ":" and not inside:
            return line[:index], line[index + 1 :]
    raise ValueError("not a content line")


def split_unquoted(value: str, separator: str) -> list[str]:
    """Parts between separators outside double quotes, quotes kept."""
    parts, current, inside = [], "", False
    for character in value:
        if character == '"':
            inside = not inside
        if character == separator and not inside:
            parts.append(current)
            current = ""
        else:
            current += character
    return [*parts, current]


def _parameter(param: str) -> tuple[str, str]:
    name, _, value = param.partition("=")
    if not name:
        raise ValueError("a parameter without a name")
    values = (unquoted(part) for part in split_unquoted(value, ","))
    return name.upper(), ",".join(values)


_CARETS = {"^n": "\n", "^N": "\n", "^'": '"', "^^": "^"}
_CARET = re.compile(r"\^[nN'^]")  # from left to right: in ^^n the first caret speaks of the second


def unquoted(value: str) -> str:
    """The characters of a parameter value (RFC 6868)."""
    return _CARET.sub(lambda found: _CARETS[found[0]], value.replace('"', ""))


def unescape(value: str) -> str:
    """The characters of a TEXT value. A backslash before anything else stands for that character."""
    out, escaped = "", False
    for character in value:
        if escaped:
            out += "\n" if character in "nN" else character
            escaped = False
        elif character == "\\":
            escaped = True
        else:
            out += character
    return out + ("\\" if escaped else "")


def split_list(value: str) -> list[str]:
    """Members of a comma-separated TEXT list, still escaped."""
    parts, current, escaped = [], "", False
    for character in value:
        if character == "," and not escaped:
            parts.append(current)
            current = ""
            continue
        escaped = character == "\\" and not escaped
        current += character
    return [*parts, current]
