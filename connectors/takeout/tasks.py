"""Tasks of a Takeout archive: the lists of ``Tasks.json``, one item a task.

https://developers.google.com/workspace/tasks/reference/rest/v1/tasks
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from connectors.takeout.archive import Contents
from connectors.takeout.layout import task_candidates
from connectors.takeout.members import Member
from connectors.takeout.parts import ArchiveError
from migrate.errors import NotFound
from migrate.model import Capabilities, Collection, Entry, Item, Loss

MEDIA_TYPE = "application/vnd.google.tasks.task+json"
"""``{"uid": …, "parent_uid": …, "task": tasks#task}``."""
KIND = "tasks#taskLists"
PEEK = 4096
"""Bytes in which the kind of the file is told."""
_NAMESPACE = uuid.UUID("6f6f1a53-6a36-5d1f-a6e4-2b0b9f4f5ad0")
_RECURRENCE = Loss(field="recurrence", reason="An archive does not tell whether the tasks of a list recur.")
Json = Mapping[str, Any]


class TasksReader:
    """Implements ``protocols.Reader``."""

    capabilities = Capabilities()

    def __init__(self, contents: Contents) -> None:
        self._contents = contents
        self._known: list[Json] | None = None

    def collections(self) -> Iterator[Collection]:
        """One per list."""
        for one in self._lists():
            yield Collection(href=str(one["id"]), path=(str(one.get("title") or one["id"]),))

    def entries(self) -> Iterator[Entry]:
        """Every task, finished ones included, its body with it."""
        for one in self._lists():
            for number, task in enumerate(one.get("items") or ()):
                yield _entry(str(one["id"]), task, first=number == 0)

    def _lists(self) -> list[Json]:
        if self._known is None:
            file = self._find()
            try:
                data = json.loads(self._contents.text(file)) if file is not None else {}
                self._known = [one for one in data.get("items") or () if one["id"]]
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise ArchiveError("The task lists of the export cannot be read.") from error
        return self._known

    def _find(self) -> Member | None:
        """The file whose beginning says that it holds task lists."""
        for member in task_candidates(self._contents.archive.members):
            if KIND.encode() in b"".join(self._contents.pieces(member, 0, PEEK)):
                return member
        return None

    def get(self, entry: Entry) -> Item:
        """The task. Raises NotFound, ArchiveError."""
        current = next((one for one in self.entries() if one.href == entry.href), None)
        if current is None:
            raise NotFound("The archive does not hold this task.")
        return Item(entry=replace(current, inline=None), body=current.inline or b"", media_type=MEDIA_TYPE)

    def close(self) -> None:
        """Close the archive."""
        self._contents.close()


def _uid(identifier: object) -> str:
    return str(uuid.uuid5(_NAMESPACE, str(identifier)))


def _entry(collection: str, task: Json, *, first: bool) -> Entry:
    content = {"uid": _uid(task["id"]), "parent_uid": _uid(task["parent"]) if task.get("parent") else "", "task": task}
    body = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    return Entry(
        href=f"{collection}/{task['id']}",
        collection=collection,
        etag=hashlib.sha256(body).hexdigest()[:32],
        uid=_uid(task["id"]),
        media_type=MEDIA_TYPE,
        size=len(body),
        losses=(_RECURRENCE,) if first else (),
        inline=body,
    )
