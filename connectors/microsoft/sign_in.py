"""One person signs in: by a browser on this machine, by a pasted address, or, at last, by a code.

The code flow with PKCE (RFC 7636) and a listener on the loopback address (RFC 8252 §7.3).
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msal
import requests

from connectors.microsoft.auth import browser_address, guarded, kept_as, public, refusal
from connectors.microsoft.http import VERSION
from connectors.microsoft.settings import Settings
from migrate.errors import AuthFailed, ConfigError
from migrate.protocols import Context, Dialogue

WAIT = 60.0
"""Seconds until the browser's answer is asked for at the terminal too."""
TRIES = 5
"""Times the terminal asks."""
_QUESTION = (
    "If the browser ended on a page that cannot be opened, copy its address (http://localhost…) and paste it here. "
    "Return alone goes on waiting; the word 'code' signs in on another device"
)
_DONE = "You have signed in. Close this page and go back to the terminal."


def sign_in(account: str, dialogue: Dialogue, settings: Settings, scopes: list[str], context: Context) -> None:
    """Have that person consent and keep the token. Raises AuthFailed, ConfigError."""
    if settings.app_only:
        raise ConfigError(
            "With a certificate the application reads by itself: nobody signs in.",
            advice="See what is missing with: transhume doctor",
        )
    if context.tokens is None:
        raise ConfigError("There is no place to keep tokens here.", advice="Sign in with: transhume auth")
    cache = msal.SerializableTokenCache()
    application = guarded(lambda: public(settings, cache))
    answer = _by_browser(application, account, dialogue, settings, scopes)
    if "access_token" not in answer:
        raise refusal(answer)
    _check_person(account, answer, settings)
    context.tokens.save(kept_as(account), cache.serialize())


def _by_browser(
    application: Any, account: str, dialogue: Dialogue, settings: Settings, scopes: list[str]
) -> Mapping[str, Any]:
    with _Listener() as listener:
        flow = guarded(lambda: _flow(application, scopes, account, f"http://localhost:{listener.port}"))
        dialogue.open(browser_address(settings, flow["auth_uri"]))
        for _ in range(TRIES):
            reply = listener.wait(WAIT) or _pasted(dialogue.ask(_QUESTION))
            if reply == {"code": "code"}:
                return _by_code(application, dialogue, settings, scopes)
            if reply:
                return _exchanged(application, flow, reply)
    raise AuthFailed("Nobody signed in.", advice=f"Run again: transhume auth microsoft --account {account}")


def _flow(application: Any, scopes: list[str], account: str, redirect: str) -> Any:
    """The code comes in the address, so that it can be pasted; without this flow's verifier it is worth nothing."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "response_mode", UserWarning)
        return application.initiate_auth_code_flow(
            scopes, redirect_uri=redirect, login_hint=account, prompt="select_account"
        )


def _pasted(text: str) -> dict[str, str]:
    """The answer in an address that a browser could not open."""
    text = text.strip().strip("'\"")
    return {"code": "code"} if text == "code" else dict(parse_qsl(urlsplit(text).query))


def _exchanged(application: Any, flow: Any, reply: Mapping[str, str]) -> Mapping[str, Any]:
    try:
        answer: Mapping[str, Any] = guarded(lambda: application.acquire_token_by_auth_code_flow(flow, dict(reply)))
    except AuthFailed:
        # msal says so of another flow's answer: another state (RFC 6749 §10.12).
        raise AuthFailed("That answer belongs to another sign-in.", advice="Begin again, with its own page.") from None
    return answer


def _by_code(application: Any, dialogue: Dialogue, settings: Settings, scopes: list[str]) -> Mapping[str, Any]:
    """RFC 8628. Many tenants block it, since a code can be asked of someone under a pretext."""
    flow = guarded(lambda: application.initiate_device_flow(scopes))
    if "user_code" not in flow:
        raise refusal(flow)
    dialogue.say(f"On any device, open {browser_address(settings, flow['verification_uri'])}")
    dialogue.say(f"and type in this code, which is for you alone: {flow['user_code']}")
    answer: Mapping[str, Any] = guarded(lambda: application.acquire_token_by_device_flow(flow))
    return answer


def _check_person(account: str, answer: Mapping[str, Any], settings: Settings) -> None:
    """Raises AuthFailed when it was someone else who signed in."""
    claims = answer.get("id_token_claims") or {}
    names = {str(claims.get(name, "")).casefold() for name in ("preferred_username", "email", "upn")}
    if account.casefold() not in names and account.casefold() not in _addresses(str(answer["access_token"]), settings):
        raise AuthFailed(
            f"Someone else signed in than {account}: that token is not kept.",
            advice="Sign out in that browser, or use a private window, and sign in with the account's own address.",
        )


def _addresses(token: str, settings: Settings) -> set[str]:
    """What Graph says of who signed in. Raises Retriable, Unreachable."""
    with requests.Session() as session:
        answer = guarded(
            lambda: session.get(
                f"{settings.graph_root}/{VERSION}/me",
                params={"$select": "mail,userPrincipalName,proxyAddresses"},
                headers={"Authorization": f"Bearer {token}"},
                timeout=60,
                verify=settings.ca_file or True,
            )
        )
    me = guarded(answer.json) if answer.status_code == 200 else {}
    found = [me.get("mail"), me.get("userPrincipalName"), *(me.get("proxyAddresses") or ())]
    return {str(address).casefold().removeprefix("smtp:") for address in found if address}


class _Listener:
    """Receives the browser on this machine, in this thread."""

    def __init__(self) -> None:
        replies: list[dict[str, str]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                reply = dict(parse_qsl(urlsplit(self.path).query))
                found = bool(reply.keys() & {"code", "error"})
                self.send_response(200 if found else 404)
                self.send_header("Content-Type", "text/plain; charset=utf-8")
                self.end_headers()
                self.wfile.write((_DONE if found else "").encode())
                replies.extend([reply] if found else [])

            def log_message(self, format: str, *args: Any) -> None:
                """The address holds the code: it is logged nowhere."""

        self._replies = replies
        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]

    def wait(self, patience: float) -> dict[str, str]:
        """The answer that the browser brings, empty when it does not come in time."""
        deadline = time.monotonic() + patience
        while not self._replies and (left := deadline - time.monotonic()) > 0:
            self._server.timeout = left
            self._server.handle_request()
        return self._replies.pop() if self._replies else {}

    def __enter__(self) -> _Listener:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.server_close()
