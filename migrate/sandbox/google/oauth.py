"""The token endpoint: service accounts with domain-wide delegation (RFC 7523) and refresh tokens (RFC 6749 §6).

Checks and words of refusal: https://developers.google.com/identity/protocols/oauth2/service-account
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from migrate.sandbox.clock import Clock
from migrate.sandbox.google.consent import ConsentPage, Invalid
from migrate.sandbox.google.discovery import known_scopes
from migrate.sandbox.google.errors import GoogleError, Reply

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
AUDIENCE = "https://oauth2.googleapis.com/token"
"""What google-auth writes in ``aud`` whatever the key file's token_uri says."""
LIFETIME = 3600.0
SKEW = 300
_ROOT = "https://www.googleapis.com/auth/"
READ_ONLY = frozenset(
    _ROOT + scope
    for scope in (
        "gmail.readonly",
        "gmail.metadata",
        "calendar.readonly",
        "calendar.acls.readonly",
        "calendar.events.readonly",
        "calendar.calendarlist.readonly",
        "calendar.settings.readonly",
        "drive.readonly",
        "drive.metadata.readonly",
        "contacts.readonly",
        "contacts.other.readonly",
        "tasks.readonly",
        "directory.readonly",
        "admin.directory.user.readonly",
    )
)
"""What the sandbox's administrator delegated to the client. No scope that writes is among them."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What an access token allows."""

    account: str
    scopes: frozenset[str]
    expires: float


CLOUD = f"{_ROOT}cloud-platform"
"""What signing for the service account needs."""


class Refused(Exception):
    """An OAuth error (RFC 6749 §5.2)."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(error)
        self.status, self.error, self.description = status, error, description

    def reply(self) -> Reply:
        """The HTTP answer."""
        return Reply(self.status, json.dumps({"error": self.error, "error_description": self.description}).encode())


def new_key() -> rsa.RSAPrivateKey:
    """A key pair for a service account; slow, so make one and pass it on."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class TokenEndpoint:
    """Issues and checks access tokens. ``delegated`` may be narrowed; ``revoke`` ends a user's consent."""

    def __init__(self, clock: Clock, accounts: Iterable[str], key: rsa.RSAPrivateKey, url: Callable[[], str]) -> None:
        self.delegated: set[str] = set(READ_ONLY)
        self.client_email = "transhume@sandbox.iam.gserviceaccount.example"
        self.client_id = "100000000000000000001"
        self._clock = clock
        self._accounts = frozenset(accounts)
        self._key = key
        self._url = url
        self._lock = threading.Lock()
        self._grants: dict[str, Grant] = {}
        self._refresh = {account: secrets.token_urlsafe(24) for account in self._accounts}
        self._consents: dict[str, Grant] = {}
        """Refresh tokens of desktop consents, and what they allow."""
        self.page = ConsentPage(f"{self.client_id}.apps.googleusercontent.example", self._accounts, READ_ONLY)
        self._client_secret = secrets.token_urlsafe(24)

    def service_account(self) -> dict[str, str]:
        """A service account key file."""
        pem = self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return {
            "type": "service_account",
            "project_id": "transhume-sandbox",
            "private_key_id": "sandbox",
            "private_key": pem.decode(),
            "client_email": self.client_email,
            "client_id": self.client_id,
            "auth_uri": f"{self._url()}/auth",
            "token_uri": f"{self._url()}/token",
        }

    def authorized_user(self, account: str) -> dict[str, str]:
        """What a finished desktop consent of that account leaves on disk."""
        return {
            "type": "authorized_user",
            "client_id": f"{self.client_id}.apps.googleusercontent.example",
            "client_secret": self._client_secret,
            "refresh_token": self._refresh[account],
            "token_uri": f"{self._url()}/token",
        }

    def desktop_client(self) -> dict[str, dict[str, str]]:
        """The file of a desktop client."""
        return {
            "installed": {
                "client_id": self.page.client_id,
                "client_secret": self._client_secret,
                "auth_uri": f"{self._url()}/auth",
                "token_uri": f"{self._url()}/token",
                "redirect_uris": "http://localhost",
            }
        }

    def sign(self, path: str, authorization: str, body: bytes) -> Reply:
        """iamcredentials signJwt, for whoever holds a cloud token. Raises GoogleError."""
        grant = self.grant(authorization)
        if CLOUD not in grant.scopes:
            raise GoogleError(403, "insufficientPermissions", "Request had insufficient authentication scopes.")
        if path != f"/v1/projects/-/serviceAccounts/{self.client_email}:signJwt":
            raise GoogleError(403, "forbidden", "Permission 'iam.serviceAccounts.signJwt' denied.")
        signed = self._signed(json.loads(json.loads(body)["payload"]))
        return Reply(200, json.dumps({"keyId": "sandbox", "signedJwt": signed}).encode())

    def _signed(self, claims: dict[str, Any]) -> str:
        head = {"alg": "RS256", "typ": "JWT", "kid": "sandbox"}
        text = ".".join(_base64(json.dumps(part).encode()) for part in (head, claims))
        return f"{text}.{_base64(self._key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"

    def revoke(self, account: str) -> None:
        """End every token of that account; its refresh token no longer works."""
        with self._lock:
            self._refresh.pop(account, None)
            self._grants = {token: grant for token, grant in self._grants.items() if grant.account != account}
            self._consents = {token: grant for token, grant in self._consents.items() if grant.account != account}

    def exchange(self, body: bytes) -> tuple[str, Reply]:
        """Answer POST /token: the account spoken of, and the reply."""
        form = {name: values[0] for name, values in parse_qs(body.decode("ascii", "replace")).items()}
        try:
            match form.get("grant_type"):
                case str(kind) if kind == JWT_BEARER:
                    account, scopes = self._assertion(form.get("assertion", ""))
                case "authorization_code":
                    return self._consented(form)
                case "refresh_token":
                    account, scopes = self._refreshed(form)
                case _:
                    raise Refused(400, "unsupported_grant_type", "Invalid grant_type.")
        except Refused as refused:
            return "", refused.reply()
        return account, self._issue(account, scopes)

    def _consented(self, form: dict[str, str]) -> tuple[str, Reply]:
        """A code for tokens, and an ID token that says whose they are."""
        if form.get("client_id") != self.page.client_id or form.get("client_secret") != self._client_secret:
            raise Refused(401, "invalid_client", "Unauthorized")
        try:
            pending = self.page.redeem(form)
        except Invalid as error:
            raise Refused(400, str(error), "Malformed auth code.") from error
        more: dict[str, Any] = {}
        if pending.offline:
            more["refresh_token"] = f"1//{secrets.token_urlsafe(24)}"
            with self._lock:
                self._consents[more["refresh_token"]] = Grant(pending.account, pending.scopes, 0.0)
        if "openid" in pending.scopes:
            now = int(time.time())
            claims = {"aud": self.page.client_id, "email": pending.account, "email_verified": True}
            more["id_token"] = self._signed(claims | {"iss": "https://accounts.google.com", "iat": now})
        return pending.account, self._issue(pending.account, pending.scopes, more)

    def grant(self, authorization: str) -> Grant:
        """What a request's Authorization header allows. Raises GoogleError 401."""
        kind, _, token = authorization.partition(" ")
        if kind.lower() != "bearer" or not token:
            raise GoogleError(
                401,
                "required",
                "Request is missing required authentication credential. Expected OAuth 2 access token, "
                "login cookie or other valid authentication credential.",
                location="Authorization",
            )
        with self._lock:
            grant = self._grants.get(token.strip())
        if grant is None or grant.expires <= self._clock.now():
            raise GoogleError(401, "authError", "Invalid Credentials", location="Authorization")
        return grant

    def _issue(self, account: str, scopes: frozenset[str], more: Mapping[str, Any] | None = None) -> Reply:
        token = f"ya29.{secrets.token_urlsafe(32)}"
        with self._lock:
            self._grants[token] = Grant(account, scopes, self._clock.now() + LIFETIME)
        answer = {
            "access_token": token,
            "expires_in": int(LIFETIME) - 1,
            "scope": " ".join(sorted(scopes)),
            "token_type": "Bearer",
        }
        return Reply(200, json.dumps(answer | dict(more or {})).encode())

    def _assertion(self, text: str) -> tuple[str, frozenset[str]]:
        claims = self._verified(text)
        if claims.get("iss") != self.client_email:
            raise Refused(400, "invalid_grant", "Invalid grant: account not found")
        if claims.get("aud") not in (AUDIENCE, f"{self._url()}/token"):
            raise Refused(400, "invalid_grant", "Invalid JWT: Failed audience check.")
        _check_times(claims)
        account = str(claims.get("sub", self.client_email)).lower()
        if account not in self._accounts and account != self.client_email:
            raise Refused(400, "invalid_grant", "Invalid email or User ID")
        scopes = frozenset(str(claims.get("scope", "")).split())
        own = account == self.client_email
        if not scopes or (own and not scopes <= known_scopes() | {CLOUD}):
            raise Refused(400, "invalid_scope", "Invalid OAuth scope or ID token audience provided.")
        # For itself a service account needs no delegation: it is the API that then finds no mailbox.
        if not own and not scopes <= self.delegated:
            raise Refused(
                401,
                "unauthorized_client",
                "Client is unauthorized to retrieve access tokens using this method, or client not authorized "
                "for any of the scopes requested.",
            )
        return account, scopes

    def _verified(self, text: str) -> dict[str, Any]:
        """The claims of a JWT whose RS256 signature is ours (RFC 7515 §5.2)."""
        try:
            head, claims, signature = (_unbase64(part) for part in text.split("."))
            if json.loads(head).get("alg") != "RS256":
                raise Refused(400, "invalid_grant", "Invalid JWT: only RS256 is accepted.")
            signed = text.rpartition(".")[0].encode()
            self._key.public_key().verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
            parsed: dict[str, Any] = json.loads(claims)
        except InvalidSignature as error:
            raise Refused(400, "invalid_grant", "Invalid JWT Signature.") from error
        except (ValueError, AttributeError, binascii.Error) as error:
            raise Refused(400, "invalid_grant", "Bad JWT: not three base64url parts of JSON.") from error
        return parsed

    def _refreshed(self, form: dict[str, str]) -> tuple[str, frozenset[str]]:
        known = form.get("client_id") == f"{self.client_id}.apps.googleusercontent.example"
        if not known or form.get("client_secret") != self._client_secret:
            raise Refused(401, "invalid_client", "Unauthorized")
        wanted = form.get("refresh_token", "")
        with self._lock:
            account = next((name for name, token in self._refresh.items() if token == wanted), "")
            consent = self._consents.get(wanted)
        if consent is not None:
            scopes = frozenset(form.get("scope", "").split()) or consent.scopes
            if not scopes <= consent.scopes:
                raise Refused(400, "invalid_scope", "Bad Request")
            return consent.account, scopes
        if not account:
            raise Refused(400, "invalid_grant", "Token has been expired or revoked.")
        scopes = frozenset(form.get("scope", "").split()) or frozenset(self.delegated)
        if not scopes <= self.delegated:
            raise Refused(400, "invalid_scope", "Bad Request")
        return account, scopes


def _base64(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def _unbase64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _check_times(claims: dict[str, Any]) -> None:
    """The client signs by the wall's clock, whatever the speed of the sandbox's."""
    now, issued, expires = time.time(), claims.get("iat"), claims.get("exp")
    if not (
        isinstance(issued, int | float)
        and isinstance(expires, int | float)
        and issued - SKEW <= now < expires + SKEW
        and 0 < expires - issued <= LIFETIME
    ):
        raise Refused(
            400,
            "invalid_grant",
            "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. "
            "Check your iat and exp values in the JWT claim.",
        )
