"""A member's calendars at Microsoft: each kind of recurrence, of zone and of meeting that Outlook knows."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from migrate.sandbox.association import texts
from migrate.sandbox.association.outlook_mail import outlook_id
from migrate.sandbox.association.people import (
    COORDINATOR,
    DIRECTOR,
    PSYCHOLOGIST,
    TREASURER,
    Member,
)
from migrate.sandbox.tenant import Json, OutlookCalendar

PARIS = "Romance Standard Time"
_FIRST = datetime.fromisoformat("2025-01-06T09:00")


def calendars(member: Member, ordinary: int) -> list[OutlookCalendar]:
    """The default calendar, one of the member's own, and a colleague's that may only be read."""
    own = {"name": member.name, "address": member.address}
    main = [*_patterns(member), *_zones(member), *_meetings(member), *_ordinary(member, ordinary)]
    made = [
        _calendar(member, "Calendrier", own, main, _permissions(member)),
        _calendar(member, "Permanences", own, list(_duty(member)), [], hexColor="#0d7d4d", color="lightGreen"),
    ]
    if member is not PSYCHOLOGIST:
        theirs = {"name": PSYCHOLOGIST.name, "address": PSYCHOLOGIST.address}
        made.append(_calendar(member, "Camille Renard", theirs, list(_duty(PSYCHOLOGIST)), []))
    return made


def categories(member: Member) -> list[Json]:
    """The member's categories and their colours."""
    names = {"Relances": "preset0", "À faire": "preset4", "Public": "preset7"}
    return [
        {"id": f"00000000-0000-4000-8000-{number:012d}", "displayName": name, "color": colour}
        for number, (name, colour) in enumerate(names.items(), 1)
    ]


def _patterns(member: Member) -> Iterator[Json]:
    """Every pattern of Graph, with every kind of end."""
    weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday"]
    yield _series(member, "daily", "2026-01-05T08:30", _rule("daily", interval=3), end="2026-02-28")
    fortnight = _rule("weekly", interval=2, daysOfWeek=["sunday", "monday"], firstDayOfWeek="monday")
    yield _series(member, "fortnight", "2026-01-04T18:00", fortnight, times=10)
    yield _series(member, "month15", "2026-01-15T10:00", _rule("absoluteMonthly", dayOfMonth=15))
    yield _series(member, "month31", "2026-01-31T10:00", _rule("absoluteMonthly", dayOfMonth=31), times=12)
    last = _rule("relativeMonthly", daysOfWeek=["friday"], index="last")
    yield _series(member, "lastfriday", "2026-01-30T16:00", last, end="2026-12-31")
    first = _rule("relativeMonthly", daysOfWeek=weekdays, index="first")
    yield _series(member, "firstworkday", "2026-01-01T09:00", first, times=24)
    leap = _rule("absoluteYearly", dayOfMonth=29, month=2)
    yield _series(member, "leap", "2024-02-29", leap, isAllDay=True, zone="UTC", showAs="free")
    yearly = _rule("relativeYearly", month=6, daysOfWeek=["saturday"], index="third")
    yield _series(member, "feast", "2026-06-20T14:00", yearly, end="2031-06-30")
    yield _changed(member)


def _changed(member: Member) -> Json:
    """A weekly meeting with one occurrence moved, one renamed and two cancelled, over a change of summer time."""
    rule = _rule("weekly", daysOfWeek=["tuesday"], firstDayOfWeek="monday")
    moved = {
        "id": outlook_id(member, "event", "weekly/moved"),
        "originalStart": "2026-03-10T08:00:00Z",
        "start": _at("2026-03-11T14:00", PARIS),
        "end": _at("2026-03-11T15:30", PARIS),
    }
    renamed = {
        "id": outlook_id(member, "event", "weekly/renamed"),
        "originalStart": "2026-03-31T07:00:00Z",
        "subject": "Réunion d'équipe élargie",
        "start": _at("2026-03-31T09:00", PARIS),
        "end": _at("2026-03-31T10:30", PARIS),
    }
    return _series(
        member,
        "weekly",
        "2026-03-03T09:00",
        rule,
        times=8,
        minutes=90,
        subject="Réunion d'équipe",
        exceptionOccurrences=[moved, renamed],
        cancelledOccurrences=["2026-03-17", "2026-04-07"],
    )


def _zones(member: Member) -> Iterator[Json]:
    rule = _rule("weekly", daysOfWeek=["monday"], firstDayOfWeek="sunday")
    yield _series(member, "tokyo", "2026-02-02T09:00", rule, end="2026-03-02", zone="Tokyo Standard Time")
    yield _series(member, "hawaii", "2026-02-02T20:00", rule, end="2026-03-02", zone="Hawaiian Standard Time")
    yield _event(member, "custom", "2026-05-04T10:00", 60, zone="tzone://Microsoft/Custom")
    yield _event(member, "utc", "2026-05-05T10:00", 60, zone="UTC")
    yield _event(member, "holiday", "2026-07-13", 3 * 1440, zone="UTC", isAllDay=True, showAs="oof")


def _meetings(member: Member) -> Iterator[Json]:
    attendees = [
        _attendee(DIRECTOR.address, DIRECTOR.name, "required", "accepted"),
        _attendee("associations@mairie.example.org", "Mairie", "optional", "tentativelyAccepted"),
        _attendee("salle.tilleuls@tilleuls.example", "Salle des Tilleuls", "resource", "none"),
    ]
    place = {"displayName": "Salle des Tilleuls", "locationType": "conferenceRoom", "uniqueIdType": "unknown"}
    yield _event(
        member,
        "board",
        "2026-12-10T18:00",
        120,
        subject="Conseil d'administration",
        attendees=attendees,
        location=place,
        locations=[place],
        isReminderOn=True,
        reminderMinutesBeforeStart=30,
        importance="high",
        categories=["Public"],
        body={"contentType": "html", "content": "<html><body><p>Ordre du jour : <b>budget</b></p></body></html>"},
        attachments=[_attachment("Ordre du jour.txt", b"1. Budget\r\n2. Divers\r\n")],
    )
    yield _event(
        member,
        "teams",
        "2026-11-30T11:00",
        45,
        subject="Point à distance",
        isOnlineMeeting=True,
        onlineMeetingProvider="teamsForBusiness",
        onlineMeeting={"joinUrl": "https://teams.microsoft.example/l/meetup-join/19:tilleuls"},
        attendees=attendees[:1],
    )
    yield _event(member, "private", "2026-11-12T08:00", 60, subject="Rendez-vous", sensitivity="private")
    yield _event(member, "free", "2026-11-13", 1440, zone="UTC", isAllDay=True, showAs="workingElsewhere")
    organizer = {"emailAddress": {"name": "Mairie", "address": "associations@mairie.example.org"}}
    response = {"response": "accepted", "time": "2026-10-01T09:00:00Z"}
    own = [_attendee(member.address, member.name, "required", "accepted")]
    yield _event(
        member, "invited", "2026-12-01T09:00", 60, subject="Réunion à la mairie", organizer=organizer,
        isOrganizer=False, responseStatus=response, attendees=own,
    )  # fmt: skip
    yield _event(
        member, "called-off", "2026-12-02T09:00", 60, subject="Annulé : visite", organizer=organizer,
        isOrganizer=False, isCancelled=True, responseStatus=response, attendees=own, showAs="free",
    )  # fmt: skip


def _duty(member: Member) -> Iterator[Json]:
    for number in range(3):
        yield _event(member, f"duty{number}", f"2026-10-{5 + 7 * number:02}T14:00", 180, subject="Permanence")


def _ordinary(member: Member, count: int) -> Iterator[Json]:
    for number in range(count):
        start = _FIRST + timedelta(days=number * 600 // max(count, 1), hours=number % 8)
        topic = texts.TOPICS[number % len(texts.TOPICS)]
        yield _event(member, f"ordinary{number}", start.strftime("%Y-%m-%dT%H:%M"), 45, subject=topic)


def _rule(kind: str, **more: Any) -> Json:
    """A pattern with the values that mean "unset"."""
    unset = {"interval": 1, "month": 0, "dayOfMonth": 0, "firstDayOfWeek": "sunday", "index": "first"}
    return {"type": kind, **unset, **more}


def _series(
    member: Member,
    key: str,
    start: str,
    pattern: Json,
    *,
    end: str = "",
    times: int = 0,
    minutes: int = 60,
    **more: Any,
) -> Json:
    kind = "endDate" if end else "numbered" if times else "noEnd"
    range_ = {
        "type": kind,
        "startDate": start[:10],
        "endDate": end or "0001-01-01",
        "recurrenceTimeZone": more.get("zone", PARIS),
        "numberOfOccurrences": times,
    }
    length = 1440 if more.get("isAllDay") else minutes
    return _event(member, key, start, length, recurrence={"pattern": pattern, "range": range_}, **more)


def _event(member: Member, key: str, start: str, minutes: int, *, zone: str = PARIS, **more: Any) -> Json:
    identifier = outlook_id(member, "event", key)
    ends = datetime.fromisoformat(start) + timedelta(minutes=minutes)
    return {
        "id": identifier,
        "iCalUId": f"040000008200E00074C5B7101A82E00800000000{identifier[6:38].upper()}",
        "subject": key.capitalize(),
        "start": _at(start, zone),
        "end": _at(ends.strftime("%Y-%m-%dT%H:%M"), zone),
        **more,
    }


def _at(text: str, zone: str) -> Json:
    return {"dateTime": datetime.fromisoformat(text).strftime("%Y-%m-%dT%H:%M:%S.0000000"), "timeZone": zone}


def _attendee(address: str, name: str, kind: str, response: str) -> Json:
    return {
        "type": kind,
        "status": {"response": response, "time": "2026-10-01T09:00:00Z"},
        "emailAddress": {"name": name, "address": address},
    }


def _attachment(name: str, content: bytes) -> Json:
    return {
        "@odata.type": "#microsoft.graph.fileAttachment",
        "id": f"attachment-{name}",
        "name": name,
        "contentType": "text/plain",
        "contentBytes": base64.b64encode(content).decode(),
    }


def _permissions(member: Member) -> list[Json]:
    reader = TREASURER if member is COORDINATOR else COORDINATOR
    return [
        {
            "id": outlook_id(member, "permission", reader.login),
            "emailAddress": {"name": reader.name, "address": reader.address},
            "role": "read",
            "allowedRoles": ["freeBusyRead", "limitedRead", "read", "write"],
            "isInsideOrganization": True,
            "isRemovable": True,
        }
    ]


def _calendar(
    member: Member, name: str, owner: Json, events: list[Json], permissions: list[Json], **more: Any
) -> OutlookCalendar:
    resource = {"id": outlook_id(member, "calendar", name), "name": name, "owner": owner, **more}
    return OutlookCalendar(resource=resource, events=events, permissions=permissions)
