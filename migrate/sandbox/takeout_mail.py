"""Mail as Google Takeout writes it: mbox files, each message with its thread and its labels on top.

What is known of the form, from exports that people described: ``From <number>@xxx <date>`` lines with the offset
before the year, ``X-GM-THRID`` and ``X-Gmail-Labels`` before the message's own headers, labels in the account's
language, the whole list as encoded words (RFC 2047) when one letter is not ASCII, a label with a comma between
double quotes, ``From `` at a line's beginning hidden by ``>`` (once more for each ``>`` already there).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from migrate.sandbox.association import documents, mime
from migrate.sandbox.world import GoogleAccount, Message, World

LABELS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "INBOX": "Inbox",
        "SENT": "Sent",
        "DRAFT": "Drafts",
        "IMPORTANT": "Important",
        "STARRED": "Starred",
        "SPAM": "Spam",
        "TRASH": "Trash",
        "CHAT": "Chat",
        "UNREAD": "Unread",
        "OPENED": "Opened",
        "ARCHIVED": "Archived",
        "CATEGORY_PERSONAL": "Category Personal",
        "CATEGORY_PROMOTIONS": "Category Promotions",
        "CATEGORY_SOCIAL": "Category Social",
        "CATEGORY_UPDATES": "Category Updates",
        "CATEGORY_FORUMS": "Category Forums",
    },
    "fr": {
        "INBOX": "Boîte de réception",
        "SENT": "Messages envoyés",
        "DRAFT": "Brouillons",
        "IMPORTANT": "Important",
        "STARRED": "Favoris",
        "SPAM": "Spam",
        "TRASH": "Corbeille",
        "CHAT": "Chat",
        "UNREAD": "Non lus",
        "OPENED": "Ouvert",
        "ARCHIVED": "Messages archivés",
        "CATEGORY_PERSONAL": "Catégorie\u00a0: E-mails personnels",
        "CATEGORY_PROMOTIONS": "Catégorie\u00a0: Promotions",
        "CATEGORY_SOCIAL": "Catégorie\u00a0: Réseaux sociaux",
        "CATEGORY_UPDATES": "Catégorie\u00a0: Notifications",
        "CATEGORY_FORUMS": "Catégorie\u00a0: Forums",
    },
}
"""The system labels by language. ``OPENED`` and ``ARCHIVED`` exist in Takeout only."""

_PLACED = frozenset({"INBOX", "SENT", "DRAFT", "SPAM", "TRASH", "CHAT"})
_FROM_LINE = re.compile(rb"(?m)^(>*From )")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WORD = 75 - len("=?UTF-8?Q??=")
_BARE = frozenset("!\"#$%&'()*+,-./0123456789:;<>@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^`abcdefghijklmnopqrstuvwxyz{|}~")
_FIRST = datetime(2006, 1, 2, 8, tzinfo=UTC)


def mbox(account: GoogleAccount, language: str) -> Iterator[bytes]:
    """Each message of the account as it stands in the mbox, newest first."""
    names = {label["id"]: str(label["name"]) for label in account.labels}
    for message in account.messages:
        yield entry(message, labels_of(message.label_ids, names, language))


def entry(message: Message, labels: Iterable[str]) -> bytes:
    """One message of an mbox, from its ``From`` line to the empty line after it."""
    thread = int(message.thread_id, 16)
    body = message.raw()
    ending = b"\r\n" if body.endswith(b"\n") else b"\r\n\r\n"
    head = f"X-GM-THRID: {thread}\r\nX-Gmail-Labels: {header(labels)}\r\n"
    return b"".join((_from_line(message), head.encode(), quoted(body), ending))


def quoted(body: bytes) -> bytes:
    """The message with ``>`` before each line that begins with ``From `` or with ``>`` signs and ``From ``."""
    return _FROM_LINE.sub(rb">\1", body)


def labels_of(label_ids: Iterable[str], names: Mapping[str, str], language: str) -> list[str]:
    """The labels of a message by the names that Takeout gives them, in a fixed order."""
    words, ids = LABELS[language], list(label_ids)
    if not _PLACED & set(ids):
        ids.append("ARCHIVED")
    if not {"UNREAD", "SENT", "DRAFT"} & set(ids):
        ids.append("OPENED")
    order = [*words]
    ids.sort(key=lambda label: order.index(label) if label in words else len(order))
    return [words.get(label) or names[label] for label in ids]


def header(labels: Iterable[str]) -> str:
    """The value of ``X-Gmail-Labels``, folded when it is made of encoded words."""
    text = ",".join(_quoted_label(label) for label in labels)
    return text if text.isascii() else "\r\n ".join(f"=?UTF-8?Q?{word}?=" for word in _words(text))


def _quoted_label(label: str) -> str:
    return '"' + label.replace('"', '""') + '"' if "," in label else label


def _words(text: str) -> Iterator[str]:
    """Q encoding (RFC 2047 §4.2), cut between letters wherever the line is full, within a label or not."""
    word = ""
    for letter in text:
        coded = "_" if letter == " " else letter if letter in _BARE else _octets(letter)
        if len(word) + len(coded) > _WORD:
            yield word
            word = ""
        word += coded
    yield word


def _octets(letter: str) -> str:
    return "".join(f"={octet:02X}" for octet in letter.encode())


def _from_line(message: Message) -> bytes:
    when = datetime.fromtimestamp(message.internal_date_ms // 1000, UTC)
    day, month = _DAYS[when.weekday()], _MONTHS[when.month - 1]
    date = f"{day} {month} {when.day:02d} {when:%H:%M:%S} +0000 {when.year:04d}"
    return f"From {int(message.id, 16)}@xxx {date}\r\n".encode()


def write_mbox(path: Path, messages: Iterable[Message]) -> int:
    """An mbox file of these messages, all read and in the inbox, in memory of one message. Returns its bytes."""
    with path.open("wb") as file:
        return sum(file.write(entry(message, ("Inbox", "Opened"))) for message in messages)


def generated_messages(count: int, size: int) -> Iterator[Message]:
    """So many messages of about ``size`` bytes each, made when read, all different, the same at every run."""
    pool = _pool()
    for number in range(count):
        milliseconds = round((_FIRST + timedelta(minutes=number)).timestamp() * 1000)
        identifier = f"{(milliseconds << 20) | (number & 0xFFFFF):016x}"
        yield Message(
            id=identifier,
            thread_id=identifier,
            label_ids=("INBOX",),
            internal_date_ms=milliseconds,
            size_estimate=size,
            raw=partial(_generated, number, size, pool),
        )


def generated_world(address: str, count: int, size: int) -> World:
    """One account of generated messages and nothing else, to measure a reader with."""
    account = GoogleAccount(
        address=address,
        display_name="Banc d'essai",
        labels=[],
        messages=list(generated_messages(count, size)),
        calendars=[],
        files=[],
        root_id="0Abench",
    )
    return World(name="bench", people=(), google={address: account})


def _pool() -> Callable[[int, int], bytes]:
    """Lines of base64 to take bodies from: hard to compress, quick to give."""
    lines = mime.attachment("x", "text/plain", documents.noise("takeout", 600_000)).body

    def take(start: int, size: int) -> bytes:
        width = 78
        whole = len(lines) // width * width
        begin = start * width % whole
        repeated = -(-(begin + size) // whole)
        return (lines[:whole] * repeated)[begin : begin + size // width * width]

    return take


def _generated(number: int, size: int, take: Callable[[int, int], bytes]) -> bytes:
    when = _FIRST + timedelta(minutes=number)
    headers = [
        ("From", "expediteur@example.org"),
        ("To", "banc@example.org"),
        ("Subject", f"Message {number}"),
        ("Date", mime.date(when)),
        ("Message-ID", f"<bench-{number}@example.org>"),
        ("Content-Type", "application/octet-stream"),
        ("Content-Transfer-Encoding", "base64"),
    ]
    head = "".join(f"{name}: {value}\r\n" for name, value in headers).encode() + b"\r\n"
    return head + take(number * 31, max(0, size - len(head)))
