"""Outlook contacts to vCard 4 (RFC 6350).

The body is JSON: ``{"uid": …, "contact": contact, "photo": {"type": …, "content": base64}, "mailbox": {…}}``; ``photo``
may be null, and ``mailbox`` holds ``timeZone`` and ``territory``, which tell a birthday's day.
https://learn.microsoft.com/graph/api/resources/contact
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from mappings import vcard, windows_zones
from mappings.contentlines import text
from mappings.vcard import Property, listed, structured
from migrate.errors import MappingError
from migrate.model import Item, Mapped

MEDIA_TYPE = "application/vnd.microsoft.graph.contact+json"
PRODID = "-//transhume//graph_contact//EN"
NO_YEAR = 1604
"""The year of birthdays whose year nobody knows, in Outlook and Apple's programs; earlier ones are none either."""
Json = Mapping[str, Any]

_PHONES = (("businessPhones", "work"), ("homePhones", "home"))
_ADDRESSES = (("businessAddress", "work"), ("homeAddress", "home"), ("otherAddress", "other"))
_MORE_ADDRESSES = ("primaryEmailAddress", "secondaryEmailAddress", "tertiaryEmailAddress")
_PHONETIC = (
    ("yomiGivenName", "X-PHONETIC-FIRST-NAME"),
    ("yomiSurname", "X-PHONETIC-LAST-NAME"),
    ("yomiCompanyName", "X-PHONETIC-ORG"),
)
_TEXT = {"VALUE": ("text",)}


def to_vcard(item: Item) -> Mapped:
    """The item as ``text/vcard``; every field of a contact has its place. Raises MappingError."""
    try:
        data = json.loads(item.body if isinstance(item.body, bytes) else item.body.read_bytes())
        body = vcard.card(_properties(data))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise MappingError("This contact's data is not as Microsoft Graph documents it.") from error
    mapped = Item(
        entry=item.entry,
        body=body,
        media_type=vcard.MEDIA_TYPE,
        internal_date=item.internal_date,
        flags=item.flags,
    )
    return Mapped(item=mapped)


def _properties(data: Json) -> Iterator[Property]:
    contact = data["contact"]
    yield Property("PRODID", text(PRODID))
    yield Property("UID", text(str(data["uid"])))
    yield from _names(contact)
    yield from _emails(contact)
    yield from _phones(contact)
    yield from _addresses(contact)
    yield from _work(contact)
    yield from _birthday(contact, data.get("mailbox") or {})
    yield from _others(contact)
    yield from _photo(data.get("photo") or {})
    if contact.get("lastModifiedDateTime"):
        moment = datetime.fromisoformat(contact["lastModifiedDateTime"]).astimezone(UTC)
        yield Property("REV", f"{moment:%Y%m%dT%H%M%SZ}")


def _given(contact: Json, name: str) -> str:
    return str(contact.get(name) or "").strip()


def _names(contact: Json) -> Iterator[Property]:
    parts = [_given(contact, name) for name in ("surname", "givenName", "middleName", "title", "generation")]
    full = _full_name(contact)
    file_as = _given(contact, "fileAs")
    yield Property("FN", text(full))
    if any(parts) or (file_as and file_as != full):
        yield Property("N", structured(parts), {"SORT-AS": (file_as,)} if file_as and file_as != full else {})
    if _given(contact, "nickName"):
        yield Property("NICKNAME", listed([_given(contact, "nickName")]))
    if _given(contact, "initials"):
        yield Property("X-INITIALS", text(_given(contact, "initials")))
    for name, target in _PHONETIC:
        if _given(contact, name):
            yield Property(target, text(_given(contact, name)))


def _full_name(contact: Json) -> str:
    """FN must be there (RFC 6350 §6.2.1): what Outlook shows, or the first thing that tells whom the card is of."""
    names = ("title", "givenName", "middleName", "surname", "generation")
    composed = " ".join(filter(None, (_given(contact, name) for name in names)))
    known = [_given(contact, "displayName"), composed, _given(contact, "nickName"), _given(contact, "companyName")]
    known += [_given(contact, "fileAs"), *(address for address, _ in _addresses_of(contact))]
    known += [str(number) for _, number in _numbers(contact)]
    return next(filter(None, known), "-")


def _addresses_of(contact: Json) -> list[tuple[str, str]]:
    """Mail addresses and how Outlook shows each, once each, the first one first."""
    found: dict[str, tuple[str, str]] = {}
    for email in [*(contact.get("emailAddresses") or ()), *(contact.get(name) for name in _MORE_ADDRESSES)]:
        address = str((email or {}).get("address") or "").strip()
        if address:
            found.setdefault(address.casefold(), (address, str(email.get("name") or "").strip()))
    return list(found.values())


def _emails(contact: Json) -> Iterator[Property]:
    """Outlook makes up how an address is shown; a label of its own is one that was typed in."""
    full = _full_name(contact)
    for number, (address, shown) in enumerate(_addresses_of(contact), 1):
        made_up = {"", full, address, f"{full} ({address})", address.casefold()}
        group = "" if shown in made_up else f"item{number}"
        yield Property("EMAIL", text(address), {"PREF": ("1",)} if number == 1 else {}, group)
        if group:
            yield Property("X-ABLABEL", text(shown), group=group)


def _numbers(contact: Json) -> Iterator[tuple[str, str]]:
    for name, kind in _PHONES:
        yield from ((kind, str(number).strip()) for number in contact.get(name) or () if str(number or "").strip())
    if _given(contact, "mobilePhone"):
        yield "cell", _given(contact, "mobilePhone")


def _phones(contact: Json) -> Iterator[Property]:
    for kind, number in _numbers(contact):
        yield Property("TEL", text(number), {"TYPE": (kind,)})


def _addresses(contact: Json) -> Iterator[Property]:
    """The office is the extended part of the address at work, which is where a card has a room for it."""
    office = _given(contact, "officeLocation")
    for name, kind in _ADDRESSES:
        address = contact.get(name) or {}
        fields = ("street", "city", "state", "postalCode", "countryOrRegion")
        parts = ["", office if kind == "work" else "", *(_given(address, field) for field in fields)]
        if any(parts):
            yield Property("ADR", structured(parts), {"TYPE": (kind,)})


def _work(contact: Json) -> Iterator[Property]:
    units = [_given(contact, "companyName"), _given(contact, "department")]
    if any(units):
        yield Property("ORG", structured(units if units[1] else units[:1]))
    for name, target in (("jobTitle", "TITLE"), ("profession", "ROLE"), ("manager", "X-MANAGERSNAME")):
        if _given(contact, name):
            yield Property(target, text(_given(contact, name)))


def _birthday(contact: Json, mailbox: Json) -> Iterator[Property]:
    """A day kept as a moment: the date as it is told, unless it is midnight where the mailbox is."""
    if not contact.get("birthday"):
        return
    moment = datetime.fromisoformat(contact["birthday"])
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if moment.year <= 1:
        return
    day = windows_zones.day_of(moment, windows_zones.home(mailbox)) or moment.date()
    yield Property("BDAY", f"--{day:%m%d}" if day.year <= NO_YEAR else f"{day.year:04}{day:%m%d}")


def _others(contact: Json) -> Iterator[Property]:
    if _given(contact, "businessHomePage"):
        yield Property("URL", _given(contact, "businessHomePage"), {"TYPE": ("work",)})
    for address in filter(None, (str(value or "").strip() for value in contact.get("imAddresses") or ())):
        yield Property("IMPP", address if ":" in address else f"im:{quote(address, safe='@+.-_')}")
    for name, kind in (("spouseName", "spouse"), ("assistantName", "agent")):
        if _given(contact, name):
            yield Property("RELATED", text(_given(contact, name)), {**_TEXT, "TYPE": (kind,)})
    for child in filter(None, (str(value or "").strip() for value in contact.get("children") or ())):
        yield Property("RELATED", text(child), {**_TEXT, "TYPE": ("child",)})
    categories = [str(name) for name in contact.get("categories") or () if name]
    if categories:
        yield Property("CATEGORIES", listed(categories))
    if _given(contact, "personalNotes"):
        yield Property("NOTE", text(str(contact["personalNotes"]).rstrip()))


def _photo(photo: Json) -> Iterator[Property]:
    if photo.get("content"):
        yield Property("PHOTO", f"data:{photo.get('type') or 'image/jpeg'};base64,{photo['content']}")
