"""``$batch``: up to 20 requests in one JSON body, each answered, throttled and refused on its own.

https://learn.microsoft.com/en-us/graph/json-batching
"""

from __future__ import annotations

import base64
import io
import json
from typing import Any
from urllib.parse import unquote, urlsplit
from wsgiref.types import WSGIApplication, WSGIEnvironment

from migrate.sandbox.graph.errors import GraphError, bad_request
from migrate.sandbox.inner import run
from migrate.sandbox.replies import Reply

LIMIT = 20
_CARRIED = ("SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL", "REMOTE_ADDR", "wsgi.url_scheme", "HTTP_AUTHORIZATION")


def answer(environ: WSGIEnvironment, body: bytes, app: WSGIApplication) -> Reply:
    """Every part through ``app``. Raises GraphError 400 for a malformed whole."""
    done: dict[str, int] = {}
    responses = []
    for part in _parts(body):
        identifier = str(part["id"])
        waits = [str(other) for other in part.get("dependsOn", ())]
        if any(done.get(other, 0) >= 400 for other in waits):
            response = _failed(GraphError(424, "FailedDependency", "A request it depends on failed."))
        else:
            response = _one(environ, part, app)
        done[identifier] = response["status"]
        responses.append({"id": identifier, **response})
    return Reply(200, json.dumps({"responses": responses}).encode())


def _parts(body: bytes) -> list[dict[str, Any]]:
    try:
        parts = json.loads(body)["requests"]
        names = [str(part["id"]) for part in parts]
        known = all({"id", "method", "url"} <= part.keys() for part in parts)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise bad_request("Invalid batch payload format.") from error
    if not known or len(set(names)) != len(names):
        raise bad_request("Invalid batch payload format: each request has its own id, a method and a url.")
    if len(parts) > LIMIT:
        raise bad_request(f"Number of batch request steps exceeds the maximum value of {LIMIT}.")
    if any(str(other) not in names for part in parts for other in part.get("dependsOn", ())):
        raise bad_request("A request depends on one that is not in the batch.")
    return list(parts)


def _one(environ: WSGIEnvironment, part: dict[str, Any], app: WSGIApplication) -> dict[str, Any]:
    url = urlsplit(str(part["url"]))
    if url.scheme or url.path.endswith("/$batch"):
        return _failed(bad_request("A part's url is relative to the version."))
    path = "/v1.0/" + url.path.lstrip("/")
    inner: WSGIEnvironment = {
        **{name: environ[name] for name in _CARRIED if name in environ},
        **{f"HTTP_{name.upper().replace('-', '_')}": str(value) for name, value in part.get("headers", {}).items()},
        "REQUEST_METHOD": str(part["method"]).upper(),
        "REQUEST_URI": f"{path}?{url.query}" if url.query else path,
        "PATH_INFO": unquote(path),
        "QUERY_STRING": url.query,
        "CONTENT_LENGTH": "0",
        "wsgi.input": io.BytesIO(),
    }
    reply = run(app, inner)
    written = reply.media_type.startswith("application/json")
    content = json.loads(reply.body) if written and reply.body else base64.b64encode(reply.body).decode()
    return {
        "status": reply.status,
        "headers": {**dict(reply.headers), "Content-Type": reply.media_type},
        "body": content,
    }


def _failed(error: GraphError) -> dict[str, Any]:
    return {"status": error.status, "headers": {"Content-Type": "application/json"}, "body": error.body()}
