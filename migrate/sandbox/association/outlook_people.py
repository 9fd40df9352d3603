"""A member's contacts and tasks at Microsoft."""

from __future__ import annotations

import base64
from random import Random
from typing import Any

from migrate.sandbox.association import documents, texts
from migrate.sandbox.association.outlook_calendar import PARIS
from migrate.sandbox.association.outlook_mail import outlook_id
from migrate.sandbox.association.people import MEMBERS, Member
from migrate.sandbox.tenant import ContactFolder, Json, TaskList


def contact_folders(member: Member) -> list[ContactFolder]:
    """The default folder and one below it."""
    root = outlook_id(member, "contacts", "root")
    rng = Random(f"contacts/{member.login}")
    usual = [_outsider(member, rng, number) for number in range(4)]
    partners = [
        {
            "id": outlook_id(member, "contact", "mairie"),
            "displayName": "Mairie de Rennes",
            "companyName": "Mairie de Rennes",
            "businessPhones": [texts.phone(rng)],
            "emailAddresses": [{"name": "Vie associative", "address": "associations@mairie.example.org"}],
            "categories": ["Public"],
        }
    ]
    return [
        ContactFolder(
            resource={"id": root, "displayName": "Contacts"},
            contacts=[*usual, _colleague(member)],
            photos={usual[0]["id"]: documents.png(150)},
            default=True,
        ),
        ContactFolder(
            resource={
                "id": outlook_id(member, "contacts", "partners"),
                "displayName": "Partenaires",
                "parentFolderId": root,
            },
            contacts=partners,
        ),
    ]


def task_lists(member: Member) -> list[TaskList]:
    """The default list, one of the member's own, and the one Outlook makes of flagged mail."""
    return [
        _list(member, "Tâches", _tasks(member), wellknownListName="defaultList"),
        _list(member, "Assemblée générale", [_task(member, "Réserver la salle"), _task(member, "Imprimer le rapport")]),
        _list(member, "Courriers marqués", [], wellknownListName="flaggedEmails"),
    ]


def _outsider(member: Member, rng: Random, number: int) -> Json:
    given, _, family = texts.full_name(rng).partition(" ")
    contact: Json = {
        "id": outlook_id(member, "contact", str(number)),
        "givenName": given,
        "surname": family,
        "displayName": f"{given} {family}",
        "fileAs": f"{family}, {given}",
        "mobilePhone": texts.phone(rng),
        "homePhones": [texts.phone(rng)],
        "emailAddresses": [{"name": f"{given} {family}", "address": f"contact{number}@example.org"}],
        "homeAddress": {
            "street": texts.postal_address(rng),
            "city": "Rennes",
            "postalCode": "35000",
            "countryOrRegion": "France",
        },
    }
    if number == 0:
        contact |= {
            "birthday": "1974-05-12T11:59:00Z",
            "spouseName": "Alix",
            "personalNotes": "Bénévole\r\ndepuis 2011",
        }
    return contact


def _colleague(member: Member) -> Json:
    other = MEMBERS[0]
    return {
        "id": outlook_id(member, "contact", "colleague"),
        "displayName": other.name,
        "jobTitle": other.role,
        "companyName": "Association Les Tilleuls",
        "emailAddresses": [{"name": other.name, "address": other.address}],
    }


def _tasks(member: Member) -> list[Json]:
    pattern = {
        "type": "weekly",
        "interval": 1,
        "month": 0,
        "dayOfMonth": 0,
        "daysOfWeek": ["friday"],
        "firstDayOfWeek": "monday",
        "index": "first",
    }
    range_ = {
        "type": "noEnd",
        "startDate": "2026-11-27",
        "endDate": "0001-01-01",
        "recurrenceTimeZone": PARIS,
        "numberOfOccurrences": 0,
    }
    made = "2026-11-02T09:00:00Z"
    items = ("Convoquer le bureau", "Relire les comptes")
    checklist = [
        {"id": f"check-{number}", "displayName": text, "isChecked": number == 0, "createdDateTime": made}
        for number, text in enumerate(items)
    ]
    return [
        _task(member, "Appeler le traiteur", dueDateTime=_midnight("2026-12-03"), importance="high"),
        _task(member, "Ranger la réserve", status="completed", completedDateTime=_midnight("2026-11-20")),
        _task(
            member,
            "Relever la boîte aux lettres",
            dueDateTime=_midnight("2026-11-26"),
            recurrence={"pattern": pattern, "range": range_},
        ),
        _task(
            member,
            "Préparer l'assemblée",
            checklistItems=checklist,
            categories=["À faire"],
            isReminderOn=True,
            reminderDateTime={"dateTime": "2026-12-01T08:00:00.0000000", "timeZone": "UTC"},
            body={"contentType": "text", "content": "Voir la liste.\r\n"},
            linkedResources=[
                {
                    "id": "link-1",
                    "webUrl": "https://example.org/",
                    "applicationName": "Outlook",
                    "displayName": "Lettre",
                }
            ],
            attachments=[_attachment()],
        ),
    ]


def _attachment() -> Json:
    return {
        "@odata.type": "#microsoft.graph.taskFileAttachment",
        "id": "file-1",
        "name": "note.txt",
        "contentType": "text/plain",
        "size": 5,
        "lastModifiedDateTime": "2026-11-02T09:00:00Z",
        "contentBytes": base64.b64encode(b"note\n").decode(),
    }


def _midnight(day: str) -> Json:
    """A day as To Do keeps it: midnight in the mailbox's zone, in UTC; in winter 23 h the day before."""
    return {"dateTime": f"{day}T23:00:00.0000000", "timeZone": "UTC"}


def _task(member: Member, title: str, **more: Any) -> Json:
    return {"id": outlook_id(member, "task", title), "title": title, **more}


def _list(member: Member, name: str, tasks: list[Json], **more: Any) -> TaskList:
    return TaskList(resource={"id": outlook_id(member, "list", name), "displayName": name, **more}, tasks=tasks)
