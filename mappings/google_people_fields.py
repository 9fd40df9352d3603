"""Small parts of a Google contact in the words of vCard: labels, names, dates, rich text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape
from typing import Any

from mappings.vcard import Property, structured

TYPES: Mapping[str, tuple[str, ...]] = {
    "": (),
    "home": ("home",),
    "work": ("work",),
    "mobile": ("cell",),
    "homeFax": ("home", "fax"),
    "workFax": ("work", "fax"),
    "otherFax": ("fax",),
    "pager": ("pager",),
    "workMobile": ("work", "cell"),
    "workPager": ("work", "pager"),
    "main": ("main-number",),
    "other": (),
}
"""Google's labels that vCard knows (RFC 6350 §6.4.1, RFC 6473); others are kept in words."""

RELATIONS: Mapping[str, str] = {
    **{kind: kind for kind in ("spouse", "child", "parent", "friend")},
    "brother": "sibling",
    "sister": "sibling",
    "mother": "parent",
    "father": "parent",
    "relative": "kin",
    "assistant": "agent",
}
"""Google's relations that vCard knows (RFC 6350 §6.6.6); what a word of vCard says less exactly stays as a label."""

_BREAKS = re.compile(r"(?i)<br\s*/?>|</p>|</div>|</li>")
_TAGS = re.compile(r"<[^>]*>")


def structured_name(name: Mapping[str, Any]) -> Property:
    """N (RFC 6350 §6.2.2): family, given, middle, prefix, suffix."""
    keys = ("familyName", "givenName", "middleName", "honorificPrefix", "honorificSuffix")
    return Property("N", structured([str(name.get(key) or "") for key in keys]))


def date_of(date: Mapping[str, Any]) -> str:
    """A ``google.type.Date``, any part of which may be 0 for unknown, in vCard's short forms; "" for none at all."""
    year, month, day = (int(date.get(key) or 0) for key in ("year", "month", "day"))
    if not 0 <= month <= 12 or not 0 <= day <= 31 or not 0 <= year <= 9999:
        raise ValueError("not a date")
    if year and month:
        return f"{year:04d}{month:02d}{day:02d}" if day else f"{year:04d}-{month:02d}"
    if year:
        return f"{year:04d}"
    if month:
        return f"--{month:02d}{day:02d}" if day else f"--{month:02d}"
    return f"---{day:02d}" if day else ""


def plain(html: str) -> str:
    """Rich text as text: line breaks kept, tags dropped."""
    return unescape(_TAGS.sub("", _BREAKS.sub("\n", html))).strip("\n")
