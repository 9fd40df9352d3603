"""Google Calendar event resources (``calendar.v3`` ``Event``), built from a few words."""

from __future__ import annotations

import base64
import copy
import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from migrate.sandbox.association.people import MEMBERS, Member
from migrate.sandbox.world import Json

_CREATED = datetime(2025, 9, 1, 7, tzinfo=UTC)
_NAMES = {member.address: member.name for member in MEMBERS}


def event_id(key: str) -> str:
    """An id in Google's alphabet (base32hex, lower case), the same for the same key."""
    return base64.b32hexencode(hashlib.sha256(key.encode()).digest()[:16]).decode().rstrip("=").lower()


def local(*parts: int) -> datetime:
    """Year, month, day and hour on a wall clock: the zone is the calendar's, given beside it."""
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001


def moment(wall: datetime, zone: str) -> Json:
    """A date-time with offset and zone, as the API writes them. ``wall`` is naive."""
    return {"dateTime": wall.replace(tzinfo=ZoneInfo(zone)).isoformat(), "timeZone": zone}


def day(value: date) -> Json:
    """An all-day bound; an end is exclusive."""
    return {"date": value.isoformat()}


def attendee(address: str, answer: str = "accepted", **more: Any) -> Json:
    """A guest. ``answer`` is a ``responseStatus``."""
    name = _NAMES.get(address)
    return {"email": address, **({"displayName": name} if name else {}), "responseStatus": answer, **more}


def timed(key: str, summary: str, start: datetime, hours: float, *, owner: Member, **fields: Any) -> Json:
    """An event of some hours in the owner's zone."""
    bounds = {
        "start": moment(start, owner.zone),
        "end": moment(start + timedelta(hours=hours), owner.zone),
    }
    return _event(key, summary, owner, {**bounds, **fields})


def all_day(key: str, summary: str, start: date, days: int, *, owner: Member, **fields: Any) -> Json:
    """An event of whole days."""
    return _event(key, summary, owner, {"start": day(start), "end": day(start + timedelta(days=days)), **fields})


def moved(master: Json, original: datetime, to: datetime, hours: float, **fields: Any) -> Json:
    """An exception: the instance of ``original`` (naive, in the series' zone) now takes place at ``to``."""
    zone = master["start"]["timeZone"]
    instance = copy.deepcopy({name: value for name, value in master.items() if name != "recurrence"})
    instance |= _instance_of(master, original) | {
        "start": moment(to, zone),
        "end": moment(to + timedelta(hours=hours), zone),
        "sequence": 1,
        **fields,
    }
    return instance


def cancelled(master: Json, original: datetime) -> Json:
    """A deleted instance, with the few fields that the API guarantees for one."""
    instance = {"kind": "calendar#event", "status": "cancelled", **_instance_of(master, original)}
    return {**instance, "etag": _etag(instance["id"])}


def seen_by(event: Json, member: Member) -> Json:
    """The copy on an attendee's calendar: the same id and iCalUID, ``self`` where it is theirs."""
    if event["status"] == "cancelled":
        return dict(event)
    seen = copy.deepcopy(event)
    for person in (seen["organizer"], seen["creator"], *seen.get("attendees", ())):
        person.pop("self", None)
        if person["email"] == member.address:
            person["self"] = True
    return seen


def conference(key: str) -> Json:
    """A Meet room with a telephone number; ``hangoutLink`` and ``conferenceData`` as the API gives both."""
    letters = event_id(f"meet/{key}").translate(str.maketrans("0123456789", "abcdefghij"))
    code = f"{letters[:3]}-{letters[3:7]}-{letters[7:10]}"
    return {
        "hangoutLink": f"https://meet.google.com/{code}",
        "conferenceData": {
            "conferenceId": code,
            "conferenceSolution": {"key": {"type": "hangoutsMeet"}, "name": "Google Meet"},
            "entryPoints": [
                {
                    "entryPointType": "video",
                    "uri": f"https://meet.google.com/{code}",
                    "label": f"meet.google.com/{code}",
                },
                {
                    "entryPointType": "phone",
                    "uri": "tel:+33-1-99-00-12-34",
                    "label": "+33 1 99 00 12 34",
                    "pin": "123456789",
                    "regionCode": "FR",
                },
            ],
        },
    }


def drive_attachment(file_id: str, title: str, media_type: str) -> Json:
    """A Drive file linked to an event."""
    return {
        "fileId": file_id,
        "fileUrl": f"https://drive.google.com/open?id={file_id}",
        "title": title,
        "mimeType": media_type,
    }


def overrides(*reminders: tuple[str, int]) -> Json:
    """Reminders of the event's own: pairs of method and minutes."""
    return {"useDefault": False, "overrides": [{"method": method, "minutes": n} for method, n in reminders]}


def guests(*people: Member, outside: Sequence[str] = ()) -> list[Json]:
    """Members who accepted, then outsiders who have not answered."""
    return [attendee(person.address) for person in people] + [attendee(address, "needsAction") for address in outside]


def _event(key: str, summary: str, owner: Member, fields: Json) -> Json:
    identifier = event_id(key)
    person = {"email": owner.address, "displayName": owner.name, "self": True}
    days = int(hashlib.sha256(key.encode()).hexdigest()[:2], 16)
    created = _CREATED + timedelta(days=days, minutes=days)
    return {
        "kind": "calendar#event",
        "etag": _etag(identifier),
        "id": identifier,
        "status": "confirmed",
        "htmlLink": f"https://www.google.com/calendar/event?eid={identifier}",
        "created": f"{created:%Y-%m-%dT%H:%M:%S}.000Z",
        "updated": f"{created + timedelta(days=2):%Y-%m-%dT%H:%M:%S}.250Z",
        **({"summary": summary} if summary else {}),
        "creator": dict(person),
        "organizer": dict(person),
        "iCalUID": f"{identifier}@google.com",
        "sequence": 0,
        "reminders": {"useDefault": True},
        "eventType": "default",
        **fields,
    }


def _instance_of(master: Json, original: datetime) -> Json:
    zone = master["start"]["timeZone"]
    utc = original.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    identifier = f"{master['id']}_{utc:%Y%m%dT%H%M%SZ}"
    return {
        "id": identifier,
        "etag": _etag(identifier),
        "recurringEventId": master["id"],
        "originalStartTime": moment(original, zone),
    }


def _etag(key: str) -> str:
    return f'"{int(hashlib.sha256(key.encode()).hexdigest()[:12], 16):016d}"'
