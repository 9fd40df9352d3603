"""Gmail: one mailbox, its messages listed by label and fetched raw.

https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.messages
"""

from __future__ import annotations

import base64
import binascii
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from connectors.google.cursor import digest, issue, read
from connectors.google.http import REFUSALS, Api
from connectors.google.labels import SYSTEM, UNREAD, is_system, own_name, state
from connectors.google.memberships import Ids, IdSet, Key, id_of, key_of
from connectors.google.settings import Settings
from connectors.google.spool import keep
from migrate.errors import ConnectorError, CursorExpired, NotFound, Rejected, Retriable, Scope, Throttled
from migrate.model import Capabilities, Change, Collection, Entry, Item

MAILBOX = "mailbox"
MEDIA_TYPE = "message/rfc822"
PAGE = 500
ALWAYS = frozenset({"INBOX", "SENT", "DRAFT", "SPAM", "TRASH", "STARRED", "IMPORTANT"})
"""System labels that every mailbox has."""
NEVER = "larger:1000M"
"""Finds nothing: no message of Gmail's is that large. Whoever finds something ignores searches."""
LIST_UNITS, LABELS_UNITS, HISTORY_UNITS, PROFILE_UNITS = 5, 1, 2, 1
SIZES = (("larger:64K", 256 << 10), ("larger:1M", 3 << 20), ("larger:8M", 14 << 20), ("larger:24M", 26 << 20))
"""Searches, and the size in bytes to reckon with for what they find."""
SMALL = 12 << 10
"""Bytes to reckon with for what none of them finds."""
BATCH_BYTES = 1 << 20
"""Estimated bytes fetched at once; the library holds an answer several times over."""
_FIELDS = "id,labelIds,internalDate,raw"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class GmailReader:
    """Implements ``protocols.Reader``, ``SupportsGetMany`` and ``SupportsChanges``."""

    def __init__(self, api: Api, settings: Settings, spool: Path) -> None:
        self._api, self._settings, self._spool = api, settings, spool
        self.capabilities = Capabilities(items_per_minute=settings.quota_of(api.endpoint).user / settings.message_cost)
        self._names: dict[str, str] = {}
        self._listed_labels: frozenset[str] = frozenset()
        self._nameless: set[str] = set()
        self._reached = ""
        """The history id where the last round of changes ended."""
        self._batches = True
        """False once the host said that it has no batch address."""

    def collections(self) -> Iterator[Collection]:
        """The mailbox: Gmail has labels, not folders."""
        yield Collection(href=MAILBOX)

    def entries(self) -> Iterator[Entry]:
        """Every message, spam, trash and chats included, with the labels to leave them by.

        Costs 5 units for 500 messages, once and once more for each label they carry: never a request each.
        """
        self._names = self._label_names()
        everything = Ids(self._listed())
        labels = [*self._names, UNREAD]
        members = {label: IdSet(self._under(label)) for label in labels}
        sizes = self._sizes()
        for key in everything:
            carried = [label for label, ids in members.items() if key in ids]
            yield self._entry(id_of(key), carried, _size_of(key, sizes))

    def _sizes(self) -> list[tuple[int, IdSet]]:
        """Bytes to reckon with, the largest first, and the messages that have them; none where nothing is searched."""
        searches = not next(self._listed(q=NEVER), None)
        return [(size, IdSet(self._listed(q=query))) for query, size in reversed(SIZES) if searches]

    def cursor(self) -> str:
        """The history id of now, or the one that the last round of changes reached, and a digest of the labels."""
        self._names = self._label_names()
        reached, self._reached = self._reached, ""
        return issue("gmail", history=reached or self._history_of_now(), labels=self._labels())

    def _history_of_now(self) -> str:
        """Empty where a host that is not Google's keeps none: everything is listed each time."""
        with suppress(NotFound, Rejected):
            profile = self._api.call(lambda: self._api.at("users").getProfile(userId="me"), PROFILE_UNITS)
            return str(profile.get("historyId") or "")
        return ""

    def _labels(self) -> dict[str, str]:
        """Label ids with digests of their names: a cursor holds no name."""
        return {key: digest(name) for key, name in self._names.items()}

    def changes(self, cursor: str) -> Iterator[Change]:
        """Messages that came, went or have other labels: 2 units for 500 of them, and the searches for their sizes.

        Raises CursorExpired: the history is too old (404; Google keeps a week, at times hours), or a label was renamed
        or removed, which no message tells.
        """
        parts = read("gmail", cursor)
        self._names = self._label_names()
        now = self._labels()
        if not parts["history"] or any(now.get(key) != name for key, name in parts["labels"].items()):
            raise CursorExpired("The labels themselves changed.")
        carried = self._since(parts["history"])
        sizes = self._sizes() if any(label_ids is not None for label_ids in carried.values()) else []
        for identifier, label_ids in carried.items():
            if label_ids is None:
                yield Change(href=identifier, entry=None)
            else:
                self._learn(label_ids)
                yield Change(
                    href=identifier, entry=self._entry(identifier, label_ids, _size_of(key_of(identifier), sizes))
                )

    def _since(self, history: str) -> dict[str, list[str] | None]:
        """The labels that each changed message has now, None for one that is gone."""

        def page(token: str | None) -> Any:
            return self._api.at("users", "history").list(
                userId="me", startHistoryId=history, maxResults=PAGE, pageToken=token
            )

        carried: dict[str, list[str] | None] = {}
        try:
            for answer in self._api.pages(page, HISTORY_UNITS):
                self._reached = str(answer.get("historyId") or history)
                for record in answer.get("history", ()):
                    for kind in ("messagesAdded", "labelsAdded", "labelsRemoved"):
                        for one in record.get(kind, ()):
                            carried[one["message"]["id"]] = list(one["message"].get("labelIds", ()))
                    for one in record.get("messagesDeleted", ()):
                        carried[one["message"]["id"]] = None
        except NotFound:
            raise CursorExpired("Google does not remember the mailbox's history since then.") from None
        return carried

    def _entry(self, identifier: str, label_ids: Sequence[str], size: int) -> Entry:
        now = state(identifier, label_ids, self._names)
        return Entry(
            href=identifier,
            collection=MAILBOX,
            etag=now.etag,
            media_type=MEDIA_TYPE,
            size=size,
            size_exact=False,
            flags=now.flags,
            labels=now.labels,
        )

    def _label_names(self) -> dict[str, str]:
        answer = self._api.call(lambda: self._api.at("users", "labels").list(userId="me"), LABELS_UNITS)
        listed = {label["id"]: label for label in answer.get("labels", ())}
        self._listed_labels = frozenset(listed)
        own = {
            key: own_name(label["name"])
            for key, label in listed.items()
            if label.get("type") != "system" and not is_system(key)
        }
        # Tabs and chats are labels only where the account has them; asking for another is an error.
        always = {key: name for key, name in SYSTEM.items() if key in listed or key in ALWAYS}
        return {**always, **own}

    def _under(self, label: str) -> Iterator[str]:
        """Messages under a label. A host that does not list its system labels may refuse one it does not have."""
        try:
            yield from self._listed(labelIds=[label])
        except (NotFound, Rejected) as error:
            if label in self._listed_labels or error.scope > Scope.ITEM:
                raise

    def _listed(self, **query: Any) -> Iterator[str]:
        def page(token: str | None) -> Any:
            return self._api.at("users", "messages").list(
                userId="me",
                maxResults=PAGE,
                includeSpamTrash=True,
                pageToken=token,
                fields="messages/id,nextPageToken",
                **query,
            )

        for answer in self._api.pages(page, LIST_UNITS):
            yield from (message["id"] for message in answer.get("messages", ()))

    def get(self, entry: Entry) -> Item:
        """The message, byte for byte. Raises NotFound, ConnectorError."""
        self._names = self._names or self._label_names()
        return self._item(entry, self._api.call(lambda: self._request(entry), self._settings.message_cost))

    def _request(self, entry: Entry) -> Any:
        return self._api.at("users", "messages").get(userId="me", id=entry.href, format="raw", fields=_FIELDS)

    def _item(self, entry: Entry, answer: dict[str, Any]) -> Item:
        self._learn(answer.get("labelIds", ()))
        now = state(entry.href, answer.get("labelIds", ()), self._names)
        try:
            raw = base64.urlsafe_b64decode(answer["raw"] + "=" * (-len(answer["raw"]) % 4))
            received = _EPOCH + timedelta(milliseconds=int(answer["internalDate"]))
        except (KeyError, ValueError, OverflowError, binascii.Error) as error:
            raise Rejected("Gmail's answer does not hold the message.") from error
        current = replace(entry, etag=now.etag, flags=now.flags, labels=now.labels, size=len(raw), size_exact=True)
        return Item(
            entry=current,
            body=keep(self._spool, raw),
            media_type=MEDIA_TYPE,
            internal_date=received,
            flags=now.flags,
        )

    def _learn(self, label_ids: Sequence[str]) -> None:
        """A label made since the listing has a name to ask for."""
        new = {label for label in label_ids if label not in self._names and not is_system(label)} - self._nameless
        if new:
            self._names = self._label_names()
            self._nameless |= new - self._names.keys()

    def get_many(self, entries: Sequence[Entry]) -> Iterator[tuple[Entry, Item | ConnectorError]]:
        """Each message or its own error. What is throttled inside a batch is asked for again."""
        self._names = self._names or self._label_names()
        waiting = deque((entry, 0) for entry in entries)
        while waiting:
            group = self._group(waiting)
            if len(group) == 1:
                yield group[0][0], self._alone(group[0][0])
                continue
            yield from self._together(group, waiting)

    def _group(self, waiting: deque[tuple[Entry, int]]) -> list[tuple[Entry, int]]:
        """The next messages to ask for at once: few enough, small enough, each once."""
        group, total = [waiting.popleft()], 0
        total = group[0][0].size or SMALL
        while waiting and self._batches and len(group) < self._settings.message_batch:
            total += waiting[0][0].size or SMALL
            if total > BATCH_BYTES:
                break
            group.append(waiting.popleft())
        return group

    def _alone(self, entry: Entry) -> Item | ConnectorError:
        try:
            return self.get(entry)
        except ConnectorError as error:
            if error.scope > Scope.ITEM:
                raise
            return error

    def _together(
        self, group: list[tuple[Entry, int]], waiting: deque[tuple[Entry, int]]
    ) -> Iterator[tuple[Entry, Item | ConnectorError]]:
        requests = {str(index): self._request(entry) for index, (entry, _) in enumerate(group)}
        try:
            answers = self._api.batch(requests, self._settings.message_cost * len(group))
        except (NotFound, Rejected):
            # Google's own hosts all have a batch address; another host may not, and a message can be asked for alone.
            self._batches = False
            waiting.extend(group)
            return
        throttled: list[Throttled] = []
        for index, (entry, refusals) in enumerate(group):
            answer = answers.pop(str(index), None) or Retriable("Gmail left a part of a batch unanswered.")
            if isinstance(answer, Throttled):
                throttled.append(answer)
            if isinstance(answer, Retriable) and refusals < REFUSALS:
                waiting.append((entry, refusals + 1))
            else:
                yield entry, self._outcome(entry, answer)
        if throttled:
            self._api.refused(throttled[0])

    def _outcome(self, entry: Entry, answer: dict[str, Any] | ConnectorError) -> Item | ConnectorError:
        if isinstance(answer, ConnectorError):
            if answer.scope > Scope.ITEM:
                raise answer
            return answer
        try:
            return self._item(entry, answer)
        except ConnectorError as error:
            if error.scope > Scope.ITEM:
                raise
            return error

    def close(self) -> None:
        """Release the connection."""
        self._api.close()


def _size_of(key: Key, sizes: Sequence[tuple[int, IdSet]]) -> int:
    return next((size for size, ids in sizes if key in ids), SMALL)
