"""Gmail v1, reads: profile, labels, messages, history.

https://developers.google.com/workspace/gmail/api/reference/rest
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from email import policy
from email.parser import BytesHeaderParser

from migrate.sandbox.google import gmail_query
from migrate.sandbox.google.call import Call, Handlers
from migrate.sandbox.google.discovery import Json
from migrate.sandbox.google.errors import GoogleError, bad_request, not_found
from migrate.sandbox.google.gmail_history import list_history
from migrate.sandbox.google.state import AccountState
from migrate.sandbox.world import Message

HIDDEN = frozenset({"SPAM", "TRASH"})
SYSTEM_LABELS = (
    "CHAT",
    "SENT",
    "INBOX",
    "IMPORTANT",
    "TRASH",
    "DRAFT",
    "SPAM",
    "CATEGORY_FORUMS",
    "CATEGORY_UPDATES",
    "CATEGORY_PERSONAL",
    "CATEGORY_PROMOTIONS",
    "CATEGORY_SOCIAL",
    "STARRED",
    "UNREAD",
)
MAX_RESULTS = 500
_METADATA = "https://www.googleapis.com/auth/gmail.metadata"


def get_profile(call: Call) -> Json:
    """users.getProfile."""
    messages = call.state.account.messages
    return {
        "emailAddress": call.state.account.address,
        "messagesTotal": len(messages),
        "threadsTotal": _threads(messages),
        "historyId": str(call.state.journal.current),
    }


def list_labels(call: Call) -> Json:
    """users.labels.list: names and colours, no counts."""
    return {"labels": _labels(call.state)}


def get_label(call: Call) -> Json:
    """users.labels.get: one label with its counts."""
    state, identifier = call.state, call["id"]
    label = next((label for label in _labels(state) if label["id"] == identifier), None)
    if label is None:
        raise not_found()
    messages = state.labelled(identifier)
    unread = [message for message in messages if "UNREAD" in message.label_ids]
    return label | {
        "messagesTotal": len(messages),
        "messagesUnread": len(unread),
        "threadsTotal": _threads(messages),
        "threadsUnread": _threads(unread),
    }


def list_messages(call: Call) -> Json:
    """users.messages.list: ids and threads, newest first. Above 500 a page is cut to 500, as documented."""
    if call["q"] is not None and _only_metadata(call):
        raise GoogleError(403, "forbidden", "Metadata scope does not support 'q' parameter")
    limit = min(call["maxResults"], MAX_RESULTS)
    if limit < 1:
        raise bad_request("Invalid maxResults", location="maxResults")
    query = (tuple(sorted(set(call["labelIds"] or ()))), bool(call["includeSpamTrash"]), call["q"] or "")
    found = call.state.listing("messages", query, lambda: _search(call.state, *query))
    part, token = call.page(found, limit, lambda message: message.id, query)
    answer: Json = {"resultSizeEstimate": len(found)}
    if part.items:
        answer["messages"] = [{"id": message.id, "threadId": message.thread_id} for message in part.items]
    if token:
        answer["nextPageToken"] = token
    return answer


def get_message(call: Call) -> Json:
    """users.messages.get: raw, minimal and metadata. ``full`` is refused: the stand-in does not take mail apart."""
    form = call["format"]
    if form == "full":
        raise bad_request("The stand-in serves format raw, minimal and metadata only.", location="format")
    if form == "raw" and _only_metadata(call):
        raise GoogleError(403, "forbidden", "Metadata scope doesn't allow format RAW")
    message = call.state.message(call["id"])
    if message is None:
        raise not_found()
    answer = _resource(call.state, message)
    if form == "raw" and call.wants("raw"):
        answer["raw"] = base64.urlsafe_b64encode(message.raw()).decode()
    if form == "metadata" and call.wants("payload"):
        answer["payload"] = _headers(message.raw(), call["metadataHeaders"] or ())
    return answer


def _resource(state: AccountState, message: Message) -> Json:
    resource: Json = {
        "id": message.id,
        "threadId": message.thread_id,
        "snippet": "",
        "sizeEstimate": message.size_estimate,
        "historyId": str(state.journal.last_of(message.id)),
        "internalDate": str(message.internal_date_ms),
    }
    if message.label_ids:
        resource["labelIds"] = list(message.label_ids)
    return resource


def _headers(raw: bytes, wanted: Sequence[str]) -> Json:
    parsed = BytesHeaderParser(policy=policy.compat32).parsebytes(raw)
    names = {name.lower() for name in wanted}
    headers = [
        {"name": name, "value": " ".join(_text(str(value)).split())}
        for name, value in parsed.raw_items()
        if not names or name.lower() in names
    ]
    return {"mimeType": parsed.get_content_type(), "headers": headers}


def _text(value: str) -> str:
    """Raw eight-bit bytes in a header, read as UTF-8."""
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _labels(state: AccountState) -> list[Json]:
    system = [{"id": name, "name": name, "type": "system"} for name in SYSTEM_LABELS]
    return system + [{"type": "user", **label} for label in state.account.labels]


def _search(state: AccountState, label_ids: Sequence[str], include_hidden: bool, text: str) -> Sequence[Message]:
    """Messages with all those labels that satisfy the query. Raises GoogleError 400 for a label nobody has."""
    known = {label["id"] for label in _labels(state)}
    for label in label_ids:
        if label not in known:
            raise bad_request(f"Invalid label: {label}", reason="invalidArgument")
    query = gmail_query.parse(text, {label["name"]: label["id"] for label in state.account.labels})
    found: Sequence[Message] = state.account.messages
    if label_ids:
        rarest = min(label_ids, key=lambda label: len(state.labelled(label)))
        found = [message for message in state.labelled(rarest) if set(label_ids) <= set(message.label_ids)]
    if not include_hidden and not query.everywhere:
        # Also when labelIds names SPAM or TRASH: the reference documents includeSpamTrash as the only way in.
        found = [message for message in found if HIDDEN.isdisjoint(message.label_ids)]
    return [message for message in found if query(message)]


def _threads(messages: Iterable[Message]) -> int:
    return len({message.thread_id for message in messages})


def _only_metadata(call: Call) -> bool:
    """Whether the token's only key to this method is the metadata scope."""
    return call.scopes & call.method.scopes <= {_METADATA}


HANDLERS: Handlers = {
    "gmail.users.getProfile": get_profile,
    "gmail.users.labels.list": list_labels,
    "gmail.users.labels.get": get_label,
    "gmail.users.messages.list": list_messages,
    "gmail.users.messages.get": get_message,
    "gmail.users.history.list": list_history,
}
