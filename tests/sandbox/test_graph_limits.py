"""Throttling, concurrency, batches and faults at the stand-in."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from migrate.sandbox.faults import Rule
from migrate.sandbox.graph import GraphStandIn
from tests.sandbox.graph_world import ANNE, BRUNO, application

INBOX = f"/users/{ANNE}/mailFolders/inbox"


def batch(session: requests.Session, graph: GraphStandIn, *parts: dict[str, Any]) -> Any:
    return session.post(f"{graph.url}/v1.0/$batch", json={"requests": list(parts)}, timeout=20)


def part(number: int, url: str, **more: Any) -> dict[str, Any]:
    return {"id": str(number), "method": "GET", "url": url, **more}


def test_a_mailbox_has_its_ten_minutes(graph: GraphStandIn, app: requests.Session) -> None:
    graph.quota.mailbox = 5
    statuses = [app.get(f"{graph.url}/v1.0{INBOX}", timeout=10).status_code for _ in range(6)]
    assert statuses == [200] * 5 + [429]
    other = app.get(f"{graph.url}/v1.0/users/{BRUNO}/mailFolders/inbox", timeout=10)
    assert other.status_code == 200
    refused = app.get(f"{graph.url}/v1.0{INBOX}", timeout=10)
    assert refused.json()["error"]["code"] == "ApplicationThrottled"
    graph.clock.advance(float(refused.headers["Retry-After"]))
    assert app.get(f"{graph.url}/v1.0{INBOX}", timeout=10).status_code == 200


def test_a_fifth_request_in_progress_is_refused(graph: GraphStandIn) -> None:
    gate, busy = threading.Event(), threading.Semaphore(0)
    for message in graph.tenant.accounts[ANNE].messages[:1]:
        content = message.raw()

        def slow(content: bytes = content) -> bytes:
            busy.release()
            gate.wait(10)
            return content

        message.raw = slow
    address = f"{graph.url}/v1.0/users/{ANNE}/messages/AAkALgAA00000000/$value"

    def fetch() -> requests.Response:
        with application(graph) as session:
            return session.get(address, timeout=20)

    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(fetch) for _ in range(4)]
        for _ in waiting:
            assert busy.acquire(timeout=10)
        refused = fetch()
        gate.set()
        assert [done.result().status_code for done in waiting] == [200] * 4
    assert refused.status_code == 429
    assert "MailboxConcurrency" in refused.json()["error"]["message"]
    assert int(refused.headers["Retry-After"]) >= 1
    assert graph.quota.most[ANNE] == 4


def test_parts_of_a_batch_fail_one_by_one(graph: GraphStandIn, app: requests.Session) -> None:
    graph.quota.mailbox = 3
    answer = batch(
        app,
        graph,
        part(1, f"{INBOX}?$select=id"),
        part(2, f"{INBOX}/messages/nothing"),
        part(3, f"{INBOX}/messages?$top=1&$select=id", headers={"Prefer": 'IdType="ImmutableId"'}),
        part(4, INBOX),
        part(5, "/users/nobody@example.org"),
        part(6, INBOX, dependsOn=["5"]),
    ).json()["responses"]
    by_id = {row["id"]: row for row in answer}
    assert {name: row["status"] for name, row in by_id.items()} == {
        "1": 200, "2": 404, "3": 200, "4": 429, "5": 404, "6": 424,
    }  # fmt: skip
    assert "Retry-After" in by_id["4"]["headers"]
    assert by_id["3"]["body"]["value"][0]["id"].startswith("AAkA")


def test_contents_in_a_batch_are_in_base64(graph: GraphStandIn, app: requests.Session) -> None:
    row = batch(app, graph, part(1, f"{INBOX}/messages/AAkALgAA00000001/$value")).json()["responses"][0]
    assert row["status"] == 200
    assert row["body"].startswith("WC1NUy1FeGNoYW5nZS")


@pytest.mark.parametrize(
    "parts",
    [
        [part(number, INBOX) for number in range(21)],
        [part(1, INBOX), part(1, INBOX)],
        [{"id": "1", "url": INBOX}],
        [part(1, INBOX, dependsOn=["2"])],
    ],
)
def test_a_malformed_batch_is_refused_whole(
    graph: GraphStandIn, app: requests.Session, parts: list[dict[str, Any]]
) -> None:
    assert batch(app, graph, *parts).status_code == 400


def test_faults_come_to_order(graph: GraphStandIn, app: requests.Session) -> None:
    address = f"{graph.url}/v1.0{INBOX}"
    graph.faults.set(
        [
            Rule(kind="status", path="/mailFolders/", status=503, retry_after=7),
            Rule(kind="cut-during", path="/mailFolders/"),
            Rule(kind="status", path="/mailFolders/", status=429, retry_after=3),
        ]
    )
    down = app.get(address, timeout=10)
    assert (down.status_code, down.headers["Retry-After"], down.json()["error"]["code"]) == (
        503,
        "7",
        "ServiceUnavailable",
    )
    with pytest.raises((requests.exceptions.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        app.get(address, timeout=10)
    assert app.get(address, timeout=10).json()["error"]["code"] == "ApplicationThrottled"
    assert app.get(address, timeout=10).status_code == 200
    control = app.put(f"{graph.url}/_sandbox/faults", json=[{"kind": "status", "status": 500}], timeout=10)
    assert control.status_code == 200
    assert app.get(address, timeout=10).status_code == 500
