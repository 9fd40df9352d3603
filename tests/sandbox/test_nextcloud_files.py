"""Files: uploads, hashes, properties, names, quota, as a Nextcloud 32.0.1 answered the same requests."""

from __future__ import annotations

import hashlib
import http.client
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrate.sandbox.nextcloud import NextcloudStandIn
from tests.sandbox.nextcloud_client import USERS, Client

OC, NC, DAV = "{http://owncloud.org/ns}", "{http://nextcloud.org/ns}", "{DAV:}"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NextcloudStandIn]:
    with NextcloudStandIn(USERS, tmp_path) as running:
        yield running


@pytest.fixture
def anne(server: NextcloudStandIn) -> Iterator[Client]:
    with Client(server) as client:
        yield client


def test_put_stores_and_proves_what_it_received(anne: Client) -> None:
    path = f"{anne.files}/a.txt"
    reply = anne("PUT", path, b"bonjour", X_Hash="all", X_OC_MTime="1700000000", X_OC_CTime="1600000000")
    assert reply.status_code == 201
    assert reply.headers["X-Hash-SHA256"] == hashlib.sha256(b"bonjour").hexdigest()
    assert reply.headers["X-Hash-SHA1"] == hashlib.sha1(b"bonjour").hexdigest()
    assert reply.headers["X-Hash-MD5"] == hashlib.md5(b"bonjour").hexdigest()
    assert reply.headers["X-OC-MTime"] == reply.headers["X-OC-CTime"] == "accepted"
    assert reply.headers["ETag"] == reply.headers["OC-ETag"]
    found = anne.properties(path, DAV + "getetag", OC + "id", NC + "creation_time", DAV + "getlastmodified")
    assert found == {
        DAV + "getetag": reply.headers["ETag"],
        OC + "id": reply.headers["OC-FileId"],
        NC + "creation_time": "1600000000",
        DAV + "getlastmodified": "Tue, 14 Nov 2023 22:13:20 GMT",
    }
    again = anne("PUT", path, b"encore")
    assert again.status_code == 204
    assert again.headers["OC-FileId"] == reply.headers["OC-FileId"]
    assert again.headers["ETag"] != reply.headers["ETag"]


def test_checksum_is_stored_unchecked_until_recalculated(anne: Client) -> None:
    path = f"{anne.files}/a"
    anne("PUT", path, b"x", OC_Checksum="SHA1:wrong")
    assert anne.properties(path, OC + "checksums") == {OC + "checksums": "SHA1:wrong"}
    right = "SHA256:" + hashlib.sha256(b"x").hexdigest()
    reply = anne("PATCH", path, X_Recalculate_Hash="sha256")
    assert (reply.status_code, reply.headers["OC-Checksum"]) == (204, right)
    assert anne("GET", path).headers["OC-Checksum"] == right
    assert anne("PATCH", path, X_Recalculate_Hash="nonsense").status_code == 500
    assert anne("PATCH", f"{anne.files}/none", X_Recalculate_Hash="sha256").status_code == 404
    assert anne.set(path, DAV + "lastmodified", "1500000000") == 200
    assert anne.properties(path, OC + "checksums") == {}


def test_missing_parents(anne: Client) -> None:
    assert anne("PUT", f"{anne.files}/no/a", b"x").status_code == 404
    assert anne("MKCOL", f"{anne.files}/no/sub").status_code == 409
    assert anne("PUT", f"{anne.files}/made/deep/a", b"x", X_NC_WebDAV_Auto_Mkcol="1").status_code == 201


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"If_None_Match": "*"}, 412),
        ({"If_Match": '"other"'}, 412),
        ({"X_OC_MTime": "86401"}, 204),
        ({"X_OC_MTime": "86400"}, 500),
        ({"X_OC_MTime": "soon"}, 500),
    ],
)
def test_put_conditions(anne: Client, headers: dict[str, str], status: int) -> None:
    path = f"{anne.files}/a"
    anne("PUT", path, b"first")
    assert anne("PUT", path, b"second", **headers).status_code == status
    stored = anne("GET", path).content
    assert stored == (b"first" if status == 412 else b"second")  # the 500 comes after the content is in place


def test_if_match_with_the_right_etag(anne: Client) -> None:
    path = f"{anne.files}/a"
    etag = anne("PUT", path, b"1").headers["ETag"]
    assert anne("PUT", path, b"2", If_Match=etag).status_code == 204
    assert anne("DELETE", path, If_Match=etag).status_code == 412
    assert anne("PUT", f"{anne.files}/absent", b"1", If_Match=etag).status_code == 412


@pytest.mark.parametrize("name", ["x" * 251, "a.part", "a.PART", "a.filepart", ".htaccess", "a%5Cb", "a%09b", "%20"])
def test_names_refused(anne: Client, name: str) -> None:
    reply = anne("PUT", f"{anne.files}/{name}", b"x")
    assert reply.status_code == 400
    assert "<s:exception>OCA\\DAV\\Connector\\Sabre\\Exception\\InvalidPath</s:exception>" in reply.text


@pytest.mark.parametrize("name", ["x" * 250, "a%3Ab", "q%3F", "%23", "trail.", "...", "é", "%F0%9F%98%80", "a*b|c"])
def test_names_admitted(anne: Client, name: str) -> None:
    assert anne("PUT", f"{anne.files}/{name}", b"x").status_code == 201


def test_paths_are_kept_in_nfc(anne: Client) -> None:
    anne("PUT", f"{anne.files}/e%CC%81", b"x")
    assert anne("GET", f"{anne.files}/%C3%A9").content == b"x"


def test_listing(anne: Client) -> None:
    anne("MKCOL", f"{anne.files}/Été (1)")
    anne("PUT", f"{anne.files}/Été (1)/a&b.txt", b"12345")
    root = anne.files + "/"
    folder = f"{root}%c3%89t%c3%a9%20(1)/"
    assert anne.hrefs(root, "infinity") == [root, folder, f"{folder}a%26b.txt"]
    assert anne.hrefs(root, "1") == [root, folder]
    found = anne.properties(f"{anne.files}/Été (1)", OC + "size", OC + "permissions", DAV + "quota-available-bytes")
    assert found == {OC + "size": "5", OC + "permissions": "RGDNVCK", DAV + "quota-available-bytes": "-3"}
    assert anne.hrefs("/remote.php/webdav/", "1")[0] == "/remote.php/webdav/"


@pytest.mark.parametrize(
    ("name", "value", "status", "shown"),
    [
        (OC + "favorite", "1", 200, "1"),
        (NC + "creation_time", "1400000000", 200, "1400000000"),
        ("{urn:transhume}source", "drive:1", 200, "drive:1"),
        (NC + "unknown", "1", 200, None),
        (OC + "fileid", "1", 403, None),
        (DAV + "displayname", "x", 403, None),
    ],
)
def test_proppatch(anne: Client, name: str, value: str, status: int, shown: str | None) -> None:
    path = f"{anne.files}/a"
    anne("PUT", path, b"x")
    assert anne.set(path, name, value) == status
    if status == 200:
        assert anne.properties(path, name).get(name) == shown


def test_move_keeps_identity_and_properties(anne: Client) -> None:
    anne("MKCOL", f"{anne.files}/d")
    sent = anne("PUT", f"{anne.files}/a", b"x")
    anne.set(f"{anne.files}/a", "{urn:transhume}source", "1")
    moved = anne("MOVE", f"{anne.files}/a", Destination=f"{anne.files}/d/b")
    assert moved.status_code == 201
    assert moved.headers["OC-FileId"] == sent.headers["OC-FileId"]
    assert anne.properties(f"{anne.files}/d/b", "{urn:transhume}source") == {"{urn:transhume}source": "1"}
    assert anne("GET", f"{anne.files}/a").status_code == 404
    assert anne("MOVE", f"{anne.files}/d", Destination=f"{anne.files}/d/e").status_code == 409
    assert anne("MOVE", f"{anne.files}/d/b", Destination=f"{anne.files}/no/b").status_code == 409


def test_folder_etags_and_times_follow_their_content(anne: Client) -> None:
    anne("MKCOL", f"{anne.files}/d")
    before = anne.properties(f"{anne.files}/d", DAV + "getetag")
    anne("PUT", f"{anne.files}/d/a", b"x")
    assert anne.properties(f"{anne.files}/d", DAV + "getetag") != before
    anne.set(f"{anne.files}/d", DAV + "lastmodified", "1500000000")
    assert anne.properties(f"{anne.files}/d", DAV + "getlastmodified") == {
        DAV + "getlastmodified": "Fri, 14 Jul 2017 02:40:00 GMT"
    }


def test_chunked_transfer_stores_nothing(anne: Client) -> None:
    assert anne("PUT", f"{anne.files}/a", iter([b"lost"])).status_code == 201
    assert anne("GET", f"{anne.files}/a").content == b""


def test_short_body_is_refused(server: NextcloudStandIn, anne: Client) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", int(server.url.rsplit(":", 1)[1]))
    token = anne.session.get(server.url + "/status.php").request.headers["Authorization"]
    connection.putrequest("PUT", f"{anne.files}/short")
    connection.putheader("Authorization", str(token))
    connection.putheader("Content-Length", "10")
    connection.endheaders(b"12345")
    assert connection.sock is not None
    connection.sock.shutdown(1)
    assert connection.getresponse().status == 400
    connection.close()
    assert anne("GET", f"{anne.files}/short").status_code == 404


def test_quota(tmp_path: Path) -> None:
    with NextcloudStandIn(USERS, tmp_path, quota_bytes=100) as server, Client(server) as anne:
        assert anne("PUT", f"{anne.files}/a", b"x" * 60).status_code == 201
        refused = anne("PUT", f"{anne.files}/b", b"x" * 60)
        assert refused.status_code == 507
        assert "InsufficientStorage" in refused.text
        assert anne.properties(anne.files, DAV + "quota-available-bytes") == {DAV + "quota-available-bytes": "40"}
        assert anne("DELETE", f"{anne.files}/a").status_code == 204
        assert anne("PUT", f"{anne.files}/b", b"x" * 60).status_code == 201


def test_two_writers_of_one_file(server: NextcloudStandIn, anne: Client) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", int(server.url.rsplit(":", 1)[1]))
    token = anne.session.get(server.url + "/status.php").request.headers["Authorization"]
    connection.putrequest("PUT", f"{anne.files}/a")
    connection.putheader("Authorization", str(token))
    connection.putheader("Content-Length", "10")
    connection.endheaders(b"12345")
    waiting = threading.Event()
    while anne("PUT", f"{anne.files}/a", b"x").status_code != 423:
        waiting.wait(0.02)
    assert connection.sock is not None
    connection.sock.sendall(b"67890")
    assert connection.getresponse().status in (201, 204)
    connection.close()
    assert anne("GET", f"{anne.files}/a").content == b"1234567890"


def test_other_homes_are_closed(anne: Client) -> None:
    assert anne("PUT", "/remote.php/dav/files/bruno/a", b"x").status_code == 403
    assert anne("PROPFIND", "/remote.php/dav/files/nobody/").status_code == 404


def test_what_was_stored_is_there_after_a_restart(tmp_path: Path) -> None:
    with NextcloudStandIn(USERS, tmp_path) as server, Client(server) as anne:
        anne("MKCOL", f"{anne.files}/d")
        anne("PUT", f"{anne.files}/d/a", b"x", X_OC_MTime="1700000000")
    with NextcloudStandIn(USERS, tmp_path) as server, Client(server) as anne:
        assert anne("GET", f"{anne.files}/d/a").headers["Last-Modified"] == "Tue, 14 Nov 2023 22:13:20 GMT"
