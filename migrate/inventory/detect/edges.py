"""The edges of a token. A number inside a word, a hash, a path, a version or a formula is not a number."""

from __future__ import annotations

from enum import IntEnum

_GLUE = "+/=.-#"
_CLOSED = "@%&\\~^$"


class Edge(IntEnum):
    """How a span meets its surroundings."""

    FREE = 0
    GLUED = 1
    """Joined by `+ / = . -`: believed only where a label stands right before."""
    CLOSED = 2
    """Part of a word."""


def left(text: str, start: int) -> Edge:
    """The edge before `start`."""
    if start == 0:
        return Edge.FREE
    char = text[start - 1]
    if char.isalnum() or char == "_" or char in _CLOSED:
        return Edge.CLOSED
    return Edge.GLUED if char in _GLUE else Edge.FREE


def right(text: str, end: int) -> Edge:
    """The edge after `end`. A full stop or a dash that ends a sentence is free."""
    if end >= len(text):
        return Edge.FREE
    char = text[end]
    if char.isalnum() or char == "_" or char in "@+":
        return Edge.CLOSED
    if char in _GLUE and end + 1 < len(text) and (text[end + 1].isalnum() or text[end + 1] == "_"):
        return Edge.GLUED
    return Edge.GLUED if char == "=" else Edge.FREE


def around(text: str, start: int, end: int) -> Edge:
    """The worse of both edges."""
    return max(left(text, start), right(text, end))
