"""Ids that Drive and Calendar share: an event may link a file before either exists."""

from __future__ import annotations

import base64
import hashlib

from migrate.sandbox.association.people import Member


def file_id(member: Member, key: str) -> str:
    """A Drive id, 33 letters of the URL alphabet, the same for the same owner and key."""
    digest = hashlib.sha256(f"drive/{member.login}/{key}".encode()).digest()
    return "1" + base64.urlsafe_b64encode(digest)[:32].decode()


def root_id(member: Member) -> str:
    """The id of the member's My Drive."""
    return "0A" + file_id(member, "root")[1:17] + "PVA"
