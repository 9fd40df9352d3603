"""The stand-in refuses what Graph refuses, and nothing that Microsoft's schema does not know leaves it."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from migrate.sandbox.graph import GraphStandIn, schema
from tests.sandbox.graph_world import ANNE, application, certificate, tenant

USER = f"/users/{ANNE}"
REFUSED = [
    (f"{USER}/messages?$select=nothing", 400, "BadRequest"),
    (f"{USER}/messages?$expand=nothing", 400, "BadRequest"),
    (f"{USER}/messages?$expand=extensions($select=nothing)", 400, "BadRequest"),
    (f"{USER}/messages?$filter=nothing eq 1", 400, "BadRequest"),
    (f"{USER}/messages?$filter=isRead", 400, "BadRequest"),
    (f"{USER}/messages?$filter=isRead eq true)", 400, "BadRequest"),
    (f"{USER}/messages?$filter=isRead eq true&$orderby=receivedDateTime", 400, "InefficientFilter"),
    (f"{USER}/messages?$filter=toRecipients/any(r:r/emailAddress/address eq 'x')", 400, "ErrorInvalidProperty"),
    (f"{USER}/messages?$orderby=nothing", 400, "BadRequest"),
    (f"{USER}/messages?$top=0", 400, "BadRequest"),
    (f"{USER}/messages?$top=1001", 400, "BadRequest"),
    (f"{USER}/messages?$top=x", 400, "BadRequest"),
    (f"{USER}/messages?$skiptoken=x", 400, "SkipTokenInvalid"),
    (f"{USER}/messages?$apply=x", 400, "ErrorInvalidUrlQuery"),
    (f"{USER}/messages?$expand=singleValueExtendedProperties", 400, "ErrorInvalidUrlQuery"),
    (f"{USER}/messages?colour=red", 400, "ErrorInvalidUrlQuery"),
    (f"{USER}/messages/nothing", 404, "ErrorItemNotFound"),
    (f"{USER}/mailFolders/nothing/messages", 404, "ErrorItemNotFound"),
    (f"{USER}/mailFolders/INBOX", 200, ""),
    (f"{USER}/mailFolders/P2026", 404, "ErrorItemNotFound"),
    (f"{USER}/mailFolders/inbox/messages/delta?$filter=isRead eq true", 400, "ErrorInvalidUrlQuery"),
    (f"{USER}/mailFolders/inbox/messages/delta?$deltatoken=x", 400, "InvalidDeltaToken"),
    (f"{USER}/events?$expand=exceptionOccurrences", 400, "BadRequest"),
    (f"{USER}/events?$filter=attendees/any(a:a/type eq 'required')", 400, "ErrorInvalidProperty"),
    (f"{USER}/calendarView", 400, "ErrorInvalidParameter"),
    (f"{USER}/calendarView?startDateTime=2026-01-02&endDateTime=2026-01-01", 400, "ErrorCalendarViewRangeTooBig"),
    (f"{USER}/calendarView/delta?$select=subject&startDateTime=2026-01-01&endDateTime=2026-01-02", 400,
     "ErrorInvalidUrlQuery"),
    (f"{USER}/todo/lists/nothing/tasks", 404, "itemNotFound"),
    (f"{USER}/drive/items/nothing", 404, "itemNotFound"),
    (f"{USER}/drive/items/01A/delta", 400, "notSupported"),
    (f"{USER}/drive/root:/nothing", 404, "itemNotFound"),
    ("/drives/nothing/root", 404, "ResourceNotFound"),
    ("/sites/nothing", 404, "itemNotFound"),
    ("/users/nobody@example.org", 404, "Request_ResourceNotFound"),
    ("/users/nobody@example.org/messages", 404, "ErrorInvalidUser"),
    ("/users/sans@tilleuls.onmicrosoft.example/messages", 404, "MailboxNotEnabledForRESTAPI"),
    ("/users?$skip=1", 400, "ErrorInvalidUrlQuery"),
    ("/me", 400, "BadRequest"),
    ("/nothing", 400, "BadRequest"),
]  # fmt: skip
PERMISSIONS = [
    (f"{USER}/messages", "Mail.Read"),
    (f"{USER}/mailFolders", "Mail.Read"),
    (f"{USER}/events", "Calendars.Read"),
    (f"{USER}/contacts", "Contacts.Read"),
    (f"{USER}/todo/lists", "Tasks.Read.All"),
    (f"{USER}/mailboxSettings", "MailboxSettings.Read"),
    (f"{USER}/drive", "Files.Read.All"),
    ("/sites?search=*", "Sites.Read.All"),
    ("/users", "User.Read.All"),
]


def code(answer: requests.Response) -> str:
    return str(answer.json().get("error", {}).get("code", ""))


def test_refusals(graph: GraphStandIn, app: requests.Session) -> None:
    answers = [(path, app.get(f"{graph.url}/v1.0{path}", timeout=10)) for path, _, _ in REFUSED]
    assert [(path, answer.status_code, code(answer)) for path, answer in answers] == REFUSED


def test_each_permission_opens_its_own_doors(graph: GraphStandIn) -> None:
    for path, needed in PERMISSIONS:
        graph.identity.roles = {needed}
        with application(graph) as session:
            assert session.get(f"{graph.url}/v1.0{path}", timeout=10).status_code == 200, path
        graph.identity.roles = {permission for _, permission in PERMISSIONS} - {needed}
        if needed == "Files.Read.All":
            graph.identity.roles -= {"Sites.Read.All"}
        with application(graph) as session:
            assert session.get(f"{graph.url}/v1.0{path}", timeout=10).status_code == 403, path


def test_nothing_is_written(graph: GraphStandIn, app: requests.Session) -> None:
    address = f"{graph.url}/v1.0{USER}/messages/AAkALgAA00000005"
    for verb in ("POST", "PATCH", "PUT", "DELETE"):
        assert code(app.request(verb, address, json={"isRead": False}, timeout=10)) == "ErrorAccessDenied"


def test_rbac_leaves_the_other_mailboxes_closed(graph: GraphStandIn, app: requests.Session) -> None:
    graph.app.mailboxes = {ANNE}
    root = f"{graph.url}/v1.0/users"
    assert app.get(f"{root}/{ANNE}/messages", timeout=10).status_code == 200
    assert app.get(f"{root}/bruno@tilleuls.onmicrosoft.example/messages", timeout=10).status_code == 403


def test_an_answer_outside_the_schema_is_a_failure_of_the_stand_in() -> None:
    world = tenant()
    world.accounts[ANNE].messages[0].resource["colour"] = "red"
    with GraphStandIn(world, certificate=certificate()) as graph, application(graph) as session:
        assert session.get(f"{graph.url}/v1.0{USER}/messages", timeout=10).status_code == 500
        assert graph.defects == ["users/{user}/messages: message.colour: unknown property"]


@pytest.mark.parametrize(
    ("kind", "value", "defect"),
    [
        ("message", {"id": "x", "isRead": "yes"}, "message.isRead: not Edm.Boolean"),
        ("message", {"id": None}, "message.id: null"),
        ("message", {"importance": "urgent"}, "message.importance: not a word of importance"),
        ("message", {"receivedDateTime": "2026-01-01"}, "message.receivedDateTime: not Edm.DateTimeOffset"),
        ("message", {"toRecipients": {}}, "message.toRecipients: not a list"),
        ("message", {"from": {"address": "x"}}, "message.from.address: unknown property"),
        ("event", {"recurrence": {"range": {"endDate": "x"}}}, "event.recurrence.range.endDate: not Edm.Date"),
        ("attachment", {"id": "x"}, "attachment: @odata.type missing"),
        (
            "attachment",
            {"@odata.type": "#microsoft.graph.event", "id": "x"},
            "attachment: @odata.type is not one of attachment",
        ),
        ("driveItem", {"id": "x", "size": 2**63}, "driveItem.size: not Edm.Int64"),
    ],
)
def test_the_schema_is_held(kind: str, value: dict[str, Any], defect: str) -> None:
    assert schema.defects(value, kind) == [defect]
