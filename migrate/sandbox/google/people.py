"""People v1, reads: contacts with their groups, collected addresses, photos.

https://developers.google.com/people/api/rest
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from migrate.sandbox.cursors import BadCursor, ExpiredCursor
from migrate.sandbox.google.call import Call, Handlers
from migrate.sandbox.google.discovery import Json
from migrate.sandbox.google.errors import GoogleError, bad_request, not_found
from migrate.sandbox.journal import KEPT_SECONDS

PHOTOS = "/photos/"
"""Where photos lie on this stand-in: a world writes their addresses without the root."""
PERSON_FIELDS = frozenset(
    [
        "addresses",
        "ageRanges",
        "biographies",
        "birthdays",
        "calendarUrls",
        "clientData",
        "coverPhotos",
        "emailAddresses",
        "events",
        "externalIds",
        "genders",
        "imClients",
        "interests",
        "locales",
        "locations",
        "memberships",
        "metadata",
        "miscKeywords",
        "names",
        "nicknames",
        "occupations",
        "organizations",
        "phoneNumbers",
        "photos",
        "relations",
        "sipAddresses",
        "skills",
        "urls",
        "userDefined",
    ]
)
OTHER_FIELDS = frozenset({"emailAddresses", "metadata", "names", "phoneNumbers", "photos"})
_ALWAYS = ("resourceName", "etag")
_MANY = 200
_SYSTEM_GROUPS = ("myContacts", "starred", "friends", "family", "coworkers", "blocked", "all", "chatBuddies")


def list_connections(call: Call) -> Json:
    """people.connections.list, whole or since a sync token."""
    _me(call)
    names = _fields(call, "personFields", PERSON_FIELDS)
    _refuse(call, "requestMask.includeField", "sources", "sortOrder")
    listing = ["connections", sorted(names)]
    since = _since(call, listing)
    number, inner = _start(call)
    found = call.state.listing("contacts", (since, number), lambda: _changed(call, since))
    part, token = inner.page(found, _limit(call, 100), lambda person: str(person["resourceName"]), [*listing, since])
    answer: Json = {"totalPeople": len(found), "totalItems": len(found)}
    if part.items:
        answer["connections"] = [_shown(call, person, names) for person in part.items]
    if token:
        return answer | {"nextPageToken": f"{number}.{token}"}
    return answer | ({"nextSyncToken": _token(call, listing, number)} if call["requestSyncToken"] else {})


def _start(call: Call) -> tuple[int, Call]:
    """The change number of the listing's first page, and the call with its bare page token."""
    token = call["pageToken"]
    if token is None:
        return call.state.journal.current, call
    head, _, tail = token.partition(".")
    if not head.isdigit():
        raise bad_request("Invalid page token.", location="pageToken")
    return int(head), call.replaced(pageToken=tail)


def _changed(call: Call, since: int | None) -> Sequence[Json]:
    contacts = call.state.account.contacts
    if since is None:
        return list(contacts)
    changed = {change.id for change in call.state.journal.since(since) if change.kind == "contact"}
    found = [person for person in contacts if person["resourceName"] in changed]
    gone = changed - {person["resourceName"] for person in contacts}
    return [*found, *({"resourceName": name, "etag": "%gone", "metadata": {"deleted": True}} for name in sorted(gone))]


def _token(call: Call, listing: Sequence[object], number: int) -> str:
    return call.house.cursors.issue(["sync", call.state.account.address, *listing], number)


def _since(call: Call, listing: Sequence[object]) -> int | None:
    token = call["syncToken"]
    if token is None:
        return None
    expired = GoogleError(400, "EXPIRED_SYNC_TOKEN", "Sync token is expired. Clear local cache and retry call.")
    try:
        number = int(call.cursor(["sync", call.state.account.address, *listing], token, lives=KEPT_SECONDS))
    except ExpiredCursor as error:
        raise expired from error
    except BadCursor as error:
        raise bad_request("Request parameters must match the sync token's.", location="syncToken") from error
    if not call.state.journal.remembers(number):
        raise expired
    return number


def get_person(call: Call) -> Json:
    """people.get of a contact."""
    names = _fields(call, "personFields", PERSON_FIELDS)
    _refuse(call, "requestMask.includeField", "sources")
    person = _find(call, call["resourceName"])
    if person is None:
        raise not_found()
    return _shown(call, person, names)


def get_many(call: Call) -> Json:
    """people.getBatchGet: each name asked for, with its own status."""
    names = _fields(call, "personFields", PERSON_FIELDS)
    _refuse(call, "requestMask.includeField", "sources")
    asked = call["resourceNames"] or []
    if not 0 < len(asked) <= _MANY:
        raise bad_request("Between 1 and 200 resource names are required.", location="resourceNames")
    return {"responses": [_response(call, name, names) for name in asked]}


def _response(call: Call, name: str, names: Iterable[str]) -> Json:
    person = _find(call, name)
    if person is None:
        status = {"code": 5, "message": "Requested entity was not found."}
        return {"requestedResourceName": name, "httpStatusCode": 404, "status": status}
    return {"requestedResourceName": name, "httpStatusCode": 200, "person": _shown(call, person, names)}


def list_groups(call: Call) -> Json:
    """contactGroups.list: the person's own and the system's."""
    _refuse(call, "syncToken")
    wanted = set((call["groupFields"] or "name,groupType,memberCount,metadata").split(","))
    if not wanted <= {"clientData", "groupType", "memberCount", "metadata", "name"}:
        raise bad_request("Invalid groupFields mask.", location="groupFields")
    system = [
        {"resourceName": f"contactGroups/{name}", "name": name, "groupType": "SYSTEM_CONTACT_GROUP"}
        for name in _SYSTEM_GROUPS
    ]
    groups = [*system, *call.state.account.contact_groups]
    part, token = call.page(groups, _limit(call, 30), lambda group: str(group["resourceName"]), [sorted(wanted)])
    shown = [
        {"resourceName": group["resourceName"], "etag": "e", "formattedName": group["name"]}
        | {name: group[name] for name in wanted if name in group}
        for group in part.items
    ]
    answer: Json = {"contactGroups": shown, "totalItems": len(groups)}
    return answer | ({"nextPageToken": token} if token else {})


def list_others(call: Call) -> Json:
    """otherContacts.list."""
    names = _fields(call, "readMask", OTHER_FIELDS)
    _refuse(call, "requestSyncToken", "sources", "syncToken")
    others = call.state.account.other_contacts
    part, token = call.page(others, _limit(call, 100), lambda person: str(person["resourceName"]), [sorted(names)])
    answer: Json = {"totalSize": len(others)}
    if part.items:
        answer["otherContacts"] = [_shown(call, person, names) for person in part.items]
    return answer | ({"nextPageToken": token} if token else {})


def photo(photos: Mapping[str, bytes], path: str) -> bytes:
    """A photo's bytes. Raises GoogleError 404."""
    content = photos.get(path.removeprefix(PHOTOS))
    if content is None:
        raise not_found()
    return content


def _me(call: Call) -> None:
    if call["resourceName"] != "people/me":
        raise bad_request('Resource name must be "people/me".', location="resourceName")


def _find(call: Call, name: str) -> Json | None:
    return next((person for person in call.state.account.contacts if person["resourceName"] == name), None)


def _fields(call: Call, parameter: str, known: frozenset[str]) -> frozenset[str]:
    names = frozenset(name.strip() for name in (call[parameter] or "").split(",") if name.strip())
    if not names:
        raise bad_request(f"{parameter} mask is required.", location=parameter, reason="required")
    if names - known:
        raise bad_request(f"Invalid {parameter} mask path.", location=parameter)
    return names


def _refuse(call: Call, *names: str) -> None:
    for name in names:
        if call[name]:
            raise bad_request(f"The stand-in does not serve {name}.", location=name)


def _limit(call: Call, default: int) -> int:
    limit = call["pageSize"] or default
    if not 1 <= limit <= 1000:
        raise bad_request("Page size must be between 1 and 1000.", location="pageSize")
    return int(limit)


def _shown(call: Call, person: Json, names: Iterable[str]) -> Json:
    shown = {name: person[name] for name in (*_ALWAYS, *sorted(names)) if name in person}
    if "photos" in shown:
        root = call.house.url
        shown["photos"] = [photo | {"url": f"{root}{PHOTOS}{photo['url']}"} for photo in shown["photos"]]
    return shown


HANDLERS: Handlers = {
    "people.people.connections.list": list_connections,
    "people.people.get": get_person,
    "people.people.getBatchGet": get_many,
    "people.contactGroups.list": list_groups,
    "people.otherContacts.list": list_others,
}
