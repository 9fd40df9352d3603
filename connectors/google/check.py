"""Doctor: can each account be read with each scope, and is this machine's clock right?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from connectors.google.auth import Credentials
from connectors.google.http import Api
from connectors.google.settings import ENDPOINTS
from migrate.errors import AuthFailed, ConnectorError
from migrate.model import Check, Service

SKEW = 300
"""Seconds by which a clock may be wrong: Google refuses assertions beyond (RFC 7523 §3)."""
DELEGATION = "https://admin.google.com/ac/owl/domainwidedelegation"


def check_account(account: str, apis: Mapping[Service, Api], credentials: Credentials) -> Iterator[Check]:
    """One line per scope, and one for the clock. Raises ConnectorError when Google cannot be reached at all."""
    dates: list[str] = []
    for service, api in apis.items():
        yield _scope(account, service, api, credentials, dates)
    if dates:
        yield _clock(dates[-1])


def _scope(account: str, service: Service, api: Api, credentials: Credentials, dates: list[str]) -> Check:
    endpoint = ENDPOINTS[service]
    subject = f"{service.value}: {endpoint.scope.rpartition('/')[2]}"
    try:
        answer = api.call(lambda: _probe(service, api, dates), _COSTS[service])
    except AuthFailed as error:
        advice = _delegation(endpoint.scope, credentials) or error.advice
        return Check(subject=subject, passed=False, detail=f"{account}: {error.message}", advice=advice)
    except ConnectorError as error:
        return Check(
            subject=subject,
            passed=False,
            detail=f"{account}: {error.message}",
            advice=error.advice,
            exit_code=int(error.exit_code),
        )
    return Check(subject=subject, passed=True, detail=f"{account}: {_detail(service, answer)}")


_COSTS = {Service.MAIL: 1, Service.CALENDAR: 1, Service.FILES: 5}


def _probe(service: Service, api: Api, dates: list[str]) -> Any:
    """The cheapest request that needs the scope."""
    if service is Service.MAIL:
        request = api.at("users").getProfile(userId="me")
    elif service is Service.CALENDAR:
        request = api.at("calendarList").list(maxResults=1)
    else:
        request = api.at("about").get(fields="storageQuota")
    request.add_response_callback(lambda response: dates.append(response.get("date", "")))
    return request


def _detail(service: Service, answer: Mapping[str, Any]) -> str:
    if service is Service.MAIL:
        return f"{answer.get('messagesTotal', 0)} messages"
    if service is Service.FILES:
        return f"{(answer.get('storageQuota') or {}).get('usageInDrive', 0)} bytes in use"
    return "readable"


def _delegation(scope: str, credentials: Credentials) -> str:
    """The administrator's page with the client and the scope filled in."""
    client = credentials.client_id()
    if not client:
        return "Give the consent again with this scope."
    return f"As an administrator, delegate it: {DELEGATION}?clientScopeToAdd={scope}&clientIdToAdd={client}"


def _clock(date: str) -> Check:
    try:
        skew = (datetime.now(UTC) - parsedate_to_datetime(date)).total_seconds()
    except (ValueError, TypeError):
        return Check(subject="clock", passed=True, detail="Google's answers carry no readable date")
    return Check(
        subject="clock",
        passed=abs(skew) < SKEW,
        detail=f"{abs(skew):.0f} s {'ahead of' if skew >= 0 else 'behind'} Google",
        advice="" if abs(skew) < SKEW else "Set this machine's clock: Google refuses keys used at another time.",
    )
