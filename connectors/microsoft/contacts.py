"""Outlook contacts: folders as address books, each contact with its photo.

Contact lists are not told by Graph v1.0, nor is the online directory, which Nextcloud has its own of.
https://learn.microsoft.com/graph/api/resources/contact
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from connectors.microsoft import mailbox, rounds
from connectors.microsoft.batches import each
from connectors.microsoft.errors import not_the_api
from connectors.microsoft.http import BATCH, Api, Json, Part, segment
from connectors.microsoft.message import moment_of
from connectors.microsoft.settings import Settings
from migrate.errors import ConnectorError, CursorExpired, NotFound, Scope
from migrate.model import Capabilities, Change, Collection, Entry, Item

MEDIA_TYPE = "application/vnd.microsoft.graph.contact+json"
"""``{"uid": …, "contact": contact, "photo": {"type", "content"} or null, "mailbox": {…}}``."""
DEFAULT = "contacts"
"""The well-known name of the folder that every mailbox has, which lists of folders leave out."""
TOGETHER = BATCH // 2
"""Contacts of a batch: each takes one part for itself and one for its photo."""
LISTED = "id,changeKey,createdDateTime,lastModifiedDateTime"
SELECT = (
    "id,changeKey,createdDateTime,lastModifiedDateTime,displayName,fileAs,title,givenName,middleName,surname,generation,"
    "initials,nickName,yomiGivenName,yomiSurname,yomiCompanyName,emailAddresses,primaryEmailAddress,"
    "secondaryEmailAddress,tertiaryEmailAddress,businessPhones,homePhones,mobilePhone,imAddresses,businessAddress,"
    "homeAddress,otherAddress,companyName,department,jobTitle,profession,officeLocation,manager,assistantName,"
    "businessHomePage,birthday,spouseName,children,categories,personalNotes"
)
_IMAGES = ((b"\xff\xd8", "image/jpeg"), (b"\x89PNG", "image/png"), (b"GIF8", "image/gif"), (b"BM", "image/bmp"))
Outcome = tuple[Entry, Item | ConnectorError]


class ContactsReader:
    """Implements ``protocols.Reader``, ``SupportsGetMany`` and ``SupportsChanges``."""

    capabilities = Capabilities()

    def __init__(self, api: Api, settings: Settings, spool: Path) -> None:
        self._api = api
        self._head: dict[str, str] | None = None
        self._tokens: dict[str, str] | None = None
        """Where the next round of changes begins, once a round is over."""
        self._listed: list[Entry] | None = None
        """What the round that ``cursor`` began has told, until ``entries`` gives it."""

    def collections(self) -> Iterator[Collection]:
        """The default folder, then the others. Address books do not nest: the names of folders above are kept."""
        default = self._api.get(f"contactFolders/{DEFAULT}", {"$select": "id,displayName"})
        name = str(default.get("displayName") or "Contacts")
        yield Collection(href=DEFAULT, path=(name,), role="primary")
        yield from self._below("contactFolders", ())

    def _below(self, path: str, above: tuple[str, ...]) -> Iterator[Collection]:
        for row in list(self._api.values(path, {"$top": 100})):
            names = (*above, str(row.get("displayName") or row["id"]))
            yield Collection(href=str(row["id"]), path=(" – ".join(names),))
            yield from self._below(f"contactFolders/{segment(str(row['id']))}/childFolders", names)

    def entries(self) -> Iterator[Entry]:
        """Every contact once."""
        seen: set[str] = set()
        for entry in self._kept() if self._listed is not None else self._everything({}):
            # A round repeats what changed under way, and a contact that moved meanwhile is in two folders.
            if entry.href not in seen:
                seen.add(entry.href)
                yield entry

    def _everything(self, tokens: dict[str, str]) -> Iterator[Entry]:
        for collection in self.collections():
            for row in self._round(collection.href, tokens):
                if "@removed" not in row:
                    yield entry_of(row, collection.href)

    def _round(self, folder: str, tokens: dict[str, str]) -> Iterator[Json]:
        path = f"contactFolders/{segment(folder)}/contacts/delta"
        return rounds.rows(self._api, path, folder, tokens, {"$select": LISTED})

    def _kept(self) -> Iterator[Entry]:
        listed, self._listed = self._listed or [], None
        yield from listed

    def cursor(self) -> str:
        """Where changes go on from. Without a round behind it, the full listing is made now, and kept."""
        if self._tokens is None:
            self._tokens = {}
            self._listed = list(self._everything(self._tokens))
        tokens, self._tokens = self._tokens, None
        return json.dumps(tokens, sort_keys=True)

    def changes(self, cursor: str) -> Iterator[Change]:
        """Contacts that came, changed, moved or went since. Raises CursorExpired."""
        tokens = read_cursor(cursor)
        folders = [collection.href for collection in self.collections()]
        if tokens.keys() - set(folders):
            raise CursorExpired("A folder is gone, and with it what would tell of its contacts.")
        gone: set[str] = set()
        there: set[str] = set()
        for folder in folders:
            for row in self._round(folder, tokens):
                identifier = str(row["id"])
                (gone if "@removed" in row else there).add(identifier)
                if "@removed" not in row:
                    yield Change(href=identifier, entry=entry_of(row, folder))
        # A contact that moved is removed from one folder and new in another, in no order.
        yield from (Change(href=identifier, entry=None) for identifier in sorted(gone - there))
        self._tokens = tokens

    def get(self, entry: Entry) -> Item:
        """The contact as it is now, with its photo. Raises NotFound, ConnectorError."""
        (_, outcome), *_ = self.get_many([entry])
        if isinstance(outcome, ConnectorError):
            raise outcome
        return outcome

    def get_many(self, entries: Sequence[Entry]) -> Iterator[Outcome]:
        """Each contact or its own error."""
        for start in range(0, len(entries), TOGETHER):
            yield from self._together(entries[start : start + TOGETHER])

    def _together(self, group: Sequence[Entry]) -> Iterator[Outcome]:
        parts: dict[str, Part] = {}
        for index, entry in enumerate(group):
            path = f"contactFolders/{segment(entry.collection)}/contacts/{segment(entry.href)}"
            parts[f"{index}"] = Part(path=path, params={"$select": SELECT})
            parts[f"{index}p"] = Part(path=f"{path}/photo/$value")
        answers = dict(each(self._api, parts))
        for index, entry in enumerate(group):
            yield entry, self._outcome(entry, answers[f"{index}"], answers[f"{index}p"])

    def _outcome(self, entry: Entry, contact: Any, photo: Any) -> Item | ConnectorError:
        """Without a photo, the one is not found while the other is."""
        for answer in (contact, photo):
            if isinstance(answer, ConnectorError) and not (answer is photo and isinstance(photo, NotFound)):
                if answer.scope > Scope.ITEM:
                    raise answer
                return answer
        if not isinstance(contact, Mapping):
            return not_the_api()
        if self._head is None:
            self._head = mailbox.head(self._api)
        current = entry_of(contact, entry.collection)
        body = {
            "uid": current.uid,
            "contact": mailbox.only(contact, SELECT),
            "photo": _photo(photo) if isinstance(photo, bytes) and photo else None,
            "mailbox": self._head,
        }
        return Item(entry=current, body=mailbox.packed(body), media_type=MEDIA_TYPE)

    def close(self) -> None:
        """Release the connection."""
        self._api.close()


def entry_of(contact: Json, folder: str) -> Entry:
    """The row of a contact; its photo changes its key too."""
    return Entry(
        href=str(contact["id"]),
        collection=folder,
        etag=hashlib.sha256(str(contact.get("changeKey")).encode()).hexdigest()[:32],
        uid=mailbox.uid("contact", str(contact["id"])),
        media_type=MEDIA_TYPE,
        modified=moment_of(contact.get("lastModifiedDateTime")),
        created=moment_of(contact.get("createdDateTime")),
    )


def read_cursor(cursor: str) -> dict[str, str]:
    """The token of each folder. Raises CursorExpired for a cursor that is not ours."""
    try:
        tokens = json.loads(cursor)
    except ValueError:
        tokens = None
    if not isinstance(tokens, dict) or not all(isinstance(token, str) for token in tokens.values()):
        raise CursorExpired("The cursor is not of this kind of account.")
    return tokens


def _photo(content: bytes) -> dict[str, str]:
    kind = next((kind for magic, kind in _IMAGES if content.startswith(magic)), "image/jpeg")
    return {"type": kind, "content": base64.b64encode(content).decode()}
