"""Credentials: a service account that speaks for a user, or that user's own consent. One scope each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import google.oauth2.credentials
import google.oauth2.service_account

from connectors.google.settings import Settings
from migrate.errors import AuthFailed, Scope
from migrate.protocols import Secret

TOKEN_URI = "https://oauth2.googleapis.com/token"  # noqa: S105 -- an address
_GOOGLE_HOSTS = (".googleapis.com", ".google.com")
_FORM = "Give the JSON file that Google's console made, or its path."


class Credentials:
    """Makes the credential of an account and a scope. Holds no token itself."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def of(self, account: str, scope: str) -> Any:
        """A google-auth credential, not yet refreshed. Raises AuthFailed, ConfigError."""
        settings = self._settings
        if settings.service_account is not None:
            return self._service_account(settings.service_account, account, scope)
        assert settings.authorized_user is not None
        return self._authorized_user(settings.authorized_user, account, scope)

    def client_id(self) -> str:
        """The service account's numeric id, which an administrator delegates scopes to; "" for consents."""
        if self._settings.service_account is None:
            return ""
        return str(_load(self._settings.service_account, "").get("client_id", ""))

    def _service_account(self, secret: Secret, account: str, scope: str) -> Any:
        info = _load(secret, account)
        try:
            return google.oauth2.service_account.Credentials.from_service_account_info(  # type: ignore[no-untyped-call]
                {**info, "token_uri": self._token_uri(info)}, scopes=[scope], subject=account
            )
        except (ValueError, KeyError, TypeError) as error:
            raise AuthFailed("The service account's key cannot be read.", advice=_FORM, scope=Scope.RUN) from error

    def _authorized_user(self, secret: Secret, account: str, scope: str) -> Any:
        info = _load(secret, account)
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
        """The file's own address, unless it is Google's and every Google API was moved elsewhere."""
        uri = str(info.get("token_uri") or TOKEN_URI)
        if self._settings.api_root and is_google(uri):
            return f"{self._settings.api_root}/token"
        return uri


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
