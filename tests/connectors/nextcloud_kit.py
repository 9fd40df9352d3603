"""What the tests of the Nextcloud connector share: settings, servers to test against, a server that answers by script.

Tests run against the sandbox's stand-in, and also against a real server when TRANSHUME_NEXTCLOUD_URL and
TRANSHUME_NEXTCLOUD_USERS ("alice:app-password,bob:app-password") are set. Never name a server that people use:
folders and calendars are made and removed there. TRANSHUME_NEXTCLOUD_MAILS may name a file that holds the number of
mails the server sent so far.
"""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from connectors.nextcloud import Nextcloud, connector
from connectors.nextcloud.calendars import NextcloudCalendars
from connectors.nextcloud.contacts import NextcloudContacts
from connectors.nextcloud.dav import Dav
from connectors.nextcloud.files import NextcloudFiles
from connectors.nextcloud.site import Site
from connectors.nextcloud.tasks import NextcloudTasks
from migrate.model import Entry, Item, Service
from migrate.protocols import Context, Target
from migrate.sandbox.nextcloud import NextcloudStandIn

ALICE, BOB = "alice", "bob"
PASSWORDS = {ALICE: "aaaaa-bbbbb-ccccc-ddddd-eeeee", BOB: "fffff-ggggg-hhhhh-iiiii-jjjjj"}


@dataclass(frozen=True)
class Passwords:
    """Secrets in clear, by account."""

    by_account: Mapping[str, str]

    def reveal(self, account: str = "") -> str:
        return self.by_account.get(account, "wrong")


@dataclass
class Patient:
    """A pace that never waits and counts refusals."""

    refusals: list[float | None] = field(default_factory=list)

    def limit(self, bucket: str, *, per_minute: float, burst: float | None = None) -> None:
        """Nothing."""

    def spend(self, costs: Mapping[str, float]) -> None:
        """Nothing."""

    def refused(self, buckets: Iterable[str], *, retry_after: float | None = None) -> float:
        self.refusals.append(retry_after)
        return 0.0

    def sleep(self, seconds: float) -> None:
        """Nothing."""


@dataclass
class Place:
    """A server to test against."""

    url: str
    users: Mapping[str, str]
    mails: Callable[[], int]
    standin: NextcloudStandIn | None = None

    def context(self, spool: Path, **settings: Any) -> Context:
        table = {"url": self.url, "password": Passwords(self.users), "timeout": 30.0}
        return Context(pace=Patient(), spool=spool, settings=table | settings)

    def connector(self, spool: Path, **settings: Any) -> Nextcloud:
        return connector(self.context(spool, **settings))

    def dav(self, spool: Path, account: str = ALICE) -> Dav:
        return Dav(Site.of(self.context(spool)), account)

    @contextmanager
    def files(self, spool: Path, account: str = ALICE, **settings: Any) -> Iterator[NextcloudFiles]:
        """Files below a folder of their own, removed at the end."""
        folder = f"Essai {uuid.uuid4().hex[:8]}"
        target = self.connector(spool, **({"folder": folder} | settings)).target(account, Service.FILES)
        assert isinstance(target, NextcloudFiles)
        try:
            yield target
        finally:
            target.close()
            self._remove(spool, account, f"files/{account}/{settings.get('folder', folder)}")

    @contextmanager
    def calendars(self, spool: Path, account: str = ALICE, **settings: Any) -> Iterator[NextcloudCalendars]:
        """Calendars; those that are new at the end are removed."""
        with self._collections(Service.CALENDAR, spool, account, **settings) as target:
            assert isinstance(target, NextcloudCalendars)
            yield target

    @contextmanager
    def contacts(self, spool: Path, account: str = ALICE, **settings: Any) -> Iterator[NextcloudContacts]:
        """Address books; those that are new at the end are removed."""
        with self._collections(Service.CONTACTS, spool, account, **settings) as target:
            assert isinstance(target, NextcloudContacts)
            yield target

    @contextmanager
    def tasks(self, spool: Path, account: str = ALICE, **settings: Any) -> Iterator[NextcloudTasks]:
        """Task lists; those that are new at the end are removed."""
        with self._collections(Service.TASKS, spool, account, **settings) as target:
            assert isinstance(target, NextcloudTasks)
            yield target

    @contextmanager
    def _collections(self, service: Service, spool: Path, account: str, **settings: Any) -> Iterator[Target]:
        target = self.connector(spool, **settings).target(account, service)
        before = {collection.href for collection in target.collections()}
        try:
            yield target
        finally:
            target.close()
            with_new = self.connector(spool).target(account, service)
            made = [c.href for c in with_new.collections() if c.href not in before and not c.role]
            with_new.close()
            for href in made:
                self._remove(spool, account, href)

    def _remove(self, spool: Path, account: str, path: str) -> None:
        dav = self.dav(spool, account)
        silent = {"X-NC-CalDAV-No-Trashbin": "1", "Schedule-Reply": "F"}
        dav.send("DELETE", dav.url(path), headers=silent, allow={404})
        dav.close()


@contextmanager
def standin(directory: Path, **options: Any) -> Iterator[Place]:
    """The sandbox's own."""
    with NextcloudStandIn(PASSWORDS, directory, **options) as server:
        yield Place(url=server.url, users=PASSWORDS, mails=lambda: len(server.outbox), standin=server)


@contextmanager
def real() -> Iterator[Place]:
    """The server that the environment names, else the test is skipped."""
    url, users = os.environ.get("TRANSHUME_NEXTCLOUD_URL"), os.environ.get("TRANSHUME_NEXTCLOUD_USERS")
    if not url or not users:
        pytest.skip("TRANSHUME_NEXTCLOUD_URL and TRANSHUME_NEXTCLOUD_USERS name no server")
    counter = os.environ.get("TRANSHUME_NEXTCLOUD_MAILS")
    passwords = dict(pair.split(":", 1) for pair in users.split(","))
    yield Place(url=url, users=passwords, mails=lambda: int(Path(counter).read_text()) if counter else 0)


@contextmanager
def either(kind: str, directory: Path) -> Iterator[Place]:
    """``standin`` or ``real``."""
    with standin(directory) if kind == "standin" else real() as place:
        yield place


Script = Callable[[BaseHTTPRequestHandler], tuple[int, dict[str, str], bytes]]


@contextmanager
def scripted(script: Script) -> Iterator[tuple[str, list[str]]]:
    """A server that answers as told: its address, and the request lines it received."""
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            seen.append(f"{self.command} {self.path}")
            self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, headers, body = script(self)
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(body))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def item(body: bytes | Path, name: str = "essai.txt", media_type: str = "text/plain", **known: Any) -> Item:
    """A plain file as a source would give it."""
    entry = Entry(href="1", collection="source", etag="1", name=name, media_type=media_type, **known)
    return Item(entry=entry, body=body, media_type=media_type)
