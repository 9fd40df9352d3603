"""A member's OneDrive, and the association's SharePoint library."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import partial
from random import Random
from typing import Any

from migrate.sandbox.association import documents, texts
from migrate.sandbox.association.people import ACCOUNTANT, COORDINATOR, PSYCHOLOGIST, TREASURER, Member
from migrate.sandbox.tenant import Bytes, CloudDrive, CloudItem, Json, SharePointSite, Version

LIBRARY = "b!tilleuls-bureau"
_KINDS = (documents.PDF, documents.ODT, documents.DOCX, documents.XLSX, documents.CSV, documents.PNG, documents.TEXT)
_ENDS = {
    documents.PDF: "pdf",
    documents.ODT: "odt",
    documents.DOCX: "docx",
    documents.XLSX: "xlsx",
    documents.CSV: "csv",
    documents.PNG: "png",
    documents.TEXT: "txt",
}


class _Shelf:
    """Makes the items of one drive; each is known by a key."""

    def __init__(self, drive: str) -> None:
        self.drive = drive

    def id(self, key: str) -> str:
        return "01" + hashlib.sha256(f"{self.drive}/{key}".encode()).hexdigest()[:32].upper()

    def root(self) -> CloudItem:
        return CloudItem(resource={"id": self.id(""), "name": "root", "root": {}, "folder": {}})

    def folder(self, key: str, name: str, parent: str = "", **more: Any) -> CloudItem:
        permissions = more.pop("permissions", [])
        return CloudItem(resource=self._resource(key, name, parent, {"folder": {}, **more}), permissions=permissions)

    def file(self, key: str, name: str, media_type: str, content: Bytes, parent: str = "", **more: Any) -> CloudItem:
        versions = more.pop("versions", [])
        resource = self._resource(key, name, parent, {"file": {"mimeType": media_type}, **more})
        return CloudItem(resource=resource, content=content, versions=versions)

    def other(self, key: str, name: str, parent: str = "", **facets: Any) -> CloudItem:
        return CloudItem(resource=self._resource(key, name, parent, facets))

    def _resource(self, key: str, name: str, parent: str, more: Json) -> Json:
        draw = int(self.id(key)[2:6], 16)
        moment = f"2025-{draw % 12 + 1:02}-{draw % 28 + 1:02}T{draw % 24:02}:15:00Z"
        return {
            "id": self.id(key),
            "name": name,
            "parentReference": {"id": self.id(parent)},
            "createdDateTime": moment,
            "lastModifiedDateTime": moment,
            **more,
        }


def drive(member: Member, ordinary: int) -> CloudDrive:
    """The member's OneDrive."""
    shelf = _Shelf(f"b!{member.login}")
    items = [shelf.root(), *_usual(shelf, member), *_particular(shelf, member), *_ordinary(shelf, ordinary)]
    return CloudDrive(resource={"id": shelf.drive, "driveType": "business"}, items=items)


def sites() -> list[SharePointSite]:
    """One site with one library."""
    shelf = _Shelf(LIBRARY)
    rng = Random("library")
    record = texts.personal_record(rng).encode()
    items = [
        shelf.root(),
        shelf.folder("accounts", "Comptes"),
        shelf.file("budget", "Budget 2026.csv", documents.CSV, lambda: b"Poste;Montant\r\nLoyer;1200\r\n", "accounts"),
        shelf.folder("minutes", "Procès-verbaux"),
        shelf.file("pv", "PV du CA.pdf", documents.PDF, lambda: documents.pdf("Procès-verbal"), "minutes"),
        shelf.file("register", "Registre.txt", documents.TEXT, lambda: record, "minutes"),
    ]
    library = {"id": LIBRARY, "driveType": "documentLibrary", "name": "Documents partagés"}
    resource = {
        "id": "tilleuls.sharepoint.example,3a1f0c52-0000-4000-8000-000000000001,3a1f0c52-0000-4000-8000-000000000002",
        "name": "bureau",
        "displayName": "Bureau",
        "webUrl": "https://tilleuls.sharepoint.example/sites/bureau",
    }
    return [SharePointSite(resource=resource, libraries=[CloudDrive(resource=library, items=items)])]


def _usual(shelf: _Shelf, member: Member) -> Iterator[CloudItem]:
    rng = Random(f"onedrive/{member.login}")
    yield shelf.folder("documents", "Documents")
    yield shelf.file("empty", "Vide.txt", documents.TEXT, lambda: b"", "documents")
    notes = texts.paragraphs(rng, 2).encode()
    old = Version(
        resource={"id": "1.0", "size": 10, "lastModifiedDateTime": "2024-03-04T08:00:00Z"},
        content=lambda: b"Brouillon\n",
    )
    yield shelf.file("notes", "Notes — été.txt", documents.TEXT, lambda: notes, "documents", versions=[old])
    yield shelf.folder("nested", "Niveau 1 & plus", "documents")
    letter = documents.variant(documents.DOCX, 2)
    yield shelf.file("letter", "Lettre (copie).docx", documents.DOCX, lambda: letter, "nested")
    yield shelf.other("notebook", "Carnet de bord", package={"type": "oneNote"})


def _particular(shelf: _Shelf, member: Member) -> Iterator[CloudItem]:
    if member is PSYCHOLOGIST:
        # Shared across providers: its reader's own account is at Google.
        yield shelf.folder("common", "Projet commun", permissions=[_granted(ACCOUNTANT, "write")])
        yield shelf.file("plan", "Plan d'action.csv", documents.CSV, lambda: b"Action;Qui\r\n", "common")
        yield shelf.folder("team", "Équipe", permissions=[_granted(TREASURER, "read"), _linked()])
        yield shelf.file("photo", "Équipe.png", documents.PNG, lambda: documents.png(90), "team")
    if member is COORDINATOR:
        remote = {
            "id": _Shelf(LIBRARY).id("accounts"),
            "name": "Comptes",
            "folder": {"childCount": 1},
            "parentReference": {"driveId": LIBRARY, "driveType": "documentLibrary"},
        }
        yield shelf.other("shortcut", "Comptes (raccourci)", remoteItem=remote)
    if member is TREASURER:
        yield shelf.file(
            "malware",
            "Facture.exe",
            "application/octet-stream",
            lambda: b"MZ",
            malware={"description": "Win32/Exemple"},
        )
        big = partial(documents.noise, "onedrive", 1_500_000)
        yield shelf.file("big", "Fête.mp4", "video/mp4", big, size=1_500_000)


def _ordinary(shelf: _Shelf, count: int) -> Iterator[CloudItem]:
    for number in range(count):
        if number % 50 == 0:
            yield shelf.folder(f"f{number // 50}", f"Dossier {number // 50:03}", "documents")
        kind = _KINDS[number % len(_KINDS)]
        content = partial(documents.variant, kind, number // len(_KINDS) % documents.VARIANTS)
        yield shelf.file(f"o{number}", f"Document {number:05}.{_ENDS[kind]}", kind, content, f"f{number // 50}")


def _granted(reader: Member, role: str) -> Json:
    digest = hashlib.sha256(reader.login.encode()).hexdigest()
    person = {
        "user": {"id": f"00000000-0000-4000-8000-{digest[:12]}", "displayName": reader.name, "email": reader.address}
    }
    return {"id": f"grant-{digest[:12]}", "roles": [role], "grantedToV2": person, "grantedTo": person}


def _linked() -> Json:
    address = "https://tilleuls-my.sharepoint.example/:f:/g/personal/x"
    link = {"type": "view", "scope": "organization", "webUrl": address, "preventsDownload": False}
    return {"id": "link-organization", "roles": ["read"], "link": link}
