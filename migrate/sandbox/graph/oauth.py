"""The identity platform of one tenant: tokens for the application and for people, and the pages they click.

Protocol: https://learn.microsoft.com/en-us/entra/identity-platform/v2-protocols · words of refusal:
https://learn.microsoft.com/en-us/entra/identity-platform/reference-error-codes
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from migrate.sandbox import tokens
from migrate.sandbox.clock import Clock
from migrate.sandbox.graph.certificates import Certificate, thumbprint
from migrate.sandbox.graph.errors import GraphError
from migrate.sandbox.replies import Reply

CLIENT_ID = "11111111-2222-4333-8444-555555555555"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
LIFETIME = 3599.0
CODE_LIVES = 600.0
DEVICE_LIVES = 900.0
REFRESH_LIVES = 90 * 86400.0
SKEW = 300
PERSONAL = "consumers"
SHARED = frozenset({"common", "organizations", PERSONAL})
_PUBLIC = "https://graph.microsoft.com"


@dataclass(frozen=True, slots=True)
class Grant:
    """What an access token allows. ``account`` is empty for the application's own."""

    account: str
    scopes: frozenset[str]
    expires: float

    @property
    def application(self) -> bool:
        """Whether nobody stands behind it but the application."""
        return not self.account


class Refused(Exception):
    """An error of the token endpoint, with Entra's number."""

    def __init__(self, error: str, number: int, description: str, status: int = 400) -> None:
        super().__init__(error)
        self.error, self.number, self.description, self.status = error, number, description, status

    def reply(self) -> Reply:
        """The HTTP answer."""
        body = {
            "error": self.error,
            "error_description": f"AADSTS{self.number}: {self.description} Trace ID: {secrets.token_hex(8)}",
            "error_codes": [self.number],
            "timestamp": "2026-11-26 08:00:00Z",
            "trace_id": secrets.token_hex(8),
            "correlation_id": secrets.token_hex(8),
        }
        return Reply(self.status, json.dumps(body).encode())


@dataclass(slots=True)
class _Pending:
    """A sign-in that waits for a person, or for the client to fetch what the person gave."""

    scopes: frozenset[str]
    expires: float
    account: str = ""
    redirect: str = ""
    challenge: str = ""
    nonce: str = ""
    refused: bool = False


class Identity:
    """Issues and checks access tokens. ``roles`` and ``scopes`` may be narrowed; ``consented`` may be withdrawn."""

    def __init__(
        self,
        clock: Clock,
        accounts: Mapping[str, str],
        certificate: Certificate,
        url: Callable[[], str],
        *,
        tenant: str,
        domain: str,
        roles: frozenset[str],
        scopes: frozenset[str],
    ) -> None:
        """``accounts`` maps principal names to ids of users."""
        self.tenant = tenant
        self.names = frozenset({tenant.lower(), domain.lower()})
        """What the tenant is called in addresses."""
        self.roles = set(roles)
        """What the administrator granted the application."""
        self.scopes = set(scopes)
        """What people may consent to."""
        self.consented = True
        """Whether the tenant, or the person, agreed to the application at all."""
        self.client_id = CLIENT_ID
        self.certificate = certificate
        self.clock = clock
        self._accounts = dict(accounts)
        self._url = url
        self._lock = threading.Lock()
        self._grants: dict[str, Grant] = {}
        self._refresh: dict[str, tuple[str, frozenset[str], float]] = {}
        self._codes: dict[str, _Pending] = {}
        self._devices: dict[str, _Pending] = {}
        self._user_codes: dict[str, str] = {}

    @property
    def root(self) -> str:
        """The address of the identity platform."""
        return self._url()

    def exchange(self, tenant: str, form: Mapping[str, str]) -> tuple[str, Reply]:
        """Answer POST …/token: the account spoken of, and the reply."""
        try:
            self.check_tenant(tenant)
            match form.get("grant_type"):
                case "client_credentials":
                    return "", self._application(tenant, form)
                case "authorization_code":
                    pending = self._code(tenant, form)
                case "refresh_token":
                    pending = self._refreshed(tenant, form)
                case str(kind) if kind in (DEVICE, "device_code"):
                    pending = self._device(form)
                case _:
                    raise Refused("unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
        except Refused as refused:
            return "", refused.reply()
        return pending.account, self._person(pending)

    def check_tenant(self, tenant: str) -> None:
        """Raises Refused for a tenant that does not exist."""
        if tenant.lower() not in SHARED | self.names:
            raise Refused("invalid_request", 90002, f"Tenant '{tenant}' not found.")

    def grant(self, authorization: str) -> Grant:
        """What a request's Authorization header allows. Raises GraphError 401."""
        kind, _, token = authorization.partition(" ")
        if kind.lower() != "bearer" or not token.strip():
            raise GraphError(401, "InvalidAuthenticationToken", "Access token is empty.")
        with self._lock:
            grant = self._grants.get(token.strip())
        if grant is None:
            raise GraphError(401, "InvalidAuthenticationToken", "CompactToken parsing failed with error code: 80049217")
        if grant.expires <= self.clock.now():
            message = "Lifetime validation failed, the token is expired."
            raise GraphError(401, "InvalidAuthenticationToken", message)
        return grant

    def revoke(self) -> None:
        """End every token, refresh tokens too."""
        with self._lock:
            self._grants.clear()
            self._refresh.clear()

    def authorize(self, query: Mapping[str, str]) -> None:
        """Check a request for /authorize. Raises Refused for what Entra shows as an error page."""
        self._known_client(query)
        if query.get("response_type") != "code":
            raise Refused("unsupported_response_type", 700054, "response_type is not enabled for the application.")
        if query.get("code_challenge_method", "S256") != "S256" or not query.get("code_challenge"):
            raise Refused("invalid_request", 9002325, "Proof Key for Code Exchange is required.")
        if not query.get("redirect_uri", "").startswith(("http://localhost", "http://127.0.0.1")):
            raise Refused("invalid_request", 50011, "The redirect URI does not match those configured.")
        self._asked(query.get("scope", ""))

    def agree(self, query: Mapping[str, str], account: str) -> str:
        """The person signs in and consents: the code for the redirect. Raises Refused."""
        self._known_person(account)
        code = f"0.A{secrets.token_urlsafe(24)}"
        with self._lock:
            self._codes[code] = _Pending(
                self._asked(query.get("scope", "")),
                self.clock.now() + CODE_LIVES,
                account.lower(),
                query["redirect_uri"],
                query.get("code_challenge", ""),
                query.get("nonce", ""),
            )
        return code

    def start_device(self, tenant: str, form: Mapping[str, str]) -> Reply:
        """Answer POST …/devicecode."""
        try:
            self.check_tenant(tenant)
            self._known_client(form)
            scopes = self._asked(form.get("scope", ""))
        except Refused as refused:
            return refused.reply()
        device, user = secrets.token_urlsafe(24), secrets.token_hex(4).upper() + "X"
        with self._lock:
            self._devices[device] = _Pending(scopes, self.clock.now() + DEVICE_LIVES)
            self._user_codes[user] = device
        address = f"{self._url()}/devicelogin"
        answer = {
            "user_code": user,
            "device_code": device,
            "verification_uri": address,
            "expires_in": int(DEVICE_LIVES),
            "interval": 1,
            "message": f"To sign in, use a web browser to open the page {address} and enter the code {user}.",
        }
        return Reply(200, json.dumps(answer).encode())

    def answer_device(self, user_code: str, account: str, *, refuse: bool = False) -> None:
        """The person enters the code and signs in, or declines. Raises Refused."""
        self._known_person(account)
        with self._lock:
            pending = self._devices.get(self._user_codes.get(user_code, ""))
            if pending is None:
                raise Refused("invalid_grant", 70019, "Verification code expired or unknown.")
            pending.account, pending.refused = account.lower(), refuse

    def _application(self, tenant: str, form: Mapping[str, str]) -> Reply:
        if tenant.lower() in SHARED:
            raise Refused("invalid_request", 53003, "An application's own token needs the address of its tenant.")
        self._known_client(form)
        self._signed(tenant, form)
        resource, _, rest = form.get("scope", "").rpartition("/")
        if rest != ".default":
            message = "Client credential flows must have a scope value with /.default suffixed to the resource."
            raise Refused("invalid_scope", 1002012, message)
        if resource not in (_PUBLIC, self._url()):
            raise Refused("invalid_resource", 500011, "The resource principal was not found in the tenant.")
        # Without an administrator's consent Entra still issues a token: one without roles.
        token = self._issue("", frozenset(self.roles) if self.consented else frozenset())
        answer = {"token_type": "Bearer", "expires_in": int(LIFETIME), "ext_expires_in": int(LIFETIME)}
        return Reply(200, json.dumps(answer | {"access_token": token}).encode())

    def _signed(self, tenant: str, form: Mapping[str, str]) -> None:
        """Check the client's assertion against the registered certificate. Raises Refused 401."""
        if form.get("client_assertion_type") != ASSERTION:
            raise _client(7000218, "The request body must contain 'client_assertion' or 'client_secret'.")
        text = form.get("client_assertion", "")
        try:
            self._known_certificate(tokens.head(text))
            claims = tokens.verified(text, self.certificate.public_key)
        except tokens.NotAToken as error:
            raise _client(50027, "JWT token is invalid or malformed.") from error
        except tokens.WrongSignature as error:
            raise _client(700027, "Client assertion failed signature validation.") from error
        if not self._is_ours(str(claims.get("aud")), tenant):
            raise _client(700023, "Client assertion audience claim does not match Realm issuer.")
        if claims.get("iss") != self.client_id or claims.get("sub") != self.client_id:
            raise _client(700021, "Client assertion application identifier doesn't match 'client_id' parameter.")
        now, expires = time.time(), claims.get("exp")
        start = claims.get("nbf", claims.get("iat", now))
        if not isinstance(expires, int | float) or not start - SKEW <= now < expires + SKEW:
            raise _client(700024, "Client assertion is not within its valid time range.")

    def _known_certificate(self, head: Mapping[str, str]) -> None:
        known = {"x5t": thumbprint(self.certificate.sha1), "x5t#S256": thumbprint(self.certificate.sha256)}
        told = {name: str(head[name]).rstrip("=") for name in known if name in head}
        if not told or any(known[name] != value for name, value in told.items()):
            message = "The certificate with identifier used to sign the client assertion is not registered."
            raise _client(700027, message)

    def _token_address(self, tenant: str) -> str:
        return f"{self._url()}/{tenant}/oauth2/v2.0/token"

    def _is_ours(self, audience: str, tenant: str) -> bool:
        """Whether an assertion was made for this endpoint. Without TLS, msal still writes https."""
        own = {self._token_address(tenant), self._token_address(self.tenant)}
        return audience in own | {address.replace("http://", "https://", 1) for address in own}

    def _known_client(self, form: Mapping[str, str]) -> None:
        if form.get("client_id") != self.client_id:
            message = f"Application with identifier '{form.get('client_id')}' was not found in the directory."
            raise Refused("unauthorized_client", 700016, message)

    def _known_person(self, account: str) -> None:
        if account.lower() not in self._accounts:
            raise Refused("invalid_grant", 50034, "The user account does not exist in the directory.")

    def _asked(self, text: str) -> frozenset[str]:
        """Scopes without their resource. Raises Refused when nobody consents, or the scope does not exist."""
        scopes = {scope.removeprefix(f"{_PUBLIC}/").removeprefix(f"{self._url()}/") for scope in text.split()}
        if not scopes:
            raise Refused("invalid_request", 900144, "The request body must contain the following parameter: 'scope'.")
        if ".default" in scopes:
            scopes = scopes - {".default"} | self.scopes
        if not scopes <= self.scopes:
            raise Refused("invalid_scope", 70011, "The provided value for the input parameter 'scope' is not valid.")
        if not self.consented:
            message = f"The user or administrator has not consented to use the application with ID '{self.client_id}'."
            raise Refused("invalid_grant", 65001, message)
        return frozenset(scopes)

    def _code(self, tenant: str, form: Mapping[str, str]) -> _Pending:
        self._known_client(form)
        with self._lock:
            pending = self._codes.pop(form.get("code", ""), None)
        if pending is None:
            message = "The provided authorization code has already been redeemed or is not valid."
            raise Refused("invalid_grant", 54005, message)
        if pending.expires <= self.clock.now():
            raise Refused("invalid_grant", 70008, "The provided authorization code has expired.")
        if form.get("redirect_uri") != pending.redirect:
            raise Refused("invalid_client", 50011, "The redirect URI does not match the one of the request.")
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).decode().rstrip("=") != pending.challenge:
            raise Refused("invalid_grant", 501481, "The Code_Verifier does not match the code_challenge.")
        return pending

    def _refreshed(self, tenant: str, form: Mapping[str, str]) -> _Pending:
        self._known_client(form)
        with self._lock:
            known = self._refresh.get(form.get("refresh_token", ""))
        if known is None or known[2] <= self.clock.now():
            raise Refused("invalid_grant", 700082, "The refresh token has expired due to inactivity or was revoked.")
        account, scopes, _ = known
        asked = self._asked(form["scope"]) if form.get("scope") else scopes
        return _Pending(asked, 0.0, account)

    def _device(self, form: Mapping[str, str]) -> _Pending:
        self._known_client(form)
        code = form.get("device_code", "")
        with self._lock:
            pending = self._devices.get(code)
            if pending is None or pending.expires <= self.clock.now():
                raise Refused("expired_token", 70020, "The device code is expired or unknown.")
            if pending.refused:
                raise Refused("authorization_declined", 70018, "The user declined the request.")
            if not pending.account:
                raise Refused("authorization_pending", 70016, "OAuth 2.0 device flow is pending.")
            return self._devices.pop(code)

    def _person(self, pending: _Pending) -> Reply:
        token = self._issue(pending.account, pending.scopes)
        answer = {
            "token_type": "Bearer",
            "scope": " ".join(sorted(pending.scopes)),
            "expires_in": int(LIFETIME),
            "ext_expires_in": int(LIFETIME),
            "access_token": token,
            "client_info": _encoded({"uid": self._accounts[pending.account], "utid": self.tenant}),
        }
        if "openid" in pending.scopes:
            answer["id_token"] = self._id_token(pending)
        if "offline_access" in pending.scopes:
            refresh = f"1.A{secrets.token_urlsafe(32)}"
            with self._lock:
                known = (pending.account, pending.scopes, self.clock.now() + REFRESH_LIVES)
                self._refresh[refresh] = known
            answer["refresh_token"] = refresh
        return Reply(200, json.dumps(answer).encode())

    def _id_token(self, pending: _Pending) -> str:
        """Nobody checks its signature: it comes from the token endpoint itself (OpenID Connect Core 3.1.3.7)."""
        now = int(time.time())
        claims = {
            "ver": "2.0",
            "iss": f"{self._url()}/{self.tenant}/v2.0",
            "sub": self._accounts[pending.account],
            "oid": self._accounts[pending.account],
            "aud": self.client_id,
            "tid": self.tenant,
            "preferred_username": pending.account,
            "iat": now,
            "exp": now + 3600,
            **({"nonce": pending.nonce} if pending.nonce else {}),
        }
        signature = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")
        return f"{_encoded({'typ': 'JWT', 'alg': 'RS256', 'kid': 'sandbox'})}.{_encoded(claims)}.{signature}"

    def _issue(self, account: str, scopes: frozenset[str]) -> str:
        token = f"eyJ0eXAiOiJKV1QifQ.{secrets.token_urlsafe(48)}.{secrets.token_urlsafe(16)}"
        with self._lock:
            self._grants[token] = Grant(account, scopes, self.clock.now() + LIFETIME)
        return token


def _client(number: int, description: str) -> Refused:
    return Refused("invalid_client", number, description, status=401)


def _encoded(value: Mapping[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
