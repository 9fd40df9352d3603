"""The Google connector on a host that it was not written against, with data that is legal and odd."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import icalendar
import pytest
import recurring_ical_events

from connectors.google import connector
from mappings.gmail_labels import LabelPolicy
from migrate.convert import convert, place, place_collections
from migrate.errors import ConfigError, Rejected
from migrate.model import Capabilities, Entry, Item, NameRules, Placement, Service
from migrate.protocols import Context, Reader
from migrate.sandbox.google import GoogleStandIn
from migrate.sandbox.world import World
from tests.connectors.google_fixtures import MakeReader, google_key
from tests.connectors.google_kit import Given, Patience, body_of, by_href
from tests.connectors.plain_google import MESSAGES, Handler, plain_google

__all__ = ["google_key"]

ICS = Capabilities(accepts=frozenset({"text/calendar"}))
DOVECOT = Capabilities(accepts=frozenset({"message/rfc822"}), names=NameRules(forbidden_characters="/."))
FILES = Capabilities(accepts=frozenset({"*/*"}))


@pytest.fixture
def make(google_key: Any, tmp_path: Path) -> Iterator[MakeReader]:
    with ExitStack() as stack:
        root = stack.enter_context(plain_google())
        with GoogleStandIn(World(name="", people=[], google={}), key=google_key) as stand_in:
            key = {**stand_in.service_account(), "token_uri": "https://oauth2.googleapis.com/token"}

        def reader(service: Service, path: str = "") -> Reader:
            settings = {"service_account": Given(json.dumps(key)), "api_root": root + path, "quota_factor": 1000.0}
            context = Context(pace=Patience(), spool=tmp_path, settings=settings)
            made = connector(context).reader("x@example.org", service)
            stack.callback(made.close)
            return made

        yield reader


def fetched(reader: Reader, entries: list[Entry]) -> dict[str, Item]:
    """Each item as apply fetches it: from its name alone."""
    bare = [Entry(href=e.href, collection=e.collection, etag=e.etag, media_type=e.media_type) for e in entries]
    many = getattr(reader, "get_many", None)
    answers = many(bare) if many else ((entry, reader.get(entry)) for entry in bare)
    return {entry.href: item for entry, item in answers if isinstance(item, Item)}


def test_mail(make: MakeReader) -> None:
    reader = make(Service.MAIL)
    home = next(iter(reader.collections()))
    entries = list(reader.entries())
    assert sorted(by_href(entries)) == sorted(MESSAGES)
    assert {entry.size for entry in entries} == {12 << 10}  # a host that finds everything searches nothing
    items = fetched(reader, entries)
    assert {href: item.entry.etag for href, item in items.items()} == {e.href: e.etag for e in entries}
    assert items["00000000000000aa"].internal_date is not None
    assert body_of(items["vides"]) == b"Subject: vides\n\n\0\n"
    places = {e.href: place(Service.MAIL, e, home, DOVECOT, LabelPolicy()) for e in entries}
    paths = {href: placed.path for href, placed in places.items() if isinstance(placed, Placement)}
    assert len(paths) == len(MESSAGES)
    assert paths["deadbeef" * 4] == ("INBOX",)
    assert paths["vides"] == ("A", "B")
    assert paths["barre"] == ("x",)
    assert paths["sub"] == ("INBOX", "Sub")
    assert paths["oblique"] == ("\\Trash",)
    assert len(paths["long"][0].encode()) <= 250


def test_calendars(make: MakeReader) -> None:
    reader = make(Service.CALENDAR)
    assert [collection.href for collection in reader.collections()] == ["moi"]
    entries = list(reader.entries())
    assert [entry.uid for entry in entries] == ["foo@example.org", "sansuid@google.com", "serie@example.org"]
    items = fetched(reader, entries) | fetched(reader, entries[:1]) | fetched(reader, entries[1:2])
    for entry in entries:
        listed = Item(entry=entry, body=entry.inline or b"", media_type=entry.media_type)
        planned, applied = convert(listed, ICS), convert(items[entry.href], ICS)
        assert items[entry.href].entry.etag == entry.etag
        assert (planned.item.body, planned.losses) == (applied.item.body, applied.losses)
        calendar = icalendar.Calendar.from_ical(applied.item.body)
        found = recurring_ical_events.of(calendar).between("20260101T000000Z", "20270101T000000Z")
        assert len(found) == (3 if entry.uid.startswith("serie") else 1)


def test_files(make: MakeReader) -> None:
    reader = make(Service.FILES)
    collections = list(reader.collections())
    homes = place_collections(Service.FILES, collections, FILES.names)
    assert len({home.path for home in homes.values()}) == len(collections) == 11
    assert homes["m1"].path == (homes["d2"].path[0], "Deux parents")
    assert homes["c2"].path[:2] == homes["c1"].path == ("Orphans", "Boucle")
    entries = list(reader.entries())
    assert len(by_href(entries)) == len(entries)
    kept = [entry for entry in entries if entry.skip is None]
    left = {entry.href: entry.skip.code for entry in entries if entry.skip is not None}
    assert left == {"f8": "trashed", "f9": "owned-by-another", "l1": "shortcut"}
    for entry in kept:
        placed = place(Service.FILES, entry, homes[entry.collection], FILES, LabelPolicy())
        assert isinstance(placed, Placement)
        assert placed.name not in {"", ".", ".."}
    items = fetched(reader, [entry for entry in kept if entry.href != "g1"])
    assert {href: item.entry.etag for href, item in items.items()} == {e.href: e.etag for e in kept if e.href != "g1"}
    assert body_of(items["f5"]) == b""
    assert body_of(items["g2"]) == b"docx"
    with pytest.raises(Rejected, match="too large"):
        reader.get(next(entry for entry in kept if entry.href == "g1"))


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((200, b"<html>Sign in</html>"), "not the API's"),
        ((200, ["a list"]), "not the API's"),
        ((200, {"messages": [{"id": "1"}], "nextPageToken": "again"}), "does not end"),
        ((501, {}), "501"),
    ],
)
def test_a_host_that_does_not_speak_the_api(
    make: MakeReader, monkeypatch: pytest.MonkeyPatch, answer: object, message: str
) -> None:
    monkeypatch.setattr(Handler, "gmail", lambda *_: answer)
    with pytest.raises(Rejected, match=message):
        list(make(Service.MAIL).entries())


def test_a_root_that_is_no_address() -> None:
    with pytest.raises(ConfigError, match="api_root"):
        connector(
            Context(
                pace=Patience(), spool=Path(), settings={"service_account": Given("{}"), "api_root": "127.0.0.1:9001"}
            )
        )
