"""Users, groups and the tenant itself.

https://learn.microsoft.com/en-us/graph/api/resources/users
"""

from __future__ import annotations

from migrate.sandbox.graph import access, schema
from migrate.sandbox.graph.call import LISTING, Call, Listing, Operation, words
from migrate.sandbox.graph.errors import GraphError
from migrate.sandbox.graph.state import AccountState
from migrate.sandbox.tenant import Json

_DEFAULT = words(
    "businessPhones displayName givenName jobTitle mail mobilePhone officeLocation preferredLanguage "
    "surname userPrincipalName id"
)
"""What a user is told by without ``$select``; the rest only when selected."""
_SECRET = frozenset({"mailboxSettings"})


def list_users(call: Call) -> Listing:
    """GET /users."""
    states = list(call.house.tenant.accounts.values())
    return Listing(
        items=states,
        key=lambda state: str(state.account.user["id"]),
        show=lambda state: user(call, state),
        brief=lambda state: dict(state.account.user),
    )


def get_user(call: Call) -> Json:
    """GET /users/{id}."""
    return user(call, call.account)


def get_settings(call: Call) -> Json:
    """GET /users/{id}/mailboxSettings."""
    return dict(call.account.account.settings)


def list_categories(call: Call) -> Listing:
    """GET /users/{id}/outlook/masterCategories."""
    return Listing(items=call.account.account.categories, key=lambda item: str(item["id"]), show=dict)


def list_groups(call: Call) -> Listing:
    """GET /groups."""
    return Listing(items=call.house.tenant.tenant.groups, key=lambda group: str(group["id"]), show=dict)


def get_group(call: Call) -> Json:
    """GET /groups/{id}."""
    return dict(_group(call))


def list_members(call: Call) -> Listing:
    """GET /groups/{id}/members."""
    tenant = call.house.tenant
    names = tenant.tenant.members.get(str(_group(call)["id"]), [])
    return Listing(
        items=[tenant.accounts[name.lower()] for name in names],
        key=lambda state: str(state.account.user["id"]),
        show=lambda state: {"@odata.type": "#microsoft.graph.user", **user(call, state)},
    )


def get_organization(call: Call) -> Listing:
    """GET /organization."""
    tenant = call.house.tenant.tenant
    domain = {"name": tenant.domain, "isDefault": True, "isInitial": True, "type": "Managed", "capabilities": "Email"}
    value = {"id": tenant.id, "displayName": tenant.domain, "tenantType": "AAD", "verifiedDomains": [domain]}
    return Listing(items=[value], key=lambda item: str(item["id"]), show=dict)


def user(call: Call, state: AccountState) -> Json:
    """A user: without ``$select`` the eleven properties of the original; what nobody set is null or empty."""
    declared = schema.properties("user")
    known = {name: value for name, value in state.account.user.items() if name not in _SECRET}
    selected = call.query.select if call.operation.kind == "user" else ()
    wanted = {name for name in (*(selected or _DEFAULT), "id") if name in declared}
    return {name: known.get(name, [] if declared[name].many else None) for name in sorted(wanted)}


def _group(call: Call) -> Json:
    group = next((group for group in call.house.tenant.tenant.groups if group["id"] == call["group"]), None)
    if group is None:
        message = f"Resource '{call['group']}' does not exist or one of its queried reference-property objects are not present."  # noqa: E501
        raise GraphError(404, "Request_ResourceNotFound", message)
    return group


OPERATIONS = (
    Operation(
        template="users",
        kind="user",
        run=list_users,
        access=access.USERS,
        options=LISTING - {"$skip"},
        service="directory",
        page=100,
        page_most=999,
    ),
    Operation(template="users/{user}", kind="user", run=get_user, access=access.ME, service="directory"),
    Operation(
        template="users/{user}/mailboxSettings",
        kind="mailboxSettings",
        run=get_settings,
        access=access.SETTINGS,
        options=frozenset({"$select"}),
    ),
    Operation(
        template="users/{user}/outlook/masterCategories",
        kind="outlookCategory",
        run=list_categories,
        access=access.SETTINGS,
        options=LISTING,
    ),
    Operation(
        template="groups",
        kind="group",
        run=list_groups,
        access=access.GROUPS,
        options=LISTING - {"$skip"},
        service="directory",
        page=100,
        page_most=999,
    ),
    Operation(template="groups/{group}", kind="group", run=get_group, access=access.GROUPS, service="directory"),
    Operation(
        template="groups/{group}/members",
        kind="directoryObject",
        run=list_members,
        access=access.GROUPS,
        options=LISTING - {"$skip", "$filter", "$orderby"},
        service="directory",
        page=100,
        page_most=999,
    ),
    Operation(
        template="organization",
        kind="organization",
        run=get_organization,
        access=access.ORGANIZATION,
        options=frozenset({"$select"}),
        service="directory",
    ),
)
