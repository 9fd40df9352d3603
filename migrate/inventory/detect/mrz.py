"""Machine-readable zones: ICAO Doc 9303 parts 3 to 7 (TD1, TD2, TD3, visas), and the French card of 1995 to 2021.

Several check digits hold at once, so that a zone proves itself: no label is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_NEXT = r"[ \t]*+\r?\n(?:[ \t]{0,4}>){0,6}[ \t]*+"
ZONE = re.compile(
    rf"[ACIPV][A-Z0-9<](?:[A-Z0-9<]{{28}}{_NEXT}[A-Z0-9<]{{30}}{_NEXT}[A-Z0-9<]{{30}}"
    rf"|[A-Z0-9<]{{42}}{_NEXT}[A-Z0-9<]{{44}}|[A-Z0-9<]{{34}}{_NEXT}[A-Z0-9<]{{36}})(?![A-Z0-9<])"
)
_WEIGHTS = (7, 3, 1)
_VALUES = {char: value for value, char in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")} | {"<": 0}


def zones(text: str) -> Iterator[tuple[int, int, str, str]]:
    """Start, end, value (lines joined by a line break) and issuing state of every zone whose check digits hold."""
    if "<<" not in text:
        return
    for match in ZONE.finditer(text):
        if match.start() and (text[match.start() - 1].isalnum() or text[match.start() - 1] == "<"):
            continue
        lines = re.findall(r"[A-Z0-9<]{30,44}", match[0])
        if valid(lines):
            yield match.start(), match.end(), "\n".join(lines), lines[0][2:5].strip("<")


def valid(lines: list[str]) -> bool:
    """All check digits of the format that the lines' number and length tell."""
    match [len(line) for line in lines]:
        case [30, 30, 30]:
            return _td1(*lines)
        case [44, 44]:
            return _two(lines, long=True)
        case [36, 36]:
            return _french(*lines) if lines[0].startswith("IDFRA") and _french(*lines) else _two(lines, long=False)
    return False


def digit(field: str) -> str:
    """Check digit of a field: weights 7, 3, 1, modulo 10 (Doc 9303 part 3, 4.9)."""
    return str(sum(_VALUES[char] * _WEIGHTS[place % 3] for place, char in enumerate(field)) % 10)


def _holds(field: str, check: str) -> bool:
    return digit(field) == check or (check == "<" and not field.strip("<"))


def _td1(first: str, second: str, third: str) -> bool:
    composite = first[5:30] + second[:7] + second[8:15] + second[18:29]
    number = _holds(first[5:14], first[14]) or first[14] == "<"
    dates = _holds(second[:6], second[6]) and _holds(second[8:14], second[14])
    return number and dates and digit(composite) == second[29] and "<<" in third


def _two(lines: list[str], *, long: bool) -> bool:
    first, second = lines
    parts = _holds(second[:9], second[9]) or second[9] == "<"
    parts = parts and _holds(second[13:19], second[19]) and _holds(second[21:27], second[27])
    if first[0] == "V":  # visas have no composite digit
        return parts
    composite = second[:10] + second[13:20] + second[21:-1]
    personal = _holds(second[28:42], second[42]) if long else True
    return parts and personal and digit(composite) == second[-1]


def _french(first: str, second: str) -> bool:
    composite = first + second[:35]
    return _holds(second[:12], second[12]) and _holds(second[27:33], second[33]) and digit(composite) == second[35]
