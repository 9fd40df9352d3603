"""A TOML file whose complaints name a line: tomllib parses values and forgets where they stood."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Set
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from migrate.errors import ConfigError

Key = tuple[str, ...]
Model = TypeVar("Model", bound=BaseModel)
_PART = r"""(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)"""
_KEY_LINE = re.compile(rf"\s*({_PART}(?:\s*\.\s*{_PART})*)\s*=")


class TomlFile:
    """A parsed TOML file that can say on which line a complaint belongs."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            text = path.read_bytes().decode("utf-8-sig")
            self.tables: dict[str, Any] = tomllib.loads(text)
        except OSError as error:
            raise ConfigError(
                f"{path}: the file cannot be read: {error.strerror}.",
                advice="Give the project's folder with -C DIR, or create one: transhume init DIR",
            ) from None
        except UnicodeDecodeError as error:
            raise ConfigError(f"{path}:{error.object.count(10, 0, error.start) + 1}: not UTF-8 text.") from None
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(f"{path}:{_syntax_line(str(error), text)}: not TOML: {error}.") from None
        self._lines = key_lines(text)

    def error(self, key: Key, message: str, advice: str = "") -> ConfigError:
        """A complaint about that key, with the file and the line it stands on."""
        return ConfigError(f"{self.path}:{line_of(self._lines, key)}: {message}", advice=advice)

    def table(self, key: Key) -> dict[str, Any]:
        """The table of that name; empty when the file has none. Raises ConfigError when it is not a table."""
        value: Any = self.tables
        for name in key:
            value = value.get(name, {})
            if not isinstance(value, dict):
                raise self.error(key, f"{'.'.join(key)} is a table, written [{'.'.join(key)}]")
        return dict(value)

    def refuse_unknown(self, key: Key, names: Set[str], known: Set[str], *, what: str = "key") -> None:
        """Raise ConfigError at the first name of the table ``key`` that is not known."""
        for name in names:
            if name not in known:
                close = get_close_matches(name, sorted(known), 1)
                hint = f" Did you mean {close[0]!r}?" if close else f" Known: {', '.join(sorted(known))}."
                raise self.error((*key, name), f"unknown {what} {name!r}{inside(key)}.{hint}")

    def model(self, model: type[Model], key: Key) -> Model:
        """The table validated by a pydantic model. Raises ConfigError; the message never repeats a value."""
        values = self.table(key)
        self.refuse_unknown(key, values.keys(), model.model_fields.keys())
        try:
            return model.model_validate(values)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            where = (*key, *(str(part) for part in first["loc"]))
            if first["type"] == "missing":
                raise self.error(where, f"{where[-1]!r} is missing{inside(key)}.") from None
            raise self.error(where, f"{where[-1]!r}{inside(key)}: {first['msg']}.") from None


def inside(key: Key) -> str:
    """`` in [a.b]``, to end a sentence about a key of that table."""
    return f" in [{'.'.join(key)}]" if key else ""


def _syntax_line(message: str, text: str) -> int:
    match = re.search(r"line (\d+)", message)
    return int(match[1]) if match else text.count("\n") + 1


def key_lines(text: str) -> Mapping[Key, int]:
    """Line numbers, from 1, of every table header and every key of a text that tomllib accepts."""
    lines: dict[Key, int] = {}
    table: Key = ()
    for number, line in _outside_strings(text):
        if line.lstrip().startswith("["):
            if not (header := _parsed(line)):
                continue
            table = header
            lines.setdefault(table, number)
        elif match := _KEY_LINE.match(line):
            lines.setdefault(table + _parsed(f"{match[1]} = 0"), number)
    return lines


def line_of(lines: Mapping[Key, int], key: Key) -> int:
    """The line of that key, else of the nearest table around it, else 1."""
    while key and key not in lines:
        key = key[:-1]
    return lines.get(key, 1)


def _outside_strings(text: str) -> Iterator[tuple[int, str]]:
    """The lines that do not begin inside a multi-line string."""
    fence = ""
    for number, line in enumerate(text.splitlines(), 1):
        if not fence:
            yield number, line
        for mark in re.findall(r'"""|\'\'\'', line):
            if not fence:
                fence = mark
            elif fence == mark:
                fence = ""


def _parsed(line: str) -> Key:
    try:
        value: Any = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return ()  # the inside of a multi-line array, which no message needs to point at
    path: list[str] = []
    while isinstance(value, (dict, list)) and value:
        value = value[0] if isinstance(value, list) else value
        if isinstance(value, dict) and value:
            name, value = next(iter(value.items()))
            path.append(name)
    return tuple(path)
