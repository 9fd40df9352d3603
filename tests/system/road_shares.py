"""Shares follow their items: made after them, once, without a mail, and counted in the plan.

Collected by ``test_road.py``.
"""

from __future__ import annotations

from typing import Any

import requests

from tests.system.field import Field


def shares(road: Field, user: str) -> list[dict[str, object]]:
    """The shares that an account made, as the server tells."""
    cloud = road.facts["nextcloud"]
    reply = requests.get(
        f"{cloud['url']}/ocs/v2.php/apps/files_sharing/api/v1/shares",
        auth=(user, cloud["users"][user]),
        headers={"OCS-APIRequest": "true", "Accept": "application/json"},
        timeout=30,
    )
    assert reply.ok, reply.text
    found: list[dict[str, object]] = reply.json()["ocs"]["data"]
    return found


def invited(road: Field, user: str) -> int:
    """How many people this account's calendars are shared with."""
    cloud, count = road.facts["nextcloud"], 0
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


def people(road: Field) -> list[str]:
    return sorted(road.facts["nextcloud"]["users"])


def test_shares_are_made_once_and_silent(
    road: Field, planned: Any, logs_after_plan: dict[str, list[dict[str, Any]]], moved: Any
) -> None:
    assert "To share: 10 shares" in planned.stderr
    asked = [row["path"] for row in logs_after_plan["nextcloud"] if row["method"] == "POST"]
    assert not [path for path in asked if "shar" in path], "a plan shares nothing"
    assert "10 shares made, 0 failed" in moved.stderr
    assert road.run("apply").returncode == 0
    files, calendars = (
        {user: count for user in people(road) if (count := one(user))}
        for one in (lambda user: len(shares(road, user)), lambda user: invited(road, user))
    )
    assert sum(files.values()) + sum(calendars.values()) == 10
    assert calendars
    receivers = {str(share["share_with"]) for user in files for share in shares(road, user)}
    assert "bruno.delattre" in receivers, "a folder of someone at Microsoft, shared with someone at Google"
    by_google = [(one["path"], one["share_with"], one["permissions"]) for one in shares(road, "odile.marchetti")]
    everything_but_resharing = 15
    assert sorted(by_google) == [
        ("/Import/Commun", "helene.vasseur", everything_but_resharing),
        ("/Import/Commun", "jean-noel.darcy", everything_but_resharing),
    ], "a folder of Drive is shared once, and what lies in it not again"
