"""A member's mailbox at Microsoft: the same letters as at Google, in folders instead of under labels."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from migrate.sandbox.association.letters import INVITATION, Letter, special_letters
from migrate.sandbox.association.mail import USER_LABELS, ordinary_letters
from migrate.sandbox.association.people import Member
from migrate.sandbox.tenant import Json, MailFolder, OutlookMessage

ROOT = "msgfolderroot"
_WELL_KNOWN = {
    "inbox": "Boîte de réception",
    "drafts": "Brouillons",
    "sentitems": "Éléments envoyés",
    "deleteditems": "Éléments supprimés",
    "junkemail": "Courrier indésirable",
    "archive": "Archive",
    "outbox": "Boîte d'envoi",
    "conversationhistory": "Historique des conversations",
}
_PLACES = {"SENT": "sentitems", "DRAFT": "drafts", "SPAM": "junkemail", "TRASH": "deleteditems", "INBOX": "inbox"}
"""Gmail's system labels and where their letters lie; a letter without any is archived."""
_NESTED = {
    "Projets": ("Projets",),
    "Projets/2026": ("Projets", "2026"),
    "Projets/2026/Subvention": ("Projets", "2026", "Subvention"),
    "Formation/2026/PSC1": ("Formation", "2026", "PSC1"),
}
"""Labels that are paths. In any other, a stroke is part of the folder's name, as Outlook allows."""


def outlook_id(member: Member, kind: str, key: str) -> str:
    """An id, the same for the same member, kind and key, in the shape of an immutable one."""
    digest = hashlib.sha256(f"outlook/{member.login}/{kind}/{key}".encode()).hexdigest()
    return f"AAkALg{digest[:48]}"


def folders(member: Member) -> list[MailFolder]:
    """Exchange's own folders, a hidden one, a search folder, and those the letters lie in."""
    made = [MailFolder(resource={"id": _id(member, ROOT), "displayName": "Racine"}, well_known=ROOT)]
    made += [_folder(member, name, _WELL_KNOWN[name], ROOT, well_known=name) for name in _WELL_KNOWN]
    made += [
        _folder(member, "hidden", "Conversation Action Settings", ROOT, isHidden=True),
        _folder(
            member,
            "search",
            "Courrier non lu",
            ROOT,
            **{"@odata.type": "#microsoft.graph.mailSearchFolder"},
            isSupported=True,
            includeNestedFolders=True,
            sourceFolderIds=[_id(member, "inbox")],
            filterQuery="isRead eq false",
        ),
    ]
    known = {found.resource["id"] for found in made}
    for path in map(_path, USER_LABELS):
        for depth in range(1, len(path) + 1):
            key, parent = "/".join(path[:depth]), "/".join(path[: depth - 1]) or ROOT
            if _id(member, key) not in known:
                known.add(_id(member, key))
                made.append(_folder(member, key, path[depth - 1], parent))
    return made


def messages(member: Member, count: int) -> list[OutlookMessage]:
    """The member's mailbox, newest first. Chats are no mail at Microsoft, and are left out."""
    special = [letter for letter in special_letters(member) if "CHAT" not in letter.labels]
    letters = [*special, *ordinary_letters(member, count - len(special))]
    made = [_message(member, number, letter) for number, letter in enumerate(letters)]
    return sorted(made, key=lambda message: message.received, reverse=True)


def _message(member: Member, number: int, letter: Letter) -> OutlookMessage:
    labels = [name for name in letter.labels if not _is_system(name)]
    place = next((_PLACES[name] for name in ("SENT", "DRAFT", "SPAM", "TRASH") if name in letter.labels), "")
    if not place:
        place = "/".join(_path(labels[0])) if labels else _PLACES["INBOX"] if "INBOX" in letter.labels else "archive"
    resource: Json = {"isRead": "UNREAD" not in letter.labels, "categories": labels[1:]}
    if "STARRED" in letter.labels:
        resource["flag"] = {"flagStatus": "flagged"}
    if "IMPORTANT" in letter.labels:
        resource["importance"] = "high"
    if "DRAFT" in letter.labels:
        resource["isDraft"] = True
    if letter.thread == INVITATION:
        resource["@odata.type"] = "#microsoft.graph.eventMessageRequest"
    return OutlookMessage(
        id=outlook_id(member, "message", str(number)),
        folder=_id(member, place),
        received=letter.date,
        raw=letter.raw,
        size=letter.size,
        resource=resource,
        last_verb=(102 if letter.thread and number % 2 else 104 if "Relances" in labels else None),
    )


def _is_system(label: str) -> bool:
    return label.isupper() and label.isascii()


def _path(label: str) -> Sequence[str]:
    return _NESTED.get(label, (label,))


def _id(member: Member, key: str) -> str:
    return outlook_id(member, "folder", key)


def _folder(member: Member, key: str, name: str, parent: str, well_known: str = "", **more: object) -> MailFolder:
    resource: Json = {"id": _id(member, key), "displayName": name, "parentFolderId": _id(member, parent), **more}
    return MailFolder(resource=resource, well_known=well_known)
