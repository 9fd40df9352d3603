"""The Nextcloud connector keeps the contract, on the stand-in and on a real server when one is named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.contract import TargetContract
from connectors.nextcloud.calendars import NextcloudCalendars, comparable
from connectors.nextcloud.contacts import NextcloudContacts
from connectors.nextcloud.files import NextcloudFiles
from connectors.nextcloud.tasks import NextcloudTasks
from connectors.samples import CALENDAR, VCARD, body_of, sample
from mappings.canonical import digest
from migrate.model import Item
from tests.connectors.nextcloud_kit import BOB, Place, either


@pytest.fixture(params=["standin", "real"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    with either(request.param, tmp_path / "server") as found:
        yield found


class TestFiles(TargetContract):
    media_type = "text/plain"
    neighbour = BOB

    @pytest.fixture
    def target(self, place: Place, tmp_path: Path) -> Iterator[NextcloudFiles]:
        with place.files(tmp_path) as target:
            yield target

    def make_bad_item(self, n: int) -> tuple[str, Item]:
        return f"{n}.part", sample(self.media_type, n)[1]


class TestCalendars(TargetContract):
    media_type = CALENDAR
    neighbour = BOB

    @pytest.fixture
    def target(self, place: Place, tmp_path: Path) -> Iterator[NextcloudCalendars]:
        with place.calendars(tmp_path) as target:
            yield target

    def same(self, sent: bytes, got: bytes) -> bool:
        return comparable(sent) == comparable(got)


class TestTasks(TargetContract):
    media_type = CALENDAR
    neighbour = BOB

    @pytest.fixture
    def target(self, place: Place, tmp_path: Path) -> Iterator[NextcloudTasks]:
        with place.tasks(tmp_path) as target:
            yield target

    def make_item(self, n: int, **variation: Any) -> tuple[str, Item]:
        name, item = sample(CALENDAR, n, **variation)
        body = body_of(item).replace(b"VEVENT", b"VTODO").replace(b"DTEND:", b"DUE:")
        return name, replace(item, body=body)

    def same(self, sent: bytes, got: bytes) -> bool:
        return comparable(sent) == comparable(got)


class TestContacts(TargetContract):
    media_type = VCARD
    neighbour = BOB

    @pytest.fixture
    def target(self, place: Place, tmp_path: Path) -> Iterator[NextcloudContacts]:
        with place.contacts(tmp_path) as target:
            yield target

    def same(self, sent: bytes, got: bytes) -> bool:
        """The samples are of version 3, and every reading asks for version 4."""
        return digest(VCARD, sent) == digest(VCARD, got)
