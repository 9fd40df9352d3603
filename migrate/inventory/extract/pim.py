"""Calendars and cards (RFC 5545, RFC 6350): unfolded lines as text, attached pictures and documents as parts."""

from __future__ import annotations

import binascii
import quopri
import re
from base64 import b64decode
from collections.abc import Iterator

from migrate.inventory.extract.limits import Budget
from migrate.inventory.extract.parts import Extracted, Part
from migrate.inventory.extract.plain import decode, passages

_FOLD = re.compile(r"\r?\n[ \t]")
_BINARY = re.compile(r"^(?:PHOTO|LOGO|SOUND|KEY|ATTACH)[^:]*(?:ENCODING=(?:B|BASE64)\b[^:]*:|:data:[^,]*base64,)", re.I)
_PRINTABLE = re.compile(r";ENCODING=QUOTED-PRINTABLE", re.I)
_SOFT = re.compile(r"=\r?\n[ \t]?")
_ESCAPED = re.compile(r"\\([nN,;:\\])")
_TECHNICAL = ("BEGIN:", "END:", "PRODID", "VERSION", "DTSTAMP", "REV", "RRULE", "DTSTART", "DTEND", "TZOFFSET", "TZID")


def read(part: Part, budget: Budget) -> Iterator[Extracted]:
    """Property names stay beside their values: they are labels. Rules, stamps and time zones are left out."""
    text = decode(part.data, part.charset)
    if _PRINTABLE.search(text):
        text = _SOFT.sub("", text)
    lines: list[str] = []
    found = 0
    for line in _FOLD.sub("", text).splitlines():
        if line.startswith(_TECHNICAL):
            continue
        if match := _BINARY.match(line):
            found += 1
            budget.member()
            yield from _binary(line[match.end() :], part.inside(f"attachment[{found}]"), budget)
        else:
            lines.append(_unescaped(line))
    yield from passages(part.where or "properties", "\n".join(lines), budget)


def _unescaped(line: str) -> str:
    if _PRINTABLE.search(line):
        name, _, value = line.partition(":")
        line = f"{name}:{decode(quopri.decodestring(value.encode('latin-1', 'replace')))}"
    line = re.sub(r"^([A-Z-]+(?:;[^:]*)?):", r"\1: ", line, count=1)
    return _ESCAPED.sub(lambda match: " " if match[1] in "nN" else match[1], line)


def _binary(text: str, where: str, budget: Budget) -> Iterator[Extracted]:
    try:
        data = b64decode(re.sub(r"\s", "", text), validate=True)
    except (binascii.Error, ValueError):
        yield from passages(where, text[:1000], budget)
        return
    budget.unpacked(len(data))
    yield Part(data=data, where=where)
