"""Documents with labelled values: templates are filled, and the place of each value is noted.

`{nir}` in a template is a value of that kind; `{nir:2}` the same in the kind's third dress; `{=DD/MM/YYYY}` a filler
that is no identifier.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from tests.inventory.corpus import numbers

Dress = Callable[[str], str]
_HOLE = re.compile(r"\{(=?)([a-zA-Z_]+)(?::([0-9]+))?\}")


@dataclass(frozen=True)
class Truth:
    """A planted value, where it stands, and its canonical form."""

    kind: str
    start: int
    end: int
    value: str


@dataclass(frozen=True)
class Document:
    """A text and what was planted in it."""

    text: str
    truths: tuple[Truth, ...]
    territory: str = "FR"


def cut(*sizes: int, by: str = " ") -> Dress:
    """Groups of these sizes; the last takes the rest."""

    def dress(value: str) -> str:
        parts, at = [], 0
        for size in sizes:
            parts.append(value[at : at + size])
            at += size
        return by.join([*parts, value[at:]] if at < len(value) else parts)

    return dress


def whole(value: str) -> str:
    return value


def fours(value: str) -> str:
    return " ".join(value[at : at + 4] for at in range(0, len(value), 4))


SOURCES: Mapping[str, tuple[str, Callable[[Random], str]]] = {
    "nir": ("nir", numbers.nir),
    "nirbody": ("nir", numbers.nir_body),
    "nif": ("nif", numbers.nif),
    "siren": ("siren", numbers.siren),
    "siret": ("siret", numbers.siret),
    "fr_vat": ("fr_vat", numbers.fr_vat),
    "be_nn": ("be_nn", numbers.be_nn),
    "be_bis": ("be_bis", numbers.be_bis),
    "be_enterprise": ("be_enterprise", numbers.be_enterprise),
    "iban": ("iban", numbers.iban),
    "fr_iban": ("iban", numbers.fr_iban),
    "be_iban": ("iban", numbers.be_iban),
    "rib": ("fr_rib", numbers.rib),
    "card": ("card", numbers.card),
    "fr_phone": ("phone", numbers.fr_phone),
    "fr_mobile": ("phone", numbers.fr_mobile),
    "be_mobile": ("phone", numbers.be_mobile),
    "be_landline": ("phone", numbers.be_landline),
    "email": ("email", numbers.email),
    "mrz": ("mrz", numbers.mrz),
    "caf": ("caf", numbers.caf),
    "bic": ("bic", numbers.bic),
}


@dataclass(frozen=True)
class Style:
    """One author: templates, dresses by source, fillers."""

    templates: Sequence[tuple[str, str]]
    """Territory and template."""
    dresses: Mapping[str, Sequence[Dress]]
    fillers: Mapping[str, Sequence[str]]


def fill(
    style: Style, template: str, random: Random, territory: str, mutate: Callable[[str, str, Random], str] | None = None
) -> Document:
    """A document from a template. `mutate` is given the written value, its source and the random source."""
    text, at = "", 0
    truths = []
    for hole in _HOLE.finditer(template):
        text += template[at : hole.start()]
        at = hole.end()
        if hole[1]:
            text += random.choice(style.fillers[hole[2]]) if hole[2] in style.fillers else filler(hole[2], random)
            continue
        kind, make = SOURCES[hole[2]]
        value = make(random)
        dresses = style.dresses.get(hole[2], (whole,))
        written = dresses[int(hole[3])](value) if hole[3] else random.choice(dresses)(value)
        written = mutate(written, hole[2], random) if mutate else written
        truths.append(Truth(kind, len(text), len(text) + len(written), value))
        text += written
    return Document(text + template[at:], tuple(truths), territory)


def filler(name: str, random: Random) -> str:
    """Numbers that are no identifiers of a person: dates, amounts, references."""
    day, month, year = random.randint(1, 28), random.randint(1, 12), random.randint(1995, 2026)
    match name:
        case "date":
            return random.choice(
                [f"{day:02}/{month:02}/{year}", f"{day:02}.{month:02}.{year}", f"{year}-{month:02}-{day:02}"]
            )
        case "amount":
            return f"{random.randint(1, 9999)},{random.randint(0, 99):02} €"
        case "ref":
            return f"{year}-{random.randint(1, 99999):05}"
        case "zip":
            return f"{random.randint(1000, 95999):05}"
        case "hour":
            return f"{random.randint(8, 19)}h{random.randint(0, 59):02}"
        case "long":
            return numbers.digits(random, random.choice([8, 10, 12]))
    raise KeyError(name)


def documents(
    style: Style, seed: int, rounds: int, mutate: Callable[[str, str, Random], str] | None = None
) -> list[Document]:
    """Every template, `rounds` times."""
    random = Random(seed)
    return [
        fill(style, template, random, territory, mutate)
        for _ in range(rounds)
        for territory, template in style.templates
    ]
