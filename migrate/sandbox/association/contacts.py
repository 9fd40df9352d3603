"""Contacts and tasks of "Les Tilleuls" at Google: everyday ones, and those that are hard to move. All invented."""

from __future__ import annotations

import hashlib
from typing import Any

from migrate.sandbox.association.people import MEMBERS, Member
from migrate.sandbox.world import Json, TaskList

GROUPS = {"contactGroups/benevoles": "Bénévoles", "contactGroups/partenaires": "Partenaires, élus"}
PHOTO = "portrait.png"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc000000301"
    "0100c9fe92ef0000000049454e44ae426082"
)
"""One pixel."""


def _id(member: Member, word: str) -> str:
    return hashlib.sha256(f"{member.login}/{word}".encode()).hexdigest()[:12]


def _person(member: Member, word: str, **fields: Any) -> Json:
    identifier = _id(member, word)
    source = {"type": "CONTACT", "id": identifier, "etag": "#1", "updateTime": "2026-01-05T08:00:00Z"}
    return {
        "resourceName": f"people/c{int(identifier, 16)}",
        "etag": f"%{identifier}",
        "metadata": {"objectType": "PERSON", "sources": [source]},
        **fields,
    }


def _name(given: str, family: str) -> Json:
    return {"names": [{"displayName": f"{given} {family}", "givenName": given, "familyName": family}]}


def _member_of(*groups: str) -> list[Json]:
    return [{"contactGroupMembership": {"contactGroupResourceName": group}} for group in groups]


def contacts(member: Member) -> list[Json]:
    """The other members, and cards with every kind of field."""
    colleagues = [
        _person(
            member,
            other.login,
            **_name(*other.name.split(" ", 1)),
            emailAddresses=[{"value": other.address, "type": "work", "metadata": {"primary": True}}],
            organizations=[{"name": "Association Les Tilleuls", "title": other.role}],
            memberships=_member_of("contactGroups/myContacts"),
        )
        for other in MEMBERS
        if other is not member
    ]
    return [*colleagues, *_hard(member)]


def _hard(member: Member) -> list[Json]:
    voluntary, elected = GROUPS
    return [
        _person(
            member,
            "complet",
            names=[
                {
                    "displayName": "Dr Zoé de l'Étang-Noir",
                    "givenName": "Zoé",
                    "familyName": "de l'Étang-Noir",
                    "honorificPrefix": "Dr",
                    "phoneticFamilyName": "deletannoir",
                }
            ],
            nicknames=[{"value": "Zozo; l'amie"}],
            phoneNumbers=[
                {"value": "+33 1 99 00 12 34", "type": "work"},
                {"value": "+33 6 39 98 00 00", "type": "Astreinte", "formattedType": "Astreinte, nuit"},
            ],
            addresses=[
                {
                    "streetAddress": "12, rue des Tilleuls\nBât. B",
                    "city": "Lille",
                    "postalCode": "59000",
                    "country": "France",
                    "type": "home",
                    "formattedValue": "12, rue des Tilleuls\nBât. B\n59000 Lille",
                }
            ],
            birthdays=[{"date": {"month": 2, "day": 29}}],
            events=[
                {"date": {"year": 2011, "month": 6, "day": 18}, "type": "anniversary"},
                {"date": {"year": 2020, "month": 9, "day": 1}, "type": "Arrivée", "formattedType": "Arrivée"},
            ],
            relations=[{"person": "Ali Noir", "type": "spouse"}, {"person": "Mme Roy", "type": "assistant"}],
            biographies=[{"value": "Première ligne\nseconde ligne", "contentType": "TEXT_PLAIN"}],
            urls=[{"value": "https://etang.example/zoe", "type": "homePage"}],
            imClients=[{"username": "zoe@chat.example", "protocol": "jabber"}],
            userDefined=[{"key": "Permis", "value": "B"}],
            photos=[{"url": PHOTO, "metadata": {"primary": True}}],
            memberships=_member_of(voluntary, elected, "contactGroups/starred"),
        ),
        _person(member, "sans-nom", emailAddresses=[{"value": "accueil@mairie.example"}]),
        _person(
            member,
            "societe",
            organizations=[
                {"name": "Imprimerie Dubois", "department": "Devis", "title": "Responsable"},
                {"name": "Chambre des métiers", "title": "Élue"},
            ],
            memberships=_member_of(elected),
        ),
    ]


def other_contacts(member: Member) -> list[Json]:
    """Addresses that Gmail collected by itself."""
    person = _person(member, "collecte", emailAddresses=[{"value": "inconnu@fournisseur.example"}])
    source = {"type": "OTHER_CONTACT", "id": _id(member, "collecte")}
    return [person | {"resourceName": f"otherContacts/c{_id(member, 'collecte')}", "metadata": {"sources": [source]}}]


def contact_groups() -> list[Json]:
    """The groups that each member made."""
    return [
        {"resourceName": name, "name": words, "groupType": "USER_CONTACT_GROUP", "memberCount": 1}
        for name, words in GROUPS.items()
    ]


def task_lists(member: Member) -> list[TaskList]:
    """Two lists: open, finished and hidden tasks, a subtask, one that came from a mail, one that was deleted."""
    done = {"status": "completed", "completed": "2026-01-10T09:30:00.000Z"}
    link = {"type": "email", "description": "Devis", "link": "https://mail.google.com/mail/#all/1"}
    tasks = [
        _task(member, "budget", "Préparer le budget ; version 2", due="2026-04-01T00:00:00.000Z"),
        _task(member, "devis", "Demander trois devis", parent=_id(member, "budget"), links=[link]),
        _task(member, "cles", "Rendre les clés", **done),
        _task(
            member,
            "ag",
            "Convoquer l'assemblée",
            hidden=True,
            notes="Quinze jours avant,\navec l'ordre du jour",
            **done,
        ),
        _task(member, "oubli", "Tâche effacée", deleted=True),
    ]
    return [
        TaskList(resource=_list(member, "taches", "Mes tâches"), tasks=tasks),
        TaskList(resource=_list(member, "courses", "Courses / goûter"), tasks=[_task(member, "jus", "Jus de pomme")]),
    ]


def _list(member: Member, word: str, title: str) -> Json:
    return {"id": _id(member, word), "etag": '"1"', "title": title, "updated": "2026-01-15T08:00:00.000Z"}


def _task(member: Member, word: str, title: str, **fields: Any) -> Json:
    return {
        "id": _id(member, word),
        "etag": '"1"',
        "title": title,
        "updated": "2026-01-15T08:00:00.000Z",
        "position": "00000000000000000001",
        "status": "needsAction",
        **fields,
    }
