"""Outlook mail at the stand-in: pages, ids, MIME, MAPI properties, changes."""

from __future__ import annotations

import re
from email import message_from_bytes
from typing import Any

import requests

from migrate.sandbox.faults import Rule
from migrate.sandbox.graph import GraphStandIn
from migrate.sandbox.graph.answers import DELTA_LIVES
from migrate.sandbox.tenant import Json
from tests.sandbox.graph_world import ANNE, application, message, pages, raw

SIZES = "singleValueExtendedProperties($filter=id eq 'Integer 0x0E08' or id eq 'Integer 0x1081')"


def get(session: requests.Session, graph: GraphStandIn, path: str, **headers: str) -> Any:
    answer = session.get(f"{graph.url}/v1.0/users/{ANNE}{path}", headers=headers, timeout=10)
    assert answer.status_code == 200, answer.text
    return answer.json()


def rounds(session: requests.Session, address: str) -> tuple[list[Json], str]:
    """Everything of one round of a delta, and the address of the next round."""
    rows: list[Json] = []
    while True:
        answer = session.get(address, timeout=10).json()
        rows += answer["value"]
        if "@odata.deltaLink" in answer:
            return rows, answer["@odata.deltaLink"]
        address = answer["@odata.nextLink"]


def test_pages_of_ten_unless_asked(graph: GraphStandIn, app: requests.Session) -> None:
    address = f"{graph.url}/v1.0/users/{ANNE}/mailFolders/inbox/messages"
    assert [len(page) for page in pages(app, address)] == [10, 10, 3]
    assert [len(page) for page in pages(app, f"{address}?$top=20")] == [20, 3]
    app.headers["Prefer"] += ", odata.maxpagesize=15"
    assert [len(page) for page in pages(app, address)] == [15, 8]
    assert get(app, graph, "/mailFolders/inbox/messages?$count=true&$top=1")["@odata.count"] == 23
    assert len(get(app, graph, "/mailFolders/inbox/messages?$skip=20")["value"]) == 3


def test_options_are_honoured(graph: GraphStandIn, app: requests.Session) -> None:
    unread = get(app, graph, "/mailFolders/inbox/messages?$filter=isRead eq false&$select=isRead")["value"]
    assert len(unread) == 8
    assert unread[0].keys() == {"id", "isRead", "@odata.etag"}
    since = "receivedDateTime ge 2026-02-25T09:00:00Z"
    recent = get(app, graph, f"/mailFolders/inbox/messages?$filter={since}&$orderby=receivedDateTime&$select=id")
    assert [row["id"][-2:] for row in recent["value"]] == ["05", "04", "03", "02", "01", "00"]
    either = "startswith(subject,'Lettre 1') and (contains(subject,'12') or not (hasAttachments eq false))"
    found = get(app, graph, f"/mailFolders/inbox/messages?$filter={either}&$select=subject")["value"]
    assert {row["subject"] for row in found} == {"Lettre 10", "Lettre 12", "Lettre 15"}
    flagged = get(app, graph, "/messages?$filter=flag/flagStatus eq 'flagged' or categories/any(c:c eq 'Bleu')")
    assert [row["categories"] for row in flagged["value"]] == [["Rouge"]]


def test_folders_are_one_level_and_hidden_ones_are_asked_for(graph: GraphStandIn, app: requests.Session) -> None:
    root = f"{graph.url}/v1.0/users/{ANNE}/mailFolders"
    seen = [row for page in pages(app, root) for row in page]
    assert [len(page) for page in pages(app, root)] == [10, 1]
    assert "hidden" not in {row["id"] for row in seen}
    assert [row["id"] for row in seen if row.get("@odata.type")] == ["search"]
    everything = get(app, graph, "/mailFolders?includeHiddenFolders=true&$top=100")["value"]
    assert {row["id"] for row in everything} == {row["id"] for row in seen} | {"hidden"}
    assert [row["displayName"] for row in get(app, graph, "/mailFolders/inbox/childFolders")["value"]] == ["Projets"]
    inbox = get(app, graph, "/mailFolders/INBOX")
    assert (inbox["totalItemCount"], inbox["unreadItemCount"], inbox["childFolderCount"]) == (23, 8, 1)
    rows, _ = rounds(app, f"{root}/delta")
    assert {"projects", "p2026", "archive"} <= {row["id"] for row in rows}


def test_default_ids_change_with_the_folder_and_immutable_ones_stay(graph: GraphStandIn, app: requests.Session) -> None:
    with application(graph, immutable=False) as plain:
        before = get(plain, graph, "/mailFolders/inbox/messages?$top=1")["value"][0]["id"]
        stable = get(app, graph, "/mailFolders/inbox/messages?$top=1")["value"][0]["id"]
        assert before != stable
        graph.edit.move_message(ANNE, stable, "archive")
        assert get(app, graph, f"/messages/{stable}")["parentFolderId"] == "archive"
        moved = plain.get(f"{graph.url}/v1.0/users/{ANNE}/messages/{before}", timeout=10)
        assert moved.status_code == 404
        elsewhere = get(plain, graph, "/mailFolders/archive/messages?$top=1")["value"][0]["id"]
        assert elsewhere not in (before, stable)


def test_mime_is_rebuilt_but_says_the_same(graph: GraphStandIn, app: requests.Session) -> None:
    address = f"{graph.url}/v1.0/users/{ANNE}/messages/AAkALgAA00000005/$value"
    first, second = (app.get(address, timeout=10).content for _ in range(2))
    assert len({first, second, raw(5)}) == 3
    original, fetched = message_from_bytes(raw(5)), message_from_bytes(first)
    assert fetched["Message-ID"] == original["Message-ID"]
    parts = [[part.get_payload(decode=True) for part in whole.walk()] for whole in (original, fetched)]
    assert parts[0] == parts[1]
    assert first.startswith(b"X-MS-Exchange-")
    rows = get(app, graph, "/messages/AAkALgAA00000005/attachments")["value"]
    assert [(row["name"], row["contentBytes"]) for row in rows] == [("a.pdf", "JVBERg==")]
    graph.house.rebuilds_mime = False
    assert app.get(address, timeout=10).content == raw(5)


def test_sizes_and_verbs_come_with_the_listing(graph: GraphStandIn, app: requests.Session) -> None:
    rows = get(app, graph, f"/messages?$select=id&$expand={SIZES}&$top=100")["value"]
    known = {row["id"]: {one["id"]: one["value"] for one in row["singleValueExtendedProperties"]} for row in rows}
    assert known["AAkALgAA00000005"] == {"Integer 0xe08": str(len(raw(5)))}
    assert known["AAkALgAA00000030"]["Integer 0x1081"] == "102"
    assert known["AAkALgAA00000032"]["Integer 0x1081"] == "104"


def test_a_delta_tells_what_came_went_moved_and_changed(graph: GraphStandIn, app: requests.Session) -> None:
    address = f"{graph.url}/v1.0/users/{ANNE}/mailFolders/inbox/messages/delta?$select=isRead"
    rows, following = rounds(app, address)
    assert len(rows) == 23
    assert rounds(app, following)[0] == []
    graph.edit.add_message(ANNE, message(40, "inbox"))
    graph.edit.change_message(ANNE, "AAkALgAA00000001", isRead=False)
    graph.edit.move_message(ANNE, "AAkALgAA00000002", "archive")
    graph.edit.remove_message(ANNE, "AAkALgAA00000003")
    rows, following = rounds(app, following)
    told = {row["id"][-2:]: row.get("@removed", {}).get("reason", row.get("isRead")) for row in rows}
    assert told == {"40": True, "01": False, "02": "deleted", "03": "deleted"}
    assert all("subject" not in row for row in rows)
    assert rounds(app, following)[0] == []
    archived, _ = rounds(app, address.replace("inbox", "archive"))
    assert "AAkALgAA00000002" in {row["id"] for row in archived}


def test_what_changes_while_a_round_is_read_is_told_in_the_next(graph: GraphStandIn, app: requests.Session) -> None:
    first = app.get(f"{graph.url}/v1.0/users/{ANNE}/mailFolders/inbox/messages/delta", timeout=10).json()
    graph.edit.change_message(ANNE, "AAkALgAA00000001", isRead=False)
    _, following = rounds(app, first["@odata.nextLink"])
    assert [row["id"] for row in rounds(app, following)[0]] == ["AAkALgAA00000001"]


def test_a_delta_is_forgotten(graph: GraphStandIn, app: requests.Session) -> None:
    address = f"{graph.url}/v1.0/users/{ANNE}/mailFolders/inbox/messages/delta"
    _, following = rounds(app, address)
    graph.faults.add(Rule(kind="expire-cursors", query="deltatoken"))
    gone = app.get(following, timeout=10)
    assert (gone.status_code, gone.json()["error"]["code"]) == (410, "syncStateNotFound")
    assert app.get(following, timeout=10).status_code == 200
    graph.clock.advance(DELTA_LIVES + 60)
    with application(graph) as later:
        assert later.get(following, timeout=10).status_code == 410


def test_tokens_are_opaque_and_bound_to_their_listing(graph: GraphStandIn, app: requests.Session) -> None:
    address = get(app, graph, "/mailFolders/inbox/messages")["@odata.nextLink"]
    token = re.search(r"skiptoken=([\w-]+)", address)
    assert token is not None
    elsewhere = f"{graph.url}/v1.0/users/{ANNE}/mailFolders/sentitems/messages?$skiptoken={token.group(1)}"
    assert app.get(elsewhere, timeout=10).status_code == 400
