"""The separators that Exchange invents, made the same at each reading.

Exchange keeps no MIME: it makes a message anew whenever it is read, with new boundaries (RFC 2046 §5.1.1) each time and
the same content. A copy could then not be recognised after a crash, nor found again to change its flags. Boundaries of
Exchange's own form are therefore replaced by ones made from the message's id, as long as the old; a message with a
signed part is left as it came, since a boundary may be what was signed.
"""

from __future__ import annotations

import hashlib
import mmap
import re
from pathlib import Path

_INVENTED = re.compile(rb'boundary="?(_[0-9]{3}_[!-~]{8,64}?_)"?(?=[;\s]|$)', re.IGNORECASE)
_SIGNED = re.compile(rb"multipart/signed", re.IGNORECASE)
_MARK = 5
"""Signs of ``_000_``, which is kept."""


def steady(body: bytes | Path, key: str) -> bytes | Path:
    """The same message, whose invented boundaries depend on ``key`` alone. A file is changed in place."""
    if isinstance(body, bytes):
        text = bytearray(body)
        _replace(text, key)
        return bytes(text)
    if body.stat().st_size:
        with body.open("r+b") as file, mmap.mmap(file.fileno(), 0) as text_:
            _replace(text_, key)
    return body


def _replace(text: bytearray | mmap.mmap, key: str) -> None:
    if _SIGNED.search(text):
        return
    found = dict.fromkeys(_INVENTED.findall(text))
    named = {old: _name(key, number, old) for number, old in enumerate(found)}
    # One may begin like another: the longest first.
    for old in sorted(named, key=len, reverse=True):
        at = text.find(old)
        while at >= 0:
            text[at : at + len(old)] = named[old]
            at = text.find(old, at + len(old))


def _name(key: str, number: int, old: bytes) -> bytes:
    digest = hashlib.sha512(f"{number}/{key}".encode()).hexdigest().encode("ascii")
    return old[:_MARK] + digest[: len(old) - _MARK - 1] + b"_"
