"""Contacts of a Takeout archive: the cards of the one file that holds them all, each with a UID that stays."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import replace

from connectors.takeout.archive import Contents
from connectors.takeout.components import joined, name_of, text_of, unfolded, value_of
from connectors.takeout.layout import contacts
from connectors.takeout.parts import ArchiveError
from migrate.errors import NotFound
from migrate.model import Capabilities, Collection, Entry, Item, Loss

HREF = "contacts"
MEDIA_TYPE = "text/vcard"
_NAMESPACE = uuid.UUID("0c7ed0a8-3d35-5f0d-8a58-6f6b0f3f7b52")
_IDENTITY = ("FN", "N", "EMAIL", "TEL", "ORG")
_NAME = Loss(field="name", reason="The card had no name: an address or a number stands for it.")
_PHOTO = Loss(field="photo", reason="The photo is a link to Google, which ends with the account.")


class ContactsReader:
    """Implements ``protocols.Reader``."""

    capabilities = Capabilities()

    def __init__(self, contents: Contents) -> None:
        self._contents = contents
        self._file = contacts(contents.archive.members)
        self._known: dict[str, Entry] | None = None

    def collections(self) -> Iterator[Collection]:
        """One address book; none when contacts were not exported."""
        if self._file is not None:
            yield Collection(href=HREF, path=("Contacts",), role="primary")

    def entries(self) -> Iterator[Entry]:
        """Every card, its body with it."""
        yield from self._cards().values()

    def _cards(self) -> dict[str, Entry]:
        if self._known is None:
            body = self._contents.text(self._file) if self._file is not None else b""
            self._known = {}
            for card in _split(body):
                entry = _entry(card, self._known)
                self._known[entry.href] = entry
        return self._known

    def get(self, entry: Entry) -> Item:
        """The card. Raises NotFound, ArchiveError."""
        current = self._cards().get(entry.href)
        if current is None:
            raise NotFound("The archive does not hold this card.")
        return Item(entry=replace(current, inline=None), body=current.inline or b"", media_type=MEDIA_TYPE)

    def close(self) -> None:
        """Close the archive."""
        self._contents.close()


def _split(body: bytes) -> Iterator[list[bytes]]:
    card: list[bytes] | None = None
    for line in unfolded(body):
        if line.strip().upper() == b"BEGIN:VCARD":
            card = []
        elif line.strip().upper() == b"END:VCARD" and card is not None:
            yield card
            card = None
        elif card is not None:
            card.append(line)
    if card is not None:
        raise ArchiveError("The address book of the export is cut.")


def _entry(card: Sequence[bytes], known: dict[str, Entry]) -> Entry:
    values = {word: next((v for v in _values(card, word)), "") for word in ("UID", *_IDENTITY)}
    uid, losses = values["UID"] or _uid(values, known), []
    head = [b"BEGIN:VCARD", *(line for line in card if name_of(line) == "VERSION")]
    if not values["UID"]:
        head.append(b"UID:" + uid.encode())
    if not values["FN"]:
        losses.append(_NAME)
        head.append(b"FN:" + _stand_in(values).encode())
    if any(name_of(line) == "PHOTO" and value_of(line).startswith("http") for line in card):
        losses.append(_PHOTO)
    # An empty FN would be a second one beside ours.
    rest = [line for line in card if name_of(line) != "VERSION" and not (name_of(line) == "FN" and not values["FN"])]
    body = joined([*head, *rest, b"END:VCARD"])
    return Entry(
        href=uid,
        collection=HREF,
        etag=hashlib.sha256(body).hexdigest()[:32],
        uid=uid,
        media_type=MEDIA_TYPE,
        size=len(body),
        losses=tuple(losses),
        inline=body,
    )


def _values(card: Sequence[bytes], word: str) -> Iterator[str]:
    return (value_of(line) for line in card if name_of(line) == word and text_of(line).strip(" ;"))


def _uid(values: dict[str, str], known: dict[str, Entry]) -> str:
    """The same for the same person in every export: name, first address, first number; a count for equal ones."""
    key = "\n".join(values[word].casefold() for word in _IDENTITY)
    nth, uid = 1, str(uuid.uuid5(_NAMESPACE, key))
    while uid in known:
        nth += 1
        uid = str(uuid.uuid5(_NAMESPACE, f"{key}\n{nth}"))
    return uid


def _stand_in(values: dict[str, str]) -> str:
    return next((values[word] for word in ("EMAIL", "ORG", "TEL", "N") if values[word]), "?").split(";")[0] or "?"
