"""Doctor: can each account be read with each permission, and is this machine's clock right?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from connectors.microsoft.http import Api, Json
from connectors.microsoft.settings import APPLICATION, DELEGATED, Settings
from connectors.microsoft.site import is_site
from migrate.errors import AuthFailed, ConnectorError, NotFound
from migrate.model import Check, Service

SKEW = 300
"""Seconds by which a clock may be wrong: Microsoft refuses assertions beyond (RFC 7523 §3)."""
_PROBES: Mapping[Service, tuple[str, Mapping[str, str | int]]] = {
    Service.MAIL: ("mailFolders/inbox", {"$select": "totalItemCount"}),
    Service.CALENDAR: ("calendars", {"$select": "id", "$top": 1}),
    Service.CONTACTS: ("contactFolders", {"$select": "id", "$top": 1}),
    Service.TASKS: ("todo/lists", {"$top": 1}),
    Service.FILES: ("drive", {"$select": "id,quota"}),
}
"""The cheapest request that needs each permission."""


def check_accounts(
    accounts: Sequence[str], api_of: Callable[[str, Service], Api], settings: Settings, services: Set[Service]
) -> Iterator[Check]:
    """One line for each permission of each account, and one for the clock. Raises Unreachable."""
    date = ""
    for account in accounts:
        for service in _needed(account, settings, services):
            api = api_of(account, service)
            try:
                yield _permission(api)
                date = api.date or date
            finally:
                api.close()
    if date:
        yield _clock(date)


def _needed(account: str, settings: Settings, services: Set[Service]) -> list[Service]:
    """What of an account is read: a SharePoint site has files only, a shared mailbox has none."""
    if is_site(account):
        return [Service.FILES] if Service.FILES in services else []
    left_out = {Service.FILES, Service.TASKS} if settings.is_shared(account) else set()
    return [service for service in Service if service in services and service not in left_out]


def _permission(api: Api) -> Check:
    settings, service = api.settings, api.service
    name = (APPLICATION if settings.app_only else DELEGATED)[service]
    subject = f"{service.value}: {name}"
    try:
        detail = _detail(service, _probe(api))
    except NotFound as error:
        detail = "no OneDrive: there are no files to read" if service is Service.FILES else ""
        if not detail:
            return _failed(api, subject, error, "Is the account's address right, and does it have a mailbox?")
    except AuthFailed as error:
        return _failed(api, subject, error, consent_advice(settings, api.account, name))
    except ConnectorError as error:
        return _failed(api, subject, error, error.advice)
    return Check(subject=subject, passed=True, detail=f"{api.account}: {detail}")


def _probe(api: Api) -> Json:
    if is_site(api.account):
        from connectors.microsoft.site import site_of

        return site_of(api)
    path, params = _PROBES[api.service]
    return api.get(path, params)


def _failed(api: Api, subject: str, error: ConnectorError, advice: str) -> Check:
    return Check(
        subject=subject,
        passed=False,
        detail=f"{api.account}: {error.message}",
        advice=advice or error.advice,
        exit_code=int(error.exit_code),
    )


def consent_address(settings: Settings) -> str:
    """The page where an administrator consents for the tenant.

    https://learn.microsoft.com/entra/identity-platform/v2-admin-consent
    """
    return f"{settings.authority}/{settings.tenant}/adminconsent?client_id={settings.client_id}"


def consent_advice(settings: Settings, account: str, permission: str) -> str:
    """What to do about a permission that is missing."""
    if settings.app_only:
        return (
            f"An administrator grants {permission} to the application (for chosen mailboxes or sites only: "
            f"docs/microsoft.md), or consents for all of them: {consent_address(settings)}"
        )
    return f"Sign in again with this permission: transhume auth microsoft --account {account}"


def _detail(service: Service, answer: Json) -> str:
    if service is Service.MAIL:
        return f"{answer.get('totalItemCount', 0)} messages in the inbox"
    if service is Service.FILES and answer.get("quota"):
        return f"{answer['quota'].get('used', 0)} bytes in use"
    return "readable"


def _clock(date: str) -> Check:
    try:
        skew = (datetime.now(UTC) - parsedate_to_datetime(date)).total_seconds()
    except (ValueError, TypeError):
        return Check(subject="clock", passed=True, detail="Graph's answers carry no readable date")
    return Check(
        subject="clock",
        passed=abs(skew) < SKEW,
        detail=f"{abs(skew):.0f} s {'ahead of' if skew >= 0 else 'behind'} Microsoft",
        advice="" if abs(skew) < SKEW else "Set this machine's clock: Microsoft refuses keys used at another time.",
    )
