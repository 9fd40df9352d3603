"""Gmail labels to one mailbox and keywords.

A message under five labels is one message: it goes to one mailbox, chosen by a stated order, and its other labels
become keywords (RFC 9051 §2.3.2). Order: Trash, Spam, Drafts, Sent, the deepest user label, Inbox, Archive.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from migrate.model import Disposition, Entry, Loss, NameRules, Placement, Skip

MAX_KEYWORD = 50
"""Characters: Dovecot's limit."""

_FIXED = (
    ("\\Trash", ("Trash",)),
    ("\\Spam", ("Junk",)),
    ("\\Drafts", ("Drafts",)),
    ("\\Sent", ("Sent",)),
)
_ROLES = {"\\Spam": "\\Junk"}
_INBOX, _ARCHIVE = "\\Inbox", "\\Archive"
_EXCLUSIONS = (
    ("\\Chat", "chats", "Chats are not mail."),
    ("\\Spam", "spam", "Spam is left behind."),
    ("\\Trash", "trash", "The trash is left behind."),
)
_LETTERS = str.maketrans({"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "ß": "ss", "đ": "d", "þ": "th", "ð": "d"})
_ESCAPE = "="
_LOOKS_ESCAPED = re.compile("=(?=[0-9A-F]{2})")


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelPolicy:
    """What the project asked for: which of the set-apart messages move too, and whether Inbox wins over labels."""

    spam: bool = False
    trash: bool = False
    chats: bool = False
    inbox_first: bool = False


def place(entry: Entry, policy: LabelPolicy, rules: NameRules) -> Placement | Skip:
    """The mailbox of a message and its keywords, or why it stays. The same for the same labels, in any order."""
    labels = frozenset(entry.labels)
    return left_behind(labels, policy) or _placed(labels, entry.flags, policy, rules)


def left_behind(labels: frozenset[str], policy: LabelPolicy) -> Skip | None:
    """Why a message that is set apart stays, when the project does not ask for it."""
    for label, option, reason in _EXCLUSIONS:
        if label in labels and not getattr(policy, option):
            return Skip(code=option, reason=reason, disposition=Disposition.EXCLUDED)
    return None


def _placed(labels: frozenset[str], flags: frozenset[str], policy: LabelPolicy, rules: NameRules) -> Placement:
    user = sorted((label for label in labels if label and not label.startswith("\\")), key=_depth_first)
    chosen, path, role = _mailbox(labels, user, policy)
    others = [label for label in user if label != chosen]
    keywords, losses = _keywords(others)
    if "\\Important" in labels:
        keywords.add("$Important")
    losses += [_collapsed(label) for label in sorted(labels) if label.startswith("\\Category/")]
    losses += [_not_in_inbox()] if _INBOX in labels and role != _INBOX else []
    valid = tuple(valid_segment(segment, rules) for segment in path)
    if valid != path:
        losses.append(Loss(field="folder-name", reason="The mailbox server refuses this name: characters replaced."))
    return Placement(path=valid, role=role, flags=flags | keywords, losses=tuple(losses))


def _depth_first(label: str) -> tuple[int, str]:
    return -label.count("/"), label


def _mailbox(labels: frozenset[str], user: list[str], policy: LabelPolicy) -> tuple[str, tuple[str, ...], str]:
    """The label that wins, the mailbox's path, its role."""
    for label, path in _FIXED:
        if label in labels:
            return label, path, _ROLES.get(label, label)
    inbox = (_INBOX, ("INBOX",), _INBOX)
    if _INBOX in labels and (policy.inbox_first or not user):
        return inbox
    if user:
        return user[0], tuple(segment for segment in user[0].split("/") if segment) or ("_",), ""
    return _ARCHIVE, ("Archive",), _ARCHIVE


def _keywords(labels: Iterable[str]) -> tuple[set[str], list[Loss]]:
    keywords: set[str] = set()
    losses = []
    for label in labels:
        word = keyword(label)
        if word:
            keywords.add(word)
            losses.append(Loss(field="label", reason="A further label becomes a keyword on the one copy."))
        else:
            losses.append(Loss(field="label", reason="A further label has no form as a keyword and is dropped."))
    return keywords, losses


def _collapsed(label: str) -> Loss:
    return Loss(field="category", reason=f"The tab “{label.removeprefix(chr(92))}” has no equivalent.")


def _not_in_inbox() -> Loss:
    return Loss(field="inbox", reason="The message is in the inbox too; its one copy lies elsewhere.")


def keyword(label: str) -> str:
    """An ASCII keyword of at most 50 characters for a label (``Trésorerie`` is ``$tresorerie``), "" when none is left.

    Nextcloud Mail rebuilds tag names from keywords and destroys accents: they are folded. A cut or a label that
    shares its folded form with another keeps no way back; the true label stays in the plan.
    """
    folded = unicodedata.normalize("NFKD", label.casefold().translate(_LETTERS))
    ascii_only = folded.encode("ascii", "ignore").decode()
    word = re.sub(r"[^a-z0-9]+", "_", ascii_only).strip("_")
    return f"${word}"[:MAX_KEYWORD].rstrip("_") if word else ""


def valid_segment(segment: str, rules: NameRules) -> str:
    """One mailbox name the server takes: refused characters become ``=XX`` (their UTF-8 octets), to be read back."""
    name = unicodedata.normalize("NFC", segment)
    refused = set(rules.forbidden_characters)
    # What looks like an escape is escaped itself, so that there is one way back.
    name = _LOOKS_ESCAPED.sub(_escaped(_ESCAPE), name)
    written = "".join(_escaped(char) if char in refused or _control(char) else char for char in name)
    if rules.trim_trailing and written[-1:] and written[-1] in rules.trim_trailing:
        written = written[:-1] + _escaped(written[-1])
    if written[:1] == "~" or written.casefold() in {name.casefold() for name in rules.forbidden_names}:
        written = _escaped(written[0]) + written[1:]
    return _cut(written or "_", rules.max_bytes)


def _control(char: str) -> bool:
    return unicodedata.category(char) == "Cc"


def _escaped(char: str) -> str:
    return "".join(f"{_ESCAPE}{octet:02X}" for octet in char.encode())


def _cut(name: str, limit: int) -> str:
    """At most ``limit`` octets, a digest of the whole at the end so that two long names stay two."""
    octets = name.encode()
    if len(octets) <= limit:
        return name
    mark = f"~{zlib.crc32(octets):08x}"
    return octets[: limit - len(mark)].decode("utf-8", "ignore") + mark
