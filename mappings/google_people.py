"""Google contacts to vCard 4 (RFC 6350).

The body is JSON: ``{"uid": …, "person": Person, "groups": {resource name: name}, "photo": {"type": …, "data": …}}``.
https://developers.google.com/people/api/rest/v1/people#Person

Properties that vCard has no name for keep Google's words under ``X-TRANSHUME-…``; labels that people wrote themselves
stand beside their value in a group, as address books everywhere write them (``X-ABLABEL``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mappings.contentlines import text
from mappings.google_people_fields import RELATIONS, TYPES, date_of, plain, structured_name
from mappings.vcard import MEDIA_TYPE as VCARD
from mappings.vcard import Property, card, listed, structured
from migrate.errors import MappingError
from migrate.model import Item, Loss, Mapped

MEDIA_TYPE = "application/vnd.google.people.person+json"
PRODID = "-//transhume//google_people//EN"
_STARRED = "contactGroups/starred"
_REASONS = {
    "photo": "Google did not deliver the photo.",
    "addresses": "A formatted address without parts keeps its text only.",
    "ageRanges": "An age range of a profile has no place in a card.",
    "clientData": "Data that other programs left with the contact is not moved.",
    "coverPhotos": "A profile's cover photo is not the contact's.",
    "events": "An event without a date keeps its text only.",
    "locales": "The language of a profile is not moved.",
    "locations": "A desk of the office directory is not moved.",
    "metadata": "Which other contacts and profiles it was joined with is not moved.",
}
_LEFT = ("ageRanges", "clientData", "coverPhotos", "locales", "locations")
Json = Mapping[str, Any]
Params = Mapping[str, tuple[str, ...]]


def to_vcard(item: Item) -> Mapped:
    """The item as ``text/vcard``, and what is lost. Raises MappingError when it cannot be translated."""
    try:
        data = json.loads(item.body if isinstance(item.body, bytes) else item.body.read_bytes())
        writer = _Writer(data)
        body = card(writer.properties())
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise MappingError("This contact's data is not as the people service documents it.") from error
    losses = tuple(Loss(field=name, reason=_REASONS[name]) for name in sorted(writer.lost))
    mapped = Item(entry=item.entry, body=body, media_type=VCARD, internal_date=item.internal_date, flags=item.flags)
    return Mapped(item=mapped, losses=losses)


class _Writer:
    """The properties of one contact, in a fixed order; groups are numbered as they are needed."""

    def __init__(self, data: Json) -> None:
        self._data, self._person = data, data["person"]
        self._groups = 0
        self.lost: set[str] = set()

    def properties(self) -> Iterator[Property]:
        """Every property."""
        yield Property("PRODID", PRODID)
        yield Property("UID", f"urn:uuid:{self._data['uid']}")
        yield from self._names()
        yield from self._reachable()
        yield from self._addresses()
        yield from self._organizations()
        yield from self._days()
        yield from self._words()
        yield from self._relations()
        yield from self._own()
        yield from self._categories()
        yield from self._photo()
        self.lost |= {name for name in _LEFT if self._person.get(name)}

    def _all(self, name: str) -> Sequence[Json]:
        """A field's values, the primary first; what a profile adds to the contact is not the contact's."""
        values = [value for value in self._person.get(name) or () if not _of_profile(value)]
        return sorted(values, key=lambda value: not (value.get("metadata") or {}).get("primary"))

    def _labelled(
        self, name: str, value: str, entry: Json, params: Mapping[str, tuple[str, ...]]
    ) -> Iterator[Property]:
        """A property and its label: a type that vCard knows, or the person's own words beside it."""
        kind = str(entry.get("type") or "")
        types, label = TYPES.get(kind), "" if kind in TYPES or not kind else str(entry.get("formattedType") or kind)
        merged = dict(params)
        if types:
            merged["TYPE"] = (*merged.get("TYPE", ()), *types)
        if not label:
            yield Property(name, value, merged)
            return
        self._groups += 1
        group = f"item{self._groups}"
        yield Property(name, value, merged, group)
        yield Property("X-ABLABEL", text(label), {}, group)

    def _names(self) -> Iterator[Property]:
        names = self._all("names")
        name = names[0] if names else {}
        yield Property("FN", text(_full_name(name, self)))
        if name:
            yield structured_name(name)
            for key, label in (("Given", "FIRST"), ("Middle", "MIDDLE"), ("Family", "LAST")):
                if name.get(f"phonetic{key}Name"):
                    yield Property(f"X-PHONETIC-{label}-NAME", text(name[f"phonetic{key}Name"]))
            if name.get("phoneticFullName") and not name.get("phoneticGivenName"):
                yield Property("X-PHONETIC-FULL-NAME", text(name["phoneticFullName"]))
        for alias in self._all("nicknames"):
            yield Property("NICKNAME", text(str(alias.get("value") or "")))
        for value in self._person.get("fileAses") or ():
            yield Property("X-TRANSHUME-FILE-AS", text(str(value.get("value") or "")))

    def first_reachable(self) -> str:
        """Something to call a contact without a name by, as Google shows it."""
        for field, key in (("nicknames", "value"), ("organizations", "name"), ("emailAddresses", "value")):
            for value in self._all(field):
                if value.get(key):
                    return str(value[key])
        return next((str(phone["value"]) for phone in self._all("phoneNumbers") if phone.get("value")), "")

    def _reachable(self) -> Iterator[Property]:
        for address in self._all("emailAddresses"):
            params = {"PREF": ("1",)} if (address.get("metadata") or {}).get("primary") else {}
            yield from self._labelled("EMAIL", text(str(address.get("value") or "")), address, params)
        for phone in self._all("phoneNumbers"):
            params = {"VALUE": ("text",)} | ({"PREF": ("1",)} if (phone.get("metadata") or {}).get("primary") else {})
            yield from self._labelled("TEL", text(str(phone.get("value") or "")), phone, params)
        for client in self._all("imClients"):
            protocol = str(client.get("protocol") or "im").lower()
            scheme = {"jabber": "xmpp", "googletalk": "xmpp"}.get(protocol.lower(), protocol)
            yield from self._labelled("IMPP", _uri(scheme, str(client.get("username") or "")), client, {})
        for sip in self._all("sipAddresses"):
            yield from self._labelled("IMPP", _uri("sip", str(sip.get("value") or "")), sip, {})
        for url in self._all("urls"):
            yield from self._labelled("URL", str(url.get("value") or ""), url, {})
        for url in self._all("calendarUrls"):
            yield Property("CALURI", str(url.get("url") or ""))

    def _addresses(self) -> Iterator[Property]:
        for address in self._all("addresses"):
            parts = (
                address.get("poBox"),
                address.get("extendedAddress"),
                address.get("streetAddress"),
                address.get("city"),
                address.get("region"),
                address.get("postalCode"),
                address.get("country") or address.get("countryCode"),
            )
            written = [str(part or "") for part in parts]
            if not any(written):
                self.lost.add("addresses")
                written[2] = str(address.get("formattedValue") or "")
            label = {"LABEL": (str(address["formattedValue"]),)} if address.get("formattedValue") else {}
            yield from self._labelled("ADR", structured(written), address, label)

    def _organizations(self) -> Iterator[Property]:
        """One by properties of their own; several each in a group, so that nobody mixes their titles."""
        organizations = self._all("organizations")
        for one in organizations:
            group = ""
            if len(organizations) > 1:
                self._groups += 1
                group = f"item{self._groups}"
            if one.get("name") or one.get("department"):
                units = [str(one.get("name") or ""), *([str(one["department"])] if one.get("department") else [])]
                yield Property("ORG", structured(units), {}, group)
            for key, name in (("title", "TITLE"), ("jobDescription", "ROLE"), ("symbol", "X-TRANSHUME-SYMBOL")):
                if one.get(key):
                    yield Property(name, text(str(one[key])), {}, group)
        for occupation in self._all("occupations"):
            yield Property("ROLE", text(str(occupation.get("value") or "")))

    def _days(self) -> Iterator[Property]:
        for birthday in self._all("birthdays")[:1]:
            yield _day("BDAY", birthday)
        anniversary = False
        for event in self._all("events"):
            if not event.get("date"):
                self.lost.add("events")
            if event.get("type") == "anniversary" and event.get("date") and not anniversary:
                anniversary = True
                yield _day("ANNIVERSARY", event)
            else:
                yield from self._other_day(event)

    def _other_day(self, event: Json) -> Iterator[Property]:
        self._groups += 1
        group = f"item{self._groups}"
        value = date_of(event.get("date") or {}) or text(str(event.get("formattedType") or ""))
        yield Property("X-ABDATE", value, {}, group)
        yield Property("X-ABLABEL", text(str(event.get("formattedType") or event.get("type") or "")), {}, group)

    def _words(self) -> Iterator[Property]:
        for biography in self._all("biographies"):
            value = str(biography.get("value") or "")
            yield Property("NOTE", text(plain(value) if biography.get("contentType") == "TEXT_HTML" else value))
        for gender in self._all("genders")[:1]:
            letter = {"male": "M", "female": "F", "unspecified": "U"}.get(str(gender.get("value")), "O")
            words = "" if letter in "MFU" else str(gender.get("formattedValue") or gender.get("value") or "")
            yield Property("GENDER", structured([letter, words] if words else [letter]))
        for field, name in (("interests", "INTEREST"), ("skills", "EXPERTISE")):
            for entry in self._all(field):
                yield Property(name, text(str(entry.get("value") or "")))

    def _relations(self) -> Iterator[Property]:
        for relation in self._all("relations"):
            kind = str(relation.get("type") or "")
            params = {"VALUE": ("text",)} | ({"TYPE": (RELATIONS[kind],)} if kind in RELATIONS else {})
            value = text(str(relation.get("person") or ""))
            words: Json = {} if RELATIONS.get(kind) == kind else relation
            yield from self._labelled("RELATED", value, words, params)

    def _own(self) -> Iterator[Property]:
        """What people and programs wrote in fields of their own."""
        for pair in self._all("userDefined"):
            entry = {"type": str(pair.get("key") or "?"), "formattedType": pair.get("key")}
            yield from self._labelled("X-TRANSHUME-FIELD", text(str(pair.get("value") or "")), entry, {})
        for field, name in (("externalIds", "X-TRANSHUME-EXTERNAL-ID"), ("miscKeywords", "X-TRANSHUME-KEYWORD")):
            for value in self._all(field):
                yield from self._labelled(name, text(str(value.get("value") or "")), value, {})

    def _categories(self) -> Iterator[Property]:
        """The groups that people made, by name, and the star."""
        groups, names = self._data.get("groups") or {}, []
        for membership in self._person.get("memberships") or ():
            name = (membership.get("contactGroupMembership") or {}).get("contactGroupResourceName")
            if name == _STARRED:
                names.append("★")
            elif name in groups:
                names.append(str(groups[name]))
        if names:
            yield Property("CATEGORIES", listed(sorted(names)))

    def _photo(self) -> Iterator[Property]:
        photo = self._data.get("photo")
        if photo:
            yield Property("PHOTO", f"data:{photo['type']};base64,{photo['data']}")
        elif photo is not None:
            self.lost.add("photo")


def _of_profile(value: Json) -> bool:
    """Whether the person's own Google profile says it, and not the contact."""
    source = (value.get("metadata") or {}).get("source") or {}
    return source.get("type") in {"PROFILE", "DOMAIN_PROFILE", "ACCOUNT"}


def _full_name(name: Json, writer: _Writer) -> str:
    shown = str(name.get("displayName") or name.get("unstructuredName") or "")
    if shown:
        return shown
    parts = (name.get(key) for key in ("honorificPrefix", "givenName", "middleName", "familyName", "honorificSuffix"))
    return " ".join(str(part) for part in parts if part) or writer.first_reachable()


def _day(name: str, value: Json) -> Property:
    date = date_of(value.get("date") or {})
    return Property(name, date) if date else Property(name, text(str(value.get("text") or "")), {"VALUE": ("text",)})


def _uri(scheme: str, name: str) -> str:
    """An address of a messenger, unless it is one already."""
    clean = "".join(c for c in scheme if c.isascii() and (c.isalnum() or c in "+-.")) or "im"
    return name if name.partition(":")[0].lower() == clean else f"{clean}:{name}"
