"""What the server can take, asked rather than assumed: APPENDLIMIT, QUOTA, PERMANENTFLAGS, names."""

from __future__ import annotations

from connectors.imap.append import BATCH
from connectors.imap.names import INBOX
from connectors.imap.session import Session
from migrate.errors import ConnectorError, Rejected, Scope
from migrate.model import Capabilities, NameRules

# Maildir++ keeps folders as ".A.B" whatever separator it shows, so a dot is refused (seen on Dovecot 2.3 with
# "/"); "*" and "%" are LIST wildcards, "~" a home directory in front, control characters nobody shows.
_REFUSED = "./\\~*%" + "".join(map(chr, range(0x20))) + "\x7f"
CONNECTIONS = 4
"""To one mailbox: Dovecot takes 1.9 times as many messages a second over four as over one (measured)."""
_NAME_BYTES = 120
"""A file name holds 255 bytes; modified UTF-7 makes accents up to 2.5 times longer than UTF-8."""


def probe(session: Session, *, select: bool) -> Capabilities:
    """The capabilities of one account; ``select`` lets INBOX be SELECTed. Raises ConnectorError."""
    separator = session.namespace().separator
    return Capabilities(
        accepts=frozenset({"message/rfc822"}),
        max_item_size=append_limit(session),
        keywords=not select or keeps_keywords(session),
        names=NameRules(
            max_bytes=_NAME_BYTES,
            forbidden_characters="".join(dict.fromkeys(_REFUSED + separator)),
            forbidden_names=frozenset({".", ".."}),
        ),
        free_bytes=free_bytes(session),
        batch=BATCH if session.has("MULTIAPPEND") else 1,
        # Without UIDPLUS a message's number is told by counting, which another connection would disturb.
        max_connections=CONNECTIONS if session.has("UIDPLUS") else 1,
        moves=session.has("MOVE"),
        reflags=True,
    )


def append_limit(session: Session) -> int | None:
    """``APPENDLIMIT=n`` of RFC 7889; None when the server announces none for all folders."""
    session.client()
    values = [word.partition("=")[2] for word in session.capabilities if word.startswith("APPENDLIMIT=")]
    return int(values[0]) if values and values[0].isdigit() else None


def keeps_keywords(session: Session) -> bool:
    r"""Whether PERMANENTFLAGS holds ``\*``. EXAMINE shows none on most servers: then INBOX is SELECTed."""
    try:
        flags = session.reopen(INBOX).permanent_flags or session.reopen(INBOX, write=True).permanent_flags
    except ConnectorError as error:
        if error.scope > Scope.COLLECTION:
            raise
        return True  # no INBOX yet: nothing is known, and a refused keyword will be reported
    session.reopen(INBOX)
    return "\\*" in flags


def free_bytes(session: Session) -> int | None:
    """The smallest room left among the quota roots of INBOX, in bytes (RFC 9208: STORAGE counts 1,024 bytes)."""
    if not session.has("QUOTA"):
        return None
    try:
        with session.talking("GETQUOTAROOT") as client:
            _, quotas = client.get_quota_root(INBOX)
    except Rejected:
        return None
    rooms = [q.limit - q.usage for q in quotas if str(q.resource).upper() == "STORAGE"]
    return max(0, min(rooms)) * 1024 if rooms else None
