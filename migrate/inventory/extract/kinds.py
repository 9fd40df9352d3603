"""What a document is: by its first bytes, then by what it says of itself, then by its name."""

from __future__ import annotations

from enum import StrEnum


class Format(StrEnum):
    """A family of documents that one reader opens, or that none does."""

    MAIL = "mail"
    ZIP = "zip"  # which may turn out to be an office document
    PDF = "pdf"
    HTML = "html"
    XML = "xml"
    CALENDAR = "calendar"
    CARD = "card"
    TEXT = "text"
    IMAGE = "image"
    MEDIA = "media"
    OLE = "ole"  # binary office formats, and the envelope of encrypted ones
    ARCHIVE = "archive"  # that this program does not open
    UNKNOWN = "unknown"


_MAGIC = (
    (b"PK\x03\x04", Format.ZIP),
    (b"PK\x05\x06", Format.ZIP),
    (b"%PDF-", Format.PDF),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Format.OLE),
    (b"\x89PNG\r\n", Format.IMAGE),
    (b"\xff\xd8\xff", Format.IMAGE),
    (b"GIF8", Format.IMAGE),
    (b"II*\x00", Format.IMAGE),
    (b"MM\x00*", Format.IMAGE),
    (b"BM", Format.IMAGE),
    (b"\x00\x00\x01\x00", Format.IMAGE),
    (b"7z\xbc\xaf\x27\x1c", Format.ARCHIVE),
    (b"Rar!", Format.ARCHIVE),
    (b"\x1f\x8b", Format.ARCHIVE),
    (b"BZh", Format.ARCHIVE),
    (b"\xfd7zXZ\x00", Format.ARCHIVE),
    (b"{\\rtf", Format.ARCHIVE),
    (b"ID3", Format.MEDIA),
    (b"OggS", Format.MEDIA),
)
_TYPES = {
    "message/rfc822": Format.MAIL,
    "text/calendar": Format.CALENDAR,
    "text/vcard": Format.CARD,
    "text/x-vcard": Format.CARD,
    "text/html": Format.HTML,
    "application/xhtml+xml": Format.HTML,
    "text/xml": Format.XML,
    "application/xml": Format.XML,
    "image/svg+xml": Format.XML,
    "application/json": Format.TEXT,
    "application/pdf": Format.PDF,
}
_ENDINGS = {
    "eml": Format.MAIL,
    "ics": Format.CALENDAR,
    "vcf": Format.CARD,
    "html": Format.HTML,
    "htm": Format.HTML,
    "xml": Format.XML,
    "svg": Format.XML,
    "txt": Format.TEXT,
    "csv": Format.TEXT,
    "tsv": Format.TEXT,
    "md": Format.TEXT,
    "json": Format.TEXT,
    "log": Format.TEXT,
}
_FAMILIES = {"image": Format.IMAGE, "audio": Format.MEDIA, "video": Format.MEDIA, "text": Format.TEXT}


def format_of(data: bytes, media_type: str, name: str) -> Format:
    """The family of a document. A declared type never overrules what the bytes are."""
    head = data[:16]
    for magic, found in _MAGIC:
        if head.startswith(magic) and not (found is Format.IMAGE and len(magic) == 2 and looks_like_text(data)):
            return found
    if head[4:8] == b"ftyp" or (head[:4] == b"RIFF" and head[8:12] != b"WEBP"):
        return Format.MEDIA
    if head[:4] == b"RIFF":
        return Format.IMAGE
    if b"%PDF-" in data[:1024] and media_type == "application/pdf":
        return Format.PDF
    return _declared(data, media_type.lower(), name.lower())


def _declared(data: bytes, media_type: str, name: str) -> Format:
    """For what bears no mark of its own."""
    if media_type in _TYPES and media_type != "application/pdf":
        return _TYPES[media_type]
    ending = name.rpartition(".")[2]
    if ending in _ENDINGS and looks_like_text(data):
        return _ENDINGS[ending]
    family = _FAMILIES.get(media_type.partition("/")[0], Format.UNKNOWN)
    if family is Format.TEXT or (family is Format.UNKNOWN and looks_like_text(data)):
        return Format.TEXT
    return family


def looks_like_text(data: bytes) -> bool:
    """Whether the beginning holds no control characters but those of texts; UTF-16 counts when it is marked."""
    head = data[:4096]
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return True
    return not any(byte < 32 and byte not in (7, 8, 9, 10, 11, 12, 13, 27) for byte in head)
