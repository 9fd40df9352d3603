"""Doctor: can each account be read with each scope, and is this machine's clock right?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

from connectors.google.auth import Credentials
from connectors.google.endpoints import ACLS, CALENDAR, CONTACTS, DIRECTORY, FILES, MAIL, OTHERS, TASKS, Endpoint
from connectors.google.http import Api
from connectors.google.settings import Settings
from migrate.errors import AuthFailed, ConnectorError, NotFound
from migrate.model import Check

SKEW = 300
"""Seconds by which a clock may be wrong: Google refuses assertions beyond (RFC 7523 §3)."""
DELEGATION = "https://admin.google.com/ac/owl/domainwidedelegation"
Json = Mapping[str, Any]


def check_account(apis: Sequence[Api], advice: str) -> Iterator[Check]:
    """One line per scope, and one for the clock. Raises ConnectorError when Google cannot be reached at all."""
    dates: list[str] = []
    for api in apis:
        yield _scope(api, advice, dates)
    if dates:
        yield _clock(dates[-1])


def _scope(api: Api, advice: str, dates: list[str]) -> Check:
    probe = _PROBES[api.endpoint]

    def asked() -> Any:
        request = probe.request(api)
        request.add_response_callback(lambda response: dates.append(response.get("date", "")))
        return request

    subject = f"{api.endpoint.kind}: {api.endpoint.scope.rpartition('/')[2]}"
    try:
        answer = _answer(api, asked, probe.units)
    except AuthFailed as error:
        # A service that is switched off, or a sign-in that is missing, is not cured by delegating a scope.
        own = error.advice if "switched on" in error.advice or "sign in" in error.advice else ""
        return Check(
            subject=subject,
            passed=False,
            detail=f"{api.account}: {error.message}",
            advice=own or advice or error.advice,
        )
    except ConnectorError as error:
        return Check(
            subject=subject,
            passed=False,
            detail=f"{api.account}: {error.message}",
            advice=error.advice,
            exit_code=int(error.exit_code),
        )
    return Check(subject=subject, passed=True, detail=f"{api.account}: {probe.detail(answer)}")


def _answer(api: Api, asked: Callable[[], Any], units: float) -> Json:
    """What the probe found; nothing, where the scope is good and there is nothing to find."""
    try:
        return api.call(asked, units)
    except NotFound:
        return {}


class _Probe:
    """The cheapest request that needs a scope, its units, and what to say of the answer."""

    def __init__(self, units: float, request: Callable[[Api], Any], detail: Callable[[Json], str]) -> None:
        self.units, self.request, self.detail = units, request, detail


def _readable(_: Json) -> str:
    return "readable"


_PROBES: Mapping[Endpoint, _Probe] = {
    MAIL: _Probe(
        1,
        lambda api: api.at("users").getProfile(userId="me"),
        lambda answer: f"{answer.get('messagesTotal', 0)} messages",
    ),
    CALENDAR: _Probe(1, lambda api: api.at("calendarList").list(maxResults=1), _readable),
    ACLS: _Probe(1, lambda api: api.at("acl").list(calendarId="primary", maxResults=1), _readable),
    CONTACTS: _Probe(
        1,
        lambda api: api.at("people", "connections").list(
            resourceName="people/me", personFields="metadata", pageSize=1, fields="totalItems"
        ),
        lambda answer: f"{answer.get('totalItems', 0)} contacts",
    ),
    OTHERS: _Probe(
        1,
        lambda api: api.at("otherContacts").list(readMask="metadata", pageSize=1, fields="totalSize"),
        lambda answer: f"{answer.get('totalSize', 0)} collected addresses",
    ),
    TASKS: _Probe(1, lambda api: api.at("tasklists").list(maxResults=1), _readable),
    FILES: _Probe(
        5,
        lambda api: api.at("about").get(fields="storageQuota"),
        lambda answer: f"{(answer.get('storageQuota') or {}).get('usageInDrive', 0)} bytes in use",
    ),
    DIRECTORY: _Probe(
        1, lambda api: api.at("users").list(customer="my_customer", maxResults=1, fields="users/id"), _readable
    ),
}


def advice_of(settings: Settings, credentials: Credentials, endpoints: Sequence[Endpoint]) -> str:
    """What to do about a scope that is missing."""
    if not settings.delegates:
        return "Sign in again and leave every box of the consent ticked: transhume auth"
    return f"As an administrator, delegate the scopes on: {delegation(credentials, endpoints)}"


def delegation(credentials: Credentials, endpoints: Sequence[Endpoint]) -> str:
    """The administrator's page with the client and every scope filled in."""
    scopes = ",".join(endpoint.scope for endpoint in endpoints)
    client = credentials.client_id()
    query = {"clientScopeToAdd": scopes, **({"clientIdToAdd": client} if client else {}), "overwriteClientId": "true"}
    return f"{DELEGATION}?{urlencode(query, safe=':/,')}"


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
