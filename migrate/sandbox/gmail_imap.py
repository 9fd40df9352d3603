"""Gmail's IMAP door, read-only: the same mailboxes as the Gmail API's stand-in, label by label, on a loopback port.

It knows the commands that a reader needs and answers ``BAD`` to any other, as it does to an unknown FETCH item. As
the original: extensions are told after login only, each label is a folder, All Mail holds neither Spam nor the bin,
a folder's own label is left out of X-GM-LABELS, and an account that read more than a day's allowance is refused with
``OVERQUOTA``. https://developers.google.com/workspace/gmail/imap/imap-extensions
"""

from __future__ import annotations

import re
import socketserver
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self, cast

from imapclient import imap_utf7

from migrate.sandbox.world import GoogleAccount, Message

CAPABILITIES = "IMAP4rev1 UNSELECT IDLE NAMESPACE QUOTA ID XLIST CHILDREN X-GM-EXT-1"
AFTER_LOGIN = (
    f"{CAPABILITIES} UIDPLUS COMPRESS=DEFLATE ENABLE MOVE CONDSTORE ESEARCH UTF8=ACCEPT LIST-EXTENDED LIST-STATUS "
    "LITERAL- SPECIAL-USE APPENDLIMIT=35651584"
)
DAILY_BYTES = 2_500 * 1000 * 1000
SPECIAL: Mapping[str, tuple[str, str]] = {
    "INBOX": ("INBOX", ""),
    "[Gmail]/Tous les messages": ("", "\\All"),
    "[Gmail]/Messages envoyés": ("SENT", "\\Sent"),
    "[Gmail]/Brouillons": ("DRAFT", "\\Drafts"),
    "[Gmail]/Suivis": ("STARRED", "\\Flagged"),
    "[Gmail]/Important": ("IMPORTANT", "\\Important"),
    "[Gmail]/Spam": ("SPAM", "\\Junk"),
    "[Gmail]/Corbeille": ("TRASH", "\\Trash"),
}
"""Folder, in the account's language, to (label id, special use)."""
_LABEL_WORDS = {
    "INBOX": "\\Inbox",
    "SENT": "\\Sent",
    "DRAFT": "\\Draft",
    "STARRED": "\\Starred",
    "IMPORTANT": "\\Important",
}
_FLAGS = {"STARRED": "\\Flagged", "DRAFT": "\\Draft"}
UIDVALIDITY = 7
_ITEMS = re.compile(r"BODY\.PEEK\[\](?:<\d+\.\d+>)?|[A-Z0-9.-]+")
_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')
_KNOWN = {"UID", "FLAGS", "INTERNALDATE", "RFC822.SIZE", "X-GM-MSGID", "X-GM-THRID", "X-GM-LABELS"}


class Refusal(Exception):
    """A tagged NO or BAD."""


@dataclass(frozen=True, slots=True)
class Folder:
    """One label as a folder. UIDs grow with the age of the messages."""

    name: str
    attributes: str
    messages: tuple[Message, ...]

    def numbered(self) -> Iterator[tuple[int, Message]]:
        """(UID, message): UIDs leave gaps, as they do where messages were removed."""
        return ((2 * n + 1, message) for n, message in enumerate(self.messages))


class GmailImapStandIn:
    """Serves ``accounts`` with these app passwords from ``start`` to ``stop``."""

    def __init__(
        self,
        accounts: Mapping[str, GoogleAccount],
        passwords: Mapping[str, str],
        *,
        daily_bytes: int = DAILY_BYTES,
        hidden: frozenset[str] = frozenset(),
    ) -> None:
        """``hidden`` names folders that the person keeps from IMAP clients."""
        self.accounts, self.passwords, self.hidden = accounts, passwords, hidden
        self.daily_bytes = daily_bytes
        self._lock = threading.Lock()
        self.spent: dict[str, int] = {}
        self.commands: list[str] = []
        """Every command received, its arguments left out."""
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.door = self
        self.host, self.port = "127.0.0.1", int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, name="gmail-imap", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    def spend(self, address: str, count: int) -> None:
        """Count bytes given to an account today."""
        with self._lock:
            self.spent[address] = self.spent.get(address, 0) + count

    def folders(self, account: GoogleAccount) -> dict[str, Folder]:
        """The folders of an account by name, those that hold nothing included."""
        found = {}
        for name, (label, use) in SPECIAL.items():
            found[name] = Folder(name, use, tuple(_under(account, label)))
        for own in account.labels:
            found[own["name"]] = Folder(own["name"], "", tuple(_under(account, own["id"])))
        return {name: folder for name, folder in found.items() if name not in self.hidden}


def _under(account: GoogleAccount, label: str) -> list[Message]:
    """Messages of a folder, the oldest first; chats are not shown."""
    aside = {"SPAM", "TRASH"}
    return [
        message
        for message in reversed(account.messages)
        if "CHAT" not in message.label_ids
        and (label in message.label_ids if label in aside else not aside & set(message.label_ids))
        and (not label or label in message.label_ids)
    ]


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    door: GmailImapStandIn


class _Handler(socketserver.StreamRequestHandler):
    """One connection."""

    def setup(self) -> None:
        super().setup()
        self.door = cast(_Server, self.server).door
        self.account: GoogleAccount | None = None
        self.folder: Folder | None = None
        self.commands: Mapping[str, Callable[[list[str], str], str]] = {
            "CAPABILITY": self._capability,
            "NOOP": lambda _words, _line: "Success",
            "ID": self._id,
            "LOGIN": self._login,
            "NAMESPACE": self._namespace,
            "LIST": self._list,
            "EXAMINE": self._examine,
            "STATUS": self._status,
            "GETQUOTAROOT": self._quota,
            "UID FETCH": self._fetch,
        }

    def handle(self) -> None:
        self._send("* OK Gimap ready for requests from 127.0.0.1")
        while line := self.rfile.readline().decode("utf-8", "surrogateescape").rstrip("\r\n"):
            tag, _, rest = line.partition(" ")
            name, _, arguments = rest.partition(" ")
            if name.upper() == "UID":
                second, _, arguments = arguments.partition(" ")
                name = f"UID {second}"
            self.door.commands.append(name.upper())
            if name.upper() == "LOGOUT":
                self._send("* BYE LOGOUT Requested", f"{tag} OK 73 good day (Success)")
                return
            self._send(f"{tag} {self._answer(name.upper(), arguments)}")

    def _answer(self, name: str, arguments: str) -> str:
        if name not in self.commands:
            return "BAD Unknown command"
        if self.account is None and name not in {"CAPABILITY", "NOOP", "ID", "LOGIN"}:
            return "BAD Unknown command"
        words = [_unquoted(quoted) or plain for quoted, plain in _WORD.findall(arguments)]
        try:
            return f"OK {self.commands[name](words, arguments)}"
        except Refusal as refusal:
            return str(refusal)

    def _send(self, *lines: str) -> None:
        for line in lines:
            self.wfile.write(line.encode("utf-8", "surrogateescape") + b"\r\n")

    def _capability(self, _words: list[str], _line: str) -> str:
        self._send(f"* CAPABILITY {AFTER_LOGIN if self.account else CAPABILITIES}")
        return "Thats all she wrote!"

    def _id(self, _words: list[str], _line: str) -> str:
        self._send('* ID ("name" "GImap" "vendor" "Google, Inc.")')
        return "Success"

    def _login(self, words: list[str], _line: str) -> str:
        name, secret = (*words, "", "")[:2]
        if self.door.passwords.get(name.lower()) != secret:
            raise Refusal("NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)")
        self.account = self.door.accounts[name.lower()]
        self._send(f"* CAPABILITY {AFTER_LOGIN}")
        return f"{name} authenticated (Success)"

    def _namespace(self, _words: list[str], _line: str) -> str:
        self._send('* NAMESPACE (("" "/")) NIL NIL')
        return "Success"

    def _list(self, words: list[str], line: str) -> str:
        if line.startswith('"" ""'):
            self._send('* LIST (\\Noselect) "/" "/"')
            return "Success"
        if words[:2] != ["", "*"] and words[:1] != ["*"]:
            raise Refusal("BAD Could not parse command")
        self._send('* LIST (\\HasChildren \\Noselect) "/" "[Gmail]"')
        for folder in self._folders().values():
            attributes = " ".join(filter(None, ("\\HasNoChildren", folder.attributes)))
            self._send(f'* LIST ({attributes}) "/" {_wire(folder)}')
        return "Success"

    def _folders(self) -> dict[str, Folder]:
        return self.door.folders(cast(GoogleAccount, self.account))

    def _named(self, wire: str) -> Folder:
        name = str(imap_utf7.decode(wire.encode("ascii")))
        folder = self._folders().get("INBOX" if name.upper() == "INBOX" else name)
        if folder is None:
            raise Refusal("NO [NONEXISTENT] Unknown Mailbox: (Failure)")
        return folder

    def _examine(self, words: list[str], _line: str) -> str:
        self._within()
        self.folder = folder = self._named(words[0])
        self._send(
            "* FLAGS (\\Answered \\Flagged \\Draft \\Deleted \\Seen $NotPhishing $Phishing)",
            "* OK [PERMANENTFLAGS ()] Flags permitted.",
            f"* OK [UIDVALIDITY {UIDVALIDITY}] UIDs valid.",
            f"* {len(folder.messages)} EXISTS",
            "* 0 RECENT",
            f"* OK [UIDNEXT {2 * len(folder.messages) + 1}] Predicted next UID.",
            "* OK [HIGHESTMODSEQ 1234]",
        )
        return "[READ-ONLY] selected. (Success)"

    def _status(self, words: list[str], _line: str) -> str:
        folder = self._named(words[0])
        told = f"UIDVALIDITY {UIDVALIDITY} UIDNEXT {2 * len(folder.messages) + 1}"
        self._send(f"* STATUS {_wire(folder)} ({told})")
        return "Success"

    def _quota(self, _words: list[str], _line: str) -> str:
        self._send('* QUOTAROOT "INBOX" ""', '* QUOTA "" (STORAGE 1024 15728640)')
        return "Success"

    def _fetch(self, words: list[str], line: str) -> str:
        if self.folder is None:
            raise Refusal("BAD FETCH not allowed in authenticated state.")
        self._within()
        numbers, items = words[0], _ITEMS.findall(line.partition(" ")[2])
        unknown = [item for item in items if item not in _KNOWN and not item.startswith("BODY.PEEK[]")]
        if unknown or not items:
            raise Refusal("BAD Could not parse command")
        wanted = _uid_set(numbers)
        for position, (uid, message) in enumerate(self.folder.numbered(), 1):
            if any(low <= uid <= high for low, high in wanted):
                self._row(position, uid, message, items)
        return "Success"

    def _row(self, position: int, uid: int, message: Message, items: list[str]) -> None:
        body = message.raw()
        pieces = [f"UID {uid}".encode()]
        for item in items:
            if item.startswith("BODY.PEEK[]"):
                pieces.append(self._literal(item, body))
            elif item != "UID":
                pieces.append(self._value(item, message, len(body)).encode())
        self.wfile.write(f"* {position} FETCH (".encode() + b" ".join(pieces) + b")\r\n")

    def _literal(self, item: str, body: bytes) -> bytes:
        at = re.search(r"<(\d+)\.(\d+)>", item)
        origin, count = (int(at[1]), int(at[2])) if at else (0, len(body))
        part = body[origin : origin + count]
        self.door.spend(cast(GoogleAccount, self.account).address, len(part))
        return f"BODY[]{f'<{origin}>' if at else ''} {{{len(part)}}}\r\n".encode() + part

    def _value(self, item: str, message: Message, size: int) -> str:
        account = cast(GoogleAccount, self.account)
        if item == "FLAGS":
            flags = [flag for label, flag in _FLAGS.items() if label in message.label_ids]
            flags += [] if "UNREAD" in message.label_ids else ["\\Seen"]
            return f"FLAGS ({' '.join(flags)})"
        if item == "INTERNALDATE":
            moment = datetime.fromtimestamp(message.internal_date_ms // 1000, UTC)
            return f'INTERNALDATE "{moment:%d-%b-%Y %H:%M:%S} +0000"'
        if item == "X-GM-LABELS":
            return f"X-GM-LABELS ({' '.join(self._labels(account, message))})"
        if item in {"X-GM-MSGID", "X-GM-THRID"}:
            return f"{item} {int(message.id if item == 'X-GM-MSGID' else message.thread_id, 16)}"
        return f"RFC822.SIZE {size}"

    def _labels(self, account: GoogleAccount, message: Message) -> Iterator[str]:
        names = {label["id"]: label["name"] for label in account.labels}
        here = self.folder.name if self.folder else ""
        for label in message.label_ids:
            if label in _LABEL_WORDS and SPECIAL.get(here, ("",))[0] != label:
                yield '"' + _LABEL_WORDS[label].replace("\\", "\\\\") + '"'
            elif label in names and names[label] != here:
                yield _quoted(imap_utf7.encode(names[label]).decode("ascii"))

    def _within(self) -> None:
        if self.door.spent.get(cast(GoogleAccount, self.account).address, 0) > self.door.daily_bytes:
            raise Refusal("NO [OVERQUOTA] Account exceeded command or bandwidth limits. (Failure)")


def _uid_set(text: str) -> list[tuple[int, int]]:
    """A sequence set. Raises Refusal."""
    pairs = []
    for part in text.split(","):
        low, colon, high = part.partition(":")
        if not low.isdigit() or (colon and not (high.isdigit() or high == "*")):
            raise Refusal("BAD Could not parse command")
        pairs.append((int(low), (1 << 32) if high == "*" else int(high or low)))
    return pairs


def _wire(folder: Folder) -> str:
    return _quoted(imap_utf7.encode(folder.name).decode("ascii"))


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)
