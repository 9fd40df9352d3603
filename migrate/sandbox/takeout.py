"""Google Takeout archives of one account of the sandbox's association, as a member would download them.

Known from exports that people described: the folders, the numbered parts, the mbox (:mod:`takeout_mail`), one .ics
a calendar, cards without UID that each label's folder repeats, nested task lists, the Drive tree of owned files.
Not known, and chosen here: the French names of the calendar and task folders, what stands for letters that file
names may not hold (``_``), and that birthdays, bin, forms, shortcuts and empty folders are left out.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TypeVar

from migrate.sandbox.association import documents, nodes
from migrate.sandbox.takeout_mail import mbox
from migrate.sandbox.takeout_parts import Parts
from migrate.sandbox.takeout_pim import calendars, cards, tasks
from migrate.sandbox.world import Bytes, DriveNode, GoogleAccount, World

T = TypeVar("T")

MADE = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
"""When the archives were asked for."""
PART_BYTES = 2 * 1024**3


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Names of folders and files in one language."""

    mail: str = "Mail"
    all_mail: str = "All mail Including Spam and Trash"
    calendar: str = "Calendar"
    contacts: str = "Contacts"
    all_contacts: str = "All Contacts"
    my_contacts: str = "My Contacts"
    tasks: str = "Tasks"
    my_tasks: str = "My Tasks"
    drive: str = "Drive"
    title: str = "Google data archive of"


WORDS: Mapping[str, Words] = {
    "en": Words(),
    "fr": Words(
        all_mail="Tous les messages, y compris ceux du dossier Spam ",
        calendar="Agenda",
        all_contacts="Tous les contacts",
        my_contacts="Mes contacts",
        tasks="Tasks",
        my_tasks="Mes tâches",
        title="Archive des données Google de",
    ),
}

_EXPORTED = {
    nodes.DOCUMENT: (documents.DOCX, ".docx"),
    nodes.SHEET: (documents.XLSX, ".xlsx"),
    nodes.SLIDES: (documents.PPTX, ".pptx"),
    nodes.DRAWING: (documents.SVG, ".svg"),
}
_REPLACED = str.maketrans(dict.fromkeys('<>:"/\\|?*%', "_"))


def write_archives(
    world: World,
    address: str,
    directory: Path,
    *,
    language: str = "en",
    part_bytes: int = PART_BYTES,
    kind: str = "zip",
    made: datetime = MADE,
) -> list[Path]:
    """Write the archive of one account into ``directory`` and return its parts in order.

    ``part_bytes`` counts bytes before compression; a part holds at least one file or one message however large.
    ``kind`` is ``zip`` or ``tgz``. The same arguments give the same bytes. Raises KeyError for an unknown account or
    language, ValueError for an unknown kind.
    """
    account, words = world.google[address.lower()], WORDS[language]
    directory.mkdir(parents=True, exist_ok=True)
    with Parts(directory, made, kind, part_bytes) as parts:
        parts.add("Takeout/archive_browser.html", _browser(account, language), made)
        if _estimate(account) > part_bytes:
            parts.turn()
        if account.messages:
            _write_mail(parts, account, language, made)
        for name, body, modified in chain(_pim(account, words, made), _drive(account, words)):
            parts.add(f"Takeout/{name}", body(), modified)
        return parts.paths


def _estimate(account: GoogleAccount) -> int:
    blobs = sum(int(node.resource.get("size", 0)) for node in account.files)
    return blobs + sum(message.size_estimate for message in account.messages)


def _write_mail(parts: Parts, account: GoogleAccount, language: str, made: datetime) -> None:
    """One mbox, cut between messages at the end of a part; the piece of part 2 ends in ``-002`` and so on."""
    words = WORDS[language]
    waiting = _Waiting(mbox(account, language))
    while waiting:
        if not parts.room(len(waiting.first)):
            parts.turn()
        number = f"-{parts.number:03d}" if parts.number > 1 else ""
        parts.stream(f"Takeout/{words.mail}/{words.all_mail}{number}.mbox", waiting.taken(parts), made)


class _Waiting:
    """Messages still to be written, the next of them at hand."""

    def __init__(self, messages: Iterator[bytes]) -> None:
        self._messages = messages
        self.first = next(messages, b"")

    def __bool__(self) -> bool:
        return bool(self.first)

    def taken(self, parts: Parts) -> Iterator[bytes]:
        """Messages for the open part, until the next one has no room in it."""
        written = 0
        while self.first and (written == 0 or parts.room(len(self.first), written)):
            written += len(self.first)
            yield self.first
            self.first = next(self._messages, b"")


_File = tuple[str, Bytes, datetime]
"""A path below ``Takeout``, its bytes, and its date."""


def _pim(account: GoogleAccount, words: Words, made: datetime) -> Iterator[_File]:
    if not account.calendars:
        return
    for name, body in _distinct((name, ".ics", body) for name, body in calendars(account)):
        yield f"{words.calendar}/{name}", partial(bytes, body), made
    for group, body in cards(words.all_contacts, words.my_contacts):
        yield f"{words.contacts}/{group}/{group}.vcf", partial(bytes, body), made
    lists = tasks(account.address, words.my_tasks)
    yield f"{words.tasks}/Tasks.json", partial(bytes, lists), made


def _drive(account: GoogleAccount, words: Words) -> Iterator[_File]:
    """Owned files outside the bin, below the names of their folders; what lost its folder lies at the top."""
    owned = [node for node in account.files if node.resource["ownedByMe"] and not node.resource["trashed"]]
    folders = {node.resource["id"] for node in owned if node.resource["mimeType"] == nodes.FOLDER}
    children: dict[str, list[DriveNode]] = {}
    for node in owned:
        parent = next(iter(node.resource.get("parents", ())), "")
        children.setdefault(parent if parent in folders else "", []).append(node)
    yield from _folder(children, "", words.drive)


def _folder(children: Mapping[str, list[DriveNode]], identifier: str, path: str) -> Iterator[_File]:
    named = _distinct((*_file_name(node), node) for node in children.get(identifier, ()) if _written(node))
    for name, node in named:
        if node.resource["mimeType"] == nodes.FOLDER:
            yield from _folder(children, node.resource["id"], f"{path}/{name}")
        else:
            yield f"{path}/{name}", _bytes(node), datetime.fromisoformat(node.resource["modifiedTime"])


def _written(node: DriveNode) -> bool:
    kind = node.resource["mimeType"]
    return kind == nodes.FOLDER or kind in _EXPORTED or node.content is not None


def _bytes(node: DriveNode) -> Bytes:
    return node.content or node.exports[_EXPORTED[node.resource["mimeType"]][0]]


def _file_name(node: DriveNode) -> tuple[str, str]:
    """Title and extension, as a file system takes them."""
    name, kind = str(node.resource["name"]), node.resource["mimeType"]
    if kind in _EXPORTED:
        return name, _EXPORTED[kind][1]
    stem, dot, ending = name.rpartition(".")
    return (stem, dot + ending) if stem and kind != nodes.FOLDER else (name, "")


def _distinct(named: Iterable[tuple[str, str, T]]) -> Iterator[tuple[str, T]]:
    """Names of one folder: the second of a name gets ``(1)`` before its extension."""
    taken: set[str] = set()
    for stem, extension, value in named:
        stem, extension = stem.translate(_REPLACED), extension.translate(_REPLACED)
        name, number = stem + extension, 0
        while name in taken or name in {"", ".", ".."}:
            number += 1
            name = f"{stem}({number}){extension}"
        taken.add(name)
        yield name, value


def _browser(account: GoogleAccount, language: str) -> bytes:
    """The index that a person opens first. It tells whose archive it is."""
    title = f"{WORDS[language].title} {account.address}"
    page = (
        f'<!DOCTYPE html>\n<html lang="{language}"><head><meta charset="utf-8">'
        f"<title>{html.escape(title)}</title></head>"
        f'<body><h1 class="header_title">{html.escape(title)}</h1></body></html>\n'
    )
    return page.encode()
