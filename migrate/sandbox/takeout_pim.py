"""Calendars, contacts and tasks as Google Takeout writes them."""

from __future__ import annotations

import json
from collections.abc import Iterator

from mappings import google_calendar
from mappings.contentlines import Line, component, fold, text
from migrate.errors import MappingError
from migrate.model import Entry, Item
from migrate.sandbox.association.expected import calendar_objects
from migrate.sandbox.world import Calendar, GoogleAccount, Json

_PRODID = "-//Google Inc//Google Calendar 70.9054//EN"

_CARDS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (
        (
            "FN:Zoé Castagné",
            "N:Castagné;Zoé;;;",
            "EMAIL;TYPE=INTERNET;TYPE=WORK:zoe.castagne@example.org",
            "TEL;TYPE=CELL:06 39 98 12 34",
            "BDAY:--0214",
            "NOTE:Trésorière\\, puis présidente\\nPréfère le téléphone",
        ),
        ("Bureau",),
    ),
    (
        (
            "FN:Côme N'Diaye",
            "N:N'Diaye;Côme;;;",
            "item1.EMAIL;TYPE=INTERNET:come@example.com",
            "item1.X-ABLabel:Maison",
            "ADR;TYPE=HOME:;;3 rue des Tilleuls;Rennes;;35000;France",
        ),
        (),
    ),
    (("EMAIL;TYPE=INTERNET:contact@partenaire.example.com",), ("Bureau",)),
)
"""Three cards and their labels; the third has neither N nor FN, as many addresses kept by themselves."""


def calendars(account: GoogleAccount) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each calendar that the account owns."""
    for calendar in account.calendars:
        if calendar.list_entry["accessRole"] == "owner":
            yield str(calendar.list_entry["summary"]), _calendar(calendar)


def _calendar(calendar: Calendar) -> bytes:
    entry = calendar.list_entry
    head = [
        Line("PRODID", _PRODID),
        Line("VERSION", "2.0"),
        Line("CALSCALE", "GREGORIAN"),
        Line("METHOD", "PUBLISH"),
        Line("X-WR-CALNAME", text(entry["summary"])),
        Line("X-WR-TIMEZONE", entry["timeZone"]),
    ]
    if entry.get("description"):
        head.append(Line("X-WR-CALDESC", text(entry["description"])))
    parts = [part for series in calendar_objects(calendar).values() for part in _components(calendar, series)]
    zones = dict.fromkeys(part for part in parts if part.startswith(b"BEGIN:VTIMEZONE"))
    return component("VCALENDAR", head, [*zones, *(part for part in parts if part not in zones)])


def _components(calendar: Calendar, series: list[Json]) -> Iterator[bytes]:
    """The zones and events of one series; none when nothing is left of it, or when it is a contact's birthday."""
    if any(event.get("eventType") == "birthday" for event in series):
        return
    head = {key: calendar.list_entry[key] for key in ("timeZone", "defaultReminders")}
    body = json.dumps({"calendar": head, "events": series}).encode()
    entry = Entry(href="", collection="", etag="", media_type=google_calendar.MEDIA_TYPE)
    try:
        mapped = google_calendar.to_icalendar(Item(entry=entry, body=body, media_type=entry.media_type))
    except MappingError:
        return
    written = mapped.item.body
    assert isinstance(written, bytes)
    yield from _split(written)


def _split(body: bytes) -> Iterator[bytes]:
    """The components directly within a VCALENDAR."""
    lines: list[bytes] = []
    depth = 0
    for line in body.splitlines(keepends=True):
        depth += line.startswith(b"BEGIN:")
        if depth > 1:
            lines.append(line)
        depth -= line.startswith(b"END:")
        if depth == 1 and lines:
            yield b"".join(lines)
            lines = []


def cards(everyone: str, mine: str) -> Iterator[tuple[str, bytes]]:
    """The file of each group: all cards, then those of "My Contacts", then each label's, which repeat them."""
    yield everyone, b"".join(_card(lines, groups, mine) for lines, groups in _CARDS)
    yield mine, b"".join(_card(lines, groups, mine) for lines, groups in _CARDS if groups)
    for label in sorted({label for _, groups in _CARDS for label in groups}):
        yield label, b"".join(_card(lines, groups, mine) for lines, groups in _CARDS if label in groups)


def _card(lines: tuple[str, ...], groups: tuple[str, ...], mine: str) -> bytes:
    """vCard 3.0 (RFC 2426) without UID, as Takeout's are."""
    categories = (f"CATEGORIES:{','.join((*groups, mine))}",) if groups else ()
    return b"".join(map(fold, ("BEGIN:VCARD", "VERSION:3.0", *lines, *categories, "END:VCARD")))


def tasks(address: str, first_list: str) -> bytes:
    """``Tasks.json``: two lists, with a subtask, a finished task and due dates."""
    lists = [
        _list(
            f"{address}/1",
            first_list,
            [
                _task("a", "Préparer l'assemblée générale", due="2026-12-05T00:00:00Z", notes="Salle, ordre du jour"),
                _task("b", "Réserver la salle", parent="a"),
                _task("c", "Envoyer les convocations", status="completed", completed="2026-10-20T15:12:00Z"),
            ],
        ),
        _list(f"{address}/2", "Courses", [_task("d", "Café, gobelets; 2 €")]),
    ]
    whole = {"kind": "tasks#taskLists", "items": lists}
    return json.dumps(whole, ensure_ascii=False, indent=2).encode()


def _list(identifier: str, title: str, items: list[Json]) -> Json:
    return {
        "kind": "tasks#tasks",
        "id": identifier,
        "title": title,
        "updated": "2026-10-21T09:00:00Z",
        "items": items,
    }


def _task(identifier: str, title: str, status: str = "needsAction", **more: str) -> Json:
    return {
        "kind": "tasks#task",
        "id": identifier,
        "title": title,
        "status": status,
        "task_type": "PERSONAL_TASK",
        "created": "2026-10-01T08:00:00Z",
        "updated": "2026-10-21T09:00:00Z",
        "links": [],
        **more,
    }
