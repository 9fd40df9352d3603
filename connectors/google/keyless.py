"""A service account without a key: IAM signs what the key would have signed.

https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/signJwt · RFC 7523 §2.1
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import google.auth.credentials
from google.auth.exceptions import RefreshError

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
AUDIENCE = "https://oauth2.googleapis.com/token"
LIFETIME = 3600
"""Seconds an assertion, and the token for it, may live."""


class Spoken(google.auth.credentials.Credentials):
    """A user's token, obtained by a service account that someone else may speak for."""

    def __init__(self, *, source: Any, principal: str, subject: str, scope: str, iam: str, token_uri: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._source, self._principal, self._subject = source, principal, subject
        self._scope, self._iam, self._token_uri = scope, iam, token_uri

    def refresh(self, request: Any) -> None:
        """Have an assertion signed, and exchange it. Raises RefreshError."""
        signed = self._signed(request)
        form = urlencode({"grant_type": JWT_BEARER, "assertion": signed}).encode()
        headers = {"content-type": "application/x-www-form-urlencoded"}
        answer = _answer(request(url=self._token_uri, method="POST", headers=headers, body=form))
        self.token = answer["access_token"]
        # google-auth compares with naive UTC.
        self.expiry = datetime.now(UTC).replace(tzinfo=None) + timedelta(
            seconds=int(answer.get("expires_in", LIFETIME))
        )

    def _signed(self, request: Any) -> str:
        if not self._source.valid:
            self._source.refresh(request)
        now = int(time.time())
        claims = {
            "iss": self._principal,
            "sub": self._subject,
            "aud": AUDIENCE,
            "scope": self._scope,
            "iat": now,
            "exp": now + LIFETIME,
        }
        headers = {"content-type": "application/json"}
        self._source.apply(headers)
        url = f"{self._iam}/v1/projects/-/serviceAccounts/{self._principal}:signJwt"
        body = json.dumps({"payload": json.dumps(claims)}).encode()
        return str(_answer(request(url=url, method="POST", headers=headers, body=body))["signedJwt"])


def _answer(response: Any) -> dict[str, Any]:
    """The JSON of a success. Raises RefreshError, whose first word is OAuth's or IAM's."""
    try:
        answer = json.loads(response.data)
    except ValueError:
        answer = None
    if response.status == 200 and isinstance(answer, dict):
        return answer
    error = answer.get("error") if isinstance(answer, dict) else None
    word = error.get("status", "") if isinstance(error, dict) else error
    retryable = response.status >= 500 or response.status == 429
    raise RefreshError(f"{word or 'refused'}: no token", retryable=retryable)  # type: ignore[no-untyped-call]
