"""Folder names: from what goes over the wire to paths people read, and back; roles; hrefs.

Sources: RFC 3501 §5.1.3 (modified UTF-7), RFC 2342 (namespaces), RFC 6154 (special use), RFC 5092 (the shape
of the hrefs).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import quote, unquote

from imapclient import imap_utf7

from migrate.errors import NotFound, Rejected, Scope

INBOX = "INBOX"
ROLES = ("\\All", "\\Archive", "\\Drafts", "\\Flagged", "\\Important", "\\Junk", "\\Sent", "\\Trash")

# What people and clients call these folders where the server does not mark them, without accents or capitals.
# The first name of each row is the one given to a folder created without a path.
_USUAL_NAMES = {
    "\\Sent": (
        "sent", "sent items", "sent messages", "sent mail", "envoyes", "messages envoyes", "objets envoyes",
        "elements envoyes", "courrier envoye", "courriers envoyes",
    ),
    "\\Drafts": ("drafts", "draft", "brouillons", "brouillon"),
    "\\Trash": (
        "trash", "deleted items", "deleted messages", "deleted", "bin", "corbeille", "elements supprimes",
        "messages supprimes", "objets supprimes", "poubelle",
    ),
    "\\Junk": (
        "junk", "spam", "junk e-mail", "junk email", "junk mail", "bulk mail", "indesirables", "indesirable",
        "courrier indesirable", "pourriel", "pourriels",
    ),
    "\\Archive": ("archive", "archives"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Namespace:
    """Where a person's own folders lie: ``INBOX.`` on Courier, nothing on most others."""

    prefix: str
    separator: str


@dataclass(frozen=True, slots=True)
class Folder:
    """One line of LIST. ``wire`` is the name as the server writes it, in modified UTF-7."""

    wire: str
    path: tuple[str, ...]
    role: str = ""
    selectable: bool = True


def decode(wire: str) -> str:
    """A wire name as people read it; a name that is not valid modified UTF-7 is left as it is."""
    try:
        return str(imap_utf7.decode(wire.encode("ascii")))
    except UnicodeError:
        return wire


def path_of(wire: str, namespace: Namespace) -> tuple[str, ...]:
    """The path of a folder, without the namespace's prefix."""
    if wire.upper() == INBOX:
        return (INBOX,)
    if namespace.prefix and wire.startswith(namespace.prefix):
        wire = wire[len(namespace.prefix) :]
    parts = wire.split(namespace.separator) if namespace.separator else [wire]
    if parts[0].upper() == INBOX:
        parts[0] = INBOX
    return tuple(decode(part) for part in parts)


def wire_of(path: tuple[str, ...], namespace: Namespace) -> str:
    """The wire name for a path. Raises Rejected when no folder can have it.

    Where the prefix is ``INBOX.``, what lies below INBOX and what lies at the top are the same folders.
    """
    if path == (INBOX,):
        return INBOX
    if not path or any(not name or (namespace.separator and namespace.separator in name) for name in path):
        raise Rejected("a folder name is empty or holds the server's separator", scope=Scope.COLLECTION)
    try:
        parts = [imap_utf7.encode(name).decode("ascii") for name in path]
    except UnicodeError as error:
        raise Rejected("a folder name holds characters without a Unicode value", scope=Scope.COLLECTION) from error
    prefix = "" if path[0] == INBOX else namespace.prefix
    return prefix + namespace.separator.join(parts)


def role_of(flags: Iterable[str]) -> str:
    """The special use among LIST flags, in the spelling of RFC 6154."""
    by_lower = {role.lower(): role for role in ROLES}
    return next((by_lower[flag.lower()] for flag in flags if flag.lower() in by_lower), "")


def with_usual_roles(folders: list[Folder]) -> list[Folder]:
    """The folders, with roles given by name where the server gives none; one folder a role."""
    taken = {folder.role for folder in folders}
    chosen: dict[str, str] = {}
    for role, usual in _USUAL_NAMES.items():
        if role in taken:
            continue
        ranks = {name: rank for rank, name in enumerate(usual)}
        named = [(ranks[_plain(f)], f.wire) for f in folders if not f.role and f.selectable and _plain(f) in ranks]
        if named:
            chosen[min(named)[1]] = role
    return [replace(folder, role=chosen.get(folder.wire, folder.role)) for folder in folders]


def usual_name(role: str) -> str:
    """The English name of a role, for a folder created without a path."""
    return role.lstrip("\\").capitalize()


def _plain(folder: Folder) -> str:
    """The name of a top folder (or one right below INBOX) without accents or capitals; empty for the others."""
    path = folder.path[1:] if len(folder.path) == 2 and folder.path[0] == INBOX else folder.path
    if len(path) != 1:
        return ""
    decomposed = unicodedata.normalize("NFKD", path[0].casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c)).strip()


def folder_href(wire: str) -> str:
    """The href of a folder."""
    return quote(wire, safe="")


def folder_of(href: str) -> str:
    """The wire name in a folder's href."""
    return unquote(href)


def message_href(wire: str, uidvalidity: int, uid: int) -> str:
    """The href of a message; it dies with its UIDVALIDITY."""
    return f"{folder_href(wire)};UIDVALIDITY={uidvalidity};UID={uid}"


def message_of(href: str) -> tuple[str, int, int]:
    """Folder, UIDVALIDITY and UID of a message's href. Raises NotFound when it is not one of ours."""
    parts = href.split(";")
    try:
        folder, validity, uid = parts
        return folder_of(folder), int(validity.removeprefix("UIDVALIDITY=")), int(uid.removeprefix("UID="))
    except ValueError as error:
        raise NotFound("not the href of a message") from error
