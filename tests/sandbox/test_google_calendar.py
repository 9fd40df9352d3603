"""Calendars and events, read with Google's own client."""

from __future__ import annotations

from typing import Any

from migrate.sandbox.faults import Rule
from migrate.sandbox.google import GoogleStandIn
from migrate.sandbox.journal import KEPT_SECONDS
from tests.sandbox.google_world import ANNE, event, pages, refusal


def ids(calendar: Any, **query: Any) -> list[str]:
    request = calendar.events().list(calendarId="primary", **query)
    return [found["id"] for page in pages(request, calendar.events().list_next, "items") for found in page]


def sync(calendar: Any, token: str) -> dict[str, Any]:
    answer: dict[str, Any] = calendar.events().list(calendarId="primary", syncToken=token).execute()
    return answer


def test_calendar_list_hides_the_hidden(calendar: Any) -> None:
    entries = calendar.calendarList()
    assert [entry["id"] for entry in entries.list().execute()["items"]] == [ANNE]
    shown = pages(entries.list(showHidden=True, maxResults=1), entries.list_next, "items")
    assert [len(page) for page in shown] == [1, 1]
    assert [entry["id"] for entry in entries.list(minAccessRole="owner", showHidden=True).execute()["items"]] == [ANNE]
    assert entries.get(calendarId="primary").execute()["kind"] == "calendar#calendarListEntry"


def test_calendar_colours_and_settings(calendar: Any) -> None:
    assert calendar.calendars().get(calendarId=ANNE).execute() == {
        "kind": "calendar#calendar",
        "id": ANNE,
        "etag": '"1"',
        "summary": "Anne",
        "timeZone": "Europe/Paris",
    }
    colors = calendar.colors().get().execute()
    assert (len(colors["calendar"]), len(colors["event"])) == (24, 11)
    assert calendar.settings().get(setting="timezone").execute()["value"] == "Europe/Paris"
    assert len(calendar.settings().list().execute()["items"]) == 6
    assert refusal(calendar.calendars().get(calendarId="no@example.org")) == (404, "notFound")


def test_missing_dates_of_a_live_series_are_listed_deleted_events_are_not(calendar: Any) -> None:
    assert ids(calendar) == ids(calendar, maxResults=1) == ["weekly", "weekly_1", "weekly_2", "fete"]
    assert "dead" in ids(calendar, showDeleted=True)
    assert ids(calendar, iCalUID="weekly@google.com") == ["weekly", "weekly_2"]
    assert ids(calendar, eventTypes=["birthday"]) == []


def test_the_list_carries_the_calendar_and_at_its_end_a_sync_token(calendar: Any) -> None:
    answer = calendar.events().list(calendarId=ANNE, maxResults=2).execute()
    assert (answer["timeZone"], answer["accessRole"]) == ("Europe/Paris", "owner")
    assert "nextSyncToken" not in answer
    last = calendar.events().list(calendarId=ANNE, maxResults=9, pageToken=answer["nextPageToken"]).execute()
    assert "nextSyncToken" in last
    assert "nextPageToken" not in last


def test_attendees_can_be_cut(calendar: Any) -> None:
    found = calendar.events().get(calendarId=ANNE, eventId="fete", maxAttendees=2).execute()
    assert found["attendeesOmitted"] is True
    assert len(found["attendees"]) == 1
    assert refusal(calendar.events().get(calendarId=ANNE, eventId="x")) == (404, "notFound")


def test_a_sync_token_tells_changes_and_deletions(google: GoogleStandIn, calendar: Any) -> None:
    token = calendar.events().list(calendarId="primary").execute()["nextSyncToken"]
    assert sync(calendar, token)["items"] == []
    google.edit.put_event(ANNE, "primary", event("fete", summary="Fête"))
    google.edit.cancel_event(ANNE, "primary", "weekly_2")
    answer = sync(calendar, token)
    assert {found["id"]: found["status"] for found in answer["items"]} == {"fete": "confirmed", "weekly_2": "cancelled"}
    assert sync(calendar, answer["nextSyncToken"])["items"] == []


def test_a_change_between_pages_comes_with_the_next_sync(google: GoogleStandIn, calendar: Any) -> None:
    first = calendar.events().list(calendarId="primary", maxResults=2).execute()
    google.edit.put_event(ANNE, "primary", event("weekly", summary="Changé"))
    last = calendar.events().list(calendarId="primary", maxResults=9, pageToken=first["nextPageToken"]).execute()
    assert [found["id"] for found in sync(calendar, last["nextSyncToken"])["items"]] == ["weekly"]


def test_an_old_sync_token_is_gone_and_a_wrong_one_is_bad(google: GoogleStandIn, calendar: Any) -> None:
    events = calendar.events()
    token = events.list(calendarId="primary").execute()["nextSyncToken"]
    assert refusal(events.list(calendarId="c1@group.calendar.google.com", syncToken=token)) == (400, "invalid")
    assert refusal(events.list(calendarId="primary", syncToken="rubbish")) == (400, "invalid")
    google.faults.add(Rule(kind="expire-cursors", path="/events$"))
    assert refusal(events.list(calendarId="primary", syncToken=token)) == (410, "fullSyncRequired")
    assert sync(calendar, token)["items"] == []
    google.clock.advance(KEPT_SECONDS + 1)
    assert refusal(events.list(calendarId="primary", syncToken=token)) == (410, "fullSyncRequired")


def test_combinations_google_forbids(calendar: Any) -> None:
    events = calendar.events()
    token = events.list(calendarId="primary").execute()["nextSyncToken"]
    for extra in ({"iCalUID": "x"}, {"q": "x"}, {"timeMin": "2026-01-01T00:00:00Z"}, {"showDeleted": False}):
        assert refusal(events.list(calendarId="primary", syncToken=token, **extra))[0] == 400
    assert refusal(events.list(calendarId="primary", orderBy="startTime"))[0] == 400


def test_what_is_not_served_is_refused_not_ignored(calendar: Any) -> None:
    for extra in ({"singleEvents": True}, {"q": "x"}, {"updatedMin": "2026-01-01T00:00:00Z"}, {"timeZone": "UTC"}):
        assert refusal(calendar.events().list(calendarId="primary", **extra))[0] == 400
    assert refusal(calendar.events().instances(calendarId="primary", eventId="weekly")) == (501, "notImplemented")
