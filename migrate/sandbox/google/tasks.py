"""Tasks v1, reads: lists and their tasks.

https://developers.google.com/workspace/tasks/reference/rest
"""

from __future__ import annotations

from datetime import datetime

from migrate.sandbox.google.call import Call, Handlers
from migrate.sandbox.google.discovery import Json
from migrate.sandbox.google.errors import bad_request, not_found
from migrate.sandbox.world import TaskList

MAX_TASKS = 100
_UNSERVED = ("completedMax", "completedMin", "dueMax", "dueMin")


def list_lists(call: Call) -> Json:
    """tasklists.list."""
    lists = call.state.account.task_lists
    part, token = call.page(lists, _limit(call, 1000, 1000), lambda one: str(one.resource["id"]), [])
    answer: Json = {"kind": "tasks#taskLists", "etag": '"e"'}
    if part.items:
        answer["items"] = [{"kind": "tasks#taskList", **one.resource} for one in part.items]
    return answer | ({"nextPageToken": token} if token else {})


def list_tasks(call: Call) -> Json:
    """tasks.list. What is finished, hidden, deleted or assigned is told on demand only."""
    for name in _UNSERVED:
        if call[name] is not None:
            raise bad_request(f"The stand-in does not serve {name}.", location=name)
    query = [call[name] for name in ("showCompleted", "showHidden", "showDeleted", "showAssigned", "updatedMin")]
    found = [task for task in _list(call).tasks if _asked(call, task)]
    limit = _limit(call, 20, MAX_TASKS)
    part, token = call.page(found, limit, lambda task: str(task["id"]), [call["tasklist"], *query])
    answer: Json = {"kind": "tasks#tasks", "etag": '"e"'}
    if part.items:
        answer["items"] = [{"kind": "tasks#task", **task} for task in part.items]
    return answer | ({"nextPageToken": token} if token else {})


def get_task(call: Call) -> Json:
    """tasks.get. A deleted task is still told, as deleted."""
    task = next((task for task in _list(call).tasks if task["id"] == call["task"]), None)
    if task is None:
        raise not_found()
    return {"kind": "tasks#task", **task}


def _list(call: Call) -> TaskList:
    found = next((one for one in call.state.account.task_lists if one.resource["id"] == call["tasklist"]), None)
    if found is None:
        raise not_found("Task list not found.")
    return found


def _asked(call: Call, task: Json) -> bool:
    if call["showCompleted"] is False and task["status"] == "completed":
        return False
    for field, parameter in (("hidden", "showHidden"), ("deleted", "showDeleted"), ("assignmentInfo", "showAssigned")):
        if task.get(field) and not call[parameter]:
            return False
    since = call["updatedMin"]
    return since is None or datetime.fromisoformat(task["updated"]) >= datetime.fromisoformat(since)


def _limit(call: Call, default: int, most: int) -> int:
    limit = call["maxResults"] or default
    if limit < 1:
        raise bad_request("Invalid maxResults", location="maxResults")
    return min(int(limit), most)


HANDLERS: Handlers = {
    "tasks.tasklists.list": list_lists,
    "tasks.tasks.list": list_tasks,
    "tasks.tasks.get": get_task,
}
