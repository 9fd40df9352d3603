"""The part of Gmail's search language the stand-in understands; all else is a clear 400.

Operators: https://support.google.com/mail/answer/7190
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from migrate.sandbox.google.errors import GoogleError, bad_request
from migrate.sandbox.world import Message

Test = Callable[[Message], bool]
_TERM = re.compile(r'\s*(-?)(\w+):("[^"]*"|\S+)')
_PLACES = {
    "inbox": "INBOX",
    "sent": "SENT",
    "draft": "DRAFT",
    "drafts": "DRAFT",
    "spam": "SPAM",
    "trash": "TRASH",
    "starred": "STARRED",
    "important": "IMPORTANT",
    "unread": "UNREAD",
    "chats": "CHAT",
}
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20}


@dataclass(frozen=True, slots=True)
class Query:
    """A search, ready to test messages."""

    tests: tuple[Test, ...]
    everywhere: bool
    """It names spam, the trash or anywhere, which lifts their exclusion."""

    def __call__(self, message: Message) -> bool:
        """Whether every term holds."""
        return all(test(message) for test in self.tests)


def parse(text: str, names: Mapping[str, str]) -> Query:
    """Terms joined by "and". ``names`` maps user label names to ids. Raises GoogleError 400."""
    tests: list[Test] = []
    everywhere, position, text = False, 0, text.strip()
    while position < len(text):
        match = _TERM.match(text, position)
        if match is None:
            raise _unknown()
        minus, operator, value = match.group(1), match.group(2).lower(), match.group(3).strip('"').lower()
        if operator == "in" and value in ("anywhere", "spam", "trash") and not minus:
            everywhere = True
        test = _test(operator, value, names)
        tests.append(_negated(test) if minus else test)
        position = match.end()
    return Query(tuple(tests), everywhere)


def _unknown() -> GoogleError:
    return bad_request("The stand-in's search knows larger, smaller, in, label, after and before only.", location="q")


def _negated(test: Test) -> Test:
    return lambda message: not test(message)


def _test(operator: str, value: str, names: Mapping[str, str]) -> Test:
    match operator:
        case "larger" | "larger_than":
            above = _size(value)
            return lambda message: message.size_estimate > above
        case "smaller" | "smaller_than":
            below = _size(value)
            return lambda message: message.size_estimate < below
        case "in" if value == "anywhere":
            return lambda _message: True
        case "in" | "label":
            return _labelled(value, names)
        case "after":
            start = _moment(value)
            return lambda message: message.internal_date_ms >= start
        case "before":
            end = _moment(value)
            return lambda message: message.internal_date_ms < end
        case _:
            raise _unknown()


def _size(value: str) -> int:
    match = re.fullmatch(r"(\d+)([km]?)b?", value)
    if match is None:
        raise _unknown()
    return int(match.group(1)) * _UNITS[match.group(2)]


def _labelled(value: str, names: Mapping[str, str]) -> Test:
    """By place, by system label, or by name with blanks and slashes written as hyphens; unknown names find nothing."""
    wanted = _PLACES.get(value)
    if wanted is None:
        spelled = {re.sub(r"[ /]", "-", name.lower()): label for name, label in names.items()}
        wanted = spelled.get(re.sub(r"[ /]", "-", value), value.upper())
    return lambda message: wanted in message.label_ids


def _moment(value: str) -> int:
    """Milliseconds: seconds since the epoch, or a day taken as UTC."""
    if re.fullmatch(r"\d{5,}", value):
        return int(value) * 1000
    match = re.fullmatch(r"(\d{4})[/-](\d{1,2})[/-](\d{1,2})", value)
    if match is None:
        raise _unknown()
    year, month, day = (int(part) for part in match.groups())
    return int(datetime(year, month, day, tzinfo=UTC).timestamp()) * 1000
