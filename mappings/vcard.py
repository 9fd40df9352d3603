"""vCard 4 (RFC 6350): properties written and read.

Ours rather than a library's: those tried read fewer cards than exist, move VERSION from its place (RFC 6350 §6.7.9),
change the case of groups or lose escapes. Line folding and parameters are iCalendar's (RFC 5545, RFC 6868).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from mappings.contentlines import fold, quoted, split_unquoted, split_value, text, unfold, unquoted

MEDIA_TYPE = "text/vcard"
_NAME = re.compile(r"[A-Za-z0-9-]+")


@dataclass(frozen=True, slots=True)
class Property:
    """One property. Names in upper case; the value as it stands on the wire."""

    name: str
    value: str
    params: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    group: str = ""
    """Ties properties together (``item1.EMAIL``, ``item1.X-ABLABEL``); its own name means nothing."""

    def __str__(self) -> str:
        head = f"{self.group}.{self.name}" if self.group else self.name
        params = "".join(f";{name}={','.join(map(quoted, values))}" for name, values in self.params.items())
        return f"{head}{params}:{self.value}"


def structured(parts: Sequence[str | Sequence[str]]) -> str:
    """The value of N, ADR or ORG (RFC 6350 §3.3): components by semicolon, each a text or several by comma."""
    return ";".join(text(part) if isinstance(part, str) else listed(part) for part in parts)


def listed(values: Iterable[str]) -> str:
    """The value of CATEGORIES or NICKNAME: texts by comma."""
    return ",".join(map(text, values))


def data_uri(media_type: str, content: bytes) -> str:
    """A photo within the card (RFC 2397): the only form that a server shows without asking another one."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


def card(properties: Iterable[Property]) -> bytes:
    """The bytes of a card: VERSION first, then the properties in the order given, with CRLF and folded."""
    lines = ["BEGIN:VCARD", "VERSION:4.0", *map(str, properties), "END:VCARD"]
    return b"".join(map(fold, lines))


def parse(body: bytes) -> list[Property]:
    """The properties of one card of version 3 or 4, without BEGIN and END.

    Raises ValueError when it is not one card of content lines in UTF-8.
    """
    properties = [parse_line(line.rstrip("\r")) for line in unfold(body)]
    edges = [(p.name, p.value.strip().upper()) for p in properties if p.name in {"BEGIN", "END"}]
    if edges != [("BEGIN", "VCARD"), ("END", "VCARD")] or properties[0].name != "BEGIN" or properties[-1].name != "END":
        raise ValueError("not one vCard")
    return properties[1:-1]


def parse_line(line: str) -> Property:
    """One unfolded line. A parameter without a name is a TYPE (vCard 2.1). Raises ValueError."""
    head, value = split_value(line)
    whole, *params = split_unquoted(head, ";")
    group, _, name = whole.rpartition(".")
    if not _NAME.fullmatch(name) or (group and not _NAME.fullmatch(group)):
        raise ValueError("not a content line")
    return Property(name.upper(), value, _params(params), group)


def _params(params: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """A parameter given twice has the values of both."""
    found: dict[str, tuple[str, ...]] = {}
    for param in params:
        name, equals, value = param.partition("=")
        name, value = (name.upper(), value) if equals else ("TYPE", name)
        found[name] = found.get(name, ()) + tuple(unquoted(part) for part in split_unquoted(value, ","))
    return found


def split(value: str, separator: str) -> list[str]:
    """Parts of a value between separators that no backslash precedes, still escaped."""
    parts, current, escaped = [], "", False
    for character in value:
        if character == separator and not escaped:
            parts.append(current)
            current = ""
            continue
        escaped = character == "\\" and not escaped
        current += character
    return [*parts, current]
