"""Shares follow their items: made after them, once, without a mail, and counted in the plan."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import requests

from tests.system.field import Field, sandbox


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    with sandbox(tmp_path_factory.mktemp("field") / "project") as running:
        yield running


def shares(field: Field, user: str) -> list[dict[str, object]]:
    """The shares that an account made, as the server tells."""
    cloud = field.facts["nextcloud"]
    reply = requests.get(
        f"{cloud['url']}/ocs/v2.php/apps/files_sharing/api/v1/shares",
        auth=(user, cloud["users"][user]),
        headers={"OCS-APIRequest": "true", "Accept": "application/json"},
        timeout=30,
    )
    assert reply.ok, reply.text
    found: list[dict[str, object]] = reply.json()["ocs"]["data"]
    return found


def invited(field: Field, user: str) -> int:
    """How many people this account's calendars are shared with."""
    cloud, count = field.facts["nextcloud"], 0
    auth = (user, cloud["users"][user])
    home = f"{cloud['url']}/remote.php/dav/calendars/{user}/"
    listing = requests.request("PROPFIND", home, auth=auth, headers={"Depth": "1"}, timeout=30).text
    body = '<d:propfind xmlns:d="DAV:" xmlns:o="http://owncloud.org/ns"><d:prop><o:invite/></d:prop></d:propfind>'
    for href in sorted({one.partition("<")[0] for one in listing.split("href>") if f"/calendars/{user}/" in one}):
        if href.count("/") == 6:
            reply = requests.request(
                "PROPFIND", cloud["url"] + href, auth=auth, headers={"Depth": "0"}, data=body, timeout=30
            )
            count += reply.text.count("<oc:user>")
    return count


def rows(field: Field, *arguments: str) -> list[dict[str, object]]:
    done = field.run("--json", *arguments)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def people(field: Field) -> list[str]:
    return sorted(field.facts["nextcloud"]["users"])


def test_shares_are_planned_made_once_and_silent(field: Field) -> None:
    planned = field.run("plan")
    assert planned.returncode == 0, planned.stderr
    assert "To share: 10 shares" in planned.stderr
    assert not any(shares(field, user) for user in people(field)), "a plan shares nothing"
    applied = field.run("apply")
    assert applied.returncode == 0, applied.stderr
    assert "10 shares made, 0 failed" in applied.stderr
    files, calendars = (
        {user: count for user in people(field) if (count := one(user))}
        for one in (lambda user: len(shares(field, user)), lambda user: invited(field, user))
    )
    assert sum(files.values()) + sum(calendars.values()) == 10
    assert calendars
    receivers = {str(share["share_with"]) for user in files for share in shares(field, user)}
    assert "bruno.delattre" in receivers, "a folder of someone at Microsoft, shared with someone at Google"
    by_google = [(one["path"], one["share_with"], one["permissions"]) for one in shares(field, "odile.marchetti")]
    everything_but_resharing = 15
    assert sorted(by_google) == [
        ("/Import/Commun", "helene.vasseur", everything_but_resharing),
        ("/Import/Commun", "jean-noel.darcy", everything_but_resharing),
    ], "a folder of Drive is shared once, and what lies in it not again"
    outbox = field.facts["nextcloud"]["control"] + "outbox"
    assert requests.get(outbox, timeout=30).json() == [], "nobody was told by mail"


def test_the_same_again_shares_nothing_twice(field: Field) -> None:
    before = {user: len(shares(field, user)) for user in people(field)}
    assert field.run("apply").returncode == 0
    again = field.run("plan", "--detailed-exitcode")
    assert again.returncode == 0, again.stderr
    assert field.run("apply").returncode == 0
    assert {user: len(shares(field, user)) for user in people(field)} == before
