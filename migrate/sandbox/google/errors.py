"""Google's JSON errors, one place. Clients decide on ``reason``, never on the status alone.

Shape: https://developers.google.com/workspace/gmail/api/guides/handle-errors and its Calendar and Drive twins.
"""

from __future__ import annotations

import json
from typing import Any
from wsgiref.types import WSGIEnvironment

from migrate.sandbox.replies import Reply as Reply

JSON_TYPE = "application/json; charset=UTF-8"

_STATUS_WORDS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    410: "FAILED_PRECONDITION",
    416: "OUT_OF_RANGE",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_REASONS = {401: "authError", 403: "userRateLimitExceeded", 404: "notFound", 429: "rateLimitExceeded"}
_USAGE = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "dailyLimitExceeded", "quotaExceeded"})


class GoogleError(Exception):
    """A refusal as Google words it. ``location`` names the parameter or header at fault."""

    def __init__(self, status: int, reason: str, message: str, *, location: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message
        self.location = location

    def reply(self) -> Reply:
        """The HTTP answer."""
        headers = (("WWW-Authenticate", 'Bearer realm="https://accounts.google.com/"'),) if self.status == 401 else ()
        return Reply(self.status, json.dumps(self.body(), indent=2).encode(), headers=headers)

    def body(self) -> dict[str, Any]:
        """``{"error": {…}}``."""
        detail = {"message": self.message, "domain": self._domain(), "reason": self.reason}
        if self.location:
            kind = "header" if self.location == "Authorization" else "parameter"
            detail |= {"location": self.location, "locationType": kind}
        word = _STATUS_WORDS.get(self.status, "UNKNOWN")
        return {"error": {"code": self.status, "message": self.message, "errors": [detail], "status": word}}

    def _domain(self) -> str:
        return "usageLimits" if self.reason in _USAGE else "global"


def bad_request(message: str, *, location: str = "", reason: str = "invalidParameter") -> GoogleError:
    """A 400."""
    return GoogleError(400, reason, message, location=location)


def not_found(message: str = "Requested entity was not found.") -> GoogleError:
    """A 404."""
    return GoogleError(404, "notFound", message)


def ordered_error(_environ: WSGIEnvironment, status: int, reason: str) -> tuple[str, bytes]:
    """The body of a fault to order, for :class:`migrate.sandbox.faults.Faults`."""
    word = reason or _REASONS.get(status, "backendError")
    reply = GoogleError(status, word, f"Refused by order: {word}").reply()
    return reply.media_type, reply.body
