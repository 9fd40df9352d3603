"""Windows time zones, as far as the sandbox uses them, and moments in Outlook's ``dateTimeTimeZone``.

Names: https://github.com/unicode-org/cldr/blob/main/common/supplemental/windowsZones.xml
"""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from migrate.sandbox.graph.errors import bad_request
from migrate.sandbox.tenant import Json

WINDOWS = {
    "UTC": "Etc/UTC",
    "Coordinated Universal Time": "Etc/UTC",
    "tzone://Microsoft/Utc": "Etc/UTC",
    "Romance Standard Time": "Europe/Paris",
    "W. Europe Standard Time": "Europe/Berlin",
    "GMT Standard Time": "Europe/London",
    "Eastern Standard Time": "America/New_York",
    "Pacific Standard Time": "America/Los_Angeles",
    "Hawaiian Standard Time": "Pacific/Honolulu",
    "Tokyo Standard Time": "Asia/Tokyo",
    "India Standard Time": "Asia/Kolkata",
    "New Zealand Standard Time": "Pacific/Auckland",
    "Line Islands Standard Time": "Pacific/Kiritimati",
}
CUSTOM = "tzone://Microsoft/Custom"


def zone(name: str, mailbox: str = "UTC") -> ZoneInfo:
    """The zone of a Windows or IANA name; a custom one is taken for the mailbox's. Raises GraphError 400."""
    wanted = mailbox if name == CUSTOM else name
    try:
        return ZoneInfo(WINDOWS.get(wanted, wanted))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise bad_request(f"The time zone '{name}' is not supported.", "TimeZoneNotSupportedException") from error


def read(value: Json, mailbox: str) -> datetime:
    """The moment of a ``dateTimeTimeZone``, aware."""
    naive = datetime.fromisoformat(value["dateTime"][:26])
    return naive.replace(tzinfo=zone(value["timeZone"], mailbox))


def written(moment: datetime, name: str) -> Json:
    """A moment in the zone of that name, with Outlook's seven digits."""
    local = moment.astimezone(zone(name))
    return {"dateTime": local.strftime("%Y-%m-%dT%H:%M:%S.%f0"), "timeZone": name}


def utc(moment: datetime) -> str:
    """A moment as a DateTimeOffset."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
