"""The token endpoint."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import httplib2
import pytest
import requests
from google.auth import crypt, jwt
from google.auth.exceptions import RefreshError
from google.auth.transport.requests import Request
from google.oauth2 import service_account
from google.oauth2.credentials import Credentials

from migrate.sandbox.google import GoogleStandIn, new_key
from migrate.sandbox.google.oauth import JWT_BEARER, TokenEndpoint
from tests.sandbox.google_world import ANNE, ROOT, Client

GMAIL = f"{ROOT}gmail.readonly"


@pytest.fixture
def transport() -> Iterator[Request]:
    with requests.Session() as session:
        yield Request(session)


def assertion(google: GoogleStandIn, key: dict[str, str] | None = None, **changes: Any) -> tuple[int, str]:
    """Status and error of a hand-made JWT; None takes a claim away."""
    key = key or google.service_account()
    now = int(time.time())
    claims = {
        "iss": key["client_email"],
        "sub": ANNE,
        "aud": key["token_uri"],
        "scope": GMAIL,
        "iat": now,
        "exp": now + 3600,
    }
    claims = {name: value for name, value in (claims | changes).items() if value is not None}
    signed = jwt.encode(crypt.RSASigner.from_service_account_info(key), claims).decode()
    form = {"grant_type": JWT_BEARER, "assertion": signed}
    answer = requests.post(f"{google.url}/token", data=form, timeout=10)
    return answer.status_code, answer.json().get("error", "")


def test_a_service_account_gets_a_token_for_a_person(google: GoogleStandIn, transport: Request) -> None:
    info = google.service_account()
    credentials = service_account.Credentials.from_service_account_info(info, scopes=[GMAIL], subject=ANNE)
    credentials.refresh(transport)
    assert credentials.valid
    assert google.log.lines[-1].account == ANNE


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, (200, "")),
        ({"sub": "nobody@tilleuls.example"}, (400, "invalid_grant")),
        ({"iss": "other@example.org"}, (400, "invalid_grant")),
        ({"aud": "https://example.org/token"}, (400, "invalid_grant")),
        ({"exp": int(time.time()) + 7300}, (400, "invalid_grant")),
        ({"exp": None}, (400, "invalid_grant")),
        ({"iat": int(time.time()) - 9000, "exp": int(time.time()) - 5400}, (400, "invalid_grant")),
        ({"scope": ""}, (400, "invalid_scope")),
        ({"sub": None}, (200, "")),
        ({"sub": None, "scope": f"{ROOT}mail.everything"}, (400, "invalid_scope")),
        ({"scope": "https://mail.google.com/"}, (401, "unauthorized_client")),
        ({"scope": f"{GMAIL} {ROOT}drive"}, (401, "unauthorized_client")),
    ],
)
def test_each_claim_is_checked(google: GoogleStandIn, changes: dict[str, Any], expected: tuple[int, str]) -> None:
    assert assertion(google, **changes) == expected


def test_the_signature_is_checked(google: GoogleStandIn) -> None:
    forged = TokenEndpoint(google.clock, [], new_key(), lambda: google.url).service_account()
    assert assertion(google, forged) == (400, "invalid_grant")
    for form in ({}, {"grant_type": "password"}, {"grant_type": JWT_BEARER, "assertion": "a.b"}):
        assert requests.post(f"{google.url}/token", data=form, timeout=10).status_code == 400


def test_a_scope_no_longer_delegated_is_refused(google: GoogleStandIn) -> None:
    google.tokens.delegated.discard(GMAIL)
    assert assertion(google) == (401, "unauthorized_client")


def test_without_a_subject_there_is_no_mailbox(google: GoogleStandIn, transport: Request) -> None:
    info = google.service_account()
    credentials = service_account.Credentials.from_service_account_info(info, scopes=[GMAIL])
    credentials.refresh(transport)
    headers = {"Authorization": f"Bearer {credentials.token}"}
    answer = requests.get(f"{google.url}/gmail/v1/users/me/profile", headers=headers, timeout=10)
    assert answer.json()["error"]["errors"][0]["reason"] == "failedPrecondition"


def consent(google: GoogleStandIn, **changes: str) -> Credentials:
    """Built by hand: ``from_authorized_user_info`` puts Google's own address in place of the file's token_uri."""
    info = google.authorized_user(ANNE) | changes
    info.pop("type")
    return Credentials(None, scopes=[GMAIL], **info)  # type: ignore[no-untyped-call]


def test_a_desktop_consent_refreshes_until_revoked(google: GoogleStandIn, transport: Request) -> None:
    credentials = consent(google)
    credentials.refresh(transport)
    assert credentials.valid
    with pytest.raises(RefreshError, match="invalid_client"):
        consent(google, client_secret="x").refresh(transport)
    google.tokens.revoke(ANNE)
    with pytest.raises(RefreshError, match="invalid_grant"):
        credentials.refresh(transport)


def test_access_tokens_end_after_an_hour_of_sandbox_time(google: GoogleStandIn, client: Callable[..., Client]) -> None:
    made = client("gmail")
    token, url = made.credentials.token, f"{google.url}/gmail/v1/users/me/profile"
    headers = {"authorization": f"Bearer {token}"}
    plain: httplib2.Http = made.http.http
    assert plain.request(url, headers=headers)[0].status == 200
    google.clock.advance(3601)
    assert plain.request(url, headers=headers)[0].status == 401
    # The library sees the 401 and fetches another token by itself.
    assert made.http.request(url)[0].status == 200
    assert made.credentials.token != token
