"""XML and HTML to text, as streams. Document type declarations are refused: they are how XML attacks are written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from html.parser import HTMLParser
from typing import Protocol
from xml.parsers import expat

from migrate.inventory.extract.limits import Budget, Refused
from migrate.inventory.extract.parts import Part, Passage, Reason
from migrate.inventory.extract.plain import decode, passages


class Sink(Protocol):
    """Receives the events of one XML document; names come without their namespace."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""

    def end(self, name: str) -> None:
        """An element ends."""

    def data(self, text: str) -> None:
        """Characters."""


def _refuse(*_: object) -> None:
    raise Refused(Reason.DTD)


def parse(chunks: Iterable[bytes], sink: Sink) -> Iterator[None]:
    """Feed a document chunk by chunk; yields after each, so that the caller can take what the sink gathered.

    Raises Refused for a DTD, expat.ExpatError for what is not XML.
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    parser.ExternalEntityRefHandler = None
    depth = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > 2000:
            raise Refused(Reason.LIMIT_DEPTH)
        sink.start(name.rpartition(" ")[2], {key.rpartition(" ")[2]: value for key, value in attributes.items()})

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        sink.end(name.rpartition(" ")[2])

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = sink.data
    for chunk in chunks:
        parser.Parse(chunk, False)
        yield
    parser.Parse(b"", True)
    yield


class Everything:
    """All characters of a document, one line for each element's own text."""

    def __init__(self) -> None:
        self.text: list[str] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Nothing is taken from tags but the addresses of links."""
        if (link := attributes.get("href", "")).startswith(("mailto:", "tel:")):
            self.text.append(f" {link} ")

    def end(self, name: str) -> None:
        """A line ends."""
        self.text.append("\n")

    def data(self, text: str) -> None:
        """Characters."""
        self.text.append(text)


def drain(text: list[str]) -> str:
    """What was gathered, which is then forgotten."""
    gathered = "".join(text)
    text.clear()
    return gathered


def read_xml(part: Part, budget: Budget) -> Iterator[Passage]:
    """An XML document of unknown vocabulary (SVG, exports)."""
    sink = Everything()
    for _ in parse(slices(part.data), sink):
        yield from passages(part.where, drain(sink.text), budget)


def slices(data: bytes, size: int = 1 << 18) -> Iterator[bytes]:
    """Bytes in chunks."""
    yield from (data[at : at + size] for at in range(0, len(data), size))


_BLOCKS = frozenset(
    {
        "address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "fieldset", "figcaption", "footer",
        "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "option", "p", "pre",
        "section", "table", "tr", "ul", "title",
    }
)  # fmt: skip
_SILENT = frozenset({"script", "style"})


class _Page(HTMLParser):
    """Gathers (quoted, text) of a page."""

    def __init__(self, take: Callable[[str, bool], None]) -> None:
        super().__init__(convert_charrefs=True)
        self._take = take
        self._quotes = 0
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Blocks begin lines, cells are parted by tabs, links to mail and phones are text."""
        if tag in _SILENT:
            self._silent += 1
        elif tag == "blockquote":
            self._quotes += 1
        elif tag in ("td", "th"):
            self._take("\t", self._quotes > 0)
        if tag in _BLOCKS:
            self._take("\n", self._quotes > 0)
        for name, value in attrs:
            if name == "href" and value and value.startswith(("mailto:", "tel:")):
                self._take(f" {value.partition(':')[2]} ", self._quotes > 0)
            elif name in ("alt", "title", "value") and value:
                self._take(f" {value} ", self._quotes > 0)

    def handle_endtag(self, tag: str) -> None:
        """The other end of what began."""
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        if tag in _BLOCKS:
            self._take("\n", self._quotes > 0)
        if tag == "blockquote":
            self._quotes = max(0, self._quotes - 1)

    def handle_data(self, data: str) -> None:
        """Characters, outside scripts and styles."""
        if not self._silent:
            self._take(data, self._quotes > 0)


def read_html(part: Part, budget: Budget) -> Iterator[Passage]:
    """A page as a reader sees it; what it quotes is marked."""
    gathered: dict[bool, list[str]] = {False: [], True: []}
    page = _Page(lambda text, quoted: gathered[quoted].append(text))
    text = decode(part.data, part.charset)
    for at in range(0, len(text), 1 << 16):
        page.feed(text[at : at + (1 << 16)])
    page.close()
    for quoted, found in gathered.items():
        yield from passages(part.where, drain(found), budget, quoted=quoted)
