"""The whole sandbox, started here and as a program, reached from outside through what it wrote."""

from __future__ import annotations

import hashlib
import json
import signal
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from google.api_core.client_options import ClientOptions
from google.oauth2 import service_account
from googleapiclient.discovery import build
from imapclient import IMAPClient

from migrate.config import load_project
from migrate.errors import UsageError
from migrate.sandbox.association import association
from migrate.sandbox.association.expected import ASIDE, expected
from migrate.sandbox.faults import Rule
from migrate.sandbox.runner import Sandbox

DIRECTOR = "helene.vasseur@tilleuls.example"
PATHS = {"gmail": ("v1", "/"), "calendar": ("v3", "/calendar/v3/"), "drive": ("v3", "/drive/v3/")}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox("small", tmp_path_factory.mktemp("sandbox") / "project") as running:
        yield running


@pytest.fixture(scope="module")
def found(sandbox: Sandbox) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads((sandbox.directory / "sandbox.json").read_text("utf-8"))
    return parsed


def google(found: dict[str, Any], name: str, account: str) -> Any:
    """Google's own client library, pointed at the stand-in."""
    version, path = PATHS[name]
    scope = f"https://www.googleapis.com/auth/{name}.readonly"
    info = found["google"]["service_account"]
    credentials = service_account.Credentials.from_service_account_info(info, scopes=[scope]).with_subject(account)
    options = ClientOptions(api_endpoint=found["google"]["url"] + path)
    return build(name, version, credentials=credentials, client_options=options, static_discovery=True)


def test_the_project_is_private_and_valid(sandbox: Sandbox) -> None:
    for path in [sandbox.directory, *sandbox.directory.rglob("*")]:
        if "data" not in path.parts:
            assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path.name
    project = load_project(sandbox.directory)
    assert len(project.accounts) == 9
    assert {row.wave for row in project.accounts} == {"pilote", "equipe"}
    assert project.sources["google"].settings["quota_factor"] == 60.0
    assert sum(row.source == "microsoft" for row in project.accounts) == 3
    assert project.sources["microsoft"].settings["certificate"].reveal() == sandbox.microsoft.certificate.pem.strip()
    person = sandbox.world.people[0]
    for target, account, password in (
        ("cloud", person.cloud_account, person.cloud_password),
        ("mail", person.mail_account, person.mail_password),
    ):
        assert project.targets[target].settings["password"].reveal(account) == password


def test_google_serves_what_is_expected(found: dict[str, Any]) -> None:
    world = association("small")
    figures = expected(world)[DIRECTOR]
    with google(found, "gmail", DIRECTOR) as gmail:
        listed = gmail.users().messages().list(userId="me", maxResults=500).execute()["messages"]
        assert len(listed) == figures.messages + figures.aside["CHAT"]
    with google(found, "calendar", DIRECTOR) as calendar:
        entries = calendar.calendarList().list().execute()["items"]
        assert sum(entry["accessRole"] == "owner" for entry in entries) == figures.calendars
        for entry in entries:
            assert calendar.events().list(calendarId=entry["id"], maxResults=2500).execute()["items"]
    with google(found, "drive", DIRECTOR) as drive:
        listing = drive.files().list(pageSize=1000, fields="*").execute()["files"]
        blobs = [file for file in listing if file["ownedByMe"] and "sha256Checksum" in file]
        assert sum(int(file["size"]) for file in blobs) == figures.file_bytes
        for file in blobs:
            data = drive.files().get_media(fileId=file["id"]).execute()
            assert hashlib.sha256(data).hexdigest() == file["sha256Checksum"]
    with urllib.request.urlopen(found["google"]["control"] + "defects") as answer:
        assert json.load(answer) == []


def test_every_message_is_served_as_it_is(found: dict[str, Any]) -> None:
    import base64

    mailbox = association("small").google[DIRECTOR].messages
    with google(found, "gmail", DIRECTOR) as gmail:
        for message in mailbox:
            got = gmail.users().messages().get(userId="me", id=message.id, format="raw").execute()
            assert base64.urlsafe_b64decode(got["raw"]) == message.raw()
            assert int(got["internalDate"]) == message.internal_date_ms
            assert set(got.get("labelIds", ())) == set(message.label_ids)
    assert any(ASIDE & set(message.label_ids) for message in mailbox)


def test_every_account_enters_both_targets(found: dict[str, Any]) -> None:
    for account, password in found["nextcloud"]["users"].items():
        url = f"{found['nextcloud']['url']}/remote.php/dav/files/{account}/"
        answer = requests.request("PROPFIND", url, auth=(account, password), headers={"Depth": "0"}, timeout=10)
        assert answer.status_code == 207
    for account, password in found["imap"]["users"].items():
        with IMAPClient(found["imap"]["host"], found["imap"]["port"], ssl=False) as client:
            client.login(account, password)
            assert client.folder_status("INBOX")[b"MESSAGES"] == 0


def test_faults_given_at_the_start(tmp_path: Path) -> None:
    rule = {"kind": "status", "path": "/remote.php/", "status": 503, "times": 1}
    faults = {"nextcloud": [rule], "google": [Rule(kind="status", status=429, times=1)], "imap": {"cut": 1}}
    with Sandbox("small", tmp_path / "p", faults=faults, speed=5.0) as sandbox:
        assert sandbox.google.clock.speed == 5.0
        url = f"{sandbox.nextcloud.url}/remote.php/dav/"
        assert [requests.get(url, timeout=10).status_code for _ in range(2)] == [503, 401]
        assert requests.get(f"{sandbox.google.url}/gmail/v1/users/me/profile", timeout=10).status_code == 429
    assert sandbox.wait(0)


def test_a_folder_in_use_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(UsageError, match="already holds"):
        Sandbox("small", sandbox.directory).start()


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_as_a_program(tmp_path: Path, ending: signal.Signals) -> None:
    command = [sys.executable, "-m", "migrate.sandbox", "--directory", str(tmp_path / "p"), "--profile", "small"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        ready = json.loads(program.stdout.readline())
        assert ready["type"] == "ready"
        found = json.loads(Path(ready["path"]).read_text("utf-8"))
        with IMAPClient(found["imap"]["host"], found["imap"]["port"], ssl=False) as client:
            client.login(*next(iter(found["imap"]["users"].items())))
        program.send_signal(ending)
        output, errors = program.communicate(timeout=20)
    assert (program.returncode, output, errors) == (0, "", "")
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(ready["google"], timeout=2)
    with pytest.raises(OSError, match="refused"):
        IMAPClient(found["imap"]["host"], found["imap"]["port"], ssl=False)
