"""Gmail, read with Google's own client."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

from migrate.sandbox.google import GoogleStandIn
from migrate.sandbox.journal import KEPT_SECONDS
from tests.sandbox.google_world import ANNE, BRUNO, ROOT, Client, message, pages, raw, refusal


def ids(gmail: Any, **query: Any) -> list[int]:
    messages = gmail.messages()
    request = messages.list(userId="me", **query)
    return [int(found["id"], 16) for page in pages(request, messages.list_next, "messages") for found in page]


def test_profile_counts_messages_and_threads(gmail: Any) -> None:
    assert gmail.getProfile(userId=ANNE).execute() == {
        "emailAddress": ANNE,
        "messagesTotal": 7,
        "threadsTotal": 4,
        "historyId": "1000",
    }


def test_another_mailbox_is_refused(gmail: Any) -> None:
    assert refusal(gmail.getProfile(userId=BRUNO)) == (403, "forbidden")


def test_labels_are_listed_without_counts_and_told_one_by_one_with_them(gmail: Any) -> None:
    labels = {label["id"]: label for label in gmail.labels().list(userId="me").execute()["labels"]}
    assert labels["Label_1"] == {"id": "Label_1", "name": "Projets/2026", "type": "user"}
    assert labels["INBOX"]["type"] == "system"
    inbox = gmail.labels().get(userId="me", id="INBOX").execute()
    assert (inbox["messagesTotal"], inbox["messagesUnread"], inbox["threadsTotal"]) == (2, 1, 1)
    assert refusal(gmail.labels().get(userId="me", id="Label_9")) == (404, "notFound")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, [0, 1, 2, 3, 6]),
        ({"includeSpamTrash": True}, [0, 1, 2, 3, 4, 5, 6]),
        ({"labelIds": ["INBOX", "Label_1"]}, [1]),
        ({"labelIds": ["Label_1"], "includeSpamTrash": True}, [1, 5, 6]),
        ({"labelIds": ["TRASH"]}, []),
        ({"q": "larger:3500"}, [3, 6]),
        ({"q": "smaller:2K in:inbox"}, [0, 1]),
        ({"q": "in:trash"}, [5]),
        ({"q": "in:anywhere -in:inbox larger:1k"}, [2, 3, 4, 5, 6]),
        ({"q": "label:projets-2026"}, [1, 6]),
        ({"q": 'label:"Projets/2026"'}, [1, 6]),
        ({"q": "after:2023/11/13"}, [0, 1]),
        ({"q": "before:1699800000"}, [3, 6]),
    ],
)
def test_listing_obeys_labels_and_search(gmail: Any, query: dict[str, Any], expected: list[int]) -> None:
    assert ids(gmail, **query) == expected
    assert ids(gmail, maxResults=1, **query) == expected


def test_what_the_search_does_not_know_is_refused(gmail: Any) -> None:
    for text in ("has:attachment", "bonjour", "larger:x", "after:hier"):
        assert refusal(gmail.messages().list(userId="me", q=text))[0] == 400
    assert refusal(gmail.messages().list(userId="me", labelIds=["Label_9"]))[0] == 400


def test_raw_is_the_bytes_with_labels_and_internal_date(gmail: Any) -> None:
    found = gmail.messages().get(userId="me", id=f"{1:016x}", format="raw").execute()
    assert base64.urlsafe_b64decode(found.pop("raw")) == raw(1)
    assert found == {
        "id": f"{1:016x}",
        "threadId": f"{0:016x}",
        "labelIds": ["INBOX", "Label_1"],
        "snippet": "",
        "sizeEstimate": 2000,
        "historyId": "1000",
        "internalDate": "1699913600000",
    }


def test_minimal_metadata_and_full(gmail: Any) -> None:
    messages, one = gmail.messages(), f"{3:016x}"
    assert "labelIds" not in messages.get(userId="me", id=one, format="minimal").execute()
    payload = messages.get(userId="me", id=one, format="metadata", metadataHeaders=["message-id"]).execute()["payload"]
    assert payload["headers"] == [{"name": "Message-ID", "value": "<3@example.org>"}]
    assert refusal(messages.get(userId="me", id=one))[0] == 400
    assert refusal(messages.get(userId="me", id="f" * 16, format="raw")) == (404, "notFound")


def test_the_metadata_scope_sees_neither_bodies_nor_searches(client: Callable[..., Client]) -> None:
    gmail = client("gmail", scopes=[f"{ROOT}gmail.metadata"]).api.users()
    assert ids(gmail) == [0, 1, 2, 3, 6]
    assert refusal(gmail.messages().list(userId="me", q="in:inbox")) == (403, "forbidden")
    assert refusal(gmail.messages().get(userId="me", id=f"{0:016x}", format="raw")) == (403, "forbidden")


def test_history_tells_edits_since_a_profile(google: GoogleStandIn, gmail: Any) -> None:
    start = gmail.getProfile(userId="me").execute()["historyId"]
    google.edit.add_message(ANNE, message(20, ("INBOX", "UNREAD")))
    google.edit.relabel(ANNE, f"{20:016x}", add=["Label_1"], remove=["UNREAD"])
    google.edit.remove_message(ANNE, f"{0:016x}")
    request = gmail.history().list(userId="me", startHistoryId=start, maxResults=1)
    records = [record for page in pages(request, gmail.history().list_next, "history") for record in page]
    assert [sorted(set(record) - {"id", "messages"}) for record in records] == [
        ["messagesAdded"],
        ["labelsAdded"],
        ["labelsRemoved"],
        ["messagesDeleted"],
    ]
    assert records[1]["labelsAdded"][0]["labelIds"] == ["Label_1"]
    assert ids(gmail) == [20, 1, 2, 3, 6]
    only = gmail.history().list(userId="me", startHistoryId=start, historyTypes=["messageDeleted"]).execute()
    assert len(only["history"]) == 1
    assert only["historyId"] == gmail.getProfile(userId="me").execute()["historyId"] == "1004"


def test_history_is_forgotten_after_a_week(google: GoogleStandIn, gmail: Any) -> None:
    google.edit.relabel(ANNE, f"{0:016x}", remove=["UNREAD"])
    google.edit.relabel(ANNE, f"{0:016x}", add=["UNREAD"])
    google.clock.advance(KEPT_SECONDS + 1)
    google.edit.relabel(ANNE, f"{0:016x}", add=["STARRED"])
    assert refusal(gmail.history().list(userId="me", startHistoryId="1000")) == (404, "notFound")
    assert refusal(gmail.history().list(userId="me", startHistoryId="1")) == (404, "notFound")
    kept = gmail.history().list(userId="me", startHistoryId="1002").execute()
    assert len(kept["history"]) == 1


def test_a_page_token_belongs_to_its_listing_and_dies(google: GoogleStandIn, gmail: Any) -> None:
    messages = gmail.messages()
    token = messages.list(userId="me", maxResults=2).execute()["nextPageToken"]
    assert refusal(messages.list(userId="me", pageToken=token, q="in:inbox"))[0] == 400
    assert refusal(messages.list(userId="me", pageToken="AB"[token[0] == "A"] + token[1:]))[0] == 400
    google.edit.add_message(ANNE, message(20, ("INBOX",)))
    after = messages.list(userId="me", pageToken=token, maxResults=2).execute()["messages"]
    assert [int(found["id"], 16) for found in after] == [2, 3]
    google.clock.advance(2 * 86400)
    assert refusal(messages.list(userId="me", pageToken=token))[0] == 400
