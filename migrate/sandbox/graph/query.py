"""System query options of OData: read from the query string, held to the schema and to what an operation takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from migrate.sandbox.graph import schema
from migrate.sandbox.graph.errors import GraphError, bad_request
from migrate.sandbox.graph.filters import Filter, parse


@dataclass(frozen=True, slots=True)
class Query:
    """What a request asks of a listing or an entity."""

    select: tuple[str, ...] = ()
    """Properties wanted; empty for those given by default."""
    expand: Mapping[str, Query] = field(default_factory=dict)
    where: Filter | None = None
    order: tuple[tuple[str, bool], ...] = ()
    """Property paths and whether descending."""
    top: int | None = None
    skip: int = 0
    count: bool = False
    token: str | None = None
    """``$skiptoken``, ``$deltatoken`` or, for drives, ``token``."""
    text: Mapping[str, str] = field(default_factory=dict)
    """Every option as it was written, without the tokens: what a page's address carries on."""

    def wants(self, name: str) -> bool:
        """Whether the answer keeps that property, default ones included only when ``select`` is empty."""
        return name in self.select if self.select else name not in BY_REQUEST


DOWNLOAD = "@microsoft.graph.downloadUrl"
DOWNLOAD_NAMES = frozenset({DOWNLOAD, "content.downloadUrl"})
BY_REQUEST = frozenset({"uniqueBody", "internetMessageHeaders", "cancelledOccurrences", "content"})
"""Properties that are only given when selected."""


def read(query_string: str, kind: str, allowed: frozenset[str]) -> Query:
    """The options of a request for values of the type ``kind``. Raises GraphError 400 for one that is not allowed."""
    options: dict[str, str] = {}
    for name, value in parse_qsl(query_string, keep_blank_values=True):
        key = name if name in allowed else f"${name}" if f"${name}" in allowed else name
        if key not in allowed:
            raise bad_request(f"The query parameter '{name}' is not supported here.", "ErrorInvalidUrlQuery")
        if key in options:
            raise bad_request(f"Query option '{name}' was specified more than once.")
        options[key] = value
    return built(options, kind)


def built(options: Mapping[str, str], kind: str) -> Query:
    """The options already sorted out by name. Raises GraphError 400."""
    tokens = ("$skiptoken", "$deltatoken", "token")
    return Query(
        select=tuple(_select(options.get("$select", ""), kind)),
        expand=dict(_expand(options.get("$expand", ""), kind)),
        where=parse(options["$filter"], kind) if options.get("$filter") else None,
        order=tuple(_order(options.get("$orderby", ""), kind)),
        top=_number(options, "$top"),
        skip=_number(options, "$skip") or 0,
        count=_boolean(options.get("$count", "false")),
        token=next((options[name] for name in tokens if name in options), None),
        text={name: value for name, value in options.items() if name not in tokens},
    )


def _select(text: str, kind: str) -> Iterator[str]:
    for name in filter(None, (part.strip() for part in text.split(","))):
        if name == "*":
            continue
        if name in DOWNLOAD_NAMES:
            yield DOWNLOAD
            continue
        if "@" not in name and not any(name in {**sub.properties, **sub.navigation} for sub in _family(kind)):
            raise unknown(name, kind)
        yield name


def _family(kind: str) -> Iterator[schema.Type]:
    """A type and those that come from it: a listing may hold them all."""
    return (declared for name, declared in schema.types().items() if schema.derives(name, kind))


def unknown(name: str, kind: str) -> GraphError:
    """A property the type does not have."""
    return bad_request(
        "Parsing OData Select and Expand failed: "
        f"Could not find a property named '{name}' on type 'microsoft.graph.{kind}'."
    )


def _expand(text: str, kind: str) -> Iterator[tuple[str, Query]]:
    for part in _split(text, ","):
        name, _, inner = part.strip().partition("(")
        if name not in schema.navigation(kind):
            raise unknown(name, kind)
        if inner and not inner.endswith(")"):
            raise bad_request("Parsing OData Select and Expand failed: parentheses do not match.")
        options = dict(_option(option) for option in _split(inner.removesuffix(")"), ";"))
        if not options.keys() <= {"$select", "$expand", "$filter", "$top", "$orderby"}:
            raise bad_request("Parsing OData Select and Expand failed: unknown option.")
        yield name, built(options, schema.navigation(kind)[name].type)


def _option(text: str) -> tuple[str, str]:
    name, _, value = text.strip().partition("=")
    return name, value


def _split(text: str, mark: str) -> Iterator[str]:
    """Parts between marks that stand outside parentheses and quotes."""
    depth, quoted, start = 0, False, 0
    for index, letter in enumerate(text):
        quoted ^= letter == "'"
        depth += 0 if quoted else (letter == "(") - (letter == ")")
        if letter == mark and not depth and not quoted:
            yield text[start:index]
            start = index + 1
    if text[start:].strip():
        yield text[start:]


def _order(text: str, kind: str) -> Iterator[tuple[str, bool]]:
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, direction = part.partition(" ")
        if name.split("/")[0] not in schema.properties(kind):
            raise unknown(name, kind)
        if direction.strip() not in ("", "asc", "desc"):
            raise bad_request("Syntax error in $orderby.")
        yield name, direction.strip() == "desc"


def _number(options: Mapping[str, str], name: str) -> int | None:
    text = options.get(name)
    if text is None:
        return None
    if not text.isdigit():
        raise bad_request(f"Invalid value '{text}' for {name} query option found.")
    return int(text)


def _boolean(text: str) -> bool:
    if text not in ("true", "false"):
        raise bad_request("Invalid value for $count query option found.")
    return text == "true"


def ordered(values: list[dict[str, Any]], order: tuple[tuple[str, bool], ...]) -> list[dict[str, Any]]:
    """The values sorted; null comes first, as the original does."""
    for path, descending in reversed(order):
        values.sort(key=lambda value: _key(value, path), reverse=descending)
    return values


def _key(value: Any, path: str) -> tuple[int, Any]:
    for name in path.split("/"):
        value = value.get(name) if isinstance(value, dict) else None
    if value is None:
        return 0, ""
    return (2, value.lower()) if isinstance(value, str) else (1, value)
