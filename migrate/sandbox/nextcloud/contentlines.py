"""iCalendar and vCard as trees of content lines (RFC 5545 §3.1), enough to check and repair without rewriting."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_LINE = re.compile(
    r"^(?:[A-Za-z0-9-]+\.)?(?P<name>[A-Za-z0-9-]+)(?P<params>(?:;[^:\";]*(?:\"[^\"]*\"[^:\";]*)*)*):(?P<value>.*)$",
    re.S,
)
_PARAM = re.compile(r";([A-Za-z0-9-]+)=((?:\"[^\"]*\"|[^;:\"])*)")


class ParseFailure(ValueError):
    """Text that is no iCalendar or vCard."""


@dataclass(slots=True)
class Line:
    """One unfolded content line."""

    name: str
    params: dict[str, str]
    value: str
    text: str
    """As it stood, folds included, without the last line end."""


@dataclass(slots=True)
class Component:
    """BEGIN to END."""

    name: str
    lines: list[Line] = field(default_factory=list)
    children: list[Component] = field(default_factory=list)
    order: list[Line | Component] = field(default_factory=list)

    def all(self, name: str) -> list[Line]:
        """Every line of a name."""
        return [line for line in self.lines if line.name == name]

    def first(self, name: str) -> Line | None:
        """The first line of a name."""
        return next((line for line in self.lines if line.name == name), None)

    def value(self, name: str) -> str:
        """The value of the first line of a name, empty when there is none."""
        line = self.first(name)
        return line.value if line else ""

    def add(self, line: Line) -> None:
        """Append a line."""
        self.lines.append(line)
        position = next((at for at, item in enumerate(self.order) if isinstance(item, Component)), len(self.order))
        self.order.insert(position, line)

    def remove(self, line: Line) -> None:
        """Take a line out (the very one, not its equals)."""
        self.lines = [kept for kept in self.lines if kept is not line]
        self.order = [kept for kept in self.order if kept is not line]

    def serialize(self) -> str:
        """As text, line ends CRLF; untouched lines as they stood."""
        return "".join(f"{text}\r\n" for text in self._texts())

    def _texts(self) -> Iterator[str]:
        yield f"BEGIN:{self.name}"
        for item in self.order:
            if isinstance(item, Component):
                yield from item._texts()
            else:
                yield item.text
        yield f"END:{self.name}"


def new_line(name: str, value: str) -> Line:
    """A line without parameters."""
    return Line(name, {}, value, f"{name}:{value}")


def parse(text: str) -> Component:
    """The one component of a text. Raises ParseFailure."""
    stack: list[Component] = []
    root: Component | None = None
    for raw, unfolded in _unfold(text):
        line = _line(unfolded, raw)
        if line.name == "BEGIN":
            if root is not None:
                raise ParseFailure("More than one component at the top")
            component = Component(line.value.strip().upper())
            if stack:
                stack[-1].children.append(component)
                stack[-1].order.append(component)
            stack.append(component)
        elif not stack:
            raise ParseFailure("This parser only supports VCARD and VCALENDAR files")
        elif line.name == "END":
            closed = stack.pop()
            if closed.name != line.value.strip().upper():
                raise ParseFailure(f"Invalid MimeDir file. expected: END:{closed.name}")
            root = closed if not stack else None
        else:
            stack[-1].lines.append(line)
            stack[-1].order.append(line)
    if root is None:
        raise ParseFailure("End of document reached prematurely")
    return root


def _unfold(text: str) -> Iterator[tuple[str, str]]:
    raw, unfolded = "", ""
    for line in text.lstrip("\ufeff").replace("\r\n", "\n").split("\n"):
        if line[:1] in (" ", "\t") and raw:
            raw, unfolded = f"{raw}\r\n{line}", unfolded + line[1:]
            continue
        if raw:
            yield raw, unfolded
        raw = unfolded = line
    if raw:
        yield raw, unfolded


def _line(unfolded: str, raw: str) -> Line:
    match = _LINE.match(unfolded)
    if match is None:
        raise ParseFailure("Invalid Mimedir file. A line does not follow iCalendar/vCard conventions")
    params = {name.upper(): value.strip('"') for name, value in _PARAM.findall(match["params"])}
    return Line(match["name"].upper(), params, match["value"], raw)
