"""A Graph message as a row of the listing. Pure.

Exchange keeps no MIME: what it delivers is made anew, so that nothing here depends on its bytes.
https://learn.microsoft.com/graph/api/resources/message
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime

from connectors.microsoft.http import Json
from migrate.model import Entry

MEDIA_TYPE = "message/rfc822"
SIZE, VERB = "Integer 0xe08", "Integer 0x1081"
"""PidTagMessageSize and PidTagLastVerbExecuted, MS-OXPROPS 2.796 and 2.758."""
PARAMS: Mapping[str, str] = {
    "$select": "id,parentFolderId,internetMessageId,receivedDateTime,sentDateTime,createdDateTime,changeKey,isRead,"
    "isDraft,flag,categories",
    "$expand": f"singleValueExtendedProperties($filter=id eq '{SIZE}' or id eq '{VERB}')",
}
"""What a listing asks for: all that moves but the body."""
_ANSWERED = frozenset({"102", "103"})
_FORWARDED = "104"


def entry_of(message: Json, folder: str, apart: str) -> Entry:
    """``apart``: the label of a folder whose messages are set apart."""
    labels = tuple(sorted({_own(str(name)) for name in message.get("categories") or () if name}))
    flags, size = flags_of(message), _property(message, SIZE)
    # In Exchange only drafts change: of others, what a person changes is told by flags, categories and folder.
    content = message.get("changeKey") if message.get("isDraft") else message.get("internetMessageId")
    return Entry(
        href=str(message["id"]),
        collection=folder,
        etag=_etag(message["id"], folder, content, size, *labels, "", *sorted(flags)),
        uid=str(message.get("internetMessageId") or ""),
        media_type=MEDIA_TYPE,
        size=int(size) if size.isdigit() else None,
        size_exact=False,
        flags=flags,
        labels=labels + ((apart,) if apart else ()),
    )


def flags_of(message: Json) -> frozenset[str]:
    """RFC 9051 §2.3.2."""
    verb = _property(message, VERB)
    told = {
        "\\Seen": message.get("isRead") is True,
        "\\Draft": message.get("isDraft") is True,
        "\\Flagged": (message.get("flag") or {}).get("flagStatus") == "flagged",
        "\\Answered": verb in _ANSWERED,
        "$Forwarded": verb == _FORWARDED,
    }
    return frozenset(flag for flag, is_set in told.items() if is_set)


def received(message: Json) -> datetime | None:
    """When it came, which a draft may not have."""
    for name in ("receivedDateTime", "sentDateTime", "createdDateTime"):
        moment = moment_of(message.get(name))
        if moment is not None:
            return moment
    return None


def moment_of(value: object) -> datetime | None:
    """An RFC 3339 moment, in UTC; None for one that cannot be read. Graph writes up to seven digits of a second."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC) if moment else None


def _own(category: str) -> str:
    r"""A person's category, which must not pass for a label with a meaning (``\Trash``)."""
    return f"/{category}" if category.startswith("\\") else category


def _property(message: Json, name: str) -> str:
    """An extended property; Graph drops leading zeros of tags in answers, and not always."""
    wanted = _tag(name)
    for one in message.get("singleValueExtendedProperties") or ():
        if _tag(str(one.get("id", ""))) == wanted:
            return str(one.get("value", ""))
    return ""


def _tag(name: str) -> tuple[str, int]:
    kind, _, number = name.partition(" ")
    try:
        return kind.lower(), int(number, 16)
    except ValueError:
        return name.lower(), -1


def _etag(*parts: object) -> str:
    text = "\0".join(map(str, parts))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]
