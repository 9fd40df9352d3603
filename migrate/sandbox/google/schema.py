"""Does a body fit the schema of its discovery document? Said in paths, never in values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from migrate.sandbox.google.discovery import RFC3339, Json

_LIMITS = {
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint64": (0, 2**64 - 1),
}
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*={0,2}")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def defects(value: Any, schema: Json, schemas: Mapping[str, Json]) -> list[str]:
    """Each place where ``value`` is not what ``schema`` declares: unknown field, wrong type, unknown word."""
    found: list[str] = []
    _any(value, schema, schemas, "", found)
    return found


def _any(value: Any, schema: Json, schemas: Mapping[str, Json], path: str, found: list[str]) -> None:
    if "$ref" in schema:
        schema, path = schemas[schema["$ref"]], path or schema["$ref"]
    match schema.get("type"):
        case "object":
            _object(value, schema, schemas, path, found)
        case "array" if isinstance(value, list):
            inner, below = schema["items"], f"{path}[]"
            for item in value:
                _any(item, inner, schemas, below, found)
        case "array":
            found.append(f"{path}: not a list")
        case "any" | None:
            return
        case _ if not _scalar(value, schema):
            found.append(f"{path}: not a {schema.get('format') or schema['type']} as declared")


def _object(value: Any, schema: Json, schemas: Mapping[str, Json], path: str, found: list[str]) -> None:
    if not isinstance(value, dict):
        found.append(f"{path}: not an object")
        return
    properties, others = schema.get("properties", {}), schema.get("additionalProperties")
    for name, inner in value.items():
        declared = properties.get(name, others)
        if declared is None:
            found.append(f"{path}.{name}: unknown field")
        elif not (type(inner) is str and _is_plain(declared)):
            _any(inner, declared, schemas, f"{path}.{name if name in properties else '*'}", found)


def _is_plain(declared: Json) -> bool:
    """Any string will do: most of a listing, and no need to look closer."""
    return declared.get("type") == "string" and "format" not in declared and "enum" not in declared


def _scalar(value: Any, schema: Json) -> bool:
    match schema["type"]:
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            low, high = _LIMITS[schema.get("format", "int32")]
            return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case _:
            return isinstance(value, str) and _string(value, schema)


def _string(value: str, schema: Json) -> bool:
    if "enum" in schema and value not in schema["enum"]:
        return False
    match schema.get("format"):
        case "int64" | "uint64" as form:
            low, high = _LIMITS[form]
            return re.fullmatch(r"-?\d+", value) is not None and low <= int(value) <= high
        case "date-time" | "google-datetime":
            return RFC3339.fullmatch(value) is not None
        case "date":
            return _DATE.fullmatch(value) is not None
        case "byte":
            return _BASE64URL.fullmatch(value) is not None
        case _:
            return True
