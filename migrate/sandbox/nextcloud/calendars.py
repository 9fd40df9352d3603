"""``/remote.php/dav/calendars/`` and ``/remote.php/dav/addressbooks/``: Radicale behind Nextcloud's rules."""

from __future__ import annotations

import hashlib
import io
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

from migrate.sandbox.clock import Clock
from migrate.sandbox.nextcloud.contentlines import Component, ParseFailure, parse
from migrate.sandbox.nextcloud.dav_errors import DavError
from migrate.sandbox.nextcloud.dav_shares import INVITE, DavShares
from migrate.sandbox.nextcloud.groupware_xml import bridge_propfind, bridge_report
from migrate.sandbox.nextcloud.icalendar_rules import KINDS, accept
from migrate.sandbox.nextcloud.limits import Limits, Window
from migrate.sandbox.nextcloud.multistatus import Found, asked_properties, multistatus
from migrate.sandbox.nextcloud.names import split_path
from migrate.sandbox.nextcloud.outbox import Outbox
from migrate.sandbox.nextcloud.preconditions import check_preconditions
from migrate.sandbox.nextcloud.radicale_store import RadicaleStore, Text
from migrate.sandbox.nextcloud.scheduling import Scheduler, Sender
from migrate.sandbox.nextcloud.trash import Trash, duplicate_uid
from migrate.sandbox.nextcloud.vcard_rules import accept_card
from migrate.sandbox.nextcloud.vcard_versions import convert, convert_report, wanted_version
from migrate.sandbox.nextcloud.wsgi import XML, Reply, Request, delegate, empty_reply, text_reply

Parts = tuple[str, ...]

CALENDARS = "/remote.php/dav/calendars"
BOOKS = "/remote.php/dav/addressbooks/users"
DEFAULT_CALENDAR = "personal"
DEFAULT_BOOK = "contacts"
BIN_CALENDAR = "{http://nextcloud.com/ns}calendar-uri"
CALENDAR_DATA = "{urn:ietf:params:xml:ns:caldav}calendar-data"
COMPONENTS = "C:supported-calendar-component-set"
_BASE = "1, 3, extended-mkcol, access-control, calendarserver-principal-property-search, oc-resource-sharing"
_END = "nc-paginate, nextcloud-checksum-update, nc-calendar-search, nc-enable-birthday-calendar"
CALENDAR_CLASSES = (
    f"{_BASE}, calendar-access, calendar-proxy, calendar-auto-schedule, calendar-availability, nc-calendar-trashbin, "
    f"nc-calendar-webcal-cache, calendarserver-subscribed, oc-calendar-publishing, calendarserver-sharing, {_END}"
)
BOOK_CLASSES = f"{_BASE}, addressbook, {_END}"
FIRST_CALENDAR = {
    "tag": "VCALENDAR",
    "D:displayname": "Personal",
    COMPONENTS: "VEVENT",  # UserEventsListener.php of 32.0.1
    "ICAL:calendar-color": "#00679e",
    "{http://apple.com/ns/ical/}calendar-order": "0",
}
FIRST_BOOK = {"tag": "VADDRESSBOOK", "D:displayname": "Contacts"}


@dataclass(frozen=True, slots=True)
class Store:
    """One Radicale and what differs between calendars and address books."""

    root: str
    radicale: RadicaleStore
    folder: Path
    created: Window
    total: int
    noun: str

    @property
    def missing(self) -> str:
        """What a 404 says."""
        return "Calendar object not found" if self.noun == "calendar" else "Card not found"

    def disk(self, parts: Parts) -> Path:
        """Where Radicale keeps something."""
        return self.folder.joinpath("collection-root", *parts)

    def count(self, user: str) -> int:
        """Collections of an account."""
        home = self.disk((user,))
        return (
            sum(1 for entry in home.iterdir() if entry.is_dir() and not entry.name.startswith("."))
            if home.is_dir()
            else 0
        )

    def text(self, parts: Parts) -> bytes | None:
        """The bytes of a stored object, None when there is none."""
        path = self.disk(parts)
        return path.read_bytes() if len(parts) == 3 and path.is_file() else None


class GroupwareHandler:
    """Answers below the calendar and address book homes."""

    def __init__(
        self, directory: Path, addresses: Mapping[str, str], outbox: Outbox, clock: Clock, limits: Limits
    ) -> None:
        self._clock = clock
        self._limits = limits
        self._lock = threading.RLock()
        self._trash = Trash()
        self._calendars = _store(
            CALENDARS, directory / "calendars", {DEFAULT_CALENDAR: FIRST_CALENDAR},
            Window(limits.calendars_created, limits.calendars_period), limits.calendars_total, "calendar",
        )  # fmt: skip
        self._books = _store(
            BOOKS, directory / "addressbooks", {DEFAULT_BOOK: FIRST_BOOK},
            Window(limits.books_created, limits.books_period), limits.books_total, "addressbook",
        )  # fmt: skip
        self._scheduler = Scheduler(addresses, outbox, clock, self._deliver)
        self._shares = DavShares(frozenset(addresses))

    def __call__(self, request: Request) -> Reply:
        """Answer."""
        store = self._calendars if request.path.startswith(CALENDARS) else self._books
        parts = split_path(request.path.removeprefix(store.root))
        if not parts or parts[0] != request.user:
            raise DavError(404, f"Node with name '{parts[0] if parts else ''}' could not be found")
        if store is self._calendars and parts[1:3] == ("trashbin", "objects"):
            return self._bin(request, parts)
        return self._answer(request, store, parts)

    def _answer(self, request: Request, store: Store, parts: Parts) -> Reply:
        match (request.method, len(parts)):
            case ("PUT", 3):
                return self._put(request, store, parts)
            case ("DELETE", 3):
                return self._delete(request, store, parts)
            case ("POST", 2) if store.disk(parts).is_dir():
                self._shares.change((*parts, store.noun), request.body())
                return empty_reply(200)
            case ("DELETE", 2):
                self._trash.forget(parts[:2])
                self._shares.forget((*parts, store.noun))
                return self._finish(self._pass_on(request, store, parts, b""), 204)
            case ("MKCALENDAR" | "MKCOL", 2):
                return self._make(request, store, parts)
            case ("PROPFIND", _):
                return self._propfind(request, store, parts)
            case ("REPORT", _):
                return self._report(request, store, parts)
            case ("GET" | "HEAD", 3):
                return self._get(request, store, parts)
            case ("GET" | "HEAD", _):
                return empty_reply(200)
        return self._pass_on(request, store, parts, request.body())

    def _bin(self, request: Request, parts: Parts) -> Reply:
        """The trash bin: its objects by REPORT, DELETE for good (apps/dav/lib/CalDAV/Trashbin in the original)."""
        if request.method == "DELETE" and len(parts) == 4:
            self._trash.purge(parts[0], parts[3])
            return empty_reply(204)
        if request.method != "REPORT" or len(parts) != 3:
            raise DavError(501, "", exception="Sabre\\DAV\\Exception\\NotImplemented")
        home = "/".join((CALENDARS, *parts))
        held = [
            Found(f"{home}/{name}", {BIN_CALENDAR: escape(calendar), CALENDAR_DATA: escape(body.decode())})
            for name, calendar, body in self._trash.objects(parts[0])
        ]
        return multistatus(held)

    def _report(self, request: Request, store: Store, parts: Parts) -> Reply:
        body = request.body()
        reply = self._pass_on(request, store, parts, body)
        document = bridge_report(reply.read())
        return text_reply(reply.status, document if store is self._calendars else convert_report(document, body), XML)

    def _get(self, request: Request, store: Store, parts: Parts) -> Reply:
        text = store.text(parts)
        if text is None:
            raise DavError(404, store.missing)
        reply = self._pass_on(request, store, parts, b"")
        name = quote(parts[2])
        kind = self._media_type(store, parts)
        if store is self._books and reply.status == 200:
            version = wanted_version(request.header("Accept"))
            kind = "text/vcard; version=4.0; charset=utf-8" if version == "4.0" else kind
            reply.discard_body()
            card = convert(text, version)
            reply.body = [card]
            reply.drop("Content-Length")
            reply.headers.append(("Content-Length", str(len(card))))
        reply.drop("Content-Type", "DAV")
        reply.headers += [
            ("Content-Type", kind),
            ("OC-ETag", reply.header("ETag")),
            ("Content-Disposition", f"attachment; filename*=UTF-8''{name}; filename=\"{name}\""),
        ]
        return reply

    def _media_type(self, store: Store, parts: Parts) -> str:
        if store is self._books:
            return "text/vcard; charset=utf-8"
        calendar = _parsed(store.text(parts) or b"")
        kinds = [child.name.lower() for child in calendar.children if child.name in KINDS] if calendar else []
        return f"text/calendar; charset=utf-8; component={kinds[0]}" if kinds else "text/calendar; charset=utf-8"

    def _put(self, request: Request, store: Store, parts: Parts) -> Reply:
        limit = self._limits.event_bytes if store is self._calendars else self._limits.card_bytes
        if (request.length or 0) > limit:
            what = "VEvent or VTodo object" if store is self._calendars else "VCard object"
            raise DavError(403, f"{what} exceeds {limit} bytes")
        if not store.disk(parts[:2]).is_dir():
            self._pass_on(request, store, parts[:1], b"", method="OPTIONS")  # makes the home on a first visit
            if not store.disk(parts[:2]).is_dir():
                raise DavError(404, f"Node with name '{parts[1]}' could not be found")
        body = request.body()
        with self._lock:
            old = store.text(parts)
            check_preconditions(request, None if old is None else _md5(old))
            put = self._put_event if store is self._calendars else self._put_card
            return put(request, parts, body, old)

    def _put_event(self, request: Request, parts: Parts, body: bytes, old: bytes | None) -> Reply:
        strict = "handling=strict" in request.header("Prefer")
        accepted = accept(body, strict=strict, limits=self._limits, supported=self._components(parts))
        kind = accepted.items[0].name
        self._check_uid(parts, accepted.uid, new=old is None)
        text = Text(text=accepted.body.decode(), uid=accepted.uid, name="VCALENDAR", component=kind)
        self._calendars.radicale.put(parts, text)
        sender = Sender(request.user, "/".join((CALENDARS, *parts)))
        before = _parsed(old) if old is not None else None
        marked = self._scheduler.on_put(request, sender, accepted.calendar, before)
        if marked:
            self._calendars.radicale.put(parts, replace(text, text=accepted.calendar.serialize()))
        warning = f"iCalendar validation warning: {accepted.warning}" if accepted.warning else ""
        return _stored(text, old is None, warning, changed=marked)

    def _put_card(self, _request: Request, parts: Parts, body: bytes, old: bytes | None) -> Reply:
        accepted = accept_card(body)
        if self._uid_taken(self._books, parts, accepted.uid):
            raise DavError(400, "VCard object with uid already exists in this addressbook collection.")
        text = Text(text=accepted.body.decode(), uid=accepted.uid, name="VCARD", component="VCARD")
        self._books.radicale.put(parts, text)
        warning = f"vCard validation warning: {accepted.warning}" if accepted.warning else ""
        return _stored(text, old is None, warning)

    @staticmethod
    def _uid_taken(store: Store, parts: Parts, uid: str) -> bool:
        return store.radicale.name_of(parts[:2], uid) not in ("", parts[2])

    def _check_uid(self, parts: Parts, uid: str, *, new: bool) -> None:
        """A UID is unique in its calendar: 400 on creation, a database error on replacement."""
        if self._uid_taken(self._calendars, parts, uid):
            if new:
                raise DavError(400, "Calendar object with uid already exists in this calendar collection.")
            raise duplicate_uid()
        if new:
            self._trash.check_uid(parts[:2], uid)

    def _delete(self, request: Request, store: Store, parts: Parts) -> Reply:
        with self._lock:
            old = store.text(parts)
            if old is None:
                raise DavError(404, store.missing)
            check_preconditions(request, _md5(old))
            if store is self._calendars:
                self._trash.check_name(parts[:2], parts[2])
            uid = store.radicale.uids(parts[:2]).get(parts[2], "")
            reply = self._finish(self._pass_on(request, store, parts, b""), 204)
            calendar = _parsed(old)
            if store is self._calendars and calendar is not None:
                self._trash.add(parts[:2], parts[2], uid, old)
                self._scheduler.on_delete(request, Sender(request.user, "/".join((CALENDARS, *parts))), calendar)
            return reply

    def _make(self, request: Request, store: Store, parts: Parts) -> Reply:
        body = request.body()
        if not store.created.admit(request.user, self._clock.now()):
            raise DavError(429, f"Too many {store.noun}s created")
        if store.disk(parts).is_dir():
            raise DavError(405, "The resource you tried to create already exists")
        self._pass_on(request, store, parts[:1], b"", method="OPTIONS")
        if store.count(request.user) >= store.total:
            raise DavError(403, f"{store.noun.capitalize()} limit reached")
        return self._finish(self._pass_on(request, store, parts, body), 201)

    def _propfind(self, request: Request, store: Store, parts: Parts) -> Reply:
        body = request.body()
        if len(parts) == 2 and asked_properties(body) == [INVITE] and store.disk(parts).is_dir():
            found = Found(f"{store.root}/{'/'.join(parts)}/", {INVITE: self._shares.invite((*parts, store.noun))})
            return multistatus([found], [INVITE])
        reply = self._pass_on(request, store, parts, body)
        home = f"{store.root}/{request.user}/"
        members = len(parts) == 1 and request.header("Depth") != "0"
        document = bridge_propfind(reply.read(), request.user, home, members=members)
        return text_reply(207, document, XML, ("DAV", CALENDAR_CLASSES if store is self._calendars else BOOK_CLASSES))

    def _components(self, parts: Parts) -> frozenset[str]:
        props = self._calendars.disk((*parts[:2], ".Radicale.props"))
        known = json.loads(props.read_text()).get(COMPONENTS, "") if props.exists() else ""
        return frozenset(known.split(",") if known else ("VEVENT", "VTODO", "VJOURNAL"))

    def _deliver(self, user: str, body: bytes) -> None:
        """Local delivery into the default calendar of another account, unless that UID is there already."""
        calendar = _parsed(body)
        uid = (
            next((child.value("UID") for child in calendar.children if child.name == "VEVENT"), "") if calendar else ""
        )
        place = (user, DEFAULT_CALENDAR, f"sabredav-{_md5(uid.encode())}.ics")
        if not self._calendars.disk(place[:2]).is_dir():
            return
        uids = self._calendars.radicale.uids(place[:2])
        if uid not in uids.values() or place[2] in uids:
            text = Text(text=body.decode(), uid=uid, name="VCALENDAR", component="VEVENT")
            self._calendars.radicale.put(place, text)

    def _pass_on(self, request: Request, store: Store, parts: Parts, body: bytes, *, method: str = "") -> Reply:
        path = "/" + "/".join(parts) + ("/" if len(parts) < 3 else "")
        environ = {
            **request.environ,
            "REQUEST_METHOD": method or request.method,
            "SCRIPT_NAME": store.root,
            "PATH_INFO": path.encode().decode("latin-1"),
            "REMOTE_USER": request.user,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
        }
        for name in ("HTTP_AUTHORIZATION", "HTTP_TRANSFER_ENCODING", "HTTP_ACCEPT_ENCODING"):
            environ.pop(name, None)
        if method:
            for name in ("HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH"):
                environ.pop(name, None)
        reply = delegate(store.radicale.app, environ)
        if reply.status >= 400:
            reply.discard_body()
            raise DavError(reply.status, "")
        return reply

    @staticmethod
    def _finish(reply: Reply, status: int) -> Reply:
        reply.discard_body()
        return empty_reply(status)


def _store(root: str, folder: Path, first: Mapping[str, Any], created: Window, total: int, noun: str) -> Store:
    folder.mkdir(parents=True, exist_ok=True)
    return Store(root, RadicaleStore(folder, json.dumps(first)), folder, created, total, noun)


def _stored(text: Text, created: bool, warning: str, *, changed: bool = False) -> Reply:
    """The answer to a PUT: no etag when what is stored is not what was sent."""
    headers = [("X-Sabre-Ew-Gross", warning)] if warning else []
    if not warning and not changed:
        headers += [("ETag", text.etag), ("OC-ETag", text.etag)]
    return empty_reply(201 if created else 204, *headers)


def _parsed(body: bytes) -> Component | None:
    try:
        return parse(body.decode())
    except (ParseFailure, UnicodeDecodeError):
        return None


def _md5(body: bytes) -> str:
    return hashlib.md5(body, usedforsecurity=False).hexdigest()
