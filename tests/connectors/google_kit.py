"""A small Google world for the connector's tests, and the connector on a stand-in that serves it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connectors.google import connector
from migrate.model import Entry, Item, Service
from migrate.pacing import Pacer
from migrate.protocols import Connector, Context
from migrate.sandbox.google import GoogleStandIn
from migrate.sandbox.world import Calendar, DriveNode, GoogleAccount, Message, TaskList, World

AMINA, BRUNO = "amina@tilleuls.example", "bruno@tilleuls.example"
NATIVE = "application/vnd.google-apps."
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
ODT = "application/vnd.oasis.opendocument.text"
LABELS: list[tuple[str, ...]] = [
    ("INBOX", "UNREAD"),
    ("INBOX", "Label_1", "STARRED"),
    ("SENT",),
    (),
    ("SPAM", "UNREAD"),
    ("TRASH", "Label_1"),
    ("DRAFT",),
    ("CHAT",),
    ("INBOX", "IMPORTANT", "CATEGORY_PROMOTIONS", "CATEGORY_PERSONAL"),
]


@dataclass(frozen=True)
class Given:
    """A secret in clear, for tests."""

    text: str

    def reveal(self, account: str = "") -> str:
        return self.text


def raw(index: int, size: int = 0) -> bytes:
    head = f"From: a@example.org\r\nSubject: N\u00b0 {index}\r\nMessage-ID: <{index}@example.org>\r\n\r\n".encode()
    return head + b"x" * size + b"\r\n\xff\x00\n"


def message(index: int, labels: tuple[str, ...], size: int = 0) -> Message:
    return Message(
        id=f"18c{index:013x}",
        thread_id=f"{index:016x}",
        label_ids=labels,
        internal_date_ms=1_700_000_000_123 - index * 86_400_000,
        size_estimate=len(raw(index)) + size,
        raw=lambda: raw(index, size),
    )


def timed(hour: str) -> dict[str, str]:
    return {"dateTime": f"2026-{hour}", "timeZone": "Europe/Paris"}


def event(identifier: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": identifier,
        "etag": '"1"',
        "status": "confirmed",
        "iCalUID": f"{identifier.split('_')[0]}/x@google.com",
        "summary": "R\u00e9union",
        "start": timed("03-02T10:00:00+01:00"),
        "end": timed("03-02T11:00:00+01:00"),
        "created": "2025-12-31T00:00:00.000Z",
        "updated": "2026-01-01T00:00:00.000Z",
        **fields,
    }


def calendars() -> list[Calendar]:
    cancelled = {
        "id": "weekly_1",
        "status": "cancelled",
        "recurringEventId": "weekly",
        "originalStartTime": timed("03-09T10:00:00+01:00"),
    }
    moved = event("weekly_2", recurringEventId="weekly", originalStartTime=timed("03-16T10:00:00+01:00"))
    days = {"start": {"date": "2026-05-01"}, "end": {"date": "2026-05-02"}}
    events = [
        event("weekly", recurrence=["RRULE:FREQ=WEEKLY;COUNT=5"]),
        cancelled,
        moved,
        event("single"),
        event("anniversaire", eventType="birthday", recurrence=["RRULE:FREQ=YEARLY"], **days),
        *(event(f"e{n}") for n in range(6)),
    ]
    primary = {
        "id": AMINA,
        "etag": '"1"',
        "summary": "Amina",
        "timeZone": "Europe/Paris",
        "accessRole": "owner",
        "primary": True,
        "backgroundColor": "#9fe1e7",
        "defaultReminders": [{"method": "popup", "minutes": 10}],
    }
    second = {"id": "c1@group.calendar.google.com", "etag": '"1"', "summary": "Salle", "accessRole": "owner"}
    feasts = {
        "id": "fr#holiday@group.v.calendar.google.com",
        "etag": '"1"',
        "summary": "F\u00eates",
        "accessRole": "reader",
    }
    rules = [
        {"id": f"user:{AMINA}", "role": "owner", "scope": {"type": "user", "value": AMINA}},
        {"id": f"user:{BRUNO}", "role": "writer", "scope": {"type": "user", "value": BRUNO}},
        {
            "id": "domain:tilleuls.example",
            "role": "freeBusyReader",
            "scope": {"type": "domain", "value": "tilleuls.example"},
        },
        {"id": "default", "role": "none", "scope": {"type": "default"}},
    ]
    return [
        Calendar(list_entry=second, events=[event("single")], acl=rules),
        Calendar(list_entry=feasts, events=[event("noel")]),
        Calendar(list_entry=primary, events=events),
    ]


def node(identifier: str, name: str, kind: str, content: Callable[[], bytes] | None = None, **fields: Any) -> DriveNode:
    exports = fields.pop("exports", {})
    resource = {
        "id": identifier,
        "name": name,
        "mimeType": kind,
        "parents": ["root1"],
        "trashed": False,
        "ownedByMe": True,
        "owners": [{"emailAddress": AMINA, "me": True}],
        "createdTime": "2025-02-01T08:00:00.000Z",
        "modifiedTime": "2026-02-01T08:00:00.123Z",
        **fields,
    }
    return DriveNode(resource=resource, content=content, exports=exports)


BIG = bytes(range(256)) * 4 * (20 << 10)
"""20 MiB: three pieces of a download."""


def files() -> list[DriveNode]:
    other = {
        "ownedByMe": False,
        "owners": [{"emailAddress": BRUNO, "me": False}],
        "sharedWithMeTime": "2026-02-02T00:00:00Z",
    }
    folder = f"{NATIVE}folder"
    return [
        node("d2", "Factures/2026", folder, parents=["d1"]),
        node("d1", "Dossier", folder),
        node("d3", "Dossier", folder),
        node("d4", "Perdu", folder, parents=["elsewhere"]),
        node("f1", "a.txt", "text/plain", lambda: b"0123456789", parents=["d2"]),
        node("f2", "vide.bin", "application/octet-stream", lambda: b""),
        node("f3", "grand.bin", "application/octet-stream", lambda: BIG),
        node("f4", "orphelin.txt", "text/plain", lambda: b"o", parents=["d4"]),
        node("f5", "jete.txt", "text/plain", lambda: b"t", trashed=True),
        node("f6", "interdit.txt", "text/plain", lambda: b"t", capabilities={"canDownload": False}),
        node("n1", "Statuts", f"{NATIVE}document", exports={DOCX: lambda: b"docx", ODT: lambda: b"odt"}),
        node("n2", "Gros", f"{NATIVE}document", exports={DOCX: lambda: bytes((10 << 20) + 1)}),
        node("n3", "Sondage", f"{NATIVE}form"),
        node("n4", "Lien", f"{NATIVE}shortcut", shortcutDetails={"targetId": "f1"}),
        node("s1", "partage.txt", "text/plain", lambda: b"s", parents=[], **other),
    ]


PIXEL = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00\x90wS\xde"
    b"\x00\x00\x00\x0cIDATx\x9cc\xf8\xcf\xc0\x00\x00\x03\x01\x01\x00\xc9\xfe\x92\xef\x00\x00\x00\x00IEND\xaeB`\x82"
)


def contact(number: int, **fields: Any) -> dict[str, Any]:
    source = {"type": "CONTACT", "id": f"{number:x}", "etag": "#e", "updateTime": "2026-01-01T00:00:00Z"}
    return {
        "resourceName": f"people/c{number}",
        "etag": f"%{number}",
        "metadata": {"objectType": "PERSON", "sources": [source]},
        "names": [{"displayName": f"Personne {number}", "givenName": "Personne", "familyName": str(number)}],
        **fields,
    }


def contacts() -> list[dict[str, Any]]:
    member = {"contactGroupMembership": {"contactGroupId": "g1", "contactGroupResourceName": "contactGroups/g1"}}
    return [
        contact(1, memberships=[member], emailAddresses=[{"value": "un@example.org", "type": "home"}]),
        contact(2, photos=[{"url": "two.png", "metadata": {"primary": True}}]),
        contact(3, photos=[{"url": "letter.png", "default": True}]),
        contact(4, photos=[{"url": "lost.png"}]),
    ]


def task(identifier: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": identifier,
        "etag": '"e"',
        "title": f"T\u00e2che {identifier}",
        "status": "needsAction",
        "position": "00000000000000000001",
        "updated": "2026-01-01T00:00:00.000Z",
        **fields,
    }


def task_lists() -> list[TaskList]:
    done = {"status": "completed", "completed": "2025-12-01T08:00:00.000Z"}
    first = [
        task("t1", due="2026-03-01T00:00:00.000Z"),
        task("t2", parent="t1"),
        task("t3", **done),
        task("t4", hidden=True, **done),
        task("t5", deleted=True),
    ]
    return [
        TaskList(resource={"id": "list1", "etag": '"e"', "title": "Mes t\u00e2ches"}, tasks=first),
        TaskList(resource={"id": "list2", "etag": '"e"', "title": "Vide"}, tasks=[]),
    ]


def world() -> World:
    amina = GoogleAccount(
        address=AMINA,
        display_name="Amina",
        labels=[{"id": "Label_1", "name": "Projets/2026", "type": "user"}],
        messages=[message(index, labels) for index, labels in enumerate(LABELS)],
        calendars=calendars(),
        files=files(),
        root_id="root1",
        contacts=contacts(),
        contact_groups=[
            {"resourceName": "contactGroups/g1", "name": "B\u00e9n\u00e9voles", "groupType": "USER_CONTACT_GROUP"}
        ],
        other_contacts=[contact(90), contact(91)],
        photos={"two.png": PIXEL},
        task_lists=task_lists(),
        aliases=("a@tilleuls.example",),
        admin=True,
    )
    bruno = GoogleAccount(
        address=BRUNO, display_name="Bruno", labels=[], messages=[], calendars=[], files=[], root_id="r2"
    )
    return World(name="Essai", people=[], google={AMINA: amina, BRUNO: bruno})


class Patience(Pacer):
    """A pacer whose pauses cost nothing."""

    def __init__(self) -> None:
        self.pauses: list[float] = []
        super().__init__()

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def refused(self, buckets: Any, *, retry_after: float | None = None) -> float:
        return retry_after or 1.0


def connect(stand_in: GoogleStandIn, spool: Path, *, pace: Pacer | None = None, **settings: Any) -> Connector:
    table = {
        "service_account": Given(json.dumps(stand_in.service_account())),
        "api_root": stand_in.url,
        "quota_factor": 1000.0,
        **settings,
    }
    table = {name: value for name, value in table.items() if value is not None}
    return connector(Context(pace=pace or Patience(), spool=spool, settings=table))


def body_of(item: Item) -> bytes:
    body = item.body if isinstance(item.body, bytes) else item.body.read_bytes()
    item.discard()
    return body


def by_href(entries: Any) -> dict[str, Entry]:
    return {entry.href: entry for entry in entries}


__all__ = ["AMINA", "BRUNO", "Service", "connect", "world"]
