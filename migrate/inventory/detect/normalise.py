"""One dress for all writings: odd spaces, dashes, digits, entities and invisible characters, with offsets kept.

Most texts need nothing, and cost one scan. Replacements of one character by one keep offsets as they are; for the
others a table of break points maps positions back.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from dataclasses import dataclass, field

_SPACES = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_NOTHING = "\u00ad\u034f\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff"
_DASHES = "\u2010-\u2015\u2212\ufe58\ufe63"
_OTHERS = "\u00b7\u2022\u2027\u2044\u2215\u2028\u2029\u0660-\u0669\u06f0-\u06f9\uff01-\uff5e\u24ff\u2460-\u2468"
# The charset comes first, so that the scan runs at the speed of a charset; "&" alone is looked at further.
_ODD = re.compile(
    f"[&{_SPACES}{_NOTHING}{_DASHES}{_OTHERS}](?:(?<=&)(?:#[0-9]{{1,7}}|#[xX][0-9a-fA-F]{{1,6}}|[A-Za-z]{{2,8}});)?"
)
_FIXED = {"\u00b7": ".", "\u2022": "-", "\u2027": ".", "\u2044": "/", "\u2215": "/", "\u2028": "\n", "\u2029": "\n"}
_SPACE = re.compile(f"[{_SPACES}]")
_NONE = re.compile(f"[{_NOTHING}]")
_DASH = re.compile(f"[{_DASHES}]")


@dataclass(frozen=True, slots=True)
class Normal:
    """A text in one dress, and the way back to the original's offsets."""

    text: str = field(repr=False)
    starts: tuple[int, ...] = ()
    """Where a stretch begins in `text`; empty when all offsets are the original's."""
    origins: tuple[int, ...] = ()
    """Where the same stretch begins in the original."""
    replaced: tuple[bool, ...] = ()
    """The stretch stands for something of another length (an entity)."""

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The original's span of `text[start:end]`, neither empty nor wider than what was read."""
        if not self.starts:
            return start, end
        first = bisect_right(self.starts, start) - 1
        last = bisect_right(self.starts, end - 1) - 1
        origin = self.origins[first] + (0 if self.replaced[first] else start - self.starts[first])
        if self.replaced[last]:
            return origin, self.origins[last + 1]
        return origin, self.origins[last] + (end - self.starts[last])


def plain(char: str) -> str:
    """One odd character in its plain form: a space, a dash, an ASCII digit or letter, or nothing."""
    if char in _FIXED:
        return _FIXED[char]
    if _SPACE.match(char):
        return " "
    if _NONE.match(char):
        return ""
    if _DASH.match(char):
        return "-"
    code = ord(char)
    if 0xFF01 <= code <= 0xFF5E:
        return chr(code - 0xFEE0)
    if 0x0660 <= code <= 0x0669 or 0x06F0 <= code <= 0x06F9:
        return str((code & 0xF) % 10)
    return char


def _meant(written: str) -> str:
    if not written.startswith("&") or len(written) == 1:
        return plain(written) if len(written) == 1 else written
    read = html.unescape(written)
    return plain(read) if len(read) == 1 else written


def normalise(text: str) -> Normal:
    """The text in plain dress. Costs one scan when there is nothing to do."""
    if not _ODD.search(text):
        return Normal(text)
    pieces: list[str] = []
    starts, origins, replaced = [0], [0], [False]
    at, made = 0, 0
    for match in _ODD.finditer(text):
        meant = _meant(match[0])
        if meant == match[0]:
            continue
        start, end = match.span()
        pieces += (text[at:start], meant)
        made += start - at
        if len(meant) != end - start:
            if meant:
                starts.append(made)
                origins.append(start)
                replaced.append(True)
            starts.append(made + len(meant))
            origins.append(end)
            replaced.append(False)
        made += len(meant)
        at = end
    pieces.append(text[at:])
    if len(starts) == 1:
        return Normal("".join(pieces))
    return Normal("".join(pieces), tuple(starts), tuple(origins), tuple(replaced))
