"""To Do tasks, and the steps of a task, as entries and bodies. Pure.

An href is the path below ``todo/lists``: ``<list>/tasks/<task>``, and of a step ``…/checklistItems/<step>``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from connectors.microsoft.http import Json, segment
from connectors.microsoft.mailbox import only, packed, uid
from connectors.microsoft.message import moment_of
from migrate.model import Entry, Item

MEDIA_TYPE = "application/vnd.microsoft.graph.todotask+json"
"""``{"uid", "task", "mailbox"}``, or of a step ``{"uid", "parent_uid", "step", "position"}``."""
EXPAND = "checklistItems,linkedResources"
_TASK = (
    "id,title,body,status,importance,categories,createdDateTime,lastModifiedDateTime,startDateTime,dueDateTime,"
    "completedDateTime,isReminderOn,reminderDateTime,recurrence,hasAttachments,attachments"
)
_STEP = "id,displayName,isChecked,createdDateTime,checkedDateTime"
_LINK = "id,webUrl,applicationName,displayName,externalId"
_TASKS, _STEPS = "/tasks/", "/checklistItems/"


def task_href(list_id: str, task_id: str) -> str:
    """The href of a task."""
    return f"{segment(list_id)}{_TASKS}{segment(task_id)}"


def step_href(task: str, step_id: str) -> str:
    """The href of a step of the task with that href."""
    return f"{task}{_STEPS}{segment(step_id)}"


def task_of(href: str) -> str:
    """The href of the task that a task's or a step's href is about."""
    return href.partition(_STEPS)[0]


def entries_of(list_id: str, task: Json, mailbox: Json) -> Iterator[Entry]:
    """The task, then its steps. Any change of what is read changes the etag."""
    href = task_href(list_id, str(task["id"]))
    own = uid("task", str(task["id"]))
    links = [only(link, _LINK) for link in task.get("linkedResources") or ()]
    body: dict[str, Any] = {"uid": own, "task": {**only(task, _TASK), "linkedResources": links}, "mailbox": mailbox}
    yield _entry(href, list_id, body, task)
    for position, step in enumerate(task.get("checklistItems") or ()):
        below = {"uid": uid("step", f"{task['id']}/{step['id']}"), "parent_uid": own, "position": position}
        yield _entry(step_href(href, str(step["id"])), list_id, {**below, "step": only(step, _STEP)}, step)


def _entry(href: str, list_id: str, body: Json, row: Json) -> Entry:
    content = packed(body)
    return Entry(
        href=href,
        collection=list_id,
        etag=hashlib.sha256(content).hexdigest()[:32],
        uid=str(body["uid"]),
        media_type=MEDIA_TYPE,
        size=len(content),
        modified=moment_of(row.get("lastModifiedDateTime")),
        created=moment_of(row.get("createdDateTime")),
        inline=content,
    )


def item_of(entry: Entry) -> Item:
    """The item of an entry that was just read."""
    return Item(entry=replace(entry, inline=None), body=entry.inline or b"", media_type=MEDIA_TYPE)
