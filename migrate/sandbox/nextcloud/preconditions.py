"""If-Match and If-None-Match (RFC 9110 §13.1), in sabre/dav's words."""

from __future__ import annotations

from migrate.sandbox.nextcloud.dav_errors import DavError
from migrate.sandbox.nextcloud.wsgi import Request


def check_preconditions(request: Request, etag: str | None) -> None:
    """Raise 412 unless the conditions hold for something with this etag (unquoted), None when nothing is there."""
    wanted, unwanted = request.header("If-Match"), request.header("If-None-Match")
    if wanted:
        if etag is None:
            raise _failed("If-Match", "An If-Match header was specified and the resource did not exist")
        if not _matches(wanted, etag):
            message = "An If-Match header was specified, but none of the specified ETags matched."
            raise _failed("If-Match", message, ("ETag", f'"{etag}"'))
    if unwanted and etag is not None and _matches(unwanted, etag):
        message = "An If-None-Match header was specified, but the ETag matched (or * was specified)."
        raise _failed("If-None-Match", message)


def _matches(header: str, etag: str) -> bool:
    if header.strip() == "*":
        return True
    return etag in {value.strip().removeprefix("W/").strip('"') for value in header.split(",")}


def _failed(header: str, message: str, *headers: tuple[str, str]) -> DavError:
    return DavError(412, message, detail=f"  <s:header>{header}</s:header>\n", headers=headers)
