"""Held to the discovery documents: requests, tokens, scopes, answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from migrate.sandbox.google import GoogleStandIn, schema
from migrate.sandbox.google.discovery import DOCUMENTS, document
from tests.sandbox.google_world import ANNE, DOCUMENT, Client, node, refusal, world

Get = Callable[[str], tuple[int, dict[str, Any]]]


@pytest.fixture
def get(google: GoogleStandIn, client: Callable[..., Client]) -> Get:
    made = {service: client(service).http for service in ("gmail", "calendar", "drive")}

    def ask(path: str) -> tuple[int, dict[str, Any]]:
        answer, content = made[path.split("/")[1]].request(google.url + path)
        body: dict[str, Any] = json.loads(content)
        return answer.status, body.get("error", body)

    return ask


@pytest.mark.parametrize(
    "path",
    [
        "/gmail/v1/users/me/messages?limit=3",
        "/gmail/v1/users/me/messages?maxResults=ten",
        "/gmail/v1/users/me/messages?maxResults=-1",
        "/gmail/v1/users/me/messages?includeSpamTrash=1",
        "/gmail/v1/users/me/messages?q=in:inbox&q=in:sent",
        "/gmail/v1/users/me/messages?userId=me",
        "/gmail/v1/users/me/messages/0000000000000000?format=eml",
        "/gmail/v1/users/me/history",
        "/gmail/v1/users/me/history?startHistoryId=-4",
        "/gmail/v1/users/me/profile?alt=media",
        "/calendar/v3/calendars/primary/events?pageSize=4",
        "/calendar/v3/calendars/primary/events?maxResults=0",
        "/calendar/v3/calendars/primary/events?alt=media",
        "/calendar/v3/calendars/primary/events?timeMin=2026-01-01",
        "/calendar/v3/users/me/calendarList?minAccessRole=boss",
        "/drive/v3/files?pageSize=1001",
        "/drive/v3/files?maxResults=10",
        "/drive/v3/files/n1/export",
        "/drive/v3/changes",
    ],
)
def test_a_parameter_that_is_not_as_declared_is_a_400(get: Get, path: str) -> None:
    status, error = get(path)
    assert (status, error["code"], error["status"]) == (400, 400, "INVALID_ARGUMENT")


@pytest.mark.parametrize("path", ["/gmail/v2/users/me/profile", "/drive/v3/nothing", "/calendar/v3/", "/gmail/v1/me/x"])
def test_an_unknown_path_is_a_404(get: Get, path: str) -> None:
    assert get(path)[0] == 404


def test_page_sizes_are_capped_where_google_caps_them(get: Get) -> None:
    assert get("/gmail/v1/users/me/messages?maxResults=5000")[0] == 200
    assert get("/calendar/v3/calendars/primary/events?maxResults=9000")[0] == 200


def test_repeated_parameters_and_encoded_paths(get: Get) -> None:
    status, found = get("/gmail/v1/users/anne%40tilleuls.example/messages?labelIds=INBOX&labelIds=UNREAD")
    assert (status, len(found["messages"])) == (200, 1)
    assert get("/calendar/v3/calendars/c1%40group.calendar.google.com/events")[0] == 200


def test_no_token_and_a_wrong_token_are_401(google: GoogleStandIn, client: Callable[..., Client]) -> None:
    http = client("gmail").http.http
    for headers in ({}, {"authorization": "Bearer nonsense"}, {"authorization": "Basic eDp5"}):
        answer, content = http.request(f"{google.url}/gmail/v1/users/me/profile", headers=headers)
        assert answer.status == 401
        assert "Bearer" in answer["www-authenticate"]
        assert json.loads(content)["error"]["status"] == "UNAUTHENTICATED"


def test_a_token_for_one_api_does_not_open_another(google: GoogleStandIn, client: Callable[..., Client]) -> None:
    http = client("calendar").http
    for path in ("/gmail/v1/users/me/profile", "/drive/v3/files"):
        answer, content = http.request(google.url + path)
        assert (answer.status, json.loads(content)["error"]["errors"][0]["reason"]) == (403, "insufficientPermissions")


def test_no_method_that_writes_is_served(google: GoogleStandIn, gmail: Any, calendar: Any, drive: Any) -> None:
    writes = [
        gmail.messages().trash(userId="me", id=f"{0:016x}"),
        gmail.messages().insert(userId="me", body={"raw": ""}),
        calendar.events().insert(calendarId="primary", body={}),
        calendar.events().delete(calendarId="primary", eventId="fete"),
        drive.files().update(fileId="f1", body={"name": "x"}),
        drive.files().create(body={"name": "x"}),
    ]
    for request in writes:
        assert refusal(request) == (403, "insufficientPermissions")
    tried = [line for line in google.log.writes() if line.operation != "oauth2.token"]
    assert [line.status for line in tried] == [403] * 6
    assert tried[0].operation == "gmail.users.messages.trash"


def test_an_answer_outside_the_schema_is_a_500_and_a_defect(google_key: RSAPrivateKey) -> None:
    odd = world()
    odd.google[ANNE].files[:] = [node("n1", "x", DOCUMENT, titre="x", version=3)]
    with GoogleStandIn(odd, key=google_key) as google:
        made = Client(google, "drive")
        assert refusal(made.api.files().list()) == (500, "backendError")
        made.close()
        assert google.defects == [
            "drive.files.list: FileList.files[].titre: unknown field",
            "drive.files.list: FileList.files[].version: not a int64 as declared",
        ]


def test_the_schema_check_itself() -> None:
    schemas = document("calendar.v3")["schemas"]
    good = {"id": "1", "start": {"date": "2026-01-01"}, "extendedProperties": {"private": {"a": "b"}}}
    assert schema.defects(good, {"$ref": "Event"}, schemas) == []
    bad = {
        "id": 1,
        "start": {"date": "demain"},
        "sequence": "2",
        "attendees": {},
        "locked": 1,
        "updated": "2026-01-01",
        "reminders": [],
    }
    assert len(schema.defects(bad, {"$ref": "Event"}, schemas)) == 7


def test_the_documents_are_those_of_the_client_library() -> None:
    ids = ["gmail:v1", "calendar:v3", "drive:v3", "people:v1", "tasks:v1", "admin:directory_v1"]
    assert [document(name)["id"] for name in DOCUMENTS] == ids
