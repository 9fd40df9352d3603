"""Small synthetic items of each kind, for the contract suite and the tests of plugins."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from migrate.model import Entry, Item, NameRules

MAIL = "message/rfc822"
CALENDAR = "text/calendar"
VCARD = "text/vcard"
DATE = datetime(2019, 3, 31, 1, 30, 15, tzinfo=UTC)  # within an hour that European local time does not have
HARD_NAMES = {
    "accents": "Été à Liège – œuvres",
    "other scripts": "日本語 العربية",
    "emoji": "🌳 tilleuls 👩‍👩‍👧",
    "slash": "entrées/sorties",
    "backslash": "a\\b",
    "punctuation": "100 % & plus; l'eau #1 [x] {y} + ~z",
    "quotes": 'le "petit" bal',
    "wildcards": "a*b%c?",
    "dots": "v1.2.3",
    "spaces inside": "deux  espaces",
}


def message(n: int, text: str) -> bytes:
    """A small message of its own Message-ID, with CRLF line ends (RFC 5322)."""
    lines = (
        f"Message-ID: <contract-{n}@example.org>",
        "From: Alice <alice@example.org>",
        "To: Bruno <bruno@example.com>",
        "Date: Sun, 31 Mar 2019 03:30:15 +0200",
        f"Subject: =?utf-8?q?R=C3=A9union_{n}?=",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
        "",
        *text.split("\n"),
        "",
    )
    return "\r\n".join(lines).encode()


def event(n: int, text: str) -> bytes:
    """A weekly event with a time zone of UTC (RFC 5545)."""
    lines = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//transhume//contract//EN",
        "BEGIN:VEVENT",
        f"UID:contract-{n}@example.org",
        "DTSTAMP:20260105T080000Z",
        "DTSTART:20260105T180000Z",
        "DTEND:20260105T190000Z",
        "RRULE:FREQ=WEEKLY;COUNT=5",
        f"SUMMARY:Réunion {n}",
        *folded("DESCRIPTION", text),
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    )
    return "\r\n".join(lines).encode()


def card(n: int, text: str) -> bytes:
    """A contact (RFC 2426, which every server takes)."""
    lines = (
        "BEGIN:VCARD",
        "VERSION:3.0",
        f"UID:contract-{n}@example.org",
        f"FN:Élodie {n}",
        f"N:Exemple;Élodie {n};;;",
        *folded("NOTE", text),
        "END:VCARD",
        "",
    )
    return "\r\n".join(lines).encode()


def folded(name: str, text: str) -> list[str]:
    """A property with its value folded to short lines (RFC 5545 §3.1, RFC 6350 §3.2)."""
    value = text.replace("\n", "\\n")
    pieces = [value[i : i + 70] for i in range(0, len(value), 70)]
    return [f"{name}:{pieces[0]}", *(f" {piece}" for piece in pieces[1:])]


def plain(n: int, text: str) -> bytes:
    """A text file."""
    return f"Fichier {n}\n{text}\n".encode()


SAMPLES: dict[str, tuple[Callable[[int, str], bytes], str]] = {
    MAIL: (message, ""),
    CALENDAR: (event, "contract-{}.ics"),
    VCARD: (card, "contract-{}.vcf"),
}


def sample(media_type: str, n: int, *, edited: bool = False, size: int = 0, empty: bool = False) -> tuple[str, Item]:
    """The n-th item of that kind and its name, ``""`` for mail.

    ``edited`` keeps the identity and changes the content; ``size`` is the least number of bytes.
    """
    build, pattern = SAMPLES.get(media_type, (plain, "fichier-{}.txt"))
    text = "Relu et corrigé." if edited else "À bientôt."
    text += ("\n" + "Les tilleuls sont en fleurs. " * 2) * (size // 50 + 1 if size else 0)
    body = b"" if empty else build(n, text)
    name = pattern.format(n)
    entry = Entry(
        href=f"sample-{n}",
        collection="samples",
        etag=f"{n}-{edited}-{size}-{empty}",
        name=name,
        media_type=media_type,
        size=len(body),
        modified=DATE,
    )
    return name, Item(entry=entry, body=body, media_type=media_type, internal_date=DATE if media_type == MAIL else None)


def body_of(item: Item) -> bytes:
    """The body of an item, read and its spool file discarded."""
    body = item.body if isinstance(item.body, bytes) else item.body.read_bytes()
    item.discard()
    return body


def digest_of(body: bytes, like: str) -> str:
    """The digest of a body, by the algorithm that the digest ``like`` names."""
    algorithm = like.partition(":")[0]
    return f"{algorithm}:{hashlib.new(algorithm, body).hexdigest()}"


def longest(rules: NameRules) -> str:
    """A name of as many bytes as the rules allow."""
    return "é" * (rules.max_bytes // 2 - 1) + "a" * (2 + rules.max_bytes % 2)


def same_second(wanted: datetime, got: datetime | None) -> bool:
    """Dates equal to the second, which is all that IMAP and WebDAV keep."""
    return got is not None and abs(got - wanted) < timedelta(seconds=1)
