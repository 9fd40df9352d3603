"""Shares on a real Nextcloud, and on the stand-in: made once, read back, and no mail to anyone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.nextcloud.shares import permissions, same
from migrate.errors import ConnectorError, Rejected
from migrate.model import Collection, Grant, GrantKind, GrantRole
from migrate.protocols import SupportsGrants
from tests.connectors.nextcloud_kit import BOB, Place, either, item


@pytest.fixture(params=["standin", "real"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    with either(request.param, tmp_path / "cloud") as found:
        yield found


def test_a_folder_is_shared_once_and_without_a_mail(place: Place, tmp_path: Path) -> None:
    mails = place.mails()
    with place.files(tmp_path) as target:
        assert isinstance(target, SupportsGrants)
        folder = target.ensure(Collection(href="", path=("Été",)))
        writes = Grant(kind=GrantKind.USER, role=GrantRole.WRITE, principal=BOB)
        for _ in range(2):
            target.grant(folder.href, writes)
        assert list(target.grants(folder.href)) == [writes]
    assert place.mails() == mails


def test_a_file_has_a_link_with_an_end(place: Place, tmp_path: Path) -> None:
    link = Grant(kind=GrantKind.LINK, role=GrantRole.READ, expires=datetime(2031, 5, 1, tzinfo=UTC))
    with place.files(tmp_path) as target:
        root = target.ensure(Collection(href="", path=()))
        stored = target.put(root, "a.txt", item(b"x"), expects=None)
        for _ in range(2):
            target.grant(stored.href, link)
        (found,) = target.grants(stored.href)
        assert same(link, found)


def test_a_stranger_is_refused(place: Place, tmp_path: Path) -> None:
    nobody = Grant(kind=GrantKind.USER, role=GrantRole.READ, principal="personne-ici")
    with place.files(tmp_path) as target:
        folder = target.ensure(Collection(href="", path=("A",)))
        with pytest.raises(ConnectorError):
            target.grant(folder.href, nobody)
        assert not list(target.grants(folder.href))


def test_a_calendar_is_shared_once_and_a_stranger_is_noticed(place: Place, tmp_path: Path) -> None:
    mails = place.mails()
    with place.calendars(tmp_path) as target:
        calendar = target.ensure(Collection(href="", path=("Partagé",)))
        for role in (GrantRole.READ, GrantRole.READ, GrantRole.WRITE):
            target.grant(calendar.href, Grant(kind=GrantKind.USER, role=role, principal=BOB))
            assert list(target.grants(calendar.href)) == [Grant(kind=GrantKind.USER, role=role, principal=BOB)]
        with pytest.raises(Rejected):
            target.grant(calendar.href, Grant(kind=GrantKind.USER, role=GrantRole.READ, principal="personne-ici"))
        with pytest.raises(Rejected):
            target.grant(calendar.href, Grant(kind=GrantKind.LINK, role=GrantRole.READ))
    assert place.mails() == mails


def test_roles_are_bits() -> None:
    assert permissions(GrantRole.READ, folder=True) == permissions(GrantRole.COMMENT, folder=False) == 1
    assert (permissions(GrantRole.WRITE, folder=True), permissions(GrantRole.WRITE, folder=False)) == (15, 3)
    assert permissions(GrantRole.MANAGE, folder=True) == 31
