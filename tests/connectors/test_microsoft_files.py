"""OneDrive and SharePoint on the stand-in: what is listed, downloaded, granted, changed, and how faults are taken."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import ReaderContract
from connectors.microsoft.grants import grants_of
from connectors.microsoft.quickxor import QuickXor
from migrate.errors import AuthFailed, ConfigError, ConnectorError, CursorExpired, NotFound, Rejected
from migrate.model import Disposition, Entry, Grant, GrantKind, GrantRole, Service
from migrate.protocols import Reader, SupportsChanges
from migrate.sandbox.faults import Rule
from migrate.sandbox.graph import GraphStandIn
from migrate.sandbox.tenant import CloudDrive, CloudItem, SharePointSite, Tenant, Version
from tests.connectors import microsoft_kit
from tests.connectors.microsoft_kit import MakeReader, body_of, by_href, connect, make
from tests.sandbox.graph_world import ANNE, BRUNO, certificate, tenant

__all__ = ["make"]
DRIVE, LIBRARY, OTHER = "b!anne", "b!bureau", "b!archives"
SITE = "tilleuls.sharepoint.example,11111111-0000-4000-8000-000000000000,22222222-0000-4000-8000-000000000000"
BIG = bytes(range(256)) * 4 * (3 << 10)
"""3 MiB."""


def item(identifier: str, name: str, parent: str = "r", content: bytes | None = None, **more: Any) -> CloudItem:
    facet = {"file": {"mimeType": "text/plain"}} if content is not None else {}
    resource = {"id": identifier, "name": name, "parentReference": {"id": parent}, **facet, **more.pop("resource", {})}
    held: Callable[[], bytes] | None = (lambda: content) if content is not None else None
    return CloudItem(resource=resource, content=held, **more)


def folder(identifier: str, name: str, parent: str = "r", **more: Any) -> CloudItem:
    return item(identifier, name, parent, resource={"folder": {}}, **more)


def root(identifier: str = "r") -> CloudItem:
    return CloudItem(resource={"id": identifier, "name": "root", "root": {}, "folder": {}})


def given_to(address: str, role: str = "read", **more: Any) -> dict[str, Any]:
    user = {"user": {"email": address, "displayName": "x", "id": "1"}}
    return {"id": f"p{address}", "roles": [role], "grantedToV2": user, **more}


ANYONE = {
    "id": "lien",
    "roles": ["write"],
    "link": {"type": "edit", "scope": "anonymous", "webUrl": "https://x.example"},
}
TIMES = {"createdDateTime": "2024-05-01T08:00:00.123Z", "lastModifiedDateTime": "2025-06-02T09:30:00.7654321Z"}


def drive() -> CloudDrive:
    remote = {
        "id": "x",
        "name": "Bureau",
        "folder": {},
        "parentReference": {"driveId": LIBRARY, "driveType": "documentLibrary"},
    }
    items = [
        root(),
        item("f1", "Compte rendu.txt", "d2", b"0123456789", resource={"fileSystemInfo": TIMES}),
        folder("d2", "2026", "d1"),
        folder("d1", "Réunions", permissions=[given_to(BRUNO, "write")]),
        item("f2", "vide.bin", content=b""),
        item("f3", "grand.bin", content=BIG),
        item("f4", "partagé.txt", content=b"s", permissions=[ANYONE]),
        item("f5", "virus.exe", content=b"x", resource={"malware": {"description": "x"}}),
        item("n1", "Carnet", resource={"package": {"type": "oneNote"}}),
        item("n2", "page.one", "n1", b"one"),
        item("s1", "Raccourci", resource={"remoteItem": remote}),
        item(
            "v1",
            "statuts.odt",
            content=b"third",
            versions=[
                Version(
                    resource={"id": "2.0", "size": 6, "lastModifiedDateTime": "2025-02-02T10:00:00Z"},
                    content=lambda: b"second",
                ),
                Version(
                    resource={"id": "1.0", "size": 5, "lastModifiedDateTime": "2025-01-01T10:00:00Z"},
                    content=lambda: b"first",
                ),
            ],
        ),
    ]
    return CloudDrive(resource={"id": DRIVE, "driveType": "business"}, items=items)


def library(identifier: str, name: str) -> CloudDrive:
    held = [root("lr"), folder("l1", "Projets", "lr"), item("l2", "note.txt", "l1", name.encode())]
    return CloudDrive(resource={"id": identifier, "driveType": "documentLibrary", "name": name}, items=held)


def world() -> Tenant:
    made = tenant()
    made.accounts[ANNE].drive = drive()
    resource = {
        "id": SITE,
        "name": "bureau",
        "displayName": "Bureau",
        "webUrl": "https://tilleuls.sharepoint.example/sites/bureau",
    }
    made.sites.append(
        SharePointSite(resource=resource, libraries=[library(LIBRARY, "Documents"), library(OTHER, "Archives")])
    )
    return made


@pytest.fixture
def graph() -> Any:
    with GraphStandIn(world(), certificate=certificate()) as stand_in:
        microsoft_kit.without_limits(stand_in)
        yield stand_in
        assert stand_in.defects == []


class TestFiles(ReaderContract):
    @pytest.fixture
    def reader(self, make: MakeReader) -> Reader:
        return make(Service.FILES)

    def vanished(self, reader: Reader) -> Entry:
        return Entry(href=f"{DRIVE}/none", collection=f"{DRIVE}/r", etag="e")


class TestLibraries(ReaderContract):
    @pytest.fixture
    def reader(self, make: MakeReader) -> Reader:
        return make(Service.FILES, f"site:{SITE}")


class TestVersions(ReaderContract):
    @pytest.fixture
    def reader(self, make: MakeReader) -> Reader:
        return make(Service.FILES, versions=True)


def entries(reader: Reader) -> dict[str, Entry]:
    return {href.partition("/")[2]: entry for href, entry in by_href(reader.entries()).items()}


def test_folders_names_dates_and_hashes(make: MakeReader) -> None:
    reader = make(Service.FILES)
    collections = {c.href.partition("/")[2]: c for c in reader.collections()}
    assert collections["r"].path == ()
    assert collections["d2"].path == ("Réunions", "2026")
    assert collections["d2"].parent == f"{DRIVE}/d1"
    assert sorted(collections) == ["d1", "d2", "r"]
    found = entries(reader)
    report = found["f1"]
    assert (report.name, report.collection, report.size) == ("Compte rendu.txt", f"{DRIVE}/d2", 10)
    assert report.created == datetime(2024, 5, 1, 8, 0, 0, 123000, UTC)
    assert report.modified == datetime(2025, 6, 2, 9, 30, 0, 765432, UTC)
    assert report.media_type == "text/plain"


def test_what_is_no_file_says_why(make: MakeReader) -> None:
    reader = make(Service.FILES)
    found = entries(reader)
    skips = {name: entry.skip for name, entry in found.items() if entry.skip}
    assert {name: skip.code for name, skip in skips.items()} == {
        "f5": "malware",
        "n1": "onenote",
        "n2": "onenote",
        "s1": "remote-item",
    }
    assert skips["s1"].disposition is Disposition.EXCLUDED
    assert found["n2"].collection == f"{DRIVE}/r"
    with pytest.raises(Rejected, match="malware"):
        reader.get(found["f5"])


def test_one_listing_costs_one_round(make: MakeReader, graph: GraphStandIn) -> None:
    reader = make(Service.FILES)
    assert isinstance(reader, SupportsChanges)
    reader.cursor()
    list(reader.collections())
    list(reader.entries())
    asked = [line.operation for line in graph.log.lines]
    assert asked.count("drives/{drive}/root/delta") == 1
    assert asked.count("drives/{drive}/items/{item}/permissions") == 2


def test_who_else_may_use_it(make: MakeReader) -> None:
    reader = make(Service.FILES)
    collections = {c.href: c for c in reader.collections()}
    assert collections[f"{DRIVE}/d1"].grants == (Grant(kind=GrantKind.USER, role=GrantRole.WRITE, principal=BRUNO),)
    assert collections[f"{DRIVE}/d2"].grants == ()
    assert entries(reader)["f4"].grants == (Grant(kind=GrantKind.LINK, role=GrantRole.WRITE),)


def test_permissions_that_may_not_be_read_are_said_and_stop_nothing(make: MakeReader, graph: GraphStandIn) -> None:
    graph.faults.add(Rule(kind="status", status=403, reason="accessDenied", path="/permissions$", times=None))
    reader = make(Service.FILES)
    assert not any(collection.grants for collection in reader.collections())
    found = entries(reader)
    assert "grants" in [loss.field for loss in found["f4"].losses]
    assert "grants" not in [loss.field for loss in found["f1"].losses]
    assert len(found) == 9


def test_a_file_whose_content_is_withheld_concerns_itself_alone(make: MakeReader, graph: GraphStandIn) -> None:
    graph.faults.add(Rule(kind="status", status=403, reason="accessDenied", path="/f1/content$", times=None))
    reader = make(Service.FILES)
    found = entries(reader)
    with pytest.raises(Rejected, match="accessDenied"):
        reader.get(found["f1"])
    assert body_of(reader.get(found["f4"])) == b"s"


def test_permissions_in_every_form() -> None:
    def granted(**permission: Any) -> list[tuple[str, str, str]]:
        return [(g.kind, g.role, g.principal) for g in grants_of([permission], "anne@x.example")]

    person, group = {"user": {"email": "bob@x.example"}}, {"group": {"displayName": "Bureau", "email": "ca@x.example"}}
    login = {"siteUser": {"loginName": "i:0#.f|membership|zoe@x.example", "displayName": "Zoé"}}
    assert granted(roles=["read", "write"], grantedToV2=person) == [("user", "write", "bob@x.example")]
    assert granted(roles=["owner"], grantedToV2={"user": {"email": "Anne@x.example"}}) == []
    assert granted(roles=["sp.full control"], grantedToV2=group) == [("group", "manage", "ca@x.example")]
    assert granted(roles=["read"], grantedToV2=login) == [("user", "read", "zoe@x.example")]
    assert granted(roles=["read"], invitation={"email": "new@y.example"}) == [("user", "read", "new@y.example")]
    assert granted(roles=["read"], link={"type": "view", "scope": "organization"}) == [("domain", "read", "x.example")]
    many = granted(roles=["write"], link={"type": "edit", "scope": "users"}, grantedToIdentitiesV2=[person, login])
    assert many == [("user", "write", "bob@x.example"), ("user", "write", "zoe@x.example")]
    assert granted(roles=["write"], link={"type": "edit", "scope": "users"}, grantedToIdentitiesV2=[]) == []
    assert granted(roles=["read"], grantedToV2=person, inheritedFrom={"id": "d"}) == []
    assert granted(roles=["sp.limited access"], grantedToV2=person) == []
    (expiring,) = grants_of(
        [{"roles": ["read"], "grantedToV2": person, "expirationDateTime": "2027-01-01T00:00:00Z"}], "a"
    )
    assert expiring.expires == datetime(2027, 1, 1, tzinfo=UTC)


def test_the_content_of_small_and_large_files(make: MakeReader) -> None:
    reader = make(Service.FILES)
    found = entries(reader)
    assert body_of(reader.get(found["f1"])) == b"0123456789"
    assert body_of(reader.get(found["f2"])) == b""
    large = reader.get(found["f3"])
    assert isinstance(large.body, Path)
    assert body_of(large) == BIG


FAULTS = {
    "cut downloads": [Rule(kind="cut-during", path="/download/", times=4)],
    "cut before a byte": [Rule(kind="cut-before", path="/download/", times=3)],
    "addresses that ended": [Rule(kind="status", status=401, path="/download/", times=3)],
    "throttled": [Rule(kind="status", status=429, retry_after=5, path="content|download|items", times=6)],
    "busy": [Rule(kind="status", status=503, path="content|delta", times=4)],
    "token ended": [Rule(kind="status", status=401, path="delta|/items/", times=1)],
    "cut listing": [Rule(kind="cut-during", path="delta", times=3)],
}


@pytest.mark.parametrize("name", FAULTS)
def test_no_file_is_lost_to_faults(make: MakeReader, graph: GraphStandIn, name: str) -> None:
    for rule in FAULTS[name]:
        graph.faults.add(rule)
    reader = make(Service.FILES)
    found = entries(reader)
    assert len(found) == 9
    bodies = {key: body_of(reader.get(entry)) for key, entry in found.items() if not entry.skip}
    assert bodies == {"f1": b"0123456789", "f2": b"", "f3": BIG, "f4": b"s", "v1": b"third"}


def test_a_cut_download_goes_on_where_it_was(make: MakeReader, graph: GraphStandIn) -> None:
    reader = make(Service.FILES)
    entry = entries(reader)["f3"]
    graph.faults.add(Rule(kind="cut-during", path="/download/", times=2))
    assert body_of(reader.get(entry)) == BIG
    downloads = [line for line in graph.log.lines if line.path.startswith("/download/")]
    assert len(downloads) == 3


def test_a_file_that_is_not_what_its_hash_says_is_refused(make: MakeReader, graph: GraphStandIn) -> None:
    held = {one.resource["id"]: one for one in graph.tenant.accounts[ANNE].drive.items}  # type: ignore[union-attr]
    held["f1"].served = lambda: b"9876543210"
    held["f3"].served = lambda: BIG[:-1]
    reader = make(Service.FILES)
    found = entries(reader)
    for name in ("f1", "f3"):
        with pytest.raises(Rejected, match="checksum"):
            reader.get(found[name])


def test_an_office_file_that_sharepoint_rewrote_is_read_twice(make: MakeReader, graph: GraphStandIn) -> None:
    rewritten = item("o1", "budget.xlsx", content=b"listed")
    rewritten.served = lambda: b"rewritten since"
    graph.edit.put_item(DRIVE, rewritten)
    reader = make(Service.FILES)
    entry = entries(reader)["o1"]
    assert not entry.size_exact
    assert body_of(reader.get(entry)) == b"rewritten since"
    assert sum(line.path.startswith("/download/") for line in graph.log.lines) == 2


def test_download_addresses_are_told_to_nobody(
    make: MakeReader, graph: GraphStandIn, caplog: pytest.LogCaptureFixture
) -> None:
    reader = make(Service.FILES)
    found = entries(reader)
    graph.faults.add(Rule(kind="status", status=403, path="/download/", times=None))
    with caplog.at_level(logging.DEBUG), pytest.raises(ConnectorError) as caught:
        reader.get(found["f1"])
    assert "/download/" not in str(caught.value) + caught.value.advice
    ours = [record for record in caplog.records if record.name.startswith(("urllib3", "connectors", "requests"))]
    assert not any("/download/" in record.getMessage() for record in ours)
    assert "/download/" not in repr(found)


def test_no_authorization_is_sent_with_a_download_address(make: MakeReader, graph: GraphStandIn) -> None:
    reader = make(Service.FILES)
    body_of(reader.get(entries(reader)["f1"]))  # the stand-in answers 401 to a token there
    assert [line.status for line in graph.log.lines if line.path.startswith("/download/")] == [200]


def test_earlier_versions_on_demand(make: MakeReader, graph: GraphStandIn) -> None:
    plain = entries(make(Service.FILES))
    assert not any("versions" in name for name in plain)
    reader = make(Service.FILES, versions=True)
    found = entries(reader)
    assert {name for name in found if "versions" in name} == {"v1/versions/1.0", "v1/versions/2.0"}
    first = found["v1/versions/1.0"]
    assert (first.name, first.size) == ("statuts (2025-01-01 10.00.00).odt", 5)
    assert body_of(reader.get(first)) == b"first"


def test_versions_left_behind_are_counted(make: MakeReader, graph: GraphStandIn) -> None:
    for text in (b"2", b"3"):
        graph.edit.put_item(DRIVE, item("f4", "partagé.txt", content=text))
    assert [loss.field for loss in entries(make(Service.FILES))["f4"].losses] == ["versions"]


# Sites


def test_the_libraries_of_a_site_each_in_a_folder(make: MakeReader) -> None:
    reader = make(Service.FILES, f"site:{SITE}")
    paths = {c.path for c in reader.collections()}
    assert paths == {("Documents",), ("Documents", "Projets"), ("Archives",), ("Archives", "Projets")}
    assert len(list(reader.entries())) == 2


def test_one_library_alone(make: MakeReader) -> None:
    reader = make(Service.FILES, f"site:{SITE}#archives")
    assert [c.path for c in reader.collections()] == [(), ("Projets",)]
    (entry,) = reader.entries()
    assert body_of(reader.get(entry)) == b"Archives"
    with pytest.raises(NotFound):
        list(make(Service.FILES, f"site:{SITE}#Autre").collections())
    with pytest.raises(ConfigError):
        list(make(Service.FILES, "site:/sites/x").collections())


def test_a_site_is_asked_for_by_its_address(graph: GraphStandIn, tmp_path: Path) -> None:
    reader = connect(graph, tmp_path).reader("site:https://tilleuls.sharepoint.example/sites/bureau/", Service.FILES)
    with suppress(ConnectorError):
        list(reader.collections())
    reader.close()
    asked = [line.path for line in graph.log.lines if "/sites/" in line.path]
    assert asked[0] == "/v1.0/sites/tilleuls.sharepoint.example:/sites/bureau"


def test_a_person_without_a_drive_has_no_files(make: MakeReader) -> None:
    reader = make(Service.FILES, BRUNO)
    assert [*reader.collections(), *reader.entries()] == []


def test_a_drive_that_may_not_be_read_is_no_empty_one(make: MakeReader, graph: GraphStandIn) -> None:
    graph.identity.roles = frozenset({"Mail.Read"})
    with pytest.raises(AuthFailed):
        list(make(Service.FILES).entries())


def test_doctor_knows_who_has_no_drive(graph: GraphStandIn, tmp_path: Path) -> None:
    connector = connect(graph, tmp_path, services=frozenset({Service.FILES}))
    checks = [check.detail for check in connector.check([ANNE, BRUNO, f"site:{SITE}"])]
    assert "bytes in use" in checks[0]
    assert "no OneDrive" in checks[1]
    assert "readable" in checks[2]


# Changes


def test_what_came_changed_moved_and_went(make: MakeReader, graph: GraphStandIn) -> None:
    reader = make(Service.FILES)
    assert isinstance(reader, SupportsChanges)
    cursor = reader.cursor()
    list(reader.entries())
    assert list(reader.changes(cursor)) == []
    graph.edit.put_item(DRIVE, item("f9", "nouveau.txt", "d1", b"n"))
    graph.edit.put_item(DRIVE, item("f2", "vide.bin", "d2", b""))
    graph.edit.remove_item(DRIVE, "f4")
    found = {change.href.partition("/")[2]: change.entry for change in reader.changes(reader.cursor())}
    assert {name: entry.collection if entry else None for name, entry in found.items()} == {
        "f9": f"{DRIVE}/d1",
        "f2": f"{DRIVE}/d2",
        "f4": None,
    }
    assert list(reader.changes(reader.cursor())) == []


def test_a_cursor_that_graph_forgot_asks_for_everything_again(make: MakeReader, graph: GraphStandIn) -> None:
    reader = make(Service.FILES)
    assert isinstance(reader, SupportsChanges)
    cursor = reader.cursor()
    graph.faults.add(Rule(kind="expire-cursors", path="/delta"))
    for stale in (cursor, "{}", "nonsense"):
        with pytest.raises(CursorExpired):
            list(reader.changes(stale))


# The hash


def quick_xor(data: bytes) -> str:
    hashed = QuickXor()
    hashed.update(data)
    return hashed.base64()


def by_definition(data: bytes) -> str:
    """Bit by bit, as Microsoft describes it."""
    ring = [0] * 160
    for index, byte in enumerate(data):
        for bit in range(8):
            ring[(index * 11 + bit) % 160] ^= byte >> bit & 1
    state = bytearray(sum(ring[8 * n + bit] << bit for bit in range(8)) for n in range(20))
    for n, byte in enumerate(len(data).to_bytes(8, "little")):
        state[12 + n] ^= byte
    return base64.b64encode(state).decode()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("", "AAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        ("Sg==", "SgAAAAAAAAAAAAAAAQAAAAAAAAA="),
        ("tbQ=", "taAFAAAAAAAAAAAAAgAAAAAAAAA="),
    ],
)
def test_published_vectors(data: str, expected: str) -> None:
    assert quick_xor(base64.b64decode(data)) == expected


@given(st.binary(max_size=700), st.integers(0, 700))
def test_the_hash_is_its_definition_however_the_stream_is_cut(data: bytes, cut: int) -> None:
    hashed = QuickXor()
    hashed.update(data[:cut])
    hashed.update(data[cut:])
    assert hashed.base64() == by_definition(data)


def test_the_hash_over_whole_pieces() -> None:
    data = bytes(range(251)) * 2700
    hashed = QuickXor()
    for start in range(0, len(data), 99_991):
        hashed.update(data[start : start + 99_991])
    assert hashed.base64() == quick_xor(data) == by_definition(data)
