"""The contract: Google's own discovery documents, as shipped inside google-api-python-client.

Every request is matched against their methods and every parameter against its declaration.
https://developers.google.com/discovery/v1/reference/apis
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any
from urllib.parse import parse_qsl, unquote

from migrate.sandbox.google.errors import GoogleError, bad_request

Json = dict[str, Any]
DOCUMENTS = ("gmail.v1", "calendar.v3", "drive.v3", "people.v1", "tasks.v1", "admin.directory_v1")
_INTEGERS = {"int32": (-(2**31), 2**31 - 1), "uint32": (0, 2**32 - 1)}
_LONGS = {"int64": (-(2**63), 2**63 - 1), "uint64": (0, 2**64 - 1)}
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


@dataclass(frozen=True, slots=True)
class Method:
    """One method of one API."""

    id: str
    verb: str
    path: re.Pattern[str]
    parameters: Mapping[str, Json]
    scopes: frozenset[str]
    response: str
    """Name of the response's schema; empty when it has no JSON body."""
    api: Api

    @property
    def service(self) -> str:
        """``gmail``, ``calendar``, ``drive``, ``people``, ``tasks`` or ``directory``."""
        return self.id.split(".", 1)[0]


@dataclass(frozen=True, slots=True)
class Api:
    """One discovery document."""

    name: str
    schemas: Mapping[str, Json]


class Router:
    """All methods of the documents, found by verb and path."""

    def __init__(self) -> None:
        self._methods: dict[tuple[str, int], list[Method]] = {}
        for document in DOCUMENTS:
            for method in _methods_of(document):
                depth = method.path.pattern.replace("[^/]", "").count("/")
                self._methods.setdefault((method.verb, depth), []).append(method)
        for methods in self._methods.values():
            # files/generateIds before files/{fileId}.
            methods.sort(key=lambda method: method.path.groups)

    def find(self, verb: str, path: str) -> tuple[Method, dict[str, str]]:
        """The method and its path parameters. ``path`` is still percent-encoded. Raises GoogleError 404."""
        for method in self._methods.get((verb, path.count("/")), ()):
            match = method.path.fullmatch(path)
            if match:
                return method, {name: unquote(value) for name, value in match.groupdict().items()}
        raise GoogleError(404, "notFound", "The requested URL was not found on this server.")


@cache
def router() -> Router:
    """The one router: the documents do not change while a program runs."""
    return Router()


@cache
def document(name: str) -> Json:
    """A discovery document, parsed."""
    folder = resources.files("googleapiclient") / "discovery_cache" / "documents"
    parsed: Json = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return parsed


@cache
def known_scopes() -> frozenset[str]:
    """Every OAuth scope that one of the documents names."""
    return frozenset(scope for name in DOCUMENTS for scope in document(name)["auth"]["oauth2"]["scopes"])


def _methods_of(name: str) -> Iterator[Method]:
    source = document(name)
    api = Api(name, source["schemas"])
    pending = [source]
    while pending:
        resource = pending.pop()
        pending.extend(resource.get("resources", {}).values())
        for method in resource.get("methods", {}).values():
            yield _method(source, api, method)


def _method(source: Json, api: Api, method: Json) -> Method:
    template = "/" + source["servicePath"] + method["path"]
    declared = method.get("parameters", {})

    def segment(match: re.Match[str]) -> str:
        # {name} stands for one segment; {+name} for what its declaration says, or for one segment too.
        form = str(declared.get(match[2], {}).get("pattern", "")) if match[1] else ""
        return f"(?P<{match[2]}>{form.removeprefix('^').removesuffix('$') or '[^/]+'})"

    pattern = re.sub(r"\\\{(\\?\+)?(\w+)\\\}", segment, re.escape(template))
    return Method(
        id=method["id"],
        verb=method["httpMethod"],
        path=re.compile(pattern),
        parameters={**source["parameters"], **method.get("parameters", {})},
        scopes=frozenset(method.get("scopes", ())),
        response=method.get("response", {}).get("$ref", ""),
        api=api,
    )


def read_parameters(method: Method, path: Mapping[str, str], query: str) -> Json:
    """Every parameter as its declared type, defaults included. Raises GoogleError 400 for any that is not as declared.

    Unknown names are refused as Google's front end does ("Cannot bind query parameter").
    """
    given: dict[str, list[str]] = {}
    for name, text in parse_qsl(query, keep_blank_values=True):
        given.setdefault(name, []).append(text)
    for name in given:
        _known(method, name)
    given |= {name: [text] for name, text in path.items()}
    return {
        name: value
        for name, declared in method.parameters.items()
        if (value := _read(name, declared, given.get(name))) is not None
    }


def _known(method: Method, name: str) -> None:
    declared = method.parameters.get(name)
    if declared is None or declared["location"] != "query":
        raise bad_request(
            f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query parameter. '
            f"Field '{name}' could not be found in request message.",
            location=name,
        )


def _read(name: str, declared: Json, texts: Sequence[str] | None) -> Any:
    if not texts:
        if declared.get("required"):
            raise bad_request(f"Required parameter: {name}", location=name, reason="required")
        return _typed(name, declared, declared["default"]) if "default" in declared else None
    if declared.get("repeated"):
        return [_typed(name, declared, text) for text in texts]
    if len(texts) > 1:
        raise bad_request(f"Parameter {name} is not repeatable.", location=name)
    return _typed(name, declared, texts[0])


def _typed(name: str, declared: Json, text: str) -> Any:
    match declared["type"]:
        case "boolean":
            if text not in ("true", "false"):
                raise _invalid(name, text)
            return text == "true"
        case "integer":
            return _integer(name, declared, text)
        case _:
            return _string(name, declared, text)


def _integer(name: str, declared: Json, text: str) -> int:
    low, high = _INTEGERS[declared.get("format", "int32")]
    low = max(low, int(declared.get("minimum", low)))
    high = min(high, int(declared.get("maximum", high)))
    if not re.fullmatch(r"-?\d+", text):
        raise _invalid(name, text)
    if not low <= int(text) <= high:
        raise bad_request(f"Invalid value '{text}'. Values must be within the range: [{low}, {high}]", location=name)
    return int(text)


def _string(name: str, declared: Json, text: str) -> str:
    enum, form = declared.get("enum"), declared.get("format")
    if enum is not None and text not in enum:
        raise _invalid(name, text)
    if form in _LONGS:
        low, high = _LONGS[form]
        if not re.fullmatch(r"-?\d+", text) or not low <= int(text) <= high:
            raise _invalid(name, text)
    if form == "date-time" and not RFC3339.fullmatch(text):
        raise _invalid(name, text)
    if "pattern" in declared and not re.search(declared["pattern"], text):
        raise _invalid(name, text)
    return text


def _invalid(name: str, text: str) -> GoogleError:
    return bad_request(f"Invalid value at '{name}': \"{text}\"", location=name)
