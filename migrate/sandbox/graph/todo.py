"""Microsoft To Do: lists, tasks, checklists, linked resources, attachments. Ids do not care for IdType.

https://learn.microsoft.com/en-us/graph/api/resources/todo-overview
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Any

from migrate.sandbox.graph import access
from migrate.sandbox.graph.call import LISTING, ONE, Call, Delta, Listing, Operation, words
from migrate.sandbox.graph.errors import GraphError
from migrate.sandbox.graph.state import change_key, changes
from migrate.sandbox.replies import Reply
from migrate.sandbox.tenant import Json, TaskList

_UNSET: Json = {
    "importance": "normal",
    "isReminderOn": False,
    "status": "notStarted",
    "title": "",
    "createdDateTime": "2026-01-05T09:00:00Z",
    "lastModifiedDateTime": "2026-01-05T09:00:00Z",
    "hasAttachments": False,
    "categories": [],
    "bodyLastModifiedDateTime": "0001-01-01T00:00:00Z",
    "body": {"content": "", "contentType": "text"},
}
"""What every task has. Dates and a recurrence that nobody set are left out, as the original does."""
_PARTS = ("checklistItems", "linkedResources", "attachments")


def list_lists(call: Call) -> Listing:
    """GET …/todo/lists."""
    lists = call.account.account.task_lists
    return Listing(items=lists, key=lambda one: str(one.resource["id"]), show=lambda one: _list(one))


def lists_delta(call: Call) -> Delta:
    """GET …/todo/lists/delta."""
    lists = call.account.account.task_lists
    known = {str(one.resource["id"]): one for one in lists}
    return _delta(call, lists, lambda one: str(one.resource["id"]), _list, "task-list", "", known)


def get_list(call: Call) -> Json:
    """GET …/todo/lists/{id}."""
    return _list(task_list(call))


def list_tasks(call: Call) -> Listing:
    """GET …/todo/lists/{id}/tasks."""
    tasks = task_list(call).tasks
    return Listing(items=tasks, key=lambda task: str(task["id"]), show=lambda task: shown(call, task))


def tasks_delta(call: Call) -> Delta:
    """GET …/todo/lists/{id}/tasks/delta."""
    found = task_list(call)
    known = {str(task["id"]): task for task in found.tasks}
    within = str(found.resource["id"])
    return _delta(call, found.tasks, lambda one: str(one["id"]), lambda one: shown(call, one), "task", within, known)


def get_task(call: Call) -> Json:
    """GET …/todo/lists/{id}/tasks/{id}."""
    return shown(call, task_of(call))


def list_checklist(call: Call) -> Listing:
    """GET …/checklistItems."""
    return _parts(call, "checklistItems")


def list_links(call: Call) -> Listing:
    """GET …/linkedResources."""
    return _parts(call, "linkedResources")


def list_attachments(call: Call) -> Listing:
    """GET …/attachments: without their bytes."""
    rows = [
        {name: value for name, value in row.items() if name != "contentBytes"} for row in _rows(call, "attachments")
    ]
    return Listing(items=rows, key=lambda row: str(row["id"]), show=dict)


def get_attachment(call: Call) -> Json:
    """GET …/attachments/{id}: with its bytes."""
    found = next((row for row in _rows(call, "attachments") if row["id"] == call["attachment"]), None)
    if found is None:
        raise _missing()
    return found


def task_list(call: Call) -> TaskList:
    """The list of the path. Raises GraphError 404."""
    lists = call.account.account.task_lists
    found = next((one for one in lists if one.resource["id"] == call["list"]), None)
    if found is None:
        raise _missing()
    return found


def task_of(call: Call) -> Json:
    """The task of the path. Raises GraphError 404."""
    found = next((task for task in task_list(call).tasks if task["id"] == call["task"]), None)
    if found is None:
        raise _missing()
    return found


def shown(call: Call, task: Json) -> Json:
    """A task with what every task has, its parts when expanded."""
    own = {name: value for name, value in task.items() if name not in _PARTS}
    key = change_key(call.account.journal.last_of(task["id"]), task["id"])
    parts: Json = {name: (lambda name=name: list(task.get(name, ()))) for name in _PARTS}
    return {**_UNSET, **own, "@odata.etag": f'W/"{key}"', "hasAttachments": bool(task.get("attachments")), **parts}


def _list(found: TaskList) -> Json:
    base = {"isOwner": True, "isShared": False, "wellknownListName": "none"}
    return {**base, **found.resource, "@odata.etag": f'W/"{change_key(0, found.resource["id"])}"'}


def _delta(
    call: Call,
    items: Sequence[Any],
    key: Callable[[Any], str],
    show: Callable[[Any], Json],
    kind: str,
    within: str,
    known: dict[str, Any],
) -> Delta:
    journal = call.account.journal
    return Delta(
        items=items, key=key, show=show, current=journal.current,
        since=lambda number: changes(journal, number, kind, within, known.get),
        removed=lambda name: {"id": name, "@removed": {"reason": "deleted"}},
    )  # fmt: skip


def _parts(call: Call, name: str) -> Listing:
    return Listing(items=_rows(call, name), key=lambda row: str(row["id"]), show=dict)


def _rows(call: Call, name: str) -> list[Json]:
    return list(task_of(call).get(name, ()))


def _missing() -> GraphError:
    return GraphError(404, "itemNotFound", "The specified object was not found in the store.")


_LISTS = "users/{user}/todo/lists"
_TASK = _LISTS + "/{list}/tasks/{task}"
_DELTA = words("$select $top $skiptoken $deltatoken $expand")


def _operation(template: str, kind: str, run: Callable[[Call], Any], options: frozenset[str]) -> Operation:
    return Operation(
        template=template, kind=kind, run=run, access=access.TASKS, options=options,
        expands=words("checklistItems linkedResources attachments extensions") if kind == "todoTask" else frozenset(),
        page=20,
    )  # fmt: skip


def get_attachment_bytes(call: Call) -> Reply:
    """GET …/attachments/{id}/$value."""
    found = get_attachment(call)
    return Reply(200, base64.b64decode(found["contentBytes"]), str(found.get("contentType") or ""))


OPERATIONS = (
    _operation(_LISTS, "todoTaskList", list_lists, LISTING),
    _operation(f"{_LISTS}/delta", "todoTaskList", lists_delta, _DELTA),
    _operation(_LISTS + "/{list}", "todoTaskList", get_list, ONE),
    _operation(_LISTS + "/{list}/tasks", "todoTask", list_tasks, LISTING),
    _operation(_LISTS + "/{list}/tasks/delta", "todoTask", tasks_delta, _DELTA),
    _operation(_TASK, "todoTask", get_task, ONE),
    _operation(f"{_TASK}/checklistItems", "checklistItem", list_checklist, LISTING),
    _operation(f"{_TASK}/linkedResources", "linkedResource", list_links, LISTING),
    _operation(f"{_TASK}/attachments", "attachmentBase", list_attachments, LISTING),
    _operation(f"{_TASK}/attachments/{{attachment}}", "attachmentBase", get_attachment, ONE),
    _operation(f"{_TASK}/attachments/{{attachment}}/$value", "attachmentBase", get_attachment_bytes, frozenset()),
)
