"""Calendars of a Takeout archive: each ``.ics`` file split into one calendar object per UID (RFC 4791 §4.1)."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from connectors.takeout.archive import Contents
from connectors.takeout.components import joined, name_of, text_of, unfolded, value_of
from connectors.takeout.layout import calendars, stem
from connectors.takeout.members import Member
from connectors.takeout.parts import ArchiveError
from migrate.errors import NotFound
from migrate.model import Capabilities, Collection, Disposition, Entry, Item, Loss, Skip

MEDIA_TYPE = "text/calendar"
PRODID = b"PRODID:-//transhume//takeout//EN"
_TZID = re.compile(rb";TZID=(?:\"([^\"]*)\"|([^;:]*))", re.IGNORECASE)
_RSVP = re.compile(rb";RSVP=TRUE", re.IGNORECASE)
_NAMESPACE = uuid.UUID("5b0d4a53-2c1f-5c86-9b0c-0f4f0a5e7d11")
_COLLECTION = Loss(field="calendar", reason="An archive does not tell a calendar's colour nor with whom it was shared.")
_MAIL = Loss(field="reminder", reason="A reminder by mail becomes one on screen.")
_CONFERENCE = Loss(field="conference", reason="The meeting room ends with the account: create a new one.")
_ATTACHMENT = Loss(field="attachment", reason="The attachment stays a link to the original file.")
_NO_ZONE = Loss(field="timezone", reason="The archive does not define the event's time zone: its name is kept.")
_NO_UID = Loss(field="uid", reason="The event had no UID: one is made from its content.")
_SERIES = Loss(field="series", reason="Only single occurrences of this series were in the calendar.")
_LOSING = {"X-GOOGLE-CONFERENCE": _CONFERENCE, "CONFERENCE": _CONFERENCE, "ATTACH": _ATTACHMENT}


@dataclass(slots=True)
class _Calendar:
    """One file, taken apart."""

    name: str = ""
    properties: dict[str, str] = field(default_factory=dict)
    zones: dict[bytes, list[bytes]] = field(default_factory=dict)
    events: dict[str, list[list[bytes]]] = field(default_factory=dict)
    """Components by UID, in the order of the file."""
    made: set[str] = field(default_factory=set)
    """UIDs that were not in the file."""


class CalendarReader:
    """Implements ``protocols.Reader``."""

    capabilities = Capabilities()

    def __init__(self, contents: Contents) -> None:
        self._contents = contents
        self._files = {stem(member): member for member in calendars(contents.archive.members)}
        self._known: tuple[str, _Calendar] | None = None

    def collections(self) -> Iterator[Collection]:
        """One per file, the account's own calendar first."""
        own = self._contents.archive.account.casefold()
        for href in sorted(self._files, key=lambda href: (href.casefold() != own, href)):
            calendar = self._calendar(href)
            yield Collection(
                href=href,
                path=(calendar.name or href,),
                role="primary" if href.casefold() == own else "",
                properties=calendar.properties,
            )

    def entries(self) -> Iterator[Entry]:
        """One per UID, its body with it."""
        for href in sorted(self._files):
            calendar, first = self._calendar(href), True
            for uid in calendar.events:
                yield _entry(href, calendar, uid, first=first)
                first = False

    def _calendar(self, href: str) -> _Calendar:
        """The last one read is kept: listings and fetches go calendar by calendar."""
        if self._known is None or self._known[0] != href:
            if href not in self._files:
                raise NotFound("The archive does not hold this calendar.")
            self._known = (href, _read(self._contents, self._files[href]))
        return self._known[1]

    def get(self, entry: Entry) -> Item:
        """The event, with its exceptions. Raises NotFound, ArchiveError."""
        calendar, uid = self._calendar(entry.collection), entry.href.removeprefix(f"{entry.collection}/")
        if uid not in calendar.events:
            raise NotFound("The archive does not hold this event.")
        first = next(iter(calendar.events)) == uid
        current = _entry(entry.collection, calendar, uid, first=first)
        return Item(entry=replace(current, inline=None), body=current.inline or b"", media_type=MEDIA_TYPE)

    def close(self) -> None:
        """Close the archive."""
        self._contents.close()


def _read(contents: Contents, member: Member) -> _Calendar:
    calendar = _Calendar()
    block: list[bytes] = []
    depth = 0
    for line in unfolded(contents.text(member)):
        word = name_of(line)
        if word == "BEGIN":
            depth += 1
        if depth > 1:
            block.append(line)
        elif depth == 1:
            _property(calendar, word, line)
        if word == "END":
            depth -= 1
            if depth == 1:
                _component(calendar, block)
                block = []
    if depth or block:
        raise ArchiveError("A calendar of the export is cut.")
    return calendar


def _property(calendar: _Calendar, word: str, line: bytes) -> None:
    if word == "X-WR-CALNAME":
        calendar.name = text_of(line)
    names = {"X-WR-TIMEZONE": "timezone", "X-WR-CALDESC": "description"}
    if word in names and text_of(line):
        calendar.properties[names[word]] = text_of(line)


def _component(calendar: _Calendar, block: list[bytes]) -> None:
    kind = value_of(block[0]).upper()
    if kind == "VTIMEZONE":
        zone = next((value_of(line) for line in block if name_of(line) == "TZID"), "")
        calendar.zones[zone.encode()] = block
    elif kind == "VEVENT":
        uid = next((value_of(line) for line in block if name_of(line) == "UID"), "")
        if not uid:
            uid = str(uuid.uuid5(_NAMESPACE, hashlib.sha256(b"\n".join(_lasting(block))).hexdigest()))
            calendar.made.add(uid)
            block.insert(1, b"UID:" + uid.encode())
        calendar.events.setdefault(uid, []).append(block)


def _lasting(block: Sequence[bytes]) -> Iterator[bytes]:
    """The lines of a component that are the same in a later export: DTSTAMP is the time of the export."""
    return (line for line in block if name_of(line) != "DTSTAMP")


def _entry(href: str, calendar: _Calendar, uid: str, *, first: bool) -> Entry:
    blocks = calendar.events[uid]
    losses: list[Loss] = [_COLLECTION] if first else []
    if uid in calendar.made:
        losses.append(_NO_UID)
    if all(any(name_of(line) == "RECURRENCE-ID" for line in block) for block in blocks):
        losses.append(_SERIES)
    body = _body(calendar, blocks, losses)
    lasting = b"\n".join(line for block in blocks for line in _lasting(block))
    return Entry(
        href=f"{href}/{uid}",
        collection=href,
        etag=hashlib.sha256(lasting).hexdigest()[:32],
        uid=uid,
        media_type=MEDIA_TYPE,
        size=len(body),
        losses=tuple(dict.fromkeys(losses)),
        skip=_skip(blocks),
        inline=body,
    )


def _skip(blocks: Sequence[Sequence[bytes]]) -> Skip | None:
    if all(any(name_of(line) == "STATUS" and value_of(line).upper() == "CANCELLED" for line in b) for b in blocks):
        return Skip(code="cancelled", reason="Every part of it was cancelled.", disposition=Disposition.EXCLUDED)
    return None


def _body(calendar: _Calendar, blocks: Sequence[Sequence[bytes]], losses: list[Loss]) -> bytes:
    """One VCALENDAR, without METHOD, which a stored object may not have."""
    written = [[_harmless(line, losses) for line in block] for block in blocks]
    used = {(quoted or bare) for block in written for line in block for quoted, bare in _TZID.findall(line)}
    if used - set(calendar.zones):
        losses.append(_NO_ZONE)
    zones = [calendar.zones[zone] for zone in sorted(used & set(calendar.zones))]
    head = [b"BEGIN:VCALENDAR", b"VERSION:2.0", PRODID, b"CALSCALE:GREGORIAN"]
    return joined([*head, *(line for block in [*zones, *written] for line in block), b"END:VCALENDAR"])


def _harmless(line: bytes, losses: list[Loss]) -> bytes:
    """The line, unless it would have the target write to someone: reminders by mail, requests for an answer."""
    word = name_of(line)
    if word in _LOSING:
        losses.append(_LOSING[word])
    if word == "ACTION" and value_of(line).upper() == "EMAIL":
        losses.append(_MAIL)
        return b"ACTION:DISPLAY"
    return _RSVP.sub(b";RSVP=FALSE", line) if word == "ATTENDEE" else line
