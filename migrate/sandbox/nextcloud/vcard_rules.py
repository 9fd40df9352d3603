"""What a Nextcloud address book accepts, repairs and refuses (sabre/dav ``CardDAV\\Plugin::validateVCard``)."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass

from migrate.sandbox.nextcloud.contentlines import Component, ParseFailure, new_line, parse
from migrate.sandbox.nextcloud.dav_errors import DavError

AT_MOST_ONCE = ("N", "UID", "BDAY", "ANNIVERSARY", "GENDER", "KIND", "PRODID", "REV")
ONE_NAME = "The FN property must appear in the VCARD component exactly 1 time"
MAX_UID = 255
"""Characters the database column holds."""
_CONTROL = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f]")
_DATE = re.compile(r"(?:\d{4}|-)?(?:-?\d\d|-)?(?:-?\d\d)?(?:T[\d:.]*(?:Z|[+-][\d:]+)?)?")
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
    text, warnings = _decoded(body)
    try:
        card = parse(text)
    except ParseFailure as error:
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
    _check_counts(card)
    _check_dates(card)
    warnings += [warning for warning in (versionless, _repair_uid(card), _repair_name(card)) if warning]
    if len(card.value("UID")) > MAX_UID:
        message = "An exception occurred while executing a query: Data too long for column 'uid'"
        raise DavError(500, message, exception="OC\\DB\\Exceptions\\DbalException")
    return AcceptedCard(
        body=card.serialize().encode() if warnings else body,
        uid=card.value("UID"),
        warning=warnings[0] if warnings else "",
    )


def _decoded(body: bytes) -> tuple[str, list[str]]:
    """The text, and what had to be done to read it: Latin-1 for what is not UTF-8, no control characters."""
    try:
        text, warnings = body.decode(), []
    except UnicodeDecodeError:
        text, warnings = body.decode("latin-1"), ["Property is not valid UTF-8!"]
    plain = _CONTROL.sub("", text)
    return plain, warnings if plain == text else [*warnings, "Property contained a control character"]


def _check_counts(card: Component) -> None:
    """One name only, although RFC 6350 §6.2.1 allows several; and what may be there once at most."""
    if len(card.all("FN")) > 1:
        raise DavError(415, f"Validation error in vCard: {ONE_NAME}")
    for name in AT_MOST_ONCE:
        if len(card.all(name)) > 1:
            raise DavError(
                415, f"Validation error in vCard: {name} MUST NOT appear more than once in a VCARD component"
            )


def _check_dates(card: Component) -> None:
    for line in (line for name in ("BDAY", "ANNIVERSARY") for line in card.all(name)):
        if line.params.get("VALUE", "").upper() != "TEXT" and not _DATE.fullmatch(line.value.strip()):
            message = f"The supplied value ({line.value}) is not a correct DATE-AND-OR-TIME property"
            raise DavError(415, f"Validation error in vCard: {message}")


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
        value = _given_first(card.value(name)) if name == "N" else card.value(name).replace(";", "\\;")
        if value:
            card.add(new_line("FN", value))
            return ONE_NAME
    raise DavError(415, f"Validation error in vCard: {ONE_NAME}")


def _given_first(name: str) -> str:
    family, given = [*name.split(";"), ""][:2]
    return f"{given} {family}".strip()
