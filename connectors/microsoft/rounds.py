"""Rounds of changes of a list: the first is the whole list, the next ones are what changed since.

Delta is used for the full listing too: pages by number miss an item when others are deleted meanwhile.
https://learn.microsoft.com/graph/delta-query-overview
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from urllib.parse import parse_qsl, urlsplit

from connectors.microsoft.errors import not_the_api
from connectors.microsoft.http import Api, Json
from migrate.errors import Rejected

PAGE = 200
"""Rows of a page, which is held in memory."""
_PREFER = (f"odata.maxpagesize={PAGE}",)
_TOKEN = "$deltatoken"  # noqa: S105


def rows(
    api: Api, path: str, key: str, tokens: MutableMapping[str, str], params: Mapping[str, str | int] | None = None
) -> Iterator[Json]:
    """The list at ``path``, or what changed since ``tokens[key]``; removals as ``{"id", "@removed"}``.

    Its new token is noted when the round is over. Raises CursorExpired, ConnectorError.
    """
    page: Json = {}
    token = tokens.get(key)
    query = {_TOKEN: token} if token is not None else params
    for page in api.pages(path, query, prefer=_PREFER):
        values = page.get("value")
        if not isinstance(values, list):
            raise not_the_api()
        yield from values
    tokens[key] = _token(str(page.get("@odata.deltaLink") or ""))


def _token(link: str) -> str:
    """The token alone: the link also names the account."""
    token = dict(parse_qsl(urlsplit(link).query)).get(_TOKEN, "")
    if not token:
        raise Rejected("Graph's round of changes has no end.")
    return token
