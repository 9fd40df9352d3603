"""File names as Nextcloud admits them (``lib/private/Files/FilenameValidator.php``)."""

from __future__ import annotations

from migrate.sandbox.nextcloud.dav_errors import DavError, invalid_name

MAX_NAME_BYTES = 250
FORBIDDEN_NAMES = (".htaccess",)
FORBIDDEN_CHARACTERS = ("\\", "/")
FORBIDDEN_EXTENSIONS = (".filepart", ".part")


def check_name(name: str) -> None:
    """Raise the original's 400 for a name it refuses."""
    reason = refusal(name)
    if reason:
        raise invalid_name(reason)


def refusal(name: str) -> str:
    """Why a name is refused, empty when it is admitted."""
    lower = name.lower()
    if not name.strip():
        return "Empty filename is not allowed"
    if len(name.encode()) > MAX_NAME_BYTES:
        return "Filename is too long"
    if name in (".", "..") or lower in FORBIDDEN_NAMES:
        return "Filename is a reserved word"
    if any(ord(character) < 32 for character in name):
        return "Filename contains at least one invalid character"
    for character in FORBIDDEN_CHARACTERS:
        if character in name:
            return f'"{character}" is not allowed inside a file or folder name.'
    for extension in FORBIDDEN_EXTENSIONS:
        if lower.endswith(extension):
            return f'"{extension}" is a forbidden file type.'
    return ""


def split_path(path: str) -> tuple[str, ...]:
    """Names of a decoded path, empty segments left out. Raises DavError on what climbs out."""
    parts = tuple(part for part in path.split("/") if part)
    if any(part in (".", "..") for part in parts):
        raise DavError(403, "Permission denied to create file")
    return parts
