"""The association's tenant at Microsoft: three members and a shared mailbox."""

from __future__ import annotations

import hashlib

from migrate.sandbox.association import onedrive, outlook_calendar, outlook_mail, outlook_people
from migrate.sandbox.association.people import DOMAIN, MICROSOFT_MEMBERS, PSYCHOLOGIST, Member
from migrate.sandbox.tenant import Json, MicrosoftAccount, Tenant

BOX = Member(login="accueil", name="Accueil", role="boîte partagée")
"""A shared mailbox: no person, no licence, no drive; nobody's row in the accounts file."""


def tenant(*, messages: int, events: int, files: int) -> Tenant:
    """The tenant at the sizes of a profile."""
    people = [_account(member, messages, events, files) for member in MICROSOFT_MEMBERS]
    box = MicrosoftAccount(
        user=_user(BOX),
        settings=_settings(BOX),
        folders=outlook_mail.folders(BOX),
        delegates=frozenset({PSYCHOLOGIST.address}),
    )
    group_id = _guid("group")
    group: Json = {
        "id": group_id,
        "displayName": "Bureau",
        "mail": f"bureau@{DOMAIN}",
        "groupTypes": ["Unified"],
        "mailEnabled": True,
        "securityEnabled": False,
        "createdDateTime": "2024-01-08T08:00:00Z",
    }
    return Tenant(
        domain=DOMAIN,
        accounts={account.address: account for account in (*people, box)},
        groups=[group],
        members={group_id: [member.address for member in MICROSOFT_MEMBERS]},
        sites=onedrive.sites(),
    )


def _account(member: Member, messages: int, events: int, files: int) -> MicrosoftAccount:
    return MicrosoftAccount(
        user=_user(member),
        settings=_settings(member),
        folders=outlook_mail.folders(member),
        messages=outlook_mail.messages(member, messages),
        calendar_groups=[{"id": outlook_mail.outlook_id(member, "group", "own"), "name": "Mes calendriers"}],
        calendars=outlook_calendar.calendars(member, events),
        categories=outlook_calendar.categories(member),
        contact_folders=outlook_people.contact_folders(member),
        task_lists=outlook_people.task_lists(member),
        drive=onedrive.drive(member, files),
    )


def _user(member: Member) -> Json:
    given, _, family = member.name.partition(" ")
    return {
        "id": _guid(member.login),
        "userPrincipalName": member.address,
        "mail": member.address,
        "displayName": member.name,
        "givenName": given,
        "surname": family or None,
        "jobTitle": member.role,
        "accountEnabled": member is not BOX,
        "userType": "Member",
        "proxyAddresses": [f"SMTP:{member.address}"],
        "preferredLanguage": "fr-FR",
    }


def _settings(member: Member) -> Json:
    return {
        "timeZone": outlook_calendar.PARIS,
        "language": {"locale": "fr-FR", "displayName": "français (France)"},
        "dateFormat": "dd/MM/yyyy",
        "timeFormat": "HH:mm",
        "userPurpose": "shared" if member is BOX else "user",
        "archiveFolder": outlook_mail.outlook_id(member, "folder", "archive"),
    }


def _guid(key: str) -> str:
    digest = hashlib.sha256(f"tilleuls/{key}".encode()).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}"
