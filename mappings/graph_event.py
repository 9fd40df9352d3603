"""One Graph event's fields as iCalendar properties: everything but its times and its place in a series.

Each function takes an ``event`` (https://learn.microsoft.com/graph/api/resources/event) and returns lines; what
iCalendar or the target cannot hold is appended to the losses it is given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mappings.contentlines import Line, component, text
from mappings.google_event import stamp
from mappings.graph_html import body_text, without_teams
from migrate.model import Loss

Json = Mapping[str, Any]
Losses = list[Loss]

ATTACHED = 4 << 20
"""Bytes of files within one calendar object: servers refuse objects over 10 MiB, and base64 adds a third."""
COLORS = (
    *("red", "orange", "brown", "gold", "green", "teal", "olive", "blue", "purple", "crimson"),
    *("lightslategray", "slategray", "gray", "dimgray", "black", "darkred", "darkorange", "saddlebrown"),
    *("darkgoldenrod", "darkgreen", "darkslategray", "darkolivegreen", "darkblue", "indigo", "mediumvioletred"),
)
"""Colours of categories, preset0 to preset24, by the CSS3 name (RFC 7986 §5.9) that looks like each.

https://learn.microsoft.com/graph/api/resources/outlookcategory
"""
_BUSY = {"tentative": "TENTATIVE", "oof": "OOF", "workingElsewhere": "WORKINGELSEWHERE"}
"""What TRANSP does not tell, in Outlook's own property (MS-OXCICAL §2.1.3.1.1.20.31)."""
_FREE = frozenset({"free", "workingElsewhere"})
_PRIORITY = {"high": "1", "low": "9"}
_PARTSTAT = {
    "organizer": "ACCEPTED",
    "accepted": "ACCEPTED",
    "tentativelyAccepted": "TENTATIVE",
    "declined": "DECLINED",
}
_ANSWERED = frozenset({"accepted", "tentativelyAccepted", "declined"})


def properties(event: Json, calendar: Json, losses: Losses) -> Iterator[Line]:
    """Every property but times, recurrence, people and alarms, in a fixed order."""
    yield from _texts(event)
    yield from _place(event)
    yield from _state(event, calendar, losses)
    yield from _look(event, calendar)
    yield from _conference(event, losses)
    yield from _attachments(event, losses)


def _texts(event: Json) -> Iterator[Line]:
    """An empty text is legal and is not written. Of Teams' own words, the address stays."""
    if event.get("subject"):
        yield Line("SUMMARY", text(event["subject"]))
    plain, html = body_text(event.get("body") or {})
    join = join_url(event)
    if join:
        plain = without_teams(plain)
        plain = plain if join in plain else "\n\n".join(part for part in (plain, join) if part)
    if plain:
        yield Line("DESCRIPTION", text(plain))
    if html:
        yield Line("X-ALT-DESC", text(html), {"FMTTYPE": "text/html"})


def join_url(event: Json) -> str:
    """Where the online meeting is held; ``onlineMeetingUrl`` is what it was called before."""
    return str((event.get("onlineMeeting") or {}).get("joinUrl") or event.get("onlineMeetingUrl") or "")


def _place(event: Json) -> Iterator[Line]:
    places = [place for place in event.get("locations") or [event.get("location") or {}] if place]
    names = list(dict.fromkeys(filter(None, map(_place_name, places))))
    if names:
        yield Line("LOCATION", text("; ".join(names)))
    points = [place.get("coordinates") or {} for place in places]
    known = [point for point in points if point.get("latitude") is not None and point.get("longitude") is not None]
    if known:
        yield Line("GEO", f"{float(known[0]['latitude'])};{float(known[0]['longitude'])}")
    links = [str(place["locationUri"]) for place in places if "://" in str(place.get("locationUri") or "")]
    if links:
        yield Line("URL", links[0])


def _place_name(place: Json) -> str:
    """The name, and of the address what the name does not say."""
    name, address = str(place.get("displayName") or ""), place.get("address") or {}
    town = " ".join(filter(None, (address.get("postalCode"), address.get("city"))))
    parts = [part for part in (address.get("street"), town, address.get("countryOrRegion")) if part]
    return ", ".join([*([name] if name else []), *(part for part in parts if part not in name)])


def _state(event: Json, calendar: Json, losses: Losses) -> Iterator[Line]:
    yield Line("STATUS", "CANCELLED" if event.get("isCancelled") else "CONFIRMED")
    shown = str(event.get("showAs") or "busy")
    yield Line("TRANSP", "TRANSPARENT" if shown in _FREE else "OPAQUE")
    if shown in _BUSY:
        yield Line("X-MICROSOFT-CDO-BUSYSTATUS", _BUSY[shown])
    yield from _class(str(event.get("sensitivity") or "normal"), str(calendar.get("shared") or ""), losses)
    if event.get("importance") in _PRIORITY:
        yield Line("PRIORITY", _PRIORITY[event["importance"]])
    yield Line("SEQUENCE", "0")
    changed = stamp(event.get("lastModifiedDateTime") or event.get("createdDateTime"))
    yield Line("DTSTAMP", changed)
    if event.get("createdDateTime"):
        yield Line("CREATED", stamp(event["createdDateTime"]))
    if event.get("lastModifiedDateTime"):
        yield Line("LAST-MODIFIED", changed)


def _class(sensitivity: str, shared: str, losses: Losses) -> Iterator[Line]:
    """Nextcloud shows readers of a CONFIDENTIAL event “busy”, as Outlook does, and writers all of it."""
    if sensitivity not in {"personal", "private", "confidential"}:
        return
    yield Line("CLASS", "CONFIDENTIAL" if shared == "read" or sensitivity == "confidential" else "PRIVATE")
    if sensitivity == "personal":
        losses.append(Loss(field="sensitivity", reason="There is no “personal”: the event becomes a private one."))
    if shared == "write" and sensitivity != "confidential":
        reason = "Those who share this calendar saw a private event as “busy”: it is hidden from them instead."
        losses.append(Loss(field="sensitivity", reason=reason))


def _look(event: Json, calendar: Json) -> Iterator[Line]:
    categories = [str(name) for name in event.get("categories") or () if name]
    if categories:
        yield Line("CATEGORIES", ",".join(map(text, categories)))
    colors = calendar.get("categoryColors") or {}
    for name in categories:
        number = str(colors.get(name) or "").removeprefix("preset")
        if number.isdigit() and int(number) < len(COLORS):
            yield Line("COLOR", COLORS[int(number)])
            return


def _conference(event: Json, losses: Losses) -> Iterator[Line]:
    """RFC 7986 §5.11. The room itself ends with the account, so each one is listed."""
    meeting, join = event.get("onlineMeeting") or {}, join_url(event)
    if join:
        yield Line("CONFERENCE", join, {"VALUE": "URI", "FEATURE": "AUDIO,VIDEO"})
    numbers = [meeting.get("tollNumber"), *(meeting.get("tollFreeNumbers") or ())]
    numbers += [phone.get("number") for phone in meeting.get("phones") or ()]
    code = str(meeting.get("conferenceId") or "")
    for number in dict.fromkeys(filter(None, numbers)):
        params = {"VALUE": "URI", "FEATURE": "PHONE", **({"LABEL": code} if code else {})}
        yield Line("CONFERENCE", f"tel:{''.join(c for c in str(number) if c.isdigit() or c == '+')}", params)
    if join or event.get("isOnlineMeeting"):
        losses.append(Loss(field="conference", reason="The meeting room ends with the account: create a new one."))


def _attachments(event: Json, losses: Losses) -> Iterator[Line]:
    """Files within the object; what is too large, or lies elsewhere, is named."""
    room = ATTACHED
    for attachment in event.get("attachments") or ():
        kind = str(attachment.get("@odata.type") or "").removeprefix("#microsoft.graph.")
        content, size = attachment.get("contentBytes"), int(attachment.get("size") or 0)
        if kind == "fileAttachment" and content and len(content) * 3 // 4 <= room:
            room -= len(content) * 3 // 4
            params = {"FMTTYPE": attachment.get("contentType"), "FILENAME": attachment.get("name")}
            kept = {name: str(value) for name, value in params.items() if value}
            yield Line("ATTACH", str(content), {"ENCODING": "BASE64", "VALUE": "BINARY", **kept})
        elif kind != "fileAttachment" or size or content:
            losses.append(_ATTACHMENT.get(kind, _TOO_LARGE))


_TOO_LARGE = Loss(field="attachment", reason="An attached file is too large for a calendar: save it elsewhere.")
_ATTACHMENT = {
    "itemAttachment": Loss(field="attachment", reason="An attached message, event or contact is left behind."),
    "referenceAttachment": Loss(field="attachment", reason="A link to a file in OneDrive is left behind."),
}


def people(event: Json, calendar: Json, losses: Losses, *, organizer: bool) -> Iterator[Line]:
    """ORGANIZER and ATTENDEE with their state: never RSVP=TRUE, which asks, nor SCHEDULE-AGENT, which silences."""
    if organizer:
        yield from _organizer((event.get("organizer") or {}).get("emailAddress") or {}, losses)
    attendees = event.get("attendees") or []
    own = str(calendar.get("owner") or "").casefold()
    answer = str((event.get("responseStatus") or {}).get("response") or "none")
    for attendee in attendees:
        address = (attendee.get("emailAddress") or {}).get("address") or ""
        if "@" in address:
            yield Line(
                "ATTENDEE", f"mailto:{address}", _attendee(attendee, answer if address.casefold() == own else "")
            )
        else:
            losses.append(Loss(field="attendees", reason="A guest without a mail address is left out."))
    _guests(event, own, answer, losses)


def wants_organizer(event: Json) -> bool:
    """RFC 5545 §3.8.4.3: only group events name one, and events that someone else made keep theirs."""
    return bool(event.get("attendees")) or event.get("isOrganizer") is False


def _organizer(address: Json, losses: Losses) -> Iterator[Line]:
    if "@" in str(address.get("address") or ""):
        name = address.get("name")
        yield Line("ORGANIZER", f"mailto:{address['address']}", {"CN": str(name)} if name else {})
    else:
        losses.append(Loss(field="organizer", reason="The organizer has no mail address: left out."))


def _attendee(attendee: Json, answer: str) -> dict[str, str]:
    """A guest's own copy knows their answer only as the event's; of the other guests it knows none."""
    told = (attendee.get("status") or {}).get("response") or "none"
    kind = attendee.get("type") or "required"
    params = {"CUTYPE": "RESOURCE"} if kind == "resource" else {}
    if kind == "optional":
        params["ROLE"] = "OPT-PARTICIPANT"
    params["PARTSTAT"] = _PARTSTAT.get(answer if answer in _ANSWERED else told, "NEEDS-ACTION")
    name = (attendee.get("emailAddress") or {}).get("name")
    return params | ({"CN": str(name)} if name else {})


def _guests(event: Json, own: str, answer: str, losses: Losses) -> None:
    attendees = event.get("attendees") or []
    addresses = {str((one.get("emailAddress") or {}).get("address") or "").casefold() for one in attendees}
    if answer in _ANSWERED and own not in addresses:
        losses.append(Loss(field="response", reason="The answer given is not kept: its author is not a guest by name."))
    if any(one.get("proposedNewTime") for one in attendees):
        losses.append(Loss(field="proposed-time", reason="Another time that a guest proposed is not carried over."))
    if attendees and (
        event.get("hideAttendees") or False in (event.get("responseRequested"), event.get("allowNewTimeProposals"))
    ):
        losses.append(Loss(field="guest-permissions", reason="What guests may do is not carried over."))


def alarms(event: Json) -> list[bytes]:
    """One VALARM, a display, when the reminder is on: its minutes are told even when it is off."""
    minutes = event.get("reminderMinutesBeforeStart")
    if not event.get("isReminderOn") or minutes is None:
        return []
    trigger = f"{'-' if int(minutes) >= 0 else ''}PT{abs(int(minutes))}M"
    description = text(str(event.get("subject") or "-"))
    lines = [Line("ACTION", "DISPLAY"), Line("DESCRIPTION", description), Line("TRIGGER", trigger)]
    return [component("VALARM", lines)]
