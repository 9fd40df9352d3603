"""Chunked and bulk uploads."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrate.sandbox.nextcloud import Limits, NextcloudStandIn
from tests.sandbox.nextcloud_client import USERS, Client, bulk

BULK = "/remote.php/dav/bulk"
RELATED = "multipart/related; boundary=b"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NextcloudStandIn]:
    with NextcloudStandIn(USERS, tmp_path, limits=Limits(min_chunk_bytes=4, quota_bytes=1000)) as running:
        yield running


@pytest.fixture
def anne(server: NextcloudStandIn) -> Iterator[Client]:
    with Client(server) as client:
        yield client


def upload(anne: Client, *chunks: tuple[str, bytes]) -> None:
    assert anne("MKCOL", f"{anne.uploads}/u1", Destination=f"{anne.files}/big").status_code == 201
    for name, content in chunks:
        assert anne("PUT", f"{anne.uploads}/u1/{name}", content).status_code == 201


def test_chunks_are_assembled_in_numeric_order(anne: Client) -> None:
    upload(anne, ("10", b"cc"), ("00002", b"bbbb"), ("1", b"aaaa"))
    assert len(anne.hrefs(f"{anne.uploads}/u1")) == 5
    reply = anne(
        "MOVE",
        f"{anne.uploads}/u1/.file",
        Destination=f"{anne.files}/big",
        OC_Total_Length="10",
        X_Hash="sha256",
        X_OC_MTime="1700000000",
    )
    assert reply.status_code == 201
    assert reply.headers["X-Hash-SHA256"] == hashlib.sha256(b"aaaabbbbcc").hexdigest()
    assert reply.headers["X-OC-MTime"] == "accepted"
    assert anne("GET", f"{anne.files}/big").content == b"aaaabbbbcc"
    assert anne("PROPFIND", f"{anne.uploads}/u1").status_code == 404


def test_total_length_is_checked(anne: Client) -> None:
    upload(anne, ("1", b"aaaa"))
    reply = anne("MOVE", f"{anne.uploads}/u1/.file", Destination=f"{anne.files}/big", OC_Total_Length="5")
    assert reply.status_code == 400
    assert "Chunks on server do not sum up to 5 but to 4 bytes" in reply.text


def test_small_chunks_are_refused_but_the_last(anne: Client) -> None:
    upload(anne, ("1", b"aaa"), ("2", b"b"))
    assert anne("MOVE", f"{anne.uploads}/u1/.file", Destination=f"{anne.files}/big").status_code == 400


@pytest.mark.parametrize("name", ["0", "10001", "abc"])
def test_chunk_names(anne: Client, name: str) -> None:
    upload(anne)
    assert anne("PUT", f"{anne.uploads}/u1/{name}", b"aaaa").status_code == 400


def test_announced_length_meets_the_quota_early(anne: Client) -> None:
    upload(anne)
    assert anne("PUT", f"{anne.uploads}/u1/1", b"aaaa", OC_Total_Length="2000").status_code == 507


def test_an_upload_expires_after_a_day(server: NextcloudStandIn, anne: Client) -> None:
    upload(anne, ("1", b"aaaa"))
    server.clock.advance(86_300)
    assert anne("PUT", f"{anne.uploads}/u1/2", b"b").status_code == 201
    server.clock.advance(86_500)
    assert anne("PUT", f"{anne.uploads}/u1/3", b"c").status_code == 404


def test_abandoned_upload_is_deleted(anne: Client) -> None:
    upload(anne, ("1", b"aaaa"))
    assert anne("DELETE", f"{anne.uploads}/u1").status_code == 204
    assert anne("MKCOL", f"{anne.uploads}/u1").status_code == 201


def test_bulk_writes_what_it_can(anne: Client) -> None:
    anne("MKCOL", f"{anne.files}/d")
    body = bulk(("/d/é.txt", b"abc", ""), ("/d/empty", b"", ""), ("/none/x", b"1", ""))
    reply = anne("POST", BULK, body, Content_Type=RELATED)
    assert reply.status_code == 200
    told = reply.json()
    assert [told[path]["error"] for path in ("/d/é.txt", "/d/empty", "/none/x")] == [False, False, True]
    stored = anne("GET", f"{anne.files}/d/é.txt")
    assert stored.content == b"abc"
    assert stored.headers["ETag"].strip('"') == told["/d/é.txt"]["etag"]
    assert stored.headers["Last-Modified"] == "Tue, 14 Nov 2023 22:13:20 GMT"


def test_bulk_stops_at_a_wrong_hash(anne: Client) -> None:
    reply = anne("POST", BULK, bulk(("/a", b"1", ""), ("/b", b"2", "0" * 32), ("/c", b"3", "")), Content_Type=RELATED)
    assert reply.status_code == 400
    assert list(reply.json()) == ["/a"]
    assert [anne("GET", f"{anne.files}/{name}").status_code for name in "abc"] == [200, 404, 404]


def test_bulk_refuses_other_media_types(anne: Client) -> None:
    assert anne("POST", BULK, b"x", Content_Type="text/plain").status_code == 400
    assert anne("POST", BULK, bulk(), Content_Type=RELATED).json() == []


def test_bulk_with_an_early_time_tells_it(anne: Client) -> None:
    body = bulk(("/a", b"1", "")).replace(b"1700000000", b"5")
    assert anne("POST", BULK, body, Content_Type=RELATED).json()["/a"]["error"] is True
    assert anne("GET", f"{anne.files}/a").status_code == 404
