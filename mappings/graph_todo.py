"""Microsoft To Do tasks to iCalendar to-dos.

The body is JSON: ``{"uid": …, "task": todoTask, "mailbox": {"timeZone": …, "territory": …}}``, the task with its
``linkedResources`` and ``attachments``; or, for a step of a task (a ``checklistItem``, which becomes a task below it),
``{"uid": …, "parent_uid": …, "step": checklistItem, "position": 0}``. The result is a VCALENDAR with one VTODO
(RFC 5545 §3.6.2). https://learn.microsoft.com/graph/api/resources/todotask
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from mappings import graph_recurrence, recurrence, windows_zones
from mappings.contentlines import Line, component, text
from mappings.google_event import stamp
from mappings.graph_event import ATTACHED
from mappings.graph_html import body_text
from migrate.errors import MappingError
from migrate.model import Item, Loss, Mapped

MEDIA_TYPE = "application/vnd.microsoft.graph.todotask+json"
PRODID = "-//transhume//graph_todo//EN"
Json = Mapping[str, Any]
Losses = list[Loss]

_STATUS = {"inProgress": "IN-PROCESS", "completed": "COMPLETED", "waitingOnOthers": "IN-PROCESS"}
_PRIORITY = {"high": "1", "low": "9"}
_NOT_A_DAY = Loss(field="due", reason="The day was reckoned in another time zone than the mailbox's: check it.")
_WAITING = Loss(field="status", reason="“Waiting on others” and “deferred” have no equivalent: it is to be done.")
_LINK = Loss(field="link", reason="The mail or document that the task came from is a link to Microsoft.")
_TOO_LARGE = Loss(field="attachment", reason="An attached file is too large for a task: save it elsewhere.")
_NO_END = Loss(field="recurrence", reason="The series should end, and does not say when: it goes on.")


def to_icalendar(item: Item) -> Mapped:
    """The item as ``text/calendar``, and what is lost. Raises MappingError when it cannot be translated."""
    losses: Losses = []
    try:
        data = json.loads(item.body if isinstance(item.body, bytes) else item.body.read_bytes())
        lines, alarms = list(_lines(data, losses)), _alarms(data)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise MappingError("This task's data is not as Microsoft Graph documents it.") from error
    head = [Line("VERSION", "2.0"), Line("PRODID", PRODID), Line("CALSCALE", "GREGORIAN")]
    body = component("VCALENDAR", head, [component("VTODO", lines, alarms)])
    mapped = Item(
        entry=item.entry,
        body=body,
        media_type="text/calendar",
        internal_date=item.internal_date,
        flags=item.flags,
    )
    return Mapped(item=mapped, losses=tuple(dict.fromkeys(losses)))


def _lines(data: Json, losses: Losses) -> Iterator[Line]:
    yield Line("UID", text(str(data["uid"])))
    yield from _step(data) if "step" in data else _task(data["task"], data.get("mailbox") or {}, losses)


def _step(data: Json) -> Iterator[Line]:
    step = data["step"]
    made = stamp(step.get("createdDateTime"))
    yield Line("DTSTAMP", made)
    if step.get("createdDateTime"):
        yield Line("CREATED", made)
    yield Line("SUMMARY", text(str(step.get("displayName") or "")))
    checked = step.get("checkedDateTime")
    yield from _completed(stamp(checked) if checked else "", done=bool(step["isChecked"]))
    yield Line("RELATED-TO", text(str(data["parent_uid"])), {"RELTYPE": "PARENT"})
    yield Line("X-APPLE-SORT-ORDER", str(int(data.get("position") or 0)))


def _task(task: Json, mailbox: Json, losses: Losses) -> Iterator[Line]:
    updated = stamp(task.get("lastModifiedDateTime") or task.get("createdDateTime"))
    yield Line("DTSTAMP", updated)
    yield Line("LAST-MODIFIED", updated)
    if task.get("createdDateTime"):
        yield Line("CREATED", stamp(task["createdDateTime"]))
    yield Line("SUMMARY", text(str(task.get("title") or "")))
    plain, html = body_text(task.get("body") or {})
    if plain:
        yield Line("DESCRIPTION", text(plain))
    if html:
        yield Line("X-ALT-DESC", text(html), {"FMTTYPE": "text/html"})
    yield from _days(task, windows_zones.home(mailbox), losses)
    yield from _progress(task, losses)
    if task.get("importance") in _PRIORITY:
        yield Line("PRIORITY", _PRIORITY[task["importance"]])
    categories = [str(name) for name in task.get("categories") or () if name]
    if categories:
        yield Line("CATEGORIES", ",".join(map(text, categories)))
    yield from _links(task, losses)
    yield from _attachments(task, losses)


def _days(task: Json, zone: ZoneInfo, losses: Losses) -> Iterator[Line]:
    """To Do keeps days, not times; a series begins with the day that the task is due on (RFC 5545 §3.8.5.3)."""
    due = _day(task.get("dueDateTime"), zone, losses)
    start = _day(task.get("startDateTime"), zone, losses)
    pattern = task.get("recurrence")
    if pattern:
        start = start or due or date.fromisoformat(str(pattern["range"]["startDate"])[:10])
        if graph_recurrence.lacks_its_end(pattern["range"]):
            losses.append(_NO_END)
    if start and due and start > due:
        start = due
    if start:
        yield recurrence.write("DTSTART", start)
    if due:
        yield recurrence.write("DUE", due)
    if pattern and start:
        yield Line("RRULE", graph_recurrence.rule(pattern["pattern"], pattern["range"], start))


def _day(value: Json | None, zone: ZoneInfo, losses: Losses) -> date | None:
    """The day of a ``dateTimeTimeZone``, which is midnight where its author was, told in UTC."""
    if not value or not value.get("dateTime"):
        return None
    moment = _moment(value)
    day = windows_zones.day_of(moment, zone)
    if day is None:
        losses.append(_NOT_A_DAY)
    return day or moment.astimezone(zone).date()


def _moment(value: Json) -> datetime:
    moment = windows_zones.read(str(value["dateTime"]))
    if moment.tzinfo is not None:
        return moment
    told = windows_zones.find(str(value.get("timeZone") or "UTC"))
    if told is None:
        raise MappingError("The time zone of this task's days is unknown.")
    return moment.replace(tzinfo=told)


def _progress(task: Json, losses: Losses) -> Iterator[Line]:
    status, done = str(task.get("status") or "notStarted"), task.get("completedDateTime")
    if status in {"waitingOnOthers", "deferred"}:
        losses.append(_WAITING)
    if status == "completed":
        yield from _completed(f"{_moment(done).astimezone(UTC):%Y%m%dT%H%M%SZ}" if done else "", done=True)
    else:
        yield Line("STATUS", _STATUS.get(status, "NEEDS-ACTION"))


def _completed(moment: str, *, done: bool) -> Iterator[Line]:
    yield Line("STATUS", "COMPLETED" if done else "NEEDS-ACTION")
    if done:
        yield Line("PERCENT-COMPLETE", "100")
    if done and moment:
        yield Line("COMPLETED", moment)


def _links(task: Json, losses: Losses) -> Iterator[Line]:
    """The first as URL, of which there is one; the others as attachments."""
    links = [str(link["webUrl"]) for link in task.get("linkedResources") or () if link.get("webUrl")]
    if task.get("linkedResources"):
        losses.append(_LINK)
    if links:
        yield Line("URL", links[0])
    for link in links[1:]:
        yield Line("ATTACH", link)


def _attachments(task: Json, losses: Losses) -> Iterator[Line]:
    room = ATTACHED
    for attachment in task.get("attachments") or ():
        content = str(attachment.get("contentBytes") or "")
        if not content or len(content) * 3 // 4 > room:
            losses.append(_TOO_LARGE)
            continue
        room -= len(content) * 3 // 4
        params = {"FMTTYPE": attachment.get("contentType"), "FILENAME": attachment.get("name")}
        kept = {name: str(value) for name, value in params.items() if value}
        yield Line("ATTACH", content, {"ENCODING": "BASE64", "VALUE": "BINARY", **kept})


def _alarms(data: Json) -> list[bytes]:
    """A display at the very moment, when the reminder is on."""
    task = data.get("task") or {}
    if not task.get("isReminderOn") or not task.get("reminderDateTime"):
        return []
    moment = _moment(task["reminderDateTime"]).astimezone(UTC)
    trigger = Line("TRIGGER", f"{moment:%Y%m%dT%H%M%SZ}", {"VALUE": "DATE-TIME"})
    description = Line("DESCRIPTION", text(str(task.get("title") or "-")))
    return [component("VALARM", [Line("ACTION", "DISPLAY"), description, trigger])]
