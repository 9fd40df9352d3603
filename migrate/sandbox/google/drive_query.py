"""Drive's search language, the part used in practice, parsed by descent; all else is a 400.

https://developers.google.com/workspace/drive/api/guides/search-files
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from migrate.sandbox.google.discovery import Json
from migrate.sandbox.google.errors import GoogleError, bad_request

Test = Callable[[Json], bool]
_TOKEN = re.compile(r"\s*(?:'((?:[^'\\]|\\.)*)'|(!=|<=|>=|=|<|>|\(|\))|([A-Za-z]+))")
_BOOLEANS: dict[str, Test] = {
    "trashed": lambda file: bool(file.get("trashed")),
    "starred": lambda file: bool(file.get("starred")),
    "sharedWithMe": lambda file: "sharedWithMeTime" in file,
}
_TIMES = ("modifiedTime", "createdTime", "viewedByMeTime", "sharedWithMeTime")
_COMPARE: dict[str, Callable[[datetime, datetime], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a sign or a quoted value."""

    kind: str
    text: str


def parse(text: str, *, root_id: str) -> Test:
    """A test of files. Raises GoogleError 400 for anything it does not know."""
    return _Parser(_tokens(text), root_id).whole()


def _error() -> GoogleError:
    return bad_request("Invalid Value", location="q", reason="invalid")


def _tokens(text: str) -> list[Token]:
    tokens, position, text = [], 0, text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise _error()
        quoted, sign, word = match.groups()
        if quoted is not None:
            tokens.append(Token("value", re.sub(r"\\(.)", r"\1", quoted)))
        else:
            tokens.append(Token("sign", sign) if sign else Token("word", word))
        position = match.end()
    return tokens


class _Parser:
    """Recursive descent: or, and, not, parentheses, terms."""

    def __init__(self, tokens: list[Token], root_id: str) -> None:
        self._tokens = tokens
        self._root_id = root_id

    def whole(self) -> Test:
        test = self._either()
        if self._tokens:
            raise _error()
        return test

    def _take(self, kind: str = "", *texts: str) -> str:
        """The next token's text, which must be of that kind and one of those texts. Raises GoogleError."""
        if not self._tokens or not self._next_is(kind, *texts):
            raise _error()
        return self._tokens.pop(0).text

    def _next_is(self, kind: str, *texts: str) -> bool:
        return bool(self._tokens) and self._tokens[0].kind == kind and (not texts or self._tokens[0].text in texts)

    def _either(self) -> Test:
        tests = [self._both()]
        while self._next_is("word", "or"):
            self._tokens.pop(0)
            tests.append(self._both())
        return tests[0] if len(tests) == 1 else lambda file: any(test(file) for test in tests)

    def _both(self) -> Test:
        tests = [self._one()]
        while self._next_is("word", "and"):
            self._tokens.pop(0)
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda file: all(test(file) for test in tests)

    def _one(self) -> Test:
        if self._next_is("word", "not"):
            self._tokens.pop(0)
            inner = self._one()
            return lambda file: not inner(file)
        if self._next_is("sign", "("):
            self._tokens.pop(0)
            test = self._either()
            self._take("sign", ")")
            return test
        return self._membership() if self._next_is("value") else self._comparison()

    def _membership(self) -> Test:
        value = self._take("value")
        self._take("word", "in")
        if self._take("word", "parents", "owners") == "parents":
            parent = self._root_id if value == "root" else value
            return lambda file: parent in file.get("parents", ())
        if value == "me":
            return owned
        return lambda file: any(owner.get("emailAddress") == value for owner in file.get("owners", ()))

    def _comparison(self) -> Test:
        field = self._take("word")
        if field in _BOOLEANS:
            return self._boolean(field)
        if field in _TIMES:
            compare, moment = _COMPARE[self._take("sign", *_COMPARE)], _moment(self._take("value"))
            return lambda file: field in file and compare(_moment(file[field]), moment)
        if field not in ("mimeType", "name"):
            raise _error()
        if field == "mimeType" and self._next_is("word", "contains"):
            self._tokens.pop(0)
            prefix = self._take("value").lower()
            return lambda file: str(file[field]).lower().startswith(prefix)
        equal, value = self._take("sign", "=", "!=") == "=", self._take("value")
        return lambda file: (file[field] == value) is equal

    def _boolean(self, field: str) -> Test:
        test = _BOOLEANS[field]
        if field == "sharedWithMe" and not self._next_is("sign"):
            return test
        equal, wanted = self._take("sign", "=", "!=") == "=", self._take("word", "true", "false") == "true"
        return lambda file: (test(file) is wanted) is equal


def owned(file: Json) -> bool:
    """Whether the account asking owns the file."""
    if "ownedByMe" in file:
        return bool(file["ownedByMe"])
    return any(owner.get("me") for owner in file.get("owners", ()))


def _moment(text: str) -> datetime:
    """An RFC 3339 time; UTC when it names no offset. Raises GoogleError 400."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise _error() from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
