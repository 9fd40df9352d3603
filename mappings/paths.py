"""Names that a target accepts, made from names that a source allowed.

Rules come from the target (``NameRules``). Nextcloud: lib/private/Files/FilenameValidator.php and the capability
``files``; names are compared after NFC (RFC 5198 §3). Forbidden ASCII characters become their fullwidth forms, the
convention that rclone made known, so that a name still reads the same.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping, Sequence

from migrate.model import Loss, NameRules

REPLACED = Loss(field="name", reason="characters that the target forbids are replaced by look-alikes")
TRIMMED = Loss(field="name", reason="endings that the target forbids are removed")
RESERVED = Loss(field="name", reason="the target reserves this name; it is marked with a low line")
SHORTENED = Loss(field="name", reason="the name is longer than the target allows; it is cut, its extension kept")

LONGEST_EXTENSION = 20
"""Bytes; a longer ending is part of the title."""
ROUNDS = 8
"""One repair may call for another (cutting bares a final dot); real names settle after two."""
JOINERS = "\u200d\ufe0e\ufe0f"


def clean(name: str, rules: NameRules) -> tuple[str, tuple[Loss, ...]]:
    """A valid name as close as possible to this one, in NFC, and what was changed. Cleaning it again changes nothing.

    Two names may become one: see :func:`distinct`.
    """
    losses: dict[Loss, None] = {}
    name = unicodedata.normalize("NFC", name)
    for _ in range(ROUNDS):
        before = name
        for repair, loss in REPAIRS:
            repaired = repair(name, rules)
            if repaired != name:
                losses[loss] = None
                name = unicodedata.normalize("NFC", repaired)
        if name == before:
            break
    return name, tuple(losses)


def distinct(names: Sequence[tuple[str, str]], rules: NameRules) -> Mapping[str, str]:
    """Clean names for the items of one folder, by key, no two of which the target would take for the same.

    Of names that clash the smallest key keeps the plain one, the others get a suffix made from their key, so that
    the order of a listing changes nothing. Raises ValueError when a key comes twice.
    """
    if len(dict(names)) < len(names):
        raise ValueError("two items of a folder have the same key")
    cleaned = sorted((key, clean(name, rules)[0]) for key, name in names)
    chosen: dict[str, str] = {}
    taken: set[str] = set()
    for key, name in cleaned:
        if (folded := fold(name, rules)) not in taken:
            taken.add(folded)
            chosen[key] = name
    for key, name in cleaned:
        if key not in chosen:
            chosen[key] = _free(name, key, rules, taken)
            taken.add(fold(chosen[key], rules))
    return chosen


def suffixed(name: str, key: str, rules: NameRules, *, digits: int = 6) -> str:
    """``name`` with `` (a1b2c3)``, from the SHA-256 of the key, before its extension."""
    mark = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:digits]
    suffix = f" ({mark})" if not set(" ()") & set(rules.forbidden_characters) else f"{_low_line(rules)}{mark}"
    stem, extension = split(clean(name, rules)[0])
    room = rules.max_bytes - len((suffix + extension).encode())
    return clean(_cut(stem, room) + suffix + extension, rules)[0]


def fold(name: str, rules: NameRules) -> str:
    """What the target compares names by."""
    name = unicodedata.normalize("NFC", name)
    return name if rules.case_sensitive else unicodedata.normalize("NFC", name.casefold())


def split(name: str) -> tuple[str, str]:
    """Stem and extension, the dot with it; a leading dot begins a stem, and so does a very long ending."""
    stem, dot, ending = name.rpartition(".")
    if not stem.strip(".") or not ending or " " in ending or len(ending.encode()) >= LONGEST_EXTENSION:
        return name, ""
    return stem, dot + ending


def _free(name: str, key: str, rules: NameRules, taken: set[str]) -> str:
    """The shortest suffixed name that nobody has."""
    for digits in range(6, 65, 2):
        candidate = suffixed(name, key, rules, digits=digits)
        if fold(candidate, rules) not in taken:
            return candidate
    raise ValueError("every suffixed form of a name is taken")


def _low_line(rules: NameRules) -> str:
    """What stands for a character that has no look-alike."""
    return next(c for c in "_-x" if c not in rules.forbidden_characters + rules.trim_trailing)


def _replace(name: str, rules: NameRules) -> str:
    return "".join(_allowed(c, rules) for c in name)


def _allowed(character: str, rules: NameRules) -> str:
    """The character or what stands for it; control characters and lone surrogates go in no name."""
    if unicodedata.category(character) in {"Cc", "Cs"}:
        return _low_line(rules)
    if character not in rules.forbidden_characters:
        return character
    fullwidth = chr(ord(character) + 0xFEE0) if "!" <= character <= "~" else ""
    return fullwidth if fullwidth and fullwidth not in rules.forbidden_characters else _low_line(rules)


def _trim(name: str, rules: NameRules) -> str:
    return name.rstrip(rules.trim_trailing) if rules.trim_trailing else name


def _unreserve(name: str, rules: NameRules) -> str:
    """Mark what is empty, a step in a path, or reserved by the target, whatever its case."""
    line = _low_line(rules)
    bare = name.strip(" ")  # Nextcloud looks at names without the spaces around them.
    if bare in {"", ".", ".."}:
        return line * max(1, len(bare))
    lower = name.lower()
    if any(lower.endswith(ending.lower()) for ending in rules.forbidden_extensions):
        return name + line
    base = name[: name.find(".", 1)] if "." in name[1:] else name
    if base.lower() in _lower(rules.forbidden_basenames):
        return base + line + name[len(base) :]
    if lower in _lower(rules.forbidden_names):
        stem, extension = split(name)
        return stem + line + extension
    return name


def _lower(names: frozenset[str]) -> set[str]:
    return {name.lower() for name in names}


def _shorten(name: str, rules: NameRules) -> str:
    if len(name.encode()) <= rules.max_bytes:
        return name
    stem, extension = split(name)
    return _cut(stem, rules.max_bytes - len(extension.encode())) + extension


def _cut(text: str, size: int) -> str:
    """The beginning of a text, at most so many bytes, not ending within a character or a joined sign."""
    if len(text.encode()) <= size:
        return text
    kept = text.encode()[: max(size, 0)].decode(errors="ignore")
    if unicodedata.combining(text[len(kept)]) or text[len(kept)] in JOINERS:
        kept = kept[:-1]
    return kept.rstrip(JOINERS)


REPAIRS = ((_replace, REPLACED), (_trim, TRIMMED), (_unreserve, RESERVED), (_shorten, SHORTENED))
