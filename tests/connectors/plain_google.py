"""A second Google host, as plain as one can be: no batch address, no searches, no schema, below a path of its own.

Written apart from the stand-in, so that the connector is not fitted to one server's habits.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

PREFIX = "/autre/hote"
ROOT = "racine"
FOLDER = "application/vnd.google-apps.folder"
DOC = "application/vnd.google-apps.document"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

LABELS = [
    {"id": "INBOX", "name": "INBOX"},
    {"id": "corbeille", "name": "Corbeille", "type": "user"},
    {"id": "vides", "name": "A//B", "type": "user"},
    {"id": "barre", "name": "/x/", "type": "user"},
    {"id": "sub", "name": "INBOX/Sub", "type": "user"},
    {"id": "jokers", "name": "a.%*", "type": "user"},
    {"id": "long", "name": "l" * 300, "type": "user"},
    {"id": "oblique", "name": "\\Trash", "type": "user"},
    *({"id": f"n{n}", "name": f"Étiquette {n}", "type": "user"} for n in range(40)),
]
MESSAGES: dict[str, dict[str, Any]] = {
    "deadbeef" * 4: {"labelIds": ["INBOX", "UNREAD"], "internalDate": "0"},
    "00000000000000aa": {"labelIds": ["INBOX", "inconnue"], "internalDate": "-86400000"},
    "-0000000000000aa": {"labelIds": ["corbeille"], "internalDate": "4300000000000"},
    "ñ-1": {"labelIds": [f"n{n}" for n in range(40)], "internalDate": "1700000000000"},
    **{name: {"labelIds": [name], "internalDate": "1700000000000"} for name in ("vides", "barre", "sub", "jokers")},
    **{name: {"labelIds": [name], "internalDate": "1700000000000"} for name in ("long", "oblique")},
}
EVENTS: list[dict[str, Any]] = [
    {
        "id": "sansuid",
        "start": {"dateTime": "2026-03-02T10:00:00+01:00"},
        "end": {"dateTime": "2026-03-02T11:00:00+01:00"},
        "created": "0000-12-29T00:00:00.000Z",
    },
    {
        "id": "serie",
        "iCalUID": "serie@example.org",
        "summary": "\u2028 \x00 \ud83d\ude00",
        "start": {"date": "2026-05-01"},
        "end": {"date": "2026-05-02"},
        "recurrence": ["RRULE:FREQ=WEEKLY;COUNT=4"],
        "description": "<p>a</p><![fin",
    },
    {
        "id": "serie_1",
        "status": "cancelled",
        "recurringEventId": "serie",
        "originalStartTime": {"date": "2026-05-08"},
    },
    {
        "id": "foo",
        "iCalUID": "foo@example.org",
        "start": {"dateTime": "2026-03-02T10:00:00+01:00", "timeZone": "Etc/Foo"},
        "end": {"dateTime": "2026-03-02T09:00:00+01:00", "timeZone": "Etc/Foo"},
    },
]


def file(identifier: str, name: str | None, *parents: str, kind: str = "text/plain", **more: Any) -> dict[str, Any]:
    named = {} if name is None else {"name": name}
    return {"id": identifier, "mimeType": kind, "parents": list(parents), "ownedByMe": True, **named, **more}


FILES = [
    file("d1", "..", ROOT, kind=FOLDER),
    file("d2", "Double", ROOT, kind=FOLDER),
    file("d3", "Double", ROOT, kind=FOLDER),
    file("c1", "Boucle", "c2", kind=FOLDER),
    file("c2", "Boucle", "c1", kind=FOLDER),
    file("c3", "Soi", "c3", kind=FOLDER),
    file("p1", "Perdu", "ailleurs", kind=FOLDER),
    file("m1", "Deux parents", "ailleurs", "d2", kind=FOLDER),
    file("s1", None, ROOT, kind=FOLDER),
    file("f1", "", "d1"),
    file("f2", "   ", "d2"),
    file("f3", "a\x00b", "d3"),
    file("f4", "..", "c2"),
    file("f5", "zéro", "c3", size="0"),
    file("f6", "chez un autre", "partage"),
    file("f7", "deux parents", "ailleurs", "m1"),
    file("f8", "jeté", ROOT, trashed=True),
    file("f9", "d'un autre", ROOT, ownedByMe=False),
    file("l1", "lien", ROOT, kind="application/vnd.google-apps.shortcut", shortcutDetails={"targetId": "d1"}),
    file("g1", "Gros", ROOT, kind=DOC),
    file("g2", "Petit", ROOT, kind=DOC),
]


class Handler(BaseHTTPRequestHandler):
    """Answers without looking at what it does not need to know."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"] or 0))
        if urlsplit(self.path).path == f"{PREFIX}/token":
            self.answer(200, {"access_token": "jeton", "expires_in": 1, "token_type": "Bearer"})
        else:
            self.answer(501, {})

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        path = unquote(url.path)
        if not path.startswith(f"{PREFIX}/") or self.headers["authorization"] != "Bearer jeton":
            self.answer(401, {})
            return
        where = path.removeprefix(PREFIX).strip("/").split("/")
        self.answer(*getattr(self, where[0])(where[2:], query))

    def gmail(self, path: list[str], query: dict[str, str]) -> tuple[int, Any]:
        match path[2:]:
            case ["profile"]:
                return 200, {"messagesTotal": len(MESSAGES)}
            case ["labels"]:
                return 200, {"labels": LABELS}
            case ["messages"]:
                label = query.get("labelIds")
                if label == "IMPORTANT":
                    return 400, {"error": {"errors": [{"reason": "invalidArgument"}]}}
                found = [i for i, m in MESSAGES.items() if label is None or label in m["labelIds"]]
                return 200, {"messages": [{"id": identifier} for identifier in found]}
            case ["messages", identifier] if identifier in MESSAGES:
                nul = "\0" if identifier == "vides" else ""
                raw = base64.b64encode(f"Subject: {identifier}\n\n{nul}\n".encode()).decode()
                return 200, {"id": identifier, "raw": raw, **MESSAGES[identifier]}
        return 404, {}

    def calendar(self, path: list[str], query: dict[str, str]) -> tuple[int, Any]:
        if path[-1] == "calendarList":
            return 200, {"items": [{"id": "moi", "summary": "Moi", "accessRole": "owner"}]}
        return 200, {"items": EVENTS}

    def drive(self, path: list[str], query: dict[str, str]) -> tuple[int, Any]:
        match path[1:]:
            case []:
                return 200, {"files": FILES}
            case ["root"]:
                return 200, {"id": ROOT}
            case ["g1", "export"]:
                return 403, {"error": {"errors": [{"reason": "exportSizeLimitExceeded"}]}}
            case [_, "export"]:
                return 200, b"docx"
            case [identifier] if query.get("alt") == "media":
                return 200, b"" if identifier == "f5" else identifier.encode()
            case [identifier]:
                return 200, next(f for f in FILES if f["id"] == identifier)
        return 404, {}

    def answer(self, status: int, body: Any) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@contextmanager
def plain_google() -> Iterator[str]:
    """The host's root address, as a person may type it: with a final slash."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}{PREFIX}/"
        finally:
            server.shutdown()
            thread.join()
