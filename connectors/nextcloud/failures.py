"""Answers and broken connections as our errors. No message holds a file name or a title."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import requests

from migrate.errors import (
    AlreadyExists,
    AuthFailed,
    ConnectorError,
    EtagMismatch,
    NotFound,
    QuotaExceeded,
    Rejected,
    Retriable,
    Scope,
    Throttled,
    TooLarge,
    Uncertain,
    Unreachable,
)


class TooManyInstances(Rejected):
    """A series with too many occurrences before 2038 (sabre ``Settings::$maxRecurrences``: 3,500)."""


class NoInstance(Rejected):
    """A series that never takes place: every occurrence is excluded, or its rule gives none."""


class InvalidRule(Rejected):
    """A recurrence rule or a date that the server cannot read."""


class UidTooLong(Rejected):
    """An identifier over 255 characters, the width of the server's column."""


FOR_GOOD: dict[str, tuple[type[Rejected], str]] = {
    "MaxInstancesExceededException": (TooManyInstances, "the series has too many occurrences for the server"),
    "InvalidDataException": (InvalidRule, "the server cannot read the event's recurrence rule or dates"),
}
"""Exceptions behind a 500 that is the server's considered refusal: nothing is stored (measured on 32.0.1)."""
EXCEPTION = re.compile(rb"<s:exception>(?:[\w\\]*\\)?(\w+)</s:exception>")
TLS_ADVICE = "check the server's certificate; for a private authority set ca_file to its PEM file"
LOGIN_ADVICE = "check the account's app password (Settings, Security, Devices & sessions)"
MAINTENANCE_ADVICE = "the server is in maintenance mode: occ maintenance:mode --off, then run the same command again"


def reason(response: requests.Response) -> str:
    """Status and the class of sabre's exception; never its message, which may quote a title."""
    found = EXCEPTION.search(response.content[:65536])
    return f"HTTP {response.status_code}" + (f" {found[1].decode()}" if found else "")


def retry_after(response: requests.Response) -> float | None:
    """Seconds the server asks to wait (RFC 9110 §10.2.3), given as a number or as a date."""
    value = response.headers.get("Retry-After", "").strip()
    if not value:
        return None
    if value.isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (moment - datetime.now(UTC)).total_seconds()) if moment.tzinfo else None


def failure(response: requests.Response, *, uncertain: bool) -> ConnectorError:
    """The error that an answer of 300 and above stands for.

    ``uncertain``: the request was a write that may have taken place although the answer is a 5xx: Nextcloud
    answers 500 to some files that are already in their place, and a proxy's 502 or 504 says nothing of them.
    """
    status, why = response.status_code, reason(response)
    if status < 400:
        return Unreachable(
            f"the server answers with a redirection ({why})", advice="set url to the address it redirects to"
        )
    if status == 412:
        return _precondition(response)
    if status >= 500:
        return _server_error(response, why, uncertain=uncertain)
    return _client_error(response, why)


def _client_error(response: requests.Response, why: str) -> ConnectorError:
    status = response.status_code
    if status == 401:
        return AuthFailed("the server refuses the account's password", advice=LOGIN_ADVICE)
    if status in {404, 409, 410}:
        return NotFound(f"it is not there ({why})")
    if status == 413:
        return TooLarge(f"larger than the server takes in one request ({why})")
    if status in {408, 423, 425}:
        return Retriable(f"locked or busy ({why})", retry_after=retry_after(response))
    if status == 429:
        return Throttled(f"the server asks for fewer requests ({why})", retry_after=retry_after(response))
    if status == 400 and b"Expected filesize" in response.content[:65536]:
        return Retriable(f"the body was cut on its way ({why})")
    if status == 403 and b"does not generate any valid instances" in response.content[:65536]:
        return NoInstance(f"the event never takes place ({why})")
    return Rejected(f"the server refuses it ({why})")


def _server_error(response: requests.Response, why: str, *, uncertain: bool) -> ConnectorError:
    wait = retry_after(response)
    if response.status_code == 507:
        return QuotaExceeded("the account's quota is reached", advice="raise the quota or free space, then run again")
    if response.status_code == 503:
        if response.headers.get("X-Nextcloud-Maintenance-Mode") == "1":
            return Retriable("the server is in maintenance mode", advice=MAINTENANCE_ADVICE, scope=Scope.RUN)
        return Retriable(f"the server is not available ({why})", retry_after=wait)
    found = EXCEPTION.search(response.content[:65536])
    if found and (known := FOR_GOOD.get(found[1].decode())):
        return known[0](f"{known[1]} ({why})")
    if uncertain:
        return Uncertain(f"the server failed after it took the request ({why})", retry_after=wait)
    return Retriable(f"the server failed ({why})", retry_after=wait)


def _precondition(response: requests.Response) -> ConnectorError:
    """412: which of our own conditions did not hold (RFC 9110 §13.1, RFC 4918 §10.6)."""
    sent = response.request.headers
    if sent.get("If-None-Match") == "*" or sent.get("Overwrite") == "F":
        return AlreadyExists("something is already stored under that name")
    return EtagMismatch("it changed since it was listed")


def broken(error: requests.RequestException, *, uncertain: bool) -> ConnectorError:
    """The error that a connection without an answer stands for."""
    if isinstance(error, requests.exceptions.SSLError):
        return Unreachable("the server's TLS certificate is not valid", advice=TLS_ADVICE)
    if isinstance(error, requests.exceptions.ConnectTimeout) or "NewConnectionError" in repr(error):
        return Unreachable("no connection to the server", advice="check url, the network and that the server runs")
    if "NameResolutionError" in repr(error) or isinstance(error, requests.exceptions.InvalidURL):
        return Unreachable("the server's name is not known", advice="check url")
    if isinstance(error, requests.exceptions.ProxyError):
        return Unreachable("the proxy gives no connection to the server", advice="check HTTPS_PROXY and NO_PROXY")
    kind = type(error).__name__
    if uncertain:
        return Uncertain(f"no answer came ({kind}): it may be stored")
    return Retriable(f"no answer came ({kind})")
