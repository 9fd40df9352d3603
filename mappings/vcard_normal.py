"""What two writings of one vCard have in common, by us, by a server, in version 3 or in version 4."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from mappings.contentlines import unescape
from mappings.vcard import Property, parse, split

_IGNORED = frozenset({"VERSION", "PRODID", "REV"})
_ONLY_IN_3 = frozenset({"NAME", "MAILER", "LABEL", "CLASS"})
"""Not in vCard 4 (RFC 6350 appendix A): a server asked for version 4 leaves them out of a card of version 3."""
_RENAMED = {
    "X-ANNIVERSARY": "ANNIVERSARY",
    "X-ADDRESSBOOKSERVER-KIND": "KIND",
    "X-ADDRESSBOOKSERVER-MEMBER": "MEMBER",
}
_STRUCTURED = frozenset({"N", "ADR", "ORG", "GENDER"})
_LISTS = frozenset({"CATEGORIES", "NICKNAME"})
_DATES = frozenset({"BDAY", "ANNIVERSARY", "DEATHDATE"})
_URIS = frozenset({"URL", "PHOTO", "LOGO", "SOUND", "KEY", "IMPP", "SOURCE", "MEMBER", "FBURL", "CALURI", "CALADRURI"})
_WORDS = frozenset({"KIND"})
_DROPPED_PARAMS = frozenset({"ENCODING", "CHARSET", "X-APPLE-OMIT-YEAR"})
_DEFAULT_VALUE_TYPES = {
    **dict.fromkeys(_URIS | {"RELATED"}, frozenset({"uri", "binary"})),
    **dict.fromkeys(_DATES, frozenset({"date", "date-and-or-time", "date-time"})),
    "UID": frozenset({"uri", "text"}),
}
_TEXT_TYPES = frozenset({"text", "unknown", "phone-number"})
_DATE = re.compile(r"(?:\d{4}|-)-?\d\d-?\d\d(?:T[\d:]+(?:Z|[+-][\d:]+)?)?")
_BINARY = frozenset({"B", "BASE64"})
_IMAGE_TYPES = frozenset({"JPEG", "JPG", "PNG", "GIF", "WEBP"})


def normal_form(body: bytes) -> bytes:
    """Equal for two writings of the same card, by us or by a server.

    Apart from order, folding, case of names, PRODID and REV, it leaves aside what separates version 3 from 4 where
    both say the same (``TYPE=PREF``, a photo in base64, a date with hyphens). Raises ValueError: not a card.
    """
    grouped: dict[str, list[str]] = {}
    alone: list[str] = []
    properties = parse(body)
    old = any(p.name == "VERSION" and p.value.strip() == "3.0" for p in properties)
    for p in properties:
        if p.name not in _IGNORED and not (old and p.name in _ONLY_IN_3):
            (grouped.setdefault(p.group.upper(), []) if p.group else alone).extend(_lines(p))
    clusters = ["\x1e".join(sorted(lines)) for lines in grouped.values()]
    return "\x00".join(sorted({*alone, *clusters})).encode("utf-8", "surrogatepass")


def _lines(p: Property) -> Iterator[str]:
    """Once per member of a list: one line of three categories and three lines of one are the same."""
    name = _RENAMED.get(p.name, p.name)
    p = _inlined(p) if "ENCODING" in p.params else p
    params = "\x1f".join(f"{key}={','.join(values)}" for key, values in sorted(_normal_params(name, p.params).items()))
    for value in split(p.value, ",") if name in _LISTS else [p.value]:
        yield f"{name}\x1f{params}\x1f{_normal_value(name, p, value)}"


def _inlined(p: Property) -> Property:
    """Of a photo in base64 (RFC 2426 §3.1.4), the same in vCard 4."""
    if p.name not in _URIS or not {value.upper() for value in p.params["ENCODING"]} & _BINARY:
        return p
    kinds = [value for value in p.params.get("TYPE", ()) if value.upper() in _IMAGE_TYPES]
    media_type = f"image/{kinds[0].lower().replace('jpg', 'jpeg')}" if kinds else "application/octet-stream"
    params = {key: values for key, values in p.params.items() if key != "TYPE"}
    others = tuple(value for value in p.params.get("TYPE", ()) if value not in kinds)
    params |= {"TYPE": others} if others else {}
    return Property(p.name, f"data:{media_type};base64,{''.join(p.value.split())}", params, p.group)


def _normal_params(name: str, params: Mapping[str, tuple[str, ...]]) -> dict[str, list[str]]:
    kept = {key: list(values) for key, values in params.items() if key not in _DROPPED_PARAMS}
    types = {word.lower() for value in kept.pop("TYPE", []) for word in value.split(",")}
    if "pref" in types:
        kept.setdefault("PREF", ["1"])
    value_types = {value.lower() for value in kept.pop("VALUE", [])}
    value_types -= _DEFAULT_VALUE_TYPES.get(name, _TEXT_TYPES) | {"unknown"}
    result = {key: sorted(values) for key, values in kept.items()}
    for key, words in (("TYPE", types - {"pref", ""}), ("VALUE", value_types)):
        result |= {key: sorted(words)} if words else {}
    return result


def _normal_value(name: str, p: Property, value: str) -> str:
    if name in _STRUCTURED:
        parts = ["\x1d".join(map(unescape, split(part, ","))) for part in split(value, ";")]
        return "\x1c".join(parts).rstrip("\x1c")
    if name in _DATES and _DATE.fullmatch(value.strip()):
        return _date(value.strip(), "".join(p.params.get("X-APPLE-OMIT-YEAR", ())))
    if name in _URIS or "uri" in {kind.lower() for kind in p.params.get("VALUE", ())}:
        scheme, colon, rest = value.strip().replace("\\", "").partition(":")
        return f"{scheme.lower()}{colon}{rest}"
    return unescape(value).strip().lower() if name in _WORDS else unescape(value)


def _date(value: str, placeholder: str) -> str:
    """Basic format (RFC 6350 §4.3), the year left out where it only stands for none."""
    day, t, time = value.partition("T")
    digits = "--" + day[2:].replace("-", "") if day.startswith("--") else day.replace("-", "")
    if placeholder and digits.startswith(placeholder):
        digits = "--" + digits.removeprefix(placeholder)
    return digits + t + time.replace(":", "")
