"""What a Nextcloud address book accepts, repairs and refuses (sabre/dav ``CardDAV\\Plugin::validateVCard``)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from migrate.sandbox.nextcloud.contentlines import Component, ParseFailure, new_line, parse
from migrate.sandbox.nextcloud.dav_errors import DavError

NAMES = ("N", "ORG", "NICKNAME", "EMAIL")
"""Where a missing FN is taken from, in this order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedCard:
    """A card as it will be stored."""

    body: bytes
    uid: str
    warning: str


def accept_card(body: bytes) -> AcceptedCard:
    """Check a card, repair what the original repairs. Raises DavError 415."""
    try:
        card = parse(body.decode())
    except (ParseFailure, UnicodeDecodeError) as error:
        raise DavError(415, f"This resource only supports valid vCard or jCard data. Parse error: {error}") from error
    if card.name != "VCARD":
        raise DavError(415, "This collection can only support vcard objects.")
    versionless = _repair_version(card)
    version = card.value("VERSION")
    if version == "2.1":
        message = "Validation error in vCard: CardDAV servers are not allowed to accept vCard 2.1."
        raise DavError(415, message)
    if version == "4.0" and any("ENCODING" in line.params for line in card.lines):
        raise DavError(415, "Validation error in vCard: ENCODING parameter is not valid in vCard 4.")
    warnings = [warning for warning in (versionless, _repair_uid(card), _repair_name(card)) if warning]
    return AcceptedCard(
        body=card.serialize().encode() if warnings else body,
        uid=card.value("UID"),
        warning=warnings[0] if warnings else "",
    )


def _repair_version(card: Component) -> str:
    if card.first("VERSION"):
        return ""
    card.add(new_line("VERSION", "4.0"))
    return "VERSION MUST appear exactly once in a VCARD component"


def _repair_uid(card: Component) -> str:
    if card.first("UID"):
        return ""
    card.add(new_line("UID", str(uuid.uuid4())))
    return "vCards on CardDAV servers MUST have a UID property."


def _repair_name(card: Component) -> str:
    if card.first("FN"):
        return ""
    for name in NAMES:
        value = " ".join(part for part in reversed(card.value(name).split(";")) if part.strip()).strip()
        if value:
            card.add(new_line("FN", value))
            return "The FN property must appear in the VCARD component exactly 1 time"
    raise DavError(415, "Validation error in vCard: The FN property must appear in the VCARD component exactly 1 time")
