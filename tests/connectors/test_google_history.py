"""Gmail's history: a listing and the changes since make the listing of now, for a few units."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from migrate.errors import CursorExpired
from migrate.model import Service
from migrate.protocols import SupportsChanges
from migrate.sandbox.faults import Rule
from migrate.sandbox.google import GoogleStandIn
from tests.connectors.google_fixtures import MakeReader, google, google_key, make
from tests.connectors.google_kit import AMINA, by_href, message

__all__ = ["google", "google_key", "make"]


@pytest.mark.parametrize("seed", range(5))
def test_a_listing_and_the_changes_since_make_the_listing_of_now(
    google: GoogleStandIn, make: MakeReader, seed: int
) -> None:
    chance = Random(seed)
    reader: Any = make(Service.MAIL)
    assert isinstance(reader, SupportsChanges)
    cursor = reader.cursor()
    known = by_href(reader.entries())
    for number in range(3):
        for edit in range(12):
            held = sorted(one.id for one in google.world.google[AMINA].messages)
            match chance.randrange(4):
                case 0:
                    size = chance.choice([0, 100_000])
                    google.edit.add_message(AMINA, message(1000 + number * 100 + edit, ("INBOX", "UNREAD"), size=size))
                case 1 if held:
                    google.edit.remove_message(AMINA, chance.choice(held))
                case _ if held:
                    words = ["INBOX", "STARRED", "UNREAD", "Label_1", "TRASH", "SPAM", "IMPORTANT"]
                    add, gone = chance.sample(words, 2)
                    google.edit.relabel(AMINA, chance.choice(held), add=[add], remove=[gone])
        reader = make(Service.MAIL)
        for change in reader.changes(cursor):
            known.pop(change.href, None)
            if change.entry is not None:
                known[change.href] = change.entry
        cursor = reader.cursor()
        assert known == by_href(make(Service.MAIL).entries())
    assert list(reader.changes(cursor)) == []


def test_a_delta_costs_a_few_units_and_asks_for_no_message(google: GoogleStandIn, make: MakeReader) -> None:
    reader: Any = make(Service.MAIL)
    cursor = reader.cursor()
    google.edit.relabel(AMINA, message(0, ()).id, add=["Label_1"])
    before = len(google.log.lines)
    (change,) = reader.changes(cursor)
    assert "Projets/2026" in change.entry.labels
    operations = [line.operation for line in google.log.lines][before:]
    assert operations.count("gmail.users.history.list") == 1
    assert operations.count("gmail.users.messages.list") == 5, "the sizes alone are searched for"
    assert "gmail.users.messages.get" not in operations


def test_a_cursor_holds_no_name_and_a_renamed_label_ends_it(google: GoogleStandIn, make: MakeReader) -> None:
    reader: Any = make(Service.MAIL)
    cursor = reader.cursor()
    google.edit.add_label(AMINA, {"id": "Label_7", "name": "Nouveau", "type": "user"})
    assert list(reader.changes(cursor)) == [], "a new label does no harm"
    labels = google.world.google[AMINA].labels
    renamed = next(one for one in labels if one["id"] == "Label_1")
    name, renamed["name"] = renamed["name"], "Anciens projets"
    with pytest.raises(CursorExpired):
        list(make(Service.MAIL).changes(cursor))  # type: ignore[attr-defined]
    renamed["name"] = name
    assert list(make(Service.MAIL).changes(cursor)) == []  # type: ignore[attr-defined]
    labels.remove(renamed)
    with pytest.raises(CursorExpired):
        list(make(Service.MAIL).changes(cursor))  # type: ignore[attr-defined]


def test_a_history_that_google_forgot_asks_for_everything_again(google: GoogleStandIn, make: MakeReader) -> None:
    reader: Any = make(Service.MAIL)
    cursor = reader.cursor()
    google.faults.add(Rule(kind="expire-cursors", path="/history"))
    for stale in (cursor, "nonsense", ""):
        with pytest.raises(CursorExpired):
            list(reader.changes(stale))


def test_what_comes_during_the_listing_is_in_the_next_round(google: GoogleStandIn, make: MakeReader) -> None:
    """The cursor is of before the listing: what is told twice does no harm, what is told never would be lost."""
    reader: Any = make(Service.MAIL)
    cursor = reader.cursor()
    listed = iter(reader.entries())
    next(listed)
    late = message(2000, ("INBOX",))
    google.edit.add_message(AMINA, late)
    list(listed)
    assert [change.href for change in reader.changes(cursor)] == [late.id]
    assert late.id in by_href(make(Service.MAIL).entries())
