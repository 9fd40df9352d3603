"""The association's own tenant, read whole: every answer fits Microsoft's schema, and the figures are the profile's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from migrate.sandbox.association import association
from migrate.sandbox.association.people import MICROSOFT_MEMBERS
from migrate.sandbox.graph import GraphStandIn
from migrate.sandbox.tenant import MicrosoftAccount
from tests.sandbox.graph_world import application, certificate, pages

CAMILLE = MICROSOFT_MEMBERS[0].address
SERIES = "$select=exceptionOccurrences,cancelledOccurrences&$expand=exceptionOccurrences"


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[GraphStandIn, requests.Session]]:
    with (
        GraphStandIn(association("small").microsoft, certificate=certificate()) as graph,
        application(graph) as session,
    ):
        yield graph, session
        assert graph.defects == []


def rows(served: tuple[GraphStandIn, requests.Session], path: str) -> list[Any]:
    graph, session = served
    return [row for page in pages(session, f"{graph.url}/v1.0/{path}") for row in page]


def folders(served: tuple[GraphStandIn, requests.Session], path: str) -> Iterator[Any]:
    for row in rows(served, f"{path}?includeHiddenFolders=true"):
        yield row
        if row["childFolderCount"]:
            below = path.partition("/mailFolders")[0]
            yield from folders(served, f"{below}/mailFolders/{row['id']}/childFolders")


def account(address: str) -> MicrosoftAccount:
    return association("small").microsoft.accounts[address]


@pytest.mark.parametrize("member", MICROSOFT_MEMBERS, ids=lambda member: member.login)
def test_all_of_a_person_fits_the_schema(served: tuple[GraphStandIn, requests.Session], member: Any) -> None:
    user, held = f"users/{member.address}", account(member.address)
    tree = list(folders(served, f"{user}/mailFolders"))
    assert len({row["id"] for row in tree}) == len(tree) == len(held.folders) - 1
    assert sum(row["totalItemCount"] for row in tree) == len(held.messages) == 52
    assert len(rows(served, f"{user}/messages")) == len(held.messages)
    for calendar in rows(served, f"{user}/calendars"):
        for event in rows(served, f"{user}/calendars/{calendar['id']}/events"):
            graph, session = served
            one = f"{graph.url}/v1.0/{user}/calendars/{calendar['id']}/events/{event['id']}?{SERIES}"
            assert session.get(one, timeout=10).status_code == 200
            assert len(rows(served, f"{user}/calendars/{calendar['id']}/events/{event['id']}/attachments")) < 2
    for folder in ["contacts", *(row["id"] for row in rows(served, f"{user}/contactFolders"))]:
        assert rows(served, f"{user}/contactFolders/{folder}/contacts")
    for found in rows(served, f"{user}/todo/lists"):
        rows(served, f"{user}/todo/lists/{found['id']}/tasks?$expand=checklistItems,linkedResources,attachments")
    assert held.drive is not None
    listed = {row["id"] for row in rows(served, f"{user}/drive/root/delta")}
    assert listed == {item.resource["id"] for item in held.drive.items}


def test_recurrences_cover_every_pattern_and_every_end() -> None:
    rules = [event["recurrence"] for event in account(CAMILLE).calendars[0].events if event.get("recurrence")]
    kinds = Counter(rule["pattern"]["type"] for rule in rules)
    assert set(kinds) == {
        "daily",
        "weekly",
        "absoluteMonthly",
        "relativeMonthly",
        "absoluteYearly",
        "relativeYearly",
    }
    assert {rule["range"]["type"] for rule in rules} == {"endDate", "noEnd", "numbered"}


def test_a_folder_is_shared_with_somebody_at_google() -> None:
    world = association("small")
    drive = world.microsoft.accounts[CAMILLE].drive
    assert drive is not None
    readers = {
        given.get("grantedToV2", {}).get("user", {}).get("email") for item in drive.items for given in item.permissions
    }
    assert readers & set(world.google)


def test_the_same_profile_gives_the_same_tenant() -> None:
    first, second = (account(CAMILLE) for _ in range(2))
    assert [message.raw() for message in first.messages] == [message.raw() for message in second.messages]
    assert [calendar.events for calendar in first.calendars] == [calendar.events for calendar in second.calendars]
    assert len(association("medium").microsoft.accounts[CAMILLE].messages) == 500
