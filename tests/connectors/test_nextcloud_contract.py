"""The Nextcloud connector keeps the contract, on the stand-in and on a real server when one is named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.contract import TargetContract
from connectors.nextcloud.calendars import NextcloudCalendars, comparable
from connectors.nextcloud.files import NextcloudFiles
from connectors.samples import CALENDAR, sample
from migrate.model import Item
from tests.connectors.nextcloud_kit import Place, either


@pytest.fixture(params=["standin", "real"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    with either(request.param, tmp_path / "server") as found:
        yield found


class TestFiles(TargetContract):
    media_type = "text/plain"

    @pytest.fixture
    def target(self, place: Place, tmp_path: Path) -> Iterator[NextcloudFiles]:
        with place.files(tmp_path) as target:
            yield target

    def make_bad_item(self, n: int) -> tuple[str, Item]:
        return f"{n}.part", sample(self.media_type, n)[1]


class TestCalendars(TargetContract):
    media_type = CALENDAR

    @pytest.fixture
    def target(self, place: Place, tmp_path: Path) -> Iterator[NextcloudCalendars]:
        with place.calendars(tmp_path) as target:
            yield target

    def same(self, sent: bytes, got: bytes) -> bool:
        return comparable(sent) == comparable(got)
