"""What the small tenant of ``graph_world`` holds besides mail: calendars, contacts, tasks and files."""

from __future__ import annotations

import base64
from typing import Any

from migrate.sandbox.tenant import (
    CloudDrive,
    CloudItem,
    ContactFolder,
    Json,
    OutlookCalendar,
    SharePointSite,
    TaskList,
    Version,
)

PARIS = "Romance Standard Time"


def at(text: str, zone: str = PARIS) -> Json:
    return {"dateTime": f"{text}:00.0000000" if len(text) == 16 else f"{text}T00:00:00.0000000", "timeZone": zone}


def event(identifier: str, start: str, end: str, **fields: Any) -> Json:
    zone = fields.pop("zone", PARIS)
    return {
        "id": identifier,
        "iCalUId": f"040000008200E00074C5B7101A82E008{identifier}",
        "subject": "Réunion",
        "start": at(start, zone),
        "end": at(end, zone),
        **fields,
    }


def weekly() -> Json:
    """Five Mondays at 10: one moved to the Tuesday, one cancelled."""
    pattern = {
        "type": "weekly",
        "interval": 1,
        "daysOfWeek": ["monday"],
        "firstDayOfWeek": "monday",
        "dayOfMonth": 0,
        "month": 0,
        "index": "first",
    }
    range_ = {
        "type": "numbered",
        "startDate": "2026-03-02",
        "endDate": "0001-01-01",
        "numberOfOccurrences": 5,
        "recurrenceTimeZone": PARIS,
    }
    moved = {
        "id": "weekly-moved",
        "start": at("2026-03-10T14:00"),
        "end": at("2026-03-10T15:00"),
        "originalStart": "2026-03-09T09:00:00Z",
        "subject": "Réunion déplacée",
    }
    return event(
        "weekly",
        "2026-03-02T10:00",
        "2026-03-02T11:00",
        recurrence={"pattern": pattern, "range": range_},
        exceptionOccurrences=[moved],
        cancelledOccurrences=["2026-03-16"],
    )


def calendars(address: str, other: str) -> list[OutlookCalendar]:
    attachment = {
        "@odata.type": "#microsoft.graph.fileAttachment",
        "id": "a1",
        "name": "ordre du jour.txt",
        "contentType": "text/plain",
        "contentBytes": base64.b64encode(b"ordre").decode(),
    }
    events = [
        weekly(),
        event("single", "2026-03-04T09:00", "2026-03-04T10:30", attachments=[attachment]),
        event("day", "2026-03-05", "2026-03-06", isAllDay=True, zone="UTC"),
    ]
    events += [event(f"e{i}", f"2026-04-{i + 1:02}T08:00", f"2026-04-{i + 1:02}T09:00") for i in range(12)]
    permission = {
        "id": "p1",
        "emailAddress": {"name": "Bruno", "address": other},
        "role": "read",
        "allowedRoles": ["freeBusyRead", "limitedRead", "read", "write"],
        "isInsideOrganization": True,
        "isRemovable": True,
    }
    own = {"name": "Anne", "address": address}
    theirs = {"name": "Bruno", "address": other}
    return [
        OutlookCalendar(
            resource={"id": "cal1", "name": "Calendrier", "owner": own}, events=events, permissions=[permission]
        ),
        OutlookCalendar(
            resource={"id": "cal2", "name": "Salle", "owner": theirs},
            events=[event("their", "2026-03-04T09:00", "2026-03-04T10:00")],
            group="g2",
        ),
    ]


def groups() -> list[Json]:
    return [{"id": "g1", "name": "Mes calendriers"}, {"id": "g2", "name": "Autres calendriers"}]


def contact_folders() -> list[ContactFolder]:
    people: list[Json] = [
        {
            "id": f"c{i}",
            "displayName": f"Contact {i}",
            "emailAddresses": [{"name": "x", "address": f"c{i}@example.org"}],
        }
        for i in range(12)
    ]
    root = ContactFolder(
        resource={"id": "contacts", "displayName": "Contacts", "parentFolderId": "root"},
        contacts=people,
        photos={"c0": b"\x89PNG"},
        default=True,
    )
    other = {"id": "cf2", "displayName": "Partenaires", "parentFolderId": "contacts"}
    return [root, ContactFolder(resource=other, contacts=[{"id": "c99", "displayName": "Mairie"}])]


def task_lists() -> list[TaskList]:
    tasks: list[Json] = [{"id": f"t{i}", "title": f"Tâche {i}"} for i in range(22)]
    tasks[0] |= {
        "dueDateTime": {"dateTime": "2026-03-09T23:00:00.0000000", "timeZone": "UTC"},
        "checklistItems": [
            {"id": "k1", "displayName": "un", "isChecked": True, "createdDateTime": "2026-01-05T09:00:00Z"},
            {"id": "k2", "displayName": "deux", "isChecked": False, "createdDateTime": "2026-01-05T09:00:00Z"},
        ],
        "linkedResources": [{"id": "l1", "webUrl": "https://example.org/", "applicationName": "Outlook"}],
    }
    default = {"id": "list1", "displayName": "Tâches", "wellknownListName": "defaultList"}
    flagged = {"id": "list2", "displayName": "Flagged Emails", "wellknownListName": "flaggedEmails"}
    return [TaskList(resource=default, tasks=tasks), TaskList(resource=flagged)]


def item(identifier: str, name: str, parent: str, content: bytes | None = None, **fields: Any) -> CloudItem:
    facet = {"file": {"mimeType": "text/plain"}} if content is not None else {"folder": {}}
    facet = {} if fields.keys() & {"package", "remoteItem"} else facet
    permissions, versions = fields.pop("permissions", []), fields.pop("versions", [])
    return CloudItem(
        resource={"id": identifier, "name": name, "parentReference": {"id": parent}, **facet, **fields},
        content=(lambda: content) if content is not None else None,
        permissions=permissions,
        versions=versions,
    )


def root(identifier: str) -> CloudItem:
    return CloudItem(resource={"id": identifier, "name": "root", "root": {}, "folder": {}})


def granted(identifier: str, address: str, *roles: str) -> Json:
    person = {"user": {"id": "00000000-0000-4000-8000-000000000002", "displayName": "Bruno", "email": address}}
    return {"id": identifier, "roles": list(roles), "grantedToV2": person, "grantedTo": person}


def drive(reader: str) -> CloudDrive:
    old = Version(
        resource={"id": "1.0", "size": 5, "lastModifiedDateTime": "2025-01-06T08:00:00Z"}, content=lambda: b"avant"
    )
    shared = granted("perm1", reader, "read")
    link = {
        "id": "perm2",
        "roles": ["read"],
        "link": {"type": "view", "scope": "organization", "webUrl": "https://tilleuls-my.sharepoint.example/:t:/g/x"},
    }
    remote = {"id": "LIB2", "name": "Comptes", "folder": {"childCount": 1}, "parentReference": {"driveId": "b!lib"}}
    items = [
        root("01ROOT"),
        item("01A", "Documents", "01ROOT", permissions=[shared]),
        item("01B", "notes.txt", "01A", b"0123456789", versions=[old], permissions=[link]),
        item("01C", "vide.txt", "01ROOT", b""),
        item("01D", "Carnet", "01ROOT", package={"type": "oneNote"}),
        item("01E", "virus.exe", "01ROOT", b"x", malware={"description": "Win32/Example"}),
        item("01F", "Comptes partagés", "01ROOT", remoteItem=remote),
    ]
    return CloudDrive(resource={"id": "b!anne", "driveType": "business"}, items=items)


def sites() -> list[SharePointSite]:
    library = CloudDrive(
        resource={"id": "b!lib", "driveType": "documentLibrary", "name": "Documents partagés"},
        items=[root("LIB1"), item("LIB2", "Comptes", "LIB1"), item("LIB3", "budget.csv", "LIB2", b"a;1\r\n")],
    )
    resource = {
        "id": "tilleuls.sharepoint.example,11111111-1111-4111-8111-111111111111,22222222-2222-4222-8222-222222222222",
        "name": "bureau",
        "displayName": "Bureau",
        "webUrl": "https://tilleuls.sharepoint.example/sites/bureau",
    }
    return [SharePointSite(resource=resource, libraries=[library])]
