"""User-defined flags of a Maildir folder, as Dovecot keeps them: a letter in each file's name, a list of words beside.

``dovecot-keywords`` has a line ``<index> <keyword>`` for each of the letters a to z. What finds no letter (the 27th
keyword, one with a space) is kept in ``.transhume-keywords``, a JSON line a message.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable

LIST = "dovecot-keywords"
MORE = ".transhume-keywords"
LETTERS = "abcdefghijklmnopqrstuvwxyz"
SYSTEM = {"D": "\\Draft", "F": "\\Flagged", "R": "\\Answered", "S": "\\Seen", "T": "\\Deleted", "P": "$Forwarded"}
"""https://cr.yp.to/proto/maildir.html; P (passed) is only read, for Dovecot does not know it."""
_WRITTEN = {flag: letter for letter, flag in SYSTEM.items() if letter != "P"}
_ATOM = re.compile(r"[^\x00-\x20\x7f-\U0010ffff(){%*\"\\\]]+")


class Keywords:
    """The keywords of one folder."""

    def __init__(self, words: bytes, more: bytes) -> None:
        self._words = dict(_indexed(words))
        self._more = dict(_lines(more))

    def flags(self, base: str, letters: str) -> frozenset[str]:
        """The flags of a message, by the letters of its file's name."""
        found = {SYSTEM[letter] for letter in letters if letter in SYSTEM}
        found |= {self._words[index] for letter in letters if (index := LETTERS.find(letter)) in self._words}
        return frozenset(found | self._more.get(base, frozenset()))

    def letters(self, flags: Iterable[str]) -> tuple[str, frozenset[str]]:
        """The letters of these flags, sorted, and the flags that found none. New keywords get a letter here."""
        letters, left = set(), set()
        for flag in sorted(flags):
            letter = _WRITTEN.get(flag) or self._letter(flag)
            if letter:
                letters.add(letter)
            elif flag != "\\Recent":
                left.add(flag)
        return "".join(sorted(letters)), frozenset(left)

    def _letter(self, word: str) -> str:
        if word.startswith("\\") or not _ATOM.fullmatch(word):
            return ""
        index = next((i for i, known in self._words.items() if known == word), None)
        if index is None:
            index = next((i for i in range(len(LETTERS)) if i not in self._words), None)
            if index is None:
                return ""
            self._words[index] = word
        return LETTERS[index]

    def remember(self, base: str, left: frozenset[str], append: Callable[[str], None]) -> None:
        """Keep what found no letter, before the message appears."""
        if left:
            append(json.dumps({"message": base, "keywords": sorted(left)}, ensure_ascii=False) + "\n")
            self._more[base] = left

    def listed(self) -> str:
        """The content of ``dovecot-keywords``."""
        return "".join(f"{index} {word}\n" for index, word in sorted(self._words.items()))


def _indexed(words: bytes) -> Iterable[tuple[int, str]]:
    for line in words.decode("utf-8", "replace").splitlines():
        index, _, word = line.partition(" ")
        if index.isdecimal() and int(index) < len(LETTERS) and word:
            yield int(index), word


def _lines(more: bytes) -> Iterable[tuple[str, frozenset[str]]]:
    """A line cut by a crash belongs to a message that never appeared."""
    for line in more.decode("utf-8", "replace").splitlines():
        try:
            facts = json.loads(line)
            yield str(facts["message"]), frozenset(map(str, facts["keywords"]))
        except (ValueError, KeyError, TypeError):
            continue
