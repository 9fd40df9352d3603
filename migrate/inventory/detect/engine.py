"""One pass over a text: candidates, validators, context, level."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from migrate.inventory.detect.interface import LIMIT, Found, Kind, Level, Sign

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}(?![\w@-])")


def detect(
    text: str, *, territory: str = "FR", own_identity: Collection[str] = (), labels: Sequence[str] = ()
) -> Sequence[Found]:
    """Every identifier in `text`, in order, without overlaps.

    `territory`: `FR` or `BE`, the organisation's country, which settles what only it can (a phone number valid in both).
    `own_identity`: the organisation's own values in any writing (IBAN, SIRET, phone, address), or `@domain` for all its
    mail addresses; they come back with `own=True`.
    `labels`: words that hold for the whole text and are not in it: a column's header, a field's name, a file's title.

    `ValueError`: the text is over `LIMIT` characters, or the territory is neither `FR` nor `BE`.
    """
    if len(text) > LIMIT:
        raise ValueError(f"text of {len(text)} characters: at most {LIMIT}, slice it at line ends")
    if territory not in {"FR", "BE"}:
        raise ValueError(f"territory {territory!r}: FR or BE")
    return [
        Found(
            Kind.EMAIL, match.start(), match.end(), match[0].lower(), Level.CERTAIN, signs=frozenset({Sign.STRUCTURE})
        )
        for match in _EMAIL.finditer(text)
    ]
