"""Whom a stored event would have been mailed to (``apps/dav/lib/CalDAV/Schedule/Plugin.php``, Nextcloud 32).

The organizer's PUT mails REQUEST to all attendees, the organizer's DELETE mails CANCEL, the attendee's DELETE mails
a REPLY; past events mail nobody. ``x-nc-scheduling: false`` silences PUT only, ``Schedule-Reply: F`` both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import unquote

from migrate.sandbox.clock import Clock
from migrate.sandbox.nextcloud.contentlines import Component, Line
from migrate.sandbox.nextcloud.outbox import Mail, MailKind, Outbox
from migrate.sandbox.nextcloud.series import last_end
from migrate.sandbox.nextcloud.wsgi import Request

SIGNIFICANT = ("DTSTART", "DTEND", "DURATION", "DUE", "RRULE", "RDATE", "EXDATE", "STATUS", "SUMMARY", "LOCATION")
Deliver = Callable[[str, bytes], None]


@dataclass(frozen=True, slots=True)
class Sender:
    """Whose calendar was written, and which object."""

    user: str
    href: str


class Scheduler:
    """Records mails and delivers to local accounts."""

    def __init__(self, addresses: Mapping[str, str], outbox: Outbox, clock: Clock, deliver: Deliver) -> None:
        self._addresses = addresses
        self._outbox = outbox
        self._clock = clock
        self._deliver = deliver

    def on_put(self, request: Request, sender: Sender, calendar: Component, old: Component | None) -> bool:
        """After a PUT was accepted. True when the object is marked with what was sent (its etag changes then)."""
        items = _events(calendar)
        if not items:
            return False
        self._note_alarms(sender, items)
        if request.header("x-nc-scheduling") == "false" or request.header("Schedule-Reply") == "F":
            return False
        mine = self._addresses[sender.user].lower()
        if _organizer(items) == mine:
            return self._invite(sender, items, calendar, old)
        self._reply_if_changed(sender, items, old)
        return False

    def on_delete(self, request: Request, sender: Sender, calendar: Component) -> None:
        """After a DELETE."""
        items = _events(calendar)
        if not items or request.header("Schedule-Reply") == "F" or self._past(items):
            return
        mine = self._addresses[sender.user].lower()
        organizer = _organizer(items)
        if organizer == mine:
            for attendee in _attendees(items, but=mine):
                self._mail(MailKind.CANCELLATION, sender, address(attendee))
        elif organizer and any(address(line) == mine for line in _attendees(items, but="")):
            self._mail(MailKind.REPLY, sender, organizer)

    def _invite(self, sender: Sender, items: list[Component], calendar: Component, old: Component | None) -> bool:
        mine = self._addresses[sender.user].lower()
        attendees = _attendees(items, but=mine)
        self._cancel_removed(sender, attendees, old)
        known = {address(line) for line in _attendees(_events(old), but=mine)} if old else set()
        changed = old is None or _significant(items) != _significant(_events(old))
        told = [line for line in attendees if changed or address(line) not in known]
        for line in told:
            line.params["SCHEDULE-STATUS"] = "1.1"
            line.text = f"{line.text.split(':', 1)[0]};SCHEDULE-STATUS=1.1:{line.text.split(':', 1)[1]}"
        for line in told:
            user = next((user for user, mail in self._addresses.items() if mail.lower() == address(line)), "")
            if user:
                self._deliver(user, calendar.serialize().encode())
            if not self._past(items):
                self._mail(MailKind.INVITATION, sender, address(line))
        return bool(told)

    def _cancel_removed(self, sender: Sender, attendees: list[Line], old: Component | None) -> None:
        if old is None or self._past(_events(old)):
            return
        kept = {address(line) for line in attendees}
        for line in _attendees(_events(old), but=self._addresses[sender.user].lower()):
            if address(line) not in kept:
                self._mail(MailKind.CANCELLATION, sender, address(line))

    def _reply_if_changed(self, sender: Sender, items: list[Component], old: Component | None) -> None:
        mine, organizer = self._addresses[sender.user].lower(), _organizer(items)
        if old is None or not organizer or self._past(items):
            return
        if _answers(items, mine) != _answers(_events(old), mine):
            self._mail(MailKind.REPLY, sender, organizer)

    def _note_alarms(self, sender: Sender, items: list[Component]) -> None:
        alarms = [child for item in items for child in item.children if child.name == "VALARM"]
        if self._past(items) or not any(alarm.value("ACTION").upper() == "EMAIL" for alarm in alarms):
            return
        mine = self._addresses[sender.user].lower()
        others = {address(line) for line in _attendees(items, but=mine)} if _organizer(items) == mine else set()
        for recipient in sorted({mine} | others):
            self._mail(MailKind.ALARM, sender, recipient)

    def _past(self, items: list[Component]) -> bool:
        end = last_end(items)
        return end is not None and end < datetime.fromtimestamp(self._clock.now(), UTC)

    def _mail(self, kind: MailKind, sender: Sender, recipient: str) -> None:
        self._outbox.add(Mail(kind=kind, sender=sender.user, recipient=recipient, href=sender.href))


def address(line: Line) -> str:
    """The mail address of an ORGANIZER or ATTENDEE, lower-case."""
    return unquote(line.value).lower().removeprefix("mailto:")


def _events(calendar: Component | None) -> list[Component]:
    return [child for child in calendar.children if child.name == "VEVENT"] if calendar else []


def _organizer(items: list[Component]) -> str:
    line = items[0].first("ORGANIZER") if items else None
    return address(line) if line else ""


def _attendees(items: list[Component], *, but: str) -> list[Line]:
    """One line an address; ``SCHEDULE-AGENT=CLIENT`` left out, only that literal (server#22197)."""
    found: dict[str, Line] = {}
    for line in (line for item in items for line in item.all("ATTENDEE")):
        if line.params.get("SCHEDULE-AGENT", "").upper() != "CLIENT":
            found.setdefault(address(line), line)
    return [line for mail, line in found.items() if mail != but]


def _answers(items: list[Component], mine: str) -> list[str]:
    return [line.params.get("PARTSTAT", "") for line in _attendees(items, but="") if address(line) == mine]


def _significant(items: list[Component]) -> list[tuple[str, ...]]:
    return sorted(tuple(item.value(name) for name in ("RECURRENCE-ID", *SIGNIFICANT)) for item in items)
