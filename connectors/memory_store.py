"""What the memory twin holds: accounts, a record of every call, faults to order, and a journal to outlive the process.

A journal is a file of JSON lines, one a change, bodies in base64. Processes that share it take turns by file lock
and read what the others added; a last line cut by a crash is dropped.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

from migrate.errors import (
    AuthFailed,
    ConnectorError,
    EtagMismatch,
    LimitReached,
    NotFound,
    QuotaExceeded,
    Retriable,
    Scope,
    Throttled,
    Uncertain,
    Unreachable,
)
from migrate.model import (
    Capabilities,
    Collection,
    Disposition,
    Entry,
    Grant,
    GrantKind,
    GrantRole,
    Loss,
    NameRules,
    Service,
    Skip,
)

MEDIA = {
    Service.MAIL: "message/rfc822",
    Service.CALENDAR: "text/calendar",
    Service.CONTACTS: "text/vcard",
    Service.TASKS: "text/calendar",
    Service.FILES: "*/*",
}
"""What each service takes."""
DEFAULTS = {
    Service.MAIL: Collection(href="/INBOX", path=("INBOX",), role="\\Inbox"),
    Service.CALENDAR: Collection(href="/Personnel", path=("Personnel",), role="primary"),
    Service.CONTACTS: Collection(href="/Contacts", path=("Contacts",), role="primary"),
    Service.TASKS: Collection(href="/T%C3%A2ches", path=("Tâches",), role="primary"),
    Service.FILES: Collection(href="/", path=()),
}
"""What every account has from the beginning."""


class FaultKind(StrEnum):
    """What can go wrong, to order."""

    THROTTLED = "throttled"
    RETRIABLE = "retriable"
    UNSENT = "unsent"
    """Uncertain, and nothing was stored."""
    LOST = "lost"
    """Uncertain, and everything was stored: the reply was lost."""
    PARTIAL = "partial"
    """Uncertain, and the first half of a ``put_many`` was stored."""
    FULL = "full"
    GONE = "gone"
    STALE = "stale"
    REFUSED = "refused"
    """The login does not work: the account stops."""
    UNREACHABLE = "unreachable"
    """No connection: the run stops."""
    LIMIT = "limit"
    """So many collections and no more for now: this one waits, the others go on."""
    SLOW = "slow"
    CRASH = "crash"
    """The program ends here, after what was stored and before anyone knew."""


class Crash(BaseException):
    """Stands for the end of the process; nothing may catch it."""


@dataclass(slots=True, kw_only=True)
class Fault:
    """One fault: ``count`` uses of ``method`` fail, after ``skip`` that do not. ``row``: a row of a listing."""

    method: str
    kind: FaultKind
    count: int = 1
    skip: int = 0
    retry_after: float | None = None
    seconds: float = 0.0
    """How slow, for SLOW."""
    account: str = ""
    """Only this account; any when empty."""

    def error(self) -> ConnectorError | Crash:
        """What is raised. ``kind`` is not SLOW."""
        match self.kind:
            case FaultKind.THROTTLED:
                return Throttled("ordered: too many requests", retry_after=self.retry_after)
            case FaultKind.RETRIABLE:
                return Retriable("ordered: not now", retry_after=self.retry_after)
            case FaultKind.FULL:
                return QuotaExceeded("ordered: no space left in this account")
            case FaultKind.GONE:
                return NotFound("ordered: gone")
            case FaultKind.STALE:
                return EtagMismatch("ordered: changed meanwhile")
            case FaultKind.CRASH:
                return Crash("ordered: the program ends here")
            case FaultKind.LIMIT:
                return LimitReached("ordered: no more collections for now", scope=Scope.COLLECTION)
            case FaultKind.REFUSED:
                return AuthFailed("ordered: the login is refused")
            case FaultKind.UNREACHABLE:
                return Unreachable("ordered: no connection")
        return Uncertain("ordered: sent, and no reply came")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One use of a reader or target, as it was recorded."""

    method: str
    account: str
    service: Service
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An item in the store. ``number`` grows with every creation in the store."""

    number: int
    entry: Entry
    body: bytes = field(repr=False)
    internal_date: datetime | None = None


@dataclass(slots=True)
class Space:
    """One service of one account."""

    collections: dict[str, Collection]
    items: dict[str, Held] = field(default_factory=dict)
    granted: dict[str, list[Grant]] = field(default_factory=dict)
    """What was granted here, by href."""


class Store:
    """All accounts of one memory system. Every method is safe to call from any thread."""

    def __init__(self, journal: Path | None = None) -> None:
        self.lock = threading.RLock()
        self.calls: list[Call] = []
        self.faults: list[Fault] = []
        self.batched = True
        """Whether readers and targets take many at once."""
        self.numbered = {Service.MAIL}
        """Services whose items have no names: the server numbers them."""
        self.inlined = {Service.CALENDAR, Service.CONTACTS, Service.TASKS}
        """Services whose listings carry the bodies."""
        self.spool_over = 1_000_000
        """Bytes; larger bodies are delivered as files."""
        self.capabilities: dict[Service, Capabilities] = {
            service: Capabilities(
                accepts=frozenset({media}),
                names=NameRules(forbidden_characters="/\\" if service is Service.FILES else ""),
                batch=20,
                moves=True,
                reflags=service is Service.MAIL,
            )
            for service, media in MEDIA.items()
        }
        self._spaces: dict[tuple[str, Service], Space] = {}
        self.delta = True
        """Whether readers that take many at once also tell changes."""
        self.log: list[tuple[str, Service, str]] = []
        """What was kept or removed, in order: a cursor is a place in it."""
        self.forgotten = 0
        """Cursors before this place have expired."""
        self._version = 0
        self._journal = journal
        self._file: BinaryIO | None = None
        """The journal, while this process holds its lock."""
        self._read = 0

    def writes(self) -> list[Call]:
        """The calls that change something."""
        writes = {"ensure", "put", "put_many", "delete", "move", "set_flags", "prune", "grant", "revoke"}
        return [call for call in self.calls if call.method in writes]

    def order(self, method: str, kind: FaultKind, **details: Any) -> None:
        """Order a fault; details as in :class:`Fault`."""
        with self.lock:
            self.faults.append(Fault(method=method, kind=kind, **details))

    def due(self, method: str, account: str) -> Fault | None:
        """The fault that this use of a method meets, if any."""
        with self.lock:
            for fault in self.faults:
                if fault.method == method and fault.account in {"", account}:
                    if fault.skip > 0:
                        fault.skip -= 1
                        continue
                    fault.count -= 1
                    if fault.count == 0:
                        self.faults.remove(fault)
                    return fault
        return None

    @contextmanager
    def space(self, account: str, service: Service) -> Iterator[Space]:
        """One service of one account, alone with it and up to date."""
        with self.lock, self._shared():
            yield self._space(account, service)

    def latest(self) -> int:
        """The last number given."""
        with self.lock, self._shared():
            return self._version

    def version(self) -> int:
        """A number that no item had before."""
        self._version += 1
        return self._version

    def add_collection(self, account: str, service: Service, collection: Collection) -> Collection:
        """Keep a collection; its href is made from its path."""
        with self.lock, self._shared():
            made = replace(collection, href=href_of(collection.path))
            self._space(account, service).collections[made.href] = made
            self._write({"do": "collection", "account": account, "service": service, **_plain_collection(made)})
            return made

    def keep(self, account: str, service: Service, held: Held) -> Held:
        """Keep an item under its href, in place of what was there."""
        with self.lock, self._shared():
            self._space(account, service).items[held.entry.href] = held
            self.log.append((account, service, held.entry.href))
            self._write({"do": "item", "account": account, "service": service, **_plain_held(held)})
            return held

    def remove(self, account: str, service: Service, href: str) -> None:
        """Forget an item. Raises KeyError when there is none."""
        with self.lock, self._shared():
            del self._space(account, service).items[href]
            self.log.append((account, service, href))
            self._write({"do": "remove", "account": account, "service": service, "href": href})

    def share(self, account: str, service: Service, href: str, grants: list[Grant]) -> None:
        """Keep who else may use it, in place of what was."""
        with self.lock, self._shared():
            self._space(account, service).granted[href] = grants
            plain = [_plain_grant(grant) for grant in grants]
            self._write({"do": "share", "account": account, "service": service, "href": href, "grants": plain})

    def drop_collection(self, account: str, service: Service, href: str) -> None:
        """Forget a collection that holds nothing."""
        with self.lock, self._shared():
            self._space(account, service).collections.pop(href, None)
            self._write({"do": "drop", "account": account, "service": service, "href": href})

    def _space(self, account: str, service: Service) -> Space:
        default = DEFAULTS[service]
        return self._spaces.setdefault((account, service), Space({default.href: default}))

    @contextmanager
    def _shared(self) -> Iterator[None]:
        """Hold the journal's lock, having read what other processes added."""
        if self._journal is None or self._file is not None:
            yield
            return
        with self._journal.open("ab+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            self._catch_up(file)
            self._file = file
            try:
                yield
            finally:
                self._file = None

    def _catch_up(self, file: BinaryIO) -> None:
        file.seek(self._read)
        for line in file:
            if not line.endswith(b"\n"):
                os.truncate(file.fileno(), self._read)
                break
            self._replay(json.loads(line))
            self._read += len(line)

    def _replay(self, change: Mapping[str, Any]) -> None:
        self._version = max(self._version, change["version"])
        space = self._space(change["account"], Service(change["service"]))
        match change["do"]:
            case "collection":
                made = _collection(change)
                space.collections[made.href] = made
            case "item":
                held = _held(change)
                space.items[held.entry.href] = held
                self.log.append((change["account"], Service(change["service"]), held.entry.href))
            case "remove":
                space.items.pop(change["href"], None)
                self.log.append((change["account"], Service(change["service"]), change["href"]))
            case "share":
                space.granted[change["href"]] = [_grant(plain) for plain in change["grants"]]
            case "drop":
                space.collections.pop(change["href"], None)

    def _write(self, change: dict[str, Any]) -> None:
        if self._file is not None:
            line = json.dumps({"version": self._version, **change}).encode() + b"\n"
            self._file.write(line)
            self._file.flush()
            self._read += len(line)


def href_of(path: tuple[str, ...]) -> str:
    """A collection's name for its connector: one percent-encoded segment each."""
    return "/" + "/".join(quote(name, safe="") for name in path)


def _plain_collection(collection: Collection) -> dict[str, Any]:
    plain = {field.name: getattr(collection, field.name) for field in fields(collection)}
    return plain | {"grants": [_plain_grant(grant) for grant in collection.grants]}


def _collection(change: Mapping[str, Any]) -> Collection:
    plain = {field.name: change[field.name] for field in fields(Collection)}
    grants = tuple(_grant(one) for one in plain["grants"])
    return Collection(**{**plain, "path": tuple(plain["path"]), "grants": grants})


def _plain_grant(grant: Grant) -> dict[str, Any]:
    return asdict(grant) | {"expires": _date(grant.expires)}


def _grant(plain: Mapping[str, Any]) -> Grant:
    kind, role = GrantKind(plain["kind"]), GrantRole(plain["role"])
    return Grant(**{**plain, "kind": kind, "role": role, "expires": _parsed(plain["expires"])})


def _plain_held(held: Held) -> dict[str, Any]:
    entry = held.entry
    return {
        "number": held.number,
        "body": base64.b64encode(held.body).decode(),
        "internal_date": _date(held.internal_date),
        "entry": {
            **{name: getattr(entry, name) for name in TEXTS},
            **{name: _date(getattr(entry, name)) for name in DATES},
            "flags": sorted(entry.flags),
            "labels": entry.labels,
            "losses": [[loss.field, loss.reason] for loss in entry.losses],
            "skip": None if entry.skip is None else asdict(entry.skip),
            "grants": [_plain_grant(grant) for grant in entry.grants],
        },
    }


def _held(change: Mapping[str, Any]) -> Held:
    plain = change["entry"]
    body = base64.b64decode(change["body"])
    simple: dict[str, Any] = {name: plain[name] for name in TEXTS}
    simple |= {name: _parsed(plain[name]) for name in DATES}
    entry = Entry(
        **simple,
        flags=frozenset(plain["flags"]),
        labels=tuple(plain["labels"]),
        losses=tuple(Loss(field=field, reason=reason) for field, reason in plain["losses"]),
        skip=_skip(plain["skip"]),
        grants=tuple(_grant(one) for one in plain.get("grants", ())),
    )
    return Held(number=change["number"], entry=entry, body=body, internal_date=_parsed(change["internal_date"]))


def _skip(plain: dict[str, str] | None) -> Skip | None:
    return None if plain is None else Skip(**{**plain, "disposition": Disposition(plain["disposition"])})  # type: ignore[arg-type]


TEXTS = ("href", "collection", "etag", "name", "uid", "media_type", "size", "size_exact", "digest")
DATES = ("modified", "created")


def _date(date: datetime | None) -> str | None:
    return None if date is None else date.isoformat()


def _parsed(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
