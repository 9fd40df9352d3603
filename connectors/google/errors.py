"""Refusals and failures in Google's words, to ours. Decided on the reason, never on the status alone.

https://developers.google.com/workspace/gmail/api/guides/handle-errors and its Calendar and Drive twins.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any

import google.auth.exceptions
import httplib2
from googleapiclient.errors import HttpError

from migrate.errors import (
    AuthFailed,
    ConnectorError,
    CursorExpired,
    LimitReached,
    NotFound,
    Rejected,
    Retriable,
    Scope,
    Throttled,
    Unreachable,
)

RATE = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED", "quotaExceeded"})
DAILY = frozenset({"dailyLimitExceeded", "dailyLimitExceededUnreg"})
ITEM = {
    "cannotDownloadAbusiveFile": "Google holds this file to be malware or spam and does not hand it out.",
    "cannotDownloadFile": "The owner has forbidden downloads of this file.",
    "fileNotDownloadable": "Only files with content of their own can be downloaded.",
    "fileNotExportable": "This kind of document cannot be exported.",
    "badRequest": "Google refuses to deliver this item.",
    "exportSizeLimitExceeded": "This document is too large to be exported.",
    "insufficientFilePermissions": "This account may not read this file.",
    "cannotExportFile": "This document may not be exported.",
}
NETWORK_ERRORS = (httplib2.HttpLib2Error, HTTPException, OSError, google.auth.exceptions.GoogleAuthError)
"""What a request can raise besides HttpError."""

_DELEGATE = "Run `transhume doctor`: it names the scope that is missing and the page where it is granted."


def from_response(status: int, headers: Mapping[str, Any], content: bytes) -> ConnectorError:
    """The error that an answer of 300 or above stands for. Messages hold the reason, nothing of the item."""
    reason = reason_of(content)
    words = f"Google answered {status}" + (f" ({reason})" if reason else "") + "."
    retry_after = seconds(headers.get("retry-after"))
    if status == 429 or (status == 403 and reason in RATE):
        return Throttled(words, retry_after=retry_after)
    if status == 403:
        return _forbidden(reason, words)
    if status == 401:
        return AuthFailed(words, advice=_DELEGATE)
    if status == 400 and reason in {"failedPrecondition", "FAILED_PRECONDITION"}:
        return AuthFailed(words, advice="Is this service switched on for this account?")
    if (status >= 500 and status != 501) or status == 408:
        return Retriable(words, retry_after=retry_after)
    by_status: dict[int, type[ConnectorError]] = {404: NotFound, 410: CursorExpired}
    return by_status.get(status, Rejected)(words)


def _forbidden(reason: str, words: str) -> ConnectorError:
    if reason in DAILY:
        return LimitReached(words, advice="The project's daily quota is used up: run the same command tomorrow.")
    if reason == "downloadQuotaExceeded":
        return LimitReached(words, advice="This file was downloaded too often: run again in a day.", scope=Scope.ITEM)
    if reason in ITEM:
        return Rejected(f"{ITEM[reason]} ({reason})")
    return AuthFailed(words, advice=_DELEGATE)


def reason_of(content: bytes) -> str:
    """The first ``reason`` of an error body, "" when it has none."""
    try:
        error = json.loads(content)["error"]
        details = [*error.get("errors", ()), *error.get("details", ())]
        found = next((detail["reason"] for detail in details if detail.get("reason")), error.get("status", ""))
        return str(found)
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""


def not_the_api() -> ConnectorError:
    """A success that holds something else: a sign-in page between here and the host, or a wrong address."""
    advice = "Is api_root right? Does a proxy or a sign-in page stand before the network?"
    return Rejected("The host's answer is not the API's.", advice=advice, scope=Scope.ACCOUNT)


def seconds(value: object) -> float | None:
    """``Retry-After`` (RFC 9110 §10.2.3): seconds or a date; None when absent or unreadable."""
    if not isinstance(value, str):
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def translate(error: Exception) -> ConnectorError:
    """Any exception of the libraries used here, as one of ours."""
    if isinstance(error, HttpError):
        return from_response(int(error.resp.status), error.resp, error.content)
    if isinstance(error, google.auth.exceptions.RefreshError):
        return _refused_token(error)
    if isinstance(error, google.auth.exceptions.TransportError):
        cause = error.__cause__ or next((arg for arg in error.args if isinstance(arg, Exception)), None)
        return translate(cause) if isinstance(cause, Exception) else Retriable("The token endpoint did not answer.")
    return _network(error)


def _refused_token(error: google.auth.exceptions.RefreshError) -> ConnectorError:
    """No token: OAuth's own word for it (RFC 6749 §5.2) is the first argument's beginning."""
    if getattr(error, "retryable", False):
        return Retriable("The token endpoint is not well.")
    word = str(error.args[0] if error.args else "").partition(":")[0]
    known = word if word.replace("_", "").isalpha() else "refused"
    advice = {
        "unauthorized_client": _DELEGATE,
        "access_denied": _DELEGATE,
        "invalid_grant": "Does the account exist? Is this machine's clock right? A consent may have expired.",
        "invalid_client": "The key or the client was deleted: make a new one.",
        "invalid_scope": "Only read-only scopes of Gmail, Calendar and Drive are asked for: delegate those.",
    }.get(known, _DELEGATE)
    return AuthFailed(f"Google gives no token for this account ({known}).", advice=advice)


def _network(error: Exception) -> ConnectorError:
    advice = "Check the network and the address."
    if isinstance(error, httplib2.ServerNotFoundError):
        return Unreachable("Google's host name is unknown here.", advice=advice)
    if isinstance(error, ConnectionRefusedError):
        return Unreachable("Google's host refuses the connection.", advice=advice)
    if isinstance(error, ssl.SSLCertVerificationError):
        return Unreachable("The host's TLS certificate is not valid.", advice="A private authority? Set ca_file.")
    return Retriable(f"The connection to Google broke ({type(error).__name__}).")
