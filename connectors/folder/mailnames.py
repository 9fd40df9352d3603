"""Names of Maildir++ folders: ``.Projets.2026`` beside the inbox's ``cur``, ``new`` and ``tmp``.

https://doc.dovecot.org/2.3/admin_manual/mailbox_formats/maildir/: modified UTF-7 (RFC 3501 §5.1.3) between dots.
A dot or a slash within a name becomes ``=2E`` or ``=2F``, and is one again when it is read back here.
"""

from __future__ import annotations

import re
import zlib

from imapclient import imap_utf7

from connectors.folder.room import Path_

INBOX = "."
"""The href of the inbox, which is the Maildir itself."""
INBOX_PATH = ("INBOX",)
ROLES = {
    "Sent": "\\Sent",
    "Drafts": "\\Drafts",
    "Trash": "\\Trash",
    "Junk": "\\Junk",
    "Archive": "\\Archive",
}
"""Special use (RFC 6154) by the names that mail programs give these folders."""
LONGEST = 200
"""Bytes of a folder's name on disk; what is longer is cut, its true name kept beside."""
_ESCAPED = re.compile("=([0-9A-F]{2})")
_TO_ESCAPE = re.compile("[./\x00-\x1f\x7f]|=(?=[0-9A-F]{2})")


def encoded(path: Path_) -> str:
    """The name on disk, however long."""
    if path == INBOX_PATH:
        return INBOX
    return "." + ".".join(imap_utf7.encode(_escaped(name)).decode("ascii") for name in path)


def shortened(name: str) -> str:
    """A name that every file system takes, different for different names."""
    if len(name) <= LONGEST:
        return name
    return f"{name[: LONGEST - 9].rstrip('.')}-{zlib.crc32(name.encode()):08x}"


def decoded(name: str) -> Path_:
    """The path that a name on disk stands for; names that are not modified UTF-7 are taken as they are."""
    return tuple(_decoded(part) for part in name[1:].split("."))


def _decoded(part: str) -> str:
    try:
        text = imap_utf7.decode(part.encode("ascii"))
        if imap_utf7.encode(text) != part.encode("ascii"):
            return part
    except (UnicodeError, ValueError):
        return part
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), str(text))


def _escaped(name: str) -> str:
    return _TO_ESCAPE.sub(lambda found: f"={ord(found[0]):02X}", name)
