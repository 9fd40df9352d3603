"""A small world for the Google stand-in's own tests, and clients as the libraries make them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import google_auth_httplib2
import httplib2
import pytest
from google.oauth2 import service_account
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

from migrate.sandbox.google import GoogleStandIn
from migrate.sandbox.world import Calendar, DriveNode, GoogleAccount, Message, World

ANNE = "anne@tilleuls.example"
BRUNO = "bruno@tilleuls.example"
ROOT = "https://www.googleapis.com/auth/"
SCOPES = {"gmail": "gmail.readonly", "calendar": "calendar.readonly", "drive": "drive.readonly"}
VERSIONS = {"gmail": ("v1", "/"), "calendar": ("v3", "/calendar/v3/"), "drive": ("v3", "/drive/v3/")}
DOCUMENT = "application/vnd.google-apps.document"
FOLDER = "application/vnd.google-apps.folder"
ODT = "application/vnd.oasis.opendocument.text"
LABELS = [
    ("INBOX", "UNREAD"),
    ("INBOX", "Label_1"),
    ("SENT",),
    (),
    ("SPAM",),
    ("TRASH", "Label_1"),
    ("Label_1", "STARRED"),
]


def raw(index: int) -> bytes:
    head = f"From: a@example.org\r\nSubject: =?utf-8?q?N=C2=B0?= {index}\r\nMessage-ID: <{index}@example.org>\r\n"
    return f"{head}\r\n{'x' * index}\r\n".encode()


def message(index: int, labels: tuple[str, ...]) -> Message:
    return Message(
        id=f"{index:016x}",
        thread_id=f"{index // 2:016x}",
        label_ids=labels,
        internal_date_ms=1_700_000_000_000 - index * 86_400_000,
        size_estimate=1000 * (index + 1),
        raw=lambda: raw(index),
    )


def event(identifier: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": identifier,
        "etag": '"1"',
        "status": "confirmed",
        "iCalUID": f"{identifier.split('_')[0]}@google.com",
        "summary": "Réunion",
        "start": {"dateTime": "2026-03-02T10:00:00+01:00", "timeZone": "Europe/Paris"},
        "end": {"dateTime": "2026-03-02T11:00:00+01:00", "timeZone": "Europe/Paris"},
        "updated": "2026-01-01T00:00:00.000Z",
        **fields,
    }


def calendars() -> list[Calendar]:
    weekly = event("weekly", recurrence=["RRULE:FREQ=WEEKLY;COUNT=5"])
    original = {"dateTime": "2026-03-09T10:00:00+01:00", "timeZone": "Europe/Paris"}
    gone = {"id": "weekly_1", "status": "cancelled", "recurringEventId": "weekly", "originalStartTime": original}
    moved = event("weekly_2", recurringEventId="weekly", originalStartTime=original)
    dead = {"id": "dead", "status": "cancelled"}
    many = event("fete", attendees=[{"email": f"p{i}@example.org", "responseStatus": "accepted"} for i in range(5)])
    primary = {
        "id": ANNE,
        "etag": '"1"',
        "summary": "Anne",
        "timeZone": "Europe/Paris",
        "accessRole": "owner",
        "primary": True,
    }
    hidden = {
        "id": "c1@group.calendar.google.com",
        "etag": '"1"',
        "summary": "Salle",
        "accessRole": "reader",
        "hidden": True,
    }
    return [
        Calendar(list_entry=primary, events=[weekly, gone, moved, dead, many]),
        Calendar(list_entry=hidden, events=[]),
    ]


def node(
    identifier: str, name: str, media_type: str, content: Callable[[], bytes] | None = None, **fields: Any
) -> DriveNode:
    exports = fields.pop("exports", {})
    resource = {
        "id": identifier,
        "name": name,
        "mimeType": media_type,
        "parents": ["root1"],
        "trashed": False,
        "ownedByMe": True,
        "owners": [{"emailAddress": ANNE, "me": True, "displayName": "Anne"}],
        "modifiedTime": "2026-02-01T08:00:00.000Z",
        **fields,
    }
    return DriveNode(resource=resource, content=content, exports=exports)


def files() -> list[DriveNode]:
    shared = {
        "ownedByMe": False,
        "owners": [{"emailAddress": BRUNO, "me": False}],
        "sharedWithMeTime": "2026-02-02T00:00:00Z",
    }
    return [
        node("d1", "Dossier", FOLDER),
        node("f1", "a.txt", "text/plain", lambda: b"0123456789", parents=["d1"]),
        node("f2", "b.bin", "application/octet-stream", lambda: b"", trashed=True),
        node("n1", "Statuts", DOCUMENT, exports={ODT: lambda: b"odt", "application/pdf": lambda: b"%PDF"}),
        node("n2", "Gros", DOCUMENT, exports={ODT: lambda: bytes(10 * 2**20 + 1)}),
        node("s1", "partage.txt", "text/plain", lambda: b"s", parents=[], **shared),
        node("s2", "ferme.txt", "text/plain", lambda: b"s", capabilities={"canDownload": False}, **shared),
    ]


def world() -> World:
    anne = GoogleAccount(
        address=ANNE,
        display_name="Anne",
        labels=[{"id": "Label_1", "name": "Projets/2026", "type": "user"}],
        messages=[message(index, labels) for index, labels in enumerate(LABELS)],
        calendars=calendars(),
        files=files(),
        root_id="root1",
    )
    bruno = GoogleAccount(
        address=BRUNO, display_name="Bruno", labels=[], messages=[], calendars=[], files=[], root_id="root2"
    )
    return World(name="Essai", people=[], google={ANNE: anne, BRUNO: bruno})


class Client:
    """google-api-python-client on the stand-in, one service of one account; ``close`` when done."""

    def __init__(
        self, google: GoogleStandIn, service: str, *, account: str = ANNE, scopes: list[str] | None = None
    ) -> None:
        self.credentials = service_account.Credentials.from_service_account_info(
            google.service_account(), scopes=scopes or [ROOT + SCOPES[service]], subject=account
        )
        self.http = google_auth_httplib2.AuthorizedHttp(self.credentials, http=httplib2.Http(timeout=20))
        # The library refreshes for a first batch on a connection of its own, and leaves that open.
        self.credentials.refresh(google_auth_httplib2.Request(self.http.http))
        version, path = VERSIONS[service]
        self.api: Any = build(
            service,
            version,
            http=self.http,
            static_discovery=True,
            cache_discovery=False,
            client_options={"api_endpoint": google.url + path},
        )

    def close(self) -> None:
        self.api.close()
        self.http.close()


def refusal(request: Any) -> tuple[int, str]:
    """Status and reason of the error a request ends with."""
    with pytest.raises(HttpError) as caught:
        request.execute()
    body = json.loads(caught.value.content)["error"]
    assert body["code"] == caught.value.resp.status
    return body["code"], body["errors"][0]["reason"]


def pages(request: Any, following: Callable[[Any, Any], Any], key: str) -> list[list[Any]]:
    """Every page of a listing."""
    found = []
    while request is not None:
        answer = request.execute()
        found.append(answer.get(key, []))
        request = following(request, answer)
    return found
