"""One pass over a text: plain dress, candidates, surroundings, levels, the better of what overlaps, offsets back."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from migrate.inventory.detect import chance, lettered, patterns, repaired
from migrate.inventory.detect.digits import DigitReader
from migrate.inventory.detect.hits import Hit, Surroundings, settle
from migrate.inventory.detect.interface import LIMIT, Found
from migrate.inventory.detect.normalise import Normal, normalise
from migrate.inventory.detect.own import OwnIdentity
from migrate.inventory.detect.words import Said


def detect(
    text: str, *, territory: str = "FR", own_identity: Collection[str] = (), labels: Sequence[str] = ()
) -> Sequence[Found]:
    """Every identifier in `text`, in order, without overlaps.

    `territory`: `FR` or `BE`, the organisation's country, which settles what only it can (a phone number of both).
    `own_identity`: the organisation's own values in any writing (IBAN, SIRET, phone, address), or `@domain` for all its
    mail addresses; they come back with `own=True`.
    `labels`: words that hold for the whole text and are not in it: a column's header, a field's name, a file's title.

    `ValueError`: the text is over `LIMIT` characters, or the territory is neither `FR` nor `BE`.
    """
    if len(text) > LIMIT:
        raise ValueError(f"text of {len(text)} characters: at most {LIMIT}, slice it at line ends")
    if territory not in {"FR", "BE"}:
        raise ValueError(f"territory {territory!r}: FR or BE")
    normal = normalise(text)
    own = OwnIdentity(own_identity, territory) if own_identity else None
    return [_found(normal, hit, own) for hit in _hits(normal.text, territory, labels)]


def _hits(text: str, territory: str, labels: Sequence[str]) -> list[Hit]:
    around = Surroundings(text, labels)
    said = Said(text, labels)
    reader = DigitReader(around, territory, said)
    hits = [hit for match in patterns.RUN.finditer(text) for hit in reader.read(match.start(), match[0])]
    hits = chance.judge(hits, reader.failed)
    for read in lettered.ALL:
        hits += read(around)
    hits += lettered.labelled(around, said)
    hits += repaired.floats(around)
    hits += repaired.scanned(around, reader)
    return settle(hits)


def _found(normal: Normal, hit: Hit, own: OwnIdentity | None) -> Found:
    start, end = normal.span(hit.start, hit.end)
    line = normal.text.rfind("\n", 0, hit.start) + 1
    quoted = normal.text[line : line + 8].lstrip(" \t").startswith(">")
    ours = own is not None and own.holds(hit.kind, hit.value)
    return Found(hit.kind, start, end, hit.value, hit.level, hit.country, ours, hit.signs, quoted)
