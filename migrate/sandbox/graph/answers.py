"""From what a handler found to what goes back: filtered, sorted, paged, expanded, selected, in that order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlencode

from migrate.sandbox.cursors import BadCursor, ExpiredCursor, page
from migrate.sandbox.graph import schema
from migrate.sandbox.graph.call import Call, Delta, Listing
from migrate.sandbox.graph.errors import GraphError, bad_request
from migrate.sandbox.graph.filters import Filter
from migrate.sandbox.graph.query import DOWNLOAD, Query, built, ordered
from migrate.sandbox.tenant import Json

PAGE_LIVES = 86400.0
DELTA_LIVES = 7 * 86400.0


def one(call: Call, value: Json) -> Json:
    """A single entity."""
    suffix = f"({','.join(call.query.select)})" if call.query.select else ""
    context = f"{call.house.url}/v1.0/$metadata#{call.operation.kind}{suffix}/$entity"
    return {"@odata.context": context, **shape(value, call.operation.kind, call.query)}


def listing(call: Call, found: Listing) -> Json:
    """A page of a listing."""
    query = call.query
    items = _sorted(call, _filtered(call, found), found)
    names = [call.path, sorted(query.text.items()), call.prefer.get("idtype", "").lower()]
    after = _position(call, names)
    items = items[query.skip :]
    part = page(items, _size(call), after, found.key)
    answer = _envelope(call)
    if query.count:
        answer["@odata.count"] = len(items) + query.skip
    if part.position:
        token = call.house.cursors.issue(names, part.position)
        answer["@odata.nextLink"] = _address(call, "$skiptoken", token)
    answer["value"] = [shape(found.show(item), call.operation.kind, query) for item in part.items]
    return answer


def delta(call: Call, found: Delta) -> Json:
    """A page of a round of changes; the last one carries the next round's address."""
    round_ = _round(call) or _first(call, found.current)
    rows = found.since(round_.since) if round_.since else [(found.key(item), item) for item in found.items]
    if rows is None:
        raise _expired(call)
    part = page(rows, _size(call), round_.position, lambda row: row[0])
    answer = _envelope(call)
    answer["value"] = [_row(call, found, *row) for row in part.items]
    # What changes while a round is read belongs to the next one, which starts where this one began.
    after: list[Any] = [round_.since, part.position, round_.text, round_.began or found.current]
    if part.position is None:
        after = [round_.began or found.current, None, round_.text, 0]
    token = call.house.cursors.issue([call.path], after)
    kind = ("@odata.nextLink", found.names[0]) if part.position else ("@odata.deltaLink", found.names[1])
    answer[kind[0]] = _address(call, kind[1], token, bare=True)
    return answer


def shape(value: Json, kind: str, query: Query) -> Json:
    """The resource as asked for: selected properties, expanded relations, always its id and its annotations."""
    kept: Json = {}
    relations = schema.navigation(kind)
    for name, inner in value.items():
        if name == "id" or ("@" in name and (name != DOWNLOAD or query.wants(name))):
            kept[name] = inner
        elif "@" in name:
            continue
        elif name in query.expand:
            kept[name] = _expanded(inner, relations[name].type, query.expand[name], many=relations[name].many)
        elif name in relations and name not in schema.properties(kind):
            continue
        elif query.wants(name) and not callable(inner):
            kept[name] = inner
    return kept


def _expanded(inner: Any, kind: str, query: Query, *, many: bool) -> Any:
    value = inner() if callable(inner) else inner
    if not many:
        return shape(value, kind, query) if value is not None else None
    rows = value if query.where is None else [row for row in value if _passes(row, kind, query.where)]
    return [shape(row, kind, query) for row in rows[: query.top]]


def _passes(row: Json, kind: str, where: Filter) -> bool:
    """Whether an expanded row passes. MAPI properties answer to every spelling of their tag."""
    if not kind.endswith("LegacyExtendedProperty"):
        return where.passes(row)
    name, _, tag = str(row["id"]).rpartition("0x")
    spellings = {tag, tag.upper(), tag.zfill(4), tag.upper().zfill(4)}
    return any(where.passes({**row, "id": f"{name}0x{spelling}"}) for spelling in spellings)


def _row(call: Call, found: Delta, identifier: str, item: Any) -> Json:
    if item is None:
        return {**found.removed(identifier)}
    return shape(found.show(item), call.operation.kind, call.query)


@dataclass(frozen=True, slots=True)
class _Round:
    """What a delta's token remembers."""

    since: int
    """The change after which this round tells; 0 for everything."""
    position: tuple[int, str] | None
    """Where the next page starts."""
    text: list[list[str]]
    """The options of the round's first request."""
    began: int
    """The journal's number when the round began; 0 when it begins with this page."""


def _first(call: Call, current: int) -> _Round:
    """A round that begins without a token, or with ``latest``: from the present state on."""
    text = [[name, value] for name, value in call.query.text.items()]
    return _Round(current if call.query.token else 0, None, text, current)


def resumed(call: Call) -> Call:
    """A delta's call with the options of its round's first request, which the token carries. Raises GraphError."""
    round_ = _round(call) if call.query.token else None
    if round_ is None:
        return call
    query = built(dict(round_.text), call.operation.kind)
    return replace(call, query=replace(query, token=call.query.token))


def _round(call: Call) -> _Round | None:
    """What the token remembers; None without one, or with ``latest``. Raises GraphError 400 and 410."""
    token = call.query.token
    if token in (None, "latest"):
        return None
    if call.forget_cursors:
        raise _expired(call)
    try:
        since, position, text, began = call.house.cursors.read([call.path], token, lives=DELTA_LIVES)
    except BadCursor as error:
        raise bad_request("Badly formed token.", "InvalidDeltaToken") from error
    except ExpiredCursor as error:
        raise _expired(call) from error
    return _Round(since, (position[0], position[1]) if position else None, text, began)


def _expired(call: Call) -> GraphError:
    code = "resyncRequired" if call.operation.service == "files" else "syncStateNotFound"
    headers = (("Location", f"{call.house.url}{call.path}"),)
    message = "The sync state generation is not found; continuing requires a full resync."
    return GraphError(410, code, message, headers=headers)


def _filtered(call: Call, found: Listing) -> Sequence[Any]:
    where = call.query.where
    if where is None:
        return found.items
    for name in where.names:
        if name.split("/")[0] in call.operation.unfiltered:
            raise bad_request(f"The property '{name}' does not support filtering.", "ErrorInvalidProperty")
    view = found.brief or found.show
    return [item for item in found.items if where.passes(view(item))]


def _sorted(call: Call, items: Sequence[Any], found: Listing) -> Sequence[Any]:
    order, where = call.query.order, call.query.where
    if not order:
        return items
    if where is not None and call.operation.kind == "message":
        wanted = [name for name, _ in order]
        if where.names[: len(wanted)] != wanted:
            raise bad_request("The restriction or sort order is too complex for this operation.", "InefficientFilter")
    view = found.brief or found.show
    by_key = {found.key(item): item for item in items}
    values = ordered([{**view(item), "@key": found.key(item)} for item in items], order)
    return [by_key[value["@key"]] for value in values]


def _position(call: Call, names: list[Any]) -> tuple[int, str] | None:
    if call.query.token is None:
        return None
    try:
        if call.forget_cursors:
            raise ExpiredCursor
        offset, last = call.house.cursors.read(names, call.query.token, lives=PAGE_LIVES)
    except (BadCursor, ExpiredCursor) as error:
        raise bad_request("The skip token is invalid.", "SkipTokenInvalid") from error
    return offset, last


def _size(call: Call) -> int:
    operation, wanted = call.operation, call.query.top
    if wanted is None:
        text = call.prefer.get("odata.maxpagesize", "")
        return min(int(text), operation.page_most) if text.isdigit() and int(text) else operation.page
    if not 1 <= wanted <= operation.page_most:
        raise bad_request(f"The value of $top is invalid. It must be between 1 and {operation.page_most}.")
    return wanted


def _envelope(call: Call) -> Json:
    return {"@odata.context": f"{call.house.url}/v1.0/$metadata#Collection({call.operation.kind})"}


def _address(call: Call, name: str, token: str, *, bare: bool = False) -> str:
    """The address of a next page: the same path and options, and the token. A delta's token carries its options."""
    options = {} if bare else dict(call.query.text)
    query = urlencode({**options, name: token}, safe="$", quote_via=quote)
    return f"{call.house.url}{call.path}?{query}"
