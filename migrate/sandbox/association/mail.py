"""Mailboxes: the special letters of each member, then as many ordinary ones as the profile asks for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random

from migrate.sandbox.association import documents, mime, texts
from migrate.sandbox.association.letters import Letter, envelope, special_letters
from migrate.sandbox.association.people import Member
from migrate.sandbox.association.planted import planted_letters
from migrate.sandbox.world import Json, Message

USER_LABELS = (
    "Projets",
    "Projets/2026",
    "Projets/2026/Subvention",
    "M. Quentin Dubreuil",
    "CA 2025/2026 — PV",
    "Adhérents 🌳",
    "Notes de frais.2026",
    "Formation/2026/PSC1",
    "Relances",
    "À faire",
    "Sans message",
)
"""``Formation`` and ``CA 2025`` exist only as the beginning of longer names, as Gmail allows."""

_LABEL_IDS = {name: f"Label_{number}" for number, name in enumerate(USER_LABELS, 1)}
_ORDINARY = (
    ("INBOX",),
    ("INBOX", "UNREAD"),
    ("SENT",),
    (),
    ("Projets",),
    ("Projets/2026",),
    ("Relances", "À faire"),
    ("INBOX", "STARRED", "Adhérents 🌳"),
    ("CATEGORY_UPDATES",),
    ("IMPORTANT", "M. Quentin Dubreuil"),
)
_FIRST = datetime(2004, 1, 5, 8, tzinfo=UTC)
_SPAN = timedelta(days=8300)
_TEMPLATES = 40
_ATTACHED = (documents.PDF, documents.ODT, documents.CSV, documents.PNG)


def labels() -> list[Json]:
    """The user labels of one mailbox, as ``users.labels`` resources."""
    return [
        {
            "id": identifier,
            "name": name,
            "type": "user",
            "messageListVisibility": "show",
            "labelListVisibility": "labelShow",
        }
        for name, identifier in _LABEL_IDS.items()
    ]


def messages(member: Member, count: int) -> list[Message]:
    """The member's mailbox, newest first: all special letters, then ordinary ones up to ``count``."""
    special = [*special_letters(member), *planted_letters(member)]
    letters = [*special, *ordinary_letters(member, count - len(special))]
    letters.sort(key=lambda letter: letter.date)
    return list(reversed(list(_numbered(letters))))


def ordinary_letters(member: Member, count: int) -> Iterator[Letter]:
    """Letters whose bytes are made when read; about one in ten carries a document."""
    for number in range(count):
        when = _FIRST + _SPAN * number / max(count, 1)
        labels_ = _ORDINARY[number % len(_ORDINARY)]
        raw = partial(_ordinary, member, number, when, "SENT" in labels_)
        yield Letter(date=when, labels=labels_, raw=raw, size=_ordinary_size(number), thread=f"fil {number // 3}")


def _ordinary(member: Member, number: int, when: datetime, sent: bool) -> bytes:
    subject = f"{texts.TOPICS[number % len(texts.TOPICS)]} ({number})"
    headers = envelope(member, when.replace(microsecond=0), subject, f"o{number}", sent=sent)
    part = mime.plain(_body(number))
    if number % 10 == 9:
        part = mime.multipart("mixed", [part, _document(number)])
    return mime.message(headers, part)


def _body(number: int) -> str:
    rng = Random(f"body/{number % _TEMPLATES}")
    return f"Lettre {number}.\n\n" + texts.paragraphs(rng, 1 + number % 5)


def _document(number: int) -> mime.Part:
    media_type = _ATTACHED[number // 10 % len(_ATTACHED)]
    variant = number // 40 % documents.VARIANTS
    return mime.attachment(f"piece-{number}.bin", media_type, documents.variant(media_type, variant))


def _ordinary_size(number: int) -> int:
    """An estimate, as Gmail's own is."""
    size = 700 + 220 * (1 + number % 5)
    if number % 10 == 9:
        variant = number // 40 % documents.VARIANTS
        size += documents.variant_digests(_ATTACHED[number // 10 % len(_ATTACHED)], variant).size * 78 // 57
    return size


def _numbered(letters: Iterable[Letter]) -> Iterator[Message]:
    """Ids that grow with time, as Gmail's do; a thread has the id of its first message."""
    threads: dict[str, str] = {}
    for number, letter in enumerate(letters):
        milliseconds = round(letter.date.timestamp() * 1000)
        identifier = f"{(milliseconds << 20) | (number & 0xFFFFF):016x}"
        thread = threads.setdefault(letter.thread, identifier) if letter.thread else identifier
        yield Message(
            id=identifier,
            thread_id=thread,
            label_ids=tuple(_LABEL_IDS.get(name, name) for name in letter.labels),
            internal_date_ms=milliseconds,
            size_estimate=letter.size,
            raw=letter.raw,
        )
