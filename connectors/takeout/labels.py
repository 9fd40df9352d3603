"""Takeout's labels in the words of X-GM-LABELS and of IMAP flags.

Takeout writes a message's labels into ``X-Gmail-Labels`` in the language of the account, with commas between them,
those that hold a comma between double quotes, all of it in encoded words (RFC 2047) when a letter is not ASCII.
Whether a message was read is told there too, and nowhere else. (Words: ``labelwords.py``.)
"""

from __future__ import annotations

import csv
import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header

from connectors.takeout.labelwords import ORDER, WORDS

UNREAD, DROPPED = "unread", ""
_STARRED, _DRAFTS = "\\Starred", "\\Drafts"
_MEANINGS: Mapping[str, str] = {
    **{word: f"\\{word.capitalize()}" for word in ("inbox", "sent", "drafts", "starred", "important", "spam")},
    **{word: f"\\{word.capitalize()}" for word in ("trash", "chat")},
    **{word: f"\\Category/{word.capitalize()}" for word in ("promotions", "social", "updates", "forums")},
    "unread": UNREAD,
}
"""Opened, archived and the primary tab say nothing that is not said otherwise."""


def plain(label: str) -> str:
    """A label to compare with: no case, one kind of space, none before a colon."""
    folded = unicodedata.normalize(
        "NFC", " ".join(label.replace("\u00a0", " ").replace("\u202f", " ").split())
    ).casefold()
    return re.sub(r" ?: ?", ": ", folded)


def _table(words: str) -> Mapping[str, str]:
    groups = [group.strip().split("|") for group in words.split(";")]
    pairs = zip(groups, ORDER, strict=True)
    return {plain(word): _MEANINGS.get(meaning, DROPPED) for group, meaning in pairs for word in group}


TABLES: Mapping[str, Mapping[str, str]] = {language: _table(words) for language, words in WORDS.items()}
_ANY: Mapping[str, str] = {
    word: meaning for table in reversed(list(TABLES.values())) for word, meaning in table.items()
}
_TELLING = {
    language: {word for word, meaning in table.items() if meaning in {UNREAD, DROPPED}}
    for language, table in TABLES.items()
}
"""Words that nearly every message carries one of, and that tell the language."""


def language_of(counts: Mapping[str, int]) -> str:
    """The language of an account from how often each label occurs; "" when no language has words of it."""
    votes = {
        language: sum(count for label, count in counts.items() if plain(label) in words)
        for language, words in _TELLING.items()
    }
    best = max(votes, key=lambda language: votes[language])
    return best if votes[best] else ""


def split_labels(value: bytes) -> list[str]:
    """The labels that a header's value names, in order."""
    text = re.sub(r"\r?\n[ \t]", " ", value.decode("utf-8", "replace")).strip()
    if "=?" in text:
        text = _decoded(text)
    try:
        (row,) = csv.reader([text.replace("\r", " ").replace("\n", " ")], skipinitialspace=True)
    except (csv.Error, ValueError):
        row = text.split(",")
    return [label.strip() for label in row if label.strip()]


def _decoded(text: str) -> str:
    try:
        pieces = decode_header(text)
        return "".join(
            piece.decode(charset or "utf-8", "replace") if isinstance(piece, bytes) else piece
            for piece, charset in pieces
        )
    except (HeaderParseError, LookupError, ValueError):
        return text


@dataclass(frozen=True, slots=True)
class State:
    """A message's labels and flags, and the etag they make."""

    labels: tuple[str, ...]
    flags: frozenset[str]
    etag: str


def state(identifier: str, words: Iterable[str], language: str) -> State:
    """What a message carries: system labels by their X-GM-LABELS words, others by the name the user gave them."""
    table = TABLES.get(language, _ANY)
    meanings = [table.get(plain(word), word) for word in words]
    labels = tuple(sorted({meaning for meaning in meanings if meaning not in {UNREAD, DROPPED}}))
    flags = {"\\Seen"} if UNREAD not in meanings else set()
    flags |= {"\\Flagged"} if _STARRED in labels else set()
    flags |= {"\\Draft"} if _DRAFTS in labels else set()
    marks = "\0".join((identifier, *labels, "", *sorted(flags)))
    return State(labels, frozenset(flags), hashlib.sha256(marks.encode()).hexdigest()[:24])
