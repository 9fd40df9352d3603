"""Gmail's history of changes: what happened to the messages since a history id.

https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.history/list
"""

from __future__ import annotations

from migrate.sandbox.google.call import Call
from migrate.sandbox.google.discovery import Json
from migrate.sandbox.google.errors import bad_request, not_found
from migrate.sandbox.journal import Change

_TYPES = {
    "message-added": ("messageAdded", "messagesAdded"),
    "message-deleted": ("messageDeleted", "messagesDeleted"),
    "labels-added": ("labelAdded", "labelsAdded"),
    "labels-removed": ("labelRemoved", "labelsRemoved"),
}
"""A journal's word to the parameter's word and the record's field."""
MAX_RESULTS = 500


def list_history(call: Call) -> Json:
    """users.history.list. 404 when startHistoryId is older than what is kept: list everything again."""
    start = call["startHistoryId"]
    if start is None:
        raise bad_request("Missing startHistoryId", location="startHistoryId", reason="required")
    if call.forget_cursors or not call.state.journal.remembers(int(start)):
        raise not_found()
    wanted = set(call["historyTypes"] or ()) or {word for word, _ in _TYPES.values()}
    changes = [change for change in call.state.journal.since(int(start)) if _asked(change, wanted, call["labelId"])]
    limit = max(1, min(call["maxResults"], MAX_RESULTS))
    listing = [start, sorted(wanted), call["labelId"]]
    part, token = call.page(changes, limit, lambda change: str(change.number), listing)
    answer: Json = {"historyId": str(call.state.journal.current)}
    if part.items:
        answer["history"] = [_record(change) for change in part.items]
    if token:
        answer["nextPageToken"] = token
    return answer


def _asked(change: Change, wanted: set[str], label: str | None) -> bool:
    if change.kind not in _TYPES or _TYPES[change.kind][0] not in wanted:
        return False
    return label is None or label in change.labels or label in change.delta


def _record(change: Change) -> Json:
    named = {"id": change.id, "threadId": change.within}
    entry: Json = {"message": named | {"labelIds": list(change.labels)}}
    if change.delta:
        entry["labelIds"] = list(change.delta)
    return {"id": str(change.number), "messages": [named], _TYPES[change.kind][1]: [entry]}
