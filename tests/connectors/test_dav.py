"""Any CalDAV and CardDAV host as a source: a real Radicale, and a Nextcloud through its DAV address."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from connectors.contract import ReaderContract
from connectors.dav import connector
from connectors.samples import CALENDAR, VCARD, sample
from migrate.apply import apply_plan
from migrate.config import Filters, load_project
from migrate.errors import (
    AuthFailed,
    ConfigError,
    ConnectorError,
    NotFound,
    Rejected,
    Retriable,
    Throttled,
    Unreachable,
)
from migrate.model import Disposition, Entry, Item, Service
from migrate.pacing import Pacer
from migrate.plan import make_plan
from migrate.protocols import Context, Reader
from migrate.verify import verify
from tests.connectors.imap_kit import Plain, Unhurried
from tests.connectors.nextcloud_kit import ALICE, PASSWORDS, scripted, standin
from tests.servers import closed_port

USER, PASSWORD = "zoé@tilleuls.example", "mot de passé"
TODO = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//t//EN\r\nBEGIN:VTODO\r\nUID:todo-1\r\nDTSTAMP:20260105T080000Z\r\n"
    b"SUMMARY:Ranger la salle\r\nEND:VTODO\r\nEND:VCALENDAR\r\n"
)
COLLECTION = (
    '<?xml version="1.0"?><mkcol xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" '
    'xmlns:CR="urn:ietf:params:xml:ns:carddav" xmlns:I="http://apple.com/ns/ical/"><set><prop><resourcetype>'
    "<collection/>{kind}</resourcetype><displayname>{name}</displayname>{more}</prop></set></mkcol>"
)
EVENTS = '<C:supported-calendar-component-set><C:comp name="VEVENT"/></C:supported-calendar-component-set>'


@dataclass(frozen=True)
class Host:
    """A running Radicale."""

    url: str

    def send(self, method: str, path: str, body: str | bytes = b"", **headers: str) -> None:
        data = body.encode() if isinstance(body, str) else body
        reply = requests.request(
            method, self.url + path, data=data, headers=headers, auth=(USER.encode(), PASSWORD.encode()), timeout=20
        )
        assert reply.ok, reply.text

    def make(self, name: str, kind: str, label: str, more: str = "") -> None:
        self.send("MKCOL", f"/{USER}/{name}/", COLLECTION.format(kind=kind, name=label, more=more))


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    folder = tmp_path_factory.mktemp("radicale")
    (folder / "users").write_text(f"{USER}:{PASSWORD}\n", encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = {
        "--server-hosts": f"127.0.0.1:{port}",
        "--storage-filesystem-folder": str(folder / "store"),
        "--auth-type": "htpasswd",
        "--auth-htpasswd-filename": str(folder / "users"),
        "--auth-htpasswd-encryption": "plain",
        "--auth-delay": "0",
    }
    words = [word for pair in options.items() for word in pair]
    process = subprocess.Popen(
        [sys.executable, "-m", "radicale", "--config", "", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"PYTHONPATH": "", "PATH": "/usr/bin:/bin", "PYTHONUTF8": "1"},
    )
    try:
        yield _filled(Host(f"http://127.0.0.1:{port}"), process)
    finally:
        process.terminate()
        process.wait(20)


def _filled(host: Host, process: subprocess.Popen[bytes]) -> Host:
    for _ in range(200):
        try:
            requests.get(host.url, timeout=5)
            break
        except requests.ConnectionError:
            assert process.poll() is None, "Radicale did not start"
            time.sleep(0.05)
    color = "<I:calendar-color>#16A765FF</I:calendar-color>"
    host.make("perso", "<C:calendar/>", "Réunions &amp; sorties", color)
    host.make("equipe", "<C:calendar/>", "Équipe", EVENTS)
    host.make("carnet", "<CR:addressbook/>", "Adhérents")
    for n in range(3):
        host.send("PUT", f"/{USER}/perso/{n}%20été.ics", _body(CALENDAR, n), **{"Content-Type": "text/calendar"})
        host.send("PUT", f"/{USER}/carnet/{n}.vcf", _body(VCARD, n), **{"Content-Type": "text/vcard"})
    host.send("PUT", f"/{USER}/perso/tache.ics", TODO, **{"Content-Type": "text/calendar"})
    return host


def _body(kind: str, n: int) -> bytes:
    body = sample(kind, n)[1].body
    assert isinstance(body, bytes)
    return body


def opened(url: str, spool: Path, service: Service, user: str = USER, **more: Any) -> Reader:
    table = {"url": url, "password": Plain(PASSWORD)} | more
    one = connector(Context(pace=Unhurried(), spool=spool, settings=table)).reader(user, service)
    _OPEN.append(one)
    return one


_OPEN: list[Reader] = []


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    """Every reader that a test opened is closed at its end."""
    yield
    while _OPEN:
        _OPEN.pop().close()


@pytest.fixture(params=[Service.CALENDAR, Service.CONTACTS, Service.TASKS])
def reader(request: pytest.FixtureRequest, host: Host, tmp_path: Path) -> Reader:
    return opened(host.url, tmp_path, request.param)


class TestReader(ReaderContract):
    """The suite of every reader, on Radicale."""

    def vanished(self, reader: Reader) -> Entry | None:
        first = next(iter(reader.entries()))
        return Entry(href=first.href + "-gone.ics", collection=first.collection, etag="x", media_type=first.media_type)


def test_collections_have_their_names_colours_and_kinds(host: Host, tmp_path: Path) -> None:
    found = {c.path[0]: c.properties for c in opened(host.url, tmp_path, Service.CALENDAR).collections()}
    assert set(found) == {"Réunions & sorties", "Équipe"}
    assert found["Réunions & sorties"]["color"] == "#16a765"
    assert [c.path for c in opened(host.url, tmp_path, Service.CONTACTS).collections()] == [("Adhérents",)]
    assert {c.path[0] for c in opened(host.url, tmp_path, Service.TASKS).collections()} == {"Réunions & sorties"}


def test_events_and_tasks_of_one_calendar_are_told_apart(host: Host, tmp_path: Path) -> None:
    events = list(opened(host.url, tmp_path, Service.CALENDAR).entries())
    tasks = opened(host.url, tmp_path, Service.TASKS)
    (task,) = tasks.entries()
    assert len(events) == 3
    body = tasks.get(task).body
    assert isinstance(body, bytes)
    assert b"SUMMARY:Ranger la salle\r\n" in body
    assert b"\n" not in body.replace(b"\r\n", b"")


def test_a_gone_item_does_not_hide_the_others(host: Host, tmp_path: Path) -> None:
    contacts = opened(host.url, tmp_path, Service.CONTACTS)
    entries = list(contacts.entries())
    gone = Entry(href=f"{entries[0].collection}absent.vcf", collection=entries[0].collection, etag="x")
    answers = dict(contacts.get_many([entries[0], gone, *entries[1:]]))  # type: ignore[attr-defined]
    assert isinstance(answers.pop(gone), NotFound)
    assert all(isinstance(answer, Item) for answer in answers.values())
    assert len(answers) == 3


def _read(reader: Reader) -> None:
    _OPEN.append(reader)
    list(reader.entries())


def test_a_wrong_password_is_tried_once(host: Host, tmp_path: Path) -> None:
    table = {"url": host.url, "password": Plain("autre")}
    one = connector(Context(pace=Unhurried(), spool=tmp_path, settings=table))
    for service in (Service.CALENDAR, Service.CONTACTS):
        with pytest.raises(AuthFailed, match="401"):
            _read(one.reader(USER, service))
    (check,) = one.check([USER])
    assert not check.passed
    assert PASSWORD not in check.detail + check.advice


def test_doctor_tells_what_is_offered(host: Host, tmp_path: Path) -> None:
    table = {"url": host.url, "password": Plain(PASSWORD)}
    (check,) = connector(Context(pace=Pacer(), spool=tmp_path, settings=table)).check([USER])
    assert check.passed
    assert "2 for calendar, 1 for contacts, 1 for tasks" in check.detail


def test_no_host_and_no_dav_are_clear(host: Host, tmp_path: Path) -> None:
    with closed_port() as port, pytest.raises(Unreachable):
        list(opened(f"http://127.0.0.1:{port}", tmp_path, Service.CALENDAR).entries())
    for url in ("http://dav.example.org/", "ftp://dav.example.org/", "dav.example.org"):
        with pytest.raises(ConfigError):
            opened(url, tmp_path, Service.CALENDAR)


@pytest.mark.parametrize("cut", ["<d:multistatus xmlns:d='DAV:'><d:response>", "not XML"])
def test_a_listing_that_is_cut_is_an_error(cut: str, tmp_path: Path) -> None:
    with scripted(lambda _request: (207, {}, cut.encode())) as (url, _), pytest.raises(Retriable):
        list(opened(url, tmp_path, Service.CALENDAR).entries())


def test_a_host_that_sends_elsewhere_gets_no_password_there(tmp_path: Path) -> None:
    with scripted(lambda _request: (302, {"Location": "https://elsewhere.example/"}, b"")) as (url, _):
        with pytest.raises(ConnectorError, match="elsewhere") as caught:
            list(opened(url, tmp_path, Service.CALENDAR).entries())
        assert "https://elsewhere.example" in caught.value.advice


@pytest.mark.parametrize(("status", "error"), [(429, Throttled), (503, Throttled), (500, Retriable), (403, Rejected)])
def test_refusals_are_told_apart(status: int, error: type[ConnectorError], tmp_path: Path) -> None:
    with scripted(lambda _request: (status, {"Retry-After": "7"}, b"")) as (url, _):
        with pytest.raises(error) as caught:
            list(opened(url, tmp_path, Service.CONTACTS).entries())
        assert getattr(caught.value, "retry_after", 7.0) in (7.0, None)


def test_a_nextcloud_is_a_dav_host_too(tmp_path: Path) -> None:
    with standin(tmp_path / "data") as cloud:
        calendars = opened(
            f"{cloud.url}/remote.php/dav", tmp_path, Service.CALENDAR, ALICE, password=Plain(PASSWORDS[ALICE])
        )
        assert list(calendars.collections())
        assert list(calendars.entries()) == []


def test_the_whole_road_to_folders_on_disk(host: Host, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir(mode=0o700)
    texts = {
        "migration.toml": f'[migration]\nname = "Route"\n[source.host]\nconnector = "dav"\nurl = "{host.url}"\n'
        'password = "file:password"\n[target.disk]\nconnector = "folder"\npath = "archive"\ncreate = true\n',
        "accounts.csv": f"source,source_account,disk_account,wave\nhost,{USER},zoe,1\n",
        "password": PASSWORD,
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
        (folder / name).chmod(0o600)
    project = load_project(folder)
    plan = make_plan(project)
    assert sum(lane.counts.get(Disposition.PLANNED, 0) for lane in plan.lanes) == 7
    applied = apply_plan(project)
    assert (applied.exit_code, applied.done) == (0, 7)
    assert verify(project, Filters(), "hash").differences == 0
    assert make_plan(project).changes == 0
