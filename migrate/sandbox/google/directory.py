"""Admin SDK directory_v1, reads: the organisation's users, for administrators.

https://developers.google.com/workspace/admin/directory/reference/rest/v1/users/list
"""

from __future__ import annotations

from migrate.sandbox.google.call import Call, Handlers
from migrate.sandbox.google.discovery import Json
from migrate.sandbox.google.errors import GoogleError, bad_request
from migrate.sandbox.world import GoogleAccount


def list_users(call: Call) -> Json:
    """users.list of the administrator's own customer."""
    if not call.state.account.admin:
        raise GoogleError(403, "forbidden", "Not Authorized to access this resource/api")
    if call["customer"] != "my_customer" or call["domain"] is not None:
        raise bad_request("The stand-in lists customer=my_customer.", location="customer")
    limit = call["maxResults"] or 100
    if not 1 <= limit <= 500:
        raise bad_request("Invalid maxResults", location="maxResults")
    everyone = sorted(call.house.accounts, key=lambda account: account.address)
    part, token = call.page(everyone, limit, lambda account: account.address, [call["orderBy"]])
    answer: Json = {"kind": "admin#directory#users", "users": [_user(account) for account in part.items]}
    return answer | ({"nextPageToken": token} if token else {})


def _user(account: GoogleAccount) -> Json:
    user: Json = {
        "kind": "admin#directory#user",
        "id": str(abs(hash(account.address))),
        "primaryEmail": account.address,
        "name": {"fullName": account.display_name},
        "suspended": account.suspended,
        "isAdmin": account.admin,
    }
    return user | ({"aliases": list(account.aliases)} if account.aliases else {})


HANDLERS: Handlers = {"directory.users.list": list_users}
