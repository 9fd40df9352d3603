"""What a Nextcloud calendar accepts, repairs and refuses.

After sabre/vobject ``Component::validate`` and ``VCalendar::validate``, sabre/dav ``CalDAV\\Plugin::validateICalendar``
and Nextcloud ``CalDavBackend::getDenormalizedData``.
"""

from __future__ import annotations

import re
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from migrate.sandbox.nextcloud.contentlines import Component, Line, ParseFailure, new_line, parse
from migrate.sandbox.nextcloud.dav_errors import SABRE, DavError
from migrate.sandbox.nextcloud.limits import Limits
from migrate.sandbox.nextcloud.series import count_instances

KINDS = ("VEVENT", "VTODO", "VJOURNAL")
DATES = frozenset(("DTSTART", "DTEND", "DUE", "DTSTAMP", "RECURRENCE-ID", "CREATED", "LAST-MODIFIED", "COMPLETED"))
_DATE = re.compile(r"\d{8}(T\d{6}Z?)?", re.I)
FREQUENCIES = frozenset(("SECONDLY", "MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"))
_CONTROL = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f]")
MAX_UID = 255
"""Characters the database column holds."""
_COMMON_ONCE = (
    "CLASS CREATED DESCRIPTION GEO LAST-MODIFIED LOCATION ORGANIZER PRIORITY SEQUENCE STATUS SUMMARY URL "
    "RECURRENCE-ID RRULE"
)
AT_MOST_ONCE = {
    "VEVENT": frozenset(f"{_COMMON_ONCE} TRANSP DTEND DURATION".split()),
    "VTODO": frozenset(f"{_COMMON_ONCE} DTSTART COMPLETED DUE DURATION PERCENT-COMPLETE".split()),
    "VJOURNAL": frozenset(f"{_COMMON_ONCE} DTSTART".split()) - {"DESCRIPTION", "GEO", "LOCATION", "PRIORITY"},
    "VALARM": frozenset(("DURATION", "REPEAT")),
    "VTIMEZONE": frozenset(("LAST-MODIFIED", "TZURL")),
}
ONCE = {
    "VCALENDAR": ("PRODID", "VERSION"),
    "VEVENT": ("UID", "DTSTAMP", "DTSTART"),
    "VTODO": ("UID", "DTSTAMP"),
    "VJOURNAL": ("UID", "DTSTAMP"),
    "VALARM": ("ACTION", "TRIGGER"),
    "VTIMEZONE": ("TZID",),
}
DEFAULTS: dict[str, Callable[[], str]] = {
    "VERSION": lambda: "2.0",
    "PRODID": lambda: "-//Sabre//Sabre VObject 4.5//EN",
    "UID": lambda: f"sabre-vobject-{uuid.uuid4()}",
    "DTSTAMP": lambda: datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ"),
}
REPAIRABLE = {
    "VCALENDAR": frozenset(("VERSION", "PRODID")),
    **{kind: frozenset(("UID", "DTSTAMP")) for kind in KINDS},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """An object as it will be stored."""

    body: bytes
    """The bytes sent when nothing was repaired."""
    calendar: Component
    warning: str
    """The repair's message, empty when there was none."""

    @property
    def items(self) -> list[Component]:
        """Events, tasks or journals; exceptions included."""
        return [child for child in self.calendar.children if child.name in KINDS]

    @property
    def uid(self) -> str:
        """The object's UID."""
        return self.items[0].value("UID")


def accept(body: bytes, *, strict: bool, limits: Limits, supported: frozenset[str]) -> Accepted:
    """Check an object, repair what the original repairs. Raises DavError 403, 415 or 500 with its reasons."""
    calendar, text_warning = _parse(body)
    items = [child for child in calendar.children if child.name in KINDS]
    if not items or items[-1].name not in supported:
        raise DavError(
            403,
            f"iCalendar objects must at least have a component of type {', '.join(sorted(supported))}",
            exception="Sabre\\CalDAV\\Exception\\InvalidComponentType",
            detail='  <cal:supported-calendar-component xmlns:cal="urn:ietf:params:xml:ns:caldav"/>\n',
        )
    repairs = text_warning + list(_check_counts(calendar, strict)) + list(_check_rules(items, strict))
    _check_object(calendar, items)
    _check_dates(items)
    accepted = Accepted(
        body=calendar.serialize().encode() if repairs else body,
        calendar=calendar,
        warning=repairs[0] if repairs else "",
    )
    if len(accepted.uid) > MAX_UID:
        message = "An exception occurred while executing a query: Data too long for column 'uid'"
        raise DavError(500, message, exception="OC\\DB\\Exceptions\\DbalException")
    _check_instances(items, limits)
    return accepted


def _parse(body: bytes) -> tuple[Component, list[str]]:
    """The object, and what had to be done to read it: bytes that are not UTF-8 are taken for Latin-1."""
    try:
        text, warnings = body.decode(), []
    except UnicodeDecodeError:
        text, warnings = body.decode("latin-1"), ["Property is not valid UTF-8!"]
    if _CONTROL.search(text):
        text, warnings = _CONTROL.sub("", text), [*warnings, "Property contained a control character"]
    try:
        calendar = parse(text)
    except ParseFailure as error:
        message = f"This resource only supports valid iCalendar 2.0 data. Parse error: {error}"
        raise DavError(415, message) from error
    if calendar.name != "VCALENDAR":
        raise DavError(415, "This collection can only support iCalendar objects.")
    return calendar, warnings


def _invalid(message: str) -> DavError:
    return DavError(415, f"Validation error in iCalendar: {message}", exception=SABRE + "UnsupportedMediaType")


def _check_counts(component: Component, strict: bool) -> Iterator[str]:
    """Cardinalities, children first as sabre walks them. Yields what was repaired."""
    for child in component.children:
        yield from _check_counts(child, strict)
    counts = Counter(line.name for line in component.lines)
    for name in ONCE.get(component.name, ()):
        if counts[name] != 1:
            message = f"{name} MUST appear exactly once in a {component.name} component"
            if strict or counts[name] or name not in REPAIRABLE.get(component.name, ()):
                raise _invalid(message)
            component.add(new_line(name, DEFAULTS[name]()))
            yield message
    for name in sorted(AT_MOST_ONCE.get(component.name, ())):
        if counts[name] > 1:
            message = f"{name} MUST NOT appear more than once in a {component.name} component"
            if strict or not _merge(component, component.all(name)):
                raise _invalid(message)
            yield message


def _check_rules(items: list[Component], strict: bool) -> Iterator[str]:
    """A rule without FREQ is taken out, as sabre's ``Recur::validate`` does."""
    for item in items:
        for line in item.all("RRULE"):
            if "FREQ=" not in line.value.upper():
                if strict:
                    raise _invalid("FREQ is required in RRULE")
                item.remove(line)
                yield "FREQ is required in RRULE"


def _merge(component: Component, lines: list[Line]) -> bool:
    """Drop repeated lines when all say the same."""
    if len({(line.value, tuple(sorted(line.params.items()))) for line in lines}) > 1:
        return False
    for line in lines[1:]:
        component.remove(line)
    return True


def _check_object(calendar: Component, items: list[Component]) -> None:
    if calendar.value("VERSION") != "2.0":
        raise _invalid("Only iCalendar version 2.0 as defined in rfc5545 is supported.")
    masters = Counter(item.value("UID") for item in items if item.first("RECURRENCE-ID") is None)
    if any(count > 1 for count in masters.values()):
        raise _invalid(f"More than one master object was found for the object with UID {next(iter(masters))}")
    if len({item.value("UID") for item in items}) > 1:
        raise _invalid("A calendar object on a CalDAV server may only have components with the same UID.")
    if len({item.name for item in items}) > 1:
        raise _invalid(
            "A calendar object on a CalDAV server may only have 1 type of component (VEVENT, VTODO or VJOURNAL)."
        )
    if calendar.first("METHOD"):
        raise _invalid("A calendar object on a CalDAV server MUST NOT have a METHOD property.")


def _check_dates(items: list[Component]) -> None:
    for line in (line for item in items for line in item.lines if line.name in DATES):
        if not _DATE.fullmatch(line.value.strip()):
            raise _invalid(f"The supplied value of {line.name} is not a correct DATE-TIME")


def check_frequency(rule: str) -> None:
    """An unknown FREQ is found only when the series is expanded: 500."""
    match = re.search("FREQ=([^;]*)", rule, re.I)
    if match is not None and match[1].upper() not in FREQUENCIES:
        message = f"Unknown value for FREQ={match[1]}"
        raise DavError(500, message, exception="Sabre\\VObject\\InvalidDataException")


def _check_instances(items: list[Component], limits: Limits) -> None:
    if items[0].name != "VEVENT" or (items[0].first("RRULE") is None and len(items) == 1):
        return
    for item in items:
        check_frequency(item.value("RRULE"))
    count = count_instances(items, limits.instances + 1)
    if count == 0:
        raise DavError(403, "This recurrence rule does not generate any valid instances")
    if count is not None and count >= limits.instances:
        message = f"Recurring events are only allowed to generate {limits.instances}"
        raise DavError(500, message, exception="Sabre\\VObject\\Recur\\MaxInstancesExceededException")
