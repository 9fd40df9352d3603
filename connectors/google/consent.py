"""A person's own consent on a desktop client: loopback redirect, PKCE, and pasting over SSH.

https://developers.google.com/identity/protocols/oauth2/native-app · RFC 8252 §7.3 · RFC 7636

google-auth-oauthlib is not used: it cannot take a pasted address, which is what works over SSH.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import socket
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httplib2

from connectors.google.errors import NETWORK_ERRORS, translate
from migrate.errors import AuthFailed
from migrate.protocols import Dialogue

IDENTITY = ("openid", "https://www.googleapis.com/auth/userinfo.email")
"""Tell which account signed in, and nothing else of it."""
TRIES = 5
"""Questions to the person before it is given up."""
_PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\nDone / C'est fait.\n"
_PATIENCE = 3.0
"""Seconds to wait for what a browser has already sent."""


class Loopback:
    """A port of this machine that the browser is sent back to (RFC 8252 §7.3)."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.settimeout(0.2)
        self.address = f"http://127.0.0.1:{self._server.getsockname()[1]}"

    def arrived(self) -> str:
        """The address that a browser asked for meanwhile, "" when none did."""
        while True:
            try:
                connection, _ = self._server.accept()
            except TimeoutError:
                return ""
            with connection:
                connection.settimeout(_PATIENCE)
                target = _target(connection)
                if "?" in target:
                    return f"{self.address}{target}"

    def close(self) -> None:
        """Give the port back."""
        self._server.close()


def _target(connection: socket.socket) -> str:
    """The target of one request, answered."""
    try:
        head = connection.recv(16384).split(b"\r\n", 1)[0].split(b" ")
        connection.sendall(_PAGE)
    except OSError:
        return ""
    return head[1].decode("ascii", "replace") if len(head) == 3 else ""


def consent(
    account: str, client: Mapping[str, str], scopes: Sequence[str], dialogue: Dialogue, ca_file: str
) -> dict[str, Any]:
    """What to keep of that person's consent. Raises AuthFailed, also when another account or less was chosen."""
    loopback = Loopback()
    try:
        verifier, state = secrets.token_urlsafe(64), secrets.token_urlsafe(24)
        wanted = (*IDENTITY, *scopes)
        dialogue.say(f"Sign in as {account}, and leave every box of the consent ticked:")
        dialogue.open(_address(account, client, wanted, loopback.address, verifier, state))
        code = _code(dialogue, loopback, state)
        answer = _exchange(client, code, verifier, loopback.address, ca_file)
    finally:
        loopback.close()
    _check(account, client, scopes, answer)
    return {
        "refresh_token": answer["refresh_token"],
        "client_id": client["client_id"],
        "scopes": sorted(str(answer.get("scope", "")).split()),
    }


def _address(
    account: str, client: Mapping[str, str], scopes: Sequence[str], redirect: str, verifier: str, state: str
) -> str:
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    query = {
        "client_id": client["client_id"],
        "redirect_uri": redirect,
        "response_type": "code",
        "scope": " ".join(scopes),
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "access_type": "offline",
        "prompt": "consent",
        "login_hint": account,
    }
    return f"{client['auth_uri']}?{urlencode(query)}"


def _code(dialogue: Dialogue, loopback: Loopback, state: str) -> str:
    """The authorisation code, from the browser here or from an address pasted from another machine's."""
    dialogue.say(
        "When the browser says that it is done (or just keeps loading), press return here. In a browser of another\n"
        "machine the last page fails to open: copy its address, which begins with http://127.0.0.1, and paste it here."
    )
    for _ in range(TRIES):
        pasted = dialogue.ask("Address, or return")
        found = pasted or loopback.arrived()
        answer = {name: values[0] for name, values in parse_qs(urlsplit(found).query).items()}
        if answer.get("error"):
            raise AuthFailed("The consent was not given.", advice="Start again, and agree on Google's page.")
        if answer.get("code") and secrets.compare_digest(answer.get("state", ""), state):
            return answer["code"]
        dialogue.say("That is not the address of this sign-in's last page." if found else "Nothing arrived yet.")
    raise AuthFailed("The sign-in did not come to its end.", advice="Start again: transhume auth")


def _exchange(client: Mapping[str, str], code: str, verifier: str, redirect: str, ca_file: str) -> dict[str, Any]:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "client_id": client["client_id"],
        "client_secret": client["client_secret"],
        "code_verifier": verifier,
        "redirect_uri": redirect,
    }
    headers = {"content-type": "application/x-www-form-urlencoded"}
    http = httplib2.Http(timeout=60, ca_certs=ca_file or None)
    try:
        response, content = http.request(client["token_uri"], "POST", urlencode(form), headers)
        answer = json.loads(content)
    except NETWORK_ERRORS as error:
        raise translate(error) from error
    except ValueError:
        raise AuthFailed("The token endpoint's answer cannot be read.") from None
    finally:
        http.close()
    if response.status != 200 or not isinstance(answer, dict):
        word = str(answer.get("error", "")) if isinstance(answer, dict) else ""
        raise AuthFailed(f"Google gave no token ({word or response.status}).", advice="Start again: transhume auth")
    return answer


def _check(account: str, client: Mapping[str, str], scopes: Sequence[str], answer: Mapping[str, Any]) -> None:
    """The right account, every scope, and a token that lasts."""
    claims = _claims(str(answer.get("id_token", "")))
    if claims.get("aud") != client["client_id"] or not claims.get("email_verified"):
        raise AuthFailed("Google did not say which account signed in.", advice="Start again: transhume auth")
    if str(claims.get("email", "")).casefold() != account.casefold():
        advice = "Choose the right account on Google's page, or use a private window."
        raise AuthFailed("Another account signed in than this one; nothing was kept.", advice=advice)
    refused = sorted({scope.rpartition("/")[2] for scope in set(scopes) - set(str(answer.get("scope", "")).split())})
    if refused:
        raise AuthFailed(f"The consent leaves out: {', '.join(refused)}.", advice="Start again, with every box ticked.")
    if not answer.get("refresh_token"):
        advice = "Remove the application at https://myaccount.google.com/connections and start again."
        raise AuthFailed("Google gave no lasting token.", advice=advice)


def _claims(token: str) -> dict[str, Any]:
    """An ID token's claims. It came from the token endpoint itself: its signature says no more (OIDC §3.1.3.7)."""
    try:
        body = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (IndexError, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}
