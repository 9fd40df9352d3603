"""Numbers that a spreadsheet or a scanner spoiled: `2,69055E+14`, `1 85 O5 78`. Only a label makes them believed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from migrate.inventory.detect import edges, patterns
from migrate.inventory.detect.digits import DigitReader
from migrate.inventory.detect.edges import Edge
from migrate.inventory.detect.hits import Hit, Surroundings
from migrate.inventory.detect.interface import Kind, Level, Sign
from migrate.inventory.detect.rules import BY_LENGTH

_SCANNED = str.maketrans("OoIl", "0011")
_BY_LENGTH = {
    16: (Kind.CARD,),
    15: (Kind.NIR,),
    14: (Kind.SIRET,),
    13: (Kind.NIR, Kind.NIF),
    11: (Kind.BE_NN, Kind.BE_BIS),
    10: (Kind.BE_NN, Kind.BE_ENTERPRISE),
}
_COUNTRY = {Kind.NIR: "FR", Kind.NIF: "FR", Kind.SIRET: "FR", Kind.BE_NN: "BE", Kind.BE_ENTERPRISE: "BE"}


def floats(around: Surroundings) -> Iterator[Hit]:
    """Numbers in scientific notation: whole again when no digit is lost, else known by their header and length."""
    if "E+" not in around.text and "e+" not in around.text:
        return
    for match in patterns.FLOAT.finditer(around.text):
        mantissa, _, exponent = match[0].lower().partition("e")
        digits, length = re.sub(r"[^0-9]", "", mantissa), int(exponent) + 1
        if edges.around(around.text, *match.span()) is Edge.FREE:
            whole = list(_whole(around, match.span(), digits, length))
            yield from whole or _cut(around, match.span(), digits, length)


def _whole(around: Surroundings, span: tuple[int, int], digits: str, length: int) -> Iterator[Hit]:
    number = digits.ljust(length, "0")
    for rule in BY_LENGTH.get(length, ()):
        if len(digits) >= length - 1 and rule.labelled is Level.CERTAIN and rule.check(number):
            verdict = around.verdict(rule.kind, *span)
            if verdict.announced and not verdict.negative:
                signs = verdict.signs | {Sign.CHECKSUM, Sign.REPAIRED}
                yield Hit(rule.kind, *span, number, Level.CERTAIN, rule.country, signs, False, verdict.distance)


def _cut(around: Surroundings, span: tuple[int, int], digits: str, length: int) -> Iterator[Hit]:
    for kind in _BY_LENGTH.get(length, ()):
        verdict = around.verdict(kind, *span)
        if verdict.announced and not verdict.negative and (kind is not Kind.NIR or digits[0] in "12"):
            signs = verdict.signs | {Sign.STRUCTURE, Sign.REPAIRED}
            yield Hit(kind, *span, digits.ljust(length, "?"), Level.PROBABLE, _COUNTRY.get(kind, ""), signs, False, 1)
            return


def scanned(around: Surroundings, reader: DigitReader) -> Iterator[Hit]:
    """Rows in which O stands for 0, or l and I for 1."""
    text, done = around.text, 0
    for hint in patterns.OCR_HINT.finditer(text):
        if hint.start() < done:
            continue
        start = hint.start()
        while start > done and hint.start() - start < 40 and text[start - 1] in "0123456789OoIl ./-":
            start -= 1
        match = patterns.OCR.search(text, start, start + 90)
        if match and match.end() > hint.start():
            done = match.end()
            yield from _scanned(around, reader, match)


def _scanned(around: Surroundings, reader: DigitReader, match: re.Match[str]) -> Iterator[Hit]:
    letters = sum(char in "OoIl" for char in match[0])
    if not 0 < letters <= 5 or sum(char.isdigit() for char in match[0]) < 6:
        return
    for hit in reader.read(match.start(), match[0].translate(_SCANNED)):
        spoiled = any(char in "OoIl" for char in around.text[hit.start : hit.end])
        if spoiled and (hit.signs & {Sign.LABEL, Sign.HEADER} or hit.level < Level.CHECK):
            level = max(hit.level, Level.PROBABLE)  # "A" < "B"
            yield hit._replace(level=level, signs=hit.signs | {Sign.REPAIRED})
