"""Whom a real server would have mailed: the table measured with an SMTP sink."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from migrate.sandbox.nextcloud import MailKind, NextcloudStandIn
from tests.sandbox.nextcloud_client import USERS, Client, event

MINE = ("ORGANIZER:mailto:anne@example.org", "ATTENDEE:mailto:anne@example.org", "ATTENDEE:mailto:x@example.com")
THEIRS = ("ORGANIZER:mailto:x@example.com", "ATTENDEE;PARTSTAT=ACCEPTED:mailto:anne@example.org")
AGENT = ("ORGANIZER:mailto:anne@example.org", "ATTENDEE;SCHEDULE-AGENT=CLIENT:mailto:x@example.com")
PUT_ONLY = {"x_nc_scheduling": "false"}
BOTH_WAYS = {"Schedule_Reply": "F"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NextcloudStandIn]:
    with NextcloudStandIn(USERS, tmp_path) as running:
        yield running


@pytest.fixture
def anne(server: NextcloudStandIn) -> Iterator[Client]:
    with Client(server) as client:
        yield client


@pytest.mark.parametrize(
    ("lines", "headers", "on_put", "on_delete"),
    [
        (MINE, {}, ["invitation"], ["cancellation"]),
        (THEIRS, {}, [], ["reply"]),
        (MINE, PUT_ONLY, [], ["cancellation"]),
        (MINE, BOTH_WAYS, [], []),
        (MINE, PUT_ONLY | BOTH_WAYS, [], []),
        (THEIRS, PUT_ONLY | BOTH_WAYS, [], []),
        (AGENT, {}, [], []),
    ],
)
def test_mails(
    anne: Client, lines: tuple[str, ...], headers: dict[str, str], on_put: list[str], on_delete: list[str]
) -> None:
    path = f"{anne.calendars}/personal/a.ics"
    assert anne("PUT", path, event("u", *lines), **headers).status_code == 201
    assert [mail.kind.value for mail in anne.server.outbox] == on_put
    anne.server.outbox.clear()
    assert anne("DELETE", path, **headers).status_code == 204
    assert [mail.kind.value for mail in anne.server.outbox] == on_delete


def test_past_events_mail_nobody_and_open_series_do(anne: Client) -> None:
    anne("PUT", f"{anne.calendars}/personal/a.ics", event("u1", *MINE, start="20200101T100000Z"))
    assert len(anne.server.outbox) == 0
    anne("PUT", f"{anne.calendars}/personal/b.ics", event("u2", *MINE, "RRULE:FREQ=DAILY", start="20200101T100000Z"))
    assert len(anne.server.outbox) == 1


def test_an_invitation_changes_the_object_and_its_etag(anne: Client) -> None:
    path = f"{anne.calendars}/personal/a.ics"
    body = event("u", *MINE)
    assert "ETag" not in anne("PUT", path, body).headers
    assert b"SCHEDULE-STATUS=1.1" in anne("GET", path).content
    silent = anne("PUT", path.replace("a.ics", "b.ics"), event("v", *MINE), **BOTH_WAYS)
    assert "ETag" in silent.headers


@pytest.mark.parametrize(("headers", "copies"), [({}, 1), (BOTH_WAYS, 0)])
def test_local_attendees_get_the_event(anne: Client, headers: dict[str, str], copies: int) -> None:
    lines = ("ORGANIZER:mailto:anne@example.org", "ATTENDEE:mailto:bruno@example.org")
    with Client(anne.server, "bruno") as bruno:
        before = len(bruno.hrefs(f"{bruno.calendars}/personal/"))
        anne("PUT", f"{anne.calendars}/personal/a.ics", event("u", *lines), **headers)
        assert len(bruno.hrefs(f"{bruno.calendars}/personal/")) - before == copies


def test_unimportant_changes_mail_nobody_and_new_times_do(anne: Client) -> None:
    path = f"{anne.calendars}/personal/a.ics"
    anne("PUT", path, event("u", *MINE))
    anne.server.outbox.clear()
    anne("PUT", path, event("u", *MINE, "CATEGORIES:x"))
    assert len(anne.server.outbox) == 0
    anne("PUT", path, event("u", *MINE, start="20300106T100000Z"))
    assert [mail.recipient for mail in anne.server.outbox] == ["x@example.com"]


def test_email_alarms_are_noted_whatever_the_headers(anne: Client) -> None:
    alarm = ("BEGIN:VALARM", "ACTION:EMAIL", "TRIGGER:-PT5M", "END:VALARM")
    anne("PUT", f"{anne.calendars}/personal/a.ics", event("u", *MINE, *alarm), **PUT_ONLY, **BOTH_WAYS)
    alarms = anne.server.outbox.of(MailKind.ALARM)
    assert [mail.recipient for mail in alarms] == ["anne@example.org", "x@example.com"]


def test_addresses_can_be_set(tmp_path: Path) -> None:
    addresses = {"anne": "Anne@Tilleuls.example"}
    with NextcloudStandIn(USERS, tmp_path, addresses=addresses) as server, Client(server) as anne:
        lines = ("ORGANIZER:mailto:anne@tilleuls.example", "ATTENDEE:mailto:x@example.com")
        anne("PUT", f"{anne.calendars}/personal/a.ics", event("u", *lines))
        assert [mail.sender for mail in server.outbox] == ["anne"]
