"""Behaviour added around any reader or target: same interface in and out.

A wrapped object has exactly the methods of the inner one, so that ``isinstance`` finds the same abilities
(``SupportsGetMany``…) after wrapping as before; hence a class made for each, rather than ``__getattr__``, which
``isinstance`` does not see from Python 3.12 on. The functions are named like the classes they stand for.
"""

# ruff: noqa: N802

from __future__ import annotations

import hashlib
import inspect
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from migrate.errors import ConnectorError, Retriable, TranshumeError, Uncertain, Unreachable
from migrate.model import Change, Collection, Entry, Item, Stored
from migrate.protocols import Pace, Reader

R = TypeVar("R", bound=Reader)
T = TypeVar("T")
Around = Callable[[str, Callable[..., Any], tuple[Any, ...], dict[str, Any]], Any]
"""Called for every use of the inner object: the method's name, the bound method, its arguments."""

WRITES = frozenset(
    {"ensure", "mark", "find", "put", "delete", "put_many", "move", "set_flags", "prune", "grant", "revoke"}
)


KEY = 16
"""Bytes that tell the rows of a listing apart."""


class WriteForbidden(TranshumeError):
    """A command that only reads tried to write: a mistake in the program."""


def ReadOnly(inner: R) -> R:
    """The same, but every method of a Writer raises WriteForbidden. For plan and verify."""
    return _wrapped("ReadOnly", inner, _refuse_writes)


def Recording(inner: R, calls: Counter[str]) -> R:
    """The same, counting in ``calls`` how often each method was used. No value is kept."""

    def around(name: str, call: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        calls[name] += 1
        return call(*args, **kwargs)

    return _wrapped("Recording", inner, around)


def Retrying(inner: R, pace: Pace, *, attempts: int = 6, patience: float = 900.0) -> R:
    """The same, but what is Retriable is tried up to ``attempts`` times in a row, after the pause the server named.

    Without a named pause: 1 s, doubled each time, jittered. Never retried: Uncertain (it may be stored: look
    first), and a pause over ``patience`` seconds. Unreachable gets three attempts at most. A listing that breaks
    is begun again and what was already given is left out; one answer of many is asked again alone.
    """
    return _wrapped("Retrying", inner, _Retry(pace, attempts, patience))


def _wrapped(label: str, inner: R, around: Around) -> R:
    """An object with the public attributes of ``inner``, each use of which goes through ``around``."""
    namespace: dict[str, Any] = {"__slots__": (), "__doc__": inner.__doc__}
    for name in dir(inner):
        if not name.startswith("_"):
            static = inspect.getattr_static(inner, name)
            plain = callable(static) or isinstance(static, staticmethod | classmethod)
            namespace[name] = _method(name, inner, around) if plain else _property(name, inner, around)
    return cast(R, type(f"{label}{type(inner).__name__}", (), namespace)())


def _method(name: str, inner: object, around: Around) -> Callable[..., Any]:
    def method(_self: object, *args: Any, **kwargs: Any) -> Any:
        return around(name, getattr(inner, name), args, kwargs)

    method.__name__ = name
    return method


def _property(name: str, inner: object, around: Around) -> property:
    return property(lambda _self: around(name, lambda: getattr(inner, name), (), {}))


def _refuse_writes(name: str, call: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if name in WRITES:
        raise WriteForbidden(f"a command that only reads called {name}")
    return call(*args, **kwargs)


@dataclass(frozen=True, slots=True)
class _Retry:
    """The policy of Retrying."""

    pace: Pace
    attempts: int
    patience: float

    def __call__(self, name: str, call: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        match name:
            case "entries" | "collections":
                return self.listing(call)
            case "changes":
                return self.changes(call, *args, **kwargs)
            case "get_many":
                return self.get_many(call, *args, **kwargs)
            case "put_many":
                return self.put_many(call, *args, **kwargs)
            case "find":
                return iter(self.once(lambda: list(call(*args, **kwargs))))
            case "close":
                return call(*args, **kwargs)
        return self.once(lambda: call(*args, **kwargs))

    def once(self, call: Callable[[], T]) -> T:
        """Call until it answers, or fails for good."""
        failures = 0
        while True:
            try:
                return call()
            except Retriable as error:
                failures += 1
                self.pause(error, failures)

    def pause(self, error: Retriable, failures: int) -> None:
        """Wait before the next attempt; raises the error when there is none."""
        if not self.again(error, failures):
            raise error
        backoff = min(60.0, 2.0 ** (failures - 1)) * random.uniform(1.0, 1.5)  # noqa: S311 -- jitter
        self.pace.sleep(backoff if error.retry_after is None else error.retry_after)

    def again(self, error: object, failures: int) -> bool:
        """Whether this answer, the ``failures``-th bad one in a row, is worth another attempt."""
        if not isinstance(error, Retriable) or isinstance(error, Uncertain):
            return False
        limit = min(self.attempts, 3) if isinstance(error, Unreachable) else self.attempts
        return failures < limit and (error.retry_after or 0.0) <= self.patience

    def listing(self, call: Callable[[], Iterator[Entry | Collection]]) -> Iterator[Entry | Collection]:
        """Begin again after a break, without what was given already (16 bytes are kept of each)."""
        given = bytearray()  # a set only once it is needed: of a million rows it takes six times as much
        before: set[bytes] = set()
        failures = 0
        while True:
            try:
                for row in call():
                    key = _key(row)
                    if key not in before:
                        given += key
                        failures = 0
                        yield row
                return
            except Retriable as error:
                failures += 1
                self.pause(error, failures)
                before = {bytes(given[i : i + KEY]) for i in range(0, len(given), KEY)}

    def changes(self, call: Callable[[str], Iterator[Change]], cursor: str) -> Iterator[Change]:
        """Begin again after a break: steps told twice do no harm, the last word of each counts."""
        failures = 0
        while True:
            try:
                for change in call(cursor):
                    failures = 0
                    yield change
                return
            except Retriable as error:
                failures += 1
                self.pause(error, failures)

    def get_many(
        self, call: Callable[[Sequence[Entry]], Iterator[tuple[Entry, Item | ConnectorError]]], entries: Sequence[Entry]
    ) -> Iterator[tuple[Entry, Item | ConnectorError]]:
        """Ask again for what was not answered, or not yet."""
        waiting = {(entry.collection, entry.href): entry for entry in entries}
        failures = 0
        while waiting:
            held_back: Retriable | None = None
            try:
                for entry, answer in call(list(waiting.values())):
                    if isinstance(answer, Retriable) and self.again(answer, failures + 1):
                        held_back = answer
                    else:
                        del waiting[entry.collection, entry.href]
                        yield entry, answer
            except Retriable as error:
                held_back = error
            if held_back is None:
                return
            failures += 1
            self.pause(held_back, failures)

    def put_many(
        self,
        call: Callable[[Collection, Sequence[tuple[str, Item]]], Sequence[Stored | ConnectorError]],
        collection: Collection,
        items: Sequence[tuple[str, Item]],
    ) -> Sequence[Stored | ConnectorError]:
        """Send again only what was surely not stored."""
        answers = list(self.once(lambda: call(collection, items)))
        failures = 0
        while True:
            failures += 1
            refused = [i for i, answer in enumerate(answers) if self.again(answer, failures)]
            if not refused:
                return answers
            self.pause(cast(Retriable, answers[refused[-1]]), failures)
            try:
                again = call(collection, [items[i] for i in refused])
            except ConnectorError as error:  # concerns these alone: the others are stored, and their answers stand
                again = [error] * len(refused)
            for i, answer in zip(refused, again, strict=True):
                answers[i] = answer


def _key(row: Entry | Collection) -> bytes:
    """What tells the rows of a listing apart, in few bytes."""
    place = row.collection if isinstance(row, Entry) else ""
    return hashlib.blake2b(f"{place}\0{row.href}".encode("utf-8", "surrogatepass"), digest_size=KEY).digest()
