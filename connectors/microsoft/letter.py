"""The letter to a tenant's administrator: what the association asks for, where it is granted, how it ends. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Set

from connectors.microsoft.check import consent_address
from connectors.microsoft.settings import APPLICATION, DELEGATED, IDENTITY, Settings
from migrate.model import Service

_SERVICES: Mapping[str, Mapping[Service, str]] = {
    "en": {
        Service.MAIL: "the messages of the mailboxes that move",
        Service.CALENDAR: "their calendars",
        Service.CONTACTS: "their address books",
        Service.TASKS: "their task lists",
        Service.FILES: "the files of their OneDrive and of the SharePoint libraries that move",
    },
    "fr": {
        Service.MAIL: "les messages des boîtes qui déménagent",
        Service.CALENDAR: "leurs agendas",
        Service.CONTACTS: "leurs carnets d'adresses",
        Service.TASKS: "leurs listes de tâches",
        Service.FILES: "les fichiers de leur OneDrive et des bibliothèques SharePoint qui déménagent",
    },
}
_TEXT = {
    "en": """# {association}: read access for a migration

To the administrator of the Microsoft 365 tenant `{tenant}`

{association} moves its data to servers of its own choice. The program that copies it only reads: it asks for no
permission to write, to send or to delete.

**Application**: `{client_id}` · **kind of permission**: {kind}

| permission | it reads |
| --- | --- |
{rows}

**To consent** (Cloud application administrator or above), open this address, look at the list and accept:

{address}

{narrow}

**To end it** after the migration: Entra admin center, Enterprise applications, this application, Properties, Delete.
Until then, what it reads can be followed there under Sign-in logs, and in the tenant's audit log.
""",
    "fr": """# {association} : accès en lecture pour une migration

À l'administrateur ou l'administratrice du locataire Microsoft 365 `{tenant}`

{association} déménage ses données vers des serveurs de son choix. Le programme qui les copie ne fait que lire : il ne
demande aucun droit d'écrire, d'envoyer ou de supprimer.

**Application** : `{client_id}` · **sorte de permission** : {kind}

| permission | ce qui est lu |
| --- | --- |
{rows}

**Pour consentir** (rôle Administrateur d'application cloud ou plus), ouvrir cette adresse, relire la liste, accepter :

{address}

{narrow}

**Pour y mettre fin** après la migration : centre d'administration Entra, Applications d'entreprise, cette application,
Propriétés, Supprimer. D'ici là, ses lectures se suivent dans ses journaux de connexion et dans le journal d'audit.
""",
}
_KIND = {
    "en": {True: "application (with a certificate)", False: "delegated (each person signs in)"},
    "fr": {True: "application (avec un certificat)", False: "déléguée (chaque personne se connecte)"},
}
_NARROW = {
    "en": {
        True: "**Rather less?** The consent opens every mailbox. To open chosen ones alone, do not consent to the "
        "permissions of mailboxes here: grant them with RBAC for Applications in Exchange, and SharePoint sites with "
        "Sites.Selected. Every step is in the program's document `docs/microsoft.md`.",
        False: "Each person sees their own data alone: without your consent they are asked, or refused, one by one.",
    },
    "fr": {
        True: "**Moins large ?** Ce consentement ouvre toutes les boîtes. Pour n'en ouvrir que certaines, ne pas "
        "consentir ici aux permissions des boîtes : les accorder dans Exchange par RBAC for Applications, et les sites "
        "SharePoint par Sites.Selected. Chaque étape est dans le document du programme `docs/fr/microsoft.md`.",
        False: "Chaque personne n'ouvre que ses propres données : sans ce consentement, la demande lui est faite, ou "
        "refusée, une par une.",
    },
}


def letter(settings: Settings, services: Set[Service], language: str, association: str) -> str:
    """One page in Markdown; ``language`` is ``fr`` or ``en``."""
    permissions = APPLICATION if settings.app_only else DELEGATED
    rows = [
        f"| `{permissions[service]}` | {_SERVICES[language][service]} |" for service in Service if service in services
    ]
    if not settings.app_only:
        rows.append(f"| `{IDENTITY}` | {'who signs in' if language == 'en' else 'qui se connecte'} |")
    return _TEXT[language].format(
        association=association,
        tenant=settings.tenant,
        client_id=settings.client_id,
        kind=_KIND[language][settings.app_only],
        rows="\n".join(rows),
        address=consent_address(settings),
        narrow=_NARROW[language][settings.app_only],
    )
