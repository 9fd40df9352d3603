"""Rounds of changes, folder by folder: the first round is the whole folder, the next ones what changed since.

Delta is used for the full listing too: pages by number miss messages when others are deleted meanwhile.
https://learn.microsoft.com/graph/delta-query-messages
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, MutableMapping
from urllib.parse import parse_qsl, urlsplit

from connectors.microsoft.errors import not_the_api
from connectors.microsoft.http import Api, Json, segment
from connectors.microsoft.message import PARAMS
from migrate.errors import CursorExpired, Rejected

PAGE = 200
"""Messages a page, which is held in memory; without it Graph gives ten."""
_PREFER = (f"odata.maxpagesize={PAGE}",)
Tokens = MutableMapping[str, str]
"""The delta token of each folder, by its id."""


def rows(api: Api, folder: str, tokens: Tokens) -> Iterator[Json]:
    """The folder's messages, or what changed since its token; removals as ``{"id", "@removed"}``.

    Its new token is noted when the round is over. Raises CursorExpired, ConnectorError.
    """
    path = f"mailFolders/{segment(folder)}/messages/delta"
    token = tokens.get(folder)
    page: Json = {}
    params: Mapping[str, str] = {"$deltatoken": token} if token is not None else PARAMS
    for page in api.pages(path, params, prefer=_PREFER):
        values = page.get("value")
        if not isinstance(values, list):
            raise not_the_api()
        yield from values
    tokens[folder] = _token(str(page.get("@odata.deltaLink") or ""))


def _token(link: str) -> str:
    """The token alone: the link also names the account."""
    token = dict(parse_qsl(urlsplit(link).query)).get("$deltatoken", "")
    if not token:
        raise Rejected("Graph's round of changes has no end.")
    return token


def written(tokens: Mapping[str, str]) -> str:
    """Tokens as a cursor."""
    return json.dumps(dict(tokens), sort_keys=True)


def read(cursor: str) -> Tokens:
    """A cursor's tokens. Raises CursorExpired for one that is not ours."""
    try:
        tokens = json.loads(cursor)
    except ValueError:
        tokens = None
    if not isinstance(tokens, dict) or not all(isinstance(token, str) for token in tokens.values()):
        raise CursorExpired("The cursor is not of this kind of account.")
    return dict(tokens)
