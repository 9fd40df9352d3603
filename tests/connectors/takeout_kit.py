"""Small Takeout archives made by hand, and the connector over them."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from connectors.takeout import connector
from migrate.model import Item, Service
from migrate.pacing import Pacer
from migrate.protocols import Context, Reader

ALICE = "alice@tilleuls.example"
STAMP = "20260102T030405Z"
ALL_MAIL = "Takeout/Mail/All mail Including Spam and Trash.mbox"
CONTACTS = "Takeout/Contacts/All Contacts/All Contacts.vcf"

HELLO = b"From: a@example.org\r\nSubject: Hello\r\nMessage-ID: <1@example.org>\r\n\r\nBody\r\n"
EVENT = """BEGIN:VEVENT
DTSTART;TZID=Europe/Paris:20260105T100000
DTEND;TZID=Europe/Paris:20260105T110000
DTSTAMP:20260102T030405Z
UID:{uid}
SUMMARY:Réunion
{more}END:VEVENT
"""
ICS = """BEGIN:VCALENDAR
PRODID:-//Google Inc//Google Calendar 70.9054//EN
VERSION:2.0
CALSCALE:GREGORIAN
METHOD:PUBLISH
X-WR-CALNAME:{name}
X-WR-TIMEZONE:Europe/Paris
BEGIN:VTIMEZONE
TZID:Europe/Paris
BEGIN:STANDARD
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE
{events}END:VCALENDAR
"""


def ics(name: str, *events: str) -> bytes:
    return ICS.format(name=name, events="".join(events)).replace("\n", "\r\n").encode()


def event(uid: str, more: str = "") -> str:
    return EVENT.format(uid=uid, more=more)


def message(
    number: int, body: bytes = HELLO, labels: str = "Inbox,Opened", date: str = "Mon Jan 05 09:30:00 +0000 2026"
) -> bytes:
    head = f"From {number}@xxx {date}\r\nX-GM-THRID: {number}\r\nX-Gmail-Labels: {labels}\r\n".encode()
    return head + body + b"\r\n"


def write_zip(
    path: Path, files: Mapping[str, bytes], *, method: int = zipfile.ZIP_DEFLATED, mode: int = 0o100644
) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name, (2025, 12, 24, 18, 30, 8))
            info.compress_type, info.external_attr = method, mode << 16
            archive.writestr(info, content)
    return path


def write_tgz(path: Path, files: Mapping[str, bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz", format=tarfile.GNU_FORMAT) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(content), 1_766_601_008
            archive.addfile(info, io.BytesIO(content))
    return path


def part(folder: Path, number: int = 1, kind: str = "zip", stamp: str = STAMP) -> Path:
    return folder / "takeout" / ALICE / f"takeout-{stamp}-{number:03d}.{kind}"


def export(folder: Path, *parts: Mapping[str, bytes], kind: str = "zip", method: int = zipfile.ZIP_DEFLATED) -> None:
    """One export of Alice's, one part per mapping."""
    for number, files in enumerate(parts, 1):
        path = part(folder, number, kind)
        if kind == "zip":
            write_zip(path, files, method=method)
        else:
            write_tgz(path, files)


def reader(folder: Path, service: Service, account: str = ALICE, archives: str = "takeout/{account}") -> Reader:
    (folder / "spool").mkdir(exist_ok=True)
    context = Context(pace=Pacer(), spool=folder / "spool", settings={"archives": archives})
    return connector(context).reader(account, service)


Read = Callable[..., Reader]


@pytest.fixture
def read(tmp_path: Path) -> Iterator[Read]:
    """Makes readers over the test's folder, closed at its end."""
    made: list[Reader] = []

    def make(service: Service, **options: str) -> Reader:
        made.append(reader(tmp_path, service, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


def body_of(item: Item) -> bytes:
    try:
        return item.body if isinstance(item.body, bytes) else item.body.read_bytes()
    finally:
        item.discard()


def bodies(one: Reader) -> Sequence[bytes]:
    """Every body, in the order of the listing."""
    return [body_of(one.get(entry)) for entry in one.entries()]
