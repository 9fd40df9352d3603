"""Where each kind of data lies in an export, whatever the language of its folder names.

Kinds are told by how deep a file lies and by its extension; names only where nothing else tells (``Drive`` is the
same in every language; the address book of all contacts has a name in each).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from connectors.takeout.members import Member

DRIVE = frozenset({"drive", "google drive"})
ALL_CONTACTS = frozenset(
    {
        "all contacts", "tous les contacts", "alle kontakte", "todos los contactos", "tutti i contatti",
        "todos os contatos", "todos os contactos", "alle contacten", "tots els contactes", "wszystkie kontakty",
    }
)  # fmt: skip
_NUMBERED = re.compile(r"^(?P<name>.*?)[ -]*-(?P<number>\d{3})$")


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _extension(member: Member) -> str:
    return member.path[-1].rpartition(".")[2].casefold()


def stem(member: Member) -> str:
    """The file's name without its extension."""
    return member.path[-1].rpartition(".")[0] or member.path[-1]


def mailboxes(members: Sequence[Member]) -> list[list[Member]]:
    """Mailbox files (``Takeout/Mail/….mbox``), those numbered ``-002``, ``-003``… with the one they continue.

    Mailboxes of Google Groups lie deeper and belong to no account.
    """
    found: dict[str, list[tuple[int, Member]]] = {}
    for member in members:
        if len(member.path) == 3 and _extension(member) == "mbox":
            match = _NUMBERED.match(stem(member))
            name, number = (match["name"], int(match["number"])) if match else (stem(member), 1)
            found.setdefault(name.rstrip(), []).append((number, member))
    return [
        [member for _, member in sorted(files, key=lambda file: (file[0], file[1].part))]
        for _, files in sorted(found.items())
    ]


def calendars(members: Sequence[Member]) -> list[Member]:
    """``Takeout/Calendar/<name>.ics``."""
    return sorted((m for m in members if len(m.path) == 3 and _extension(m) == "ics"), key=lambda m: m.path)


def contacts(members: Sequence[Member]) -> Member | None:
    """The one file that holds every contact: those of each label repeat its cards."""
    cards = [m for m in members if len(m.path) == 4 and _extension(m) == "vcf"]
    cards += [m for m in members if len(m.path) == 3 and _extension(m) == "vcf"]
    named = [m for m in cards if _folded(stem(m)) in ALL_CONTACTS]
    return max(named or cards, key=lambda m: m.size, default=None)


def task_candidates(members: Sequence[Member]) -> list[Member]:
    """JSON files at the place of ``Takeout/Tasks/Tasks.json``; what is in them tells."""
    found = [m for m in members if len(m.path) == 3 and _extension(m) == "json"]
    return sorted(found, key=lambda m: (_folded(m.path[-1]) != "tasks.json", m.path))


def drive(members: Sequence[Member]) -> Iterator[Member]:
    """Files below ``Takeout/Drive``."""
    return (m for m in members if len(m.path) > 2 and _folded(m.path[1]) in DRIVE)
