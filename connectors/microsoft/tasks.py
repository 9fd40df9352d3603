"""Microsoft To Do: lists of the account's own, tasks with their steps, links and files.

https://learn.microsoft.com/graph/api/resources/todo-overview
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from connectors.microsoft import mailbox, rounds
from connectors.microsoft.batches import each
from connectors.microsoft.errors import not_the_api
from connectors.microsoft.http import BATCH, Api, Json, Part, segment
from connectors.microsoft.settings import Settings
from connectors.microsoft.todo import EXPAND, entries_of, item_of, step_href, task_href, task_of
from migrate.errors import ConnectorError, CursorExpired, NotFound, Scope
from migrate.model import Capabilities, Change, Collection, Disposition, Entry, Item, Skip

PAGE = 100
"""Tasks of a page, with their steps."""
ATTACHED = 4 << 20
"""Bytes of a task's files that are read: a list of tasks takes no more (see the mapping)."""
_FLAGGED = Skip(
    code="flagged-mail",
    reason="These are flagged messages: they move with the mail, and their flags with them.",
    disposition=Disposition.EXCLUDED,
)
_FOREIGN = Skip(
    code="list-of-another",
    reason="A list that someone else shares: it moves with its owner.",
    disposition=Disposition.EXCLUDED,
)
_ROOT = "todo/lists"
Outcome = tuple[Entry, Item | ConnectorError]
Steps = dict[str, list[str]]
"""Hrefs of the steps of each task that has some."""


class TasksReader:
    """Implements ``protocols.Reader``, ``SupportsGetMany`` and ``SupportsChanges``."""

    capabilities = Capabilities()

    def __init__(self, api: Api, settings: Settings, spool: Path) -> None:
        self._api = api
        self._head: dict[str, str] | None = None
        self._state: tuple[dict[str, str], Steps] | None = None
        """Tokens of the next round and the steps known before it, once a round is over."""

    def collections(self) -> Iterator[Collection]:
        """The account's own lists; the others are counted by ``entries``."""
        for row in self._lists():
            if _skip(row) is None:
                yield Collection(href=str(row["id"]), path=(str(row.get("displayName") or row["id"]),))

    def _lists(self) -> list[Json]:
        return list(self._api.values(_ROOT))

    def entries(self) -> Iterator[Entry]:
        """One entry per task and one per step of a task; one that is skipped per list that stays."""
        lists = self._lists()
        own = [row for row in lists if _skip(row) is None]
        for row in own:
            yield from self._within(str(row["id"]))
        for row in lists if own else ():
            skip = _skip(row)
            if skip is not None:
                yield Entry(href=f"list:{row['id']}", collection=str(own[0]["id"]), etag="", skip=skip)

    def _within(self, list_id: str) -> Iterator[Entry]:
        """Every task once: pages may miss one when others come or go, which a round of ids then tells."""
        seen: set[str] = set()
        for task in self._api.values(_path(list_id), {"$expand": EXPAND, "$top": PAGE}):
            if str(task["id"]) not in seen:
                seen.add(str(task["id"]))
                yield from self._entries(list_id, task)
        rows = rounds.rows(self._api, f"{_path(list_id)}/delta", list_id, {})
        missed = [str(row["id"]) for row in rows if "@removed" not in row and str(row["id"]) not in seen]
        for _, answer in self._tasks([task_href(list_id, name) for name in missed]):
            if isinstance(answer, NotFound):
                continue  # It was deleted since.
            if isinstance(answer, ConnectorError):
                raise answer
            yield from self._entries(list_id, answer)

    def _tasks(self, hrefs: Sequence[str]) -> Iterator[tuple[str, Any]]:
        """Each task with its steps, by its href, or its error."""
        for start in range(0, len(hrefs), BATCH):
            parts = {
                href: Part(path=f"{_ROOT}/{href}", params={"$expand": EXPAND}) for href in hrefs[start : start + BATCH]
            }
            for href, answer in each(self._api, parts):
                yield href, answer if isinstance(answer, Mapping | ConnectorError) else not_the_api()

    def _entries(self, list_id: str, task: Json) -> list[Entry]:
        if self._head is None:
            self._head = mailbox.head(self._api)
        return list(entries_of(list_id, self._with_files(list_id, task), self._head))

    def _with_files(self, list_id: str, task: Json) -> Json:
        """The task with its attachments; the bytes of those that a list of tasks can take."""
        if not task.get("hasAttachments"):
            return task
        path = f"{_ROOT}/{task_href(list_id, str(task['id']))}/attachments"
        files, room = [], ATTACHED
        for row in list(self._api.values(path)):
            size = int(row.get("size") or 0)
            if size <= room:
                room -= size
                row = self._api.get(f"{path}/{segment(str(row['id']))}")
            files.append(mailbox.only(row, "id,name,contentType,size,contentBytes"))
        return {**task, "attachments": files}

    def get(self, entry: Entry) -> Item:
        """The task or the step as it is now. Raises NotFound, ConnectorError."""
        (_, outcome), *_ = self.get_many([entry])
        if isinstance(outcome, ConnectorError):
            raise outcome
        return outcome

    def get_many(self, entries: Sequence[Entry]) -> Iterator[Outcome]:
        """Each item or its own error; a task is read once for all its steps."""
        wanted: dict[str, list[Entry]] = {}
        for entry in entries:
            wanted.setdefault(task_of(entry.href), []).append(entry)
        for href, answer in self._tasks(list(wanted)):
            found = self._found(wanted[href][0].collection, answer)
            for entry in wanted[href]:
                if isinstance(found, ConnectorError):
                    yield entry, found
                else:
                    current = found.get(entry.href)
                    yield entry, item_of(current) if current else NotFound("The step is gone.")

    def _found(self, list_id: str, answer: Any) -> dict[str, Entry] | ConnectorError:
        try:
            if isinstance(answer, ConnectorError):
                raise answer
            return {entry.href: entry for entry in self._entries(list_id, answer)}
        except ConnectorError as error:
            if error.scope > Scope.ITEM:
                raise
            return error

    def cursor(self) -> str:
        """Where changes go on from; with the steps that there are, since no change tells of one that is gone."""
        if self._state is None:
            tokens: dict[str, str] = {}
            steps: Steps = {}
            for collection in self.collections():
                for _ in self._round(collection.href, tokens):
                    pass
                steps |= self._steps(collection.href)
            self._state = tokens, steps
        (tokens, steps), self._state = self._state, None
        return json.dumps({"tokens": tokens, "steps": steps}, sort_keys=True)

    def _round(self, list_id: str, tokens: dict[str, str]) -> Iterator[Json]:
        return rounds.rows(self._api, f"{_path(list_id)}/delta", list_id, tokens)

    def _steps(self, list_id: str) -> Steps:
        rows = self._api.values(_path(list_id), {"$expand": "checklistItems", "$top": PAGE})
        found = ((task_href(list_id, str(row["id"])), row.get("checklistItems") or ()) for row in rows)
        return {href: [step_href(href, str(step["id"])) for step in steps] for href, steps in found if steps}

    def changes(self, cursor: str) -> Iterator[Change]:
        """Tasks that came, changed or went since, each with its steps. Raises CursorExpired."""
        tokens, steps = _read(cursor)
        lists = [collection.href for collection in self.collections()]
        if tokens.keys() - set(lists):
            raise CursorExpired("A list is gone, and with it what would tell of its tasks.")
        for list_id in lists:
            rows = {task_href(list_id, str(row["id"])): "@removed" in row for row in self._round(list_id, tokens)}
            for href, answer in self._tasks([href for href, removed in rows.items() if not removed]):
                if isinstance(answer, ConnectorError) and not isinstance(answer, NotFound):
                    raise answer
                now = [] if isinstance(answer, NotFound) else self._entries(list_id, answer)
                yield from _changed(href, now, steps)
            for href in (href for href, removed in rows.items() if removed):
                yield from _changed(href, [], steps)
        self._state = tokens, steps

    def close(self) -> None:
        """Release the connection."""
        self._api.close()


def _changed(href: str, now: Sequence[Entry], steps: Steps) -> Iterator[Change]:
    """A task and its steps as they are, and those that are gone; notes the steps there are now."""
    before = steps.pop(href, [])
    there = {entry.href for entry in now}
    yield from (Change(href=entry.href, entry=entry) for entry in now)
    yield from (Change(href=gone, entry=None) for gone in (href, *before) if gone not in there)
    if len(there) > 1:
        steps[href] = sorted(there - {href})


def _read(cursor: str) -> tuple[dict[str, str], Steps]:
    """Raises CursorExpired for a cursor that is not ours."""
    try:
        data = json.loads(cursor)
        return dict(data["tokens"]), dict(data["steps"])
    except (ValueError, KeyError, TypeError):
        raise CursorExpired("The cursor is not of this kind of account.") from None


def _path(list_id: str) -> str:
    return f"{_ROOT}/{segment(list_id)}/tasks"


def _skip(row: Json) -> Skip | None:
    if row.get("wellknownListName") == "flaggedEmails":
        return _FLAGGED
    return _FOREIGN if row.get("isOwner") is False else None
