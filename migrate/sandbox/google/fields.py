"""Partial responses: the ``fields`` parameter, parsed, checked against the schema and obeyed exactly.

Grammar: https://developers.google.com/workspace/drive/api/guides/fields-parameter
``a,b(c,d),e/f,*``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from migrate.sandbox.google.discovery import Api, Json
from migrate.sandbox.google.errors import GoogleError, bad_request

Mask = dict[str, Any]
"""Names to the masks below them; an empty mask means everything."""
_TOKEN = re.compile(r"\s*([A-Za-z0-9_.$@#-]+|\*|[(),/])")


def parse(text: str, api: Api, response: str) -> Mask:
    """The mask, every name known to the response's schema. Raises GoogleError 400."""
    mask = _parsed(text)
    _check(mask, {"$ref": response}, api.schemas)
    return mask


def apply(mask: Mask, value: Any) -> Any:
    """Only what the mask selects."""
    if not mask:
        return value
    if isinstance(value, list):
        return [apply(mask, item) for item in value]
    if not isinstance(value, dict):
        return value
    if "*" in mask:
        others: Mask = mask["*"]
        return {name: apply(mask.get(name, others), inner) for name, inner in value.items()}
    return {name: apply(mask[name], inner) for name, inner in value.items() if name in mask}


def below(mask: Mask, name: str) -> Mask | None:
    """The mask of one field: ``{}`` for all of it, None when it is not selected."""
    if not mask:
        return {}
    found: Mask | None = mask.get(name, mask.get("*"))
    return found


def _error(text: str) -> GoogleError:
    return bad_request(f"Invalid field selection {text}", location="fields")


def _parsed(text: str) -> Mask:
    """A copy of the cached parse is never changed: masks are read only after this."""
    return _cached(text)


@lru_cache(maxsize=256)
def _cached(text: str) -> Mask:
    tokens: list[str] = []
    position = 0
    stripped = text.rstrip()
    while position < len(stripped):
        match = _TOKEN.match(stripped, position)
        if match is None:
            raise _error(text)
        tokens.append(match.group(1))
        position = match.end()
    mask: Mask = {}
    _list(tokens, mask, text)
    if tokens:
        raise _error(text)
    return mask


def _list(tokens: list[str], into: Mask, text: str) -> None:
    while True:
        _item(tokens, into, text)
        if not tokens or tokens[0] != ",":
            return
        tokens.pop(0)


def _item(tokens: list[str], into: Mask, text: str) -> None:
    if not tokens or tokens[0] in "(),/":
        raise _error(text)
    name = tokens.pop(0)
    known, inner = name in into, into.get(name, {})
    nested = bool(tokens) and tokens[0] in "/("
    if nested and tokens.pop(0) == "/":
        fresh: Mask = dict(inner)
        _item(tokens, fresh, text)
    elif nested:
        fresh = dict(inner)
        _list(tokens, fresh, text)
        if not tokens or tokens.pop(0) != ")":
            raise _error(text)
    else:
        fresh = {}
    # "a,a(b)" selects all of a: the wider choice wins.
    into[name] = {} if known and not inner else fresh


def _check(mask: Mask, schema: Json, schemas: Mapping[str, Json]) -> None:
    while "$ref" in schema or schema.get("type") == "array":
        schema = schemas[schema["$ref"]] if "$ref" in schema else schema["items"]
    properties, others = schema.get("properties", {}), schema.get("additionalProperties")
    for name, inner in mask.items():
        if name == "*":
            continue
        declared = properties.get(name, others)
        if declared is None:
            raise _error(name)
        if inner:
            _check(inner, declared, schemas)
