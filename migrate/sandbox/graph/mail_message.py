"""A message as Graph tells it: properties from the world, the rest read from its bytes when asked for."""

from __future__ import annotations

import base64
import re
import secrets
from datetime import UTC, datetime
from email import policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.parser import BytesHeaderParser, BytesParser
from email.utils import getaddresses, parsedate_to_datetime
from typing import Any

from migrate.sandbox.graph.call import Call, words
from migrate.sandbox.graph.state import change_key
from migrate.sandbox.tenant import Json, OutlookMessage

FROM_BYTES = words(
    "subject from sender toRecipients ccRecipients bccRecipients replyTo internetMessageId "
    "sentDateTime hasAttachments body bodyPreview uniqueBody internetMessageHeaders conversationId"
)
_BOUNDARY = re.compile(rb'boundary="?([^";\r\n]+)"?', re.IGNORECASE)
_HEADERS = BytesHeaderParser(policy=policy.compat32)


def brief(call: Call, message: OutlookMessage) -> Json:
    """What is known without reading the message."""
    state = call.account
    received = moment(message.received)
    return {
        "id": call.shown(message.id, message.folder),
        "changeKey": change_key(state.journal.last_of(message.id), message.id),
        "categories": [],
        "createdDateTime": received,
        "lastModifiedDateTime": received,
        "receivedDateTime": received,
        "importance": "normal",
        "parentFolderId": message.folder,
        "isRead": True,
        "isDraft": False,
        "isDeliveryReceiptRequested": None,
        "isReadReceiptRequested": False,
        "inferenceClassification": "focused",
        "flag": {"flagStatus": "notFlagged"},
        "webLink": "https://outlook.office365.example/owa/?ItemID=x",
        **message.resource,
    }


def resource(call: Call, message: OutlookMessage, *, full: bool = False) -> Json:
    """The message; what its bytes tell only when the request wants it."""
    value = brief(call, message)
    value["@odata.etag"] = f'W/"{value["changeKey"]}"'
    if full or any(call.query.wants(name) for name in FROM_BYTES):
        raw = message.raw()
        value |= _headers(raw, message.resource)
        if full or call.query.wants("body") or call.query.wants("bodyPreview"):
            value |= _body(raw, call.prefer.get("outlook.body-content-type", "html"))
    value["singleValueExtendedProperties"] = lambda: _extended(message)
    value["attachments"] = lambda: attachments(message)
    return value


def attachments(message: OutlookMessage) -> list[Json]:
    """The attachments Exchange makes of the MIME parts."""
    whole = BytesParser(policy=policy.compat32).parsebytes(message.raw())
    found: list[Json] = []
    if not whole.is_multipart():
        return found
    for part in whole.walk():
        if part.get_content_maintype() == "multipart" or not (part.get_filename() or part.get("Content-ID")):
            continue
        payload = part.get_payload(decode=True)
        content = payload if isinstance(payload, bytes) else b""
        found.append(
            {
                "@odata.type": "#microsoft.graph.fileAttachment",
                "@odata.mediaContentType": part.get_content_type(),
                "id": f"{message.id}.{len(found)}",
                "lastModifiedDateTime": moment(message.received),
                "name": _plain(part.get_filename() or "attachment"),
                "contentType": part.get_content_type(),
                "size": len(content),
                "isInline": "inline" in str(part.get("Content-Disposition", "")),
                "contentId": (str(part["Content-ID"]).strip("<> ") if part.get("Content-ID") else None),
                "contentLocation": None,
                "contentBytes": base64.b64encode(content).decode(),
            }
        )
    return found


def mime(call: Call, message: OutlookMessage) -> bytes:
    """The message in MIME, built anew each time: no header is lost, boundaries differ, and Exchange adds its own."""
    raw = message.raw()
    if not call.house.rebuilds_mime:
        return raw
    head, separator, _ = raw.partition(b"\r\n\r\n")
    match = _BOUNDARY.search(head)
    if separator and match:
        fresh = f"_000_{secrets.token_hex(12)}tilleulsexample_".encode()
        lines = re.compile(rb"^--" + re.escape(match.group(1)) + rb"(?=(?:--)?[ \t]*\r?$)", re.MULTILINE)
        raw = head[: match.start(1)] + fresh + head[match.end(1) :] + lines.sub(b"--" + fresh, raw[len(head) :])
    if not separator or b":" not in raw.split(b"\r\n", 1)[0]:
        return raw
    return b"X-MS-Exchange-Organization-SCL: -1\r\nX-MS-Has-Attach:\r\n" + raw


def moment(value: datetime) -> str:
    """A moment as Outlook writes it: whole seconds, UTC."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _extended(message: OutlookMessage) -> list[Json]:
    """MAPI properties: size, last verb, message flags. A property the message lacks is not listed."""
    flags = (0x1 if message.resource.get("isRead", True) else 0) | (0x8 if message.resource.get("isDraft") else 0)
    found = [{"id": "Integer 0xe08", "value": str(message.size)}, {"id": "Integer 0xe07", "value": str(flags)}]
    if message.last_verb is not None:
        found.append({"id": "Integer 0x1081", "value": str(message.last_verb)})
    return found


def _headers(raw: bytes, given: Json) -> Json:
    parsed = _HEADERS.parsebytes(raw)
    nobody: list[Json | None] = [None]
    senders = _people(parsed.get_all("From", []))
    found: Json = {
        "subject": _plain(str(parsed.get("Subject", ""))),
        "sender": (_people(parsed.get_all("Sender", [])) or senders or nobody)[0],
        "from": (senders or nobody)[0],
        "toRecipients": _people(parsed.get_all("To", [])),
        "ccRecipients": _people(parsed.get_all("Cc", [])),
        "bccRecipients": _people(parsed.get_all("Bcc", [])),
        "replyTo": _people(parsed.get_all("Reply-To", [])),
        "internetMessageId": str(parsed["Message-ID"]).strip() if parsed.get("Message-ID") else None,
        "sentDateTime": _date(str(parsed.get("Date", ""))),
        "hasAttachments": parsed.get_content_type() == "multipart/mixed",
        "internetMessageHeaders": [{"name": name, "value": _plain(str(value))} for name, value in parsed.items()],
        "conversationId": "AAQk" + base64.urlsafe_b64encode(_plain(str(parsed.get("Subject", ""))).encode()).decode(),
    }
    return {name: value for name, value in found.items() if name not in given}


def _body(raw: bytes, wanted: str) -> Json:
    whole = BytesParser(policy=policy.default).parsebytes(raw)
    try:
        part = whole.get_body(("html", "plain")) if isinstance(whole, EmailMessage) else None
        text = str(part.get_content()) if part is not None else ""
    except (LookupError, KeyError, ValueError, AttributeError):
        text = ""
    kind = "text" if wanted == "text" or part is None or part.get_content_subtype() != "html" else "html"
    return {
        "body": {"contentType": kind, "content": text},
        "uniqueBody": {"contentType": kind, "content": text},
        "bodyPreview": " ".join(text.split())[:255],
    }


def _people(values: list[Any]) -> list[Json]:
    texts = [_plain(str(value)) for value in values]
    return [{"emailAddress": {"name": name or address, "address": address}} for name, address in getaddresses(texts)]


def _date(text: str) -> str | None:
    try:
        return moment(parsedate_to_datetime(text))
    except ValueError:
        return None


def _plain(value: str) -> str:
    """A header's text on one line, encoded words read, raw eight-bit bytes as UTF-8."""
    text = value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    try:
        return " ".join(str(make_header(decode_header(text))).split())
    except (ValueError, LookupError):
        return " ".join(text.split())
