"""Mail that lies in folders: it stays in its folder, and its labels (Outlook's categories) become keywords."""

from __future__ import annotations

from mappings.gmail_labels import LabelPolicy, keyword, left_behind
from migrate.model import Collection, Entry, Loss, Placement, Skip

_KEYWORD = Loss(field="label", reason="A category becomes a keyword, without accents and capitals, and has no colour.")
_DROPPED = Loss(field="label", reason="A category has no form as a keyword and is dropped.")


def place(entry: Entry, home: Collection, policy: LabelPolicy) -> Placement | Skip:
    r"""The target folder of a message and its keywords, or why it stays.

    ``\\Trash`` and ``\\Spam`` among the labels say that the message is set apart, whatever the folder's name.
    """
    labels = frozenset(entry.labels)
    skip = left_behind(labels, policy)
    if skip is not None:
        return skip
    own = sorted(label for label in labels if label and not label.startswith("\\"))
    words = {label: keyword(label) for label in own}
    return Placement(
        path=home.path,
        role=home.role,
        flags=entry.flags | frozenset(filter(None, words.values())),
        losses=tuple(_KEYWORD if words[label] else _DROPPED for label in own),
    )
