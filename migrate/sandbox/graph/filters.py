"""``$filter``: parsed to a predicate over Graph's JSON, and refused where it is not OData.

https://docs.oasis-open.org/odata/odata/v4.01/odata-v4.01-part2-url-conventions.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from migrate.sandbox.graph import schema
from migrate.sandbox.graph.errors import bad_request

Predicate = Callable[[dict[str, Any]], bool]
_TOKEN = re.compile(
    r"\s*(?:(?P<string>'(?:[^']|'')*')"
    r"|(?P<moment>\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?)"
    r"|(?P<number>-?\d+(?:\.\d+)?)"
    r"|(?P<name>[A-Za-z_][\w/]*)"
    r"|(?P<mark>[(),:]))"
)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda left, right: left == right,
    "ne": lambda left, right: left != right,
    "gt": lambda left, right: left > right,
    "ge": lambda left, right: left >= right,
    "lt": lambda left, right: left < right,
    "le": lambda left, right: left <= right,
}
_WORDS: dict[str, Callable[[str, str], bool]] = {
    "startswith": str.startswith,
    "endswith": str.endswith,
    "contains": str.__contains__,
}


@dataclass(slots=True)
class Filter:
    """A parsed filter: what it lets through, and the properties it speaks of, in order."""

    passes: Predicate
    names: list[str] = field(default_factory=list)


def parse(text: str, kind: str) -> Filter:
    """A filter over values of the type ``kind``. Raises GraphError 400."""
    reader = _Reader(list(_tokens(text)), kind)
    passes = reader.either()
    if reader.at < len(reader.tokens):
        raise _invalid("syntax error")
    return Filter(passes, reader.names)


def _invalid(what: str) -> Exception:
    return bad_request(f"Invalid filter clause: {what}.")


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    place = 0
    while text[place:].strip():
        match = _TOKEN.match(text, place)
        if match is None:
            raise _invalid("syntax error")
        place = match.end()
        yield str(match.lastgroup), match.group(str(match.lastgroup))


class _Reader:
    """A recursive descent over the tokens."""

    def __init__(self, tokens: list[tuple[str, str]], kind: str) -> None:
        self.tokens = tokens
        self.at = 0
        self.names: list[str] = []
        self._kind = kind
        self._variables: set[str] = set()

    def either(self) -> Predicate:
        parts = [self._both()]
        while self._take("name", "or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else lambda value: any(part(value) for part in parts)

    def _both(self) -> Predicate:
        parts = [self._one()]
        while self._take("name", "and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else lambda value: all(part(value) for part in parts)

    def _one(self) -> Predicate:
        if self._take("name", "not"):
            inner = self._one()
            return lambda value: not inner(value)
        if self._take("mark", "("):
            inner = self.either()
            self._need(")")
            return inner
        name = self._next("name")
        if name in _WORDS:
            return self._function(_WORDS[name])
        if name.endswith("/any"):
            return self._any(name.removesuffix("/any"))
        return self._comparison(name)

    def _comparison(self, name: str) -> Predicate:
        read = self._path(name)
        operator = self._next("name")
        if operator == "in":
            self._need("(")
            wanted = [self._literal()]
            while self._take("mark", ","):
                wanted.append(self._literal())
            self._need(")")
            return lambda value: _like(read(value), wanted[0]) in wanted
        if operator not in _COMPARE:
            raise _invalid(f"unknown operator {operator}")
        compare, literal = _COMPARE[operator], self._literal()

        def passes(value: dict[str, Any]) -> bool:
            found = _like(read(value), literal)
            if (found is None or literal is None) and operator not in ("eq", "ne"):
                return False
            return compare(found, literal)

        return passes

    def _function(self, holds: Callable[[str, str], bool]) -> Predicate:
        self._need("(")
        read = self._path(self._next("name"))
        self._need(",")
        wanted = self._literal()
        self._need(")")
        if not isinstance(wanted, str):
            raise _invalid("a text was expected")
        return lambda value: holds(str(read(value) or "").lower(), wanted.lower())

    def _any(self, name: str) -> Predicate:
        read = self._path(name)
        self._need("(")
        variable = self._next("name")
        self._need(":")
        self._variables.add(variable)
        inner = self.either()
        self._variables.discard(variable)
        self._need(")")
        return lambda value: any(inner({variable: item}) for item in read(value) or ())

    def _path(self, name: str) -> Callable[[dict[str, Any]], Any]:
        head, *rest = name.split("/")
        if head not in self._variables:
            _known(head, rest, self._kind)
            self.names.append(name)

        def read(value: dict[str, Any]) -> Any:
            found: Any = value
            for part in (head, *rest):
                found = found.get(part) if isinstance(found, dict) else None
            return found

        return read

    def _literal(self) -> Any:
        group, text = self._token()
        match group:
            case "string":
                return text[1:-1].replace("''", "'")
            case "number":
                return float(text) if "." in text else int(text)
            case "moment":
                return _moment(text)
            case "name" if text in ("true", "false", "null"):
                return {"true": True, "false": False, "null": None}[text]
        raise _invalid("a value was expected")

    def _token(self) -> tuple[str, str]:
        if self.at >= len(self.tokens):
            raise _invalid("it ends too early")
        self.at += 1
        return self.tokens[self.at - 1]

    def _next(self, group: str) -> str:
        found, text = self._token()
        if found != group:
            raise _invalid("syntax error")
        return text

    def _need(self, mark: str) -> None:
        if not self._take("mark", mark):
            raise _invalid(f"{mark} was expected")

    def _take(self, group: str, text: str) -> bool:
        if self.at < len(self.tokens) and self.tokens[self.at] == (group, text):
            self.at += 1
            return True
        return False


def _known(head: str, rest: list[str], kind: str) -> None:
    declared = schema.properties(kind).get(head) or schema.navigation(kind).get(head)
    if declared is None:
        raise _invalid(f"Could not find a property named '{head}' on type 'microsoft.graph.{kind}'")
    if rest and declared.type in schema.types():
        _known(rest[0], rest[1:], declared.type)


def _moment(text: str) -> Any:
    return datetime.fromisoformat(text.replace("Z", "+00:00")) if "T" in text else text


def _like(value: Any, literal: Any) -> Any:
    """The value in the form of what it is compared with: moments as moments, texts without case."""
    if isinstance(literal, datetime) and isinstance(value, str):
        return datetime.fromisoformat(value[:19] + "+00:00" if value.endswith("Z") else value)
    return value
