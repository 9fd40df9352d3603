"""Calendars: what an association plans, with every kind of event and of recurrence that Google holds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from migrate.sandbox.association import texts
from migrate.sandbox.association.events import (
    all_day,
    attendee,
    cancelled,
    conference,
    drive_attachment,
    guests,
    local,
    moment,
    moved,
    overrides,
    seen_by,
    timed,
)
from migrate.sandbox.association.identity import file_id
from migrate.sandbox.association.people import (
    ACCOUNTANT,
    COLLEAGUE,
    DIRECTOR,
    EDUCATOR,
    MEMBERS,
    SECRETARY,
    VOLUNTEER,
    Member,
)
from migrate.sandbox.world import Calendar, Json

SECONDARY = {
    DIRECTOR: "Équipe",
    ACCOUNTANT: "Échéances",
    EDUCATOR: "Groupe des Écureuils",
    COLLEAGUE: "Sorties",
    SECRETARY: "Permanences",
    VOLUNTEER: "Bénévoles",
}
READERS = (DIRECTOR, EDUCATOR)
"""Members who see the secretary's "Permanences" in their own list, to read only."""

_OUTSIDE = ("elue@mairie.example.org", "contact@partenaire.example.com")


def calendars(member: Member, events: int) -> list[Calendar]:
    """The member's calendars. ``events`` is how many ordinary events fill the primary one."""
    primary = [*_shared(member), *_own(member), *_particular(member), *ordinary_events(member, events)]
    found = [
        Calendar(list_entry=_list_entry(member, member.address, member.address, "owner", primary=True), events=primary),
        Calendar(list_entry=_list_entry(member, SECONDARY[member], _group_id(member), "owner"), events=_group(member)),
    ]
    if member in READERS:
        entry = _list_entry(SECRETARY, SECONDARY[SECRETARY], _group_id(SECRETARY), "reader")
        found.append(Calendar(list_entry=entry, events=[seen_by(event, member) for event in _group(SECRETARY)]))
    return found


def ordinary_events(member: Member, count: int) -> Iterator[Json]:
    """Unremarkable events over ten years; every eighth one recurs for some weeks."""
    for number in range(count):
        start = local(2017, 1, 2, 8 + number % 9) + timedelta(days=3600 * number // max(count, 1))
        more: Json = {"recurrence": [f"RRULE:FREQ=WEEKLY;COUNT={2 + number % 9}"]} if number % 8 == 7 else {}
        if number % 5 == 0:
            more["attendees"] = guests(member, outside=_OUTSIDE[: 1 + number % 2])
        summary = f"{texts.TOPICS[number % len(texts.TOPICS)]} ({number})"
        yield timed(f"ordinary/{member.login}/{number}", summary, start, 1 + number % 3, owner=member, **more)


def _shared(member: Member) -> Iterator[Json]:
    """Meetings of several members, each on the calendar of each."""
    for event in _team_meeting():
        yield seen_by(event, member)
    if member in (DIRECTOR, ACCOUNTANT, SECRETARY):
        yield seen_by(_board(), member)


def _team_meeting() -> list[Json]:
    """Weekly without end, through two changes of clocks; one instance moved and renamed, one deleted."""
    master = timed(
        "team",
        "Réunion d'équipe",
        local(2026, 9, 7, 9, 30),
        1.5,
        owner=DIRECTOR,
        recurrence=["RRULE:FREQ=WEEKLY;BYDAY=MO"],
        attendees=guests(*MEMBERS, outside=_OUTSIDE[:1]),
        location="Local de l'association, 3 rue des Tilleuls",
    )
    later = moved(
        master, local(2026, 11, 9, 9, 30), local(2026, 11, 10, 14, 0), 1, summary="Réunion d'équipe (déplacée)"
    )
    return [master, later, cancelled(master, local(2026, 12, 28, 9, 30))]


def _board() -> Json:
    """The last working day of each month, by set position, with a Meet room and two Drive files."""
    return timed(
        "board",
        "Conseil d'administration",
        local(2026, 9, 30, 18),
        2,
        owner=DIRECTOR,
        recurrence=["RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"],
        attendees=guests(DIRECTOR, ACCOUNTANT, SECRETARY, outside=_OUTSIDE),
        attachments=[
            drive_attachment(file_id(DIRECTOR, "statuts.pdf"), "statuts.pdf", "application/pdf"),
            drive_attachment(file_id(DIRECTOR, "Budget"), "Budget", "application/vnd.google-apps.spreadsheet"),
        ],
        description="<b>Ordre du jour</b><ul><li>Budget &amp; subventions</li><li>Séjour d'été</li></ul>",
        **conference("board"),
    )


def _own(member: Member) -> Iterator[Json]:
    """What every member has."""
    key = f"own/{member.login}"
    yield timed(
        f"{key}/dentist",
        "Rendez-vous médical",
        local(2026, 11, 26, 17, 15),
        0.75,
        owner=member,
        visibility="private",
        reminders=overrides(("popup", 30), ("email", 1440)),
    )
    yield all_day(f"{key}/leave", "Congés d'hiver", date(2026, 12, 21), 7, owner=member, transparency="transparent")
    yield timed(
        f"{key}/visit",
        "Point individuel",
        local(2026, 6, 2, 11),
        1,
        owner=member,
        recurrence=["RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=6;BYDAY=TU"],
        colorId="5",
        extendedProperties={"private": {"dossier": "A-12"}, "shared": {"salle": "2"}},
    )


def _particular(member: Member) -> Iterator[Json]:
    """What one member only has: each kind once in the association."""
    makers = {
        DIRECTOR: _director,
        ACCOUNTANT: _accountant,
        EDUCATOR: _educator,
        COLLEAGUE: _colleague,
        SECRETARY: _secretary,
        VOLUNTEER: _volunteer,
    }
    yield from makers[member]()


def _director() -> Iterator[Json]:
    yield timed(
        "director/away",
        "Absente",
        local(2026, 10, 26, 9),
        9,
        owner=DIRECTOR,
        eventType="outOfOffice",
        outOfOfficeProperties={"autoDeclineMode": "declineNone"},
    )
    yield all_day(
        "director/home",
        "Domicile",
        date(2026, 11, 27),
        1,
        owner=DIRECTOR,
        eventType="workingLocation",
        visibility="public",
        transparency="transparent",
        workingLocationProperties={"type": "homeOffice", "homeOffice": {}},
    )
    yield all_day(
        "director/birthday", "Fête de l'association", date(2019, 6, 21), 1, owner=DIRECTOR,
        recurrence=["RRULE:FREQ=YEARLY"],
    )  # fmt: skip
    montreal = "America/Montreal"
    yield timed("director/quebec", "Visio avec Québec", local(2026, 12, 3, 15), 1, owner=DIRECTOR) | {
        "start": moment(local(2026, 12, 3, 9), montreal),
        "end": moment(local(2026, 12, 3, 10), montreal),
    }


def _accountant() -> Iterator[Json]:
    master = timed(
        "accountant/closing",
        "Clôture hebdomadaire",
        local(2026, 1, 9, 16),
        1,
        owner=ACCOUNTANT,
        recurrence=["RRULE:FREQ=WEEKLY;BYDAY=FR;UNTIL=20260626T215959Z", "EXDATE;TZID=Europe/Paris:20260501T160000"],
    )
    yield master
    yield moved(master, local(2026, 3, 27, 16), local(2026, 3, 30, 10), 2)
    yield cancelled(master, local(2026, 4, 3, 16))
    yield timed("accountant/audit", "Audit, à confirmer", local(2027, 2, 2, 9), 8, owner=ACCOUNTANT, status="tentative")


def _educator() -> Iterator[Json]:
    series = timed("elsewhere", "Réseau des éducateurs", local(2026, 9, 3, 10), 2, owner=EDUCATOR)
    stranger = {"email": "reseau@partenaire.example.com", "displayName": "Réseau"}
    alone = moved(series, local(2026, 10, 1, 10), local(2026, 10, 1, 14), 2)
    yield alone | {"organizer": stranger, "creator": dict(stranger), "attendees": guests(EDUCATOR)}
    yield all_day(
        "educator/birthday",
        "Anniversaire d'Éloïse",
        date(2026, 2, 14),
        1,
        owner=EDUCATOR,
        eventType="birthday",
        visibility="private",
        transparency="transparent",
        recurrence=["RRULE:FREQ=YEARLY"],
        birthdayProperties={"type": "birthday", "contact": "people/c1234567890"},
    )
    yield timed(
        "educator/train",
        "Train pour Bruxelles",
        local(2026, 12, 4, 7, 13),
        1.5,
        owner=EDUCATOR,
        eventType="fromGmail",
        source={"title": "Billet", "url": "https://billets.example.org/b/1"},
    )
    yield timed("educator/flight", "Vol Paris–Montréal", local(2026, 12, 12, 10), 8, owner=EDUCATOR) | {
        "end": moment(local(2026, 12, 12, 12, 25), "America/Montreal")
    }


def _colleague() -> Iterator[Json]:
    yield timed(
        "colleague/outing",
        "Sortie à la ferme 🐐",
        local(2026, 5, 19, 8, 30),
        9,
        owner=COLLEAGUE,
        attendees=[
            attendee(COLLEAGUE.address, "accepted", organizer=True),
            attendee(EDUCATOR.address, "declined", comment="Je garde l'autre groupe"),
            attendee(VOLUNTEER.address, "tentative", optional=True, additionalGuests=2),
            attendee("salle-2@resource.example.org", "accepted", resource=True),
        ],
        guestsCanModify=True,
        guestsCanInviteOthers=False,
    )
    yield timed(
        "colleague/focus",
        "Rédaction du projet pédagogique",
        local(2026, 11, 24, 14),
        2,
        owner=COLLEAGUE,
        eventType="focusTime",
        focusTimeProperties={"autoDeclineMode": "declineNone", "chatStatus": "doNotDisturb"},
    )
    yield timed("colleague/point", "Rappel sans durée", local(2026, 3, 3, 12), 0, owner=COLLEAGUE)


def _secretary() -> Iterator[Json]:
    yield timed(
        "secretary/mail",
        "Relever le courrier",
        local(2026, 1, 5, 8, 30),
        0.5,
        owner=SECRETARY,
        recurrence=["RRULE:FREQ=DAILY;UNTIL=20260131T225959Z;BYDAY=MO,WE,FR"],
        reminders={"useDefault": False},
    )
    yield timed(
        "secretary/dates",
        "Distribution des paniers",
        local(2026, 4, 2, 18),
        1,
        owner=SECRETARY,
        recurrence=["RDATE;TZID=Europe/Paris:20260416T180000,20260507T180000"],
    )
    yield timed("secretary/old", "Assemblée constitutive", local(2001, 3, 17, 14), 3, owner=SECRETARY)


def _volunteer() -> Iterator[Json]:
    yield timed("volunteer/untitled", "", local(2026, 7, 1, 10), 1, owner=VOLUNTEER)
    yield timed(
        "volunteer/text",
        'Virgules, points-virgules ; barres \\ et "guillemets"',
        local(2026, 8, 8, 10),
        3,
        owner=VOLUNTEER,
        description="Première ligne\nDeuxième, avec ; et \\\n\nUne ligne très longue : " + "tilleul été " * 40,
        location="Bruxelles ; rue de l'Église, 12\\B",
        attendees=guests(VOLUNTEER, COLLEAGUE),
    )
    yield timed(
        "volunteer/last-sunday",
        "Marché du dernier dimanche",
        local(2026, 3, 29, 7),
        6,
        owner=VOLUNTEER,
        recurrence=["RRULE:FREQ=MONTHLY;BYDAY=-1SU;COUNT=8"],
    )


def _group(member: Member) -> list[Json]:
    """The events of a secondary calendar; their organizer is the calendar itself."""
    organizer = {"email": _group_id(member), "displayName": SECONDARY[member], "self": True}
    weekly = timed(
        f"group/{member.login}/weekly",
        f"{SECONDARY[member]} : séance",
        local(2026, 9, 9, 14),
        2,
        owner=member,
        recurrence=["RRULE:FREQ=WEEKLY;BYDAY=WE;UNTIL=20270630T215959Z"],
        organizer=organizer,
    )
    once = all_day(
        f"group/{member.login}/open",
        "Journée portes ouvertes",
        date(2026, 10, 10),
        2,
        owner=member,
        organizer=organizer,
    )
    return [weekly, cancelled(weekly, local(2026, 10, 28, 14)), once]


def _group_id(member: Member) -> str:
    return f"c_{file_id(member, 'calendar').lower()}@group.calendar.google.com"


def _list_entry(member: Member, summary: str, identifier: str, role: str, *, primary: bool = False) -> Json:
    entry: Json = {
        "kind": "calendar#calendarListEntry",
        "etag": '"1724000000000000"',
        "id": identifier,
        "summary": summary,
        "timeZone": member.zone,
        "colorId": "14" if primary else "7",
        "backgroundColor": "#9fe1e7" if primary else "#16a765",
        "foregroundColor": "#000000",
        "selected": True,
        "accessRole": role,
        "defaultReminders": [{"method": "popup", "minutes": 10}] if role == "owner" else [],
        "conferenceProperties": {"allowedConferenceSolutionTypes": ["hangoutsMeet"]},
    }
    if primary:
        return {**entry, "primary": True}
    return {**entry, "description": f"Calendrier partagé : {summary}"}
