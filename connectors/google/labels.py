"""Gmail's label ids in the words of X-GM-LABELS and of IMAP flags.

https://developers.google.com/workspace/gmail/imap/imap-extensions · RFC 9051 §2.3.2
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

SYSTEM: Mapping[str, str] = {
    "INBOX": "\\Inbox",
    "SENT": "\\Sent",
    "DRAFT": "\\Drafts",
    "IMPORTANT": "\\Important",
    "STARRED": "\\Starred",
    "SPAM": "\\Spam",
    "TRASH": "\\Trash",
    "CHAT": "\\Chat",
    "CATEGORY_PROMOTIONS": "\\Category/Promotions",
    "CATEGORY_SOCIAL": "\\Category/Social",
    "CATEGORY_UPDATES": "\\Category/Updates",
    "CATEGORY_FORUMS": "\\Category/Forums",
}
"""The primary tab is where mail is when it is in no tab: it is no label here."""

UNREAD = "UNREAD"


def is_system(identifier: str) -> bool:
    """Whether a label id is one of Gmail's own, listed or not."""
    return identifier in SYSTEM or identifier == UNREAD or identifier.startswith("CATEGORY_")


def own_name(name: str) -> str:
    """A user's label, which must not pass for one of Gmail's: an empty segment in front leaves its path as it is."""
    return f"/{name}" if name.startswith("\\") else name


@dataclass(frozen=True, slots=True)
class State:
    """A message's labels and flags, and the etag they make."""

    labels: tuple[str, ...]
    flags: frozenset[str]
    etag: str


def state(identifier: str, label_ids: Iterable[str], names: Mapping[str, str]) -> State:
    """What a message carries. ``names`` gives each label id its name; others are not labels of the user's."""
    ids = set(label_ids)
    labels = tuple(sorted(names[label] for label in ids if label in names))
    flags = {"\\Seen"} if UNREAD not in ids else set()
    flags |= {"\\Flagged"} if "STARRED" in ids else set()
    flags |= {"\\Draft"} if "DRAFT" in ids else set()
    marks = "\0".join((identifier, *labels, "", *sorted(flags)))
    return State(labels, frozenset(flags), hashlib.sha256(marks.encode("utf-8", "surrogatepass")).hexdigest()[:24])
