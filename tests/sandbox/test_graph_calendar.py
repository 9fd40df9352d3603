"""Outlook calendars, contacts and To Do at the stand-in; and what each recurrence pattern means."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from migrate.sandbox.graph import GraphStandIn, recurrence
from migrate.sandbox.tenant import Json
from tests.sandbox.graph_items import event
from tests.sandbox.graph_world import ANNE, pages

WINDOW = "startDateTime=2026-03-01T00:00:00Z&endDateTime=2026-04-01T00:00:00Z"


def get(session: requests.Session, graph: GraphStandIn, path: str, **headers: str) -> Any:
    answer = session.get(f"{graph.url}/v1.0/users/{ANNE}{path}", headers=headers, timeout=10)
    assert answer.status_code == 200, answer.text
    return answer.json()


def series(kind: str, start: str, **pattern: Any) -> Json:
    ends = {"type": "numbered", "numberOfOccurrences": pattern.pop("times", 4)}
    if "until" in pattern:
        ends = {"type": "endDate", "endDate": pattern.pop("until")}
    return {"pattern": {"type": kind, "interval": 1, **pattern}, "range": {"startDate": start, **ends}}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (series("daily", "2026-02-27", interval=3), "0227 0302 0305 0308"),
        (series("daily", "2026-02-27", until="2026-03-01"), "0227 0228 0301"),
        (series("weekly", "2026-03-04", daysOfWeek=["monday", "wednesday"]), "0304 0309 0311 0316"),
        (
            series("weekly", "2026-03-01", daysOfWeek=["sunday", "monday"], interval=2, firstDayOfWeek="monday"),
            "0301 0309 0315 0323",
        ),
        (
            series("weekly", "2026-03-01", daysOfWeek=["sunday", "monday"], interval=2, firstDayOfWeek="sunday"),
            "0301 0302 0315 0316",
        ),
        (series("absoluteMonthly", "2026-01-31", dayOfMonth=31, times=5), "0131 0228 0331 0430 0531"),
        (series("absoluteMonthly", "2026-01-10", dayOfMonth=5, interval=2), "0305 0505 0705 0905"),
        (series("relativeMonthly", "2026-01-01", daysOfWeek=["friday"], index="last"), "0130 0227 0327 0424"),
        (
            series("relativeMonthly", "2026-01-01", daysOfWeek=["monday", "tuesday", "sunday"], index="second"),
            "0105 0202 0302 0406",
        ),
        (series("absoluteYearly", "2024-02-29", month=2, dayOfMonth=29), "0229 0228 0228 0228"),
        (
            series("relativeYearly", "2026-01-01", month=11, daysOfWeek=["thursday"], index="fourth", times=2),
            "1126 1125",
        ),
    ],
)
def test_what_a_pattern_means(rule: Json, expected: str) -> None:
    assert " ".join(day.strftime("%m%d") for day in recurrence.dates(rule, date(2040, 1, 1))) == expected


@given(
    start=st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    days=st.sets(st.sampled_from(recurrence.DAYS), min_size=1),
    index=st.sampled_from(recurrence.INDEXES),
    interval=st.integers(1, 5),
)
def test_a_relative_month_has_one_occurrence_on_a_day_named(
    start: date, days: set[str], index: str, interval: int
) -> None:
    rule = series("relativeMonthly", start.isoformat(), daysOfWeek=sorted(days), index=index, interval=interval)
    found = recurrence.dates(rule, start + timedelta(days=4000))
    months = [day.year * 12 + day.month for day in found]
    assert all(recurrence.DAYS[day.weekday()] in days for day in found)
    assert all(later - sooner == interval for sooner, later in pairwise(months))
    assert found[0] >= start


def test_listing_gives_masters_and_singles_only(graph: GraphStandIn, app: requests.Session) -> None:
    address = f"{graph.url}/v1.0/users/{ANNE}/calendars/cal1/events"
    assert [len(page) for page in pages(app, address)] == [10, 5]
    assert {row["type"] for page in pages(app, address) for row in page} == {"seriesMaster", "singleInstance"}
    found = get(app, graph, "/events?$filter=lastModifiedDateTime ge 2026-06-01T00:00:00Z")["value"]
    assert found == []
    graph.edit.put_event(ANNE, "cal1", event("new", "2026-05-01T10:00", "2026-05-01T11:00"))
    found = get(app, graph, "/events?$filter=lastModifiedDateTime ge 2026-06-01T00:00:00Z")["value"]
    assert [row["id"] for row in found] == ["new"]


def test_exceptions_and_cancellations_need_to_be_asked_for(graph: GraphStandIn, app: requests.Session) -> None:
    asked = "$select=subject,exceptionOccurrences,cancelledOccurrences&$expand=exceptionOccurrences"
    master = get(app, graph, f"/calendars/cal1/events/weekly?{asked}")
    assert master["cancelledOccurrences"] == ["OID.weekly.2026-03-16"]
    moved = master["exceptionOccurrences"][0]
    assert (moved["type"], moved["originalStart"], moved["seriesMasterId"]) == (
        "exception",
        "2026-03-09T09:00:00Z",
        "weekly",
    )
    assert moved["start"] == {"dateTime": "2026-03-10T13:00:00.0000000", "timeZone": "UTC"}
    for path in ("/events/weekly", "/events/weekly?$expand=exceptionOccurrences"):
        assert not {"exceptionOccurrences", "cancelledOccurrences"} & get(app, graph, path).keys()
    assert "cancelledOccurrences" not in get(app, graph, "/events?$select=cancelledOccurrences")["value"][0]


def test_instances_in_the_zone_asked_for(graph: GraphStandIn, app: requests.Session) -> None:
    path = f"/events/weekly/instances?{WINDOW}&$select=start,type"
    rows = get(app, graph, path, Prefer='outlook.timezone="Romance Standard Time"')["value"]
    assert [(row["start"]["dateTime"][:16], row["type"]) for row in rows] == [
        ("2026-03-02T10:00", "occurrence"),
        ("2026-03-10T14:00", "exception"),
        ("2026-03-23T10:00", "occurrence"),
        ("2026-03-30T10:00", "occurrence"),
    ]
    utc = get(app, graph, path)["value"]
    assert [row["start"]["dateTime"][11:16] for row in utc] == ["09:00", "13:00", "09:00", "08:00"]
    day = get(app, graph, "/events/day", Prefer='outlook.timezone="Tokyo Standard Time"')
    assert day["start"] == {"dateTime": "2026-03-05T00:00:00.0000000", "timeZone": "Tokyo Standard Time"}


def test_a_view_takes_series_apart_and_its_delta_keeps_the_window(graph: GraphStandIn, app: requests.Session) -> None:
    kinds = [row["type"] for row in get(app, graph, f"/calendarView?{WINDOW}&$select=type")["value"]]
    assert kinds == ["occurrence", "singleInstance", "singleInstance", "exception", "occurrence", "occurrence"]
    first = get(app, graph, f"/calendarView/delta?{WINDOW}")
    assert [row["type"] for row in first["value"]].count("seriesMaster") == 1
    stub = next(row for row in first["value"] if row["type"] == "occurrence")
    assert "subject" not in stub
    graph.edit.remove_event(ANNE, "cal1", "single")
    again = app.get(first["@odata.deltaLink"], timeout=10).json()
    assert again["value"] == [{"id": "single", "@removed": {"reason": "deleted"}}]


def test_calendars_of_others_are_read_through_their_calendar(graph: GraphStandIn, app: requests.Session) -> None:
    root = f"{graph.url}/v1.0/users/{ANNE}"
    assert app.get(f"{root}/events/their", timeout=10).status_code == 404
    assert app.get(f"{root}/calendars/cal2/events/their", timeout=10).status_code == 200
    assert app.get(f"{root}/calendars/cal2/calendarPermissions", timeout=10).status_code == 403
    assert [row["role"] for row in get(app, graph, "/calendars/cal1/calendarPermissions")["value"]] == ["read"]
    assert [row["name"] for row in get(app, graph, "/calendarGroups/g2/calendars")["value"]] == ["Salle"]


def test_bodies_and_attachments(graph: GraphStandIn, app: requests.Session) -> None:
    body = {"contentType": "html", "content": "<p>Deux &amp; trois</p>"}
    graph.edit.put_event(ANNE, "cal1", event("new", "2026-05-01T10:00", "2026-05-01T11:00", body=body))
    assert get(app, graph, "/events/new")["body"] == body
    text = get(app, graph, "/events/new", Prefer='outlook.body-content-type="text"')["body"]
    assert text == {"contentType": "text", "content": "Deux & trois"}
    expanded = get(app, graph, "/events/single?$select=id&$expand=attachments")["attachments"]
    assert [row["contentBytes"] for row in expanded] == ["b3JkcmU="]


def test_contacts_and_their_photographs(graph: GraphStandIn, app: requests.Session) -> None:
    assert [len(page) for page in pages(app, f"{graph.url}/v1.0/users/{ANNE}/contacts")] == [10, 2]
    assert [row["id"] for row in get(app, graph, "/contactFolders")["value"]] == ["cf2"]
    assert [row["displayName"] for row in get(app, graph, "/contactFolders/cf2/contacts")["value"]] == ["Mairie"]
    root = f"{graph.url}/v1.0/users/{ANNE}/contacts"
    assert app.get(f"{root}/c0/photo/$value", timeout=10).content == b"\x89PNG"
    assert app.get(f"{root}/c1/photo/$value", timeout=10).status_code == 404
    following = get(app, graph, "/contacts/delta?$top=100")["@odata.deltaLink"]
    graph.edit.put_contact(ANNE, "contacts", {"id": "c1", "displayName": "Autre"})
    graph.edit.remove_contact(ANNE, "contacts", "c2")
    rows = app.get(following, timeout=10).json()["value"]
    assert [(row["id"], row.get("displayName")) for row in rows] == [("c1", "Autre"), ("c2", None)]


def test_tasks_with_their_parts(graph: GraphStandIn, app: requests.Session) -> None:
    root = f"{graph.url}/v1.0/users/{ANNE}/todo/lists"
    assert [row["wellknownListName"] for row in app.get(root, timeout=10).json()["value"]] == [
        "defaultList",
        "flaggedEmails",
    ]
    assert [len(page) for page in pages(app, f"{root}/list1/tasks")] == [20, 2]
    first = app.get(f"{root}/list1/tasks/t0?$expand=checklistItems,linkedResources", timeout=10).json()
    assert [row["displayName"] for row in first["checklistItems"]] == ["un", "deux"]
    assert "recurrence" not in first
    following = app.get(f"{root}/list1/tasks/delta?$top=100", timeout=10).json()["@odata.deltaLink"]
    graph.edit.remove_task(ANNE, "list1", "t3")
    assert [row["id"] for row in app.get(following, timeout=10).json()["value"]] == ["t3"]
