"""Calendars and address books: discovery, rules, limits, and the bytes kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrate.sandbox.nextcloud import Limits, NextcloudStandIn
from tests.sandbox.nextcloud_client import USERS, Client, card, event

CALDAV, APPLE, DAV = "{urn:ietf:params:xml:ns:caldav}", "{http://apple.com/ns/ical/}", "{DAV:}"
QUERY = (
    '<c:calendar-query xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:d="DAV:"><d:prop><d:getetag/><c:calendar-data/>'
    '</d:prop><c:filter><c:comp-filter name="VCALENDAR"/></c:filter></c:calendar-query>'
)
MULTIGET = (
    '<c:calendar-multiget xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:d="DAV:"><d:prop><c:calendar-data/></d:prop>'
    "<d:href>{0}/a.ics</d:href><d:href>{0}/none.ics</d:href></c:calendar-multiget>"
)
SYNC = (
    '<d:sync-collection xmlns:d="DAV:"><d:sync-token>{}</d:sync-token><d:sync-level>1</d:sync-level>'
    "<d:prop><d:getetag/></d:prop></d:sync-collection>"
)
MAKE = (
    '<c:mkcalendar xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:d="DAV:" xmlns:a="http://apple.com/ns/ical/"><d:set>'
    "<d:prop><d:displayname>Chorale</d:displayname><a:calendar-color>#ff0000</a:calendar-color></d:prop></d:set>"
    "</c:mkcalendar>"
)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NextcloudStandIn]:
    with NextcloudStandIn(USERS, tmp_path) as running:
        yield running


@pytest.fixture
def anne(server: NextcloudStandIn) -> Iterator[Client]:
    with Client(server) as client:
        yield client


@pytest.fixture
def personal(anne: Client) -> str:
    return f"{anne.calendars}/personal"


def test_discovery(anne: Client) -> None:
    moved = anne("GET", "/.well-known/caldav")
    assert (moved.status_code, moved.headers["Location"]) == (301, anne.server.url + "/remote.php/dav/")
    principal = anne.properties("/remote.php/dav/", DAV + "current-user-principal")
    assert principal == {DAV + "current-user-principal": "/remote.php/dav/principals/users/anne/"}
    found = anne.properties(
        "/remote.php/dav/principals/users/anne/",
        CALDAV + "calendar-home-set",
        CALDAV + "calendar-user-address-set",
        "{urn:ietf:params:xml:ns:carddav}addressbook-home-set",
    )
    assert list(found.values()) == [
        "/remote.php/dav/calendars/anne/",
        "mailto:anne@example.org/remote.php/dav/principals/users/anne/",
        "/remote.php/dav/addressbooks/users/anne/",
    ]


def test_homes_hold_the_default_collections(anne: Client) -> None:
    home = anne.calendars + "/"
    assert set(anne.hrefs(home)) == {home, *(f"{home}{name}/" for name in ("personal", "inbox", "outbox", "trashbin"))}
    assert f"{anne.books}/contacts/" in anne.hrefs(anne.books + "/")
    assert anne("PROPFIND", "/remote.php/dav/calendars/bruno/").status_code == 404


def test_an_object_is_kept_as_sent(anne: Client, personal: str) -> None:
    body = event("u1", "X-ODD;X-P=1:  kept ", "DESCRIPTION:long", " folded", "ATTENDEE:mailto:x@example.com")
    reply = anne("PUT", f"{personal}/a.ics", body)
    assert reply.status_code == 201
    assert reply.headers["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    got = anne("GET", f"{personal}/a.ics")
    assert (got.content, got.headers["ETag"]) == (body, reply.headers["ETag"])
    assert got.headers["Content-Type"] == "text/calendar; charset=utf-8; component=vevent"
    listed = anne("REPORT", personal, QUERY, Depth="1")
    assert reply.headers["ETag"] in listed.text.replace("&quot;", '"')
    assert body.decode().replace("\r", "") in listed.text  # sabre takes the CR out of calendar-data


def test_etags_survive_a_restart(tmp_path: Path) -> None:
    with NextcloudStandIn(USERS, tmp_path) as server, Client(server) as anne:
        path = f"{anne.calendars}/personal/a.ics"
        etag = anne("PUT", path, event("u1")).headers["ETag"]
    with NextcloudStandIn(USERS, tmp_path) as server, Client(server) as anne:
        assert anne("GET", path).headers["ETag"] == etag
        assert anne("PUT", f"{anne.calendars}/personal/b.ics", event("u1")).status_code == 400


def test_multiget_leaves_out_what_is_not_there(anne: Client, personal: str) -> None:
    anne("PUT", f"{personal}/a.ics", event("u1"))
    reply = anne("REPORT", personal, MULTIGET.format(personal), Depth="1")
    assert reply.text.count("response>") == 2
    assert "404" not in reply.text


def test_sync_collection(anne: Client, personal: str) -> None:
    anne("PUT", f"{personal}/a.ics", event("u1"))
    first = anne("REPORT", personal, SYNC.format(""))
    token = first.text.split("<sync-token>")[1].split("<")[0]
    anne("PUT", f"{personal}/b.ics", event("u2"))
    anne("DELETE", f"{personal}/a.ics")
    second = anne("REPORT", personal, SYNC.format(token)).text
    assert f"{personal}/b.ics" in second
    assert "404 Not Found" in second
    assert anne("REPORT", personal, SYNC.format("http://example.org/none")).status_code == 403


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"junk", 415),
        (event("u", "no colon"), 415),
        (event("u", head="VERSION:1.0"), 415),
        (event("u", head="VERSION:2.0\r\nMETHOD:PUBLISH"), 415),
        (event("u", "SUMMARY:other"), 415),
        (event("u", start="2030-01-01"), 415),
        (event("u").replace(b"DTSTART:20300105T100000Z\r\n", b""), 415),
        (event("u", "BEGIN:VALARM", "ACTION:DISPLAY", "END:VALARM"), 415),
        (event("u" * 256), 500),
        (event("u" * 255), 201),
        (event("u", "RRULE:FREQ=DAILY;COUNT=2", "EXDATE:20300105T100000Z,20300106T100000Z"), 403),
        (event("u", "RRULE:FREQ=DAILY;UNTIL=20290101T000000Z"), 201),
        (event("u", "RRULE:FREQ=SOMETIMES"), 500),
        (event("u", "RRULE:FREQ=DAILY"), 201),
        (event("u", "RRULE:FREQ=HOURLY;COUNT=3499"), 201),
        (event("u", "RRULE:FREQ=HOURLY;COUNT=3500"), 500),
        (event("u", "RRULE:COUNT=3"), 201),
        (event("u", "RRULE:FREQ=DAILY;COUNT=20000"), 201),  # only 2,918 of them lie before 2038
        (event("u", "DTEND:20300105T110000Z", "DURATION:PT1H"), 201),
        (event("u", "RECURRENCE-ID:20300105T100000Z"), 201),
        (event("u").replace(b"R\xc3\xa9union", b"\xff"), 201),
        (event("u", kind="VTODO"), 403),
    ],
)
def test_what_a_calendar_takes(anne: Client, personal: str, body: bytes, status: int) -> None:
    assert anne("PUT", f"{personal}/a.ics", body).status_code == status


def test_tasks_go_where_a_program_asked_for_no_kind(anne: Client) -> None:
    path = f"{anne.calendars}/both/"
    assert anne("MKCALENDAR", path).status_code == 201
    assert anne("PUT", f"{path}a.ics", event("u", kind="VTODO")).status_code == 201


@pytest.mark.parametrize("bad", ["RRULE:COUNT=3", "LOCATION:\x01"])
def test_what_is_repaired_away(anne: Client, personal: str, bad: str) -> None:
    assert anne("PUT", f"{personal}/a.ics", event("u", bad)).status_code == 201
    body = anne("GET", f"{personal}/a.ics").text
    assert "RRULE" not in body
    assert "\x01" not in body


@pytest.mark.parametrize("missing", [b"DTSTAMP:20260101T000000Z\r\n", b"VERSION:2.0\r\n", b"UID:u\r\n"])
def test_repairs_are_told_and_hide_the_etag(anne: Client, personal: str, missing: bytes) -> None:
    body = event("u").replace(missing, b"")
    reply = anne("PUT", f"{personal}/a.ics", body)
    assert reply.status_code == 201
    assert "MUST appear exactly once" in reply.headers["X-Sabre-Ew-Gross"]
    assert "ETag" not in reply.headers
    assert anne("PUT", f"{personal}/b.ics", body, Prefer="handling=strict").status_code == 415


def test_uid_is_unique_in_its_calendar(anne: Client, personal: str) -> None:
    anne("PUT", f"{personal}/a.ics", event("u1"))
    assert anne("PUT", f"{personal}/b.ics", event("u1")).status_code == 400
    assert anne("PUT", f"{personal}/a.ics", event("u2")).status_code == 204
    anne("PUT", f"{personal}/c.ics", event("u3"))
    assert anne("PUT", f"{personal}/a.ics", event("u3")).status_code == 500


def test_conditions(anne: Client, personal: str) -> None:
    path = f"{personal}/a.ics"
    etag = anne("PUT", path, event("u1"), If_None_Match="*").headers["ETag"]
    assert anne("PUT", path, event("u1"), If_None_Match="*").status_code == 412
    assert anne("PUT", path, event("u1"), If_Match='"x"').status_code == 412
    assert anne("PUT", path, event("u1", "LOCATION:ici"), If_Match=etag).status_code == 204
    assert anne("DELETE", path, If_Match=etag).status_code == 412


def test_the_trash_is_in_the_way(anne: Client, personal: str) -> None:
    path = f"{personal}/a.ics"
    anne("PUT", path, event("u1"))
    assert anne("DELETE", path).status_code == 204
    assert anne("DELETE", path).status_code == 404
    assert anne("PUT", f"{personal}/b.ics", event("u1")).status_code == 500
    assert anne("PUT", path, event("u2")).status_code == 201
    assert anne("DELETE", path).status_code == 403


def test_event_size_limit(tmp_path: Path) -> None:
    with NextcloudStandIn(USERS, tmp_path, limits=Limits(event_bytes=300)) as server, Client(server) as anne:
        body = event("u", "DESCRIPTION:" + "x" * 300)
        assert anne("PUT", f"{anne.calendars}/personal/a.ics", body).status_code == 403


def test_new_calendars_and_their_properties(anne: Client) -> None:
    path = f"{anne.calendars}/chorale/"
    assert anne("MKCALENDAR", path, MAKE).status_code == 201
    assert anne("MKCALENDAR", path, MAKE).status_code == 405
    assert anne.set(path, APPLE + "calendar-order", "3") == 200
    assert anne.set(path, CALDAV + "calendar-timezone", "BEGIN:VCALENDAR") == 200
    names = (DAV + "displayname", APPLE + "calendar-color", APPLE + "calendar-order", CALDAV + "calendar-timezone")
    assert list(anne.properties(path, *names).values()) == ["Chorale", "#ff0000", "3", "BEGIN:VCALENDAR"]
    assert anne("PUT", f"{anne.calendars}/none/a.ics", event("u")).status_code == 404
    assert anne("DELETE", path).status_code == 204


def test_only_ten_calendars_an_hour(server: NextcloudStandIn, anne: Client) -> None:
    made = [anne("MKCALENDAR", f"{anne.calendars}/c{number}/").status_code for number in range(11)]
    assert made == [201] * 10 + [429]
    server.clock.advance(3601)
    assert anne("MKCALENDAR", f"{anne.calendars}/c10/").status_code == 201


def test_only_so_many_calendars(tmp_path: Path) -> None:
    with NextcloudStandIn(USERS, tmp_path, limits=Limits(calendars_total=3)) as server, Client(server) as anne:
        made = [anne("MKCALENDAR", f"{anne.calendars}/c{number}/").status_code for number in range(3)]
        assert made == [201, 201, 403]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (card("c1", "FN:Anne", "N:Martin;Anne;;;"), 201),
        (card("c1", "FN:Anne", version="4.0"), 201),
        (card("c1", "FN:Anne", version="2.1"), 415),
        (card("c1"), 415),
        (card("c1", "FN:Anne", "PHOTO;ENCODING=b:AAAA", version="4.0"), 415),
        (b"junk", 415),
    ],
)
def test_what_an_address_book_takes(anne: Client, body: bytes, status: int) -> None:
    path = f"{anne.books}/contacts/a.vcf"
    assert anne("PUT", path, body).status_code == status
    if status == 201:
        version = "4.0" if b"VERSION:4.0" in body else "3.0"
        assert anne("GET", path, Accept=f"text/vcard; version={version}").content == body
        assert anne("PUT", f"{anne.books}/contacts/b.vcf", body).status_code == 400


def test_a_card_without_a_name_gets_one(anne: Client) -> None:
    path = f"{anne.books}/contacts/a.vcf"
    reply = anne("PUT", path, card("c1", "N:Martin;Anne;;;"))
    assert reply.status_code == 201
    assert "X-Sabre-Ew-Gross" in reply.headers
    assert b"FN:Anne Martin" in anne("GET", path).content
