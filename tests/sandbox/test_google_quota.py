"""Quotas on a hurried clock."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from migrate.sandbox.clock import Clock
from migrate.sandbox.faults import Rule
from migrate.sandbox.google import GoogleStandIn
from migrate.sandbox.google.discovery import router
from migrate.sandbox.google.errors import GoogleError
from migrate.sandbox.google.quota import Quota, price
from tests.sandbox.google_world import ANNE, BRUNO, Client, refusal


def reason(quota: Quota, service: str, account: str, units: int) -> str:
    with pytest.raises(GoogleError) as caught:
        quota.spend(service, account, units)
    assert caught.value.status in (403, 429)
    return caught.value.reason


def test_prices_are_the_published_ones() -> None:
    paths = {
        "/gmail/v1/users/me/messages/1": 20,
        "/gmail/v1/users/me/messages": 5,
        "/gmail/v1/users/me/history": 2,
        "/gmail/v1/users/me/labels": 1,
        "/gmail/v1/users/me/labels/x": 1,
        "/gmail/v1/users/me/profile": 1,
        "/calendar/v3/calendars/x/events": 1,
        "/drive/v3/files": 100,
        "/drive/v3/files/x": 5,
        "/drive/v3/files/x/export": 200,
        "/drive/v3/about": 5,
    }
    assert {path: price(router().find("GET", path)[0], media=False) for path in paths} == paths
    assert price(router().find("GET", "/drive/v3/files/x")[0], media=True) == 200


@pytest.mark.parametrize(
    ("service", "user", "project"), [("gmail", 6_000, 200), ("calendar", 600, 16), ("drive", 325_000, 3)]
)
def test_a_minute_holds_so_much_for_a_user_and_so_much_for_the_project(service: str, user: int, project: int) -> None:
    clock = Clock()
    clock.advance(60 - clock.now() % 60)
    quota = Quota(clock)
    quota.spend(service, ANNE, user)
    assert "ateLimitExceeded" in reason(quota, service, ANNE, 1)
    for index in range(project - 1):
        quota.spend(service, str(index), user)
    assert reason(quota, service, BRUNO, user) == "rateLimitExceeded"
    clock.advance(60)
    quota.spend(service, ANNE, user)


def test_a_hurried_minute_passes_in_a_second(google: GoogleStandIn, gmail: Any) -> None:
    google.clock.advance(60 - google.clock.now() % 60)
    google.quota.spend("gmail", ANNE, 5_990)
    read = gmail.messages().get(userId="me", id=f"{0:016x}", format="raw")
    assert refusal(read) == (403, "userRateLimitExceeded")
    google.clock.speed = 120
    time.sleep(0.6)
    assert read.execute()["id"] == f"{0:016x}"


def test_the_calendar_counts_requests(google: GoogleStandIn, calendar: Any) -> None:
    google.clock.advance(60 - google.clock.now() % 60)
    google.quota.spend("calendar", ANNE, 600)
    assert refusal(calendar.colors().get()) == (403, "rateLimitExceeded")


def test_too_many_at_once_for_one_user(google: GoogleStandIn, client: Callable[..., Client]) -> None:
    google.quota.concurrent = 2
    seen: list[str] = []
    slow = threading.Event()
    google.world.google[ANNE].messages[0].raw = lambda: (slow.wait(10), b"x")[1]
    clients = [client("gmail") for _ in range(2)]

    def read(made: Client) -> None:
        seen.append(made.api.users().messages().get(userId="me", id=f"{0:016x}", format="raw").execute()["raw"])

    threads = [threading.Thread(target=read, args=(made,)) for made in clients]
    for thread in threads:
        thread.start()
    while google.quota.in_progress(ANNE) < 2:
        time.sleep(0.01)
    assert refusal(client("gmail").api.users().getProfile(userId="me")) == (429, "rateLimitExceeded")
    assert client("calendar").api.colors().get().execute()
    slow.set()
    for thread in threads:
        thread.join()
    assert seen == ["eA==", "eA=="]


def test_a_rule_can_refuse_with_retry_after(google: GoogleStandIn, client: Callable[..., Client]) -> None:
    made = client("gmail")
    google.faults.set([Rule(kind="status", status=429, path="/profile$", retry_after=7)])
    answer, _ = made.http.request(f"{google.url}/gmail/v1/users/me/profile")
    assert (answer.status, answer["retry-after"]) == (429, "7")


def test_the_clock_keeps_what_has_passed_when_it_changes_speed() -> None:
    clock = Clock(speed=1000)
    start = clock.now()
    time.sleep(0.05)
    clock.speed = 0.001
    assert 40 < clock.now() - start < 40_000
    still = clock.now()
    clock.advance(5)
    assert 5 <= clock.now() - still < 6
    assert clock.today().timestamp() >= still + 5 - 1e-6  # a datetime holds whole microseconds
    for nonsense in (0, -1):
        with pytest.raises(ValueError):
            clock.speed = nonsense
    with pytest.raises(ValueError):
        clock.advance(-1)
