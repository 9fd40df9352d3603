"""Calendar's sync tokens: what changed since the listing that gave the token.

https://developers.google.com/workspace/calendar/api/guides/sync
"""

from __future__ import annotations

from collections.abc import Sequence

from migrate.sandbox.cursors import BadCursor, ExpiredCursor
from migrate.sandbox.google.call import Call
from migrate.sandbox.google.errors import GoogleError, bad_request
from migrate.sandbox.journal import KEPT_SECONDS


def sync_token(call: Call, collection: Sequence[str], number: int | None = None) -> str:
    """A token for the state at ``number``, by default the present."""
    listing = ["sync", call.state.account.address, *collection]
    return call.house.cursors.issue(listing, call.state.journal.current if number is None else number)


def changed_since(call: Call, collection: Sequence[str]) -> int | None:
    """The change number in syncToken; None when the request has none. Raises GoogleError 410 and 400."""
    token = call["syncToken"]
    if token is None:
        return None
    gone = GoogleError(410, "fullSyncRequired", "Sync token is no longer valid, a full sync is required.")
    try:
        number = int(call.cursor(["sync", call.state.account.address, *collection], token, lives=KEPT_SECONDS))
    except ExpiredCursor as error:
        raise gone from error
    except BadCursor as error:
        raise bad_request("Invalid sync token value.", location="syncToken", reason="invalid") from error
    if not call.state.journal.remembers(number):
        raise gone
    return number
