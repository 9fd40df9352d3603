"""The stand-in's WSGI application: which door a request knocks at, and what must be true before a handler runs.

An API request is matched against the discovery documents, its token and scopes are checked, its parameters typed,
its ``fields`` parsed, its units spent; then a handler answers, the answer is checked against the schema, and only
then cut to the fields asked for.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from migrate.sandbox.faults import EXPIRE
from migrate.sandbox.google import batch, calendar, directory, drive, fields, gmail, people, quota, schema, tasks
from migrate.sandbox.google.call import Call, House
from migrate.sandbox.google.discovery import Json, Method, read_parameters, router
from migrate.sandbox.google.drive_content import exported
from migrate.sandbox.google.drive_files import EXTENSIONS
from migrate.sandbox.google.errors import JSON_TYPE, GoogleError, Reply, bad_request, not_found
from migrate.sandbox.google.oauth import Grant, TokenEndpoint
from migrate.sandbox.google.state import AccountState
from migrate.sandbox.requestlog import ACCOUNT, OPERATION, UNITS

HANDLERS = {
    **gmail.HANDLERS,
    **calendar.HANDLERS,
    **drive.HANDLERS,
    **people.HANDLERS,
    **tasks.HANDLERS,
    **directory.HANDLERS,
}
BATCHES = {
    "/batch": "/gmail/v1/",
    "/batch/gmail/v1": "/gmail/v1/",
    "/batch/calendar/v3": "/calendar/v3/",
    "/batch/drive/v3": "/drive/v3/",
}
"""Batch paths and what their parts may ask for. ``/batch`` is the one of Gmail's own host."""
EXPORT_PATH = "/feeds/download/documents/export/Export"
_log = logging.getLogger(__name__)


class GoogleApp:
    """Answers everything but ``/_sandbox/``. ``parts`` is the application batches send their parts through."""

    def __init__(
        self,
        states: Mapping[str, AccountState],
        house: House,
        tokens: TokenEndpoint,
        limits: quota.Quota,
        defects: list[str],
    ) -> None:
        self.parts: WSGIApplication = self
        self._states = states
        self._house = house
        self._tokens = tokens
        self._quota = limits
        self._defects = defects
        self._router = router()
        self._photos = {name: content for state in states.values() for name, content in state.account.photos.items()}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        try:
            reply = self._answer(environ, body)
        except GoogleError as error:
            reply = error.reply()
        headers = [("Content-Type", reply.media_type), ("Content-Length", str(len(reply.body))), *reply.headers]
        start_response(f"{reply.status} {HTTPStatus(reply.status).phrase}", headers)
        return [reply.body]

    def _answer(self, environ: WSGIEnvironment, body: bytes) -> Reply:
        path = urlsplit(environ.get("REQUEST_URI") or environ["PATH_INFO"]).path
        verb = environ["REQUEST_METHOD"]
        if path == "/token" and verb == "POST":
            environ[OPERATION] = "oauth2.token"
            environ[ACCOUNT], reply = self._tokens.exchange(body)
            return reply
        if path == "/auth" and verb == "GET":
            environ[OPERATION] = "oauth2.auth"
            return self._tokens.page.answer(environ.get("QUERY_STRING", ""))
        if path.endswith(":signJwt") and verb == "POST":
            environ[OPERATION] = "iamcredentials.signJwt"
            return self._tokens.sign(path, environ.get("HTTP_AUTHORIZATION", ""), body)
        if path.startswith(people.PHOTOS) and verb == "GET":
            environ[OPERATION] = "photos.get"
            return Reply(200, people.photo(self._photos, path), "image/png")
        if path in BATCHES and verb == "POST":
            environ[OPERATION] = "batch"
            return batch.answer(environ, body, self.parts, BATCHES[path])
        if path == EXPORT_PATH and verb == "GET":
            return self._export_link(environ)
        return self._method(environ, verb, path)

    def _method(self, environ: WSGIEnvironment, verb: str, path: str) -> Reply:
        method, in_path = self._router.find(verb, path.removeprefix("/upload").removeprefix("/resumable/upload"))
        environ[OPERATION] = method.id
        grant = self._allowed(environ, method)
        parameters = read_parameters(method, in_path, environ.get("QUERY_STRING", ""))
        state = self._state(grant, parameters.get("userId"))
        call = Call(
            method=method,
            parameters=parameters,
            mask=_mask(method, parameters),
            state=state,
            scopes=grant.scopes,
            house=self._house,
            range=environ.get("HTTP_RANGE", ""),
            forget_cursors=bool(environ.get(EXPIRE)),
        )
        media = parameters.get("alt") == "media"
        if media and environ.get(batch.IN_BATCH):
            raise bad_request("Media downloads are not supported in batches.", location="alt")
        if media and method.id not in ("drive.files.get", "drive.files.export"):
            raise bad_request("This method has no media.", location="alt")
        units = quota.price(method, media=media)
        with self._quota.running(method.service, grant.account):
            self._quota.spend(method.service, grant.account, units)
            environ[UNITS] = units
            return self._run(call)

    def _allowed(self, environ: WSGIEnvironment, method: Method) -> Grant:
        """The grant of the request's token, if it covers a method that only reads. Raises GoogleError."""
        grant = self._tokens.grant(environ.get("HTTP_AUTHORIZATION", ""))
        environ[ACCOUNT] = grant.account
        if method.verb != "GET" or not grant.scopes & method.scopes:
            raise GoogleError(403, "insufficientPermissions", "Request had insufficient authentication scopes.")
        return grant

    def _state(self, grant: Grant, user_id: str | None) -> AccountState:
        if user_id is not None and user_id.lower() not in ("me", grant.account):
            raise GoogleError(403, "forbidden", f"Delegation denied for {grant.account}")
        state = self._states.get(grant.account)
        if state is None:
            raise GoogleError(400, "failedPrecondition", "Precondition check failed.")
        return state

    def _run(self, call: Call) -> Reply:
        handler = HANDLERS.get(call.method.id)
        if handler is None:
            raise GoogleError(501, "notImplemented", f"The stand-in does not serve {call.method.id}.")
        answer = handler(call)
        return answer if isinstance(answer, Reply) else self._checked(call, answer)

    def _checked(self, call: Call, answer: Json) -> Reply:
        """The answer, if it is one Google could give; else 500, and the defect is kept for the tests."""
        method = call.method
        found = sorted(set(schema.defects(answer, {"$ref": method.response}, method.api.schemas)))
        if found:
            self._defects.extend(f"{method.id}: {defect}" for defect in found)
            _log.error("%s answered outside its schema: %s", method.id, "; ".join(found))
            raise GoogleError(500, "backendError", "The stand-in's own answer is outside the schema; see its defects.")
        return Reply(200, json.dumps(fields.apply(call.mask, answer)).encode(), JSON_TYPE)

    def _export_link(self, environ: WSGIEnvironment) -> Reply:
        """A link of ``exportLinks``: the same bearer token, no size limit."""
        method, _ = self._router.find("GET", "/drive/v3/files/x/export")
        environ[OPERATION] = "drive.exportLinks"
        grant = self._allowed(environ, method)
        query = {name: values[-1] for name, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
        node = self._state(grant, None).file(query.get("id", ""))
        if node is None:
            raise not_found()
        self._quota.spend("drive", grant.account, quota.DRIVE_DOWNLOAD)
        environ[UNITS] = quota.DRIVE_DOWNLOAD
        form = query.get("exportFormat", "")
        media_type = next((name for name, extension in EXTENSIONS.items() if extension == form), form)
        return Reply(200, exported(node, media_type), media_type)


def _mask(method: Method, parameters: Json) -> fields.Mask:
    text = parameters.get("fields") or drive.DEFAULT_FIELDS.get(method.id)
    return fields.parse(text, method.api, method.response) if text and method.response else {}
