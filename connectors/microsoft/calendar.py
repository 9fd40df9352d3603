"""Outlook calendars: singles and masters listed, each master asked for its changed and its deleted occurrences.

There is no ``SupportsChanges``: Graph v1.0 tells changes of a calendar within a window of dates only, and what moves
out of the window as deleted (https://learn.microsoft.com/graph/api/event-delta). A listing with its etags does it.
https://learn.microsoft.com/graph/api/calendar-list-events
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from connectors.microsoft import mailbox
from connectors.microsoft.batches import each
from connectors.microsoft.calendars import Calendar, calendars
from connectors.microsoft.errors import not_the_api
from connectors.microsoft.http import BATCH, Api, Json, Part, segment
from connectors.microsoft.series import (
    COPY,
    ORPHANS,
    SELECT,
    SERIES,
    Series,
    entry_of,
    is_master,
    is_orphan,
    item_of,
    series_of,
)
from connectors.microsoft.settings import Settings
from migrate.errors import ConnectorError, NotFound, Scope
from migrate.model import Capabilities, Collection, Entry, Item

PAGE = 100
"""Events of a page, with their bodies."""
IDS = 500
"""Ids of a page."""
ATTACHED = 4 << 20
"""Bytes of an event's files that are read: a calendar takes no more (see the mapping)."""
_FILES = "id,name,contentType,size,isInline"
Outcome = tuple[Entry, Item | ConnectorError]


class CalendarReader:
    """Implements ``protocols.Reader`` and ``SupportsGetMany``."""

    capabilities = Capabilities()

    def __init__(self, api: Api, settings: Settings, spool: Path) -> None:
        self._api = api
        self._known: dict[str, Calendar] = {}
        self._head: dict[str, str] | None = None
        self._colors: dict[str, str] = {}

    def collections(self) -> Iterator[Collection]:
        """The account's own calendars; its others are counted by ``entries``."""
        for calendar in self._calendars():
            if calendar.skip is None:
                yield calendar.collection

    def _calendars(self) -> list[Calendar]:
        found = calendars(self._api)
        self._known = {calendar.id: calendar for calendar in found}
        return found

    def entries(self) -> Iterator[Entry]:
        """One entry per single event or series; one that is skipped per calendar that stays."""
        found = self._calendars()
        own = [calendar for calendar in found if calendar.skip is None]
        for calendar in own:
            for series in self._listed(calendar):
                yield self._entry(calendar, series)
        for calendar in found if own else ():
            if calendar.skip is not None:
                yield calendar.left_behind(own[0].id)

    def _listed(self, calendar: Calendar) -> Iterator[Series]:
        """Everything in a calendar once. Pages by number may miss an event: a listing of ids before them tells."""
        known = self._ids(calendar.id)
        seen: set[str] = set()
        orphans: dict[str, list[Json]] = {}
        for page in self._api.pages(f"{_path(calendar.id)}/events", {"$select": SELECT, "$top": PAGE}):
            yield from self._apart(self._whole(calendar.id, _new(page, seen), orphans), known)
        missed = [name for name in known if name not in seen]
        found = [event for _, event in self._events(calendar.id, missed) if not isinstance(event, NotFound)]
        for event in found:
            if isinstance(event, ConnectorError):
                raise event
        yield from self._apart(self._whole(calendar.id, _new({"value": found}, seen), orphans), known)
        for master, events in sorted(orphans.items()):
            if master not in seen:
                yield Series(None, tuple(self._with_files(calendar.id, series_of(one).parts[0]) for one in events))

    def _ids(self, calendar: str) -> dict[str, bool]:
        """Every event's id, and whether another one, whose id comes first, has its UID."""
        query: Mapping[str, str | int] = {"$select": "id,iCalUId", "$top": IDS}
        rows = [
            (str(row["id"]), str(row.get("iCalUId"))) for row in self._api.values(f"{_path(calendar)}/events", query)
        ]
        first = {uid: name for name, uid in sorted(rows, reverse=True)}
        return {name: first[uid] != name for name, uid in rows}

    def _apart(self, found: Iterable[Series], known: Mapping[str, bool]) -> Iterator[Series]:
        for series in found:
            yield replace(series, copy=bool(series.event and known.get(str(series.event["id"]))))

    def _whole(self, calendar: str, rows: Iterable[Json], orphans: dict[str, list[Json]]) -> Iterator[Series]:
        """Events with all that belongs to them; occurrences that are listed by themselves are set aside."""
        masters = []
        for row in rows:
            if is_orphan(row):
                orphans.setdefault(str(row["seriesMasterId"]), []).append(row)
            elif is_master(row):
                masters.append(str(row["id"]))
            else:
                yield self._complete(calendar, row)
        for _, answer in self._events(calendar, masters, SERIES):
            if isinstance(answer, NotFound):
                continue  # It was deleted since its page was read.
            if isinstance(answer, ConnectorError):
                raise answer
            yield self._complete(calendar, answer)

    def _events(
        self, calendar: str, identifiers: Sequence[str], params: Mapping[str, str] | None = None
    ) -> Iterator[tuple[str, Any]]:
        """Each event by its id, or its error."""
        query = params or {"$select": SELECT}
        for start in range(0, len(identifiers), BATCH):
            some = identifiers[start : start + BATCH]
            parts = {name: Part(path=f"{_path(calendar)}/events/{segment(name)}", params=query) for name in some}
            for name, answer in each(self._api, parts):
                known = isinstance(answer, Mapping | ConnectorError)
                yield name, answer if known else not_the_api()

    def _complete(self, calendar: str, event: Json) -> Series:
        """With every exception, should they come in pages, and with the files of each part."""
        link = event.get("exceptionOccurrences@odata.nextLink")
        if link:
            more = list(self._api.values(str(link)))
            event = {**event, "exceptionOccurrences": [*(event.get("exceptionOccurrences") or ()), *more]}
        series = series_of(event)
        whole = self._with_files(calendar, series.event or {})
        return Series(whole, tuple(self._with_files(calendar, one) for one in series.exceptions), series.cancelled)

    def _with_files(self, calendar: str, event: Json) -> Json:
        """The event with its attachments; the bytes of those that the calendar can take."""
        if not event.get("hasAttachments"):
            return event
        path = f"{_path(calendar)}/events/{segment(str(event['id']))}/attachments"
        files, room = [], ATTACHED
        for row in self._api.values(path, {"$select": _FILES, "$top": 100}):
            size = int(row.get("size") or 0)
            if str(row.get("@odata.type")).endswith("fileAttachment") and size <= room:
                room -= size
                row = self._api.get(f"{path}/{segment(str(row['id']))}")
            files.append(mailbox.only(row, f"@odata.type,contentBytes,{_FILES}"))
        return {**event, "attachments": files}

    def _entry(self, calendar: Calendar, series: Series) -> Entry:
        if self._head is None:
            self._head, self._colors = mailbox.head(self._api), mailbox.colors(self._api)
        owner = str((calendar.resource.get("owner") or {}).get("address") or self._api.account)
        head = {**self._head, "owner": owner, "shared": calendar.shared}
        return entry_of(series, calendar.id, head, self._colors)

    def get(self, entry: Entry) -> Item:
        """The event or series as it is now. Raises NotFound, ConnectorError."""
        (_, outcome), *_ = self.get_many([entry])
        if isinstance(outcome, ConnectorError):
            raise outcome
        return outcome

    def get_many(self, entries: Sequence[Entry]) -> Iterator[Outcome]:
        """Each item or its own error."""
        by_calendar: dict[str, dict[str, Entry]] = {}
        for entry in entries:
            by_calendar.setdefault(entry.collection, {})[entry.href] = entry
        for identifier, wanted in by_calendar.items():
            calendar = self._calendar(identifier)
            orphans = {href: entry for href, entry in wanted.items() if href.startswith(ORPHANS)}
            if orphans:
                yield from self._orphans(calendar, orphans)
            plain = {href: entry for href, entry in wanted.items() if href not in orphans}
            yield from self._plain(calendar, plain)

    def _plain(self, calendar: Calendar, wanted: Mapping[str, Entry]) -> Iterator[Outcome]:
        by_id = {href.removeprefix(COPY): entry for href, entry in wanted.items()}
        masters = []
        for name, answer in self._events(calendar.id, list(by_id)):
            if isinstance(answer, Mapping) and is_master(answer):
                masters.append(name)
            else:
                yield by_id[name], self._outcome(calendar, by_id[name], answer)
        for name, answer in self._events(calendar.id, masters, SERIES):
            yield by_id[name], self._outcome(calendar, by_id[name], answer)

    def _outcome(self, calendar: Calendar, entry: Entry, answer: Any) -> Item | ConnectorError:
        try:
            if isinstance(answer, ConnectorError):
                raise answer
            series = self._complete(calendar.id, answer)
            return self._item(calendar, replace(series, copy=entry.href.startswith(COPY)))
        except ConnectorError as error:
            if error.scope > Scope.ITEM:
                raise
            return error

    def _orphans(self, calendar: Calendar, wanted: Mapping[str, Entry]) -> Iterator[Outcome]:
        """Occurrences without a master are only found by listing."""
        found = {series.href: series for series in self._listed(calendar) if series.event is None}
        for href, entry in wanted.items():
            series = found.get(href)
            yield entry, self._item(calendar, series) if series else NotFound("The event is gone.")

    def _item(self, calendar: Calendar, series: Series) -> Item:
        entry = self._entry(calendar, series)
        return item_of(replace(entry, inline=None), entry.inline or b"")

    def _calendar(self, identifier: str) -> Calendar:
        if identifier not in self._known:
            self._calendars()
        if identifier not in self._known:
            raise NotFound("The calendar is gone.")
        return self._known[identifier]

    def close(self) -> None:
        """Release the connection."""
        self._api.close()


def _path(calendar: str) -> str:
    """Events of a calendar are asked for below it: those of a shared one are not found otherwise."""
    return f"calendars/{segment(calendar)}"


def _new(page: Json, seen: set[str]) -> Iterator[Json]:
    """Rows of a page that no earlier one had: pages overlap when events come meanwhile."""
    rows = page.get("value")
    if not isinstance(rows, list):
        raise not_the_api()
    for row in rows:
        if str(row["id"]) not in seen:
            seen.add(str(row["id"]))
            yield row
