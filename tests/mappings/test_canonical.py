from __future__ import annotations

import hashlib
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.canonical import digest, digest_file

CASES = Path(__file__).parent / "cases"
BODIES = [path.read_bytes() for path in sorted(CASES.glob("*.ics"))]
CALENDAR, MESSAGE = "text/calendar", "message/rfc822"


def logical_lines(body: bytes) -> list[str]:
    return body.replace(b"\r\n ", b"").decode().split("\r\n")[:-1]


def refold(lines: list[str], width: int, line_break: bytes) -> bytes:
    """Folded by characters, at any width, as careless servers do."""
    out = b""
    for line in lines:
        pieces = [line[n : n + width] for n in range(0, len(line), width)] or [""]
        out += (line_break + b" ").join(piece.encode() for piece in pieces) + line_break
    return out


def shuffle(lines: list[str], chance: random.Random) -> list[str]:
    """Properties of each component in another order; components stay whole and nested."""
    if not lines:
        return []
    properties, children, depth, current = [], [], 0, []
    for line in lines[1:-1]:
        if depth == 0 and not line.startswith("BEGIN:"):
            properties.append(line)
            continue
        depth += line.startswith("BEGIN:") - line.startswith("END:")
        current.append(line)
        if depth == 0:
            children.append(shuffle(current, chance))
            current = []
    chance.shuffle(properties)
    chance.shuffle(children)
    return [lines[0], *properties, *(line for child in children for line in child), lines[-1]]


@given(st.sampled_from(BODIES), st.integers(5, 200), st.sampled_from([b"\r\n", b"\n"]), st.randoms())
def test_order_and_folding_do_not_count(body: bytes, width: int, line_break: bytes, chance: random.Random) -> None:
    other = refold(shuffle(logical_lines(body), chance), width, line_break)
    assert digest(CALENDAR, other) == digest(CALENDAR, body)


@given(st.sampled_from(BODIES), st.data())
def test_any_changed_value_counts(body: bytes, data: st.DataObject) -> None:
    lines = logical_lines(body)
    first_event = lines.index("BEGIN:VEVENT")
    kept = ("BEGIN:", "END:")
    choices = [n for n in range(first_event, len(lines)) if not lines[n].startswith(kept)]
    index = data.draw(st.sampled_from(choices))
    changed = [*lines[:index], lines[index] + "7", *lines[index + 1 :]]
    dropped = [*lines[:index], *lines[index + 1 :]]
    doubled = [*lines[:index], lines[index], *lines[index:]]
    digests = {digest(CALENDAR, refold(other, 75, b"\r\n")) for other in (changed, dropped, doubled)}
    assert len({digest(CALENDAR, body), *digests}) == 4


def calendar(*lines: str, zone: str = "") -> bytes:
    event = ["BEGIN:VEVENT", "UID:1", *lines, "END:VEVENT"]
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *zone.split(), *event, "END:VCALENDAR", ""]).encode()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("DTSTART;TZID=Europe/Paris;VALUE=DATE-TIME:20260101T100000", "dtstart;tzid=Europe/Paris:20260101T100000"),
        ("DTSTART;TZID=UTC:20260101T100000", "DTSTART:20260101T100000Z"),
        (
            "ATTENDEE;CN=A;PARTSTAT=ACCEPTED:mailto:a@example.org",
            "ATTENDEE;PARTSTAT=accepted;CN=A:MAILTO:a@example.org",
        ),
        ('ATTENDEE;RSVP=FALSE;CN="A":mailto:a@example.org', "ATTENDEE;CN=A:mailto:a@example.org"),
        ("CATEGORIES:a,b\\,c", "CATEGORIES:b\\,c\r\nCATEGORIES:a"),
        ("EXDATE:20260101T100000Z,20260102T100000Z", "EXDATE:20260102T100000Z\r\nEXDATE:20260101T100000Z"),
        ("RRULE:FREQ=WEEKLY;INTERVAL=1;BYDAY=TU,MO", "RRULE:BYDAY=MO,TU;FREQ=WEEKLY"),
        ("DURATION:PT60M", "DURATION:PT1H"),
        ("X-NOTE:a,b;c", "X-NOTE:a\\,b\\;c"),
        ("SUMMARY:a\\Nb", "SUMMARY:a\\nb"),
        ("STATUS:confirmed", "STATUS:CONFIRMED"),
    ],
)
def test_two_ways_to_write_one_value(one: str, other: str) -> None:
    assert digest(CALENDAR, calendar(one)) == digest(CALENDAR, calendar(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SUMMARY:a", "SUMMARY:A"),
        ("SUMMARY:a\\, b", "SUMMARY:a b"),
        ("CLASS:PRIVATE", "CLASS:CONFIDENTIAL"),
        ("DTSTART:20260101T100000", "DTSTART:20260101T100000Z"),
        ("DTSTART;TZID=Europe/Paris:20260101T100000", "DTSTART;TZID=Europe/Rome:20260101T100000"),
        ("RRULE:FREQ=WEEKLY", "RRULE:FREQ=WEEKLY;INTERVAL=2"),
        ("ATTENDEE:mailto:a@example.org", "ATTENDEE;PARTSTAT=ACCEPTED:mailto:a@example.org"),
        ("CATEGORIES:a,b", "CATEGORIES:a\\,b"),
        ("DURATION:PT60M", "DURATION:-PT60M"),
    ],
)
def test_two_values(one: str, other: str) -> None:
    assert digest(CALENDAR, calendar(one)) != digest(CALENDAR, calendar(other))


def test_of_a_time_zone_only_the_name_counts() -> None:
    short = "BEGIN:VTIMEZONE TZID:Europe/Paris END:VTIMEZONE"
    long = "BEGIN:VTIMEZONE TZID:Europe/Paris BEGIN:STANDARD DTSTART:19700101T000000 END:STANDARD END:VTIMEZONE"
    assert digest(CALENDAR, calendar(zone=short)) == digest(CALENDAR, calendar(zone=long))
    assert digest(CALENDAR, calendar(zone=short.replace("Paris", "Rome"))) != digest(CALENDAR, calendar(zone=short))


@given(st.binary())
def test_no_bytes_make_it_fail(body: bytes) -> None:
    assert digest(CALENDAR, body).startswith("sha256:")


@pytest.mark.parametrize("body", [b"BEGIN:VCALENDAR\r\n", b"END:VCALENDAR\r\n", b"hello", b"\xff\xfe"])
def test_what_is_no_calendar_counts_by_its_bytes(body: bytes) -> None:
    assert digest(CALENDAR, body) == f"sha256:{hashlib.sha256(body).hexdigest()}"


@given(st.lists(st.sampled_from([b"a", b"\r", b"\n", b"\r\n", b"\0"])))
def test_messages_compare_with_crlf(parts: list[bytes]) -> None:
    body = b"".join(parts)
    stored = b"\r\n".join(line.rstrip(b"\r") for line in body.split(b"\n")[:-1]) + b"\r\n" if b"\n" in body else b""
    whole = stored + body.split(b"\n")[-1]
    assert digest(MESSAGE, body) == digest(MESSAGE, whole)
    assert digest(MESSAGE, body + b"x") != digest(MESSAGE, body)


def test_files_give_the_same_digest(tmp_path: Path) -> None:
    path = tmp_path / "body"
    for media_type in (CALENDAR, MESSAGE, "application/pdf"):
        for body in (b"", b"a\r\nb\n" * 400_000, b"x" * ((1 << 20) - 1) + b"\r\n", b"y" * (1 << 20) + b"\n", BODIES[0]):
            path.write_bytes(body)
            assert digest_file(media_type, path) == digest(media_type, body)


def test_a_cr_that_ends_a_message_does_not_count() -> None:
    assert digest("message/rfc822", b"a\r\n\r\nb\r") == digest("message/rfc822", b"a\r\n\r\nb")
    assert digest("message/rfc822", b"a\rb") != digest("message/rfc822", b"ab")
