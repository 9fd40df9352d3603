"""What comes out of a document: passages of text, parts to open in turn, and what could not be read."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Reason(StrEnum):
    """Why something was not read. The values are stable: they are written to reports and read by programs."""

    ENCRYPTED = "encrypted"
    IMAGE = "image"
    MEDIA = "media"  # sound or moving picture
    OVERSIZE = "oversize"
    UNSUPPORTED = "unsupported-format"
    UNKNOWN = "unknown-format"
    BROKEN = "broken"
    DTD = "dtd-refused"  # a document type declaration, which no office program writes, and attacks do
    LIMIT_BYTES = "limit-bytes"
    LIMIT_RATIO = "limit-ratio"
    LIMIT_MEMBERS = "limit-members"
    LIMIT_DEPTH = "limit-depth"
    LIMIT_TEXT = "limit-text"
    LIMIT_TIME = "limit-time"
    LIMIT_MEMORY = "limit-memory"
    CRASHED = "crashed"
    NOT_FETCHED = "not-fetched"  # the source gave no body: no portable form, or an error
    PRIVATE = "private-folder"  # a rule of the project: only counted
    METADATA_ONLY = "metadata-only"  # nobody asked for the content


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A document, or one inside another."""

    data: bytes = field(repr=False)
    media_type: str = "application/octet-stream"
    name: str = field(default="", repr=False)
    charset: str = ""
    """As declared, which may be wrong."""
    where: str = ""
    """Place in the item, by kinds and numbers alone: ``attachment[2]/page[1]``; empty for the item itself."""

    def inside(self, step: str) -> str:
        """The place of something in this part."""
        return f"{self.where}/{step}" if self.where else step


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A piece of text. A sheet gives one row a line, cells parted by tabs, its header row before each slice."""

    where: str
    text: str = field(repr=False)
    quoted: bool = False
    """It repeats what somebody else wrote (``> ``, ``<blockquote>``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """Something that was not read, and why."""

    where: str
    reason: Reason
    media_type: str = ""
    size: int = 0
    """Bytes, as far as known."""


Extracted = Passage | Part | Unread
"""What a format's reader yields; parts are opened by ``documents.extract``."""
