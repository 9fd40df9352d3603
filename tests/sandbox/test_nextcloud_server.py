"""Login, OCS, shares, faults, log and scale of the Nextcloud stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from migrate.sandbox.clock import Clock
from migrate.sandbox.faults import Rule
from migrate.sandbox.nextcloud import MailKind, NextcloudStandIn
from tests.sandbox.nextcloud_client import USERS, Client

SHARES = "/ocs/v2.php/apps/files_sharing/api/v1/shares?format=json"
OCS = {"OCS_APIRequest": "true"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NextcloudStandIn]:
    with NextcloudStandIn(USERS, tmp_path, clock=Clock(speed=1000)) as running:
        yield running


@pytest.fixture
def anne(server: NextcloudStandIn) -> Iterator[Client]:
    with Client(server) as client:
        yield client


def test_status_page_is_public(server: NextcloudStandIn) -> None:
    assert requests.get(server.url + "/status.php", timeout=10).json()["versionstring"] == "32.0.1"


def test_wrong_passwords_slow_down_and_then_block_everyone(server: NextcloudStandIn, anne: Client) -> None:
    with Client(server, "bruno", "wrong") as stranger:
        told = [stranger("PROPFIND", stranger.files).status_code for _ in range(11)]
    assert told == [401] * 10 + [429]
    assert anne("PROPFIND", anne.files).status_code == 429
    server.clock.advance(1801)
    assert anne("PROPFIND", anne.files).status_code == 207


def test_no_password_asks_for_one(server: NextcloudStandIn) -> None:
    reply = requests.request("PROPFIND", server.url + "/remote.php/dav/files/anne/", timeout=10)
    assert reply.status_code == 401
    assert reply.headers["WWW-Authenticate"].startswith("Basic realm=")


def test_ocs_wants_its_header(anne: Client) -> None:
    assert anne("GET", "/ocs/v2.php/cloud/user?format=json").status_code == 412


def test_ocs_user_tells_the_quota(tmp_path: Path) -> None:
    with NextcloudStandIn(USERS, tmp_path, quota_bytes=100) as server, Client(server) as anne:
        anne("PUT", f"{anne.files}/a", b"x" * 40)
        data = anne("GET", "/ocs/v2.php/cloud/user?format=json", **OCS).json()["ocs"]["data"]
        assert data["quota"] == {"free": 60, "used": 40, "total": 100, "relative": 40.0, "quota": 100}
        assert (data["id"], data["email"]) == ("anne", "anne@example.org")
        xml = anne("GET", "/ocs/v1.php/cloud/user", **OCS).text
        assert "<statuscode>100</statuscode>" in xml
        assert "<used>40</used>" in xml


def test_capabilities(server: NextcloudStandIn, anne: Client) -> None:
    path = "/ocs/v2.php/cloud/capabilities?format=json"
    found = anne("GET", path, **OCS).json()["ocs"]["data"]["capabilities"]
    assert found["dav"]["bulkupload"] == "1.0"
    assert found["files"]["chunked_upload"] == {"max_size": 104857600, "max_parallel_count": 5}
    assert found["files"]["forbidden_filename_extensions"] == [".filepart", ".part"]
    public = requests.get(server.url + path, headers={"OCS-APIRequest": "true"}, timeout=10).json()
    assert set(public["ocs"]["data"]["capabilities"]) == {"bruteforce", "theming"}


def test_twenty_shares_in_ten_minutes(server: NextcloudStandIn, anne: Client) -> None:
    server.clock.speed = 1
    anne("PUT", f"{anne.files}/a", b"x")
    form = {"path": "/a", "shareType": "3"}
    told = [anne("POST", SHARES, form, **OCS).status_code for _ in range(21)]
    assert told == [200] * 20 + [429]
    server.clock.advance(601)
    assert anne("POST", SHARES, form, **OCS).status_code == 200


@pytest.mark.parametrize(("send", "mails"), [({}, 1), ({"sendMail": "false"}, 0), ({"sendMail": "true"}, 1)])
def test_share_mails(anne: Client, send: dict[str, str], mails: int) -> None:
    anne("MKCOL", f"{anne.files}/d")
    form = {"path": "/d", "shareType": "0", "shareWith": "bruno", "permissions": "1", **send}
    share = anne("POST", SHARES, form, **OCS).json()["ocs"]["data"]
    assert (share["permissions"], share["share_with"], share["item_type"]) == (1, "bruno", "folder")
    assert len(anne.server.outbox.of(MailKind.SHARE)) == mails
    listed = anne("GET", SHARES, **OCS).json()["ocs"]["data"]
    assert [row["id"] for row in listed] == [share["id"]]


def test_shares_of_nothing_and_to_nobody(anne: Client) -> None:
    anne("PUT", f"{anne.files}/a", b"x")
    for form in ({"path": "/none", "shareType": "3"}, {"path": "/a", "shareType": "0", "shareWith": "nobody"}, {}):
        assert anne("POST", SHARES, form, **OCS).status_code == 404
    assert anne("POST", SHARES, {"path": "/a", "shareType": "99"}, **OCS).status_code == 400


def test_faults_speak_sabre(server: NextcloudStandIn, anne: Client) -> None:
    server.faults.add(Rule(kind="status", method="PUT", status=423))
    locked = anne("PUT", f"{anne.files}/a", b"x")
    assert locked.status_code == 423
    assert "FileLocked" in locked.text
    server.faults.add(Rule(kind="cut-after", method="PUT"))
    with pytest.raises(requests.ConnectionError):
        anne("PUT", f"{anne.files}/a", b"x")
    assert anne("GET", f"{anne.files}/a").content == b"x"


def test_the_log_tells_who_did_what(server: NextcloudStandIn, anne: Client) -> None:
    anne("PUT", f"{anne.files}/a", b"x")
    anne("GET", f"{anne.files}/a")
    assert [(line.method, line.account, line.status) for line in server.log.lines] == [
        ("PUT", "anne", 201),
        ("GET", "anne", 200),
    ]
    assert len(server.log.writes()) == 1


def test_login_passwords_are_slow(tmp_path: Path) -> None:
    clock = Clock(speed=100)
    with NextcloudStandIn(USERS, tmp_path, clock=clock, app_passwords=False) as server, Client(server) as anne:
        before = clock.now()
        anne("PROPFIND", anne.files)
        assert clock.now() - before >= 0.2


def test_a_refused_body_does_not_spoil_the_connection(anne: Client) -> None:
    assert anne("PUT", f"{anne.files}/no/a", b"x" * 300_000).status_code == 404
    assert anne("PUT", f"{anne.files}/a", b"y").status_code == 201
