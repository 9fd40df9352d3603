"""Google Tasks: lists, and their tasks with subtasks, finished and hidden ones included.

https://developers.google.com/workspace/tasks/reference/rest/v1/tasks/list
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from connectors.google.cursor import issue, read
from connectors.google.http import Api
from migrate.errors import CursorExpired, NotFound
from migrate.model import Capabilities, Change, Collection, Entry, Item, Loss

MEDIA_TYPE = "application/vnd.google.tasks.task+json"
"""``{"uid": …, "parent_uid": …, "task": tasks#task}``, as a Takeout archive's."""
PAGE = 100
UNITS = 1
OVERLAP = timedelta(minutes=5)
"""Told again at each pass: the service's clocks do not all agree."""
_NAMESPACE = uuid.UUID("6f6f1a53-6a36-5d1f-a6e4-2b0b9f4f5ad0")
"""Of a Takeout archive's tasks too: both ways give a task the same UID."""
_RECURRENCE = Loss(
    field="recurrence", reason="The service does not tell whether tasks recur; only the current one moves."
)
_VOLATILE = ("etag", "selfLink", "kind", "webViewLink")
Json = Mapping[str, Any]


class TasksReader:
    """Implements ``protocols.Reader`` and ``SupportsChanges``."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self.capabilities = Capabilities(items_per_minute=api.settings.quota_of(api.endpoint).user / UNITS)
        self._date = ""

    def collections(self) -> Iterator[Collection]:
        """One per list, the default one first as Google lists it."""
        for one in self._lists():
            yield Collection(href=one["id"], path=(str(one.get("title") or one["id"]),))

    def _lists(self) -> Iterator[Json]:
        def page(token: str | None) -> Any:
            request = self._api.at("tasklists").list(maxResults=PAGE, pageToken=token)
            request.add_response_callback(self._note)
            return request

        for answer in self._api.pages(page, UNITS):
            yield from answer.get("items", ())

    def _note(self, response: Any) -> None:
        self._date = str(response.get("date", ""))

    def entries(self) -> Iterator[Entry]:
        """Every task of every list, its body with it."""
        for one in list(self._lists()):
            for number, task in enumerate(self._tasks(one["id"])):
                yield _entry(one["id"], task, first=number == 0)

    def _tasks(self, tasklist: str, **query: Any) -> Iterator[Json]:
        def page(token: str | None) -> Any:
            return self._api.at("tasks").list(
                tasklist=tasklist,
                maxResults=PAGE,
                pageToken=token,
                showCompleted=True,
                showHidden=True,
                showAssigned=True,
                **query,
            )

        for answer in self._api.pages(page, UNITS):
            yield from answer.get("items", ())

    def get(self, entry: Entry) -> Item:
        """The task as it is now. Raises NotFound, ConnectorError."""
        identifier = entry.href.removeprefix(f"{entry.collection}/")
        task = self._api.call(lambda: self._api.at("tasks").get(tasklist=entry.collection, task=identifier), UNITS)
        if task.get("deleted"):
            raise NotFound("The task is gone.")
        current = _entry(entry.collection, task, first=False)
        losses = tuple(loss for loss in entry.losses if loss not in current.losses)
        current = replace(current, losses=(*current.losses, *losses))
        return Item(entry=replace(current, inline=None), body=current.inline or b"", media_type=MEDIA_TYPE)

    def cursor(self) -> str:
        """The server's own time of now, and the lists there are."""
        lists = sorted(one["id"] for one in self._lists())
        try:
            now = parsedate_to_datetime(self._date).astimezone(UTC)
        except (ValueError, TypeError):
            now = datetime.now(UTC)
        return issue("tasks", since=(now - OVERLAP).isoformat(timespec="seconds"), lists=lists)

    def changes(self, cursor: str) -> Iterator[Change]:
        """Tasks updated since, of new lists all. Raises CursorExpired when a list is gone: its tasks are not told."""
        parts = read("tasks", cursor)
        known, lists = set(parts["lists"]), [one["id"] for one in self._lists()]
        if known - set(lists):
            raise CursorExpired("A task list is gone.")
        for identifier in lists:
            query = {"updatedMin": parts["since"], "showDeleted": True} if identifier in known else {}
            for task in self._tasks(identifier, **query):
                entry = None if task.get("deleted") else _entry(identifier, task, first=False)
                yield Change(href=f"{identifier}/{task['id']}", entry=entry)

    def close(self) -> None:
        """Release the connection."""
        self._api.close()


def _uid(identifier: object) -> str:
    return str(uuid.uuid5(_NAMESPACE, str(identifier)))


def _entry(tasklist: str, task: Json, *, first: bool) -> Entry:
    kept = {key: value for key, value in task.items() if key not in _VOLATILE}
    content = {"uid": _uid(task["id"]), "parent_uid": _uid(task["parent"]) if task.get("parent") else "", "task": kept}
    body = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode(
        "utf-8", "surrogatepass"
    )
    return Entry(
        href=f"{tasklist}/{task['id']}",
        collection=tasklist,
        etag=hashlib.sha256(body).hexdigest()[:32],
        uid=_uid(task["id"]),
        media_type=MEDIA_TYPE,
        size=len(body),
        losses=(_RECURRENCE,) if first else (),
        inline=body,
    )
