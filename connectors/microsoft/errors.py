"""Refusals and failures in Graph's words, to ours. Decided on the code, never on the status alone.

https://learn.microsoft.com/graph/errors · https://learn.microsoft.com/graph/throttling
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests

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
    TooLarge,
    Unreachable,
)

PATIENCE = 900.0
"""Seconds: who is told to come back later than that is told to run again."""
_THROTTLE = frozenset(
    {
        "TooManyRequests",
        "activityLimitReached",
        "ApplicationThrottled",
        "ErrorServerBusy",
        "throttledRequest",
        "quotaLimitReached",
    }
)
_EXPIRED = frozenset(
    {
        "resyncRequired",
        "resyncChangesApplyDifferences",
        "resyncChangesUploadDifferences",
        "syncStateNotFound",
        "SyncStateNotFound",
        "SyncStateInvalid",
        "ErrorInvalidSyncStateData",
    }
)
_NO_MAILBOX = frozenset(
    {
        "MailboxNotEnabledForRESTAPI",
        "MailboxNotSupportedForRESTAPI",
        "ErrorNonExistentMailbox",
        "ErrorMailboxMoveInProgress",
    }
)
_NO_ACCOUNT = frozenset({"Request_ResourceNotFound", "ErrorInvalidUser"})
_TOO_LARGE = frozenset({"ErrorMessageSizeExceeded", "RequestEntityTooLarge"})
_ITEM = {
    "malwareDetected": "Microsoft holds this file to be malware and does not hand it out.",
    "ErrorMimeContentInvalid": "Exchange cannot make a message of this item.",
    "ErrorMimeContentConversionFailed": "Exchange cannot make a message of this item.",
    "ErrorCorruptData": "Exchange says that this item is damaged.",
    "ErrorMessageSizeExceeded": "Exchange does not deliver a message of this size.",
}
_CONSENT = "Run `transhume doctor`: it names the permission that is missing and the page where it is granted."


def from_response(status: int, headers: Mapping[str, str], content: bytes | Mapping[str, Any]) -> ConnectorError:
    """The error that an answer of 300 or above stands for. Messages hold the code, nothing of the item."""
    codes = codes_of(content)
    code = codes[0] if codes else ""
    words = f"Graph answered {status}" + (f" ({code})" if code else "") + "."
    retry_after = seconds(_header(headers, "retry-after"))
    known = frozenset(codes)
    if status in {429, 509} or known & _THROTTLE or (status == 503 and retry_after is not None):
        return throttled(words, retry_after)
    if status == 410 or known & _EXPIRED:
        return CursorExpired(words)
    if known & _NO_MAILBOX:
        advice = "Does the account have a mailbox in this tenant, and a licence for it?"
        return Rejected(words, advice=advice, scope=Scope.ACCOUNT)
    if known & _NO_ACCOUNT:
        return AuthFailed(words, advice="Is the account's address right, and in this tenant?")
    if known & _TOO_LARGE or status == 413:
        return TooLarge(f"{_ITEM['ErrorMessageSizeExceeded']} ({code or status})")
    item = next((word for word in codes if word in _ITEM), "")
    if item:
        return Rejected(f"{_ITEM[item]} ({item})")
    return _by_status(status, words, retry_after)


def _by_status(status: int, words: str, retry_after: float | None) -> ConnectorError:
    if status in {401, 403}:
        return AuthFailed(words, advice=_CONSENT)
    if status == 404:
        return NotFound(words)
    if status in {408, 423} or (status >= 500 and status != 501):
        return Retriable(words, retry_after=retry_after)
    return Rejected(words)


def throttled(words: str, retry_after: float | None) -> ConnectorError:
    """A refusal to wait out, or the end of a day's quota."""
    if retry_after is not None and retry_after > PATIENCE:
        minutes = round(retry_after / 60)
        return LimitReached(f"{words} It asks for {minutes} minutes.", advice="Run the same command later.")
    return Throttled(words, retry_after=retry_after)


def codes_of(content: bytes | Mapping[str, Any]) -> tuple[str, ...]:
    """``error.code`` and those within it, outermost first; only words, so that no name gets into a message."""
    try:
        error = (json.loads(content) if isinstance(content, bytes) else content)["error"]
        codes = []
        while isinstance(error, Mapping):
            codes.append(error.get("code"))
            error = error.get("innererror") or error.get("innerError")
        return tuple(code for code in codes if isinstance(code, str) and code.replace("_", "").isalnum())
    except (ValueError, KeyError, TypeError):
        return ()


def not_the_api() -> ConnectorError:
    """A success that holds something else: a sign-in page between here and the host, or a wrong address."""
    advice = "Is graph_root right? Does a proxy or a sign-in page stand before the network?"
    return Rejected("The host's answer is not Graph's.", advice=advice, scope=Scope.ACCOUNT)


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


def _header(headers: Mapping[str, str], name: str) -> str | None:
    return next((value for key, value in headers.items() if key.lower() == name), None)


def network(error: Exception) -> ConnectorError:
    """A request that got no answer. The library's own words hold addresses: they are left out."""
    advice = "Check the network and the address."
    if isinstance(error, requests.exceptions.SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(error):
        return Unreachable("The host's TLS certificate is not valid.", advice="A private authority? Set ca_file.")
    if isinstance(error, requests.exceptions.ConnectionError):
        cause = str(error)
        if "NameResolutionError" in cause or "Name or service not known" in cause:
            return Unreachable("Microsoft's host name is unknown here.", advice=advice)
        if "Connection refused" in cause:
            return Unreachable("Microsoft's host refuses the connection.", advice=advice)
    return Retriable(f"The connection to Microsoft broke ({type(error).__name__}).")
