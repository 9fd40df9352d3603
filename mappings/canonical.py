"""Normal forms: what two copies of an item have in common when only their writing differs.

Servers re-serialise: Radicale and sabre reorder properties, fold elsewhere, change case and PRODID; IMAP servers
turn bare LF into CRLF. A digest of the normal form says whether a value changed, and only that.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from mappings import vcard, vcard_normal
from mappings.contentlines import Line, parse, split_list, unescape, unfold

CALENDAR, MESSAGE = "text/calendar", "message/rfc822"
_CHUNK = 1 << 20
_LINE_BREAK = re.compile(rb"\r*\n")

_IGNORED = frozenset({"PRODID", "VERSION"})
_TEXT_LISTS = frozenset({"CATEGORIES", "RESOURCES"})
_DATES = frozenset({"DTSTART", "DTEND", "DUE", "RECURRENCE-ID", "EXDATE", "RDATE", "TRIGGER"})
_STAMPS = frozenset({"DTSTAMP", "CREATED", "LAST-MODIFIED", "COMPLETED", "ACKNOWLEDGED"})
_WORDS = frozenset({"STATUS", "TRANSP", "CLASS", "ACTION", "CALSCALE", "METHOD"})
_RULES = frozenset({"RRULE", "EXRULE"})
_URIS = frozenset({"ATTENDEE", "ORGANIZER", "URL", "ATTACH", "CONFERENCE", "SOURCE", "TZURL", "IMAGE"})
_DURATIONS = frozenset({"DURATION", "TRIGGER", "REFRESH-INTERVAL"})
_WORD_PARAMS = frozenset(
    {"VALUE", "PARTSTAT", "ROLE", "CUTYPE", "RSVP", "RELTYPE", "RELATED", "RANGE", "FBTYPE", "ENCODING"}
)
_DEFAULT_PARAMS = {
    ("PARTSTAT", "NEEDS-ACTION"),
    ("ROLE", "REQ-PARTICIPANT"),
    ("CUTYPE", "INDIVIDUAL"),
    ("RSVP", "FALSE"),
    ("RELTYPE", "PARENT"),
    ("RELATED", "START"),
    ("VALUE", "DATE-TIME"),
    ("VALUE", "TEXT"),
    ("VALUE", "DURATION"),
}
_DEFAULT_RULE_PARTS = frozenset({"INTERVAL=1", "WKST=MO"})
_DURATION = re.compile(r"([+-]?)P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")


def digest(media_type: str, body: bytes) -> str:
    """``sha256:<hex>`` of the normal form of a body.

    ``text/calendar``: parsed, insensitive to order, folding, case of names, default parameters, PRODID and the
    inside of VTIMEZONE. ``text/vcard``: the same and more, see :func:`mappings.vcard_normal.normal_form`. What cannot
    be parsed counts by its bytes. ``message/rfc822``: every line break is CRLF. Anything else: the bytes.
    """
    if media_type == CALENDAR:
        return _prefixed(hashlib.sha256(_calendar(body)))
    if media_type == vcard.MEDIA_TYPE:
        return _prefixed(hashlib.sha256(_card(body)))
    if media_type == MESSAGE:
        return _prefixed(_update(hashlib.sha256(), _crlf([body])))
    return _prefixed(hashlib.sha256(body))


def digest_file(media_type: str, path: Path) -> str:
    """The same of a file, read in pieces where the form allows it. Raises OSError."""
    if media_type in {CALENDAR, vcard.MEDIA_TYPE}:
        return digest(media_type, path.read_bytes())
    with path.open("rb") as stream:
        chunks = iter(lambda: stream.read(_CHUNK), b"")
        return _prefixed(_update(hashlib.sha256(), _crlf(chunks) if media_type == MESSAGE else chunks))


def _prefixed(state: hashlib._Hash) -> str:
    return f"sha256:{state.hexdigest()}"


def _update(state: hashlib._Hash, chunks: Iterable[bytes]) -> hashlib._Hash:
    for chunk in chunks:
        state.update(chunk)
    return state


def _crlf(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """CR* LF becomes CRLF, and CRs at the very end go, as Dovecot stores it; those that end a chunk wait."""
    held = b""
    for chunk in chunks:
        data = held + chunk
        body = data.rstrip(b"\r")
        held = data[len(body) :]
        # Counting is twenty times as fast as replacing, and most messages have their line ends right.
        right = body.count(b"\n") == body.count(b"\r\n") and b"\r\r\n" not in body
        yield body if right else _LINE_BREAK.sub(b"\r\n", body)


def _calendar(body: bytes) -> bytes:
    try:
        return "\n".join(_normal_form([parse(line) for line in unfold(body)])).encode()
    except ValueError:
        return body


def _card(body: bytes) -> bytes:
    try:
        return vcard_normal.normal_form(body)
    except ValueError:
        return body


def _normal_form(lines: Iterable[Line]) -> list[str]:
    """Properties and components, each sorted within its own component. Raises ValueError when they do not nest."""
    stack: list[tuple[str, list[str], list[str]]] = [("", [], [])]
    for line in lines:
        if line.name == "BEGIN":
            stack.append((line.value.strip().upper(), [], []))
        elif line.name == "END":
            name, properties, children = stack.pop()
            if name != line.value.strip().upper() or not stack:
                raise ValueError("components do not nest")
            stack[-1][2].append(_component(name, properties, children))
        else:
            stack[-1][1].extend(_property(line))
    if len(stack) != 1:
        raise ValueError("a component is not closed")
    return sorted(stack[0][1]) + sorted(set(stack[0][2]))


def _component(name: str, properties: list[str], children: list[str]) -> str:
    """A component on one line, so that a list of them sorts. Of a time zone, its name stands for the whole."""
    if name == "VTIMEZONE":
        properties, children = [line for line in properties if line.startswith('"TZID"')], []
    zones = {child for child in children if child.startswith("{VTIMEZONE")}
    others = sorted(child for child in children if child not in zones)
    return "{" + "\x1e".join([name, *sorted(properties), *sorted(zones), *others]) + "}"


def _property(line: Line) -> Iterator[str]:
    """The property once per value: lists on one line and one value a line are the same thing."""
    if line.name in _IGNORED or (line.name == "CALSCALE" and line.value.strip().upper() == "GREGORIAN"):
        return
    params = _params(line)
    for value in _values(line):
        tzid = params.get("TZID", "")
        utc = tzid.upper() in {"UTC", "ETC/UTC"} and line.name in _DATES
        kept = {name: text for name, text in params.items() if not (utc and name == "TZID")}
        written = f"{value}Z" if utc and not value.endswith("Z") else value
        yield "\x1f".join([f'"{line.name}"', *(f"{name}={text}" for name, text in sorted(kept.items())), written])


def _params(line: Line) -> dict[str, str]:
    params = {name: value.upper() if name in _WORD_PARAMS else value for name, value in line.params.items()}
    return {name: value for name, value in params.items() if (name, value) not in _DEFAULT_PARAMS}


def _values(line: Line) -> list[str]:
    value, name = line.value, line.name
    if name in _TEXT_LISTS:
        return [unescape(part) for part in split_list(value)]
    if name in _DURATIONS and "P" in value.upper():
        return [_duration(value.strip().upper())]
    if name in _DATES:
        return value.strip().upper().split(",")
    if name in _RULES:
        return [_rule(value)]
    if name in _WORDS or name in _STAMPS:
        return [value.strip().upper()]
    return [_uri(value) if name in _URIS else unescape(value)]


def _uri(value: str) -> str:
    """The scheme has no case. A file within the object (``VALUE=BINARY``) has none, and its case counts."""
    scheme, colon, rest = value.strip().partition(":")
    return f"{scheme.lower()}{colon}{rest}" if colon else scheme


def _rule(value: str) -> str:
    parts = {_rule_part(part) for part in value.strip().upper().strip(";").split(";")}
    return ";".join(sorted(parts - _DEFAULT_RULE_PARTS))


def _rule_part(part: str) -> str:
    name, equals, members = part.partition("=")
    return name + equals + ",".join(sorted(member.lstrip("+") for member in members.split(",")))


def _duration(value: str) -> str:
    """Seconds: libraries that read durations as such write ``PT1440M`` back as ``P1D``."""
    match = _DURATION.fullmatch(value)
    if match is None:
        return value
    sign, *numbers = match.groups(default="0")
    weeks, days, hours, minutes, seconds = map(int, numbers)
    total = ((weeks * 7 + days) * 24 + hours) * 3600 + minutes * 60 + seconds
    return f"{'-' if sign == '-' and total else ''}{total}s"
