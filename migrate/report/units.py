"""Numbers as people read them."""

from __future__ import annotations

_STEPS = ("B", "kB", "MB", "GB", "TB")


def size(bytes_: int, *, exact: bool = True) -> str:
    """``12.3 MB`` (powers of 1000, as drives and quotas are sold); ``~`` before an estimate."""
    value, step = float(bytes_), 0
    while value >= 999.5 and step < len(_STEPS) - 1:
        value, step = value / 1000, step + 1
    digits = 1 if step and value < 99.95 else 0
    return f"{'' if exact else '~'}{value:.{digits}f} {_STEPS[step]}"


def count(number: int) -> str:
    """``12 345``: a narrow group separator that cannot be taken for a decimal sign."""
    return f"{number:,}".replace(",", "\u202f")


def duration(seconds: float) -> str:
    """``8 s``, ``12 min``, ``3 h 20 min``, ``2 d 4 h``."""
    whole = round(seconds)
    if whole < 90:
        return f"{whole} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def plural(number: int, noun: str) -> str:
    """``1 item``, ``2 items``."""
    return f"{count(number)} {noun}{'' if number == 1 else 's'}"
