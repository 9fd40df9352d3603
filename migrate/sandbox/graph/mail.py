"""Outlook mail: folders and messages.

https://learn.microsoft.com/en-us/graph/api/resources/mail-api-overview
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from migrate.sandbox.graph import access
from migrate.sandbox.graph.call import DELTA, LISTING, ONE, Call, Delta, Listing, Operation
from migrate.sandbox.graph.errors import item_not_found
from migrate.sandbox.graph.mail_message import attachments, brief, mime, resource
from migrate.sandbox.graph.state import AccountState, changes
from migrate.sandbox.replies import Reply
from migrate.sandbox.tenant import Json, MailFolder, OutlookMessage

ROOT = "msgfolderroot"
HIDDEN = "includeHiddenFolders"


def list_folders(call: Call) -> Listing:
    """GET …/mailFolders: children of the root only."""
    return _folders(call, folder(call.account, ROOT))


def list_children(call: Call) -> Listing:
    """GET …/mailFolders/{id}/childFolders."""
    return _folders(call, folder(call.account, call["folder"]))


def get_folder(call: Call) -> Json:
    """GET …/mailFolders/{id or well-known name}."""
    return show_folder(call.account, folder(call.account, call["folder"]))


def folders_delta(call: Call) -> Delta:
    """GET …/mailFolders/delta: every folder, flat."""
    state = call.account
    shown = [
        found for found in state.account.folders if found.well_known != ROOT and not found.resource.get("isHidden")
    ]
    known = {str(found.resource["id"]): found for found in shown}
    return Delta(
        items=shown,
        key=lambda found: str(found.resource["id"]),
        show=lambda found: show_folder(state, found),
        current=state.journal.current,
        since=lambda number: changes(state.journal, number, "folder", "", known.get),
        removed=_removed,
    )


def list_messages(call: Call) -> Listing:
    """GET …/mailFolders/{id}/messages, newest first."""
    state = call.account
    return _messages(call, state.in_folder(str(folder(state, call["folder"]).resource["id"])))


def list_all(call: Call) -> Listing:
    """GET …/messages: every folder's, deleted items and clutter included."""
    return _messages(call, call.account.account.messages)


def messages_delta(call: Call) -> Delta:
    """GET …/mailFolders/{id}/messages/delta: a move is a removal in one folder and a creation in another."""
    state = call.account
    within = str(folder(state, call["folder"]).resource["id"])

    def there(identifier: str) -> OutlookMessage | None:
        found = state.message(identifier)
        return found if found and found.folder == within else None

    return Delta(
        items=state.in_folder(within),
        key=lambda message: message.id,
        show=lambda message: resource(call, message),
        current=state.journal.current,
        since=lambda number: changes(state.journal, number, "message", within, there),
        removed=lambda identifier: _removed(call.shown(identifier, within)),
    )


def get_message(call: Call) -> Json:
    """GET …/messages/{id}."""
    return resource(call, message(call))


def get_mime(call: Call) -> Reply:
    """GET …/messages/{id}/$value: MIME."""
    return Reply(200, mime(call, message(call)), "text/plain")


def list_attachments(call: Call) -> Listing:
    """GET …/messages/{id}/attachments."""
    return Listing(items=attachments(message(call)), key=lambda item: str(item["id"]), show=dict)


def get_attachment(call: Call) -> Json:
    """GET …/messages/{id}/attachments/{id}."""
    wanted = call["attachment"]
    found = next((item for item in attachments(message(call)) if item["id"] == wanted), None)
    if found is None:
        raise item_not_found()
    return found


def message(call: Call) -> OutlookMessage:
    """The message of the path, in the folder of the path if it names one. Raises GraphError 404."""
    found = call.account.message(call["message"])
    if found is None:
        raise item_not_found()
    if "folder" in call.parameters:
        within = folder(call.account, call["folder"]).resource["id"]
        if found.folder != within:
            raise item_not_found()
    return found


def folder(state: AccountState, name: str) -> MailFolder:
    """A folder by id, which cares for case, or by well-known name, which does not. Raises GraphError 404."""
    for found in state.account.folders:
        if found.resource["id"] == name or (found.well_known and found.well_known == name.lower()):
            return found
    raise item_not_found()


def show_folder(state: AccountState, found: MailFolder) -> Json:
    """A folder with its counts."""
    identifier = str(found.resource["id"])
    messages = state.in_folder(identifier)
    return {
        "isHidden": False,
        "unreadItemCount": sum(not message.resource.get("isRead", True) for message in messages),
        "totalItemCount": len(messages),
        **found.resource,
        "childFolderCount": len(_children(state, identifier, hidden=False)),
        "childFolders": lambda: [show_folder(state, child) for child in _children(state, identifier, hidden=False)],
    }


def _children(state: AccountState, parent: str, *, hidden: bool) -> list[MailFolder]:
    return [
        found
        for found in state.account.folders
        if found.resource.get("parentFolderId") == parent
        and found.well_known != ROOT
        and (hidden or not found.resource.get("isHidden"))
    ]


def _folders(call: Call, parent: MailFolder) -> Listing:
    hidden = call.query.text.get(HIDDEN, "false").lower() == "true"
    state = call.account
    return Listing(
        items=_children(state, str(parent.resource["id"]), hidden=hidden),
        key=lambda found: str(found.resource["id"]),
        show=lambda found: show_folder(state, found),
    )


def _messages(call: Call, messages: Sequence[OutlookMessage]) -> Listing:
    cheap = call.query.where is None or brief_enough(call.query.where.names)
    cheap = cheap and brief_enough([name for name, _ in call.query.order])
    return Listing(
        items=messages,
        key=lambda message: message.id,
        show=lambda message: resource(call, message),
        brief=(lambda message: brief(call, message)) if cheap else (lambda message: resource(call, message, full=True)),
    )


def brief_enough(names: Sequence[str]) -> bool:
    """Whether those properties are known without reading the message."""
    cheap = {"receivedDateTime", "isRead", "isDraft", "flag", "categories", "importance", "parentFolderId", "id"}
    return all(name.split("/")[0] in cheap | {"lastModifiedDateTime", "createdDateTime"} for name in names)


def _removed(identifier: str) -> Json:
    return {"id": identifier, "@removed": {"reason": "deleted"}}


_FOLDER = "users/{user}/mailFolders"
_EXPANDS = frozenset({"singleValueExtendedProperties", "multiValueExtendedProperties", "attachments", "extensions"})


def _folder(template: str, run: Callable[[Call], Any], options: frozenset[str], page: int = 10) -> Operation:
    return Operation(
        template=template, kind="mailFolder", run=run, access=access.MAIL_FOLDERS, options=options,
        expands=frozenset({"childFolders"}), page=page,
    )  # fmt: skip


def _message(template: str, run: Callable[[Call], Any], options: frozenset[str]) -> Operation:
    return Operation(
        template=template, kind="message", run=run, access=access.MAIL, options=options, expands=_EXPANDS,
        unfiltered=frozenset({"toRecipients", "ccRecipients", "bccRecipients", "body", "internetMessageHeaders"}),
    )  # fmt: skip


def _attachment(template: str, run: Callable[[Call], Any], options: frozenset[str]) -> Operation:
    return Operation(template=template, kind="attachment", run=run, access=access.MAIL, options=options)


OPERATIONS = (
    _folder(_FOLDER, list_folders, LISTING | {HIDDEN}),
    _folder(f"{_FOLDER}/delta", folders_delta, DELTA),
    _folder(_FOLDER + "/{folder}", get_folder, ONE),
    _folder(_FOLDER + "/{folder}/childFolders", list_children, LISTING | {HIDDEN}),
    _message(_FOLDER + "/{folder}/messages", list_messages, LISTING),
    _message(_FOLDER + "/{folder}/messages/delta", messages_delta, DELTA | {"changeType"}),
    _message(_FOLDER + "/{folder}/messages/{message}", get_message, ONE),
    _message(_FOLDER + "/{folder}/messages/{message}/$value", get_mime, frozenset()),
    _message("users/{user}/messages", list_all, LISTING),
    _message("users/{user}/messages/{message}", get_message, ONE),
    _message("users/{user}/messages/{message}/$value", get_mime, frozenset()),
    _attachment("users/{user}/messages/{message}/attachments", list_attachments, LISTING),
    _attachment("users/{user}/messages/{message}/attachments/{attachment}", get_attachment, ONE),
)
