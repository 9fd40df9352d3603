"""One Google event's fields as iCalendar properties: everything but its place in a series.

Each function takes a ``calendar#event`` resource (developers.google.com/workspace/calendar/api/v3/reference/events)
and returns lines; what iCalendar or the target cannot hold is appended to the losses it is given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

from mappings.contentlines import Line, component, text
from migrate.model import Loss

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Event = Mapping[str, Any]
Losses = list[Loss]

COLORS = {
    "1": ("#a4bdfc", "lightsteelblue"),
    "2": ("#7ae7bf", "aquamarine"),
    "3": ("#dbadff", "plum"),
    "4": ("#ff887c", "salmon"),
    "5": ("#fbd75b", "khaki"),
    "6": ("#ffb878", "sandybrown"),
    "7": ("#46d6db", "mediumturquoise"),
    "8": ("#e1e1e1", "gainsboro"),
    "9": ("#5484ed", "cornflowerblue"),
    "10": ("#51b749", "mediumseagreen"),
    "11": ("#dc2127", "crimson"),
}
"""Event colours of ``colors.get`` and the CSS3 name (RFC 7986 §5.9 takes no other) that looks like each."""

_PARTSTAT = {"accepted": "ACCEPTED", "declined": "DECLINED", "tentative": "TENTATIVE"}
_CLASS = {"public": "PUBLIC", "private": "PRIVATE", "confidential": "CONFIDENTIAL"}
_CATEGORY = {"outOfOffice": "Out of office", "focusTime": "Focus time", "workingLocation": "Working location"}
_GUEST_DEFAULTS = {
    "guestsCanInviteOthers": True,
    "guestsCanSeeOtherGuests": True,
    "guestsCanModify": False,
    "anyoneCanAddSelf": False,
}
_GROUP_CALENDAR = "@group.calendar.google.com"


def properties(event: Event, losses: Losses) -> Iterator[Line]:
    """Every property but times, recurrence, people and alarms, in a fixed order."""
    yield from _texts(event)
    yield from _state(event)
    yield from _look(event, losses)
    yield from _links(event, losses)
    _unmapped(event, losses)


def _texts(event: Event) -> Iterator[Line]:
    """An empty text is legal and is not written."""
    if event.get("summary"):
        yield Line("SUMMARY", text(event["summary"]))
    if event.get("location"):
        yield Line("LOCATION", text(event["location"]))
    description = event.get("description") or ""
    plain = html_to_text(description)
    if plain:
        yield Line("DESCRIPTION", text(plain))
    if plain != description and description:
        yield Line("X-ALT-DESC", text(description), {"FMTTYPE": "text/html"})


def _state(event: Event) -> Iterator[Line]:
    status = str(event.get("status", "confirmed")).upper()
    yield Line("STATUS", status if status in {"CONFIRMED", "TENTATIVE", "CANCELLED"} else "CONFIRMED")
    free = event.get("transparency") == "transparent" or event.get("eventType") == "workingLocation"
    yield Line("TRANSP", "TRANSPARENT" if free else "OPAQUE")
    if event.get("visibility") in _CLASS:
        # Nextcloud reads any other word, DEFAULT included, as PRIVATE and hides the event.
        yield Line("CLASS", _CLASS[event["visibility"]])
    yield Line("SEQUENCE", str(int(event.get("sequence") or 0)))
    updated = stamp(event.get("updated") or event.get("created"))
    yield Line("DTSTAMP", updated)
    if event.get("created"):
        yield Line("CREATED", stamp(event["created"]))
    if event.get("updated"):
        yield Line("LAST-MODIFIED", updated)


def stamp(value: str | None) -> str:
    """An RFC 3339 moment as a UTC stamp; the epoch when there is none, never the present."""
    try:
        moment = datetime.fromisoformat(value) if value else _EPOCH
        return f"{(moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC):%Y%m%dT%H%M%SZ}"
    except (ValueError, OverflowError):
        # Imported events were "created" in the year 0: no reason to leave them behind.
        return f"{_EPOCH:%Y%m%dT%H%M%SZ}"


def _look(event: Event, losses: Losses) -> Iterator[Line]:
    color = COLORS.get(str(event.get("colorId", "")))
    if color:
        yield Line("COLOR", color[1])
        yield Line("X-APPLE-CALENDAR-COLOR", color[0])
    category = _CATEGORY.get(event.get("eventType", ""))
    if category:
        yield Line("CATEGORIES", text(category))
    if event.get("eventLabelId"):
        losses.append(Loss(field="label", reason="The event's label is not carried over."))
    if event.get("eventType") == "outOfOffice":
        losses.append(Loss(field="out-of-office", reason="Invitations will not be declined automatically."))


def _links(event: Event, losses: Losses) -> Iterator[Line]:
    source = event.get("source") or {}
    if source.get("url"):
        yield Line("URL", source["url"])
    yield from _conference(event, losses)
    attachments = [item for item in event.get("attachments") or [] if item.get("fileUrl")]
    for item in attachments:
        params = {"FMTTYPE": item.get("mimeType"), "FILENAME": item.get("title")}
        yield Line("ATTACH", item["fileUrl"], {name: value for name, value in params.items() if value})
    if attachments:
        losses.append(Loss(field="attachment", reason="The attachment stays a link to the original file."))


def _conference(event: Event, losses: Losses) -> Iterator[Line]:
    """RFC 7986 §5.11. The room itself ends with the domain, so each one is listed."""
    points = [p for p in (event.get("conferenceData") or {}).get("entryPoints") or [] if p.get("uri")]
    if not points and event.get("hangoutLink"):
        points = [{"entryPointType": "video", "uri": event["hangoutLink"]}]
    features = {"video": "AUDIO,VIDEO", "phone": "PHONE", "sip": "AUDIO"}
    for point in points:
        feature, label = features.get(point.get("entryPointType", "")), point.get("label")
        params = {"VALUE": "URI", "FEATURE": feature, "LABEL": label}
        yield Line("CONFERENCE", point["uri"], {name: value for name, value in params.items() if value})
    if points:
        losses.append(Loss(field="conference", reason="The meeting room ends with the account: create a new one."))


def people(event: Event, losses: Losses, *, organizer: bool) -> Iterator[Line]:
    """ORGANIZER and ATTENDEE with their state: never RSVP=TRUE, which asks, nor SCHEDULE-AGENT, which silences."""
    attendees = event.get("attendees") or []
    if organizer:
        yield from _organizer(event.get("organizer") or {}, losses)
    for attendee in attendees:
        if attendee.get("email"):
            yield Line("ATTENDEE", f"mailto:{attendee['email']}", _attendee(attendee))
    if event.get("attendeesOmitted") or any(not attendee.get("email") for attendee in attendees):
        losses.append(Loss(field="attendees", reason="The guest list was not given in full."))


def wants_organizer(event: Event) -> bool:
    """RFC 5545 §3.8.4.3: only group events name one, and events that someone else made keep theirs."""
    organizer = event.get("organizer") or {}
    return bool(event.get("attendees")) or (bool(organizer.get("email")) and not organizer.get("self"))


def _organizer(organizer: Mapping[str, Any], losses: Losses) -> Iterator[Line]:
    email = organizer.get("email", "")
    if email.endswith(_GROUP_CALENDAR):
        losses.append(Loss(field="organizer", reason="The organizer is a calendar without a mailbox: left out."))
    elif email:
        name = organizer.get("displayName")
        yield Line("ORGANIZER", f"mailto:{email}", {"CN": name} if name else {})


def _attendee(attendee: Mapping[str, Any]) -> dict[str, str]:
    params = {"CUTYPE": "RESOURCE"} if attendee.get("resource") else {}
    if attendee.get("optional"):
        params["ROLE"] = "OPT-PARTICIPANT"
    params["PARTSTAT"] = _PARTSTAT.get(attendee.get("responseStatus", ""), "NEEDS-ACTION")
    if attendee.get("displayName"):
        params["CN"] = attendee["displayName"]
    if attendee.get("additionalGuests"):
        params["X-NUM-GUESTS"] = str(attendee["additionalGuests"])
    if attendee.get("comment"):
        params["X-RESPONSE-COMMENT"] = attendee["comment"]
    return params


def alarms(event: Event, defaults: list[Mapping[str, Any]], losses: Losses) -> list[bytes]:
    """VALARM components, soonest last. E-mail becomes a display: a server would write to every guest."""
    reminders = event.get("reminders") or {}
    chosen = defaults if reminders.get("useDefault") else reminders.get("overrides") or []
    if any(reminder.get("method") == "email" for reminder in chosen):
        losses.append(Loss(field="reminder-email", reason="The e-mail reminder becomes a notification."))
    minutes = sorted({int(reminder["minutes"]) for reminder in chosen if "minutes" in reminder}, reverse=True)
    return [_alarm(value, event.get("summary") or "-") for value in minutes]


def _alarm(minutes: int, description: str) -> bytes:
    trigger = f"{'-' if minutes >= 0 else ''}PT{abs(minutes)}M"
    lines = [Line("ACTION", "DISPLAY"), Line("DESCRIPTION", text(description)), Line("TRIGGER", trigger)]
    return component("VALARM", lines)


def _unmapped(event: Event, losses: Losses) -> None:
    """What has no place in iCalendar or on the target: named, so that nobody learns of it later."""
    if any(event.get(name, default) != default for name, default in _GUEST_DEFAULTS.items()):
        losses.append(Loss(field="guest-permissions", reason="What guests may do is not carried over."))
    if any((event.get("extendedProperties") or {}).values()):
        losses.append(Loss(field="extended-properties", reason="Data that applications attached is left behind."))
    for name in ("gadget", "locked", "privateCopy"):
        if event.get(name):
            losses.append(Loss(field=name, reason=f"There is no equivalent of “{name}”."))


class _Text(HTMLParser):
    """The text of the few tags that a description may hold."""

    _BREAKS = frozenset({"br", "p", "div", "li", "tr", "ul", "ol", "h1", "h2", "h3", "h4", "table"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.links: list[tuple[int, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.links.append((len(self.parts), dict(attrs).get("href") or ""))
        if tag == "br" or (tag in self._BREAKS and self.parts and not self.parts[-1].endswith("\n")):
            self.parts.append("\n")
        if tag == "li":
            self.parts.append("- ")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self.links:
            self._end_link(*self.links.pop())
        if tag in {"p", "div", "li", "tr"} and self.parts and not self.parts[-1].endswith("\n"):
            self.parts.append("\n")

    def _end_link(self, start: int, target: str) -> None:
        """An address that the text does not show follows it."""
        if target and target not in "".join(self.parts[start:]):
            self.parts.append(f" ({target})")

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    def parse_html_declaration(self, i: int) -> int:
        """Skip ``<!…>``: the library raises AssertionError at what word processors leave in marked sections."""
        end = self.rawdata.find(">", i)
        return end + 1 if end >= 0 else len(self.rawdata)


_TAGS = ("<br", "<p", "<a ", "<b>", "<i>", "<u>", "<ul", "<ol", "<li", "<div", "<span", "<html", "<h1", "<h2", "<table")


def html_to_text(description: str) -> str:
    """Plain text of a description; itself, to the character, when it holds no HTML."""
    lowered = description.lower()
    if not any(tag in lowered for tag in _TAGS):
        return description
    parser = _Text()
    parser.feed(description)
    parser.close()
    return "".join(parser.parts).strip("\n")
