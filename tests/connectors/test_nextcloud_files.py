"""Files onto Nextcloud: proof, names, sizes, dates, and what happens when an answer is lost."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from connectors.nextcloud import connector, upload
from connectors.nextcloud.files import NextcloudFiles
from connectors.samples import body_of
from migrate.errors import AlreadyExists, ConnectorError, EtagMismatch, QuotaExceeded, Rejected, Retriable, Uncertain
from migrate.model import Collection, Service, Stored
from migrate.protocols import Context, SupportsDigest, SupportsPutMany, Target
from migrate.sandbox.faults import Rule
from tests.connectors.nextcloud_kit import ALICE, BOB, Passwords, Patient, Place, either, item, scripted, standin

DAY = datetime(2017, 7, 14, 2, 40, tzinfo=UTC)
HARD = [
    "été à Liège – œuvres.txt",
    "100 % #1 & plus;+~.txt",
    "日本語 🌳.txt",
    "a?b*c:d|e.txt",
    "d'abord  deux.txt",
    ".caché",
    "a....b",
]


@pytest.fixture(params=["standin", "real"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    with either(request.param, tmp_path / "server") as found:
        yield found


@pytest.fixture
def target(place: Place, tmp_path: Path) -> Iterator[NextcloudFiles]:
    with place.files(tmp_path) as found:
        yield found


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Place]:
    with standin(tmp_path / "server") as found:
        yield found


def sha256(body: bytes) -> str:
    return "sha256:" + hashlib.sha256(body).hexdigest()


def test_it_is_a_target_with_its_abilities(target: NextcloudFiles) -> None:
    assert isinstance(target, Target)
    assert isinstance(target, SupportsPutMany)
    assert isinstance(target, SupportsDigest)
    found = target.capabilities
    assert found.accepts == {"*/*"}
    assert found.batch == 100
    assert {".htaccess", ".."} <= found.names.forbidden_names
    assert ".part" in found.names.forbidden_extensions


def test_nothing_is_listed_while_the_folder_was_never_made(target: NextcloudFiles) -> None:
    assert list(target.collections()) == []
    assert list(target.entries()) == []


def test_a_file_is_proved_dated_and_read_back(target: NextcloudFiles) -> None:
    folder = target.ensure(Collection(href="", path=("Bureau", "Été 2024")))
    stored = target.put(folder, "a.txt", item(b"bonjour", modified=DAY, created=DAY), expects=None)
    (entry,) = target.entries()
    assert (stored.href, stored.digest) == ("/Bureau/Été 2024/a.txt", sha256(b"bonjour"))
    assert (entry.size, entry.modified, entry.created, entry.etag) == (7, DAY, DAY, stored.etag)
    assert target.digest(entry) == stored.digest
    assert [c.href for c in target.collections()] == ["/", "/Bureau", "/Bureau/Été 2024"]


def test_hard_names_and_an_empty_file(target: NextcloudFiles, tmp_path: Path) -> None:
    folder = target.ensure(Collection(href="", path=("dur",)))
    empty = tmp_path / "vide"
    empty.touch()
    for name in HARD:
        target.put(folder, name, item(name.encode()), expects=None)
    assert target.put(folder, "vide", item(empty), expects=None).digest == sha256(b"")
    assert {entry.name: body_of(target.get(entry)) for entry in target.entries()} == {
        "vide": b"",
        **{name: name.encode() for name in HARD},
    }


def test_a_name_of_dots_is_refused_before_it_goes_elsewhere(target: NextcloudFiles) -> None:
    folder = target.ensure(Collection(href="", path=("ici",)))
    with pytest.raises(Rejected):
        target.put(folder, "...", item(b"x"), expects=None)
    with pytest.raises(Rejected):
        target.ensure(Collection(href="", path=("ici", "..", "ailleurs")))


def test_dates_before_the_servers_first_are_clamped(target: NextcloudFiles) -> None:
    folder = target.ensure(Collection(href="", path=()))
    target.put(folder, "vieux", item(b"x", modified=datetime(1969, 7, 20, tzinfo=UTC)), expects=None)
    (entry,) = target.entries()
    assert entry.modified == datetime.fromtimestamp(upload.FIRST_SECOND, UTC)


def test_a_file_in_the_folders_place(target: NextcloudFiles) -> None:
    root = target.ensure(Collection(href="", path=()))
    target.put(root, "nom", item(b"x"), expects=None)
    with pytest.raises(AlreadyExists):
        target.ensure(Collection(href="", path=("nom",)))


def test_put_many_overwrites_nothing(target: NextcloudFiles) -> None:
    folder = target.ensure(Collection(href="", path=("lot",)))
    held = target.put(folder, "b", item(b"older"), expects=None)
    bodies = [
        ("a", b"1"),
        ("b", b"newer"),
        ("a", b"again"),
        ("été", b""),
        (" espace ", b"4"),
        ("c.part", b"5"),
        ("d", b"6"),
    ]
    answers = target.put_many(folder, [(name, item(body, modified=DAY)) for name, body in bodies])
    assert [type(answer) for answer in answers[:5]] == [Stored, AlreadyExists, AlreadyExists, Stored, Stored]
    assert isinstance(answers[5], ConnectorError)
    assert isinstance(answers[6], Stored)
    found = {entry.name: body_of(target.get(entry)) for entry in target.entries()}
    assert found == {"a": b"1", "b": b"older", "été": b"", " espace ": b"4", "d": b"6"}
    etags = {entry.href: entry.etag for entry in target.entries()}
    for answer in [held, *answers]:
        if isinstance(answer, Stored):
            assert etags[answer.href] == answer.etag


def test_chunks(target: NextcloudFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "CHUNK", 10_000_000)
    big = tmp_path / "grand"
    big.write_bytes(os.urandom(30_000_001))
    folder = target.ensure(Collection(href="", path=("é è",)))
    sent = item(big, modified=DAY)
    stored = target.put(folder, "grand à 100 %.bin", sent, expects=None)
    (entry,) = target.entries()
    assert (entry.size, entry.modified, entry.etag) == (30_000_001, DAY, stored.etag)
    assert stored.digest == sha256(big.read_bytes())
    assert sha256(body_of(target.get(entry))) == stored.digest
    with pytest.raises(AlreadyExists):
        target.put(folder, "grand à 100 %.bin", sent, expects=None)
    with pytest.raises(EtagMismatch):
        target.put(folder, "grand à 100 %.bin", sent, expects='"0"')
    big.write_bytes(os.urandom(20_000_002))
    again = target.put(folder, "grand à 100 %.bin", item(big), expects=stored.etag)
    assert again.etag != stored.etag
    assert again.digest == sha256(big.read_bytes())


def test_a_file_above_the_threshold_goes_in_chunks(sandbox: Place, tmp_path: Path) -> None:
    big = tmp_path / "grand"
    big.write_bytes(bytes(upload.CHUNK + 1))
    with sandbox.files(tmp_path) as target:
        target.put(target.ensure(Collection(href="", path=())), "g", item(big), expects=None)
    assert sandbox.standin is not None
    chunks = [line for line in sandbox.standin.log.lines if line.method == "PUT" and "/uploads/" in line.path]
    assert len(chunks) == 2


def test_chunk_sizes() -> None:
    assert upload.chunk_size(30_000_000, 104_857_600) == upload.CHUNK
    assert upload.chunk_size(30_000_000, 5_000_000) == 5_000_000
    assert upload.chunk_size(10**12, 10**9) == 10**8


def test_quota(tmp_path: Path) -> None:
    with standin(tmp_path / "server", quota_bytes=1000) as place, place.files(tmp_path, BOB) as target:
        assert target.capabilities.free_bytes == 1000
        folder = target.ensure(Collection(href="", path=()))
        with pytest.raises(QuotaExceeded):
            target.put(folder, "a", item(bytes(2000)), expects=None)
        assert list(target.entries()) == []


def test_one_connection_and_one_request_a_file(sandbox: Place, tmp_path: Path) -> None:
    assert sandbox.standin is not None
    with sandbox.files(tmp_path) as target:
        folder = target.ensure(Collection(href="", path=("a",)))
        before = len(sandbox.standin.log.lines)
        for n in range(5):
            target.put(folder, f"{n}", item(b"x"), expects=None)
        asked = [line.method for line in sandbox.standin.log.lines[before:]]
    assert asked == ["PUT"] * 5


@pytest.mark.parametrize("kind", ["cut-after", "status"])
def test_a_lost_answer_is_uncertain_and_then_found(sandbox: Place, tmp_path: Path, kind: str) -> None:
    assert sandbox.standin is not None
    with sandbox.files(tmp_path) as target:
        folder = target.ensure(Collection(href="", path=("a",)))
        sandbox.standin.faults.add(Rule(kind=kind, method="PUT", status=504))
        with pytest.raises(Uncertain):
            target.put(folder, "n", item(b"x"), expects=None)
        found = list(target.find(folder, "n", item(b"x"), ""))
        assert [stored.digest for stored in found] == ([sha256(b"x")] if kind == "cut-after" else [])


def test_a_lost_answer_to_many(sandbox: Place, tmp_path: Path) -> None:
    assert sandbox.standin is not None
    items = [(f"{n}", item(b"%d" % n)) for n in range(5)]
    with sandbox.files(tmp_path) as target:
        folder = target.ensure(Collection(href="", path=("a",)))
        sandbox.standin.faults.add(Rule(kind="cut-after", method="POST", path="bulk"))
        with pytest.raises(Uncertain):
            target.put_many(folder, items)
        assert all(len(list(target.find(folder, name, sent, ""))) == 1 for name, sent in items)
        assert all(isinstance(answer, AlreadyExists) for answer in target.put_many(folder, items))
        assert len(list(target.entries())) == 5


def test_a_bulk_upload_that_fails_half_way(sandbox: Place, tmp_path: Path) -> None:
    assert sandbox.standin is not None
    items = [(f"{n}", item(b"%d" % n)) for n in range(5)]
    with sandbox.files(tmp_path) as target:
        folder = target.ensure(Collection(href="", path=("a",)))
        sandbox.standin.faults.add(Rule(kind="status", method="POST", path="bulk", status=500))
        assert all(isinstance(answer, Stored) for answer in target.put_many(folder, items))
        assert len(list(target.entries())) == 5


def test_a_listing_that_is_cut_is_no_listing(sandbox: Place, tmp_path: Path) -> None:
    assert sandbox.standin is not None
    with sandbox.files(tmp_path) as target:
        folder = target.ensure(Collection(href="", path=("a",)))
        target.put(folder, "n", item(b"x"), expects=None)
        sandbox.standin.faults.add(Rule(kind="cut-during", method="PROPFIND", skip=1, path="Essai"))
        with pytest.raises(Retriable):
            list(target.entries())
        assert len(list(target.entries())) == 1


def test_a_body_that_is_cut_leaves_no_spool_file(sandbox: Place, tmp_path: Path) -> None:
    assert sandbox.standin is not None
    spool = tmp_path / "spool"
    spool.mkdir()
    with sandbox.files(spool) as target:
        folder = target.ensure(Collection(href="", path=("a",)))
        target.put(folder, "n", item(bytes(3_000_000)), expects=None)
        (entry,) = target.entries()
        sandbox.standin.faults.add(Rule(kind="cut-during", method="GET", path="files/"))
        with pytest.raises(Retriable):
            target.get(entry)
        assert list(spool.iterdir()) == []
        assert len(body_of(target.get(entry))) == 3_000_000


@contextmanager
def files_of(url: str, spool: Path) -> Iterator[NextcloudFiles]:
    settings = {"url": url, "password": Passwords({ALICE: "secret"}), "timeout": 5.0, "folder": ""}
    target = connector(Context(pace=Patient(), spool=spool, settings=settings)).target(ALICE, Service.FILES)
    assert isinstance(target, NextcloudFiles)
    try:
        yield target
    finally:
        target.close()


USER = b'{"ocs": {"data": {"id": "alice"}}}'
FOLDER = Collection(href="/")


def test_other_bytes_than_those_sent_are_removed_and_sent_again(tmp_path: Path) -> None:
    def script(request: BaseHTTPRequestHandler) -> tuple[int, dict[str, str], bytes]:
        if request.command == "PUT":
            return 201, {"X-Hash-SHA256": "0" * 64, "ETag": '"e"'}, b""
        if request.command == "DELETE":
            assert request.headers["If-Match"] == '"e"'
        return (200, {}, USER) if request.command == "GET" else (204, {}, b"")

    with scripted(script) as (url, seen), files_of(url, tmp_path) as target:
        with pytest.raises(Retriable, match="other bytes"):
            target.put(FOLDER, "n", item(b"x"), expects=None)
        with pytest.raises(Retriable, match="other bytes"):
            target.put(FOLDER, "n", item(b"x"), expects='"old"')
        assert [line.split()[0] for line in seen] == ["GET", "PUT", "DELETE", "PUT"]


def test_a_server_that_tells_no_hash_is_asked_for_it(tmp_path: Path) -> None:
    def script(request: BaseHTTPRequestHandler) -> tuple[int, dict[str, str], bytes]:
        if request.command == "PATCH":
            return 204, {"OC-Checksum": "SHA256:" + hashlib.sha256(b"x").hexdigest()}, b""
        return (201, {"OC-ETag": 'W/"e"'}, b"") if request.command == "PUT" else (200, {}, USER)

    with scripted(script) as (url, _), files_of(url, tmp_path) as target:
        stored = target.put(FOLDER, "n", item(b"x"), expects=None)
        assert (stored.etag, stored.digest) == ('"e"', sha256(b"x"))


def test_a_body_always_has_a_length(tmp_path: Path) -> None:
    lengths: list[tuple[str | None, str | None]] = []

    def script(request: BaseHTTPRequestHandler) -> tuple[int, dict[str, str], bytes]:
        if request.command != "PUT":
            return 200, {}, USER
        lengths.append((request.headers["Content-Length"], request.headers["Transfer-Encoding"]))
        digest = hashlib.sha256(request.body).hexdigest()  # type: ignore[attr-defined]
        return 201, {"X-Hash-SHA256": digest, "ETag": '"e"'}, b""

    path = tmp_path / "f"
    with scripted(script) as (url, _), files_of(url, tmp_path) as target:
        for size in (0, 1, 200_000):
            path.write_bytes(bytes(size))
            target.put(FOLDER, "n", item(path), expects=None)
            target.put(FOLDER, "n", replace(item(b""), body=bytes(size)), expects=None)
    assert lengths == [(size, None) for size in ("0", "0", "1", "1", "200000", "200000")]


def test_no_error_names_a_file(sandbox: Place, tmp_path: Path) -> None:
    with sandbox.files(tmp_path) as target:
        folder = target.ensure(Collection(href="", path=("a",)))
        with pytest.raises(Rejected) as caught:
            target.put(folder, "secret.part", item(b"x"), expects=None)
    assert not re.search("secret", repr(caught.value) + caught.value.message + caught.value.advice)
