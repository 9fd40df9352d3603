"""Time zones as Microsoft names them, to IANA zones: Windows names, ``tzone://Microsoft/Utc``, IANA names themselves.

The table is icalendar's, made of CLDR's windowsZones.xml; a Windows zone stands for several places, of which the
project's territory chooses one. https://learn.microsoft.com/graph/api/resources/datetimetimezone
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from functools import cache
from zoneinfo import ZoneInfo

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from mappings import timezones

_PLACES = {("Romance Standard Time", "BE"): "Europe/Brussels"}
"""Where a territory has a place of its own in a zone; for FR, the table's own choices are right."""
_OTHERS = {
    "Alberta Standard Time": "America/Edmonton",
    "British Columbia Standard Time": "America/Vancouver",
    "Kamchatka Standard Time": "Asia/Kamchatka",
    "Manitoba Standard Time": "America/Winnipeg",
    "Mexico Standard Time": "America/Mexico_City",
    "Mexico Standard Time 2": "America/Chihuahua",
    "Mid-Atlantic Standard Time": "Etc/GMT+2",
    "tzone://Microsoft/Utc": "UTC",
}
"""Names that the table lacks, old ones above all."""
_CUSTOM = ("tzone://microsoft/custom", "customized time zone")
_HOME = {"FR": "Europe/Paris", "BE": "Europe/Brussels"}


@cache
def find(name: str, territory: str = "FR") -> ZoneInfo | None:
    """The zone of a Windows or an IANA name; None when nobody knows it, or when it is somebody's own."""
    name = name.strip()
    place = _PLACES.get((name, territory)) or WINDOWS_TO_OLSON.get(name) or _OTHERS.get(name) or name
    return timezones.find(place) if place else None


def is_custom(name: str) -> bool:
    """Whether it names a zone that somebody made up in Outlook, whose rules Graph does not tell."""
    return name.strip().lower() in _CUSTOM


def home(mailbox: Mapping[str, str]) -> ZoneInfo:
    """The zone of a mailbox (``timeZone``), or that of its ``territory`` when it is not told."""
    territory = mailbox.get("territory") or "FR"
    zone = find(mailbox.get("timeZone") or "", territory) or timezones.find(_HOME.get(territory, _HOME["FR"]))
    assert zone is not None
    return zone


def read(text: str) -> datetime:
    """A date-time as Graph writes it, seven digits after the second; naive unless it has an offset. Raises ValueError.

    https://learn.microsoft.com/graph/api/resources/datetimetimezone
    """
    moment = datetime.fromisoformat(text)
    return moment.replace(microsecond=0)


def day_of(moment: datetime, zone: ZoneInfo) -> date | None:
    """The day that an aware moment stands for: of midnight in ``zone``, or in UTC; None when it is neither.

    Outlook keeps a day as midnight where its author was, in UTC; other programs write midnight UTC.
    """
    local, utc = moment.astimezone(zone), moment.astimezone(UTC)
    if local.time() == time():
        return local.date()
    return utc.date() if utc.time() == time() else None
