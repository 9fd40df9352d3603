"""What arrived, seen through programs and protocols that are not ours to get wrong: imaplib, requests, hashes."""

from __future__ import annotations

import email
import hashlib
import imaplib
import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from xml.etree import ElementTree

import requests

DAV = "{DAV:}"
CALDAV = "{urn:ietf:params:xml:ns:caldav}"


def crlf(raw: bytes) -> bytes:
    return re.sub(rb"\r?\n", b"\r\n", raw)


@dataclass(frozen=True)
class SeenMessage:
    digest: str
    flags: frozenset[str]
    date: int
    """INTERNALDATE, seconds since 1970."""
    content: str
    """Message-ID and the bytes of the parts: what stays when a server builds the MIME anew."""


def mailbox(host: str, port: int, user: str, password: str) -> list[SeenMessage]:
    """Every message of an account, by Python's own imaplib, which is not the client that the tool uses."""
    seen = []
    with imaplib.IMAP4(host, port) as session:
        session.login(user, password)
        _, lines = session.list()
        for line in lines:
            assert isinstance(line, bytes)
            name = re.match(rb'\((?P<flags>.*?)\) (?:"."|NIL) (?P<name>.*)', line)
            assert name, line
            if b"\\Noselect" in name["flags"]:
                continue
            status, found = session.select(name["name"].decode("ascii"), readonly=True)
            assert status == "OK"
            if found == [b"0"]:
                continue
            _, data = session.fetch("1:*", "(FLAGS INTERNALDATE BODY.PEEK[])")
            seen += [_message(part) for part in data if isinstance(part, tuple)]
            session.close()
    return seen


def _message(part: tuple[bytes, bytes]) -> SeenMessage:
    flags = frozenset(f.decode() for f in imaplib.ParseFlags(part[0])) - {"\\Recent"}
    date = re.search(rb'INTERNALDATE "([^"]+)"', part[0])
    assert date
    seconds = int(datetime.strptime(date[1].decode().strip(), "%d-%b-%Y %H:%M:%S %z").timestamp())
    return SeenMessage(
        digest=hashlib.sha256(part[1]).hexdigest(), flags=flags, date=seconds, content=content_digest(part[1])
    )


def content_digest(raw: bytes) -> str:
    """Message-ID and decoded leaves, hashed."""
    whole = email.message_from_bytes(raw)
    leaves = [part.get_payload(decode=True) for part in whole.walk() if not part.is_multipart()]
    known = "|".join(hashlib.sha256(leaf).hexdigest() for leaf in leaves if isinstance(leaf, bytes))
    return hashlib.sha256(f"{whole['Message-ID']}|{known}".encode()).hexdigest()


def outlook_messages(account: Any) -> Counter[tuple[str, int]]:
    """The messages of a Microsoft account that are neither junk nor deleted, with the second they were received."""
    left = {f.resource["id"] for f in account.folders if f.well_known in ("junkemail", "deleteditems")}
    return Counter(
        (content_digest(crlf(m.raw())), int(m.received.timestamp())) for m in account.messages if m.folder not in left
    )


def source_digests(account: Any) -> Counter[str]:
    """The messages of a Google account of the sandbox that are neither spam, nor trash, nor chat."""
    left = {"SPAM", "TRASH", "CHAT"}
    return Counter(hashlib.sha256(crlf(m.raw())).hexdigest() for m in account.messages if not left & set(m.label_ids))


def source_dates(account: Any) -> Counter[tuple[str, int]]:
    """The same messages with the second at which Gmail received them."""
    left = {"SPAM", "TRASH", "CHAT"}
    return Counter(
        (hashlib.sha256(crlf(m.raw())).hexdigest(), m.internal_date_ms // 1000)
        for m in account.messages
        if not left & set(m.label_ids)
    )


def propfind(url: str, auth: tuple[str, str], depth: str, body: str = "") -> ElementTree.Element:
    reply = requests.request("PROPFIND", url, auth=auth, headers={"Depth": depth}, data=body.encode(), timeout=60)
    assert reply.status_code == 207, reply.status_code
    return ElementTree.fromstring(reply.content)


def hrefs(tree: ElementTree.Element) -> list[str]:
    return [element.text or "" for element in tree.iter(f"{DAV}href")]


def _calendars(tree: ElementTree.Element) -> list[str]:
    found = (r for r in tree.iter(f"{DAV}response") if r.find(f".//{CALDAV}calendar") is not None)
    return [response.findtext(f"{DAV}href") or "" for response in found]


def calendar_uids(url: str, user: str, password: str, component: str = "VEVENT") -> Counter[str]:
    """The UID of every event (or task) of every calendar of a user."""
    home = f"{url}/remote.php/dav/calendars/{user}/"
    uids: Counter[str] = Counter()
    for collection in _calendars(propfind(home, (user, password), "1")):
        for href in hrefs(propfind(url + collection, (user, password), "1")):
            if href.endswith(".ics"):
                text = requests.get(url + href, auth=(user, password), timeout=60).content.decode()
                unfolded = text.replace("\r\n ", "").replace("\n ", "")
                if f"BEGIN:{component}" not in unfolded:
                    continue
                uids[re.findall(r"^UID:(.*?)\r?$", unfolded, re.M)[0]] += 1
    return uids


def file_count(url: str, user: str, password: str) -> int:
    """How many files lie anywhere below a user's root."""
    base = f"/remote.php/dav/files/{user}/"
    todo, seen, files = [base], {base}, 0
    while todo:
        tree = propfind(url + todo.pop(), (user, password), "1")
        for response in tree.iter(f"{DAV}response"):
            href = response.findtext(f"{DAV}href") or ""
            if response.find(f".//{DAV}collection") is None:
                files += 1
            elif href not in seen:
                seen.add(href)
                todo.append(href)
    return files
