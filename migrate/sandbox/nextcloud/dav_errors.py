"""Errors as sabre/dav writes them: an exception class, a message, a status (Nextcloud clients match on all three)."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

SABRE = "Sabre\\DAV\\Exception\\"
NEXTCLOUD = "OCA\\DAV\\Connector\\Sabre\\Exception\\"

EXCEPTIONS = {
    400: SABRE + "BadRequest",
    401: SABRE + "NotAuthenticated",
    403: SABRE + "Forbidden",
    404: SABRE + "NotFound",
    405: SABRE + "MethodNotAllowed",
    409: SABRE + "Conflict",
    411: SABRE + "LengthRequired",
    412: SABRE + "PreconditionFailed",
    415: SABRE + "UnsupportedMediaType",
    416: SABRE + "RequestedRangeNotSatisfiable",
    423: NEXTCLOUD + "FileLocked",
    429: NEXTCLOUD + "TooManyRequests",
    501: SABRE + "NotImplemented",
    503: SABRE + "ServiceUnavailable",
    507: SABRE + "InsufficientStorage",
}


class DavError(Exception):
    """A refusal: ``status``, the sabre exception's name and its message."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        exception: str = "",
        detail: str = "",
        headers: Sequence[tuple[str, str]] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.exception = exception or EXCEPTIONS.get(status, "Exception")
        self.detail = detail
        """Further XML inside ``d:error``, e.g. a CalDAV precondition (RFC 4791 §1.3)."""
        self.headers = tuple(headers)


def invalid_name(reason: str) -> DavError:
    """A name the server's rules refuse: 400 with the reason (Nextcloud ``InvalidPath``)."""
    detail = f"""  <o:retry xmlns:o="o:">false</o:retry>\n  <o:reason xmlns:o="o:">{escape(reason)}</o:reason>\n"""
    return DavError(400, reason, exception=NEXTCLOUD + "InvalidPath", detail=detail)


def error_document(error: DavError) -> bytes:
    """The body of the answer (sabre/dav ``Server::exec``)."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<d:error xmlns:d="DAV:" xmlns:s="http://sabredav.org/ns">\n'
        f"  <s:exception>{escape(error.exception)}</s:exception>\n"
        f"  <s:message>{escape(error.message)}</s:message>\n"
        f"{error.detail}"
        "</d:error>\n"
    ).encode()
