"""OneDrive and SharePoint at the stand-in: changes, checksums, downloads that end, permissions, units."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path
from typing import Any

import pytest
import requests

from migrate.sandbox.faults import Rule
from migrate.sandbox.graph import GraphStandIn
from migrate.sandbox.graph.hashes import hashes, quick_xor
from tests.sandbox.graph_items import item
from tests.sandbox.graph_world import ANNE, BRUNO, person, plain
from tests.servers import require

DRIVE = f"/users/{ANNE}/drive"


def get(session: requests.Session, graph: GraphStandIn, path: str, **headers: str) -> Any:
    answer = session.get(f"{graph.url}/v1.0{path}", headers=headers, timeout=10)
    assert answer.status_code == 200, answer.text
    return answer.json()


def located(session: requests.Session, graph: GraphStandIn, path: str) -> str:
    answer = session.get(f"{graph.url}/v1.0{path}", allow_redirects=False, timeout=10)
    assert answer.status_code == 302
    return answer.headers["Location"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        (b"\x4a", "SgAAAAAAAAAAAAAAAQAAAAAAAAA="),
        (b"\xb5\xb4", "taAFAAAAAAAAAAAAAgAAAAAAAAA="),
    ],
)
def test_quick_xor_of_known_bytes(content: bytes, expected: str) -> None:
    assert quick_xor(content) == expected
    assert hashes(content, "business") == {"quickXorHash": expected}
    assert hashes(content, "personal").keys() == {"quickXorHash", "sha1Hash", "sha256Hash"}


@pytest.mark.server
def test_quick_xor_as_rclone_counts_it(tmp_path: Path) -> None:
    rclone = require("rclone")
    for size in (159, 160, 161, 100_003):
        (tmp_path / str(size)).write_bytes(random.Random(size).randbytes(size))
    done = subprocess.run(
        [rclone, "hashsum", "quickxor", "--base64", str(tmp_path)], capture_output=True, text=True, check=True
    )
    # rclone writes base64url.
    told = dict(reversed(line.translate(str.maketrans("-_", "+/")).split()) for line in done.stdout.splitlines())
    assert told == {path.name: quick_xor(path.read_bytes()) for path in tmp_path.iterdir()}


def test_a_delta_repeats_itself_and_tells_changes(graph: GraphStandIn, app: requests.Session) -> None:
    first = get(app, graph, f"{DRIVE}/root/delta")
    rows = first["value"]
    names = [row["id"] for row in rows]
    assert sorted(set(names)) == ["01A", "01B", "01C", "01D", "01E", "01F", "01ROOT"]
    assert names.count("01A") == 2
    assert all("path" not in row["parentReference"] for row in rows)
    assert {row["id"] for row in rows if "package" in row} == {"01D"}
    graph.edit.put_item("b!anne", item("01B", "renommé.txt", "01ROOT", b"neuf"))
    graph.edit.put_item("b!anne", item("01G", "neuf.txt", "01A", b"neuf"))
    graph.edit.remove_item("b!anne", "01C")
    told = app.get(first["@odata.deltaLink"], timeout=10).json()["value"]
    assert {row["id"]: row.get("name") for row in told} == {"01B": "renommé.txt", "01G": "neuf.txt", "01C": None}
    latest = get(app, graph, f"{DRIVE}/root/delta?token=latest")
    assert latest["value"] == []


def test_a_delta_asks_for_a_resync(graph: GraphStandIn, app: requests.Session) -> None:
    following = get(app, graph, f"{DRIVE}/root/delta")["@odata.deltaLink"]
    graph.faults.add(Rule(kind="expire-cursors", query="token"))
    gone = app.get(following, timeout=10)
    assert (gone.status_code, gone.json()["error"]["code"]) == (410, "resyncRequired")
    assert gone.headers["Location"].endswith("/root/delta")


def test_an_address_gives_the_bytes_to_whoever_has_it_for_a_while(graph: GraphStandIn, app: requests.Session) -> None:
    address = located(app, graph, f"{DRIVE}/items/01B/content")
    with plain(graph) as anyone:
        assert anyone.get(address, timeout=10).content == b"0123456789"
        part = anyone.get(address, headers={"Range": "bytes=4-"}, timeout=10)
        assert (part.status_code, part.content, part.headers["Content-Range"]) == (206, b"456789", "bytes 4-9/10")
        assert anyone.get(address, headers={"Range": "bytes=10-"}, timeout=10).status_code == 416
        assert app.get(address, timeout=10).status_code == 401
        listed = get(app, graph, f"{DRIVE}/items/01B?$select=id,content.downloadUrl")["@microsoft.graph.downloadUrl"]
        assert anyone.get(listed, timeout=10).content == b"0123456789"
        graph.clock.advance(graph.house.downloads_live + 1)
        assert anyone.get(address, timeout=10).status_code == 401
        assert anyone.get(address[:-2], timeout=10).status_code == 401


def test_what_has_no_content(graph: GraphStandIn, app: requests.Session) -> None:
    root = f"{graph.url}/v1.0{DRIVE}/items"
    for name, status in (("01E", 403), ("01D", 503), ("01A", 400), ("01F", 400)):
        assert app.get(f"{root}/{name}/content", timeout=10).status_code == status
    malware = get(app, graph, f"{DRIVE}/items/01E")
    assert "@microsoft.graph.downloadUrl" not in malware
    remote = get(app, graph, f"{DRIVE}/items/01F")["remoteItem"]
    assert (remote["id"], remote["parentReference"]["driveId"]) == ("LIB2", "b!lib")
    assert get(app, graph, "/drives/b!lib/items/LIB3?$select=name")["name"] == "budget.csv"


def test_items_by_id_and_by_place(graph: GraphStandIn, app: requests.Session) -> None:
    found = get(app, graph, f"{DRIVE}/items/01b")
    assert found["file"]["hashes"] == {"quickXorHash": quick_xor(b"0123456789")}
    assert found["parentReference"]["path"] == "/drives/b!anne/root:/Documents"
    assert get(app, graph, f"{DRIVE}/root:/documents/NOTES.txt")["id"] == "01B"
    assert [row["id"] for row in get(app, graph, f"{DRIVE}/root:/Documents:/children")["value"]] == ["01B"]
    assert get(app, graph, f"{DRIVE}/items/01A")["folder"] == {"childCount": 1}


def test_permissions_are_inherited_and_expensive(graph: GraphStandIn, app: requests.Session) -> None:
    rows = get(app, graph, f"{DRIVE}/items/01B/permissions")["value"]
    assert [row.get("roles") for row in rows] == [["owner"], ["read"], ["read"]]
    assert [row.get("inheritedFrom", {}).get("id") for row in rows] == [None, None, "01A"]
    assert graph.log.lines[-1].units == 5
    shared = {row["id"]: "shared" in row for row in get(app, graph, f"{DRIVE}/root/delta")["value"]}
    assert shared["01A"]
    assert shared["01B"]
    assert not shared["01C"]


def test_a_person_reads_what_was_shared_with_them(graph: GraphStandIn) -> None:
    with person(graph, BRUNO, ["Files.Read.All"]) as session:
        root = f"{graph.url}/v1.0/drives/b!anne/items"
        assert session.get(f"{root}/01B", timeout=10).status_code == 200
        assert session.get(f"{root}/01C", timeout=10).status_code == 403
        assert session.get(f"{graph.url}/v1.0/me/drive", timeout=10).status_code == 404
    with person(graph, BRUNO, ["Files.Read"]) as session:
        assert session.get(f"{root}/01B", timeout=10).status_code == 403


def test_earlier_versions_have_contents_and_the_current_one_has_not(graph: GraphStandIn, app: requests.Session) -> None:
    assert [row["id"] for row in get(app, graph, f"{DRIVE}/items/01B/versions")["value"]] == ["2.0", "1.0"]
    with plain(graph) as anyone:
        address = located(app, graph, f"{DRIVE}/items/01B/versions/1.0/content")
        assert anyone.get(address, timeout=10).content == b"avant"
    current = app.get(f"{graph.url}/v1.0{DRIVE}/items/01B/versions/2.0/content", timeout=10)
    assert current.status_code == 400


def test_libraries_of_sites(graph: GraphStandIn, app: requests.Session) -> None:
    site = get(app, graph, "/sites?search=bureau")["value"][0]
    assert get(app, graph, "/sites?search=autre")["value"] == []
    libraries = get(app, graph, f"/sites/{site['id']}/drives")["value"]
    assert [(one["id"], one["driveType"]) for one in libraries] == [("b!lib", "documentLibrary")]


def test_units_are_counted_and_told_before_they_end(graph: GraphStandIn, app: requests.Session) -> None:
    graph.quota.files_minute = 20
    address = f"{graph.url}/v1.0{DRIVE}/items/01B/permissions"
    seen = [app.get(address, timeout=10) for _ in range(5)]
    assert [answer.status_code for answer in seen] == [200, 200, 200, 200, 429]
    assert [answer.headers.get("RateLimit-Remaining") for answer in seen] == [None, None, None, "0", "0"]
    assert int(seen[-1].headers["Retry-After"]) <= 60
    # What was refused counts too: hammering does not help before the minute ends.
    graph.clock.advance(float(seen[-1].headers["Retry-After"]))
    assert app.get(address, timeout=10).status_code == 200
