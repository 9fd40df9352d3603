"""Drive, read with Google's own client."""

from __future__ import annotations

import io
from collections.abc import Callable
from hashlib import md5
from typing import Any

import pytest
from googleapiclient.http import MediaIoBaseDownload

from migrate.sandbox.faults import Rule
from migrate.sandbox.google import GoogleStandIn
from tests.sandbox.google_world import ANNE, ODT, ROOT, Client, node, pages, refusal


def ids(drive: Any, **query: Any) -> list[str]:
    request = drive.files().list(**query)
    return [found["id"] for page in pages(request, drive.files().list_next, "files") for found in page]


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        (None, ["d1", "f1", "f2", "n1", "n2", "s1", "s2"]),
        ("'me' in owners and trashed = false", ["d1", "f1", "n1", "n2"]),
        ("'bruno@tilleuls.example' in owners", ["s1", "s2"]),
        ("sharedWithMe", ["s1", "s2"]),
        ("sharedWithMe = false and trashed=true", ["f2"]),
        ("'root' in parents and mimeType = 'application/vnd.google-apps.folder'", ["d1"]),
        ("'d1' in parents or name = 'b.bin'", ["f1", "f2"]),
        ("(mimeType != 'text/plain' and not trashed = true) and 'root1' in parents", ["d1", "n1", "n2"]),
        ("mimeType contains 'text/'", ["f1", "s1", "s2"]),
        ("modifiedTime > '2026-02-01T09:30:00+01:00'", []),
        ("modifiedTime >= '2026-02-01T08:00:00'", ["d1", "f1", "f2", "n1", "n2", "s1", "s2"]),
        (r"name = 'l\'été'", []),
    ],
)
def test_listing_obeys_the_search(drive: Any, q: str | None, expected: list[str]) -> None:
    assert ids(drive, q=q) == ids(drive, q=q, pageSize=1) == expected


def test_what_the_search_does_not_know_is_refused(drive: Any) -> None:
    for text in ("fullText contains 'x'", "trashed", "'me' in", "name = x", "trashed = false and", "(trashed = true"):
        assert refusal(drive.files().list(q=text)) == (400, "invalid")
    for extra in ({"orderBy": "name"}, {"corpora": "allDrives"}, {"includeItemsFromAllDrives": True}):
        assert refusal(drive.files().list(**extra))[0] == 400


def test_only_the_fields_asked_for_come_back(drive: Any) -> None:
    default = drive.files().list(pageSize=1).execute()
    assert sorted(default) == ["files", "incompleteSearch", "kind", "nextPageToken"]
    assert default["files"] == [
        {"kind": "drive#file", "id": "d1", "name": "Dossier", "mimeType": "application/vnd.google-apps.folder"}
    ]
    assert drive.files().list(pageSize=1, fields="files(id,owners/me)").execute() == {
        "files": [{"id": "d1", "owners": [{"me": True}]}]
    }
    assert drive.files().get(fileId="f1", fields="size,md5Checksum,capabilities(canDownload)").execute() == {
        "size": "10",
        "md5Checksum": md5(b"0123456789").hexdigest(),
        "capabilities": {"canDownload": True},
    }
    assert set(drive.files().get(fileId="f1", fields="*").execute()) > {"owners", "parents", "md5Checksum"}
    for wrong in ("nom", "id(", "owners(x)", "id,,name", "files(id)"):
        assert refusal(drive.files().get(fileId="f1", fields=wrong)) == (400, "invalidParameter")


def test_about_demands_fields(drive: Any) -> None:
    assert refusal(drive.about().get()) == (400, "required")
    answer = drive.about().get(fields="user(emailAddress),storageQuota(usage),exportFormats").execute()
    assert answer["user"] == {"emailAddress": ANNE}
    assert answer["storageQuota"] == {"usage": "10"}
    assert ODT in answer["exportFormats"]["application/vnd.google-apps.document"]


def test_root_is_a_file_and_is_not_listed(drive: Any) -> None:
    assert drive.files().get(fileId="root", fields="id").execute() == {"id": "root1"}
    assert refusal(drive.files().get(fileId="zzz")) == (404, "notFound")


def test_downloads_whole_and_by_ranges(google: GoogleStandIn, client: Callable[..., Client]) -> None:
    made = client("drive")
    assert made.api.files().get_media(fileId="f1").execute() == b"0123456789"
    received = io.BytesIO()
    download = MediaIoBaseDownload(received, made.api.files().get_media(fileId="f1"), chunksize=4)
    done = False
    while not done:
        _, done = download.next_chunk()
    assert received.getvalue() == b"0123456789"
    uri = f"{google.url}/drive/v3/files/f1?alt=media"
    answer, content = made.http.request(uri, headers={"range": "bytes=-3"})
    assert (answer.status, answer["content-range"], content) == (206, "bytes 7-9/10", b"789")
    answer, _ = made.http.request(uri, headers={"range": "bytes=10-"})
    assert answer.status == 416
    assert made.api.files().get_media(fileId="f2").execute() == b""


def test_reasons_why_bytes_cannot_be_had(google: GoogleStandIn, drive: Any) -> None:
    files = drive.files()
    assert refusal(files.get_media(fileId="n1")) == (403, "fileNotDownloadable")
    assert refusal(files.get_media(fileId="s2")) == (403, "cannotDownloadFile")
    google.abusive_files.add("f1")
    assert refusal(files.get_media(fileId="f1")) == (403, "cannotDownloadAbusiveFile")
    assert files.get_media(fileId="f1", acknowledgeAbuse=True).execute() == b"0123456789"
    assert refusal(files.export(fileId="f1", mimeType=ODT)) == (403, "fileNotExportable")
    assert refusal(files.export(fileId="n1", mimeType="text/csv")) == (400, "badRequest")
    assert refusal(files.export(fileId="n2", mimeType=ODT)) == (403, "exportSizeLimitExceeded")


def test_export_links_have_no_size_limit(client: Callable[..., Client]) -> None:
    made = client("drive")
    assert made.api.files().export(fileId="n1", mimeType=ODT).execute() == b"odt"
    links = made.api.files().get(fileId="n2", fields="exportLinks").execute()["exportLinks"]
    answer, content = made.http.request(links[ODT])
    assert (answer.status, answer["content-type"], len(content)) == (200, ODT, 10 * 2**20 + 1)


def test_metadata_scope_lists_but_does_not_download(client: Callable[..., Client]) -> None:
    drive = client("drive", scopes=[f"{ROOT}drive.metadata.readonly"]).api
    assert "f1" in ids(drive)
    assert refusal(drive.files().get_media(fileId="f1")) == (403, "insufficientPermissions")
    assert refusal(drive.files().export(fileId="n1", mimeType=ODT)) == (403, "insufficientPermissions")


def test_changes_since_a_start_token(google: GoogleStandIn, drive: Any) -> None:
    start = drive.changes().getStartPageToken().execute()["startPageToken"]
    google.edit.put_file(ANNE, node("f9", "neuf.txt", "text/plain", lambda: b"9"))
    google.edit.put_file(ANNE, node("f1", "a2.txt", "text/plain", lambda: b"autre"))
    google.edit.remove_file(ANNE, "f2")
    request = drive.changes().list(pageToken=start, pageSize=2, fields="*")
    found = [change for page in pages(request, drive.changes().list_next, "changes") for change in page]
    assert [(change["fileId"], change["removed"]) for change in found] == [("f9", False), ("f1", False), ("f2", True)]
    assert found[1]["file"]["md5Checksum"] == md5(b"autre").hexdigest()
    last = drive.changes().list(pageToken=start, includeRemoved=False).execute()
    assert len(last["changes"]) == 2
    assert drive.changes().list(pageToken=last["newStartPageToken"]).execute()["changes"] == []


def test_a_change_token_can_be_too_old_or_wrong(google: GoogleStandIn, drive: Any) -> None:
    assert refusal(drive.changes().list(pageToken="x")) == (400, "invalid")
    assert refusal(drive.changes().list(pageToken="9999")) == (400, "invalid")
    google.faults.add(Rule(kind="expire-cursors"))
    assert refusal(drive.changes().list(pageToken="1000")) == (400, "invalid")


def test_permissions_of_an_owned_file(google: GoogleStandIn, drive: Any) -> None:
    shared = [{"id": "p1", "type": "anyone", "role": "reader", "allowFileDiscovery": False}]
    google.edit.put_file(ANNE, node("f1", "a.txt", "text/plain", lambda: b"0", permissions=shared))
    found = drive.permissions().list(fileId="f1").execute()["permissions"]
    assert found == [{"kind": "drive#permission", "id": "p1", "type": "anyone", "role": "reader"}]
    assert refusal(drive.permissions().list(fileId="s1")) == (403, "insufficientFilePermissions")
