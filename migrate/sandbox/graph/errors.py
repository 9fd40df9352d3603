"""Graph's JSON errors, one place, and the words each part of the original uses.

https://learn.microsoft.com/en-us/graph/errors
"""

from __future__ import annotations

import json
import uuid
from typing import Any
from wsgiref.types import WSGIEnvironment

from migrate.sandbox.replies import Reply

JSON_TYPE = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
_BY_ORDER = {
    400: "BadRequest",
    401: "InvalidAuthenticationToken",
    403: "ErrorAccessDenied",
    404: "ErrorItemNotFound",
    410: "syncStateNotFound",
    429: "ApplicationThrottled",
    500: "InternalServerError",
    502: "BadGateway",
    503: "ServiceUnavailable",
    504: "UnknownError",
}


class GraphError(Exception):
    """A refusal as Graph words it. Clients decide on the status and ``code``, never on the message."""

    def __init__(self, status: int, code: str, message: str, *, headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers

    def reply(self) -> Reply:
        """The HTTP answer."""
        challenge = (("WWW-Authenticate", 'Bearer realm="", client_id="00000003-0000-0000-c000-000000000000"'),)
        headers = self.headers + (challenge if self.status == 401 else ())
        return Reply(self.status, json.dumps(self.body()).encode(), "application/json", headers)

    def body(self) -> dict[str, Any]:
        """``{"error": {…}}``."""
        identifier = str(uuid.uuid4())
        inner = {"date": "2026-11-26T08:00:00", "request-id": identifier, "client-request-id": identifier}
        return {"error": {"code": self.code, "message": self.message, "innerError": inner}}


def bad_request(message: str, code: str = "BadRequest") -> GraphError:
    """A 400."""
    return GraphError(400, code, message)


def item_not_found() -> GraphError:
    """A 404 of Outlook."""
    return GraphError(404, "ErrorItemNotFound", "The specified object was not found in the store.")


def no_file() -> GraphError:
    """A 404 of OneDrive and SharePoint."""
    return GraphError(404, "itemNotFound", "The resource could not be found.")


def ordered_error(_environ: WSGIEnvironment, status: int, reason: str) -> tuple[str, bytes]:
    """The body of a fault to order, for :class:`migrate.sandbox.faults.Faults`."""
    code = reason or _BY_ORDER.get(status, "generalException")
    reply = GraphError(status, code, f"Refused by order: {code}").reply()
    return reply.media_type, reply.body
