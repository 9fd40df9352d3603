"""Mail (RFC 5322, MIME): headers, bodies with what they quote set apart, attachments and messages inside."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.policy import compat32

from migrate.inventory.extract.limits import Budget, Refused
from migrate.inventory.extract.parts import Extracted, Part, Passage, Reason
from migrate.inventory.extract.plain import decode, passages

_HEADERS = frozenset(
    {
        "from", "sender", "reply-to", "to", "cc", "bcc", "subject", "comments", "keywords", "resent-from", "resent-to",
        "resent-cc", "disposition-notification-to", "list-id", "x-original-to", "delivered-to", "organization",
    }
)  # fmt: skip
"""Those that people write or that name people; what servers add for each other is left out."""
_MOST_HEADERS = 2000
_PART = re.compile(rb"(?i)\ncontent-type:")
_ANSWER = re.compile(
    r"^(?:-{2,}\s*(?:Message d'origine|Message transféré|Original Message|Forwarded message|Oorspronkelijk bericht).*"
    r"|(?:Le|Op|On) .{6,200} (?:a écrit|schreef.*|wrote)\s*:)\s*$",
    re.IGNORECASE,
)


def read(part: Part, budget: Budget) -> Iterator[Extracted]:
    """Every leaf of the message: texts as passages, the rest as parts."""
    # Counted before parsing: the standard parser needs quadratic time for thousands of parts inside each other.
    if len(_PART.findall(part.data)) > min(budget.limits.members, 1000):
        raise Refused(Reason.LIMIT_MEMBERS)
    try:
        message = message_from_bytes(part.data, policy=compat32)
    except RecursionError:
        raise Refused(Reason.LIMIT_DEPTH) from None
    yield from _headers(message, part.inside("headers"), budget)
    yield from _leaves(message, part, budget)


def _headers(message: Message, where: str, budget: Budget) -> Iterator[Passage]:
    lines = [
        f"{name}: {header(value)}"
        for name in _HEADERS
        for value in message.get_all(name, [])[:200]
        if value is not None
    ]
    yield from passages(where, "\n".join(lines), budget)


def header(value: object) -> str:
    """A header's text; RFC 2047 words that cannot be decoded stay as they are."""
    text = str(value)
    if "=?" not in text:
        return " ".join(text.split())
    try:
        pieces = decode_header(text)
    except (HeaderParseError, ValueError):
        return text
    return "".join(
        decode(piece, charset or "") if isinstance(piece, bytes) else piece for piece, charset in pieces
    ).replace("\n", " ")


def _leaves(message: Message, part: Part, budget: Budget) -> Iterator[Extracted]:
    """Walk without recursion: nesting is as deep as the sender likes."""
    bodies = attachments = levels = 0
    waiting: list[tuple[Message, int]] = [(message, 0)]
    while waiting:
        one, level = waiting.pop()
        budget.member()
        levels = max(levels, level)
        if levels > 4 * budget.limits.depth:
            raise Refused(Reason.LIMIT_DEPTH)
        payload = one.get_payload()
        if one.get_content_type() == "message/rfc822" and isinstance(payload, list):
            attachments += 1
            yield from _inner(payload, part.inside(f"message[{attachments}]"))
        elif isinstance(payload, list):
            waiting.extend((child, level + 1) for child in reversed(payload) if isinstance(child, Message))
        elif _is_body(one):
            bodies += 1
            yield from _body(one, part.inside(f"body[{bodies}]"), budget)
        else:
            attachments += 1
            yield from _attachment(one, part.inside(f"attachment[{attachments}]"), budget)


def _inner(payload: Iterable[object], where: str) -> Iterator[Extracted]:
    for child in payload:
        if isinstance(child, Message):
            yield Part(data=child.as_bytes(policy=compat32), media_type="message/rfc822", where=where)


def _is_body(message: Message) -> bool:
    plain = message.get_content_type() in {"text/plain", "text/html"}
    return plain and not message.get_filename() and message.get_content_disposition() != "attachment"


def _content(message: Message, budget: Budget) -> bytes:
    data = message.get_payload(decode=True)
    found = data if isinstance(data, bytes) else b""
    budget.unpacked(len(found))
    return found


def _charset(message: Message) -> str:
    charset = message.get_param("charset", "")
    return charset if isinstance(charset, str) else ""


def _body(message: Message, where: str, budget: Budget) -> Iterator[Extracted]:
    data = _content(message, budget)
    if message.get_content_type() == "text/html":
        yield Part(data=data, media_type="text/html", charset=_charset(message), where=where)
        return
    for quoted, text in split_quotes(decode(data, _charset(message))):
        yield from passages(where, text, budget, quoted=quoted)


def split_quotes(text: str) -> Iterator[tuple[bool, str]]:
    """(quoted, text) by runs of lines; ``> `` is taken off, what follows an attribution line counts as quoted."""
    run: list[str] = []
    state = answered = False
    for line in text.splitlines():
        stripped = line.lstrip()
        quoted = answered or stripped.startswith(">")
        if quoted != state and run:
            yield state, "\n".join(run)
            run = []
        state = quoted
        run.append(stripped.lstrip("> \t") if stripped.startswith(">") else line)
        answered = answered or bool(stripped[:1] in "-LOlo" and _ANSWER.match(stripped))
    if run:
        yield state, "\n".join(run)


def _attachment(message: Message, where: str, budget: Budget) -> Iterator[Extracted]:
    try:
        name = header(message.get_filename() or "")
    except (ValueError, LookupError):
        name = ""
    if name:
        yield from passages(f"{where}/name", name, budget)
    yield Part(
        data=_content(message, budget),
        media_type=message.get_content_type(),
        name=name,
        charset=_charset(message),
        where=where,
    )
