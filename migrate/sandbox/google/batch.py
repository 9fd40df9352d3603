"""Batches: up to 100 requests in one multipart body, each answered on its own.

https://developers.google.com/workspace/gmail/api/guides/batch
"""

from __future__ import annotations

import io
import secrets
from email.message import Message
from email.parser import BytesParser
from http import HTTPStatus
from urllib.parse import unquote, urlsplit
from wsgiref.types import WSGIApplication, WSGIEnvironment

from migrate.sandbox.google.errors import GoogleError, Reply, bad_request
from migrate.sandbox.inner import run

LIMIT = 100
IN_BATCH = "sandbox.in_batch"
_CARRIED = ("SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL", "REMOTE_ADDR", "wsgi.url_scheme", "HTTP_AUTHORIZATION")


def answer(environ: WSGIEnvironment, body: bytes, app: WSGIApplication, prefix: str) -> Reply:
    """Every part through ``app``, those outside ``prefix`` refused. Raises GoogleError 400 for a malformed whole."""
    parts = _parts(environ.get("CONTENT_TYPE", ""), body)
    boundary = f"batch_{secrets.token_hex(12)}"
    answers = b"".join(
        f"--{boundary}\r\n".encode() + _answer_part(environ, part, app, prefix) + b"\r\n" for part in parts
    )
    return Reply(200, answers + f"--{boundary}--\r\n".encode(), f"multipart/mixed; boundary={boundary}")


def _parts(content_type: str, body: bytes) -> list[Message[str, str]]:
    head = f"Content-Type: {content_type}\r\nMIME-Version: 1.0\r\n\r\n".encode()
    whole = BytesParser().parsebytes(head + body)
    parts = whole.get_payload()
    if whole.get_content_type() != "multipart/mixed" or not isinstance(parts, list):
        raise bad_request("Failed to parse batch request, error: expected multipart/mixed.", reason="badRequest")
    if len(parts) > LIMIT:
        raise bad_request(f"The batch request could not be processed: more than {LIMIT} calls.", reason="badRequest")
    return [part for part in parts if isinstance(part, Message)]


def _answer_part(environ: WSGIEnvironment, part: Message[str, str], app: WSGIApplication, prefix: str) -> bytes:
    identifier = part.get("Content-ID", "").strip()
    if identifier.startswith("<"):
        identifier = f"<response-{identifier[1:]}"
    head = f"Content-Type: application/http\r\nContent-ID: {identifier}\r\n\r\n".encode()
    try:
        inner = _inner(environ, part, prefix)
    except GoogleError as error:
        return head + _written(error.reply())
    return head + _written(run(app, inner))


def _inner(environ: WSGIEnvironment, part: Message[str, str], prefix: str) -> WSGIEnvironment:
    """The environ of a part's own request. Raises GoogleError when it is not one the batch may carry."""
    content = part.get_payload(decode=True)
    text = content if isinstance(content, bytes) else b""
    line, _, rest = text.lstrip(b"\r\n").partition(b"\n")
    words = line.decode("latin-1").split()
    if part.get_content_type() != "application/http" or len(words) < 2:
        raise bad_request("Failed to parse batch request part.", reason="badRequest")
    target = urlsplit(words[1])
    if not target.path.startswith(prefix) or target.path.startswith("/batch"):
        raise GoogleError(404, "notFound", "The batch endpoint does not serve this path.")
    request = BytesParser().parsebytes(rest)
    body = request.get_payload(decode=True)
    payload = body if isinstance(body, bytes) else b""
    inner: WSGIEnvironment = {name: environ[name] for name in _CARRIED if name in environ}
    inner |= {
        "REQUEST_METHOD": words[0],
        "PATH_INFO": unquote(target.path),
        "REQUEST_URI": words[1],
        "QUERY_STRING": target.query,
        "CONTENT_LENGTH": str(len(payload)),
        "wsgi.input": io.BytesIO(payload),
        IN_BATCH: True,
    }
    return inner | {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in request.items()}


def _written(reply: Reply) -> bytes:
    lines = [f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}", f"Content-Type: {reply.media_type}"]
    lines += [f"{name}: {value}" for name, value in reply.headers]
    lines.append(f"Content-Length: {len(reply.body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + reply.body
