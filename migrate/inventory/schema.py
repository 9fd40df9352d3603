"""The JSON Schema (2020-12) of ``inventory.json``, shipped with every bundle."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

_COUNT: Json = {"type": ["integer", "null"], "minimum": 0}
_TEXT: Json = {"type": "string"}
_DAY: Json = {"type": "string", "pattern": r"^(\d{4}-\d{2}-\d{2})?$"}
_SIDE: Json = {"enum": ["before", "after"]}


def _object(properties: Json, *, optional: tuple[str, ...] = ()) -> Json:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _list(properties: Json, *, optional: tuple[str, ...] = ()) -> Json:
    return {"type": "array", "items": _object(properties, optional=optional)}


def _map(value: Json) -> Json:
    return {"type": "object", "additionalProperties": value}


def _table(row: str, column: str) -> Json:
    return _list({row: _TEXT, column: _TEXT, "items": _COUNT})


_WHOLE: Json = {"type": "integer", "minimum": 0}
_FLAG: Json = {"type": "boolean"}
_NAMES: Json = {"type": "array", "items": _TEXT}


def inventory_schema() -> Json:
    """``null`` in place of a count: it was suppressed (audience ``audit``)."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:transhume:inventory:1",
        "title": "transhume inventory",
        **_object(_HEAD | _BODY),
    }


_HEAD: Json = {
    "schema_version": {"type": "string", "pattern": r"^1\.\d+$"},
    "audience": {"enum": ["audit", "controller"]},
    "suppressed_below": _WHOLE,
    "tool": _object({"name": _TEXT, "version": _TEXT, "rule_pack": _TEXT}),
    "reference_date": _DAY,
    "territory": {"enum": ["FR", "BE"]},
    "language": {"enum": ["fr", "en"]},
    "organisation": _TEXT,
    "controller": _object({"name": _TEXT, "contact": _TEXT, "dpo": _TEXT}),
    "host": _object({"name": _TEXT, "country": _TEXT, "for_others": _FLAG, "hds": _FLAG}),
    "scope": _object(
        {
            "content": _FLAG,
            "after": _FLAG,
            "accounts": _WHOLE,
            "accounts_sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            "services": _NAMES,
            "waves": _NAMES,
            "filtered": _FLAG,
            "lanes": _WHOLE,
            "lanes_listed": _WHOLE,
            "errors": _list({"code": _TEXT, "lanes": _WHOLE}),
            "complete": _FLAG,
            "items": _WHOLE,
            "bytes": _WHOLE,
            "characters_read": _WHOLE,
        }
    ),
}
_BODY: Json = {
    "coverage": _list(
        {"service": _TEXT, "items": _WHOLE, "bytes": _WHOLE, "oldest": _DAY, "newest": _DAY, "read": _WHOLE}
    ),
    "ages": _table("service", "age"),
    "media_types": _table("service", "media_type"),
    "unread": _list({"service": _TEXT, "reason": _TEXT, "scope": {"enum": ["item", "part"]}, "items": _WHOLE}),
    "holdings": _table("activity", "category"),
    "subjects": _table("activity", "subject"),
    "kinds": _list(
        {
            "kind": _TEXT,
            "category": _TEXT,
            "certain": _COUNT,
            "probable": _COUNT,
            "items": _COUNT,
            "values": _COUNT,
            "to_check": _COUNT,
        }
    ),
    "own_identity": _list({"kind": _TEXT, "items": _COUNT}),
    "exposure": _object(
        {
            "reach": _map(_table("service", "reach")),
            "collections": _map(_table("service", "reach")),
            "writable_beyond": _map(_COUNT),
            "categories_beyond": _table("reach", "category"),
            "forwarding": {"enum": ["not-told"]},
            "outside_domains": _list(
                {"side": _SIDE, "domain": _TEXT, "items": _COUNT, "domains": _WHOLE}, optional=("domains",)
            ),
        }
    ),
    "dormant": _object({"months": _WHOLE, "accounts": _WHOLE, "names": _NAMES}, optional=("names",)),
    "orphans": _list({"service": _TEXT, "items": _COUNT}),
    "retention": _list(
        {
            "activity": _TEXT,
            "months": _WHOLE,
            "items": _COUNT,
            "oldest": _DAY,
            "newest": _DAY,
            "ages": _map(_COUNT),
            "overdue": _COUNT,
        }
    ),
    "reconciliation": {
        "oneOf": [
            {"type": "null"},
            _object(
                {
                    "plan": _TEXT,
                    "services": _list(
                        {"service": _TEXT}
                        | dict.fromkeys(
                            (
                                "listed",
                                "migrated",
                                "excluded",
                                "unsupported",
                                "blocked",
                                "failed",
                                "waiting",
                                "vanished",
                            ),
                            _WHOLE,
                        )
                        | {"unexplained": {"type": "integer"}}
                    ),
                    "reasons": _list({"service": _TEXT, "class": _TEXT, "code": _TEXT, "items": _WHOLE}),
                }
            ),
        ]
    },
    "register": _list(
        {
            "activity": _TEXT,
            "name": _TEXT,
            "purpose": _TEXT,
            "legal_basis": _TEXT,
            "persons": _NAMES,
            "recipients": _NAMES,
            "retention_months": _WHOLE,
            "national_number_purpose": _TEXT,
            "confirmed": _FLAG,
            "items": _COUNT,
            "bytes": _WHOLE,
            "oldest": _DAY,
            "newest": _DAY,
            "categories": _map(_COUNT),
            "subjects": _map(_COUNT),
        }
    ),
    "alerts": _list(
        {"code": _TEXT, "severity": {"enum": ["red", "amber", "blue"]}, "activity": _TEXT, "count": _COUNT}
    ),
    "systems": _list({"side": {"enum": ["source", "target"]}, "name": _TEXT, "connector": _TEXT}),
}
