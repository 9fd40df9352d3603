"""What a cursor holds: Google's own tokens and digests, in one opaque word."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from migrate.errors import CursorExpired

_VERSION = 1


def issue(kind: str, **parts: Any) -> str:
    """One word for these parts; ``kind`` keeps the cursors of services apart."""
    body = json.dumps([_VERSION, kind, parts], sort_keys=True, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(body).decode().rstrip("=")


def read(kind: str, cursor: str) -> dict[str, Any]:
    """The parts again. Raises CursorExpired for a word of another version, or none of ours."""
    try:
        version, found, parts = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        version, found, parts = None, None, None
    if (version, found) != (_VERSION, kind) or not isinstance(parts, dict):
        raise CursorExpired("The cursor is not one of this service.")
    return parts


def digest(value: Any) -> str:
    """A short digest of JSON data, to see whether it changed."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:24]
