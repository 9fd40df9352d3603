"""A card in the version that a client asked for, with what the original loses on the way.

After sabre/dav ``CardDAV\\Plugin::convertVCard`` and sabre/vobject ``VCardConverter``: the same version is left as it
is, byte for byte; anything that does not ask for version 4.0 gets version 3.0.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from lxml import etree

from migrate.sandbox.nextcloud.contentlines import ParseFailure, parse

CARDDAV = "{urn:ietf:params:xml:ns:carddav}"
_PRODID = "PRODID:-//Sabre//Sabre VObject 4.5.6//EN"
_HEAD = re.compile(r"(?:([\w-]+)\.)?([\w-]+)((?:;[^:\";]*(?:\"[^\"]*\"[^:\";]*)*)*):(.*)", re.S)
_PARAM = re.compile(r";([\w-]+)=((?:\"[^\"]*\"|[^;:\"])*)")
_DATA = re.compile(r"data:image/(\w+);base64\\?,(.*)", re.S)
_NO_YEAR = re.compile(r"--(\d\d)-?(\d\d)")
_GONE_IN_4 = frozenset({"NAME", "MAILER", "LABEL", "CLASS"})
_BINARY = frozenset({"PHOTO", "LOGO", "SOUND"})
YEAR = "1604"
"""Stands for no year in version 3, as Apple writes it."""


@dataclass(frozen=True, slots=True)
class _Line:
    group: str
    name: str
    params: tuple[tuple[str, str], ...]
    value: str

    def param(self, name: str) -> str:
        return next((value for key, value in self.params if key == name), "")

    def __str__(self) -> str:
        head = f"{self.group.upper()}.{self.name}" if self.group else self.name
        return head + "".join(f";{key}={value}" for key, value in self.params) + f":{self.value}"


def wanted_version(accept: str) -> str:
    """``4.0`` when that is asked for by name, else ``3.0``."""
    return "4.0" if re.search(r"text/vcard\s*;\s*version=\"?4\.0", accept) else "3.0"


def convert(body: bytes, version: str) -> bytes:
    """The card in that version. Text that is no card is left alone."""
    try:
        card = parse(body.decode())
    except (ParseFailure, UnicodeDecodeError):
        return body
    if card.value("VERSION") == version:
        return body
    change: Callable[[_Line], Iterator[_Line]] = _to_3 if version == "3.0" else _to_4
    old = [_parsed(line.text) for line in card.lines if line.name not in {"VERSION", "PRODID"}]
    lines = ["BEGIN:VCARD", f"VERSION:{version}", _PRODID, *(str(new) for line in old for new in change(line))]
    return "".join(_folded(line) for line in [*lines, "END:VCARD"]).encode()


def convert_report(document: bytes, body: bytes) -> bytes:
    """The cards within a REPORT's answer, in the version that its ``body`` asks for."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    asked = etree.fromstring(body, parser).find(f".//{CARDDAV}address-data")
    version = "4.0" if asked is not None and asked.get("version") == "4.0" else "3.0"
    root = etree.fromstring(document, parser)
    for data in root.iterfind(f".//{CARDDAV}address-data"):
        text = convert((data.text or "").encode(), version).decode()
        data.text = text.replace("\r\n", "\n").replace("\n", "\r\n")  # unlike calendars, with their carriage returns
    return bytes(etree.tostring(root, xml_declaration=True, encoding="utf-8"))


def _parsed(text: str) -> _Line:
    match = _HEAD.fullmatch(re.sub(r"\r\n[ \t]", "", text))
    if match is None:
        raise ParseFailure("A line does not follow vCard conventions")
    params = tuple((name.upper(), value) for name, value in _PARAM.findall(match[3]))
    return _Line(match[1] or "", match[2].upper(), params, match[4])


def _to_3(line: _Line) -> Iterator[_Line]:
    line = _binary(replace(line, params=_preferred_3(line.params)))
    if line.name == "KIND":
        kinds = {"group": ("X-ADDRESSBOOKSERVER-KIND", "GROUP"), "org": ("X-ABSHOWAS", "COMPANY")}
        if line.value.lower() in kinds:
            name, value = kinds[line.value.lower()]
            yield replace(line, name=name, value=value)
    elif line.name == "MEMBER":
        yield replace(line, name="X-ADDRESSBOOKSERVER-MEMBER")
    elif line.name in {"BDAY", "ANNIVERSARY"}:
        yield from _date(line)
    else:
        yield line


def _preferred_3(params: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """``PREF=1`` becomes ``TYPE=PREF``; any other preference is lost."""
    kept = [(name, value) for name, value in params if name != "PREF"]
    if ("PREF", "1") in params:
        types = [value for name, value in kept if name == "TYPE"]
        kept = [("TYPE", ",".join(["PREF", *types])), *((name, value) for name, value in kept if name != "TYPE")]
    return tuple(kept)


def _binary(line: _Line) -> _Line:
    """A photo as a data URI becomes base64; an address of one stays."""
    match = _DATA.fullmatch(line.value)
    if line.name not in _BINARY or match is None:
        return line
    return replace(line, params=(("ENCODING", "b"), ("TYPE", match[1].upper())), value=match[2])


def _date(line: _Line) -> Iterator[_Line]:
    """Without a year it gets Apple's; an anniversary goes by two names that version 3 does not know either."""
    match = _NO_YEAR.fullmatch(line.value)
    if match:
        params = (*line.params, ("X-APPLE-OMIT-YEAR", YEAR))
        line = replace(line, params=params, value=f"{YEAR}-{match[1]}-{match[2]}")
    if line.name == "BDAY":
        yield line
        return
    typed = replace(line, params=(*line.params, ("VALUE", "DATE-AND-OR-TIME")))
    yield replace(typed, name="X-ANNIVERSARY")
    yield replace(typed, group="ITEM9", name="X-ABDATE")
    yield _Line("ITEM9", "X-ABLABEL", (), "_$!<Anniversary>!$_")


def _to_4(line: _Line) -> Iterator[_Line]:
    if line.name in _GONE_IN_4:
        return
    params = tuple((name, value) for name, value in _preferred_4(line.params) if name not in {"ENCODING", "CHARSET"})
    if line.name in _BINARY and line.param("ENCODING").upper() in {"B", "BASE64"}:
        kind = f"image/{line.param('TYPE').lower()}" if line.param("TYPE") else "application/octet-stream"
        yield replace(line, params=(("VALUE", "URI"),), value=f"data:{kind};base64\\,{line.value}")
    elif year := line.param("X-APPLE-OMIT-YEAR"):
        kept = tuple(param for param in params if param[0] != "X-APPLE-OMIT-YEAR")
        yield replace(line, params=kept, value=re.sub(f"^{re.escape(year)}", "-", line.value))
    elif line.name == "X-ANNIVERSARY":
        yield replace(line, name="ANNIVERSARY", params=(*params, ("VALUE", "UNKNOWN")))
    elif line.name in {"X-ADDRESSBOOKSERVER-KIND", "X-ADDRESSBOOKSERVER-MEMBER"}:
        yield replace(line, name=line.name.rpartition("-")[2], params=params)
    else:
        yield replace(line, params=params)


def _preferred_4(params: tuple[tuple[str, str], ...]) -> Iterator[tuple[str, str]]:
    """``TYPE=PREF`` becomes ``PREF=1``."""
    for name, value in params:
        parts = value.strip('"').split(",") if name == "TYPE" else [value]
        for part in parts:
            yield ("PREF", "1") if name == "TYPE" and part.upper() == "PREF" else (name, part)


def _folded(line: str) -> str:
    """At 75 octets, between characters."""
    out, width = "", 0
    for character in line:
        size = len(character.encode())
        if width + size > 75:
            out, width = out + "\r\n ", 1
        out, width = out + character, width + size
    return out + "\r\n"
