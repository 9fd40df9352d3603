"""The stand-in's WSGI application: which door a request knocks at, and what must be true before a handler runs.

A request of the API needs a token, a route, a permission, a user who exists, options the operation takes, and room
under the limits; then a handler answers, the whole answer is checked against Microsoft's schema, and only then sent.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import urlsplit
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from migrate.sandbox.faults import EXPIRE
from migrate.sandbox.graph import answers, batch, calendar, contacts, directory, drive, mail, pages, schema, todo
from migrate.sandbox.graph.call import Answer, Call, Delta, House, Listing, Operation
from migrate.sandbox.graph.drive_item import DOWNLOADS
from migrate.sandbox.graph.errors import JSON_TYPE, GraphError
from migrate.sandbox.graph.oauth import Grant, Identity
from migrate.sandbox.graph.query import read
from migrate.sandbox.graph.quota import Quota
from migrate.sandbox.graph.routes import Router
from migrate.sandbox.graph.state import AccountState
from migrate.sandbox.replies import Reply
from migrate.sandbox.requestlog import ACCOUNT, OPERATION, UNITS
from migrate.sandbox.tenant import Json

VERSION = "/v1.0"
BATCH = f"{VERSION}/$batch"
OPERATIONS = (
    *directory.OPERATIONS,
    *mail.OPERATIONS,
    *calendar.OPERATIONS,
    *contacts.OPERATIONS,
    *todo.OPERATIONS,
    *drive.OPERATIONS,
)
_log = logging.getLogger(__name__)


class GraphApp:
    """Answers everything but ``/_sandbox/``. ``parts`` is the application batches send their parts through."""

    def __init__(self, house: House, identity: Identity, limits: Quota, defects: list[str]) -> None:
        self.parts: WSGIApplication = self
        self.mailboxes: set[str] | None = None
        """The mailboxes that RBAC for Applications leaves to the application; None for all."""
        self._house = house
        self._pages = pages.Pages(identity)
        self._identity = identity
        self._quota = limits
        self._defects = defects
        self._router = Router(OPERATIONS)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (PEP 3333)."""
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        try:
            reply = self._answer(environ, body)
        except GraphError as error:
            reply = error.reply()
        headers = [("Content-Type", reply.media_type), ("Content-Length", str(len(reply.body))), *reply.headers]
        start_response(f"{reply.status} {HTTPStatus(reply.status).phrase}", headers)
        return [reply.body]

    def _answer(self, environ: WSGIEnvironment, body: bytes) -> Reply:
        path = urlsplit(environ.get("REQUEST_URI") or environ["PATH_INFO"]).path
        if path.startswith(f"/{DOWNLOADS}/") and environ["REQUEST_METHOD"] == "GET":
            environ[OPERATION] = DOWNLOADS
            return drive.serve_download(self._house, environ, path.rpartition("/")[2])
        if not path.startswith(f"{VERSION}/"):
            environ[OPERATION] = "identity"
            environ[ACCOUNT], reply = self._pages.answer(environ, path, body)
            return reply
        if path == BATCH and environ["REQUEST_METHOD"] == "POST":
            environ[OPERATION] = "batch"
            self._identity.grant(environ.get("HTTP_AUTHORIZATION", ""))
            return batch.answer(environ, body, self.parts)
        return self._operation(environ, path)

    def _operation(self, environ: WSGIEnvironment, path: str) -> Reply:
        grant = self._identity.grant(environ.get("HTTP_AUTHORIZATION", ""))
        environ[ACCOUNT] = grant.account
        if environ["REQUEST_METHOD"] != "GET":
            raise GraphError(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
        operation, parameters = self._router.find(path.removeprefix(VERSION))
        environ[OPERATION] = operation.template
        _check_scopes(operation, grant)
        state = self._state(operation, grant, parameters)
        environ[ACCOUNT] = state.account.address if state else grant.account
        call = Call(
            operation=operation,
            parameters=parameters,
            query=read(environ.get("QUERY_STRING", ""), operation.kind, operation.options),
            grant=grant,
            prefer=_preferences(environ.get("HTTP_PREFER", "")),
            house=self._house,
            state=state,
            path=path,
            headers={"range": environ.get("HTTP_RANGE", "")},
            forget_cursors=bool(environ.get(EXPIRE)),
        )
        if operation.template.endswith("/delta"):
            call = answers.resumed(call)
        _check_expand(call)
        return self._paid(environ, call)

    def _paid(self, environ: WSGIEnvironment, call: Call) -> Reply:
        """Run it under its limits."""
        operation, state = call.operation, call.state
        environ[UNITS] = operation.units
        headers: tuple[tuple[str, str], ...] = ()
        mailbox = state.account.address if state and operation.service == "mailbox" else ""
        with self._quota.running(mailbox) if mailbox else nullcontext():
            if mailbox:
                self._quota.spend_mailbox(mailbox)
            elif operation.service == "files":
                headers = self._quota.spend_files(_units(call))
            else:
                self._quota.spend_directory()
            reply = self._checked(call, operation.run(call))
        return replace(reply, headers=(*reply.headers, *headers, *_applied(call)))

    def _state(self, operation: Operation, grant: Grant, parameters: Mapping[str, str]) -> AccountState | None:
        """The account of the path. Raises GraphError where it does not exist or may not be opened."""
        if "user" not in parameters:
            return None
        name = parameters["user"]
        if name.lower() == "me":
            if grant.application:
                raise GraphError(400, "BadRequest", "/me request is only valid with delegated authentication flow.")
            name = grant.account
        state = self._house.tenant.account(name)
        if state is None:
            raise _no_user(operation, name)
        if operation.service == "mailbox":
            self._check_mailbox(operation, grant, state)
        return state

    def _check_mailbox(self, operation: Operation, grant: Grant, state: AccountState) -> None:
        address = state.account.address
        if not state.account.mailbox:
            message = "The mailbox is either inactive, soft-deleted, or is hosted on-premise."
            raise GraphError(404, "MailboxNotEnabledForRESTAPI", message)
        outside = grant.application and self.mailboxes is not None and address not in self.mailboxes
        if outside or (not grant.application and not _may_open(grant, address, operation, state)):
            raise GraphError(403, operation.access.refusal, "Access is denied. Check credentials and try again.")

    def _checked(self, call: Call, found: Answer) -> Reply:
        """The answer, if it is one Graph could give; else 500, and the defect is kept for the tests."""
        if isinstance(found, Reply):
            return found
        if isinstance(found, Listing):
            answer = answers.listing(call, found)
        elif isinstance(found, Delta):
            answer = answers.delta(call, found)
        else:
            answer = answers.one(call, found)
        values = answer["value"] if isinstance(found, Listing | Delta) else [answer]
        wrong = sorted({defect for value in values for defect in schema.defects(value, call.operation.kind)})
        if wrong:
            self._defects.extend(f"{call.operation.template}: {defect}" for defect in wrong)
            _log.error("%s answered outside its schema: %s", call.operation.template, "; ".join(wrong))
            raise GraphError(500, "generalException", "The stand-in's answer is outside the schema; see its defects.")
        return Reply(200, json.dumps(answer, ensure_ascii=False).encode(), JSON_TYPE, _etag(answer))


def _units(call: Call) -> int:
    """A delta with its token costs one unit, without it two."""
    return 1 if call.operation.template.endswith("/delta") and call.query.token else call.operation.units


def _etag(answer: Json) -> tuple[tuple[str, str], ...]:
    etag = answer.get("@odata.etag")
    return (("ETag", str(etag)),) if etag else ()


def _applied(call: Call) -> tuple[tuple[str, str], ...]:
    known = {name: value for name, value in call.prefer.items() if name in ("idtype", "outlook.timezone")}
    names = {"idtype": "IdType", "outlook.timezone": "outlook.timezone"}
    text = ", ".join(f'{names[name]}="{value}"' for name, value in known.items())
    return (("Preference-Applied", text),) if text and call.operation.service == "mailbox" else ()


def _check_scopes(operation: Operation, grant: Grant) -> None:
    wanted = operation.access.application if grant.application else operation.access.delegated
    if not wanted & grant.scopes:
        raise GraphError(403, operation.access.refusal, "Insufficient privileges to complete the operation.")


def _check_expand(call: Call) -> None:
    for name, inner in call.query.expand.items():
        if name not in call.operation.expands:
            raise GraphError(400, "BadRequest", f"The navigation property '{name}' cannot be expanded here.")
        if name.endswith("ValueExtendedProperties") and inner.where is None:
            raise GraphError(400, "ErrorInvalidUrlQuery", "Extended properties are expanded by a $filter on their id.")


def _may_open(grant: Grant, address: str, operation: Operation, state: AccountState) -> bool:
    """Whether a person may open that mailbox: their own, or one shared with them, by the permission for it."""
    if grant.account == address:
        return True
    delegates = state.account.delegates
    shared = {f"{scope}.Shared" for scope in operation.access.delegated}
    return grant.account in delegates and bool(shared & grant.scopes)


def _no_user(operation: Operation, name: str) -> GraphError:
    if operation.service == "mailbox":
        return GraphError(404, "ErrorInvalidUser", f"The requested user '{name}' is invalid.")
    return GraphError(
        404,
        "Request_ResourceNotFound",
        f"Resource '{name}' does not exist or one of its queried reference-property objects are not present.",
    )


def _preferences(text: str) -> dict[str, str]:
    """``Prefer`` (RFC 7240): names in lower case."""
    found = {}
    for part in text.replace(";", ",").split(","):
        name, _, value = part.strip().partition("=")
        if name:
            found[name.strip().lower()] = value.strip().strip('"')
    return found
