"""What mail, offices and scanners do to a number: §6.4.7 of the research notes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from random import Random


def _spaces(by: str) -> Callable[[str, str, Random], str]:
    def mutate(written: str, source: str, random: Random) -> str:
        return written.replace(" ", by)

    return mutate


def _broken(by: str) -> Callable[[str, str, Random], str]:
    def mutate(written: str, source: str, random: Random) -> str:
        if source in ("email", "mrz"):
            return written
        gaps = [match.start() for match in re.finditer(" ", written)]
        if gaps:
            at = random.choice(gaps)
            return written[:at] + by + written[at + 1 :]
        at = random.randint(3, len(written) - 3)
        return written[:at] + by + written[at:]

    return mutate


def _soft(written: str, source: str, random: Random) -> str:
    at = random.randint(2, len(written) - 2)
    return written[:at] + "\u00ad" + written[at:]


def _wide(written: str, source: str, random: Random) -> str:
    if source == "email":
        return written
    return re.sub(r"[0-9]", lambda match: chr(ord(match[0]) + 0xFEE0), written)


def _scanned(written: str, source: str, random: Random) -> str:
    if source in ("email", "mrz"):
        return written
    places = [match.start() for match in re.finditer("[01]", written)][2:]
    if not places:
        return written
    at = random.choice(places)
    return written[:at] + ("O" if written[at] == "0" else "l") + written[at + 1 :]


MUTATIONS: Mapping[str, Callable[[str, str, Random], str]] = {
    "no-break space": _spaces("\u00a0"),
    "narrow no-break space": _spaces("\u202f"),
    "thin space": _spaces("\u2009"),
    "line break": _broken("\n"),
    "quoted line break": _broken("\n> "),
    "HTML entity": _spaces("&nbsp;"),
    "numeric entity": _spaces("&#160;"),
    "soft hyphen": _soft,
    "full-width digits": _wide,
    "O for 0, l for 1": _scanned,
}

SHEETS = (
    # header, source, how a spreadsheet shows the number, territory
    (
        "N° de sécurité sociale",
        "nir",
        lambda value: f"{int(value) / 10 ** (len(value) - 1):.5f}E+14".replace(".", ","),
        "FR",
    ),
    ("NIR", "nir", lambda value: f"{value}.0", "FR"),
    ("NISS", "be_nn", lambda value: value.lstrip("0"), "BE"),
    ("Téléphone", "fr_phone", lambda value: value.lstrip("0"), "FR"),
    ("GSM", "be_mobile", lambda value: value.lstrip("0"), "BE"),
    ("SIRET", "siret", lambda value: f"{value}.0", "FR"),
    ("N° fiscal", "nif", lambda value: value.lstrip("0"), "FR"),
)
