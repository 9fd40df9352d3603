"""Batches: parts answered one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from googleapiclient.errors import HttpError
from googleapiclient.http import BatchHttpRequest

from migrate.sandbox.faults import Rule
from migrate.sandbox.google import GoogleStandIn
from tests.sandbox.google_world import ANNE, Client, message

Outcome = dict[str, str | int]


def run(google: GoogleStandIn, requests: list[Any], path: str = "/batch/gmail/v1") -> Outcome:
    found: Outcome = {}

    def told(identifier: str, answer: Any, error: HttpError | None) -> None:
        found[identifier] = error.resp.status if error else answer["id"]

    batch = BatchHttpRequest(callback=told, batch_uri=google.url + path)
    for index, request in enumerate(requests):
        batch.add(request, request_id=str(index))
    batch.execute()
    return found


def test_each_part_has_its_own_answer(google: GoogleStandIn, gmail: Any) -> None:
    wanted = [gmail.messages().get(userId="me", id=f"{i:016x}", format="raw") for i in (0, 99, 3)]
    for path in ("/batch", "/batch/gmail/v1"):
        assert run(google, wanted, path) == {"0": f"{0:016x}", "1": 404, "2": f"{3:016x}"}
    spent = [line.units for line in google.log.lines if line.operation == "gmail.users.messages.get"]
    assert spent == [20] * 6


def test_one_part_can_be_refused_while_others_pass(google: GoogleStandIn, gmail: Any) -> None:
    google.faults.add(Rule(kind="status", path=f"messages/{1:016x}", status=429))
    wanted = [gmail.messages().get(userId="me", id=f"{i:016x}", format="raw") for i in (0, 1, 2)]
    assert run(google, wanted) == {"0": f"{0:016x}", "1": 429, "2": f"{2:016x}"}
    assert run(google, wanted[1:2]) == {"0": f"{1:016x}"}


def test_a_batch_of_n_counts_n(google: GoogleStandIn, gmail: Any) -> None:
    for index in range(100, 450):
        google.edit.add_message(ANNE, message(index, ()))
    wanted = [gmail.messages().get(userId="me", id=f"{i:016x}", format="minimal") for i in range(100, 450)]
    outcomes = [value for start in (0, 100, 200, 300) for value in run(google, wanted[start : start + 100]).values()]
    # 6,000 units a minute at 20 each; the window may turn once while the test runs.
    assert outcomes.count(403) == 50 or google.log.by_status[403] < 50
    assert outcomes[0] == f"{100:016x}"


def test_more_than_a_hundred_parts_are_refused_whole(google: GoogleStandIn, client: Callable[..., Client]) -> None:
    http = client("gmail").http
    part = "--b\r\nContent-Type: application/http\r\n\r\nGET /gmail/v1/users/me/profile HTTP/1.1\r\n\r\n"
    headers = {"content-type": "multipart/mixed; boundary=b"}
    answer, _ = http.request(f"{google.url}/batch", "POST", body=part * 101 + "--b--", headers=headers)
    assert answer.status == 400
    answer, content = http.request(f"{google.url}/batch", "POST", body=part * 2 + "--b--", headers=headers)
    assert answer.status == 200
    assert content.count(b"HTTP/1.1 200 OK") == 2


def test_a_batch_serves_its_own_api_only(google: GoogleStandIn, gmail: Any, drive: Any) -> None:
    assert run(google, [drive.files().get(fileId="f1")]) == {"0": 404}
    assert run(google, [drive.files().get(fileId="f1")], "/batch/drive/v3") == {"0": "f1"}
    assert run(google, [gmail.labels().delete(userId="me", id="Label_1")]) == {"0": 403}


def test_a_lost_reply_loses_the_whole_batch(google: GoogleStandIn, gmail: Any) -> None:
    google.faults.add(Rule(kind="cut-after", path="^/batch", times=None))
    with pytest.raises(OSError):
        run(google, [gmail.messages().get(userId="me", id=f"{0:016x}", format="raw")])
    assert google.log.by_operation["gmail.users.messages.get"] >= 1
    assert google.log.by_status[0] >= 1
