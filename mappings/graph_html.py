"""HTML bodies, as Exchange keeps them, to text; and the invitation that Teams writes at their end."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

_BLOCKS = frozenset({"p", "div", "ul", "ol", "table", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre"})
_UNSEEN = frozenset({"head", "style", "script", "title"})
_PLAIN = frozenset({"html", "head", "meta", "title", "style", "body", "div", "p", "br"})
"""Elements without which a text says the same: Exchange wraps every text in them."""
_SPACE = re.compile(r"[ \t\r\n\f]+")
_RULE = re.compile(r"^\s*_{20,}\s*$", re.MULTILINE)
_TEAMS = ("teams.microsoft.com/", "teams.live.com/", "aka.ms/jointeamsmeeting")


class _Text(HTMLParser):
    """Collects what is read aloud: blocks on lines of their own, a link's address after its text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.elements: set[str] = set()
        self._links: list[tuple[int, str]] = []
        self._unseen = 0
        self._pre = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self._unseen += tag in _UNSEEN
        self._pre += tag == "pre"
        if tag == "a":
            self._links.append((len(self.parts), dict(attrs).get("href") or ""))
        elif tag == "br":
            self.parts.append("\n")
        elif tag == "hr":
            self._break()
        elif tag in _BLOCKS or tag == "li":
            self._break()
            self.parts.extend(["- "] if tag == "li" else [])
        elif tag in {"td", "th"} and not self._at_start():
            self.parts.append("\t")

    def handle_endtag(self, tag: str) -> None:
        self._unseen -= tag in _UNSEEN and self._unseen > 0
        self._pre -= tag == "pre" and self._pre > 0
        if tag == "a" and self._links:
            start, target = self._links.pop()
            text = "".join(self.parts[start:])
            if target and target.removeprefix("mailto:") not in text and not target.startswith("#"):
                self.parts.append(f" ({target})")
        elif tag in _BLOCKS or tag == "li":
            self._break()

    def handle_data(self, data: str) -> None:
        if self._unseen:
            return
        text = data if self._pre else _SPACE.sub(" ", data)
        if not self._pre and self._at_start():
            text = text.lstrip(" ")
        if text:
            self.parts.append(text)

    def parse_html_declaration(self, i: int) -> int:
        """Skip ``<!…>``: the library raises AssertionError at what word processors leave in marked sections."""
        end = self.rawdata.find(">", i)
        return end + 1 if end >= 0 else len(self.rawdata)

    def _at_start(self) -> bool:
        return not self.parts or self.parts[-1].endswith(("\n", "\t"))

    def _break(self) -> None:
        if self.parts and not self.parts[-1].endswith("\n"):
            self.parts.append("\n")


def to_text(html: str) -> tuple[str, bool]:
    """The text of an HTML body, and whether the HTML says more than the text."""
    parser = _Text()
    parser.feed(html)
    parser.close()
    lines = [line.replace("\xa0", " ").rstrip() for line in "".join(parser.parts).split("\n")]
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")
    return text, not parser.elements <= _PLAIN


def without_teams(text: str) -> str:
    """The text without the block between two lines of underscores that invites to a Teams meeting."""
    pieces = _RULE.split(text)
    if len(pieces) == 1:
        return text
    kept = [piece for piece in pieces if not any(host in piece.lower() for host in _TEAMS)]
    if len(kept) == len(pieces):
        return text
    return "\n".join(piece.strip("\n") for piece in kept if piece.strip()).strip("\n")


def body_text(body: Mapping[str, Any]) -> tuple[str, str]:
    """The text of an ``itemBody``, and its HTML where that says more. Both may be empty."""
    content = str(body.get("content") or "")
    if str(body.get("contentType") or "text").lower() != "html":
        return content.replace("\r\n", "\n").strip("\n"), ""
    text, formatted = to_text(content)
    return text, content if formatted and content.strip() else ""
