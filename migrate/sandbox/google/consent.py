"""The consent page of a desktop client, and its code for tokens: RFC 8252, RFC 7636, OIDC.

https://developers.google.com/identity/protocols/oauth2/native-app

Whoever asks for the page is taken for the person: the account of ``login_hint`` agrees to everything, unless
``chooses`` or ``unticked`` say otherwise.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode

from migrate.sandbox.google.errors import Reply

IDENTITY = frozenset({"openid", "https://www.googleapis.com/auth/userinfo.email"})
_LOOPBACK = re.compile(r"http://(127\.0\.0\.1|\[::1\]|localhost)(:\d+)?/?")
_KNOWN = frozenset(
    [
        "client_id",
        "redirect_uri",
        "response_type",
        "scope",
        "state",
        "code_challenge",
        "code_challenge_method",
        "access_type",
        "prompt",
        "login_hint",
        "include_granted_scopes",
        "hl",
    ]
)


class Invalid(Exception):
    """An OAuth error word of the token endpoint."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A code that was given out and not yet used."""

    account: str
    scopes: frozenset[str]
    redirect: str
    challenge: str
    offline: bool


@dataclass(slots=True)
class ConsentPage:
    """Gives out codes. Settings may be changed by tests."""

    client_id: str
    accounts: Collection[str]
    scopes: Collection[str]
    chooses: str = ""
    """The account that the person picks, whatever the hint."""
    unticked: frozenset[str] = frozenset()
    """Scopes that the person does not agree to."""
    declines: bool = False
    _pending: dict[str, Pending] = field(default_factory=dict)

    def answer(self, query: str) -> Reply:
        """GET of the consent page: a redirect to the client, as after a person's click."""
        asked = {name: values[0] for name, values in parse_qs(query).items()}
        wrong = self._wrong(asked)
        if wrong:
            return Reply(400, f"Error 400: {wrong}".encode(), "text/plain; charset=utf-8")
        if self.declines:
            return _back(asked, {"error": "access_denied"})
        account = (self.chooses or asked.get("login_hint", "")).lower()
        if account not in self.accounts:
            return Reply(200, b"Choose an account", "text/plain; charset=utf-8")
        code = f"4/{secrets.token_urlsafe(24)}"
        self._pending[code] = Pending(
            account,
            frozenset(asked["scope"].split()) - self.unticked,
            asked["redirect_uri"],
            asked["code_challenge"],
            asked.get("access_type") == "offline",
        )
        return _back(asked, {"code": code})

    def _wrong(self, asked: dict[str, str]) -> str:
        """Google's word for what is not as documented, "" when all is."""
        if asked.get("client_id") != self.client_id:
            return "invalid_client"
        if set(asked) - _KNOWN or asked.get("response_type") != "code":
            return "invalid_request"
        if not _LOOPBACK.fullmatch(asked.get("redirect_uri", "")):
            return "redirect_uri_mismatch"
        if not set(asked.get("scope", "").split()) <= {*self.scopes, *IDENTITY} or not asked.get("scope"):
            return "invalid_scope"
        if asked.get("code_challenge_method") != "S256" or len(asked.get("code_challenge", "")) != 43:
            return "invalid_request"
        return ""

    def redeem(self, form: dict[str, str]) -> Pending:
        """What a code stands for, once. Raises Invalid."""
        pending = self._pending.pop(form.get("code", ""), None)
        if pending is None or form.get("redirect_uri") != pending.redirect:
            raise Invalid("invalid_grant")
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).decode().rstrip("=") != pending.challenge:
            raise Invalid("invalid_grant")
        return pending


def _back(asked: dict[str, str], answer: dict[str, str]) -> Reply:
    location = f"{asked['redirect_uri']}?{urlencode({'state': asked.get('state', ''), **answer})}"
    return Reply(302, b"", "text/plain; charset=utf-8", (("Location", location),))
