"""Google tasks to iCalendar to-dos.

The body is JSON: ``{"uid": …, "parent_uid": …, "task": tasks#task}``. The result is a VCALENDAR with one VTODO
(RFC 5545 §3.6.2). https://developers.google.com/workspace/tasks/reference/rest/v1/tasks
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from mappings.contentlines import Line, component, text
from migrate.errors import MappingError
from migrate.model import Item, Loss, Mapped

MEDIA_TYPE = "application/vnd.google.tasks.task+json"
PRODID = "-//transhume//takeout_tasks//EN"
_LINKS = Loss(field="link", reason="The mail or document that the task came from is a link to Google.")
_POSITION = 10
"""Digits of a position that fit the 32-bit number of X-APPLE-SORT-ORDER."""


def to_icalendar(item: Item) -> Mapped:
    """The item as ``text/calendar``, and what is lost. Raises MappingError when it cannot be translated."""
    losses: list[Loss] = []
    try:
        data = json.loads(item.body if isinstance(item.body, bytes) else item.body.read_bytes())
        lines = list(_lines(data, losses))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise MappingError("This task's data is not as the tasks service documents it.") from error
    head = [Line("VERSION", "2.0"), Line("PRODID", PRODID), Line("CALSCALE", "GREGORIAN")]
    body = component("VCALENDAR", head, [component("VTODO", lines)])
    mapped = Item(
        entry=item.entry,
        body=body,
        media_type="text/calendar",
        internal_date=item.internal_date,
        flags=item.flags,
    )
    return Mapped(item=mapped, losses=tuple(losses))


def _lines(data: Mapping[str, Any], losses: list[Loss]) -> Iterator[Line]:
    task = data["task"]
    updated = _stamp(task.get("updated") or "1970-01-01T00:00:00Z")
    yield Line("UID", text(data["uid"]))
    yield Line("DTSTAMP", updated)
    yield Line("LAST-MODIFIED", updated)
    if task.get("created"):
        yield Line("CREATED", _stamp(task["created"]))
    yield Line("SUMMARY", text(task.get("title") or ""))
    if task.get("notes"):
        yield Line("DESCRIPTION", text(task["notes"]))
    if task.get("due"):
        # A day: the service keeps no time of it (https://developers.google.com/workspace/tasks/reference/rest/v1/tasks).
        yield Line("DUE", f"{datetime.fromisoformat(task['due']):%Y%m%d}", {"VALUE": "DATE"})
    yield from _progress(task)
    if data.get("parent_uid"):
        yield Line("RELATED-TO", text(data["parent_uid"]), {"RELTYPE": "PARENT"})
    if str(task.get("position") or "").isdigit():
        yield Line("X-APPLE-SORT-ORDER", str(int(str(task["position"])[-_POSITION:]) % (1 << 31)))
    yield from _links(task, losses)


def _progress(task: Mapping[str, Any]) -> Iterator[Line]:
    if task.get("status") == "completed":
        yield Line("STATUS", "COMPLETED")
        yield Line("PERCENT-COMPLETE", "100")
        if task.get("completed"):
            yield Line("COMPLETED", _stamp(task["completed"]))
    else:
        yield Line("STATUS", "NEEDS-ACTION")


def _links(task: Mapping[str, Any], losses: list[Loss]) -> Iterator[Line]:
    """The first as URL, of which there is one; the others as attachments."""
    links = [str(link["link"]) for link in task.get("links") or () if link.get("link")]
    if links:
        losses.append(_LINKS)
        yield Line("URL", links[0])
    for link in links[1:]:
        yield Line("ATTACH", link)


def _stamp(value: str) -> str:
    return f"{datetime.fromisoformat(value).astimezone(UTC):%Y%m%dT%H%M%SZ}"
