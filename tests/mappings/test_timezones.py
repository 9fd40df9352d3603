from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from dateutil.tz import tzical

from mappings import timezones

ZONES = [
    "Europe/Paris",
    "Europe/Brussels",
    "America/New_York",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
]


@pytest.mark.parametrize("name", ZONES)
def test_the_component_means_the_zone(name: str) -> None:
    """Read by another library, local times of sixty years have the zone's offset, ambiguous hours left out."""
    text = timezones.vtimezone(name).decode().replace("\r\n ", "")
    zone, read = ZoneInfo(name), tzical(StringIO(text)).get(name)
    moment = datetime(1972, 1, 1, tzinfo=UTC)
    while moment.year < 2036:
        local = moment.astimezone(zone)
        same_both_ways = local.utcoffset() == local.replace(fold=1).utcoffset()
        if same_both_ways:
            assert local.replace(tzinfo=read).utcoffset() == local.utcoffset(), local
        moment += timedelta(hours=37)


def test_it_is_small_and_always_the_same() -> None:
    first = timezones.vtimezone("Europe/Paris")
    timezones.vtimezone.cache_clear()
    assert timezones.vtimezone("Europe/Paris") == first
    assert len(first) < 1200


@pytest.mark.parametrize("name", ["", "Nowhere/Town", "tzone://Microsoft/Custom", "../etc/passwd", "Europe"])
def test_an_unknown_name_is_not_a_zone(name: str) -> None:
    assert timezones.find(name) is None
    with pytest.raises(KeyError):
        timezones.vtimezone(name)


@pytest.mark.parametrize("name", ["UTC", "Etc/UTC", "gmt", "Z"])
def test_utc_has_many_names(name: str) -> None:
    assert timezones.is_utc(name)
    assert timezones.find(name) == ZoneInfo("UTC")
