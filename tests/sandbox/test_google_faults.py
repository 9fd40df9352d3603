"""Faults to order, the request log, and the sandbox's own door."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from typing import Any

import httplib2
import pytest
import requests

from migrate.sandbox.clock import Clock
from migrate.sandbox.faults import KINDS, Faults, Rule
from migrate.sandbox.google import GoogleStandIn
from tests.sandbox.google_world import Client, refusal


@pytest.mark.parametrize(
    ("status", "reason", "expected"),
    [(403, "", "userRateLimitExceeded"), (429, "", "rateLimitExceeded"), (503, "", "backendError"), (403, "x", "x")],
)
def test_an_ordered_status_reads_as_googles(
    google: GoogleStandIn, gmail: Any, status: int, reason: str, expected: str
) -> None:
    google.faults.set([Rule(kind="status", status=status, reason=reason, path="/profile$")])
    assert refusal(gmail.getProfile(userId="me")) == (status, expected)
    assert gmail.getProfile(userId="me").execute()
    assert google.faults.fired == 1


def test_rules_name_method_path_and_query_and_count(google: GoogleStandIn, gmail: Any) -> None:
    google.faults.set(
        [Rule(kind="status", status=500, method="GET", path="/messages$", query="maxResults=1", skip=1, times=2)]
    )
    listing = gmail.messages().list(userId="me", maxResults=1)
    assert listing.execute()
    assert refusal(listing)[0] == 500
    assert gmail.messages().list(userId="me").execute()
    assert refusal(listing)[0] == 500
    assert listing.execute()


def test_a_probability_with_a_seed_repeats_itself() -> None:
    def run() -> list[bool]:
        faults = Faults(Clock())
        faults.add(Rule(kind="status", times=None, probability=0.5, seed=3))
        environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/"}
        return [faults._first(environ) is not None for _ in range(50)]

    assert run() == run()
    assert 10 < sum(run()) < 40


@pytest.mark.parametrize(("kind", "done"), [("cut-before", 0), ("cut-after", 1), ("cut-during", 1)])
def test_connections_are_cut(google: GoogleStandIn, client: Callable[..., Client], kind: str, done: int) -> None:
    token = client("drive").credentials.token
    google.faults.set([Rule(kind=kind, path="files/f1")])
    connection = http.client.HTTPConnection(google.url.removeprefix("http://"), timeout=10)
    connection.request("GET", "/drive/v3/files/f1?alt=media", headers={"Authorization": f"Bearer {token}"})
    with pytest.raises((http.client.RemoteDisconnected, http.client.IncompleteRead, ConnectionResetError)):
        connection.getresponse().read()
    connection.close()
    line = google.log.lines[-1]
    assert line.operation == ("drive.files.get" if done else "")
    assert line.status == (200 if kind == "cut-during" else 0)


def test_slow_waits_in_sandbox_time(google: GoogleStandIn, gmail: Any) -> None:
    google.clock.speed = 1000
    google.faults.set([Rule(kind="slow", seconds=100, path="/profile$")])
    before = google.clock.now()
    gmail.getProfile(userId="me").execute()
    assert google.clock.now() - before >= 100


def test_cursors_expire_by_order(google: GoogleStandIn, gmail: Any) -> None:
    google.faults.set([Rule(kind="expire-cursors", times=2)])
    token = gmail.messages().list(userId="me", maxResults=1).execute()["nextPageToken"]
    assert refusal(gmail.messages().list(userId="me", pageToken=token))[0] == 400
    google.faults.set([Rule(kind="expire-cursors")])
    assert refusal(gmail.history().list(userId="me", startHistoryId="1000")) == (404, "notFound")


def test_the_door_orders_faults_hurries_the_clock_and_shows_the_log(google: GoogleStandIn, gmail: Any) -> None:
    door = f"{google.url}/_sandbox"
    rules = [{"kind": "status", "path": "/profile$", "status": 429, "retry_after": 2}]
    assert requests.put(f"{door}/faults", json=rules, timeout=10).status_code == 200
    assert refusal(gmail.getProfile(userId="me")) == (429, "rateLimitExceeded")
    assert requests.post(f"{door}/clock", json={"speed": 60}, timeout=10).json()["speed"] == 60
    gmail.messages().list(userId="me", q="in:inbox").execute()
    lines = [json.loads(line) for line in requests.get(f"{door}/log", timeout=10).text.splitlines()]
    assert [(line["status"], line["units"], line["query"]) for line in lines[-2:]] == [
        (429, 0, ["alt"]),
        (200, 5, ["alt", "q"]),
    ]
    assert "in:inbox" not in str(lines)
    assert requests.get(f"{door}/defects", timeout=10).json() == []
    assert requests.delete(f"{door}/log", timeout=10).status_code == 200
    assert google.log.lines == []
    assert not google.log.by_method


@pytest.mark.parametrize(
    ("method", "path", "order", "status"),
    [
        ("PUT", "faults", [{"kind": "fire"}], 400),
        ("PUT", "faults", [{"path": "/"}], 400),
        ("PUT", "faults", [{"kind": "slow", "speed": 3}], 400),
        ("PUT", "faults", [{"kind": "slow", "path": "("}], 400),
        ("POST", "clock", {"speed": 0}, 400),
        ("POST", "clock", {"advance": -1}, 400),
        ("GET", "nothing", None, 404),
    ],
)
def test_the_door_refuses_nonsense(google: GoogleStandIn, method: str, path: str, order: Any, status: int) -> None:
    answer = requests.request(method, f"{google.url}/_sandbox/{path}", json=order, timeout=10)
    assert answer.status_code == status


def test_every_kind_has_a_rule() -> None:
    assert [Rule(kind=kind).kind for kind in KINDS] == list(KINDS)


def test_the_port_is_free_after_stop(google: GoogleStandIn) -> None:
    google.stop()
    with pytest.raises(OSError):
        httplib2.Http(timeout=2).request(google.url)
