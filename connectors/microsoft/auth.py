"""Tokens by msal: the application's own with its certificate, or those of people who signed in.

https://learn.microsoft.com/entra/msal/python/
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import msal
import requests

from connectors.microsoft.errors import network
from connectors.microsoft.settings import DELEGATED, IDENTITY, SITES, Settings
from migrate.errors import AuthFailed, ConfigError, ConnectorError, Retriable, Scope
from migrate.model import Service
from migrate.protocols import Context, TokenStore

TIMEOUT = 60
"""Seconds without a byte from the token endpoint."""
_MAILBOX = (Service.MAIL, Service.CALENDAR, Service.CONTACTS)
_PEM = "Give one PEM file with the private key and its certificate, or its path (docs/microsoft.md)."
_ADVICE: Mapping[str, str] = {
    "invalid_client": "Is the certificate uploaded to this application, and not expired? Is client_id right?",
    "unauthorized_client": "Is client_id right, and the application in this tenant?",
    "invalid_grant": "The consent ended or was withdrawn: sign in again with `transhume auth`.",
    "interaction_required": "The tenant asks this person to sign in again: `transhume auth`.",
    "consent_required": "An administrator has not consented yet: `transhume doctor` gives the address.",
    "access_denied": "The consent was refused.",
}


class Credentials:
    """Tokens of one connector, for all its threads. Tokens are held by msal alone."""

    def __init__(self, settings: Settings, context: Context) -> None:
        self._settings = settings
        self._tokens = context.tokens
        self._services = context.services
        self._lock = threading.Lock()
        self._application: msal.ConfidentialClientApplication | None = None
        self._people: dict[str, _Person] = {}

    def token(self, account: str, *, claims: str | None = None, renew: bool = False) -> str:
        """A bearer token for an account's data.

        ``renew``: the last one was refused; ``claims``: what the refusal asked for. Raises AuthFailed, Retriable.
        """
        with self._lock:
            if self._settings.app_only:
                return self._of_application(claims, renew)
            return self._of_person(self._settings.signer(account), claims, renew)

    def scopes(self) -> list[str]:
        """What people are asked to consent to: their own identity, and one permission for each service that moves."""
        names = [DELEGATED[service] for service in Service if service in self._services]
        shared = [name for name, person in self._settings.shared_mailboxes.items() if person]
        if any("@" in name for name in shared):
            names += [f"{DELEGATED[service]}.Shared" for service in _MAILBOX if service in self._services]
        if any("@" not in name for name in shared) and Service.FILES in self._services:
            names.append(SITES)
        return [f"{self._settings.resource}/{name}" for name in (IDENTITY, *names)]

    def _of_application(self, claims: str | None, renew: bool) -> str:
        if self._application is None:
            self._application = guarded(lambda: self._confidential())
        application = self._application
        if renew and not claims:
            application.remove_tokens_for_client()
        scopes = [f"{self._settings.resource}/.default"]
        return _token(guarded(lambda: application.acquire_token_for_client(scopes, claims_challenge=claims)))

    def _confidential(self) -> msal.ConfidentialClientApplication:
        assert self._settings.certificate is not None
        pem = _pem(self._settings.certificate.reveal())
        return msal.ConfidentialClientApplication(
            self._settings.client_id,
            client_credential={"private_key": pem, "public_certificate": pem},
            **endpoint(self._settings),
        )

    def _of_person(self, account: str, claims: str | None, renew: bool) -> str:
        person = self._people.get(account)
        if person is None:
            person = self._people[account] = _Person.load(account, self._settings, self._tokens)
        return person.token(self.scopes(), claims, renew)


class _Person:
    """Someone who signed in: msal's cache of their tokens, kept again whenever it changes."""

    def __init__(self, account: str, settings: Settings, store: TokenStore, text: str) -> None:
        self._name, self._store = kept_as(account), store
        self._cache = msal.SerializableTokenCache()
        self._cache.deserialize(text)
        self._application = guarded(lambda: public(settings, self._cache))

    @classmethod
    def load(cls, account: str, settings: Settings, store: TokenStore | None) -> _Person:
        """What a sign-in kept. Raises AuthFailed when nobody signed in."""
        text = store.load(kept_as(account)) if store is not None else None
        if store is None or text is None:
            raise AuthFailed(
                f"{account} has not signed in to Microsoft.",
                advice=f"Run: transhume auth microsoft --account {account}",
            )
        return cls(account, settings, store, text)

    def token(self, scopes: list[str], claims: str | None, renew: bool) -> str:
        known = self._application.get_accounts()
        if len(known) != 1:
            raise AuthFailed("What was kept of the sign-in is not usable.", advice=_ADVICE["invalid_grant"])
        answer = guarded(
            lambda: self._application.acquire_token_silent_with_error(
                scopes, known[0], force_refresh=renew, claims_challenge=claims
            )
        )
        if self._cache.has_state_changed:
            self._store.save(self._name, self._cache.serialize())
            self._cache.has_state_changed = False
        return _token(answer or {"error": "invalid_grant"})


def kept_as(account: str) -> str:
    """The name of a sign-in in the token store: the system's and the account's, as the engine forgets it."""
    return f"microsoft/{account}"


def public(settings: Settings, cache: Any) -> msal.PublicClientApplication:
    """The application as people's own machines know it, without a secret."""
    return msal.PublicClientApplication(settings.client_id, token_cache=cache, **endpoint(settings))


def endpoint(settings: Settings) -> dict[str, Any]:
    """msal's arguments for the place where tokens are given, and how it is reached."""
    authority = f"{settings.authority}/{settings.tenant}"
    return {
        "authority": authority.replace("http://", "https://", 1),
        "http_client": (_Plain if authority.startswith("http://") else _Timed)(settings),
        # Microsoft's list of clouds knows no test host; for its own hosts msal needs no question.
        "instance_discovery": False,
    }


class _Timed:
    """msal's HTTP client, with a limit of time and the project's own authority."""

    def __init__(self, settings: Settings) -> None:
        self._always: dict[str, Any] = {"timeout": TIMEOUT, "verify": settings.ca_file or True}
        self._plain = settings.authority
        self._secure = settings.authority.replace("http://", "https://", 1)

    def post(self, url: str, **kwargs: Any) -> Any:
        """Send it; tokens are asked for once an hour, so that no connection is kept."""
        return requests.post(url, **self._always, **kwargs)  # noqa: S113 -- it has one

    def get(self, url: str, **kwargs: Any) -> Any:
        """Fetch it."""
        return requests.get(url, **self._always, **kwargs)  # noqa: S113 -- it has one

    def close(self) -> None:
        """Nothing to release."""


class _Plain(_Timed):
    """The same for a test host on this machine that speaks no TLS: msal itself knows only https addresses."""

    def post(self, url: str, **kwargs: Any) -> Any:
        """Send it in clear: it does not leave the machine."""
        return super().post(self._there(url), **kwargs)

    def get(self, url: str, **kwargs: Any) -> Any:
        """Fetch it in clear, and give back addresses as msal wants them."""
        answer = super().get(self._there(url), **kwargs)
        answer._content = answer.content.replace(self._plain.encode(), self._secure.encode())
        return answer

    def _there(self, url: str) -> str:
        return self._plain + url.removeprefix(self._secure) if url.startswith(self._secure) else url


def browser_address(settings: Settings, url: str) -> str:
    """An address of msal's making, as a browser can open it."""
    secure = settings.authority.replace("http://", "https://", 1)
    return settings.authority + url.removeprefix(secure) if url.startswith(secure) else url


def guarded(call: Callable[[], Any]) -> Any:
    """msal's and the network's exceptions end here. Raises AuthFailed, Retriable, Unreachable."""
    try:
        return call()
    except ConnectorError:
        raise
    except requests.exceptions.RequestException as error:
        raise network(error) from None
    except ConfigError:
        raise
    except (ValueError, KeyError, TypeError, RuntimeError) as error:
        # Both a key that cannot be read and a tenant that does not exist come as ValueError.
        raise _unusable(error) from None


def _unusable(error: Exception) -> ConnectorError:
    if "authority" in str(error):
        advice = "Is tenant right? It is the tenant's id or one of its domains."
        return AuthFailed("There is no such tenant where tokens are given.", advice=advice, scope=Scope.RUN)
    return AuthFailed("The certificate cannot be used.", advice=_PEM, scope=Scope.RUN)


def _token(answer: Mapping[str, Any]) -> str:
    """The token of an answer. Raises AuthFailed with OAuth's own word (RFC 6749 §5.2), or Retriable."""
    if isinstance(answer.get("access_token"), str):
        return cast(str, answer["access_token"])
    raise refusal(answer)


def refusal(answer: Mapping[str, Any]) -> ConnectorError:
    """Why there is no token. The endpoint's description is left out but for its number (AADSTS…)."""
    word = str(answer.get("error") or "refused")
    word = word if word.replace("_", "").isalpha() else "refused"
    number = next((str(code) for code in answer.get("error_codes") or ()), "")
    words = f"Microsoft gives no token ({word}{f', AADSTS{number}' if number.isdigit() else ''})."
    if word in {"temporarily_unavailable", "server_error"}:
        return Retriable(words)
    return AuthFailed(words, advice=_ADVICE.get(str(answer.get("suberror") or word), _ADVICE.get(word, _CLOCK)))


_CLOCK = "Run `transhume doctor`; a clock that is wrong by minutes is also refused."


def _pem(text: str) -> str:
    """Key and certificate behind a reference that holds them, or names the file that does. Raises AuthFailed."""
    text = text.strip()
    try:
        if "-----BEGIN" not in text:
            text = Path(text).expanduser().read_text(encoding="ascii")
    except (OSError, ValueError) as error:
        raise AuthFailed("The certificate cannot be read.", advice=_PEM, scope=Scope.RUN) from error
    if "PRIVATE KEY-----" not in text or "-----BEGIN CERTIFICATE-----" not in text:
        raise AuthFailed("The certificate file lacks the key or the certificate.", advice=_PEM, scope=Scope.RUN)
    if "ENCRYPTED PRIVATE KEY" in text:
        advice = "Keep the key without a passphrase where only you can read it, or give it with command:…"
        raise AuthFailed("The certificate's key has a passphrase.", advice=advice, scope=Scope.RUN)
    return text
