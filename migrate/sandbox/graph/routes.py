"""Which operation a path names."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote, unquote

from migrate.sandbox.graph.call import Operation
from migrate.sandbox.graph.errors import bad_request


class Router:
    """Paths to operations. A literal segment is preferred to a parameter."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        self._by_length: dict[int, list[tuple[tuple[str, ...], Operation]]] = {}
        for operation in operations:
            parts = tuple(operation.template.split("/"))
            self._by_length.setdefault(len(parts), []).append((parts, operation))
        for candidates in self._by_length.values():
            candidates.sort(key=lambda candidate: [part.startswith("{") for part in candidate[0]])

    def find(self, path: str) -> tuple[Operation, dict[str, str]]:
        """The operation of a raw path below ``/v1.0/``, and its parameters. Raises GraphError 400."""
        parts = [unquote(part) for part in _named(path).split("/")]
        for template, operation in self._by_length.get(len(parts), ()):
            found = _match(template, parts)
            if found is not None:
                return operation, found
        raise bad_request(f"Resource not found for the segment '{parts[-1]}'.")


def _named(path: str) -> str:
    """``/me/…`` as ``/users/{me}/…``, and functions without their parentheses."""
    parts = [part.removesuffix("()") for part in path.strip("/").split("/")]
    if parts[0] == "me":
        parts[0:1] = ["users", "me"]
    if parts[:2] == ["users", "me-token-to-replace"]:
        parts[1] = "me"
    return _by_place("/".join(parts))


def _by_place(path: str) -> str:
    """``…/root:/a/b:/children`` as ``…/items/path:a%2Fb/children``."""
    head, mark, rest = path.partition("/root:/")
    if not mark:
        return path
    place, _, below = rest.partition(":")
    return f"{head}/items/path:{quote(unquote(place).strip('/'), safe='')}{below.rstrip('/')}"


def _match(template: tuple[str, ...], parts: Sequence[str]) -> dict[str, str] | None:
    found: dict[str, str] = {}
    for wanted, part in zip(template, parts, strict=True):
        if wanted.startswith("{"):
            found[wanted.strip("{}")] = part
        elif wanted.lower() != part.lower():
            return None
    return found
