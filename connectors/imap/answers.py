"""What a server's NO or BAD means: response codes (RFC 5530, RFC 7889, RFC 9208) to our errors."""

from __future__ import annotations

import re

from migrate.errors import (
    AlreadyExists,
    AuthFailed,
    ConnectorError,
    NotFound,
    QuotaExceeded,
    Rejected,
    Retriable,
    Scope,
    Throttled,
    TooLarge,
)

_CODE = re.compile(r"\[([A-Z][A-Z0-9-]{2,})[^\]]*\]")
# Names and keywords that servers repeat in their answers follow a colon, a quote or a bracket.
_DETAIL = re.compile(r"[:\"'<(].*", re.DOTALL)

_CLASSES: dict[str, type[ConnectorError]] = {
    "OVERQUOTA": QuotaExceeded,
    "LIMIT": TooLarge,
    "TOOBIG": TooLarge,
    "UNAVAILABLE": Retriable,
    "INUSE": Retriable,
    "SERVERBUG": Retriable,
    "THROTTLED": Throttled,
    "ALREADYEXISTS": AlreadyExists,
    "NONEXISTENT": NotFound,
    "TRYCREATE": NotFound,
    "AUTHENTICATIONFAILED": AuthFailed,
    "AUTHORIZATIONFAILED": AuthFailed,
    "EXPIRED": AuthFailed,
}
# These concern the folder, not the message that met them.
_FOLDER_CODES = frozenset({"NONEXISTENT", "TRYCREATE", "NOPERM", "INUSE"})

_OPENING = frozenset({"SELECT", "EXAMINE", "STATUS"})


def code_of(answer: str) -> str:
    """The response code of an answer, without brackets or arguments; empty when there is none."""
    found = _CODE.search(answer)
    return found.group(1) if found else ""


def text_of(answer: str) -> str:
    """The human text of an answer, cut before anything that could be a name."""
    return _DETAIL.sub("", _CODE.sub("", answer)).strip(" .")[:120]


def refusal(command: str, answer: str) -> ConnectorError:
    """The error for a NO or a BAD. The message tells the command, the code and the server's words, no name."""
    code = code_of(answer)
    words = " ".join(part for part in (f"[{code}]" if code else "", text_of(answer)) if part)
    message = f"the IMAP server refused {command}: {words or 'no reason given'}"
    # RFC 3501 §6.3.1: NO to SELECT means that there is no such folder, or no access to it.
    kind = _CLASSES.get(code, NotFound if command in _OPENING and not code else Rejected)
    scope = Scope.COLLECTION if code in _FOLDER_CODES or command in _OPENING else None
    return kind(message, advice=_ADVICE.get(kind, ""), scope=scope)


def login_refusal(answer: str) -> ConnectorError:
    """The error for a refused login: a wrong password unless the code says that the server is busy."""
    code = code_of(answer)
    if code in {"UNAVAILABLE", "INUSE", "SERVERBUG", "LIMIT", "THROTTLED"}:
        return Throttled(f"the IMAP server cannot log anyone in now: [{code}]", scope=Scope.ACCOUNT)
    return AuthFailed(
        f"the IMAP server refused the login{f': [{code}]' if code else ''}",
        advice="Check the account's name and its password; it was tried once and is not tried again.",
    )


_ADVICE: dict[type[ConnectorError], str] = {
    QuotaExceeded: "Raise the quota of this mailbox, then run the same command again.",
    TooLarge: "Raise the server's size limit, or leave this message where it is.",
    AuthFailed: "Ask the server's administrator for access to this mailbox.",
}
