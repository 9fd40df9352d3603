"""Credentials, one scope each: a service account that speaks for a user, or that user's own consent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import google.auth
import google.auth.exceptions
import google.oauth2.credentials
import google.oauth2.service_account

from connectors.google.keyless import Spoken
from connectors.google.settings import Settings
from migrate.errors import AuthFailed, Scope
from migrate.protocols import Secret, TokenStore

TOKEN_URI = "https://oauth2.googleapis.com/token"  # noqa: S105 -- an address
AUTH_URI = "https://accounts.google.com/o/oauth2/v2/auth"
_IAM = "https://iamcredentials.googleapis.com"
_CLOUD = "https://www.googleapis.com/auth/cloud-platform"
_GOOGLE_HOSTS = (".googleapis.com", ".google.com")
_FORM = "Give the JSON file that Google's console made, or its path."
_SIGN_IN = "Have that person sign in: transhume auth (docs/google.md)"


class Credentials:
    """Makes the credential of an account and a scope. Holds no token itself."""

    def __init__(self, settings: Settings, tokens: TokenStore | None = None) -> None:
        self._settings, self._tokens = settings, tokens
        self._keys: dict[str, Any] = {}
        """Service accounts by their file's text: reading a key costs 50 ms."""

    def of(self, account: str, scope: str) -> Any:
        """A google-auth credential, not yet refreshed. Raises AuthFailed, ConfigError."""
        settings = self._settings
        if settings.service_account is not None:
            return self._service_account(settings.service_account, account, scope)
        if settings.impersonate:
            return self._spoken(account, scope)
        if settings.client is not None:
            return self._signed_in(account, scope)
        assert settings.authorized_user is not None
        return self._authorized_user(_load(settings.authorized_user, account), scope)

    def client_id(self) -> str:
        """The service account's numeric id, which an administrator delegates scopes to; "" where it is not known."""
        if self._settings.service_account is None:
            return ""
        return str(_load(self._settings.service_account, "").get("client_id", ""))

    def client(self) -> dict[str, str]:
        """The desktop client that people sign in with. Raises AuthFailed when it is of another kind."""
        assert self._settings.client is not None
        info = _load(self._settings.client, "").get("installed")
        if not isinstance(info, dict) or not info.get("client_id"):
            advice = "In Google's console, make credentials of the type Desktop app (docs/google.md)."
            raise AuthFailed("This is not an OAuth client for desktops.", advice=advice, scope=Scope.RUN)
        kept = {"client_id": str(info["client_id"]), "client_secret": str(info.get("client_secret") or "")}
        auth_uri = self._moved(str(info.get("auth_uri") or AUTH_URI), "auth")
        return {**kept, "auth_uri": auth_uri, "token_uri": self._token_uri(info)}

    def _service_account(self, secret: Secret, account: str, scope: str) -> Any:
        info = _load(secret, account)
        text = json.dumps(info, sort_keys=True)
        try:
            if text not in self._keys:
                read = google.oauth2.service_account.Credentials.from_service_account_info
                self._keys[text] = read({**info, "token_uri": self._token_uri(info)})  # type: ignore[no-untyped-call]
            return self._keys[text].with_scopes([scope]).with_subject(account)
        except (ValueError, KeyError, TypeError) as error:
            raise AuthFailed("The service account's key cannot be read.", advice=_FORM, scope=Scope.RUN) from error

    def _spoken(self, account: str, scope: str) -> Any:
        settings = self._settings
        return Spoken(
            source=self._impersonator(),
            principal=settings.impersonate,
            subject=account,
            scope=scope,
            iam=settings.api_root or _IAM,
            token_uri=self._token_uri({}),
        )

    def _impersonator(self) -> Any:
        secret = self._settings.impersonator
        try:
            if secret is None:
                return google.auth.default(scopes=[_CLOUD])[0]
            info = _load(secret, "")
            if info.get("type") == "authorized_user":
                return self._authorized_user(info, _CLOUD)
            return google.oauth2.service_account.Credentials.from_service_account_info(  # type: ignore[no-untyped-call]
                {**info, "token_uri": self._token_uri(info)}, scopes=[_CLOUD]
            )
        except (google.auth.exceptions.GoogleAuthError, ValueError, KeyError, TypeError) as error:
            advice = "Sign this machine in: gcloud auth application-default login"
            raise AuthFailed("No credential to speak through.", advice=advice, scope=Scope.RUN) from error

    def _signed_in(self, account: str, scope: str) -> Any:
        """What ``sign_in`` kept, as long as it is of this client and covers the scope."""
        kept = self._tokens.load(token_name(account)) if self._tokens is not None else None
        if kept is None:
            raise AuthFailed("Nobody signed in to this account yet.", advice=_SIGN_IN)
        info, client = json.loads(kept), self.client()
        if info.get("client_id") != client["client_id"]:
            raise AuthFailed("The sign-in to this account was with another client.", advice=_SIGN_IN)
        if scope not in info.get("scopes", ()):
            raise AuthFailed("The sign-in to this account does not cover this.", advice=_SIGN_IN)
        return self._authorized_user({**client, "refresh_token": info["refresh_token"]}, scope)

    def _authorized_user(self, info: Mapping[str, Any], scope: str) -> Any:
        try:
            return google.oauth2.credentials.Credentials(  # type: ignore[no-untyped-call]
                token=None,
                refresh_token=info["refresh_token"],
                client_id=info["client_id"],
                client_secret=info["client_secret"],
                token_uri=self._token_uri(info),
                scopes=[scope],
            )
        except KeyError as error:
            raise AuthFailed("The user's consent file lacks a field.", advice=_FORM) from error

    def _token_uri(self, info: Mapping[str, Any]) -> str:
        return self._moved(str(info.get("token_uri") or TOKEN_URI), "token")

    def _moved(self, uri: str, name: str) -> str:
        """The file's own address, unless it is Google's and every Google API was moved elsewhere."""
        return f"{self._settings.api_root}/{name}" if self._settings.api_root and is_google(uri) else uri


def token_name(account: str) -> str:
    """The name that an account's sign-in is kept under."""
    return f"google/{account}"


def is_google(url: str) -> bool:
    """Whether a URL is one of Google's own, over TLS: only those are ever sent a Google token."""
    parts = urlsplit(url)
    return parts.scheme == "https" and f".{parts.hostname or ''}".endswith((*_GOOGLE_HOSTS, ".googleusercontent.com"))


def _load(secret: Secret, account: str) -> dict[str, Any]:
    """The JSON behind a reference that holds it, or names the file that does. Raises AuthFailed."""
    text = secret.reveal(account).strip()
    try:
        if not text.startswith("{"):
            text = Path(text).expanduser().read_text(encoding="utf-8")
        info = json.loads(text)
    except (OSError, ValueError) as error:
        raise AuthFailed("The Google credential cannot be read.", advice=_FORM, scope=Scope.RUN) from error
    if not isinstance(info, dict):
        raise AuthFailed("The Google credential is not a JSON object.", advice=_FORM, scope=Scope.RUN)
    return info
