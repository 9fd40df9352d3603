"""Google Contacts: one address book, its groups as categories, photos on demand.

https://developers.google.com/people/api/rest/v1/people.connections/list
"""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from connectors.google.cursor import digest, issue, read
from connectors.google.http import Api
from connectors.google.settings import Settings
from migrate.errors import ConnectorError, CursorExpired, LimitReached, NotFound, Rejected, Retriable, Scope
from migrate.model import Capabilities, Change, Collection, Disposition, Entry, Item, Skip

MEDIA_TYPE = "application/vnd.google.people.person+json"
"""``{"uid": …, "person": Person, "groups": {resource name: name}, "photo": {"type": …, "data": base64}}``."""
BOOK, OTHERS = "contacts", "otherContacts"
PAGE, GROUPS_PAGE, MANY = 1000, 1000, 50
UNITS = 1
FIELDS = (
    "addresses,ageRanges,biographies,birthdays,calendarUrls,clientData,coverPhotos,emailAddresses,events,externalIds,"
    "genders,imClients,interests,locales,locations,memberships,metadata,miscKeywords,names,nicknames,occupations,"
    "organizations,phoneNumbers,photos,relations,sipAddresses,skills,urls,userDefined"
)
OTHER_FIELDS = "emailAddresses,metadata,names,phoneNumbers"
PHOTO_SIZE = 720
"""Pixels of a photo's side: Google makes it smaller, never larger than it is."""
_NAMESPACE = uuid.UUID("2c1a0d0e-58f5-5a0c-9d55-6a6b0f3a7f10")
_COLLECTED = Skip(
    code="other-contact",
    reason="An address that Gmail collected by itself; it moves only when other_contacts asks for it.",
    disposition=Disposition.EXCLUDED,
)
Json = Mapping[str, Any]


class PeopleReader:
    """Implements ``protocols.Reader``, ``SupportsGetMany`` and ``SupportsChanges``."""

    capabilities = Capabilities()

    def __init__(self, api: Api, others: Api | None, settings: Settings) -> None:
        """``others`` reads collected addresses, which have a scope of their own; None when they are not asked for."""
        self._api, self._others, self._settings = api, others, settings
        self._groups: dict[str, str] | None = None

    @property
    def _moves_others(self) -> bool:
        return self._settings.other_contacts == "move"

    def collections(self) -> Iterator[Collection]:
        """The contacts; and the collected addresses where they are asked for."""
        yield Collection(href=BOOK, path=("Contacts",), role="primary")
        if self._moves_others:
            yield Collection(href=OTHERS, path=("Other contacts",))

    def entries(self) -> Iterator[Entry]:
        """Every contact with its body, photos left out; every collected address, moved or counted."""
        groups = self._group_names(anew=True)
        for person in self._connections():
            yield _entry(BOOK, person, groups)
        if self._others is not None:
            skip = None if self._moves_others else _COLLECTED
            for person in self._collected(self._others):
                entry = _entry(OTHERS if self._moves_others else BOOK, person, {})
                yield replace(entry, skip=skip, inline=None if skip else entry.inline)

    def _group_names(self, *, anew: bool = False) -> dict[str, str]:
        """The groups that people made, and the stars, by resource name."""
        if self._groups is None or anew:

            def page(token: str | None) -> Any:
                return self._api.at("contactGroups").list(
                    pageSize=GROUPS_PAGE, pageToken=token, groupFields="name,groupType"
                )

            listed = [group for answer in self._api.pages(page, UNITS) for group in answer.get("contactGroups", ())]
            self._groups = {
                group["resourceName"]: str(group.get("name") or "")
                for group in listed
                if group.get("groupType") == "USER_CONTACT_GROUP"
            }
        return self._groups

    def _connections(self, **query: Any) -> Iterator[Json]:
        for answer in self._connection_pages(**query):
            yield from answer.get("connections", ())

    def _connection_pages(self, **query: Any) -> Iterator[dict[str, Any]]:
        def page(token: str | None) -> Any:
            return self._api.at("people", "connections").list(
                resourceName="people/me", personFields=FIELDS, pageSize=PAGE, pageToken=token, **query
            )

        return self._api.pages(page, UNITS)

    @staticmethod
    def _collected(api: Api) -> Iterator[Json]:
        def page(token: str | None) -> Any:
            return api.at("otherContacts").list(readMask=OTHER_FIELDS, pageSize=PAGE, pageToken=token)

        for answer in api.pages(page, UNITS):
            yield from answer.get("otherContacts", ())

    def get(self, entry: Entry) -> Item:
        """The contact with its photo. Raises NotFound, ConnectorError."""
        found = next(iter(self.get_many([entry])))[1]
        if isinstance(found, ConnectorError):
            raise found
        return found

    def get_many(self, entries: Sequence[Entry]) -> Iterator[tuple[Entry, Item | ConnectorError]]:
        """Contacts fifty a request, then the photos of those that have one."""
        groups = self._group_names()
        own = [entry for entry in entries if entry.collection != OTHERS]
        for start in range(0, len(own), MANY):
            part = own[start : start + MANY]
            found = self._batch([entry.href for entry in part])
            for entry in part:
                yield entry, self._outcome(entry, found.get(entry.href), groups)
        others = {entry.href: entry for entry in entries if entry.collection == OTHERS}
        if others and self._others is not None:
            people = {person["resourceName"]: person for person in self._collected(self._others)}
            for href, entry in others.items():
                yield entry, self._outcome(entry, people.get(href), {})

    def _batch(self, names: Sequence[str]) -> dict[str, Json]:
        """Each contact by the name it was asked for; those that are gone left out."""
        answer = self._api.call(
            lambda: self._api.at("people").getBatchGet(resourceNames=list(names), personFields=FIELDS), UNITS
        )
        found = {}
        for one in answer.get("responses", ()):
            status = int(one.get("httpStatusCode") or 200)
            if status >= 500 or status == 429:
                raise Retriable("Google left parts of a batch unanswered.")
            if status == 200 and one.get("person"):
                found[one.get("requestedResourceName") or one["person"]["resourceName"]] = one["person"]
        return found

    def _outcome(self, entry: Entry, person: Json | None, groups: Mapping[str, str]) -> Item | ConnectorError:
        if person is None or (person.get("metadata") or {}).get("deleted"):
            return NotFound("The contact is gone.")
        current = _entry(entry.collection, person, groups)
        body = json.loads(current.inline or b"{}")
        try:
            body["photo"] = self._photo(person)
        except (NotFound, Rejected, LimitReached) as error:
            if error.scope > Scope.ITEM:
                raise
            body["photo"] = {}  # told as a loss by the mapping
        return Item(entry=replace(current, href=entry.href, inline=None), body=_json(body), media_type=MEDIA_TYPE)

    def _photo(self, person: Json) -> Json | None:
        """The contact's own photo; None when there is none but the letter that Google draws."""
        url = _photo_url(person)
        if not url:
            return None
        sized = f"{url}{'&' if '?' in url else '?'}sz={PHOTO_SIZE}"
        content = self._api.fetch(sized, UNITS)[1]
        return {"type": _image_type(content), "data": base64.b64encode(content).decode()}

    def cursor(self) -> str:
        """A sync token, for which Google wants the whole listing, and a digest of the groups."""
        groups = self._group_names(anew=True)
        token = ""
        for answer in self._connection_pages(requestSyncToken=True):
            token = str(answer.get("nextSyncToken", ""))
        if not token:
            raise Retriable("Google gave no sync token.", scope=Scope.ACCOUNT)
        return issue("people", token=token, groups=digest(groups))

    def changes(self, cursor: str) -> Iterator[Change]:
        """Contacts changed since. Raises CursorExpired: too old (7 days), or a group changed, which no contact tells.

        Collected addresses are not among them: a full listing counts them.
        """
        parts = read("people", cursor)
        groups = self._group_names(anew=True)
        if digest(groups) != parts["groups"] or self._moves_others:
            raise CursorExpired("The groups of the contacts changed.")
        for person in self._connections(requestSyncToken=True, syncToken=parts["token"]):
            metadata = person.get("metadata") or {}
            for before in metadata.get("previousResourceNames") or ():
                yield Change(href=before, entry=None)
            entry = None if metadata.get("deleted") else _entry(BOOK, person, groups)
            yield Change(href=person["resourceName"], entry=entry)

    def close(self) -> None:
        """Release the connections."""
        self._api.close()
        if self._others is not None:
            self._others.close()


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _entry(book: str, person: Json, groups: Mapping[str, str]) -> Entry:
    """A person as a row. Addresses of photos change by themselves: their being there counts, not where they are."""
    uid = str(uuid.uuid5(_NAMESPACE, _source(person)))
    kept = {key: value for key, value in person.items() if key not in ("etag", "photos", "coverPhotos")}
    member = {name: groups[name] for name in _memberships(person) if name in groups}
    body = _json({"uid": uid, "person": kept, "groups": member})
    marks = body + (b"+photo" if _photo_url(person) else b"") + str(person.get("etag", "")).encode()
    return Entry(
        href=person["resourceName"],
        collection=book,
        etag=hashlib.sha256(marks).hexdigest()[:32],
        uid=f"urn:uuid:{uid}",
        media_type=MEDIA_TYPE,
        size=len(body),
        size_exact=False,
        inline=body,
    )


def _source(person: Json) -> str:
    """The id of the contact itself, which outlives its resource name."""
    sources = (person.get("metadata") or {}).get("sources") or ()
    kinds = ("CONTACT", "OTHER_CONTACT")
    return next((str(one["id"]) for one in sources if one.get("type") in kinds and one.get("id")), "") or str(
        person["resourceName"]
    )


def _memberships(person: Json) -> Iterator[str]:
    for membership in person.get("memberships") or ():
        name = (membership.get("contactGroupMembership") or {}).get("contactGroupResourceName")
        if name:
            yield str(name)


def _photo_url(person: Json) -> str:
    """Of a photo that someone chose for this contact: the profile's own belongs to its person, and is shown anyway."""
    for photo in person.get("photos") or ():
        if not photo.get("default") and photo.get("url"):
            return str(photo["url"])
    return ""


def _image_type(content: bytes) -> str:
    for magic, media_type in ((b"\xff\xd8", "image/jpeg"), (b"\x89PNG", "image/png"), (b"GIF8", "image/gif")):
        if content.startswith(magic):
            return media_type
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    raise Rejected("What Google delivers as a photo is not an image.")
